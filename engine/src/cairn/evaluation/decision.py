"""From probabilities to decisions: what outcomes are worth, and from which probability on a row is called positive."""

from collections.abc import Mapping
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cairn.errors import InputError, did_you_mean
from cairn.evaluation.curves import ranked

__all__ = ["choose_threshold"]

Goal = Literal["f1", "profit", "youden", "accuracy"]

VALUES: dict[str, tuple[str, ...]] = {
    "binary": ("true_positive", "false_positive", "true_negative", "false_negative"),
    "multiclass": ("correct", "wrong"),
    "regression": ("per_unit_error",),
}
# above 1 even when it is rounded to 32 bits, so that no probability reaches it
NEVER = float(np.nextafter(np.float32(1), np.float32(2)))


def choose_threshold(
    actual: ArrayLike,
    probability: ArrayLike,
    *,
    maximise: Goal = "f1",
    values: Mapping[str, float] | None = None,
) -> float:
    """Choose the threshold that is best on these rows, out of all that differ; positive if probability >= threshold.

    Of equally good thresholds it is the highest. It lies halfway between two probabilities that occur, so that a
    last-bit change in a probability moves no row; 0 calls every row positive, `NEVER` none.

    Parameters
    ----------
    actual : shape (n_rows,), true or 1 where the row is positive; rows that the model was not trained on
    probability : shape (n_rows,), of the positive class
    maximise : `f1`, `accuracy`, `youden` (true minus false positive rate, Youden 1950) or `profit` (of `values`)
    values : money for a row, by `true_positive`, `false_positive`, `true_negative`, `false_negative`

    Raises
    ------
    InputError : an unknown goal or value, profit without values, or rows of one class only
    """
    score = np.asarray(probability, dtype=np.float64)
    positive = np.asarray(actual, dtype=bool)
    if not 0 < positive.sum() < positive.size:
        raise InputError("decision: the validation part holds one class only; give it more rows (split)")
    order, ends = ranked(score)
    hits = np.append(0, np.cumsum(positive[order])[ends])
    false_alarms = np.append(0, ends + 1) - hits
    gain = _gain(maximise, hits, false_alarms, money("binary", values))
    return _between(score[order][ends], int(np.argmax(gain)))


def money(task: str, values: Mapping[str, float] | None) -> dict[str, float] | None:
    """Check what outcomes are worth; what is left out is worth 0.

    Parameters
    ----------
    task : binary, multiclass or regression
    values : amounts by the names in `VALUES`; a cost is negative, but `per_unit_error` is a cost by itself

    Raises
    ------
    InputError : a key is unknown, an amount is no number, or `per_unit_error` is negative
    """
    if values is None:
        return None
    for key, value in values.items():
        if key not in VALUES[task]:
            raise InputError(f"decision.values: no {key!r} for a {task} target {did_you_mean(key, VALUES[task])}")
        if isinstance(value, bool) or not isinstance(value, int | float) or not np.isfinite(value):
            raise InputError(f"decision.values.{key}: {value!r} is no amount of money; write a number")
        if key == "per_unit_error" and value < 0:
            raise InputError(f"decision.values.per_unit_error: {value} is below 0; write what one unit of error costs")
    return {key: float(values.get(key, 0)) for key in VALUES[task]}


def _gain(
    goal: str, hits: NDArray[np.intp], false_alarms: NDArray[np.intp], worth: Mapping[str, float] | None
) -> NDArray[np.float64]:
    """Score every cut; on whole numbers where possible, so that ties are exact."""
    positives, negatives = hits[-1], false_alarms[-1]
    if goal == "f1":
        return 2 * hits / (positives + hits + false_alarms)
    if goal == "accuracy":
        return (hits - false_alarms).astype(np.float64)
    if goal == "youden":
        return (hits * negatives - false_alarms * positives).astype(np.float64)
    if goal != "profit":
        known = ("f1", "profit", "youden", "accuracy")
        raise InputError(f"decision.maximise: no {goal!r} {did_you_mean(goal, known)}")
    if worth is None:
        raise InputError(f"decision.values: profit needs what outcomes are worth: {', '.join(VALUES['binary'])}")
    counts = (hits, false_alarms, negatives - false_alarms, positives - hits)
    return sum((worth[key] * count for key, count in zip(VALUES["binary"], counts, strict=True)), np.zeros(hits.size))


def _between(scores: NDArray[np.float64], cut: int) -> float:
    """Give the threshold that calls the `cut` highest of these falling scores positive, and no other."""
    if cut == 0:
        return NEVER
    if cut == scores.size:
        return 0.0
    above, below = float(scores[cut - 1]), float(scores[cut])
    # models give 32-bit probabilities: a middle that 32 bits cannot hold would be rounded onto one of the two
    middle = float(np.float32((above + below) / 2))
    return middle if below < middle <= above else above
