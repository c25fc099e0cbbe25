"""Feature importance: contributions over all rows (bars and swarm) and by group."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from cairn.evaluation.slices import group_rows
from cairn.explain.contributions import SampleContributions, coded, to_cell
from cairn.explain.documents import FeatureContribution, FeaturePoints, SliceContributions

if TYPE_CHECKING:
    import pandas as pd

    from cairn.models.saved import Model
    from cairn.rows.signature import Column

RANKED_ROWS = 5_000  # that the quantile of a value is computed from, at most


def by_feature(
    contributions: SampleContributions, columns: Sequence["Column"], outputs: Sequence[int]
) -> list[FeatureContribution]:
    """Compute each column's mean absolute contribution, the largest first (Lundberg and Lee, 2017).

    Parameters
    ----------
    contributions : the contributions
    columns : of the signature
    outputs : those with separate figures
    """
    bars = []
    for place, column in enumerate(columns):
        sizes = np.abs(contributions.values[:, place], dtype="float64")
        means = sizes.mean(axis=1)
        bars.append(
            FeatureContribution(
                feature=column.name,
                kind=column.kind,
                mean_abs=round_figure(means.mean()),
                standard_error=round_figure(means.std() / np.sqrt(len(means))),
                mean_abs_by_output=[round_figure(size) for size in sizes.mean(axis=0)[list(outputs)]],
            )
        )
    return sorted(bars, key=lambda bar: (-bar.mean_abs, bar.feature))


def swarm(
    contributions: SampleContributions,
    model: "Model",
    table: "pd.DataFrame",
    leading: Sequence[int],
    outputs: Sequence[int],
    *,
    points: int,
    draw: np.random.Generator,
) -> list[FeaturePoints]:
    """Return contributions and values of some rows: the points of a beeswarm plot.

    Parameters
    ----------
    contributions : the contributions
    model, table : of the contributions
    leading : the places of the columns that are drawn
    outputs : those that are drawn; they share the points
    points : the most rows
    draw : the generator that chooses them
    """
    ranked = draw.permutation(len(contributions.rows))[:RANKED_ROWS]
    matrix = coded(model, table.iloc[contributions.rows[ranked]]).matrix
    some = slice(0, max(1, points // len(outputs)))
    lanes = []
    for place in leading:
        column, values = model.signature.columns[place], matrix[:, place]
        levels: list[str] | None = None
        drawn: list[int | float | None]
        if column.kind == "category":
            levels, drawn = _levels(column, values[some])
        else:
            drawn = _places(values)[some]
        parts = contributions.values[ranked[some], place]
        lanes.append(
            FeaturePoints(
                feature=column.name,
                kind=column.kind,
                levels=levels,
                value=drawn,
                contributions=[[round_figure(part) for part in parts[:, output]] for output in outputs],
            )
        )
    return lanes


def by_slice(
    contributions: SampleContributions,
    columns: Sequence["Column"],
    leading: Sequence[int],
    groups: Mapping[str, NDArray[Any]],
    *,
    min_rows: int,
) -> list[SliceContributions]:
    """Compute the leading columns' contributions in each group of rows; groups of fewer than `min_rows` have none."""
    values = contributions.values[:, list(leading)]
    names = [columns[place].name for place in leading]

    def measure(rows: NDArray[np.intp]) -> dict[str, Any]:
        some = values[rows].astype("float64")
        signed = some.mean(axis=0)[:, 0] if some.shape[2] == 1 else None
        return {
            "mean_abs": dict(zip(names, map(round_figure, np.abs(some).mean(axis=(0, 2))), strict=True)),
            "mean": None if signed is None else dict(zip(names, map(round_figure, signed), strict=True)),
        }

    slices = []
    for group in group_rows({name: labels[contributions.rows] for name, labels in groups.items()}):
        effects = measure(group.rows) if group.rows.size >= min_rows else {"mean_abs": None, "mean": None}
        size = int(group.rows.size)
        slices.append(SliceContributions(column=group.column, value=group.value, rows=size, **effects))
    return slices


def quantiles(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the share of the other values that are smaller, equal ones counted half; NaN where missing."""
    known = values[~np.isnan(values)]
    different, place, counts = np.unique(known, return_inverse=True, return_counts=True)
    ranks = np.full(len(values), np.nan)
    middle = np.cumsum(counts) - (counts + 1) / 2
    ranks[~np.isnan(values)] = middle[place] / max(len(known) - 1, 1) if len(different) > 1 else 0.5
    return ranks


def _places(values: NDArray[np.float64]) -> list[int | float | None]:
    return [None if np.isnan(each) else float(f"{each:.3g}") for each in quantiles(values)]


def _levels(column: "Column", values: NDArray[np.float64]) -> tuple[list[str], list[int | float | None]]:
    """Return the levels of the rows, and each row's place among them."""
    places = np.unique(values[~np.isnan(values)])
    levels = [str(to_cell(column, level)) for level in places]
    return levels, [None if np.isnan(each) else int(np.searchsorted(places, each)) for each in values]


def round_figure(value: float, digits: int = 4) -> float:
    """Round to significant digits; four are more than a chart shows."""
    return float(f"{value:.{digits}g}")
