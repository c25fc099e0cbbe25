"""Measure bias before and after training: by facet, by group, with every measure of the catalogue."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from cairn.bias import facets, figures, neighbours
from cairn.bias.catalogue import MEASURES
from cairn.bias.documents import (
    AllRows,
    BiasReport,
    Class,
    FacetReport,
    Figure,
    Figures,
    FliptestSettings,
    GroupReport,
    MeasureDescription,
    PartRows,
)
from cairn.bias.facets import Facet
from cairn.bias.figures import GroupFigures
from cairn.bias.settings import left_out
from cairn.errors import InputError, did_you_mean

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Labelled", "Predicted", "audit"]

Draws = Mapping[str, Any]  # `resamples`, `confidence` and `seed` of intervals
COMPARED = "each group with all other rows of its facet; before training on train, after it on test"


class Labelled(NamedTuple):
    """Rows before training.

    Parameters
    ----------
    table : the sensitive columns, and the condition's column, if any
    actual : shape (n_rows,): positions in the list of classes, or numbers for a regression
    """

    table: "pd.DataFrame"
    actual: NDArray[Any]


class Predicted(NamedTuple):
    """Rows after training.

    Parameters
    ----------
    table, actual : as for `Labelled`
    predicted : the predictions, in the form of `actual`
    features : the model's inputs, shape (n_rows, n_features)
    """

    table: "pd.DataFrame"
    actual: NDArray[Any]
    predicted: NDArray[Any]
    features: "pd.DataFrame"


class _Comparison(NamedTuple):
    """The rows that groups are compared on, and the settings of the comparison.

    Parameters
    ----------
    train, test : the rows
    n_classes : the number of classes; 0 for a regression
    strata : the groups of the condition; None: there is none
    min_rows : the fewest rows of a group, and of the rows outside it, that are measured
    draws : of the intervals
    fliptest : its settings; None: it is left out
    """

    train: Labelled
    test: Predicted
    n_classes: int
    strata: Facet | None
    min_rows: int
    draws: Draws
    fliptest: FliptestSettings | None


class _Outcome(NamedTuple):
    """A class that counts as positive, and its place in the list of classes."""

    place: int
    label: Class


def audit(
    train: Labelled,
    test: Predicted,
    *,
    task: str,
    classes: Sequence[Any] | None,
    sensitive: Sequence[str],
    seed: int,
    positive: str | int | float | bool | None = None,
    condition: str | None = None,
    crossed: bool = True,
    max_groups: int = 10,
    bins: int = 4,
    min_rows: int = 200,
    resamples: int = 1000,
    confidence: float = 0.95,
    fliptest: Mapping[str, int] | None = None,
) -> BiasReport:
    """Compare each group with all other rows: labels of the training part and predictions of the test part.

    Parameters
    ----------
    train, test : rows whose labels, and rows whose predictions, are measured
    task : binary, multiclass or regression
    classes : in order; for a binary task the positive class is the last
    sensitive : the columns that make facets
    seed : of the intervals, and of the rows that the fliptest draws
    positive : the class that is compared with the rest; None: a binary task's last, or each of several
    condition : the column whose groups are the strata of the conditional disparities; None: they are left out
    crossed : whether each pair of sensitive columns is a facet too
    max_groups : the number of values of a column, or pairs, that are separate groups
    bins : the number of groups that a number with more values is cut into
    min_rows : a group with fewer rows, or with fewer rows outside it, gets no figure
    resamples, confidence : of the intervals
    fliptest : the number of `neighbours`, and the most `rows` of a group and `others` that are drawn; None: left out

    Raises
    ------
    InputError : `positive` is not a class
    """
    parts = {"train": train.table, "test": test.table}
    groupings = facets.of_table(parts, sensitive, crossed=crossed, max_groups=max_groups, bins=bins)
    strata = facets.by_column(parts, condition, max_groups=max_groups, bins=bins) if condition else None
    draws: Draws = {"resamples": resamples, "confidence": confidence, "seed": seed}
    settings = FliptestSettings(**fliptest, seed=seed) if fliptest else None
    comparison = _Comparison(train, test, len(classes or []), strata, min_rows, draws, settings)
    outcomes = _outcomes(task, list(classes or []), positive)
    return BiasReport(
        task=task,
        rows=PartRows(train=len(train.actual), test=len(test.actual)),
        compared=COMPARED,
        confidence=confidence,
        min_rows=min_rows,
        condition=condition,
        fliptest=settings,
        left_out=left_out({"condition": condition, "fliptest": fliptest}, task, sensitive),
        measures=_describe_measures(task),
        all_rows=[AllRows(positive=outcome.label, after=_of_all(comparison, outcome)) for outcome in outcomes],
        facets=_compare_all(comparison, groupings, outcomes),
    )


def _outcomes(task: str, classes: list[Any], positive: Any) -> list[_Outcome]:
    """Return the classes that count as positive; none for a regression."""
    if task == "regression":
        return []
    outcomes = [_Outcome(place, label) for place, label in enumerate(classes)]
    if positive is None:
        return outcomes[-1:] if task == "binary" else outcomes
    if positive not in classes:
        raise InputError(f"report.bias.positive: no class {positive!r} {did_you_mean(str(positive), classes)}")
    return [outcomes[classes.index(positive)]]


def _of_all(comparison: _Comparison, outcome: _Outcome) -> Figures:
    """Measure the predictions of all rows of the test part at once."""
    test = comparison.test
    counts = figures.count([test.actual == outcome.place, test.predicted == outcome.place], [2, 2])
    return figures.of_all(counts, **comparison.draws)


def _compare_all(comparison: _Comparison, groupings: list[Facet], outcomes: list[_Outcome]) -> list[FacetReport]:
    """Compare the groups of every facet, for each outcome in turn; without outcomes, by numbers."""
    if not outcomes:
        return [_compare(comparison, facet, None) for facet in groupings]
    return [_compare(comparison, facet, outcome) for outcome in outcomes for facet in groupings]


def _compare(comparison: _Comparison, facet: Facet, outcome: _Outcome | None) -> FacetReport:
    """Compare the groups of a facet; without an outcome, by numbers."""
    skipped, groups = None, []
    if len(facet.groups) == 1:
        skipped = f"one value only ({', '.join(facet.groups[0])}): there is nothing to compare"
    else:
        before, after = _of_classes(comparison, facet, outcome.place) if outcome else _of_numbers(comparison, facet)
        groups = [_report_group(comparison, facet, place, before, after, outcome) for place in range(len(facet.groups))]
    return FacetReport(
        facet=facet.name,
        columns=facet.columns,
        positive=outcome.label if outcome else None,
        notes=facet.notes,
        skipped=skipped,
        groups=groups,
    )


def _of_classes(comparison: _Comparison, facet: Facet, positive: int) -> tuple[GroupFigures, GroupFigures]:
    """Measure the labels of the training part and the predictions of the test part, from counts."""
    train, test, strata = comparison.train, comparison.test, comparison.strata
    stratum = strata or Facet([], [()], {part: np.zeros_like(codes) for part, codes in facet.codes.items()})
    sizes = [len(facet.groups), len(stratum.groups)]
    labels = figures.count([facet.codes["train"], stratum.codes["train"], train.actual], [*sizes, comparison.n_classes])
    pair = [test.actual == positive, test.predicted == positive]
    predictions = figures.count([facet.codes["test"], stratum.codes["test"], *pair], [*sizes, 2, 2])
    before = figures.of_labels(labels, positive, **comparison.draws)
    after = figures.of_predictions(predictions, **comparison.draws)
    if strata is None:
        del before["conditional_demographic_disparity"], after["conditional_demographic_disparity_predicted"]
    return before, after


def _of_numbers(comparison: _Comparison, facet: Facet) -> tuple[GroupFigures, GroupFigures]:
    """Measure the labels of the training part and the predictions of the test part, from numbers."""
    train, test, confidence = comparison.train, comparison.test, comparison.draws["confidence"]
    before = {"labels": np.ones(len(train.actual)), "actual": train.actual}
    after = {"predicted": test.predicted, "residual": test.actual - test.predicted}
    n_groups = len(facet.groups)
    return (
        figures.of_numbers(facet.codes["train"], n_groups, before, confidence),
        figures.of_numbers(facet.codes["test"], n_groups, after, confidence),
    )


def _report_group(
    comparison: _Comparison,
    facet: Facet,
    place: int,
    before: GroupFigures,
    after: GroupFigures,
    outcome: _Outcome | None,
) -> GroupReport:
    """Select the figures of a group; a part with too few rows, on either side, gets none."""
    values = facet.groups[place]
    rows = {part: int(np.sum(codes == place)) for part, codes in facet.codes.items()}
    shortages = {
        part: _shortage(part, rows[part], len(codes) - rows[part], comparison.min_rows)
        for part, codes in facet.codes.items()
    }
    labels = predictions = None
    if not shortages["train"]:
        labels = {name: measured[place] for name, measured in before.items()}
    if not shortages["test"]:
        predictions = {name: measured[place] for name, measured in after.items()}
        if outcome and comparison.fliptest:
            predictions["fliptest"] = _flip(comparison, comparison.fliptest, facet, place, outcome)
    return GroupReport(
        group=", ".join(values),
        values=dict(zip(facet.columns, values, strict=True)),
        rows=PartRows(train=rows["train"], test=rows["test"]),
        too_small=[shortage for shortage in shortages.values() if shortage],
        before=labels,
        after=predictions,
    )


def _shortage(part: str, inside: int, outside: int, min_rows: int) -> str | None:
    """Return the reason why a part gets no figure; None: there are enough rows in the group and outside it."""
    if min(inside, outside) >= min_rows:
        return None
    reason = f"{inside:,} rows" if inside < min_rows else f"{outside:,} rows besides it"
    return f"{reason} in {part}, fewer than {min_rows:,}"


def _flip(comparison: _Comparison, settings: FliptestSettings, facet: Facet, place: int, outcome: _Outcome) -> Figure:
    """Compute the fliptest of a group."""
    test = comparison.test
    positive = np.equal(test.predicted, outcome.place)
    votes = neighbours.votes(
        test.features, positive, facet.codes["test"] == place, leave=facet.columns, **asdict(settings)
    )
    return figures.of_flips(*votes, **comparison.draws)


def _describe_measures(task: str) -> dict[str, MeasureDescription]:
    return {
        name: MeasureDescription(
            symbol=measure.symbol,
            title=measure.title,
            above=measure.above,
            when=measure.when,
            fair=measure.fair,
            signed=measure.signed,
        )
        for name, measure in MEASURES[task].items()
    }
