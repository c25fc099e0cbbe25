"""Drift: compare the distributions of features and predictions in each window with the reference."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from cairn.monitoring.distance import js_distance, p_value
from cairn.monitoring.documents import Baseline, ColumnCounts
from cairn.monitoring.finding import Area, Finding, Window
from cairn.monitoring.histograms import Counts, Numbers
from cairn.monitoring.multiple_testing import adjust_p_values

MEASURE = "js_distance"
ORDERED = {"number", "time", "probability", "value"}


def measure_drift(
    counts: Counts, baseline: Baseline, windows: Sequence[Window], *, reference: Counts | None = None
) -> list[Finding]:
    """Compare each window with the baseline, or with recorded windows.

    `change` is the excess of the distance over the largest distance of past periods as long as this window
    (`reference`): a month of the year is never distributed as the whole year is, and a season is not drift. Missing
    values belong to the quality of the data.

    Parameters
    ----------
    counts : of the windows, by the bins of the baseline
    baseline : of the model
    windows : those of the counts
    reference : counts of recorded windows, which are added up and replace the baseline's; the largest distance of the
        past counts twice then, since either side may be that far from the middle, in opposite directions

    Returns
    -------
    list : areas `drift`, a finding for each feature and window, and `prediction`
    """
    results = []
    for window in windows:
        past = past_distances(baseline, window)
        findings = [
            _compare(window, "drift", name, rows[window.number], baseline.columns[name], past, _pooled(reference, name))
            for name, rows in counts.columns.items()
        ]
        results += adjust_p_values(findings)
        rows, pooled = counts.prediction[window.number], _pooled(reference, "")
        results.append(_compare(window, "prediction", "", rows, baseline.prediction, past, pooled))
    return results


def past_distances(baseline: Baseline, window: Window) -> dict[str, float]:
    """Return the largest distance of past periods from the whole, by feature; that of the prediction has the name "".

    Periods that are longer than the window count too, since a part of an unusual month is as unusual. Of shorter
    periods only the longest that fits into the window counts; otherwise a single weekday would decide for a week.
    """
    lengths = baseline.history or []
    seconds = (window.end - window.start).total_seconds()
    fitting = max((length.seconds for length in lengths if length.seconds <= seconds), default=0)
    largest: dict[str, float] = {}
    for length in lengths:
        if length.seconds >= fitting:
            for name, distance in {**length.columns, "": length.prediction}.items():
                largest[name] = max(largest.get(name, 0.0), distance)
    return largest


def _pooled(reference: Counts | None, name: str) -> Numbers | None:
    if reference is None:
        return None
    counts = reference.columns[name] if name else reference.prediction
    pooled: Numbers = counts.sum(axis=0)[:-1]
    return pooled


def _compare(
    window: Window,
    area: Area,
    name: str,
    rows: Numbers,
    column: ColumnCounts,
    past: Mapping[str, float],
    recorded: Numbers | None,
) -> Finding:
    known = rows[:-1]
    reference = np.array(column.rows, dtype=np.int64) if recorded is None else recorded
    allowed = min(past.get(name, 0.0) * (1 if recorded is None else 2), 1.0)
    count = int(known.sum())
    finding = Finding(window.number, area, name, MEASURE, None, rows=count)
    if count == 0 or reference.sum() == 0:
        why = "no rows" if rows.sum() == 0 else "every value is missing" if count == 0 else "nothing to compare with"
        return replace(finding, note=why)
    value = float(js_distance(known, reference))
    chance = p_value(known, reference, ordered=column.kind in ORDERED)
    return replace(finding, value=value, reference=allowed, change=value - allowed, p_value=chance)
