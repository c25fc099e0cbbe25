"""What the columns add over all rows (bars and swarm), and over groups of rows."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from cairn.evaluation.slices import by_value
from cairn.explain.contributions import Contributed, coded, shown

if TYPE_CHECKING:
    import pandas as pd

    from cairn.models.saved import Model
    from cairn.rows.signature import Column

RANKED = 5_000  # rows among which a value's place is found, at most


def by_feature(known: Contributed, columns: Sequence["Column"], outputs: Sequence[int]) -> list[dict[str, Any]]:
    """Give each column's mean absolute contribution, the largest first (Lundberg and Lee, 2017).

    Parameters
    ----------
    known : the contributions
    columns : of the signature
    outputs : those that are told by themselves

    Returns
    -------
    list of dict : `feature`, `kind`, `mean_abs` over all outputs with its `standard_error` over rows, and
        `mean_abs_by_output`
    """
    bars = []
    for place, column in enumerate(columns):
        sizes = np.abs(known.values[:, place], dtype="float64")
        each = sizes.mean(axis=1)
        bars.append(
            {
                "feature": column.name,
                "kind": column.kind,
                "mean_abs": short(each.mean()),
                "standard_error": short(each.std() / np.sqrt(len(each))),
                "mean_abs_by_output": [short(size) for size in sizes.mean(axis=0)[list(outputs)]],
            }
        )
    return sorted(bars, key=lambda bar: (-bar["mean_abs"], bar["feature"]))


def swarm(
    known: Contributed,
    model: "Model",
    table: "pd.DataFrame",
    leading: Sequence[int],
    outputs: Sequence[int],
    *,
    points: int,
    draw: np.random.Generator,
) -> list[dict[str, Any]]:
    """Give some rows' contributions beside their values: the points of a beeswarm plot.

    Parameters
    ----------
    known : the contributions
    model, table : that they are of
    leading : the places of the columns that are drawn
    outputs : those that are drawn; they share the points
    points : rows drawn at most
    draw : chooses them

    Returns
    -------
    list of dict : `feature`, `kind`, `contributions` (a list for each output), and of each point the `value`: of a
        number its quantile from 0 to 1, of a category its place in `levels`, null where it is missing
    """
    ranked = draw.permutation(len(known.rows))[:RANKED]
    matrix = coded(model, table.iloc[known.rows[ranked]]).matrix
    some = slice(0, max(1, points // len(outputs)))
    told = []
    for place in leading:
        column, values = model.signature.columns[place], matrix[:, place]
        levels, drawn = _levels(column, values[some]) if column.kind == "category" else (None, _places(values)[some])
        parts = known.values[ranked[some], place]
        told.append(
            {
                "feature": column.name,
                "kind": column.kind,
                "levels": levels,
                "value": drawn,
                "contributions": [[short(each) for each in parts[:, output]] for output in outputs],
            }
        )
    return told


def by_slice(
    known: Contributed,
    columns: Sequence["Column"],
    leading: Sequence[int],
    groups: Mapping[str, NDArray[Any]],
    *,
    min_rows: int,
) -> list[dict[str, Any]]:
    """Give the leading columns' contributions in each group of rows.

    Returns
    -------
    list of dict : `column`, `value`, `rows`; `mean_abs`, and where there is one output `mean`, which says whether the
        column speaks for or against in this group; null for groups of fewer than `min_rows` rows
    """
    values = known.values[:, list(leading)]
    names = [columns[place].name for place in leading]

    def measure(rows: NDArray[np.intp]) -> dict[str, Any]:
        some = values[rows].astype("float64")
        signed = some.mean(axis=0)[:, 0] if some.shape[2] == 1 else None
        return {
            "mean_abs": dict(zip(names, map(short, np.abs(some).mean(axis=(0, 2))), strict=True)),
            "mean": None if signed is None else dict(zip(names, map(short, signed), strict=True)),
        }

    return by_value({name: labels[known.rows] for name, labels in groups.items()}, measure, min_rows=min_rows)


def quantiles(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Give the share of the other values that are smaller, equal ones counted half; NaN where missing."""
    there = values[~np.isnan(values)]
    different, place, counts = np.unique(there, return_inverse=True, return_counts=True)
    ranks = np.full(len(values), np.nan)
    middle = np.cumsum(counts) - (counts + 1) / 2
    ranks[~np.isnan(values)] = middle[place] / max(len(there) - 1, 1) if len(different) > 1 else 0.5
    return ranks


def _places(values: NDArray[np.float64]) -> list[float | None]:
    return [None if np.isnan(each) else float(f"{each:.3g}") for each in quantiles(values)]


def _levels(column: "Column", values: NDArray[np.float64]) -> tuple[list[str], list[int | None]]:
    """Name the levels that are there, and give each row's place among them."""
    there = np.unique(values[~np.isnan(values)])
    levels = [str(shown(column, level)) for level in there]
    return levels, [None if np.isnan(each) else int(np.searchsorted(there, each)) for each in values]


def short(value: float, digits: int = 4) -> float:
    """Give a figure with so many digits; four are more than a picture shows."""
    return float(f"{value:.{digits}g}")
