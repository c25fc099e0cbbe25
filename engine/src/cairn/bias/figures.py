"""Compute every measure of every group of a facet, with its interval.

The figures of counts depend on the counts alone, so to draw rows again (the bootstrap of Efron and Tibshirani 1993,
chapter 13) is to draw counts from a multinomial, which costs the same for a million rows as for a thousand. A measure
that is never below 0 has no interval: resampling only increases it.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from cairn.bias import numbers
from cairn.bias.catalogue import CLASSES, NUMBERS, Measure
from cairn.bias.documents import Figure
from cairn.bias.predictions import Confusion

Floats = NDArray[np.float64]
GroupFigures = dict[str, list[Figure]]  # measure -> a figure for each group


def count(codes: list[NDArray[np.intp]], sizes: list[int]) -> NDArray[np.intp]:
    """Count the rows of each combination of codes: shape `sizes`."""
    flat = np.ravel_multi_index(codes, sizes)
    return np.bincount(flat, minlength=int(np.prod(sizes))).reshape(sizes)


def resample(counts: NDArray[np.intp], resamples: int, seed: int) -> Floats:
    """Return the counts, followed by resampled ones: shape (1 + resamples, *counts.shape)."""
    rows = int(counts.sum())
    resampled = np.random.default_rng(seed).multinomial(rows, counts.ravel() / max(rows, 1), size=resamples)
    return np.concatenate([counts.ravel()[None], resampled]).reshape(-1, *counts.shape).astype(np.float64)


def of_labels(counts: NDArray[np.intp], positive: int, *, resamples: int, confidence: float, seed: int) -> GroupFigures:
    """Measure the labels.

    Parameters
    ----------
    counts : rows of shape (n_groups, n_strata, n_classes)
    positive : the class that counts as positive, against the rest
    resamples, confidence, seed : of the intervals
    """
    strata = resample(_against_rest(counts, positive, axis=2), resamples, seed)
    views = {"strata": strata, "labels": strata.sum(axis=2), "classes": counts.sum(axis=1)[None].astype(np.float64)}
    return _figures("before", views, confidence)


def of_predictions(counts: NDArray[np.intp], *, resamples: int, confidence: float, seed: int) -> GroupFigures:
    """Measure the predictions.

    Parameters
    ----------
    counts : rows of shape (n_groups, n_strata, 2, 2): label, then prediction
    resamples, confidence, seed : of the intervals
    """
    draws = resample(counts, resamples, seed)
    views = {"said_strata": draws.sum(axis=3), "confusion": draws.sum(axis=2)}
    return _figures("after", views, confidence)


def of_all(counts: NDArray[np.intp], *, resamples: int, confidence: float, seed: int) -> dict[str, Figure]:
    """Measure all rows at once; `counts` of shape (2, 2): label, then prediction."""
    rows = Confusion.of(resample(counts, resamples, seed))
    measures = {name: measure for name, measure in CLASSES.items() if not measure.of_groups}
    return {name: _figure(measure.function(rows), measure, confidence) for name, measure in measures.items()}


def of_flips(
    neighbours: NDArray[np.bool_], positive: NDArray[np.bool_], *, resamples: int, confidence: float, seed: int
) -> Figure:
    """Measure the fliptest of one group's rows, both of shape (n_rows,); other rows are not resampled."""
    measure = CLASSES["fliptest"]
    rows = np.random.default_rng(seed).integers(positive.size, size=(resamples, positive.size))
    values = [
        measure.function(neighbours, positive),
        *(measure.function(neighbours[row], positive[row]) for row in rows),
    ]
    return _figure(np.array(values), measure, confidence)


def of_numbers(groups: NDArray[np.intp], n_groups: int, views: dict[str, Floats], confidence: float) -> GroupFigures:
    """Measure numbers.

    Parameters
    ----------
    groups : the group of each row, shape (n_rows,)
    n_groups : the number of groups
    views : inputs of measures -> numbers of shape (n_rows,)
    confidence : of the intervals
    """
    figures: GroupFigures = {}
    for name, measure in NUMBERS.items():
        if measure.takes not in views:
            continue
        figures[name] = []
        for group in range(n_groups):
            inside = groups == group
            a, d = views[measure.takes][~inside], views[measure.takes][inside]
            if min(a.size, d.size) < 2:
                figures[name].append(Figure(value=None, why="fewer than two rows"))
                continue
            means = measure.function is numbers.mean_difference
            ends = numbers.mean_difference_interval(a, d, confidence) if means else (np.nan, np.nan)
            figures[name].append(_rounded(measure.function(a, d), *ends))
    return figures


def _against_rest(counts: NDArray[np.intp], positive: int, axis: int) -> NDArray[np.intp]:
    """Join all classes but one: the axis becomes (the rest, the positive class)."""
    chosen = np.take(counts, positive, axis=axis)
    return np.stack([counts.sum(axis=axis) - chosen, chosen], axis=axis)


def _figures(when: str, views: dict[str, Floats], confidence: float) -> GroupFigures:
    """Apply every measure to its inputs; views of shape (n_draws, n_groups, ...)."""
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
    """Return the first value with an interval from the others, of which some may be NaN."""
    resampled = values[1:][np.isfinite(values[1:])]
    if not np.isfinite(values[0]):
        return Figure(value=None, why=measure.undefined)
    if not measure.signed or not resampled.size:
        return _rounded(values[0], np.nan, np.nan)
    return _rounded(values[0], *np.quantile(resampled, [(1 - confidence) / 2, (1 + confidence) / 2]))


def _rounded(value: float, low: float, high: float) -> Figure:
    """Round to ten digits, since the last bits of a sum depend on the processor; None for NaN."""
    rounded = [float(f"{end:.10g}") if np.isfinite(end) else None for end in (value, low, high)]
    return Figure(value=rounded[0], low=rounded[1], high=rounded[2])
