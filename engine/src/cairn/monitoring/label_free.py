"""What a model's own probabilities let expect of its metrics, as long as they hold: no label is needed.

Of a row with probabilities p the expected loss is sum over classes k of p_k loss(k), and its variance is
sum p_k loss(k)^2 - (sum p_k loss(k))^2. This is confidence-based performance estimation (CBPE; NannyML's documents,
"How it works", and Guillory et al. 2021, "Predicting with Confidence on Unseen Distributions"). Numbers bring no
probabilities; of them the error is taken to be what it was for predictions as large.
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from cairn.evaluation.decision import money

if TYPE_CHECKING:
    from cairn.rows.signature import Signature

Floats = NDArray[np.float64]
Values = Mapping[str, float] | None

DRAWS = 200  # of labels, for what is no mean over rows
LEAST = 10  # rows of a class from which on its probabilities are calibrated
MOMENTS = ("absolute", "squared", "fourth")
STEEPEST = 10.0  # slope; steeper is what a perfect separation gives, and no calibration


class Likely(NamedTuple):
    """What is to be expected of a metric.

    Parameters
    ----------
    value : the expectation
    spread : its standard error: other rows would have come
    noise : the standard deviation of the metric on these very rows: other labels would have come
    skew : the skewness of that: a rare, dear surprise makes the upper tail heavier than a normal one
    """

    value: float
    spread: float
    noise: float
    skew: float = 0.0


def of_rows(said: Floats, calibration: Mapping[str, Any], about: "Signature", values: Values) -> dict[str, Likely]:
    """Say what to expect of rows that the model says this of.

    Parameters
    ----------
    said : probabilities of shape (n_rows, n_classes), or values of shape (n_rows,)
    calibration : of the baseline
    about : the model's signature
    values : as in conf/decision
    """
    if about.classes is None:
        return likely_errors(said, calibration["bounds"], calibration["bins"])
    return likely(said, calibrated(said, calibration["maps"]), threshold=about.threshold, values=values)


def certainty(said: NDArray[np.float64], actual: NDArray[Any]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Give the probability that is held against what came true: of the last of two classes, or of the class said."""
    if said.shape[1] == 2:
        return said[:, 1], np.asarray(actual, dtype=np.float64)
    return said.max(axis=1), (said.argmax(axis=1) == actual).astype(np.float64)


def maps(actual: NDArray[Any], said: Floats) -> list[dict[str, float]]:
    """Fit what makes probabilities true: logit(p) -> intercept + slope logit(p) (Cox 1958), of each class.

    Parameters
    ----------
    actual : shape (n_rows,), the class's place
    said : shape (n_rows, n_classes)

    Returns
    -------
    list of dict : `intercept` and `slope`, one for each class; for two classes one, of the last
    """
    from sklearn.linear_model import LogisticRegression

    found = []
    for place in [1] if said.shape[1] == 2 else range(said.shape[1]):
        is_class = np.asarray(actual) == place
        fit = {"intercept": 0.0, "slope": 1.0}
        if min(is_class.sum(), (~is_class).sum()) >= LEAST:
            model = LogisticRegression(C=np.inf).fit(_logit(said[:, place])[:, None], is_class)
            slope = float(model.coef_[0, 0])
            if 1 / STEEPEST < slope < STEEPEST:
                fit = {"intercept": float(f"{model.intercept_[0]:.6g}"), "slope": float(f"{slope:.6g}")}
        found.append(fit)
    return found


def calibrated(said: Floats, fits: Sequence[Mapping[str, float]]) -> Floats:
    """Apply `maps`: probabilities of shape (n_rows, n_classes) to such, each row adding up to 1."""
    places = [1] if said.shape[1] == 2 else range(said.shape[1])
    mapped = [_mapped(said[:, place], fit) for place, fit in zip(places, fits, strict=True)]
    if len(mapped) == 1:
        return np.column_stack([1 - mapped[0], mapped[0]])
    table = np.column_stack(mapped)
    return table / table.sum(axis=1, keepdims=True)


def losses(said: Floats, *, threshold: float | None, values: Values = None) -> dict[str, Floats]:
    """Give what each row would add to each metric that is a mean over rows, for every class that could be true.

    Parameters
    ----------
    said : shape (n_rows, n_classes), as the model gave them
    threshold : of two classes, from which probability of the last on it is said
    values : as in conf/decision; None: no `profit_per_1000`

    Returns
    -------
    dict : metric -> array of shape (n_rows, n_classes)
    """
    eps = np.finfo(np.float64).eps
    two = said.shape[1] == 2
    called = said.argmax(axis=1) if not two else (said[:, 1] >= (0.5 if threshold is None else threshold)).astype(int)
    right = called[:, None] == np.arange(said.shape[1])
    squares = np.square(said).sum(axis=1, keepdims=True) - 2 * said + 1
    each = {"log_loss": -np.log(np.clip(said, eps, 1 - eps)), "brier": squares / 2 if two else squares}
    each["accuracy"] = right.astype(np.float64)
    if worth := money("binary" if two else "multiclass", values):
        if two:
            keys = [["true_negative", "false_negative"], ["false_positive", "true_positive"]]
            table = np.array([[worth[key] for key in row] for row in keys])
            each["profit_per_1000"] = 1000 * table[called]
        else:
            each["profit_per_1000"] = 1000 * np.where(right, worth["correct"], worth["wrong"])
    return each


def likely(said: Floats, believed: Floats, *, threshold: float | None, values: Values = None) -> dict[str, Likely]:
    """Say what to expect of each metric of classes.

    Parameters
    ----------
    said : shape (n_rows, n_classes), as the model gave them
    believed : the same, calibrated
    threshold, values : as for `losses`

    Returns
    -------
    dict : metric -> `Likely`; for two classes `roc_auc` too, from labels that are drawn
    """
    told = {}
    for name, each in losses(said, threshold=threshold, values=values).items():
        mean = (believed * each).sum(axis=1)
        around = each - mean[:, None]
        told[name] = _likely(mean, (believed * around**2).sum(axis=1), (believed * around**3).sum(axis=1))
    if said.shape[1] == 2:
        told["roc_auc"] = _roc_auc(said[:, 1], believed[:, 1])
    return told


def likely_errors(said: Floats, bounds: Sequence[float], bins: Sequence[Mapping[str, float]]) -> dict[str, Likely]:
    """Say what to expect of the errors of numbers: those of predictions in the same bin of the baseline.

    Parameters
    ----------
    said : shape (n_rows,)
    bounds, bins : of the baseline's calibration; a bin has the means of the `absolute` error, the `squared` and its
        square, `fourth`
    """
    where = np.searchsorted(bounds, said, side="left")
    absolute, squared, fourth = (np.array([each[name] for each in bins])[where] for name in MOMENTS)
    mae, mse = _likely(absolute, squared - absolute**2), _likely(squared, fourth - squared**2)
    rmse = mse.value**0.5
    steep = 2 * max(rmse, 1e-12)
    return {"mae": mae, "rmse": Likely(rmse, mse.spread / steep, mse.noise / steep)}


def _likely(means: Floats, variances: Floats, thirds: Floats | None = None) -> Likely:
    """Take together what is to be expected of every row, its variance and its third central moment."""
    rows, total = len(means), float(max(variances.sum(), 0))
    skew = float(thirds.sum()) / total**1.5 if thirds is not None and total > 0 else 0.0
    return Likely(float(means.mean()), float(means.std()) / rows**0.5, total**0.5 / rows, skew)


def _roc_auc(score: Floats, probability: Floats) -> Likely:
    """Draw labels, and rank once: the ROC AUC is Mann and Whitney's U / (m n), with ties counted half."""
    from scipy.stats import rankdata

    ranks = rankdata(score)
    draw = np.random.default_rng(0)
    labels = (draw.random((DRAWS, len(score))) < probability).astype(np.float64)
    positives = labels.sum(axis=1)
    pairs = positives * (len(score) - positives)
    wins = labels @ ranks - positives * (positives + 1) / 2
    areas = wins[pairs > 0] / pairs[pairs > 0]
    if not areas.size:
        return Likely(np.nan, np.nan, np.nan)
    return Likely(float(areas.mean()), float(areas.std()), float(areas.std()))


def _mapped(probability: Floats, fit: Mapping[str, float]) -> Floats:
    return 1 / (1 + np.exp(-(fit["intercept"] + fit["slope"] * _logit(probability))))


def _logit(probability: Floats) -> Floats:
    inside = np.clip(probability, 1e-9, 1 - 1e-9)
    return np.log(inside / (1 - inside))
