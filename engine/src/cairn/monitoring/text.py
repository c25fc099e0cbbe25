"""Print monitoring.json on one screen: a table of windows by area, then the alarms and warnings, the worst first."""

from collections.abc import Sequence
from datetime import datetime

from tabulate import tabulate

from cairn.monitoring.documents import MonitoringReport, WindowSummary
from cairn.monitoring.export import finding_line, finding_name, format_period
from cairn.number_text import p_value, plain

WINDOWS_SHOWN = 14  # the newest
FINDINGS_SHOWN = 15  # the worst
ALARMS_NAMED = 3  # in the one line on stderr
STATUS_TEXTS = {"ok": "ok", "warning": "warning", "alarm": "ALARM", "unknown": "-"}


def screen(report: MonitoringReport) -> str:
    """Format the whole report."""
    notes = "\n".join(f"note: {trouble}" for trouble in report.troubles)
    return "\n\n".join(part for part in (heading(report), windows(report), findings(report), notes) if part)


def heading(report: MonitoringReport) -> str:
    """Name the model, the number of predictions and the reference."""
    model, reference = report.model, report.reference
    name = f"{model.name} {model.version or 'in ' + model.folder}" + (f" ({model.stage})" if model.stage else "")
    text = f"{name}: {report.rows.recorded:,} predictions"
    if report.rows.labelled is not None:
        text += f", {report.rows.labelled:,} of them with a label"
    compared = f"the model's baseline of {reference.rows:,} rows"
    if reference.since is not None and reference.until is not None:
        compared = f"{reference.rows:,} predictions of {format_period(reference.since, reference.until)}"
    return f"{text}, compared with {compared}; times in UTC"


def windows(report: MonitoringReport) -> str:
    """Format the newest windows, a line each, with a column for each area that was measured."""
    shown = report.windows[-WINDOWS_SHOWN:]
    if not shown:
        return ""
    measured = {finding.area for finding in report.findings}
    areas = [area for area in report.areas if area in measured]
    has_labels = report.rows.labelled is not None
    rows = []
    for window in shown:
        counts = [f"{window.rows:,}", *([f"{window.labelled:,}"] if has_labels else [])]
        statuses = [STATUS_TEXTS[window.areas[area]] for area in areas]
        rows.append([_start(window) + ("" if window.full else " so far"), *counts, *statuses])
    earlier = len(report.windows) - len(shown)
    more = f"\n({earlier:,} earlier windows are in the report)" if earlier else ""
    return (
        _table(["window", "rows", *(["labels"] if has_labels else []), *areas], rows, right=2 if has_labels else 1)
        + more
    )


def findings(report: MonitoringReport) -> str:
    """Format the alarms and warnings of the windows that decide, the worst first."""
    bad = [*report.alarms, *report.warnings]
    if not bad:
        return {
            "ok": "No figure reached its limit.",
            "unknown": "Nothing could be judged: no full window has enough rows.",
        }.get(report.status, "")
    starts = {window.number: _start(window) for window in report.windows}
    rows = [
        [
            STATUS_TEXTS[finding.status],
            finding_name(finding),
            *(plain(value) for value in (finding.value, finding.reference, finding.change)),
            p_value(finding.p_value),
            f"{finding.rows:,}",
            starts[finding.window],
        ]
        for finding in bad[:FINDINGS_SHOWN]
    ]
    more = f"\n(and {len(bad) - FINDINGS_SHOWN:,} more)" if len(bad) > FINDINGS_SHOWN else ""
    names = ["", "finding", "value", "before", "change", "p-value", "rows", "window from"]
    return _table(names, rows, left=2, right=5) + more


def alarm_line(report: MonitoringReport) -> str:
    """Name the alarms in one line, the worst first."""
    lines = [finding_line(alarm, report.windows) for alarm in report.alarms[:ALARMS_NAMED]]
    more = len(report.alarms) - len(lines)
    return "; ".join([*lines, *([f"and {more:,} more"] if more else [])])


def _table(names: Sequence[str], rows: Sequence[Sequence[str]], *, left: int = 1, right: int) -> str:
    """Align the first columns to the left, the next ones to the right, and all others to the left."""
    alignment = ["left"] * left + ["right"] * right + ["left"] * (len(names) - left - right)
    table = tabulate([names, *rows], tablefmt="plain", disable_numparse=True, colalign=alignment)
    return "\n".join(line.rstrip() for line in table.splitlines())


def _start(window: WindowSummary) -> str:
    return f"{datetime.fromisoformat(window.start):%Y-%m-%d %H:%M}"
