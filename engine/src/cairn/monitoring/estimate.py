"""Estimated performance: metrics of each window from the model's probabilities, before labels arrive."""

from collections.abc import Mapping

import numpy as np
from scipy.stats import norm

from cairn.evaluation.metrics import GREATER_IS_BETTER
from cairn.monitoring.documents import EstimatedMetric, OutcomeBaseline
from cairn.monitoring.finding import Finding
from cairn.monitoring.label_free import Estimate, estimate_metrics
from cairn.monitoring.multiple_testing import adjust_p_values
from cairn.monitoring.past_range import estimate_range, widen
from cairn.monitoring.sample import Predictions, prediction_columns, predictions, sample_rows
from cairn.rows.signature import Signature

NORMAL_95 = 1.959964  # standard errors that contain 95 % of a normal distribution
CLASSES = "from probabilities, calibrated on the test part: true as long as they are, which a change of concept ends"
NUMBERS = "from the errors that predictions as large had on the test part: true as long as the error depends on that"


def measure_estimates(
    records: Predictions,
    outcomes: OutcomeBaseline,
    *,
    signature: Signature,
    values: Mapping[str, float] | None = None,
) -> list[Finding]:
    """Estimate every metric that can be estimated without labels.

    If the assumptions are true, the interval contains the real figure in 95 of 100 windows. A figure that is worse than
    the baseline, and than any period of the history, is a change: the rows have become harder, not the model wrong.

    Parameters
    ----------
    records : the recorded predictions
    outcomes : of the baseline
    signature : of the model
    values : what outcomes are worth, as in conf/decision; None: no `profit_per_1000`
    """
    results: list[Finding] = []
    columns = prediction_columns(signature.task, signature.classes)
    for number, rows in sample_rows(records, columns).items():
        predicted = predictions(rows)
        estimates = estimate_metrics(predicted, outcomes.calibration, signature, values)
        findings = [_compare(number, name, each, outcomes, len(predicted)) for name, each in estimates.items()]
        results += adjust_p_values([finding for finding in findings if finding is not None])
    return results


def _compare(number: int, name: str, estimate: Estimate, outcomes: OutcomeBaseline, rows: int) -> Finding | None:
    metric = outcomes.metrics.get(name)
    if not isinstance(metric, EstimatedMetric) or metric.value is None or not np.isfinite(estimate.value):
        return None
    if metric.estimated is None or metric.error is None or metric.spread is None:
        return None
    lowest, highest = widen(metric.estimated, estimate_range(outcomes.history, name))
    worse = lowest - estimate.value if GREATER_IS_BETTER[name] else estimate.value - highest
    half = NORMAL_95 * float(np.hypot(estimate.noise, metric.error))
    value = estimate.value + (metric.value - metric.estimated)
    return Finding(
        number,
        "estimate",
        "",
        name,
        value,
        metric.value,
        change=relative_change(worse, metric.value),
        p_value=float(norm.sf(worse / max(np.hypot(estimate.spread, metric.spread), 1e-12))),
        low=value - half,
        high=value + half,
        rows=rows,
        note=NUMBERS if name in ("mae", "rmse") else CLASSES,
    )


def relative_change(worse: float, reference: float) -> float | None:
    """Return a decline as a share of the reference; None where that is 0."""
    return float(worse / abs(reference)) if reference else None
