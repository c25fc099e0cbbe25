"""Curves of a model, as rows that DVC plots, and the areas under them.

Every curve is a list of dicts with at most `POINTS` rows, so that reports stay small whatever the data's size.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]
Positions = NDArray[np.intp]
Points = list[dict[str, Any]]

POINTS = 1000
BINS = 10


def roc(actual: ArrayLike, probability: ArrayLike) -> Points:
    """Give `false_positive_rate`, `true_positive_rate` and `threshold`, from no row called positive to all.

    Parameters
    ----------
    actual : shape (n_rows,), true or 1 where the row is positive
    probability : shape (n_rows,), of the positive class

    Returns
    -------
    list of dict : the first threshold is null: no row is called positive; empty where there is one class only
    """
    thresholds, hits, false_alarms = _counts(actual, probability)
    if not hits[-1] or not false_alarms[-1]:
        return []
    rates = np.append(0, false_alarms / false_alarms[-1]), np.append(0, hits / hits[-1])
    columns = ("false_positive_rate", "true_positive_rate", "threshold")
    return _points(columns, *rates, np.append(np.nan, thresholds))


def precision_recall(actual: ArrayLike, probability: ArrayLike) -> Points:
    """Give `recall`, `precision` and `threshold`, from the highest threshold down; empty without positive rows."""
    thresholds, hits, false_alarms = _counts(actual, probability)
    if not hits[-1]:
        return []
    return _points(("recall", "precision", "threshold"), hits / hits[-1], hits / (hits + false_alarms), thresholds)


def cumulative_gain(actual: ArrayLike, probability: ArrayLike) -> Points:
    """Give `share_of_rows`, `share_of_positives` found among them, and `lift`, their ratio; best rows first."""
    _, hits, false_alarms = _counts(actual, probability)
    if not hits[-1]:
        return []
    rows, found = (hits + false_alarms) / np.size(actual), hits / hits[-1]
    return _points(("share_of_rows", "share_of_positives", "lift"), rows, found, found / rows)


def calibration(actual: ArrayLike, probability: ArrayLike) -> Points:
    """Give, for each bin of `calibration_error`, the mean `predicted`, the share `actual` and the number of `rows`.

    Parameters
    ----------
    actual : shape (n_rows,), true where the row is positive; for several classes, where the class said is right
    probability : shape (n_rows,), of the positive class; for several classes, of the class said
    """
    found, said = np.asarray(actual, dtype=np.float64), np.asarray(probability, dtype=np.float64)
    number = equal_mass_bins(said)
    rows = np.bincount(number, minlength=BINS)
    filled = rows > 0
    means = (np.bincount(number, part, minlength=BINS)[filled] / rows[filled] for part in (said, found))
    return _points(("predicted", "actual", "rows"), *means, rows[filled])


def confusion(actual: ArrayLike, said: ArrayLike, classes: Sequence[Any]) -> Points:
    """Give `actual` and `predicted`, one row a prediction, since DVC's confusion template counts rows itself.

    More predictions than `POINTS` are brought to that many in proportion (largest remainders, so that they add up):
    a cell then reads as tenths of a percent of all rows.

    Parameters
    ----------
    actual, said : shape (n_rows,), the class's position in `classes`
    classes : the names, in the order of the positions
    """
    size = len(classes)
    cells = np.bincount(np.asarray(actual, np.intp) * size + np.asarray(said, np.intp), minlength=size * size)
    if (total := cells.sum()) > POINTS:
        remainders = cells * POINTS % total
        cells = cells * POINTS // total
        cells[np.argsort(-remainders, kind="stable")[: POINTS - cells.sum()]] += 1
    names = [str(name) for name in classes]
    pairs = ({"actual": row, "predicted": column} for row in names for column in names)
    return [pair for pair, count in zip(pairs, cells, strict=True) for _ in range(count)]


def residuals(actual: ArrayLike, predicted: ArrayLike, *, seed: int) -> Points:
    """Give `actual`, `predicted` and `residual` (actual - predicted) of rows drawn by `seed`, in table order."""
    found, said = np.asarray(actual, dtype=np.float64), np.asarray(predicted, dtype=np.float64)
    chosen = np.arange(found.size)
    if found.size > POINTS:
        chosen = np.sort(np.random.default_rng(seed).choice(found.size, POINTS, replace=False))
    found, said = found[chosen], said[chosen]
    return _points(("actual", "predicted", "residual"), found, said, found - said)


def areas(actual: ArrayLike, score: Floats) -> Callable[[Floats], tuple[Floats, Floats]]:
    """Sort once, and give a function of weights: the ROC AUC and the average precision of each weighting.

    Parameters
    ----------
    actual : shape (n_rows,), true where the row is positive
    score : shape (n_rows,), higher for rows that are held to be positive

    Returns
    -------
    callable : weights of shape (n_weightings, n_rows) -> two arrays of shape (n_weightings,). Ties count half in the
        ROC AUC (Fawcett 2006); the average precision is the sum of steps, without interpolation; NaN without
        weight on a class that they need.
    """
    order, ends = ranked(score)
    positive = np.asarray(actual, dtype=np.float64)[order]

    def both(weights: Floats) -> tuple[Floats, Floats]:
        ordered = np.take(weights, order, axis=1)
        called = np.cumsum(ordered, axis=1)
        np.multiply(ordered, positive, out=ordered)
        hits = np.cumsum(ordered, axis=1)
        if ends.size < order.size:
            called, hits = called[:, ends], hits[:, ends]
        false_alarms = called - hits
        gained = np.diff(hits, axis=1, prepend=0)
        # a positive loses to the negatives above it, and half to those of its own score
        lost = np.vecdot(gained, false_alarms) - np.vecdot(gained, np.diff(false_alarms, axis=1, prepend=0)) / 2
        precision = np.divide(hits, called, out=np.zeros_like(hits), where=called > 0)
        positives, negatives = hits[:, -1], false_alarms[:, -1]
        return 1 - ratio(lost, positives * negatives), ratio(np.vecdot(gained, precision), positives)

    return both


def ranked(score: Floats) -> tuple[Positions, Positions]:
    """Order rows from the highest score to the lowest, ties in table order.

    Returns
    -------
    order : shape (n_rows,), the rows' positions
    ends : shape (n_different_scores,), where in `order` the last row of each score stands
    """
    order = np.argsort(-score, kind="stable")
    return order, np.append(np.flatnonzero(np.diff(score[order])), score.size - 1)


def equal_mass_bins(score: Floats) -> Positions:
    """Sort rows into bins, 0 for the lowest scores; equal scores share a bin, so that some may stay empty."""
    order, ends = ranked(-score)
    runs = np.diff(ends, prepend=-1)
    number = np.empty(score.size, dtype=np.intp)
    # a run of equal scores goes where its middle row would
    number[order] = np.repeat((2 * ends - runs + 1) * BINS // (2 * score.size), runs)
    return number


def ratio(part: Floats, whole: Floats) -> Floats:
    """Divide; NaN where `whole` is not above 0."""
    return np.divide(part, whole, out=np.full(np.shape(part), np.nan), where=whole > 0)


def figure(value: float) -> float | None:
    """Give a number as reports write it: ten significant digits, and None for what is no number.

    The last bits of a sum depend on the processor; rounded, they change no file.
    """
    return float(f"{value:.10g}") if np.isfinite(value) else None


def _counts(actual: ArrayLike, probability: ArrayLike) -> tuple[Floats, Positions, Positions]:
    """Give every different probability, highest first, and the hits and false alarms from it upwards."""
    positive, score = np.asarray(actual, dtype=bool), np.asarray(probability, dtype=np.float64)
    order, ends = ranked(score)
    hits = np.cumsum(positive[order])[ends]
    return score[order][ends], hits, ends + 1 - hits


def _points(names: Sequence[str], *columns: NDArray[Any]) -> Points:
    """Make rows of columns, keeping at most `POINTS` of them, evenly spaced, with the first and the last."""
    size = len(columns[0])
    kept = np.arange(size) if size <= POINTS else np.linspace(0, size - 1, POINTS).round().astype(np.intp)
    whole = [np.issubdtype(column.dtype, np.integer) for column in columns]
    rows = zip(*(column[kept].tolist() for column in columns), strict=True)
    return [
        {name: value if exact else figure(value) for name, exact, value in zip(names, whole, row, strict=True)}
        for row in rows
    ]
