"""All that is told of a model's reasons on the test part: the one function that conf/ names."""

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from cairn.errors import InputError
from cairn.explain.contributions import Contributed, contributed
from cairn.explain.dependence import dependence
from cairn.explain.examples import telling
from cairn.explain.importance import by_feature, by_slice, short, swarm

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

    from cairn.models.saved import Model

__all__ = ["explain"]

CLASSES = 5  # of many classes, those that are drawn by themselves


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
) -> tuple[dict[str, Any], "pa.Table | None"]:
    """Explain a model on a sample of rows.

    Parameters
    ----------
    model : fitted
    table : DataFrame of shape (n_rows, any), with the target
    groups : column -> label of each row, as `cairn.evaluation.scores.group_labels` gives them
    id : the column that names a row, for the values that are kept of every row
    seed : draws the samples
    rows : explained at most, where contributions are exact
    estimated_rows : explained at most, where they have to be estimated, which takes far longer
    features : the leading ones, that slices, swarm, examples and dependence show; the others are in the bars alone
    points : of the swarm
    slice_rows : smaller slices are counted, but not explained
    grid : values of a feature at which the model is asked, at most
    dependence_rows : over which its answers are averaged
    examples : whether single rows are shown, with their values

    Returns
    -------
    tuple : the content of explanations.json, and the contributions of every row explained, as `kept` lays them out;
        None where there is nothing to explain

    Raises
    ------
    InputError : a number below 1
    """
    _require_some(rows=rows, estimated_rows=estimated_rows, features=features, points=points, grid=grid)
    _require_some(dependence_rows=dependence_rows)
    known = contributed(model, table, rows=rows, estimated_rows=estimated_rows, seed=seed)
    if not known.values.any():
        why = "the model says the same of every row, so that no column has a part in it"
        return {"explained": False, "why": why}, None
    signature, outputs = model.signature, _drawn(known)
    bars = by_feature(known, signature.columns, outputs)
    places = {column.name: place for place, column in enumerate(signature.columns)}
    leading = [places[bar["feature"]] for bar in bars[:features]]
    draw = np.random.default_rng(seed)
    some = np.sort(draw.permutation(len(known.rows))[:dependence_rows])
    content = {
        "explained": True,
        "target": signature.target,
        "task": signature.task,
        "outputs": [known.name_of(signature, output) for output in outputs],
        "unit": known.unit,
        "exact": known.exact,
        "adds_up_within": 10.0 ** math.ceil(math.log10(max(known.gap, 1e-9))),
        "rows": {"explained": len(known.rows), "test": len(table)},
        "base": [short(base, 6) for base in known.base.mean(axis=0)[outputs]],
        "features": bars,
        "swarm": swarm(known, model, table, leading, outputs, points=points, draw=draw),
        "slices": by_slice(known, signature.columns, leading, groups, min_rows=slice_rows),
        "examples": telling(known, model, table, features) if examples else [],
        "dependence": dependence(model, table.iloc[known.rows[some]], leading, outputs, grid=grid),
    }
    return content, kept(known, model, None if id is None else table[id])


def _require_some(**sizes: int) -> None:
    for name, size in sizes.items():
        if size < 1:
            raise InputError(f"report.explain.{name}: at least 1 is wanted; got {size}")


def kept(known: Contributed, model: "Model", ids: "pd.Series | None") -> "pa.Table":
    """Lay the contributions out as a table that SQL can read.

    Returns
    -------
    Table : a row for each row explained, and of several classes for each class: `row` (its place in the table, from
        0), `id` where there is one, `class` where there are several, `base`, and `contributions`, a struct with a
        32-bit number for each column
    """
    import pyarrow as pa

    n_outputs, signature = known.base.shape[1], model.signature
    values = np.moveaxis(known.values, 2, 1).reshape(-1, known.values.shape[1])
    columns: dict[str, Any] = {"row": np.repeat(known.rows, n_outputs)}
    if ids is not None:
        columns["id"] = pa.array(ids.iloc[columns["row"]], from_pandas=True)
    if n_outputs > 1:
        columns["class"] = pa.array([str(each) for each in signature.classes or []] * len(known.rows))
    columns["base"] = known.base.ravel()
    parts = [pa.array(np.ascontiguousarray(values[:, place])) for place in range(values.shape[1])]
    columns["contributions"] = pa.StructArray.from_arrays(parts, [column.name for column in signature.columns])
    return pa.table(columns)


def _drawn(known: Contributed) -> list[int]:
    """Choose the outputs that are drawn: all, or of many classes those that are said most often."""
    n_outputs = known.base.shape[1]
    if n_outputs <= CLASSES:
        return list(range(n_outputs))
    said = np.bincount(known.predicted.argmax(axis=1), minlength=n_outputs)
    return sorted(np.argsort(-said, kind="stable")[:CLASSES].tolist())
