"""How good predictions are, and how surely one system's are better than another's on the same rows."""

from collections.abc import Sequence
from math import nan, sqrt
from typing import NamedTuple

import numpy as np

from bench.quality.sets import Task

METRICS: dict[Task, tuple[str, ...]] = {  # the first is what every system is told to optimise, and what ranks it
    "binary": ("log_loss", "roc_auc"),
    "multiclass": ("log_loss",),
    "regression": ("rmse",),
}
LEAST = float(np.finfo("float32").eps)  # a probability nearer to 0 counts as this, since some systems give float32


class Difference(NamedTuple):
    """One system's figure less another's, and its standard error (nan where it cannot be told)."""

    value: float
    error: float


def scores(actual: np.ndarray, predicted: np.ndarray, task: Task) -> dict[str, float]:
    """Measure predictions.

    Parameters
    ----------
    actual : ndarray of shape (n_rows,): the class's place, or the value
    predicted : ndarray of shape (n_rows, n_classes), or (n_rows,) for a regression
    task : decides which metrics
    """
    return {metric: _score(metric, actual, predicted) for metric in METRICS[task]}


def difference(metric: str, actual: np.ndarray, first: np.ndarray, second: np.ndarray) -> Difference:
    """Compare two systems on the same rows.

    The rows are what the standard error is over: for the log loss that of a mean of paired differences, for the RMSE
    the same by the delta method (the square root's derivative at each mean), for the area under the ROC curve that of
    DeLong et al. (1988), "Comparing the areas under two or more correlated receiver operating characteristic curves".

    Parameters
    ----------
    metric : log_loss, roc_auc or rmse
    actual, first, second : the target and two systems' predictions of it, as `scores` takes them
    """
    value = _score(metric, actual, first) - _score(metric, actual, second)
    if metric == "roc_auc":
        sides = [a - b for a, b in zip(_placements(actual, first), _placements(actual, second), strict=True)]
        return Difference(value, sqrt(sum(float(side.var(ddof=1)) / len(side) for side in sides)))
    if metric == "log_loss":
        rows = _log_losses(actual, first) - _log_losses(actual, second)
    else:
        rows = _influence(first - actual) - _influence(second - actual)
    return Difference(value, float(rows.std(ddof=1)) / sqrt(len(rows)))


def over_splits(differences: Sequence[Difference]) -> Difference:
    """Average the differences of several splits; their standard error is over the splits.

    The splits share most of their rows, so that error is somewhat too small. One split keeps its own.
    """
    values = [each.value for each in differences]
    if len(values) == 1:
        return differences[0]
    return Difference(float(np.mean(values)), float(np.std(values, ddof=1)) / sqrt(len(values)) if values else nan)


def _score(metric: str, actual: np.ndarray, predicted: np.ndarray) -> float:
    if metric == "log_loss":
        return float(_log_losses(actual, predicted).mean())
    if metric == "roc_auc":
        return float(_placements(actual, predicted)[0].mean())
    return sqrt(float(((predicted - actual) ** 2).mean()))


def _log_losses(actual: np.ndarray, predicted: np.ndarray) -> np.ndarray:
    chosen = predicted[np.arange(len(actual)), actual.astype(int)]
    return -np.log(np.clip(chosen, LEAST, 1))


def _placements(actual: np.ndarray, predicted: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Give each positive row the share of negatives below it, each negative the share of positives above; ties half.

    By ranks, as Sun and Xu (2014), "Fast implementation of DeLong's algorithm".
    """
    from scipy.stats import rankdata

    score, positive = predicted[:, 1], actual == 1
    ranks, n_positive, n_negative = rankdata(score), positive.sum(), (~positive).sum()
    below = (ranks[positive] - rankdata(score[positive])) / n_negative
    above = 1 - (ranks[~positive] - rankdata(score[~positive])) / n_positive
    return below, above


def _influence(errors: np.ndarray) -> np.ndarray:
    """Give what each row adds to the root of the mean squared error, to first order."""
    squared = errors**2
    root = sqrt(float(squared.mean()))
    return (squared - squared.mean()) / (2 * root) if root else np.zeros_like(squared)
