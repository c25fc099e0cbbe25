"""How predictions change with one column, all else in the rows left as it is: partial dependence."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from cairn.explain.contributions import coded, of_outputs, shown
from cairn.explain.importance import short
from cairn.rows.coded import Coded

if TYPE_CHECKING:
    import pandas as pd

    from cairn.models.saved import Model

ENDS = (0.05, 0.95)  # the grid of a number spans these quantiles, as scikit-learn's does
BAND = (0.25, 0.75)  # of the single rows' curves


def dependence(
    model: "Model", table: "pd.DataFrame", leading: Sequence[int], outputs: Sequence[int], *, grid: int
) -> list[dict[str, Any]]:
    """Ask the model about the same rows again and again, each time with another value of one column.

    Friedman's partial dependence (2001), as scikit-learn's `partial_dependence(method="brute")` defines it, and the
    spread of the curves of single rows (individual conditional expectation; Goldstein et al., 2015).

    Parameters
    ----------
    model : fitted
    table : the rows to average over, of shape (n_rows, any)
    leading : the places of the columns
    outputs : those that are told
    grid : values of a column, at most

    Returns
    -------
    list of dict : `feature`, `kind`, `grid` (values as a person writes them; null, the last, is a missing one),
        `share` (of the rows, those nearest to each value), and lists for each output: `mean`, `low` and `high` (the
        quartiles of the single rows' curves), in probability or in the target's unit
    """
    rows, told = coded(model, table), []
    for place in leading:
        column = model.signature.columns[place]
        values = rows.matrix[:, place]
        at = values_to_try(values, column.kind == "category", grid)
        matrix = np.tile(rows.matrix, (len(at), 1))
        matrix[:, place] = np.repeat(at, len(values))
        said = of_outputs(model.estimator.predict(Coded(matrix, rows.texts)))[:, list(outputs)]
        curves = said.reshape(len(at), len(values), -1)
        low, high = np.quantile(curves, BAND, axis=1)
        told.append(
            {
                "feature": column.name,
                "kind": column.kind,
                "grid": [shown(column, value) for value in at],
                "share": [short(each) for each in shares(values, at, column.kind == "category")],
                "mean": _listed(curves.mean(axis=1)),
                "low": _listed(low),
                "high": _listed(high),
            }
        )
    return told


def values_to_try(values: NDArray[np.float64], category: bool, grid: int) -> NDArray[np.float64]:
    """Choose the values of a column at which the model is asked, in order; NaN comes last, where some are missing.

    Few different values are all tried, and of many categories the most frequent; numbers are evenly spaced from the
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
    """Give the share of rows whose value is nearest to each on the grid; of categories, equal to it."""
    known, gap = at[~np.isnan(at)], np.isnan(values)
    there = values[~gap]
    if category:
        there = there[np.isin(there, known)]
    between = (known[1:] + known[:-1]) / 2
    counts = np.bincount(np.searchsorted(between, there), minlength=len(known)) if len(known) else np.zeros(0)
    return np.append(counts, [gap.sum()] * (len(at) - len(known))) / len(values)


def _listed(figures: NDArray[np.float64]) -> list[list[float]]:
    """Turn figures of shape (n_values, n_outputs) into a list for each output."""
    return [[short(each, 6) for each in column] for column in figures.T]
