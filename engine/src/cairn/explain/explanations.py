"""Explain a model on the test part: the content of explanations.json."""

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from cairn.errors import InputError
from cairn.explain.contributions import SampleContributions, sample_contributions
from cairn.explain.dependence import partial_dependence
from cairn.explain.documents import ExplainedRows, Explanations, NoExplanations
from cairn.explain.examples import explain_examples
from cairn.explain.importance import by_feature, by_slice, round_figure, swarm

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

    from cairn.models.saved import Model

__all__ = ["explain"]

MAX_OUTPUTS = 5  # of many classes, the most frequent
NOTHING_TO_EXPLAIN = "the model says the same of every row, so that no column has a part in it"


class _Sizes(NamedTuple):
    """What is shown of the rows explained; see `explain`."""

    features: int
    points: int
    slice_rows: int
    grid: int
    dependence_rows: int
    examples: bool


def explain(
    model: "Model",
    table: "pd.DataFrame",
    groups: Mapping[str, NDArray[Any]],
    *,
    id: str | None,
    seed: int,
    rows: int = 2_000,
    estimated_rows: int = 200,
    features: int = 10,
    points: int = 200,
    slice_rows: int = 50,
    grid: int = 20,
    dependence_rows: int = 500,
    examples: bool = True,
) -> tuple[Explanations | NoExplanations, "pa.Table | None"]:
    """Explain a model on a sample of rows.

    Parameters
    ----------
    model : fitted
    table : DataFrame of shape (n_rows, any), with the target
    groups : column -> label of each row, as `cairn.evaluation.scores.group_labels` gives them
    id : the column that names a row, for the table of contributions
    seed : of the samples
    rows, estimated_rows : the most rows where contributions are exact, and where they are estimates, which take longer
    features : the number of features in slices, swarm, examples and dependence; the bars have all
    points : of the swarm
    slice_rows : smaller slices are counted, but not explained
    grid : the most values of a feature in its partial dependence
    dependence_rows : the rows that partial dependence is averaged over
    examples : whether single rows are shown, with their values

    Returns
    -------
    tuple : the explanations, and the contributions of every row explained, as a table; None where there are none

    Raises
    ------
    InputError : a number is below 1
    """
    _check_sizes(rows=rows, estimated_rows=estimated_rows, features=features, points=points, grid=grid)
    _check_sizes(dependence_rows=dependence_rows)
    contributions = sample_contributions(model, table, rows=rows, estimated_rows=estimated_rows, seed=seed)
    if not contributions.values.any():
        return NoExplanations(why=NOTHING_TO_EXPLAIN), None
    sizes = _Sizes(features, points, slice_rows, grid, dependence_rows, examples)
    explanations = _explain_sample(contributions, model, table, groups, sizes, seed=seed)
    return explanations, contribution_table(contributions, model, None if id is None else table[id])


def _explain_sample(
    contributions: SampleContributions,
    model: "Model",
    table: "pd.DataFrame",
    groups: Mapping[str, NDArray[Any]],
    sizes: _Sizes,
    *,
    seed: int,
) -> Explanations:
    signature, outputs = model.signature, _choose_outputs(contributions)
    bars = by_feature(contributions, signature.columns, outputs)
    places = {column.name: place for place, column in enumerate(signature.columns)}
    leading = [places[bar.feature] for bar in bars[: sizes.features]]
    draw = np.random.default_rng(seed)
    chosen = np.sort(draw.permutation(len(contributions.rows))[: sizes.dependence_rows])
    averaged = table.iloc[contributions.rows[chosen]]
    return Explanations(
        target=signature.target,
        task=signature.task,
        outputs=[contributions.name_of(signature, output) for output in outputs],
        unit=contributions.unit,
        exact=contributions.exact,
        adds_up_within=10.0 ** math.ceil(math.log10(max(contributions.gap, 1e-9))),
        rows=ExplainedRows(explained=len(contributions.rows), test=len(table)),
        base=[round_figure(base, 6) for base in contributions.base.mean(axis=0)[outputs]],
        features=bars,
        swarm=swarm(contributions, model, table, leading, outputs, points=sizes.points, draw=draw),
        slices=by_slice(contributions, signature.columns, leading, groups, min_rows=sizes.slice_rows),
        examples=explain_examples(contributions, model, table, sizes.features) if sizes.examples else [],
        dependence=partial_dependence(model, averaged, leading, outputs, grid=sizes.grid),
    )


def _check_sizes(**sizes: int) -> None:
    for name, size in sizes.items():
        if size < 1:
            raise InputError(f"report.explain.{name}: must be at least 1; got {size}")


def contribution_table(contributions: SampleContributions, model: "Model", ids: "pd.Series | None") -> "pa.Table":
    """Build the table of contributions, for SQL.

    Returns
    -------
    Table : a row for each row explained, and of several classes for each class: `row` (its place in the table, from
        0), `id` where there is one, `class` where there are several, `base`, and `contributions`, a struct with a
        32-bit number for each column
    """
    import pyarrow as pa

    n_outputs, signature = contributions.base.shape[1], model.signature
    values = np.moveaxis(contributions.values, 2, 1).reshape(-1, contributions.values.shape[1])
    columns: dict[str, Any] = {"row": np.repeat(contributions.rows, n_outputs)}
    if ids is not None:
        columns["id"] = pa.array(ids.iloc[columns["row"]], from_pandas=True)
    if n_outputs > 1:
        columns["class"] = pa.array([str(each) for each in signature.classes or []] * len(contributions.rows))
    columns["base"] = contributions.base.ravel()
    parts = [pa.array(np.ascontiguousarray(values[:, place])) for place in range(values.shape[1])]
    columns["contributions"] = pa.StructArray.from_arrays(parts, [column.name for column in signature.columns])
    return pa.table(columns)


def _choose_outputs(contributions: SampleContributions) -> list[int]:
    """Choose the outputs to explain: all, or of many classes those that are predicted most often."""
    n_outputs = contributions.base.shape[1]
    if n_outputs <= MAX_OUTPUTS:
        return list(range(n_outputs))
    counts = np.bincount(contributions.predicted.argmax(axis=1), minlength=n_outputs)
    return sorted(np.argsort(-counts, kind="stable")[:MAX_OUTPUTS].tolist())
