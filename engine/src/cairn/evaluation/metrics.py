"""Metrics of predictions, for one weighting of the rows or for many at once.

A weighting is a row of a matrix: all ones give the plain figure, the counts of a bootstrap draw that resample's figure.
So a point estimate and its interval are the same code. What cannot be said, such as the ROC AUC of rows that are
all of one class, is NaN here and null in the reports.
"""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cairn.errors import InputError
from cairn.evaluation.curves import BINS, areas, equal_mass_bins, figure, ranked, ratio
from cairn.evaluation.decision import VALUES, money

Floats = NDArray[np.float64]
Scores = dict[str, Floats]
Scorer = Callable[[Floats], Scores]
Values = Mapping[str, float] | None

MAIN = {"binary": "log_loss", "multiclass": "log_loss", "regression": "rmse"}
_NAMES = {
    "binary": "roc_auc average_precision log_loss brier accuracy precision recall f1 calibration_error profit_per_1000",
    "multiclass": "log_loss brier accuracy calibration_error roc_auc_ovr_macro roc_auc_ovr_weighted precision_macro "
    "precision_weighted recall_macro recall_weighted f1_macro f1_weighted profit_per_1000",
    "regression": "rmse mae median_absolute_error r2 coverage interval_score profit_per_1000",
}
NAMES = {task: names.split() for task, names in _NAMES.items()}
_LESS = {"log_loss", "brier", "calibration_error", "rmse", "mae", "median_absolute_error", "interval_score"}
GREATER_IS_BETTER = {name: name not in _LESS for names in NAMES.values() for name in names}


def binary(actual: ArrayLike, probability: ArrayLike, *, threshold: float, values: Values = None) -> Scorer:
    """Prepare the metrics of the positive class's probabilities.

    Parameters
    ----------
    actual : shape (n_rows,), true or 1 where the row is positive
    probability : shape (n_rows,), of the positive class
    threshold : a row is called positive if its probability is at least this
    values : money for a row, by `true_positive`, `false_positive`, `true_negative` and `false_negative`;
        None: no `profit_per_1000`

    Returns
    -------
    callable : weights of shape (n_weightings, n_rows) -> metric -> array of shape (n_weightings,). The metrics are
        scikit-learn's, with `zero_division=nan`; `calibration_error` is the expected calibration error (Naeini et al.
        2015) on ten bins of equal mass, which is less biased than equal width (Roelofs et al. 2022); the bins are
        those of the unweighted rows.

    Raises
    ------
    InputError : there are no rows, a prediction is no probability, or `values` has an unknown key
    """
    worth = money("binary", values)
    found, said = _checked(actual, probability)
    called = said >= threshold
    log_losses = _log_losses(np.where(found, said, 1 - said))
    columns = np.column_stack([np.ones(said.size), found, called, found * called, log_losses, (found - said) ** 2])
    under, gaps = areas(found, said), _gaps(found, said)

    def score(weights: Floats) -> Scores:
        total, positive, calls, hits, log_loss, brier = (weights @ columns).T
        roc_auc, average_precision = under(weights)
        result = {"roc_auc": roc_auc, "average_precision": average_precision}
        result |= {"log_loss": log_loss / total, "brier": brier / total}
        result["accuracy"] = 1 - (positive + calls - 2 * hits) / total
        result["precision"], result["recall"] = ratio(hits, calls), ratio(hits, positive)
        result["f1"] = ratio(2 * hits, positive + calls)
        result["calibration_error"] = np.abs(weights @ gaps).sum(axis=1) / total
        if worth is not None:
            counts = np.stack([hits, calls - hits, total - positive - calls + hits, positive - hits])
            result["profit_per_1000"] = 1000 * ([worth[key] for key in VALUES["binary"]] @ counts) / total
        return result

    return score


def multiclass(actual: ArrayLike, probabilities: ArrayLike, *, values: Values = None) -> Scorer:
    """Prepare the metrics of the probabilities of several classes.

    Parameters
    ----------
    actual : shape (n_rows,), the class's position, from 0 to n_classes - 1
    probabilities : shape (n_rows, n_classes); the class said is the one with the highest, the first if several
    values : money for a row, by `correct` and `wrong`; None: no `profit_per_1000`

    Returns
    -------
    callable : weights of shape (n_weightings, n_rows) -> metric -> array of shape (n_weightings,). The metrics are
        scikit-learn's; averages are over the classes that occur, `brier` is the sum over classes, and
        `calibration_error` that of the class said (Guo et al. 2017), on ten bins of equal mass.

    Raises
    ------
    InputError : there are no rows, a prediction is no probability, or `values` has an unknown key
    """
    worth = money("multiclass", values)
    found, said = _checked(actual, probabilities)
    classes = np.arange(said.shape[1])
    occurs, called = found[:, None] == classes, said.argmax(axis=1)[:, None] == classes
    columns = np.column_stack([np.ones(found.size), _log_losses(said[occurs]), ((occurs - said) ** 2).sum(axis=1)])
    columns = np.column_stack([columns, occurs, called, occurs & called])
    under = [areas(occurs[:, each], said[:, each]) for each in classes]
    gaps = _gaps((occurs & called).any(axis=1), said.max(axis=1))

    def score(weights: Floats) -> Scores:
        sums = weights @ columns
        total, log_loss, brier = sums[:, :3].T
        actuals, calls, hits = np.split(sums[:, 3:], 3, axis=1)
        accuracy = hits.sum(axis=1) / total
        result = {"log_loss": log_loss / total, "brier": brier / total, "accuracy": accuracy}
        result["calibration_error"] = np.abs(weights @ gaps).sum(axis=1) / total
        parts = {"roc_auc_ovr": np.column_stack([each(weights)[0] for each in under])}
        parts |= _per_class(actuals, calls, hits)
        for name, part in parts.items():
            result[f"{name}_macro"] = _mean(part, np.ones_like(part))
            result[f"{name}_weighted"] = _mean(part, actuals)
        if worth is not None:
            result["profit_per_1000"] = 1000 * (worth["correct"] * accuracy + worth["wrong"] * (1 - accuracy))
        return result

    return score


def regression(
    actual: ArrayLike,
    predicted: ArrayLike,
    *,
    interval: tuple[ArrayLike, ArrayLike] | None = None,
    level: float = 0.9,
    values: Values = None,
) -> Scorer:
    """Prepare the metrics of predicted numbers and, where given, of their prediction intervals.

    Parameters
    ----------
    actual, predicted : shape (n_rows,), in the target's unit
    interval : lower and upper ends, each of shape (n_rows,); None: no `coverage` and no `interval_score`
    level : the share of rows that the interval is meant to hold
    values : what an error of one unit costs, as `per_unit_error`; None: no `profit_per_1000`

    Returns
    -------
    callable : weights of shape (n_weightings, n_rows) -> metric -> array of shape (n_weightings,). The metrics are
        scikit-learn's, but `r2` of a constant target is NaN; `interval_score` is the width plus 2 / (1 - level) times
        the distance to what falls outside (Gneiting and Raftery 2007, equation 43).

    Raises
    ------
    InputError : there are no rows, a prediction is no number, or `values` has an unknown key
    """
    worth = money("regression", values)
    found, said = _checked(actual, predicted, probability=False)
    errors, centred = np.abs(found - said), found - found.mean()
    columns = [np.ones(errors.size), errors, errors**2, centred, centred**2]
    if interval is not None:
        lower, upper = (np.asarray(end, dtype=np.float64) for end in interval)
        outside = np.maximum(np.maximum(lower - found, found - upper), 0)
        columns += [outside == 0, upper - lower + 2 / (1 - level) * outside]
    table, median = np.column_stack(columns), _median(errors)

    def score(weights: Floats) -> Scores:
        total, absolute, squared, shift, spread, *ends = (weights @ table).T
        around_mean = spread - shift**2 / total
        around_mean[around_mean <= 1e-12 * spread] = 0  # a constant target, but for rounding
        result = {"rmse": np.sqrt(squared / total), "mae": absolute / total}
        result |= {"median_absolute_error": median(weights), "r2": 1 - ratio(squared, around_mean)}
        result |= {name: end / total for name, end in zip(("coverage", "interval_score"), ends, strict=False)}
        if worth is not None:
            result["profit_per_1000"] = -1000 * worth["per_unit_error"] * result["mae"]
        return result

    return score


def scorer(task: str, actual: ArrayLike, predicted: ArrayLike, *, threshold: float | None, **options: Any) -> Scorer:
    """Prepare the metrics of a task; `threshold` is for binary ones, `options` are `values`, `interval`, `level`."""
    if task == "binary":
        return binary(actual, predicted, threshold=0.5 if threshold is None else threshold, **options)
    prepare: Callable[..., Scorer] = multiclass if task == "multiclass" else regression
    return prepare(actual, predicted, **options)


def figures(score: Scorer, n_rows: int) -> dict[str, float | None]:
    """Score every row once, and give plain numbers as reports write them."""
    return {name: figure(values[0]) for name, values in score(np.ones((1, n_rows))).items()}


def _checked(actual: ArrayLike, predicted: ArrayLike, *, probability: bool = True) -> tuple[Floats, Floats]:
    found, said = np.asarray(actual, dtype=np.float64), np.asarray(predicted, dtype=np.float64)
    if len(found) != len(said):
        raise ValueError(f"{len(found)} rows, but {len(said)} predictions")
    if len(found) == 0:
        raise InputError("evaluation: there are no rows to score; give this part a larger share (split)")
    good = (said >= 0) & (said <= 1) if probability else np.isfinite(said)
    if not good.all():
        what = "probabilities" if probability else "numbers"
        raise InputError(f"evaluation: {(~good).sum():,} predictions, such as {said[~good][0]}, are no {what}")
    return found, said


def _log_losses(probability: Floats) -> Floats:
    """Clip by the machine's precision, as scikit-learn does, so that a sure error costs 36 and not infinity."""
    eps = np.finfo(np.float64).eps
    return -np.log(np.clip(probability, eps, 1 - eps))


def _gaps(found: NDArray[Any], said: Floats) -> Floats:
    """Put each row's actual minus predicted into the column of its bin: shape (n_rows, BINS)."""
    return (found - said)[:, None] * (equal_mass_bins(said)[:, None] == np.arange(BINS))


def _per_class(actuals: Floats, calls: Floats, hits: Floats) -> Scores:
    """Give precision, recall and F1, each of shape (n_weightings, n_classes): 0 for 0 / 0, NaN for absent classes."""
    parts = {"precision": ratio(hits, calls), "recall": ratio(hits, actuals), "f1": ratio(2 * hits, actuals + calls)}
    return {name: np.where(actuals + calls > 0, np.nan_to_num(part), np.nan) for name, part in parts.items()}


def _mean(parts: Floats, weights: Floats) -> Floats:
    known = np.where(np.isnan(parts), 0, weights)
    return ratio((np.nan_to_num(parts) * known).sum(axis=1), known.sum(axis=1))


def _median(values: Floats) -> Callable[[Floats], Floats]:
    """Sort once; the median of a weighting is the middle of the two values where half the weight is reached."""
    order, _ = ranked(values)
    falling = values[order]

    def median(weights: Floats) -> Floats:
        above = np.cumsum(np.take(weights, order, axis=1), axis=1)
        half = above[:, -1:] / 2
        return (falling[(above >= half).argmax(axis=1)] + falling[(above > half).argmax(axis=1)]) / 2

    return median
