"""What monitoring found, for machines: monitoring.json, the words of an alarm, and metrics for Prometheus."""

import math
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from cairn.monitoring import verdict
from cairn.monitoring.finding import Finding, Status, Window
from cairn.monitoring.settings import AREAS, Settings
from cairn.monitoring.timespec import said

FORMAT = 1
NUMBERS: dict[Status, int] = {"unknown": -1, "ok": 0, "warning": 1, "alarm": 2}  # a status, as Prometheus has it
SHORT = timedelta(minutes=10)  # of a window whose times are said to the second
LABELS = ("area", "subject", "measure")


def content(
    about: Mapping[str, Any],
    windows: Sequence[Window],
    full: Collection[int],
    findings: Sequence[Finding],
    settings: Settings,
    labelled: Mapping[int, int] | None = None,
) -> dict[str, Any]:
    """Make what monitoring.json holds.

    Parameters
    ----------
    about : what else stands there: made, model, reference, asked, distributions, troubles
    windows : oldest first
    full : the numbers of those that will get no more rows; they alone can raise an alarm
    findings : judged
    settings : by which they were
    labelled : window -> rows whose truth is known; None: no labels were given
    """
    answers = verdict.answers(findings, sorted(full))
    of: dict[int, list[Finding]] = {window.number: [] for window in windows}
    for finding in findings:
        of[finding.window].append(finding)
    return {
        "format": FORMAT,
        "status": verdict.overall({area: status for area, (_, status) in answers.items()}),
        **about,
        "rules": {name: getattr(settings, name) for name in ("least_rows", "significance", "limits")},
        "areas": {area: {"window": window, "status": status} for area, (window, status) in answers.items()},
        "windows": [
            {
                **_window(window),
                "labelled": None if labelled is None else labelled.get(window.number, 0),
                "full": window.number in full,
                **_statuses(of[window.number]),
            }
            for window in windows
        ],
        "alarms": [_finding(each) for each in verdict.standing(findings, answers, "alarm")],
        "warnings": [_finding(each) for each in verdict.standing(findings, answers, "warning")],
        "findings": [_finding(each) for each in findings],
    }


def alarms(content: Mapping[str, Any]) -> list[str]:
    """Give a line for each alarm of monitoring.json, the worst first."""
    return [line(each, content["windows"]) for each in content["alarms"]]


def line(finding: Mapping[str, Any], windows: Sequence[Mapping[str, Any]]) -> str:
    """Say a finding of monitoring.json in one line, such as `drift of age: js_distance 0.31 (2026-03-07 to ...)`.

    Parameters
    ----------
    finding : one of monitoring.json
    windows : those of monitoring.json
    """
    window = next(each for each in windows if each["number"] == finding["window"])
    before = "" if finding["reference"] is None else f", {finding['reference']:.4g} before"
    value = "unknown" if finding["value"] is None else f"{finding['value']:.4g}"
    return f"{name(finding)} {value}{before} ({period(window)})"


def name(finding: Mapping[str, Any]) -> str:
    """Name what a finding is about, such as `drift of age: js_distance` or `performance: roc_auc`."""
    subject = "" if finding["subject"] in ("", finding["measure"]) else f" of {finding['subject']}"
    return f"{finding['area']}{subject}: {finding['measure']}"


def period(window: Mapping[str, Any]) -> str:
    """Spell from when to when a window of monitoring.json goes; to the second where it is short."""
    start, end = (datetime.fromisoformat(window[key]) for key in ("start", "end"))
    spelled = "%Y-%m-%d %H:%M" if end - start >= SHORT else "%Y-%m-%d %H:%M:%S"
    last = f"{end:{spelled}}" if start.date() != end.date() else f"{end:{spelled.split()[1]}}"
    return f"{start:{spelled}} to {last}"


def news(content: Mapping[str, Any], last: Mapping[str, Any] | None, least: Status) -> list[Mapping[str, Any]]:
    """Give the alarms, and the warnings where these are asked for, that the last run did not have.

    Parameters
    ----------
    content, last : monitoring.json of this run, and of the one before; None: there was none
    least : `alarm` or `warning`
    """
    same = last is not None and all(last["model"][key] == content["model"][key] for key in ("version", "folder"))
    before = last if last is not None and same else {"alarms": [], "warnings": []}
    alarmed = {_key(each) for each in before["alarms"]}
    warned = alarmed | {_key(each) for each in before["warnings"]}
    told = [each for each in content["alarms"] if _key(each) not in alarmed]
    return told + [each for each in content["warnings"] if least == "warning" and _key(each) not in warned]


def prometheus(content: Mapping[str, Any]) -> str:
    """Give monitoring.json's newest figures as text for node_exporter's textfile collector, which wants no times."""
    from prometheus_client import CollectorRegistry, Gauge, generate_latest

    registry = CollectorRegistry()

    def gauge(name: str, means: str, *labels: str) -> Gauge:
        return Gauge(f"cairn_monitor_{name}", means, labels, registry=registry)

    made = datetime.fromisoformat(content["made"]).timestamp()
    gauge("last_run_timestamp_seconds", "When monitoring last looked").set(made)
    gauge("status", "The worst: 0 ok, 1 warning, 2 alarm, -1 unknown").set(NUMBERS[content["status"]])
    model = {key: content["model"][key] or "" for key in ("version", "stage")}
    gauge("model_info", "The model that is monitored", *model).labels(**model).set(1)
    full = [window for window in content["windows"] if window["full"]]
    if full:
        for key in ("start", "end"):
            at = datetime.fromisoformat(full[-1][key]).timestamp()
            gauge(f"window_{key}_timestamp_seconds", f"The {key} of the newest full window").set(at)
        gauge("window_rows", "Predictions recorded in it").set(full[-1]["rows"])
    figures = {
        key: gauge(key, f"The {key} of a figure, in its own units", *LABELS) for key in ("value", "reference", "change")
    }
    status = gauge("finding_status", "What the limits say: 0 ok, 1 warning, 2 alarm, -1 unknown", *LABELS)
    for finding in newest(content):
        labels = [finding[label] for label in LABELS]
        status.labels(*labels).set(NUMBERS[finding["status"]])
        for key, figure in figures.items():
            if finding[key] is not None:
                figure.labels(*labels).set(finding[key])
    return generate_latest(registry).decode()


def newest(content: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Give the findings of the windows that answer for their areas; where none does, of the newest full one."""
    full = max((window["number"] for window in content["windows"] if window["full"]), default=None)
    answering = {area: full if each["window"] is None else each["window"] for area, each in content["areas"].items()}
    return [each for each in content["findings"] if each["window"] == answering[each["area"]]]


def _window(window: Window) -> dict[str, Any]:
    return {**window._asdict(), "start": said(window.start), "end": said(window.end)}


def _statuses(findings: Sequence[Finding]) -> dict[str, Any]:
    """Sum up a window's findings: the worst of all, and of each area, and how many have which."""
    areas = {area: verdict.worst(each.status for each in findings if each.area == area) for area in AREAS}
    counts = {status: sum(each.status == status for each in findings) for status in NUMBERS}
    return {"status": verdict.overall(areas), "areas": areas, "counts": counts}


def _finding(finding: Finding) -> dict[str, Any]:
    """Give a finding as JSON can say it, which knows neither NumPy's numbers nor one that is none."""
    figures = finding._asdict()
    for key in ("value", "reference", "change", "p_value", "low", "high"):
        value = figures[key]
        figures[key] = None if value is None or not math.isfinite(value) else float(value)
    return {**figures, "window": int(finding.window), "rows": int(finding.rows)}


def _key(finding: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(finding[label] for label in LABELS)
