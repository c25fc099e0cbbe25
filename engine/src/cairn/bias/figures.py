"""From counts and numbers to figures: every measure of every group of a facet, with its interval.

A figure is `value`, `low` and `high`, and where there is no value, `why`. The figures of counts depend on the counts
alone, so to draw rows again (the bootstrap of Efron and Tibshirani 1993, chapter 13) is to draw counts from a
multinomial, which costs the same for a million rows as for a thousand. What is never below 0 has no interval: drawn
again it would only grow.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from cairn.bias import numbers
from cairn.bias.catalogue import CLASSES, NUMBERS, Measure
from cairn.bias.predictions import Confusion

Floats = NDArray[np.float64]
Figure = dict[str, Any]
Figures = dict[str, list[Figure]]  # measure -> a figure for each group


def counted(codes: list[NDArray[np.intp]], sizes: list[int]) -> NDArray[np.intp]:
    """Count the rows of each combination of codes: shape `sizes`."""
    flat = np.ravel_multi_index(codes, sizes)
    return np.bincount(flat, minlength=int(np.prod(sizes))).reshape(sizes)


def drawn(counts: NDArray[np.intp], resamples: int, seed: int) -> Floats:
    """Give the counts, and after them those of rows drawn again: shape (1 + resamples, *counts.shape)."""
    rows = int(counts.sum())
    again = np.random.default_rng(seed).multinomial(rows, counts.ravel() / max(rows, 1), size=resamples)
    return np.concatenate([counts.ravel()[None], again]).reshape(-1, *counts.shape).astype(np.float64)


def of_labels(counts: NDArray[np.intp], positive: int, *, resamples: int, confidence: float, seed: int) -> Figures:
    """Measure the labels.

    Parameters
    ----------
    counts : rows of shape (n_groups, n_strata, n_classes)
    positive : the class that counts as positive, against the rest
    resamples, confidence, seed : of the intervals
    """
    strata = drawn(_against_rest(counts, positive, axis=2), resamples, seed)
    views = {"strata": strata, "labels": strata.sum(axis=2), "classes": counts.sum(axis=1)[None].astype(np.float64)}
    return _figures("before", views, confidence)


def of_predictions(counts: NDArray[np.intp], *, resamples: int, confidence: float, seed: int) -> Figures:
    """Measure the predictions.

    Parameters
    ----------
    counts : rows of shape (n_groups, n_strata, 2, 2): label, then prediction
    resamples, confidence, seed : of the intervals
    """
    draws = drawn(counts, resamples, seed)
    views = {"said_strata": draws.sum(axis=3), "confusion": draws.sum(axis=2)}
    return _figures("after", views, confidence)


def of_all(counts: NDArray[np.intp], *, resamples: int, confidence: float, seed: int) -> dict[str, Figure]:
    """Measure all rows at once; `counts` of shape (2, 2): label, then prediction."""
    rows = Confusion.of(drawn(counts, resamples, seed))
    some = {name: each for name, each in CLASSES.items() if not each.of_groups}
    return {name: _figure(each.function(rows), each, confidence) for name, each in some.items()}


def of_flips(
    neighbours: NDArray[np.bool_], said: NDArray[np.bool_], *, resamples: int, confidence: float, seed: int
) -> Figure:
    """Measure the fliptest of one group's rows, of shape (n_rows,) both; other rows are taken as they are."""
    measure = CLASSES["fliptest"]
    rows = np.random.default_rng(seed).integers(said.size, size=(resamples, said.size))
    values = [measure.function(neighbours, said), *(measure.function(neighbours[row], said[row]) for row in rows)]
    return _figure(np.array(values), measure, confidence)


def of_numbers(groups: NDArray[np.intp], n_groups: int, views: dict[str, Floats], confidence: float) -> Figures:
    """Measure numbers.

    Parameters
    ----------
    groups : the group of each row, shape (n_rows,)
    n_groups : how many there are
    views : what measures take -> numbers of shape (n_rows,)
    confidence : of the intervals
    """
    figures: Figures = {}
    for name, measure in NUMBERS.items():
        if measure.takes not in views:
            continue
        figures[name] = []
        for group in range(n_groups):
            inside = groups == group
            a, d = views[measure.takes][~inside], views[measure.takes][inside]
            if min(a.size, d.size) < 2:
                figures[name].append({"value": None, "low": None, "high": None, "why": "fewer than two rows"})
                continue
            means = measure.function is numbers.mean_difference
            ends = numbers.mean_difference_interval(a, d, confidence) if means else (np.nan, np.nan)
            figures[name].append(_rounded(measure.function(a, d), *ends))
    return figures


def _against_rest(counts: NDArray[np.intp], positive: int, axis: int) -> NDArray[np.intp]:
    """Join all classes but one: the axis becomes (the rest, the positive class)."""
    chosen = np.take(counts, positive, axis=axis)
    return np.stack([counts.sum(axis=axis) - chosen, chosen], axis=axis)


def _figures(when: str, views: dict[str, Floats], confidence: float) -> Figures:
    """Apply every measure to what it takes; views of shape (n_draws, n_groups, ...)."""
    figures = {}
    for name, measure in CLASSES.items():
        if measure.when != when or measure.takes not in views:
            continue
        group = views[measure.takes]
        others = group.sum(axis=1, keepdims=True) - group
        sides: list[Any] = [others, group]
        if measure.takes == "confusion":
            sides = [Confusion.of(side) for side in sides]
        values = measure.function(*sides)
        figures[name] = [_figure(each, measure, confidence) for each in values.T]
    return figures


def _figure(values: Floats, measure: Measure, confidence: float) -> Figure:
    """Take the first value as the figure, and an interval from those that follow, of which some may be unknown."""
    again = values[1:][np.isfinite(values[1:])]
    if not np.isfinite(values[0]):
        return {**_rounded(np.nan, np.nan, np.nan), "why": measure.undefined}
    if not measure.signed or not again.size:
        return _rounded(values[0], np.nan, np.nan)
    return _rounded(values[0], *np.quantile(again, [(1 - confidence) / 2, (1 + confidence) / 2]))


def _rounded(*ends: float) -> Figure:
    """Give ten digits: the last bits of a sum depend on the processor; null for what is no number."""
    plain = (float(f"{end:.10g}") if np.isfinite(end) else None for end in ends)
    return dict(zip(("value", "low", "high"), plain, strict=True))
