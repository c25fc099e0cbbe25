"""Estimate metrics without labels from calibrated probabilities (CBPE).

For a row with probabilities p the expected loss is sum over classes k of p_k loss(k), and its variance is
sum p_k loss(k)^2 - (sum p_k loss(k))^2. This is confidence-based performance estimation (CBPE; NannyML's documents,
"How it works", and Guillory et al. 2021, "Predicting with Confidence on Unseen Distributions"). A regression has no
probabilities: its error is taken to be that of similar predictions in the baseline.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata
from sklearn.linear_model import LogisticRegression

from cairn.evaluation.decision import money
from cairn.monitoring.documents import Calibration, CalibrationBin, ErrorBin, LogitMap
from cairn.rows.signature import Signature

Floats = NDArray[np.float64]
Values = Mapping[str, float] | None

LABEL_DRAWS = 200  # for a metric that is not a mean over rows
CALIBRATION_ROWS = 10  # of a class, that a fit of its probabilities needs
MAX_SLOPE = 10.0  # a steeper one comes from perfect separation, not from calibration


class Estimate(NamedTuple):
    """An estimate of a metric.

    Parameters
    ----------
    value : the expectation
    spread : its standard error, over other rows
    noise : the standard deviation of the metric on these rows, over other labels
    skew : the skewness over other labels: a rare and costly error makes one tail heavier than that of a normal
    """

    value: float
    spread: float
    noise: float
    skew: float = 0.0


def estimate_metrics(
    predicted: Floats, calibration: Calibration, signature: Signature, values: Values
) -> dict[str, Estimate]:
    """Estimate every metric of rows from their predictions.

    Parameters
    ----------
    predicted : probabilities of shape (n_rows, n_classes), or values of shape (n_rows,)
    calibration : of the baseline
    signature : of the model
    values : as in conf/decision
    """
    if signature.classes is None:
        return estimate_errors(predicted, calibration.bounds, calibration.bins)
    probability = calibrate(predicted, calibration.maps or [])
    return estimate_class_metrics(predicted, probability, threshold=signature.threshold, values=values)


def confidence_and_outcome(probability: Floats, actual: NDArray[np.intp]) -> tuple[Floats, Floats]:
    """Return the probability to calibrate and its outcome: of the last of two classes, else of the predicted class."""
    if probability.shape[1] == 2:
        return probability[:, 1], np.asarray(actual, dtype=np.float64)
    return probability.max(axis=1), (probability.argmax(axis=1) == actual).astype(np.float64)


def fit_calibration(actual: NDArray[np.intp], probability: Floats) -> list[LogitMap]:
    """Fit logit(p) -> intercept + slope logit(p) for each class (Cox 1958).

    Parameters
    ----------
    actual : shape (n_rows,), the class's place
    probability : shape (n_rows, n_classes)

    Returns
    -------
    list of LogitMap : one for each class; for two classes one, of the last. Classes with few rows keep the identity
    """
    maps = []
    for place in [1] if probability.shape[1] == 2 else range(probability.shape[1]):
        is_class = np.asarray(actual) == place
        fit = LogitMap()
        if min(is_class.sum(), (~is_class).sum()) >= CALIBRATION_ROWS:
            model = LogisticRegression(C=np.inf).fit(_logit(probability[:, place])[:, None], is_class)
            slope = float(model.coef_[0, 0])
            if 1 / MAX_SLOPE < slope < MAX_SLOPE:
                fit = LogitMap(intercept=float(f"{model.intercept_[0]:.6g}"), slope=float(f"{slope:.6g}"))
        maps.append(fit)
    return maps


def calibrate(probability: Floats, maps: Sequence[LogitMap]) -> Floats:
    """Apply `fit_calibration` to probabilities of shape (n_rows, n_classes); each row adds up to 1."""
    places = [1] if probability.shape[1] == 2 else range(probability.shape[1])
    mapped = [_apply(probability[:, place], fit) for place, fit in zip(places, maps, strict=True)]
    if len(mapped) == 1:
        return np.column_stack([1 - mapped[0], mapped[0]])
    table = np.column_stack(mapped)
    return table / table.sum(axis=1, keepdims=True)


def losses_by_class(predicted: Floats, *, threshold: float | None, values: Values = None) -> dict[str, Floats]:
    """Compute what each row would add to each metric that is a mean over rows, for every possible actual class.

    Parameters
    ----------
    predicted : probabilities of shape (n_rows, n_classes), as the model returns them
    threshold : of two classes, the probability from which on the last one is predicted; None: 0.5
    values : as in conf/decision; None: no `profit_per_1000`

    Returns
    -------
    dict : metric -> array of shape (n_rows, n_classes)
    """
    eps = np.finfo(np.float64).eps
    binary = predicted.shape[1] == 2
    cut = 0.5 if threshold is None else threshold
    chosen = (predicted[:, 1] >= cut).astype(int) if binary else predicted.argmax(axis=1)
    correct = chosen[:, None] == np.arange(predicted.shape[1])
    squares = np.square(predicted).sum(axis=1, keepdims=True) - 2 * predicted + 1
    losses = {
        "log_loss": -np.log(np.clip(predicted, eps, 1 - eps)),
        "brier": squares / 2 if binary else squares,
        "accuracy": correct.astype(np.float64),
    }
    if worth := money("binary" if binary else "multiclass", values):
        if binary:
            keys = [["true_negative", "false_negative"], ["false_positive", "true_positive"]]
            table = np.array([[worth[key] for key in row] for row in keys])
            losses["profit_per_1000"] = 1000 * table[chosen]
        else:
            losses["profit_per_1000"] = 1000 * np.where(correct, worth["correct"], worth["wrong"])
    return losses


def estimate_class_metrics(
    predicted: Floats, probability: Floats, *, threshold: float | None, values: Values = None
) -> dict[str, Estimate]:
    """Estimate each metric of a classification.

    Parameters
    ----------
    predicted : shape (n_rows, n_classes), as the model returns them
    probability : the same, calibrated
    threshold, values : as for `losses_by_class`

    Returns
    -------
    dict : metric -> its estimate; for two classes `roc_auc` too, from labels that are drawn
    """
    estimates = {}
    for name, losses in losses_by_class(predicted, threshold=threshold, values=values).items():
        mean = (probability * losses).sum(axis=1)
        deviation = losses - mean[:, None]
        variance, third = (probability * deviation**2).sum(axis=1), (probability * deviation**3).sum(axis=1)
        estimates[name] = _mean_estimate(mean, variance, third)
    if predicted.shape[1] == 2:
        estimates["roc_auc"] = _estimate_roc_auc(predicted[:, 1], probability[:, 1])
    return estimates


def estimate_errors(predicted: Floats, bounds: Sequence[float], bins: Sequence[CalibrationBin]) -> dict[str, Estimate]:
    """Estimate the errors of a regression by those of predictions in the same bin of the baseline.

    Parameters
    ----------
    predicted : shape (n_rows,)
    bounds, bins : of the baseline's calibration
    """
    where = np.searchsorted(bounds, predicted, side="left")
    moments = np.array([(each.absolute, each.squared, each.fourth) for each in bins if isinstance(each, ErrorBin)])
    absolute, squared, fourth = moments[where].T
    mae, mse = _mean_estimate(absolute, squared - absolute**2), _mean_estimate(squared, fourth - squared**2)
    rmse = mse.value**0.5
    derivative = 2 * max(rmse, 1e-12)  # of the square: the delta method
    return {"mae": mae, "rmse": Estimate(rmse, mse.spread / derivative, mse.noise / derivative)}


def _mean_estimate(means: Floats, variances: Floats, thirds: Floats | None = None) -> Estimate:
    """Estimate a mean over rows from each row's expectation, variance and third central moment."""
    rows, total = len(means), float(max(variances.sum(), 0))
    skew = float(thirds.sum()) / total**1.5 if thirds is not None and total > 0 else 0.0
    return Estimate(float(means.mean()), float(means.std()) / rows**0.5, total**0.5 / rows, skew)


def _estimate_roc_auc(score: Floats, probability: Floats) -> Estimate:
    """Draw labels, and rank once: the ROC AUC is Mann and Whitney's U / (m n), with ties counted half."""
    ranks = rankdata(score)
    generator = np.random.default_rng(0)
    labels = (generator.random((LABEL_DRAWS, len(score))) < probability).astype(np.float64)
    positives = labels.sum(axis=1)
    pairs = positives * (len(score) - positives)
    wins = labels @ ranks - positives * (positives + 1) / 2
    areas = wins[pairs > 0] / pairs[pairs > 0]
    if not areas.size:
        return Estimate(np.nan, np.nan, np.nan)
    return Estimate(float(areas.mean()), float(areas.std()), float(areas.std()))


def _apply(probability: Floats, fit: LogitMap) -> Floats:
    return 1 / (1 + np.exp(-(fit.intercept + fit.slope * _logit(probability))))


def _logit(probability: Floats) -> Floats:
    inside = np.clip(probability, 1e-9, 1 - 1e-9)
    return np.log(inside / (1 - inside))
