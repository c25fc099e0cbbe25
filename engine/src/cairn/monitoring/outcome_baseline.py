"""Measure the outcomes that monitoring compares with: performance, calibration, groups and contributions."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cairn.evaluation import metrics, scores
from cairn.evaluation.curves import figure
from cairn.evaluation.documents import Evaluation, Metric, Slice, Slices
from cairn.explain.documents import Explanations, NoExplanations
from cairn.models.saved import Model
from cairn.monitoring.documents import (
    Calibration,
    CalibrationBin,
    Contribution,
    Contributions,
    ErrorBin,
    EstimatedMetric,
    NoContributions,
    OutcomeBaseline,
    SliceMetric,
)
from cairn.monitoring.group_counts import count_table
from cairn.monitoring.history import measure_history
from cairn.monitoring.label_free import Estimate, confidence_and_outcome, estimate_metrics, fit_calibration
from cairn.rows.signature import Signature

__all__ = ["measure_outcomes"]

Floats = NDArray[np.float64]
CALIBRATION_BINS = 10
UNSEEN = "it is not recorded, since the model does not see it"
NO_CLASSES = "rates of positive predictions are of classes, and the model is a regression"


def measure_outcomes(
    model: Model,
    test: pd.DataFrame,
    *,
    all_rows: pd.DataFrame | None,
    time: str | None,
    sensitive: Sequence[str],
    values: Mapping[str, float] | None,
    evaluation: Evaluation,
    slices: Slices,
    explanations: Explanations | NoExplanations,
    seed: int,
) -> OutcomeBaseline:
    """Measure the outcomes of the baseline; the result has counts and means, and no rows.

    Parameters
    ----------
    model : trained
    test : unseen rows, with the target and the sensitive columns
    all_rows : of all parts; past periods of these give the usual range of each figure; None: unknown
    time : the column of `all_rows` that orders it; None: there is none
    sensitive : columns by which predictions are compared
    values : amounts of the outcomes, as in conf/decision
    evaluation, slices : the documents of the model
    explanations : of the test part
    seed : of the rows that are explained
    """
    signature = model.signature
    part = scores.predictions(model, test)
    predicted = _all_classes(part.predicted, signature)
    calibration = _calibration(part.actual, predicted)
    estimates = estimate_metrics(predicted, calibration, signature, values)
    recorded = [name for name in sensitive if name in {column.name for column in signature.columns}]
    chosen = model.choose(predicted) if signature.classes else predicted
    groups = count_table(test, recorded, part.actual, chosen, signature)
    not_compared = {name: UNSEEN for name in sensitive if name not in recorded}
    if signature.classes is None:
        not_compared |= dict.fromkeys(recorded, NO_CLASSES)
    contributions = _contributions(explanations)
    history = None
    if all_rows is not None and time is not None:
        history = measure_history(model, all_rows, time, calibration, groups, contributions, values=values, seed=seed)
    return OutcomeBaseline(
        rows=len(test),
        calibration=calibration,
        metrics={name: _metric(metric, estimates.get(name)) for name, metric in evaluation.test.items()},
        slices=_slices(slices.slices, test, predicted, signature, calibration),
        groups=groups,
        not_compared=not_compared,
        contributions=contributions,
        history=history,
    )


def compared_columns(outcomes: OutcomeBaseline) -> list[str]:
    """Return the features of slices and groups, which the table `labelled` has to keep."""
    return list(dict.fromkeys([*outcomes.groups, *(group.column for group in outcomes.slices)]))


def _all_classes(predicted: Floats, signature: Signature) -> Floats:
    return np.column_stack([1 - predicted, predicted]) if signature.task == "binary" else predicted


def _calibration(actual: NDArray[Any], predicted: Floats) -> Calibration:
    """Cut rows into bins of about equal size by the probability, or the value, that is calibrated."""
    regression = predicted.ndim == 1
    score, outcome = predicted, np.asarray(actual, dtype=np.float64)
    if not regression:
        score, outcome = confidence_and_outcome(predicted, actual)
    bounds = np.unique(np.quantile(score, np.arange(1, CALIBRATION_BINS) / CALIBRATION_BINS, method="lower"))
    where = np.searchsorted(bounds, score, side="left")
    bins: list[CalibrationBin] = []
    for number in range(len(bounds) + 1):
        inside = where == number
        if inside.any():
            bins.append(_bin(score[inside], outcome[inside], regression=regression))
    return Calibration(
        bounds=[float(bound) for bound in bounds[: len(bins) - 1]],
        bins=bins,
        maps=None if regression else fit_calibration(actual, predicted),
    )


def _bin(score: Floats, outcome: Floats, *, regression: bool) -> CalibrationBin:
    rows, predicted, actual = len(score), _mean(score), _mean(outcome)
    if not regression:
        return CalibrationBin(rows=rows, predicted=predicted, actual=actual)
    error = outcome - score
    return ErrorBin(
        rows=rows,
        predicted=predicted,
        actual=actual,
        absolute=_mean(np.abs(error)),
        squared=_mean(error**2),
        fourth=_mean(error**4),
    )


def _mean(values: Floats) -> float:
    return figure(values.mean()) or 0.0


def _metric(metric: Metric, estimate: Estimate | None) -> Metric:
    if estimate is None:
        return metric
    return EstimatedMetric(value=metric.value, low=metric.low, high=metric.high, **_figures(estimate))


def _slices(
    measured: Sequence[Slice],
    test: pd.DataFrame,
    predicted: Floats,
    signature: Signature,
    calibration: Calibration,
) -> list[SliceMetric]:
    """Return the main metric and its estimate of every slice that was large enough."""
    main, slices = metrics.MAIN[signature.task], []
    columns = {column.name for column in signature.columns if column.kind in ("category", "boolean")}
    for group in measured:
        value = group.metrics[main]
        if group.column not in columns or group.value is None or value is None:
            continue
        rows = np.flatnonzero(test[group.column].astype(str) == group.value)
        if len(rows) != group.rows:
            continue
        estimate = estimate_metrics(predicted[rows], calibration, signature, None)[main]
        slices.append(
            SliceMetric(column=group.column, level=group.value, rows=len(rows), value=value, **_figures(estimate))
        )
    return slices


def _figures(estimate: Estimate) -> dict[str, float | None]:
    return {
        "estimated": figure(estimate.value),
        "error": figure(estimate.noise),
        "spread": figure(estimate.spread),
    }


def _contributions(explanations: Explanations | NoExplanations) -> Contributions | NoContributions:
    if isinstance(explanations, NoExplanations):
        return NoContributions(why=explanations.why)
    return Contributions(
        exact=explanations.exact,
        unit=explanations.unit,
        features={
            bar.feature: Contribution(mean_abs=bar.mean_abs, standard_error=bar.standard_error)
            for bar in explanations.features
        },
    )
