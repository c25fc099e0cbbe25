"""Select an ensemble's members greedily, by their predictions of rows that they were not fitted on."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from cairn.search.comparison import measure
from cairn.tables.source import Task

STEPS = 60  # members drawn, with repetition; a weight is a multiple of one in so many


def greedy(
    predicted: Sequence[np.ndarray], loss: Callable[[np.ndarray], float], *, members: int, steps: int = STEPS
) -> np.ndarray:
    """Draw, again and again, the candidate that makes the mean of all drawn ones best (Caruana et al. 2004, section 2).

    Parameters
    ----------
    predicted : each candidate's predictions, all of one shape
    loss : of such predictions; less is better
    members : how many different candidates at most
    steps : how many draws; the best of the means after each draw is kept

    Returns
    -------
    ndarray of shape (n_candidates,) : weights that add up to 1, most of them 0
    """
    counts, best = np.zeros(len(predicted)), (float("inf"), np.zeros(len(predicted)))
    total = np.zeros_like(predicted[0], dtype="float64")
    for step in range(1, steps + 1):
        full = np.count_nonzero(counts) >= members
        losses = [
            float("inf") if full and not counts[place] else loss((total + candidate) / step)
            for place, candidate in enumerate(predicted)
        ]
        chosen = int(np.argmin(losses))
        counts[chosen] += 1
        total += predicted[chosen]
        if losses[chosen] < best[0]:
            best = (losses[chosen], counts / step)
    return best[1]


def loss_of(
    metric: str,
    greater_is_better: bool,
    task: Task,
    actual: np.ndarray,
    own_metrics: Mapping[str, Mapping[str, Any]] | None = None,
) -> Callable[[np.ndarray], float]:
    """Return the loss that an ensemble minimises: the metric or its negative, of the learners' predictions."""
    if metric == "rmse":
        return lambda predicted: float(np.sqrt(np.mean((actual - predicted) ** 2)))
    if metric == "log_loss":  # hundreds of means are measured: the other figures of `measure` would cost time
        rows, tiny = np.arange(len(actual)), np.finfo("float64").eps
        return lambda predicted: float(-np.log(np.clip(predicted[rows, actual], tiny, 1)).mean())
    sign = -1 if greater_is_better else 1
    return lambda predicted: sign * measure(metric, task, actual, predicted, own_metrics)
