"""Cairn on a stream: everything that `cairn monitor` measures, judged by the limits of conf/monitor as they are."""

import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench.monitor.asked import BEGIN, WINDOW, record

if TYPE_CHECKING:
    import pandas as pd

    from cairn.models.saved import Model
    from cairn.monitoring.documents import Baseline


def watch(stream: "pd.DataFrame", model: "Model", baseline: "Baseline", params: Mapping[str, Any]) -> dict[str, Any]:
    """Monitor one stream.

    Parameters
    ----------
    stream : as `asked.answered` gave it
    model, baseline : as they stand in the model's folder
    params : of the project

    Returns
    -------
    dict : `alarms`: `any`: whether something alarmed, by window; `why`: by window, what did, as area, subject, measure,
        change and p-value; `warnings`: by window, whether there was a warning or an alarm
    """
    from cairn import config
    from cairn.monitoring import measure, verdict
    from cairn.monitoring.records import open_records

    windows = int(stream["window"].max()) + 1
    with tempfile.TemporaryDirectory(prefix="bench-monitor-") as scratch:
        files = record(stream, model.signature, Path(scratch))
        settings = config.call(params["monitor"] | {"window": "7d", "labels": str(files.labels)})
        end = BEGIN + windows * WINDOW
        about = {"signature": model.signature, "since": BEGIN, "until": end, "window": settings.length, "now": end}
        with open_records([str(files.captured)], **about, threads=1) as seen:
            assert [each.rows for each in seen.windows] == stream.groupby("window").size().tolist()
            measured = measure.measure_all(seen, baseline, model, settings, values=params["decision"].get("values"))
    findings = verdict.judge(measured.findings, settings)
    why = [[each for each in findings if each.window == number and each.status == "alarm"] for number in range(windows)]
    warned = {each.window for each in findings if each.status in ("warning", "alarm")}
    told = [[[each.area, each.subject, each.measure, each.change, each.p_value] for each in found] for found in why]
    return {
        "alarms": {"any": [bool(found) for found in why]},
        "why": told,
        "warnings": [number in warned for number in range(windows)],
    }
