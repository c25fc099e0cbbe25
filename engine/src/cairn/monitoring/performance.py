"""Performance: metrics of each window from labels, compared with those that the baseline lets expect of its rows."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import norm

from cairn.evaluation import metrics
from cairn.evaluation.documents import Metric
from cairn.evaluation.intervals import bootstrap
from cairn.evaluation.metrics import GREATER_IS_BETTER
from cairn.monitoring.calibration import measure_calibration
from cairn.monitoring.documents import EstimatedMetric, OutcomeBaseline, SliceMetric
from cairn.monitoring.estimate import relative_change
from cairn.monitoring.finding import Finding
from cairn.monitoring.label_free import Estimate, estimate_metrics
from cairn.monitoring.multiple_testing import adjust_p_values
from cairn.monitoring.sample import Predictions, prediction_columns, predictions, sample_rows
from cairn.number_text import plain
from cairn.rows.signature import Signature
from cairn.tables.duck import quoted

TESTED = ("log_loss", "roc_auc", "accuracy", "profit_per_1000", "rmse", "mae")
RESAMPLES = 200
SLICE_ROWS = 200  # that a slice needs
TOLERATED_DECLINE = 0.02  # of the reference
WHOLE_SHARE, SLICES_SHARE = 0.7, 0.3  # of the significance


def measure_performance(
    records: Predictions,
    outcomes: OutcomeBaseline,
    *,
    signature: Signature,
    values: Mapping[str, float] | None = None,
    seed: int = 0,
) -> list[Finding]:
    """Measure every window of the table `labelled`: metrics, the main one by slice, and calibration.

    The reference of a window's figure is its estimate for these very rows: what similar probabilities led to in the
    baseline. So a season that brings harder rows is not an alarm, and what remains is that the same inputs no longer
    have the same outcomes: concept drift. The test is of "not worse by more than `TOLERATED_DECLINE`" (a minimum-effect
    test: Murphy and Myors 1999), since no model is exact in every season. Its variance is that of the labels given the
    rows, in the window and in the baseline's test part together, with a correction for a skewed tail (Cornish and
    Fisher 1938).

    Parameters
    ----------
    records : the recorded predictions, joined to labels
    outcomes : of the baseline
    signature : of the model
    values : what outcomes are worth, as in conf/decision; None: no `profit_per_1000`
    seed : of the bootstrap
    """
    slices = list(dict.fromkeys(each.column for each in outcomes.slices))
    columns = prediction_columns(signature.task, signature.classes) | {"actual": "actual"}
    columns |= {f"slice {name}": f"CAST({quoted(records.names[name])} AS VARCHAR)" for name in slices}
    arrived = dict(records.connection.execute("SELECT window_number, count(*) FROM labelled GROUP BY ALL").fetchall())
    shares = {window.number: arrived.get(window.number, 0) / window.rows for window in records.windows if window.rows}
    findings: list[Finding] = []
    for number, rows in sample_rows(records, columns, table="labelled").items():
        share = f"labels of {shares[number]:.0%} of the rows" if number in shares else ""
        whole = _measure_window(number, rows, outcomes, signature, values, seed, share)
        by_slice = _measure_slices(number, rows, outcomes, signature)
        families = [WHOLE_SHARE] * len(whole) + [SLICES_SHARE] * len(by_slice)
        findings += adjust_p_values([*whole, *by_slice], families)
        findings += measure_calibration(number, predictions(rows), rows["actual"].to_numpy(), outcomes, signature)
    return findings


def _measure_window(
    number: int,
    rows: pd.DataFrame,
    outcomes: OutcomeBaseline,
    signature: Signature,
    values: Mapping[str, float] | None,
    seed: int,
    share: str,
) -> list[Finding]:
    predicted, actual = predictions(rows), rows["actual"].to_numpy()
    estimates = estimate_metrics(predicted, outcomes.calibration, signature, values)
    measured = bootstrap(build_scorer(actual, predicted, signature, values), len(actual), RESAMPLES, seed)
    findings = []
    for name, figure in measured.items():
        if name == "calibration_error" or name not in outcomes.metrics:
            continue
        estimate = estimates.get(name) if name in TESTED else None
        ends = (figure.value, figure.low, figure.high)
        finding = compare_with_estimate(outcomes.metrics[name], estimate, name, *ends)
        note = "; ".join(filter(None, [share, finding.note]))
        findings.append(replace(finding, window=number, rows=len(actual), note=note))
    return findings


def build_scorer(
    actual: NDArray[Any], predicted: NDArray[np.float64], signature: Signature, values: Mapping[str, float] | None
) -> metrics.Scorer:
    """Prepare the task's metrics, with the decisions and intervals of the signature."""
    if signature.task == "binary":
        predicted = predicted[:, 1]
    options: dict[str, Any] = {"values": values}
    if signature.interval:
        options["interval"] = tuple(predicted + end for end in signature.interval)
    return metrics.scorer(signature.task, actual, predicted, threshold=signature.threshold, **options)


def compare_with_estimate(
    metric: Metric | SliceMetric, estimate: Estimate | None, name: str, value: float | None, *ends: float | None
) -> Finding:
    """Compare a figure with its estimate for the same rows.

    Parameters
    ----------
    metric : of the baseline
    estimate : for the rows; None: the figure is shown without a test
    name : the metric's name
    value, ends : the figure and its interval
    """
    low, high = ends or (None, None)
    untested = Finding(0, "performance", "", name, value, metric.value, None, None, low, high)
    if value is None or metric.value is None:
        return replace(untested, note="it cannot be said of rows of one class")
    if estimate is None or not np.isfinite(estimate.value) or not isinstance(metric, EstimatedMetric | SliceMetric):
        return untested
    if metric.estimated is None or metric.error is None:
        return untested
    reference = estimate.value + metric.value - metric.estimated
    worse = reference - value if GREATER_IS_BETTER[name] else value - reference
    tested = worse - TOLERATED_DECLINE * abs(reference)
    return replace(
        untested,
        reference=float(reference),
        change=relative_change(worse, reference),
        p_value=_p_value(tested, estimate, metric.error, not GREATER_IS_BETTER[name]),
        note=f"{plain(metric.value)} on the test part, which is {plain(reference)} on rows as these",
    )


def _p_value(worse: float, estimate: Estimate, error: float, higher: bool) -> float:
    """Test one-sided; the window's skewness is weighted by the window's share of the variance."""
    both = max(float(np.hypot(estimate.noise, error)), 1e-12)
    z, skew = worse / both, (estimate.skew if higher else -estimate.skew) * (estimate.noise / both) ** 3
    return float(norm.sf(z - skew * (z**2 - 1) / 6)) if z > 1 else float(norm.sf(z))


def _measure_slices(number: int, rows: pd.DataFrame, outcomes: OutcomeBaseline, signature: Signature) -> list[Finding]:
    main, predicted, actual = metrics.MAIN[signature.task], predictions(rows), rows["actual"].to_numpy()
    findings = []
    for known in outcomes.slices:
        inside = np.flatnonzero(rows[f"slice {known.column}"].str.lower() == known.level.lower())
        if len(inside) < SLICE_ROWS:
            continue
        estimate = estimate_metrics(predicted[inside], outcomes.calibration, signature, None)[main]
        scorer = build_scorer(actual[inside], predicted[inside], signature, None)
        finding = compare_with_estimate(known, estimate, main, metrics.figures(scorer, len(inside))[main])
        subject = f"{known.column}={known.level}"
        findings.append(replace(finding, window=number, subject=subject, rows=len(inside)))
    return findings
