"""Reports of monitoring, small and large, for the tests of its page."""

from datetime import UTC, datetime, timedelta
from typing import Any

from cairn.documents import from_json
from cairn.monitoring.documents import MonitoringReport

AREAS = ("traffic", "quality", "drift", "prediction", "estimate", "performance", "calibration", "bias", "attribution")
WORST = ("unknown", "ok", "warning", "alarm")
START = datetime(2026, 3, 1, tzinfo=UTC)


def finding(window: int, area: str, subject: str, measure: str, value: float | None, **more: Any) -> dict[str, Any]:
    empty = dict.fromkeys(("reference", "change", "p_value", "low", "high"))
    return {
        "window": window, "area": area, "subject": subject, "measure": measure, "value": value, **empty,
        "rows": 1000, "note": "", "status": "ok", **more,
    }  # fmt: skip


def record(findings: list[dict[str, Any]], *, windows: int = 6, **more: Any) -> dict[str, Any]:
    """Put findings into the shape of reports/monitoring.json; the last window is not full yet."""
    judged = {
        area: max((f["window"] for f in findings if f["area"] == area and f["status"] != "unknown" and f["window"] < windows - 1), default=None)
        for area in AREAS
    }  # fmt: skip
    status = {area: worst(findings, area, judged[area]) for area in AREAS}
    return {
        "format": 1,
        "made": "2026-03-08T11:00:07Z",
        "status": max(status.values(), key=WORST.index),
        "model": {"name": "model", "version": "v0.0.3", "stage": "prod", "commit": "c7df2dc5b0", "folder": "f", "task": "binary", "target": "bought", "classes": [False, True]},
        "reference": {"kind": "baseline", "rows": 40000, "since": None, "until": None},
        "asked": {"since": "2026-03-01T00:00:00Z", "until": None, "window": "1d", "captured": ["data/captured"], "labels": None},
        "rows": {"recorded": 1000 * windows, "labelled": None, "others": {}},
        "rules": {"least_rows": 200, "significance": 0.01, "limits": {area: {"warning": 0.1, "alarm": 0.2} for area in AREAS}},
        "areas": {area: {"window": judged[area], "status": status[area]} for area in AREAS},
        "windows": [window(findings, number, number < windows - 1) for number in range(windows)],
        "findings": findings,
        "distributions": {},
        "prediction": None,
        "troubles": [],
        "alarms": [],
        "warnings": [],
        **more,
    }  # fmt: skip


def report(content: dict[str, Any]) -> MonitoringReport:
    """Build the typed report of a record."""
    return from_json(MonitoringReport, content, "monitoring.json")


def worst(findings: list[dict[str, Any]], area: str, window: int | None) -> str:
    said = [each["status"] for each in findings if each["area"] == area and each["window"] == window]
    return max(said, key=WORST.index, default="unknown")


def window(findings: list[dict[str, Any]], number: int, full: bool) -> dict[str, Any]:
    mine = [each for each in findings if each["window"] == number]
    areas = {area: worst(mine, area, number) for area in AREAS}
    return {
        "number": number, "start": f"{START + timedelta(days=number):%Y-%m-%dT%H:%M:%SZ}",
        "end": f"{START + timedelta(days=number + 1):%Y-%m-%dT%H:%M:%SZ}", "rows": 1000, "labelled": None, "full": full,
        "status": max(areas.values(), key=WORST.index), "areas": areas,
        "counts": {status: sum(each["status"] == status for each in mine) for status in WORST},
    }  # fmt: skip


def drifting(at: int, value: float, subject: str = "age") -> dict[str, Any]:
    status = "alarm" if value >= 0.2 else "warning" if value >= 0.1 else "ok"
    return finding(
        at, "drift", subject, "js_distance", value, reference=0.0, change=value, p_value=0.001, status=status
    )


def ordinary() -> dict[str, Any]:
    """Six days: a feature drifts from the fourth on, another lacks values, performance awaits its labels."""
    found = [drifting(at, value) for at, value in enumerate((0.01, 0.02, 0.01, 0.25, 0.3, 0.31))]
    for at in range(6):
        late = at > 2
        missing = 0.16 if late else 0.02
        found += [
            finding(at, "traffic", "", "rows", 1000),
            *(finding(at, "traffic", "", f"seconds_{name}", 0.002 * n) for n, name in enumerate(("p50", "p95", "p99"), 1)),
            finding(at, "quality", "income", "missing_share", missing, reference=0.02, change=missing - 0.02, status="warning" if late else "ok"),
            finding(at, "prediction", "", "mean", 0.118 + 0.001 * at, reference=0.118, change=0.001 * at),
            finding(at, "estimate", "", "roc_auc", 0.84, reference=0.845, change=0.005, low=0.82, high=0.86, note="right while it is calibrated"),
            finding(at, "performance", "", "roc_auc", None, status="unknown", note="no labels yet", reference=0.845)
            if late else finding(at, "performance", "", "roc_auc", 0.84, reference=0.845, change=0.005, low=0.8, high=0.87),
            *(finding(at, "bias", f"gender={group}", "selection_rate", rate, reference=0.11, change=0.0) for group, rate in (("female", 0.1), ("male", 0.12))),
            finding(at, "attribution", "age", "mean_abs", 0.3, reference=0.31, change=0.0),
        ]  # fmt: skip
    counts = {"kind": "number", "edges": [23, 31], "levels": None, "reference": [500, 500, 0, 0]}
    windows = {str(at): [300, 700, 0, 0] for at in range(6)}
    troubles = ["data/captured/date=2026-03-04/a.parquet: not a Parquet file, left out"]
    return record(found, distributions={"age": counts | {"windows": windows}}, troubles=troubles)


def large(features: int = 200, windows: int = 100) -> dict[str, Any]:
    """Many features over many windows, a third of them off at the end."""
    found = []
    for at in range(windows):
        found += [
            finding(at, "traffic", "", "rows", 1000 + at),
            finding(at, "prediction", "", "js_distance", 0.01 + at / 10000),
        ]
        for n in range(features):
            off = n % 3 == 0 and at > 0.9 * windows
            found.append(drifting(at, 0.1 + n / 1000 if off else 0.01 + 0.00001 * (n * at % 97), f"feature_{n:03d}"))
            found.append(finding(at, "quality", f"feature_{n:03d}", "missing_share", 0.02, reference=0.02, change=0.0))
            found.append(finding(at, "attribution", f"feature_{n:03d}", "mean_abs", 0.1, reference=0.1, change=0.0))
    counts = {"kind": "number", "edges": [1.0 * k for k in range(20)], "levels": None, "reference": [50] * 22}
    some = {
        f"feature_{n:03d}": counts | {"windows": {str(at): [50 + k for k in range(22)] for at in range(windows)}}
        for n in range(183, 199, 3)
    }
    return record(found, windows=windows, distributions=some)
