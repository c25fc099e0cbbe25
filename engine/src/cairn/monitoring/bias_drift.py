"""Bias drift: compare the measures of bias of groups in each window with those of the baseline."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from scipy.stats import norm

from cairn.bias.predictions import Confusion, accuracy_difference, recall_difference
from cairn.monitoring.documents import GroupCounts, OutcomeBaseline
from cairn.monitoring.finding import Finding
from cairn.monitoring.group_counts import (
    GROUP_ROWS,
    LABEL_FREE,
    Counts,
    Sides,
    count_windows,
    positive_places,
    smaller_side,
    split_sides,
)
from cairn.monitoring.multiple_testing import adjust_p_values
from cairn.monitoring.past_range import bias_range, widen
from cairn.monitoring.sample import Predictions
from cairn.rows.signature import Signature

WITH_LABELS = {"recall_difference": recall_difference, "accuracy_difference": accuracy_difference}
FAIR = {"disparate_impact": 1.0}


def measure_bias(
    records: Predictions, outcomes: OutcomeBaseline, *, signature: Signature, labelled: bool = False
) -> list[Finding]:
    """Compare groups of the sensitive columns in every window, each with all other rows, as cairn.bias does.

    `change` is the additional distance from the fair figure, compared with the baseline and any period of its history;
    a figure on the other side of the fair one counts with its whole distance.

    Parameters
    ----------
    records : the recorded predictions; with labels, their table `labelled`
    outcomes : of the baseline
    signature : of the model
    labelled : whether there are labels: then differences of recall and accuracy too
    """
    by_window: dict[int, list[Finding]] = {window.number: [] for window in records.windows}
    for column, note in outcomes.not_compared.items():
        for findings in by_window.values():
            findings.append(Finding(0, "bias", column, "predicted_proportion_difference", None, note=note))
    for column, known in outcomes.groups.items():
        recorded = count_windows(records, column, known, signature, "recorded")
        with_labels = count_windows(records, column, known, signature, "labelled") if labelled else {}
        for number, findings in by_window.items():
            if signature.classes is not None:
                compared = outcomes, signature
                findings += _compare_groups(column, known, recorded.get(number, {}), *compared, LABEL_FREE)
                findings += _compare_groups(column, known, with_labels.get(number, {}), *compared, WITH_LABELS)
    return [
        replace(finding, window=number)
        for number, findings in by_window.items()
        for finding in adjust_p_values(findings)
    ]


def _compare_groups(
    column: str,
    known: GroupCounts,
    counts: Counts,
    outcomes: OutcomeBaseline,
    signature: Signature,
    measures: Mapping[str, Any],
) -> list[Finding]:
    """Compare every group of a column, for every class that counts as positive."""
    findings = []
    for group in known.groups:
        for place in positive_places(signature):
            now, before = (split_sides(table, group, place) for table in (counts, known.groups))
            rows = smaller_side(now)
            if min(rows, smaller_side(before)) < GROUP_ROWS:
                continue
            name = str((signature.classes or [])[place])
            subject = f"{column}={group}" + (f", class {name}" if signature.task == "multiclass" else "")
            for measure, function in measures.items():
                reference = float(function(*before))
                low, high = widen(reference, bias_range(outcomes.history, column, group, name, measure))
                finding = Finding(0, "bias", subject, measure, float(function(*now)), reference, rows=int(rows))
                findings.append(_test(finding, now, before, low, high))
    return findings


def _test(finding: Finding, now: Sides, before: Sides, low: float, high: float) -> Finding:
    """Add the change, the p-value and the interval; `low` and `high` are the range of the reference."""
    measure, value, reference = finding.measure, finding.value, finding.reference
    undefined = replace(finding, value=None, reference=None)
    if value is None or reference is None or not (np.isfinite(value) and np.isfinite(reference)):
        return replace(undefined, note="one side has no such rows")
    if measure == "recall_difference" and min(_ratio(measure, side)[1] for side in (*now, *before)) == 0:
        return replace(undefined, note="one side has no positive row")
    errors = [_standard_error(measure, sides) for sides in (now, before)]
    both = max(float(np.hypot(errors[0], errors[1])), 1e-12)
    outside = max(low - value, value - high, 0.0)
    ends = (value - 1.96 * errors[0], value + 1.96 * errors[0])
    if measure == "disparate_impact":  # the error of a ratio is that of its logarithm
        outside = max(np.log(max(low, 1e-9) / max(value, 1e-9)), np.log(max(value, 1e-9) / max(high, 1e-9)), 0.0)
        ends = (value * np.exp(-1.96 * errors[0]), value * np.exp(1.96 * errors[0]))
    return replace(
        finding,
        change=_excess(value, FAIR.get(measure, 0.0), low, high),
        p_value=min(1.0, 2 * float(norm.sf(outside / both))),
        low=float(ends[0]),
        high=float(ends[1]),
    )


def _excess(value: float, fair: float, low: float, high: float) -> float:
    """Return the distance from fair beyond the historical range, which may not cover this side of fair."""
    if value >= fair:
        return (value - fair) - max(high - fair, 0.0)
    return (fair - value) - max(fair - low, 0.0)


def _ratio(measure: str, rows: Confusion) -> tuple[float, float]:
    """Return the numerator and the denominator that the measure compares."""
    if measure == "recall_difference":
        return float(rows.tp), float(rows.labelled(1))  # type: ignore[arg-type]
    if measure == "accuracy_difference":
        return float(np.add(rows.tp, rows.tn)), float(rows.n)
    return float(rows.predicted(1)), float(rows.n)


def _standard_error(measure: str, sides: Sides) -> float:
    """Estimate the standard error of a difference of two shares, or of the logarithm of their ratio."""
    total = 0.0
    for side in sides:
        hits, rows = _ratio(measure, side)
        share = (hits + 0.5) / (rows + 1)
        variance = share * (1 - share) / max(rows, 1)
        total += variance / share**2 if measure == "disparate_impact" else variance
    return float(np.sqrt(total))
