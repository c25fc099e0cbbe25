"""Partial dependence: how predictions change with one column while all others stay unchanged."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from cairn.explain.contributions import coded, output_values, to_cell
from cairn.explain.documents import PartialDependence
from cairn.explain.importance import round_figure
from cairn.rows.coded import Coded

if TYPE_CHECKING:
    import pandas as pd

    from cairn.models.saved import Model

ENDS = (0.05, 0.95)  # the grid of a number spans these quantiles, as scikit-learn's does
BAND = (0.25, 0.75)  # of the single rows' curves


def partial_dependence(
    model: "Model", table: "pd.DataFrame", leading: Sequence[int], outputs: Sequence[int], *, grid: int
) -> list[PartialDependence]:
    """Predict the same rows again with each value of a grid of one column.

    Friedman's partial dependence (2001), as scikit-learn's `partial_dependence(method="brute")` defines it, and the
    spread of the curves of single rows (individual conditional expectation; Goldstein et al., 2015).

    Parameters
    ----------
    model : fitted
    table : the rows to average over, of shape (n_rows, any)
    leading : the places of the columns
    outputs : the places of the outputs
    grid : the most values of a column
    """
    rows, curves_of_columns = coded(model, table), []
    for place in leading:
        column = model.signature.columns[place]
        values = rows.matrix[:, place]
        tried = choose_grid(values, column.kind == "category", grid)
        matrix = np.tile(rows.matrix, (len(tried), 1))
        matrix[:, place] = np.repeat(tried, len(values))
        predicted = output_values(model.estimator.predict(Coded(matrix, rows.texts)))[:, list(outputs)]
        curves = predicted.reshape(len(tried), len(values), -1)
        low, high = np.quantile(curves, BAND, axis=1)
        curves_of_columns.append(
            PartialDependence(
                feature=column.name,
                kind=column.kind,
                grid=[to_cell(column, value) for value in tried],
                share=[round_figure(share) for share in shares(values, tried, column.kind == "category")],
                mean=_lists(curves.mean(axis=1)),
                low=_lists(low),
                high=_lists(high),
            )
        )
    return curves_of_columns


def choose_grid(values: NDArray[np.float64], category: bool, grid: int) -> NDArray[np.float64]:
    """Choose the grid of a column, in order; NaN comes last, where values are missing.

    Few different values are all used, and of many categories the most frequent; numbers are evenly spaced from the
    5th to the 95th percentile, or where those are one number, through the ranks of the different values.
    """
    there = values[~np.isnan(values)]
    different, counts = np.unique(there, return_counts=True)
    if len(different) > grid and category:
        different = np.sort(different[np.argsort(-counts, kind="stable")[:grid]])
    elif len(different) > grid:
        low, high = np.quantile(there, ENDS)
        spaced = np.linspace(0, 1, grid)
        different = low + (high - low) * spaced if low < high else np.quantile(different, spaced)
    return np.append(different, np.nan) if len(there) < len(values) else different


def shares(values: NDArray[np.float64], at: NDArray[np.float64], category: bool) -> NDArray[np.float64]:
    """Return the share of rows whose value is nearest to each of the grid; of categories, equal to it."""
    known, gap = at[~np.isnan(at)], np.isnan(values)
    there = values[~gap]
    if category:
        there = there[np.isin(there, known)]
    between = (known[1:] + known[:-1]) / 2
    counts = np.bincount(np.searchsorted(between, there), minlength=len(known)) if len(known) else np.zeros(0)
    return np.append(counts, [gap.sum()] * (len(at) - len(known))) / len(values)


def _lists(figures: NDArray[np.float64]) -> list[list[float]]:
    """Convert figures of shape (n_values, n_outputs) to a list for each output."""
    return [[round_figure(figure, 6) for figure in column] for column in figures.T]
