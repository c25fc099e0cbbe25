"""Build monitoring.json from judged findings, and its figures for Prometheus."""

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from prometheus_client import CollectorRegistry, Gauge, generate_latest

from cairn.monitoring import verdict
from cairn.monitoring.documents import (
    AreaStatus,
    Distribution,
    Limits,
    MonitoredModel,
    MonitoringReport,
    Reference,
    Request,
    RowCounts,
    WindowSummary,
)
from cairn.monitoring.finding import Area, Finding, Status, Window
from cairn.monitoring.settings import AREAS, Settings
from cairn.monitoring.timespec import to_iso
from cairn.number_text import plain

FORMAT = 1
STATUS_NUMBERS: dict[Status, int] = {"unknown": -1, "ok": 0, "warning": 1, "alarm": 2}
SHORT_WINDOW = timedelta(minutes=10)  # times of a shorter window are printed to the second
LABELS = ("area", "subject", "measure")


@dataclass(frozen=True, kw_only=True)
class Context:
    """The parts of monitoring.json that do not follow from the findings; see `MonitoringReport`."""

    made: str
    model: MonitoredModel
    reference: Reference
    asked: Request
    rows: RowCounts
    distributions: dict[str, Distribution]
    prediction: Distribution | None
    troubles: list[str]


def build_report(
    context: Context,
    windows: Sequence[Window],
    full: Collection[int],
    findings: Sequence[Finding],
    settings: Settings,
    labelled: Mapping[int, int] | None = None,
) -> MonitoringReport:
    """Build the content of monitoring.json.

    Parameters
    ----------
    context : the other parts
    windows : oldest first
    full : the numbers of windows that will get no more rows; only these can raise an alarm
    findings : judged
    settings : that they were judged by
    labelled : window -> rows with a label; None: no labels were given
    """
    deciding = verdict.deciding_windows(findings, sorted(full))
    by_window: dict[int, list[Finding]] = {window.number: [] for window in windows}
    for finding in findings:
        by_window[finding.window].append(finding)
    return MonitoringReport(
        format=FORMAT,
        status=verdict.overall_status({area: status for area, (_, status) in deciding.items()}),
        **vars(context),
        rules=Limits(least_rows=settings.least_rows, significance=settings.significance, limits=settings.limits),
        areas={area: AreaStatus(window=window, status=status) for area, (window, status) in deciding.items()},
        windows=[
            _summarise(
                window,
                by_window[window.number],
                labelled=None if labelled is None else labelled.get(window.number, 0),
                full=window.number in full,
            )
            for window in windows
        ],
        alarms=[_plain(finding) for finding in verdict.deciding_findings(findings, deciding, "alarm")],
        warnings=[_plain(finding) for finding in verdict.deciding_findings(findings, deciding, "warning")],
        findings=[_plain(finding) for finding in findings],
    )


def alarm_lines(report: MonitoringReport) -> list[str]:
    """Return a line for each alarm, the worst first."""
    return [finding_line(alarm, report.windows) for alarm in report.alarms]


def finding_line(finding: Finding, windows: Sequence[WindowSummary]) -> str:
    """Describe a finding in one line, such as `drift of age: js_distance 0.31 (2026-03-07 to ...)`."""
    window = next(window for window in windows if window.number == finding.window)
    before = "" if finding.reference is None else f", {plain(finding.reference)} before"
    value = plain(finding.value, missing="unknown")
    return f"{finding_name(finding)} {value}{before} ({format_period(window.start, window.end)})"


def finding_name(finding: Finding) -> str:
    """Name a finding, such as `drift of age: js_distance` or `performance: roc_auc`."""
    subject = "" if finding.subject in ("", finding.measure) else f" of {finding.subject}"
    return f"{finding.area}{subject}: {finding.measure}"


def format_period(start: str, end: str) -> str:
    """Format the start and the end of a window for people; a short one to the second."""
    first, last = datetime.fromisoformat(start), datetime.fromisoformat(end)
    pattern = "%Y-%m-%d %H:%M" if last - first >= SHORT_WINDOW else "%Y-%m-%d %H:%M:%S"
    ending = f"{last:{pattern}}" if first.date() != last.date() else f"{last:{pattern.split()[1]}}"
    return f"{first:{pattern}} to {ending}"


def new_findings(report: MonitoringReport, previous: MonitoringReport | None, least: Status) -> list[Finding]:
    """Return the alarms, and on request the warnings, that the previous run did not have.

    Parameters
    ----------
    report : of this run
    previous : of the run before; None: there was none
    least : `alarm` or `warning`
    """
    if previous is None or (previous.model.version, previous.model.folder) != (
        report.model.version,
        report.model.folder,
    ):
        alarmed, warned = set(), set()
    else:
        alarmed = {_key(alarm) for alarm in previous.alarms}
        warned = alarmed | {_key(warning) for warning in previous.warnings}
    alarms = [alarm for alarm in report.alarms if _key(alarm) not in alarmed]
    return alarms + [each for each in report.warnings if least == "warning" and _key(each) not in warned]


def prometheus(report: MonitoringReport) -> str:
    """Write the newest figures as text for node_exporter's textfile collector, which refuses timestamps."""
    registry = CollectorRegistry()

    def gauge(name: str, means: str, *labels: str) -> Gauge:
        return Gauge(f"cairn_monitor_{name}", means, labels, registry=registry)

    made = datetime.fromisoformat(report.made).timestamp()
    gauge("last_run_timestamp_seconds", "When monitoring last looked").set(made)
    gauge("status", "The worst: 0 ok, 1 warning, 2 alarm, -1 unknown").set(STATUS_NUMBERS[report.status])
    model = {"version": report.model.version or "", "stage": report.model.stage or ""}
    gauge("model_info", "The model that is monitored", *model).labels(**model).set(1)
    full = [window for window in report.windows if window.full]
    if full:
        for name, time in (("start", full[-1].start), ("end", full[-1].end)):
            seconds = datetime.fromisoformat(time).timestamp()
            gauge(f"window_{name}_timestamp_seconds", f"The {name} of the newest full window").set(seconds)
        gauge("window_rows", "Predictions recorded in it").set(full[-1].rows)
    figures = {
        name: gauge(name, f"The {name} of a figure, in its own units", *LABELS)
        for name in ("value", "reference", "change")
    }
    status = gauge("finding_status", "What the limits say: 0 ok, 1 warning, 2 alarm, -1 unknown", *LABELS)
    for finding in deciding_or_newest(report):
        status.labels(*_key(finding)).set(STATUS_NUMBERS[finding.status])
        for name, figure in figures.items():
            value = getattr(finding, name)
            if value is not None:
                figure.labels(*_key(finding)).set(value)
    return generate_latest(registry).decode()


def deciding_or_newest(report: MonitoringReport) -> list[Finding]:
    """Return the findings of the window that decides each area; of an undecided area those of the newest full one."""
    newest = max((window.number for window in report.windows if window.full), default=None)
    deciding = {name: newest if area.window is None else area.window for name, area in report.areas.items()}
    return [finding for finding in report.findings if finding.window == deciding[finding.area]]


def _summarise(window: Window, findings: Sequence[Finding], *, labelled: int | None, full: bool) -> WindowSummary:
    areas: dict[Area, Status] = {
        area: verdict.worst_status(finding.status for finding in findings if finding.area == area) for area in AREAS
    }
    return WindowSummary(
        number=window.number,
        start=to_iso(window.start),
        end=to_iso(window.end),
        rows=window.rows,
        labelled=labelled,
        full=full,
        status=verdict.overall_status(areas),
        areas=areas,
        counts={status: sum(finding.status == status for finding in findings) for status in STATUS_NUMBERS},
    )


def _plain(finding: Finding) -> Finding:
    """Replace NumPy's numbers by Python's, and a figure that is not finite by None: JSON has neither."""
    return replace(
        finding,
        window=int(finding.window),
        rows=int(finding.rows),
        value=_finite(finding.value),
        reference=_finite(finding.reference),
        change=_finite(finding.change),
        p_value=_finite(finding.p_value),
        low=_finite(finding.low),
        high=_finite(finding.high),
    )


def _finite(value: float | None) -> float | None:
    return None if value is None or not math.isfinite(value) else float(value)


def _key(finding: Finding) -> tuple[str, str, str]:
    return finding.area, finding.subject, finding.measure
