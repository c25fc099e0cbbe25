"""Calibration: whether of those said to be positive with 30 % still 30 % are."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from cairn.monitoring import label_free
from cairn.monitoring.estimate import NORMAL
from cairn.monitoring.finding import Finding
from cairn.monitoring.multiple_testing import corrected

if TYPE_CHECKING:
    from cairn.rows.signature import Signature

Floats = NDArray[np.float64]
MARGIN = 0.05  # of what was said: a gap within it is none; no model is right to the last in every season
BY_CHANCE = np.sqrt(2 / np.pi)  # the mean size of a standard normal number


def calibration(
    number: int, said: Floats, actual: NDArray[Any], content: Mapping[str, Any], signature: "Signature"
) -> list[Finding]:
    """Compare what came true with what was said, in one window.

    Parameters
    ----------
    number : of the window
    said : probabilities of shape (n_rows, n_classes), or values of shape (n_rows,)
    actual : shape (n_rows,), classes by their place, or values
    content : the baseline's `expected`
    signature : of the model

    Returns
    -------
    list of Finding : `positive_share` (of several classes `correct_share`, and each `class_share`; of numbers
        `mean_error`), whose test is of one sum; and of classes `calibration_error`, whose test is of all bins
        (chi-square, as Hosmer and Lemeshow 1980, but between two samples)
    """
    place, true = (said, np.asarray(actual, dtype=np.float64)) if said.ndim == 1 else label_free.certainty(said, actual)
    known = content["calibration"]
    bins = known["bins"]
    where = np.searchsorted(known["bounds"], place, side="left")
    rows = np.bincount(where, minlength=len(bins))
    there = np.array([each["rows"] for each in bins])
    gaps = np.bincount(where, true - place, minlength=len(bins)) / np.maximum(rows, 1)
    was = np.array([each["actual"] - each["predicted"] for each in bins])
    noise = np.array([_variance(each) for each in bins])
    share = rows / max(rows.sum(), 1)
    errors = np.where(rows > 0, noise / np.maximum(rows, 1) + noise / there, 0)
    moved, variance = float(share @ (gaps - was)), float(share**2 @ errors)
    expected = float(share @ was + (0 if said.ndim == 1 else place.mean()))
    value = expected + moved
    unit = content["metrics"]["rmse"]["value"] if said.ndim == 1 else expected
    name = {"binary": "positive_share", "multiclass": "correct_share"}.get(signature.task, "mean_error")
    whole = _shift(number, name, value, expected, unit, variance, len(place))
    means = np.zeros(len(bins)) if said.ndim == 1 else np.array([each["predicted"] for each in bins])
    by_bins = _by_bins(number, gaps - was, share, errors, MARGIN * means, len(place))
    if said.ndim == 1:
        return [whole]
    return corrected([whole, by_bins, *_by_class(number, said, actual, content, signature)])


def _by_class(
    number: int, said: Floats, actual: NDArray[Any], content: Mapping[str, Any], signature: "Signature"
) -> list[Finding]:
    """Compare how many rows are of each of several classes; of two, the last says it all."""
    if signature.task != "multiclass":
        return []
    believed, found = label_free.calibrated(said, content["calibration"]["maps"]), []
    for place, name in enumerate(signature.classes or []):
        share, noise = believed[:, place], believed[:, place] * (1 - believed[:, place])
        variance = float(noise.mean()) * (1 / len(said) + 1 / content["rows"])
        expected, value = float(share.mean()), float((actual == place).mean())
        told = _shift(number, "class_share", value, expected, expected, variance, len(said))
        found.append(told._replace(subject=f"class {name}"))
    return found


def _variance(record: Mapping[str, float]) -> float:
    """Give the variance of actual - predicted in a bin of the baseline."""
    if "squared" in record:
        return max(record["squared"] - (record["actual"] - record["predicted"]) ** 2, 1e-12)
    positive = (record["actual"] * record["rows"] + 1) / (record["rows"] + 2)  # a bin without positives may get one
    return positive * (1 - positive)


def _shift(number: int, name: str, value: float, expected: float, unit: float, variance: float, rows: int) -> Finding:
    from scipy.stats import norm

    error = max(variance, 1e-24) ** 0.5
    p_value = min(1.0, 2 * float(norm.sf((abs(value - expected) - MARGIN * unit) / error)))
    half, change = NORMAL * error, abs(value - expected) / unit if unit > 0 else None
    return Finding(number, "calibration", "", name, value, expected, change, p_value, value - half, value + half, rows)


def _by_bins(number: int, moved: Floats, share: Floats, errors: Floats, margins: Floats, rows: int) -> Finding:
    from scipy.stats import chi2

    filled = errors > 0
    statistic = float(np.sum(np.maximum(np.abs(moved[filled]) - margins[filled], 0) ** 2 / errors[filled]))
    p_value = float(chi2.sf(statistic, int(filled.sum())))
    value, chance = float(share @ np.abs(moved)), float(share @ np.sqrt(errors)) * BY_CHANCE
    note = f"mean gap to the baseline over {int(filled.sum())} bins; chance alone makes {chance:.3g}"
    change = value - chance
    return Finding(number, "calibration", "", "calibration_error", value, chance, change, p_value, rows=rows, note=note)
