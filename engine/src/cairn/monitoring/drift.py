"""Whether the inputs and the predictions of a window still look as those that the model was made from."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from cairn.monitoring.distance import js_distance, p_value
from cairn.monitoring.finding import Area, Finding, Window
from cairn.monitoring.histograms import Counts, Numbers
from cairn.monitoring.multiple_testing import corrected

MEASURE = "js_distance"
ORDERED = {"number", "time", "probability", "value"}


def drift(
    counts: Counts, baseline: Mapping[str, Any], windows: Sequence[Window], *, reference: Counts | None = None
) -> list[Finding]:
    """Hold each window against the baseline, or against recorded windows.

    `change` is by how much the distance exceeds what history has shown of windows as long as this one (`reference`):
    a month of the year is never distributed as the whole year is, and a season is no drift. What is missing is left to
    the quality of the data.

    Parameters
    ----------
    counts : of the windows, by the bins of the baseline
    baseline : what `cairn.monitoring.baseline` made
    windows : those of the counts
    reference : counts of recorded windows, which are put together and stand in for the baseline's; what history has
        shown counts twice then, since either side may lie that far from the middle, each on another side of it

    Returns
    -------
    list : areas `drift`, a finding for each feature and window, and `prediction`
    """
    found = []
    for window in windows:
        shown = history(baseline, window)
        findings = [
            _finding(window, "drift", name, rows[window.number], described, shown, _pooled(reference, name))
            for name, rows in counts.columns.items()
            if (described := baseline["columns"][name])
        ]
        found += corrected(findings)
        described, rows = baseline["prediction"], counts.prediction[window.number]
        found.append(_finding(window, "prediction", "", rows, described, shown, _pooled(reference, "")))
    return found


def history(baseline: Mapping[str, Any], window: Window) -> dict[str, float]:
    """Give how far windows of the past lay from the whole, by feature, and of the prediction by "".

    Lengths of the past that are longer than the window count too, since a part of an odd month is as odd; of shorter
    ones only the longest that fits into the window, or else, for instance, a single weekday of a week.
    """
    lengths = baseline.get("history") or []
    seconds = (window.end - window.start).total_seconds()
    fitting = max((each["seconds"] for each in lengths if each["seconds"] <= seconds), default=0)
    shown: dict[str, float] = {}
    for each in lengths:
        if each["seconds"] >= fitting:
            for name, distance in {**each["columns"], "": each["prediction"]}.items():
                shown[name] = max(shown.get(name, 0.0), distance)
    return shown


def _pooled(reference: Counts | None, name: str) -> Numbers | None:
    if reference is None:
        return None
    counted = reference.columns[name] if name else reference.prediction
    pooled: Numbers = counted.sum(axis=0)[:-1]
    return pooled


def _finding(
    window: Window,
    area: Area,
    name: str,
    rows: Numbers,
    described: Mapping[str, Any],
    shown: Mapping[str, float],
    recorded: Numbers | None,
) -> Finding:
    there = rows[:-1]
    whole = np.array(described["rows"], dtype=np.int64) if recorded is None else recorded
    before = min(shown.get(name, 0.0) * (1 if recorded is None else 2), 1.0)
    count = int(there.sum())
    if count == 0 or whole.sum() == 0:
        why = "no rows" if rows.sum() == 0 else "every value is missing" if count == 0 else "nothing to compare with"
        return Finding(window.number, area, name, MEASURE, None, rows=count, note=why)
    value = float(js_distance(there, whole))
    chance = p_value(there, whole, ordered=described["kind"] in ORDERED)
    return Finding(window.number, area, name, MEASURE, value, before, value - before, chance, rows=count)
