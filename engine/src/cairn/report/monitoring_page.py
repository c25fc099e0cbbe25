"""Build the page of monitoring: one HTML file with the verdict, its reasons, the charts and all findings."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from cairn.monitoring.documents import MonitoringReport, WindowSummary
from cairn.monitoring.finding import Finding
from cairn.report import metric_text, monitoring_charts, monitoring_text, timelines
from cairn.report.card import title
from cairn.report.rendering import fill_page
from cairn.report.series import SEVERITY, Series, bad, build_series, of_areas

WINDOWS_DRAWN = 120  # the newest
FINDINGS_SHOWN = 1000  # in the table
FAULTS_SHOWN = 4  # of an area, in the summary; the others are counted there
SECTIONS = {
    "performance": ("estimate", "performance"),
    "calibration": ("calibration",),
    "quality": ("quality",),
    "drift": ("drift",),
    "prediction": ("prediction",),
    "bias": ("bias",),
    "attribution": ("attribution",),
    "traffic": ("traffic",),
}


class Sparkline(NamedTuple):
    """A time series the size of a word: 120 units wide and 24 high.

    Parameters
    ----------
    lines : of points `x,y`, without a gap
    reference : its height; None: there is none
    marks : x, y and status of each warning and alarm
    """

    lines: list[list[str]]
    reference: float | None
    marks: list[tuple[float, float, str]]


def monitoring_page(report: MonitoringReport) -> str:
    """Write the page of monitoring.

    Parameters
    ----------
    report : the content of reports/monitoring.json

    Returns
    -------
    str : HTML with its style, script and drawings inside; the same for the same report
    """
    series = build_series(report)
    windows = report.windows[-WINDOWS_DRAWN:]
    pictures, charts = monitoring_charts.draw_charts(report, series, windows)
    return fill_page(
        "monitoring.html",
        **vars(report),
        title=title(None, vars(report.model)),
        all_series=series,
        series_of={name: of_areas(series, *areas) for name, areas in SECTIONS.items()},
        sections_of=SECTIONS,
        drawn=windows,
        by_number={window.number: window for window in report.windows},
        faults=faults(series),
        tiles=tiles(report, series),
        table_rows=table_rows(report),
        pictures=pictures,
        charts=charts,
        since=bad_since(report, series),
        why=reasons(series),
        assumptions=assumptions(report),
        command=monitoring_text.command(report),
        text=monitoring_text,
        spark=sparkline,
        bad=bad,
    )


def faults(series: Sequence[Series]) -> list[tuple[str, list[Series], int]]:
    """Choose the faults of the summary, the worst first; of many features with one fault, the worst ones.

    Returns
    -------
    list of tuple : area, its worst series, and the number of others
    """
    by_area: dict[str, list[Series]] = {}
    for each in bad(series):
        by_area.setdefault(each.area, []).append(each)
    return [(area, many[:FAULTS_SHOWN], len(many[FAULTS_SHOWN:])) for area, many in by_area.items()]


def bad_since(report: MonitoringReport, series: Sequence[Series]) -> str | None:
    """Return the start of the earliest fault that is as bad as the whole; None if there is no fault."""
    starts = {window.number: window.start for window in report.windows}
    worst = [each.since for each in bad(series) if each.status == report.status and each.since is not None]
    return starts[min(worst)] if worst else None


def tiles(report: MonitoringReport, series: Sequence[Series]) -> list[dict[str, Any]]:
    """Choose the main figures for the top of the page, each with its sparkline."""
    main = metric_text.LEADING[report.model.task][0]
    wanted = (
        [("performance", "", main)],
        [("estimate", "", main)],
        [("prediction", "", "mean"), ("prediction", "", "js_distance")],
        [("traffic", "", "rows")],
        [("traffic", "", f"seconds_p{share}") for share in (99, 95, 50)],
    )
    known = {each[:3]: each for each in series if each.now and each.now.value is not None}
    chosen = [next((known[key] for key in keys if key in known), None) for keys in wanted]
    return [{"series": each, "spark": sparkline(each, report.windows)} for each in chosen if each][:4]


def table_rows(report: MonitoringReport) -> list[Finding]:
    """Choose the findings of the table: warnings and alarms of any window, and all of the windows that decide."""
    deciding = {name: area.window for name, area in report.areas.items()}
    kept = [
        finding
        for finding in report.findings
        if finding.status in ("warning", "alarm") or finding.window == deciding.get(finding.area)
    ]
    return sorted(kept, key=lambda finding: (-SEVERITY[finding.status], -finding.window))[:FINDINGS_SHOWN]


def reasons(series: Sequence[Series]) -> dict[str, list[str]]:
    """Collect the reasons for missing figures from the notes: area -> notes, the newest first."""
    notes: dict[str, list[str]] = {}
    for each in series:
        for finding in reversed(each.findings):
            known = notes.setdefault(each.area, [])
            if finding.value is None and finding.note and finding.note not in known:
                known.append(finding.note)
    return {area: known for area, known in notes.items() if known}


def assumptions(report: MonitoringReport) -> list[tuple[str, str]]:
    """Collect the assumptions of estimates from the notes: area and note, each once."""
    noted = ((finding.area, finding.note) for finding in report.findings if finding.status != "unknown")
    return list(dict.fromkeys((area, note) for area, note in noted if note and area == "estimate"))


def sparkline(series: Series, windows: Sequence[WindowSummary]) -> Sparkline | None:
    """Compute a sparkline; None where there is no value."""
    places = {window.number: place for place, window in enumerate(windows)}
    findings = [finding for finding in series.findings if finding.window in places]
    reference = findings[-1].reference if findings else None
    values = [finding.value for finding in findings if finding.value is not None]
    if not values:
        return None
    beside = [*([] if reference is None else [reference]), *(limit for limit, _ in timelines.limits(series)[:1])]
    lowest, highest = min([*values, *beside]), max([*values, *beside])

    def height(value: float) -> float:
        return round(21 - 18 * (value - lowest) / (highest - lowest), 1) if highest > lowest else 12.0

    step = 114 / max(1, len(windows) - 1)
    lines: list[list[str]] = [[]]
    marks = []
    for finding in findings:
        if finding.value is None:
            lines.append([])
            continue
        x, y = round(3 + step * places[finding.window], 1), height(finding.value)
        lines[-1].append(f"{x:g},{y:g}")
        if finding.status in ("warning", "alarm"):
            marks.append((x, y, str(finding.status)))
    return Sparkline([line for line in lines if line], None if reference is None else height(reference), marks)
