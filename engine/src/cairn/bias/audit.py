"""Measure bias before and after training: by facet, by group, with every measure of the catalogue."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from cairn.bias import facets, figures, neighbours
from cairn.bias.catalogue import MEASURES
from cairn.bias.facets import Facet
from cairn.bias.figures import Figures
from cairn.bias.settings import left_out
from cairn.errors import InputError, did_you_mean

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Labelled", "Predicted", "audit"]

Record = dict[str, Any]
Draws = Mapping[str, Any]  # `resamples`, `confidence` and `seed` of intervals


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
) -> Record:
    """Measure bias in the labels of the training part and in the predictions of the test part.

    Each group is compared with all other rows of its facet, in both directions.

    Parameters
    ----------
    train : rows whose labels are measured
    test : rows whose predictions are measured
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

    Returns
    -------
    dict : the content of bias.json: `facets` has a record for each facet and positive class

    Raises
    ------
    InputError : `positive` is not a class
    """
    parts = {"train": train.table, "test": test.table}
    measured_facets = facets.of_table(parts, sensitive, crossed=crossed, max_groups=max_groups, bins=bins)
    strata = facets.by_column(parts, condition, max_groups=max_groups, bins=bins) if condition else None
    draws: Draws = {"resamples": resamples, "confidence": confidence, "seed": seed}
    content: Record = {
        "task": task,
        "rows": {"train": len(train.actual), "test": len(test.actual)},
        "compared": "each group with all other rows of its facet; before training on train, after it on test",
        "confidence": confidence,
        "min_rows": min_rows,
        "condition": condition,
        "fliptest": None if fliptest is None else {**fliptest, "seed": seed},
        "left_out": left_out({"condition": condition, "fliptest": fliptest}, task, sensitive),
        "measures": _describe_measures(task),
        "all_rows": [],
        "facets": [],
    }
    if task == "regression":
        content["facets"] = [
            _record(facet, min_rows, *_of_numbers(facet, train, test, confidence)) for facet in measured_facets
        ]
        return content
    names = list(classes or [])
    for place in _outcomes(task, names, positive):
        positive_class = {"positive": names[place]}
        outcomes = [test.actual == place, test.predicted == place]
        whole = figures.of_all(figures.count(outcomes, [2, 2]), **draws)
        content["all_rows"].append({**positive_class, "after": whole})
        for facet in measured_facets:
            sides = _of_classes(facet, strata, train, test, place, len(names), draws)
            record = {**_record(facet, min_rows, *sides), **positive_class}
            if fliptest:
                _add_flips(record, facet, test, place, fliptest, draws)
            content["facets"].append(record)
    return content


def _outcomes(task: str, classes: list[Any], positive: Any) -> list[int]:
    """Return the places of the classes that count as positive."""
    if positive is None:
        return [len(classes) - 1] if task == "binary" else list(range(len(classes)))
    if positive not in classes:
        raise InputError(f"report.bias.positive: no class {positive!r} {did_you_mean(str(positive), classes)}")
    return [classes.index(positive)]


def _of_classes(
    facet: Facet, strata: Facet | None, train: Labelled, test: Predicted, place: int, n_classes: int, draws: Draws
) -> tuple[Figures, Figures]:
    """Measure the labels of the training part and the predictions of the test part, from counts."""
    stratum = strata or Facet([], [()], {part: np.zeros_like(codes) for part, codes in facet.codes.items()})
    sizes = [len(facet.groups), len(stratum.groups)]
    labels = figures.count([facet.codes["train"], stratum.codes["train"], train.actual], [*sizes, n_classes])
    pair = [test.actual == place, test.predicted == place]
    predictions = figures.count([facet.codes["test"], stratum.codes["test"], *pair], [*sizes, 2, 2])
    before = figures.of_labels(labels, place, **draws)
    after = figures.of_predictions(predictions, **draws)
    if strata is None:
        del before["conditional_demographic_disparity"], after["conditional_demographic_disparity_predicted"]
    return before, after


def _of_numbers(facet: Facet, train: Labelled, test: Predicted, confidence: float) -> tuple[Figures, Figures]:
    ones = np.ones(len(train.actual))
    before = {"labels": ones, "actual": train.actual}
    after = {"predicted": test.predicted, "residual": test.actual - test.predicted}
    n_groups = len(facet.groups)
    return (
        figures.of_numbers(facet.codes["train"], n_groups, before, confidence),
        figures.of_numbers(facet.codes["test"], n_groups, after, confidence),
    )


def _record(facet: Facet, min_rows: int, before: Figures, after: Figures) -> Record:
    """Arrange the figures by group; a group that is too small, on either side, gets none."""
    record: Record = {"facet": facet.name, "columns": facet.columns, "positive": None, "notes": facet.notes}
    if len(facet.groups) == 1:
        value = ", ".join(facet.groups[0])
        return {**record, "skipped": f"one value only ({value}): there is nothing to compare", "groups": []}
    rows = {part: np.bincount(codes, minlength=len(facet.groups)) for part, codes in facet.codes.items()}
    groups = []
    for place, values in enumerate(facet.groups):
        group: Record = {"group": ", ".join(values), "values": dict(zip(facet.columns, values, strict=True))}
        group["rows"] = {part: int(counts[place]) for part, counts in rows.items()}
        group["too_small"] = []
        for when, part, measured in (("before", "train", before), ("after", "test", after)):
            inside, outside = int(rows[part][place]), int(rows[part].sum() - rows[part][place])
            too_small = min(inside, outside) < min_rows
            if too_small:
                reason = f"{inside:,} rows" if inside < min_rows else f"{outside:,} rows besides it"
                group["too_small"].append(f"{reason} in {part}, fewer than {min_rows:,}")
            group[when] = None if too_small else {name: each[place] for name, each in measured.items()}
        groups.append(group)
    return {**record, "skipped": None, "groups": groups}


def _add_flips(
    record: Record, facet: Facet, test: Predicted, place: int, fliptest: Mapping[str, int], draws: Draws
) -> None:
    """Add the fliptest to every group that is large enough."""
    positive = np.equal(test.predicted, place)
    for code, group in enumerate(record["groups"]):
        if group["after"] is None:
            continue
        inside = facet.codes["test"] == code
        votes = neighbours.votes(test.features, positive, inside, leave=facet.columns, seed=draws["seed"], **fliptest)
        group["after"]["fliptest"] = figures.of_flips(*votes, **draws)


def _describe_measures(task: str) -> dict[str, Record]:
    keys = ("symbol", "title", "above", "when", "fair", "signed")
    return {name: {key: getattr(measure, key) for key in keys} for name, measure in MEASURES[task].items()}
