"""Calibration: compare predicted shares with actual ones in each window, by bins of the baseline."""

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import chi2, norm

from cairn.monitoring.documents import CalibrationBin, ErrorBin, OutcomeBaseline
from cairn.monitoring.estimate import NORMAL_95
from cairn.monitoring.finding import Finding
from cairn.monitoring.label_free import calibrate, confidence_and_outcome
from cairn.monitoring.multiple_testing import adjust_p_values
from cairn.number_text import plain
from cairn.rows.signature import Signature

Floats = NDArray[np.float64]
TOLERATED_GAP = 0.05  # of the predicted share; no model is exact in every season
MEAN_ABSOLUTE_NORMAL = np.sqrt(2 / np.pi)


def measure_calibration(
    number: int, predicted: Floats, actual: NDArray[Any], outcomes: OutcomeBaseline, signature: Signature
) -> list[Finding]:
    """Compare outcomes with predictions in one window.

    Parameters
    ----------
    number : of the window
    predicted : probabilities of shape (n_rows, n_classes), or values of shape (n_rows,)
    actual : shape (n_rows,), classes by their place, or values
    outcomes : of the baseline
    signature : of the model

    Returns
    -------
    list of Finding : `positive_share` (of several classes `correct_share`, and each `class_share`; of numbers
        `mean_error`), whose test is of one sum; and of classes `calibration_error`, whose test is of all bins
        (chi-square, as Hosmer and Lemeshow 1980, but between two samples)
    """
    regression = predicted.ndim == 1
    score, outcome = predicted, np.asarray(actual, dtype=np.float64)
    if not regression:
        score, outcome = confidence_and_outcome(predicted, actual)
    bins = outcomes.calibration.bins
    where = np.searchsorted(outcomes.calibration.bounds, score, side="left")
    rows = np.bincount(where, minlength=len(bins))
    gaps = np.bincount(where, outcome - score, minlength=len(bins)) / np.maximum(rows, 1)
    baseline_rows = np.array([each.rows for each in bins])
    baseline_gaps = np.array([each.actual - each.predicted for each in bins])
    noise = np.array([_variance(each) for each in bins])
    share = rows / max(rows.sum(), 1)
    errors = np.where(rows > 0, noise / np.maximum(rows, 1) + noise / baseline_rows, 0)
    moved, variance = float(share @ (gaps - baseline_gaps)), float(share**2 @ errors)
    expected = float(share @ baseline_gaps + (0 if regression else score.mean()))
    unit = outcomes.metrics["rmse"].value or 0.0 if regression else expected
    name = {"binary": "positive_share", "multiclass": "correct_share"}.get(signature.task, "mean_error")
    whole = _test_shift(number, name, expected + moved, expected, unit, variance, len(score))
    if regression:
        return [whole]
    tolerated = TOLERATED_GAP * np.array([each.predicted for each in bins])
    by_bin = _test_bins(number, gaps - baseline_gaps, share, errors, tolerated, len(score))
    return adjust_p_values([whole, by_bin, *_test_classes(number, predicted, actual, outcomes, signature)])


def _test_classes(
    number: int, predicted: Floats, actual: NDArray[Any], outcomes: OutcomeBaseline, signature: Signature
) -> list[Finding]:
    """Compare the share of each of several classes; for two, the share of the last is tested already."""
    if signature.task != "multiclass":
        return []
    probability, findings = calibrate(predicted, outcomes.calibration.maps or []), []
    for place, name in enumerate(signature.classes or []):
        share, noise = probability[:, place], probability[:, place] * (1 - probability[:, place])
        variance = float(noise.mean()) * (1 / len(predicted) + 1 / outcomes.rows)
        expected, value = float(share.mean()), float((actual == place).mean())
        finding = _test_shift(number, "class_share", value, expected, expected, variance, len(predicted))
        findings.append(replace(finding, subject=f"class {name}"))
    return findings


def _variance(calibration: CalibrationBin) -> float:
    """Estimate the variance of actual - predicted in a bin of the baseline."""
    if isinstance(calibration, ErrorBin):
        return max(calibration.squared - (calibration.actual - calibration.predicted) ** 2, 1e-12)
    share = (calibration.actual * calibration.rows + 1) / (calibration.rows + 2)  # not 0: a positive may come
    return share * (1 - share)


def _test_shift(
    number: int, name: str, value: float, expected: float, unit: float, variance: float, rows: int
) -> Finding:
    error = max(variance, 1e-24) ** 0.5
    p_value = min(1.0, 2 * float(norm.sf((abs(value - expected) - TOLERATED_GAP * unit) / error)))
    half, change = NORMAL_95 * error, abs(value - expected) / unit if unit > 0 else None
    return Finding(number, "calibration", "", name, value, expected, change, p_value, value - half, value + half, rows)


def _test_bins(number: int, moved: Floats, share: Floats, errors: Floats, tolerated: Floats, rows: int) -> Finding:
    filled = errors > 0
    excess = np.maximum(np.abs(moved[filled]) - tolerated[filled], 0)
    p_value = float(chi2.sf(float(np.sum(excess**2 / errors[filled])), int(filled.sum())))
    value, chance = float(share @ np.abs(moved)), float(share @ np.sqrt(errors)) * MEAN_ABSOLUTE_NORMAL
    note = f"mean gap to the baseline over {int(filled.sum())} bins; chance alone makes {plain(chance, 3)}"
    return Finding(
        number, "calibration", "", "calibration_error", value, chance, value - chance, p_value, rows=rows, note=note
    )
