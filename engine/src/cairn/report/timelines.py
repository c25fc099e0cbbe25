"""Draw the figures of monitoring by window, with intervals, references, limits and status.

A status is a shape as well as a colour: a dot is ok, a triangle is a warning, a cross is an alarm.
"""

import math
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from cairn.documents import to_json
from cairn.monitoring.documents import WindowSummary
from cairn.report import charts, monitoring_text
from cairn.report.charts import Row, Spec, tipped
from cairn.report.monitoring_text import format_value
from cairn.report.series import Series

HEIGHT = 190
MANY_WINDOWS = 40  # for which marks are small
CROSS = "M-0.8,-0.8L0.8,0.8M0.8,-0.8L-0.8,0.8"
SHAPES = {"ok": "circle", "warning": "triangle-up", "alarm": CROSS, "unknown": "circle"}
COLOURS = {"ok": charts.SERIES[0], "warning": "var(--fair)", "alarm": "var(--bad)", "unknown": "var(--edge)"}
Windows = Mapping[int, WindowSummary]
Extent = tuple[str, str]  # the start and the end of the axis
BAND: Spec = {"type": "area", "opacity": 0.18, "aria": False}


def timeline(series: Series, windows: Windows, *, extent: Extent) -> Spec:
    """Draw a figure by window: its interval as a band, the reference dashed, the limits where they are lines.

    Parameters
    ----------
    series : to draw
    windows : by number; findings of other windows are left out
    extent : the start and the end of the axis
    """
    rows, lines = points(series, windows), limits(series)
    y = _y(series.measure, rows, [limit for limit, _ in lines])
    layers: list[Spec] = [_band(charts.SERIES[0])] if any(row["low"] is not None for row in rows) else []
    layers += _reference(rows, y)
    layers += _limits(lines, extent)
    layers += [_line(charts.SERIES[0]), status_marks({"description": {"field": "tip"}}, size=_size(windows))]
    return _in_time(rows, layers, y, extent)


def points(series: Series, windows: Windows) -> list[dict[str, Any]]:
    """Place findings in the middle of their windows, each with its tip."""
    rows = [
        {
            **to_json(finding),
            "at": middle(windows[finding.window]),
            "period": monitoring_text.period(windows[finding.window]),
        }
        for finding in series.findings
        if finding.window in windows
    ]
    return tipped(rows, lambda row: _tip(series, row))


def estimated_and_real(estimated: Series, real: Series, windows: Windows, *, extent: Extent) -> Spec:
    """Draw the estimate of a metric, and its real values from labels."""
    estimates, values = points(estimated, windows), points(real, windows)
    lines = limits(real)
    y = _y(real.measure, [*estimates, *values], [limit for limit, _ in lines])
    layers = [
        {"data": {"values": estimates}, **_band(charts.SERIES[3])},
        {"data": {"values": values}, **_band(charts.SERIES[0])},
        *_reference([*values, *estimates], y),
        *_limits(lines, extent),
        {"data": {"values": estimates}, **_line(charts.SERIES[3])},
        {
            "data": {"values": estimates},
            **status_marks({"description": {"field": "tip"}}, size=_size(windows), ok=charts.SERIES[3]),
        },
        {"data": {"values": values}, **_line(charts.SERIES[0])},
        {"data": {"values": values}, **status_marks({"description": {"field": "tip"}}, size=_size(windows))},
    ]
    return _in_time([], layers, y, extent)


def several(chosen: Sequence[Series], windows: Windows, names: Sequence[str], extent: Extent) -> Spec:
    """Draw a line for each of several groups, or of several figures of one unit."""
    rows = [{**row, "series": name} for each, name in zip(chosen, names, strict=True) for row in points(each, windows)]
    y = _y(chosen[0].measure, rows)
    colour = {
        "field": "series",
        "type": "nominal",
        "legend": None,
        "scale": {"domain": list(names), "range": charts.SERIES[: len(names)]},
    }
    layers = [
        {
            "mark": {"type": "line", "aria": False, "invalid": "break-paths-filter-domains"},
            "encoding": {"stroke": colour},
        },
        status_marks({"description": {"field": "tip"}, "stroke": colour, "fill": colour}, size=_size(windows)),
    ]
    return _in_time(rows, layers, y, extent)


def traffic(series: Series, windows: Sequence[WindowSummary], *, extent: Extent) -> Spec:
    """Draw the rows of each window; a window that is not full is drawn lighter."""
    by_number = {window.number: window for window in windows}
    rows = [
        {**row, **{key: getattr(by_number[row["window"]], key) for key in ("start", "end", "full")}}
        for row in points(series, by_number)
    ]
    light = {"condition": {"test": "datum.full", "value": 1}, "value": 0.45}
    bar: Spec = {
        "mark": {"type": "rect", "fill": charts.SERIES[0], "stroke": "var(--sheet)", "strokeWidth": 1},
        "encoding": {
            "x": {"field": "start", "type": "temporal", "scale": _time(extent)},
            "x2": {"field": "end"},
            "y": charts.axis("value", None, scale={"zero": True, "nice": True}, axis={"format": "~s"}),
            "y2": {"datum": 0},
            "opacity": light,
            "description": {"field": "tip"},
        },
    }
    return _in_time(rows, [bar], None, extent)


def limits(series: Series) -> list[tuple[float, str]]:
    """Compute the value at which each limit is reached, where that follows from the findings.

    Limits are of `change`. A limit is a line if in every window `change` is the difference from the reference, or that
    relative to the reference, or that less a constant. Otherwise there is no line.
    """
    changed = [
        (finding.value, finding.reference, finding.change)
        for finding in series.findings
        if finding.change is not None and finding.change > 0 and finding.value is not None
    ]
    references = {reference for _, reference, _ in changed}
    reference = references.pop() if len(references) == 1 else None
    if reference is None:
        return []
    signs = sorted({math.copysign(1, value - reference) for value, _, _ in changed})
    gaps = [abs(value - reference) for value, _, _ in changed]
    changes = [change for _, _, change in changed]
    for unit, allowed in ((1.0, 0.0), (abs(reference), 0.0), (1.0, gaps[0] - changes[0])):
        equal = [
            math.isclose(gap, change * unit + allowed, rel_tol=1e-6, abs_tol=1e-9)
            for gap, change in zip(gaps, changes, strict=True)
        ]
        if unit and all(equal) and (allowed == 0 or len(set(changes)) > 1):
            values = ((status, series.limits.get(status)) for status in ("warning", "alarm"))
            return [
                (reference + sign * (unit * limit + allowed), status)
                for status, limit in values
                if limit
                for sign in signs
            ]
    return []


def middle(window: WindowSummary) -> str:
    """Return the middle of a window."""
    start, end = datetime.fromisoformat(window.start), datetime.fromisoformat(window.end)
    return (start + (end - start) / 2).isoformat()


def _tip(series: Series, row: Row) -> str:
    name = series.measure
    parts = [f"{row['period']}: {monitoring_text.label(series)} {format_value(name, row['value'])}"]
    if row["low"] is not None and row["high"] is not None:
        parts[0] += f" ({format_value(name, row['low'])} to {format_value(name, row['high'])})"
    if row["reference"] is not None:
        parts.append(f"reference {format_value(name, row['reference'])}")
    if row["status"] in ("warning", "alarm"):
        parts.append(row["status"])
    return ", ".join([*parts, *([row["note"]] if row["note"] else [])])


def _in_time(rows: Sequence[Row], layers: list[Spec], y: Spec | None, extent: Extent) -> Spec:
    shared: Spec = {"y": y} if y else {}
    if y:
        shared["x"] = {"field": "at", "type": "temporal", "title": None, "scale": _time(extent)}
    for layer in layers if not y else []:
        layer["encoding"]["x"] |= {"title": None}
    axis = {"format": _format(extent), "tickCount": 5, "labelOverlap": "greedy"}
    for each in [shared] if y else [layer["encoding"] for layer in layers]:
        each["x"] = {**each["x"], "axis": axis}
    return {"data": {"values": list(rows)}, "layer": layers, "encoding": shared, "height": HEIGHT}


def _line(colour: str) -> Spec:
    return {"mark": {"type": "line", "stroke": colour, "aria": False, "invalid": "break-paths-filter-domains"}}


def _band(colour: str) -> Spec:
    ends = {"y": {"field": "low", "type": "quantitative", "title": None}, "y2": {"field": "high"}}
    return {"mark": {**BAND, "fill": colour, "invalid": "break-paths-filter-domains"}, "encoding": ends}


def _reference(rows: Sequence[Row], y: Spec) -> list[Spec]:
    if not any(row["reference"] is not None for row in rows):
        return []
    by_time = sorted((row for row in rows if row["reference"] is not None), key=lambda row: row["at"])
    mark = {**charts.DASHED, "type": "line", "strokeWidth": 1.2}
    return [{"data": {"values": by_time}, "mark": mark, "encoding": {"y": {**y, "field": "reference"}}}]


def _limits(lines: Sequence[tuple[float, str]], extent: Extent) -> list[Spec]:
    dotted = {**charts.DASHED, "type": "line", "strokeWidth": 1.5, "strokeDash": [1, 4]}
    return [
        {
            "data": {"values": [{"at": end, "value": limit} for end in extent]},
            "mark": {**dotted, "stroke": COLOURS[status]},
        }
        for limit, status in lines
    ]


def status_marks(encoding: Spec, *, size: int = 52, ok: str = charts.SERIES[0], aria: bool = True) -> Spec:
    colours = {**COLOURS, "ok": ok}
    colour = {"field": "status", "type": "nominal", "legend": None, "scale": status_scale(colours)}
    shape = {"field": "status", "type": "nominal", "legend": None, "scale": status_scale(SHAPES)}
    sizes = {"condition": {"test": "datum.status === 'ok' || datum.status === 'unknown'", "value": 0.5 * size}}
    return {
        "mark": {"type": "point", "strokeWidth": 1.8, "opacity": 1, "aria": aria},
        "transform": [{"filter": "datum.value !== null"}],
        "encoding": {
            "shape": shape,
            "stroke": colour,
            "fill": colour,
            "size": {**sizes, "value": 1.6 * size},
            **encoding,
        },
    }


def _size(windows: Windows) -> int:
    return 52 if len(windows) <= MANY_WINDOWS else 16


def status_scale(values: Mapping[str, str]) -> Spec:
    """Map each status to a shape or colour."""
    return {"domain": list(values), "range": list(values.values())}


def _y(measure: str, rows: Sequence[Row], more: Sequence[float] = ()) -> Spec:
    """Return an axis that contains all values; a constant is in its middle."""
    drawn = [row[key] for row in rows for key in ("value", "low", "high", "reference") if row[key] is not None]
    lowest, highest = min([*drawn, *more], default=0.0), max([*drawn, *more], default=1.0)
    if lowest == highest:
        lowest, highest = (0.0, highest or 1.0) if lowest >= 0 else (lowest, 0.0)
    shares = {"format": "~p"} if measure.endswith(monitoring_text.SHARES) else {}
    scale = {"domain": [lowest, highest], "nice": True, "zero": False}
    return charts.axis("value", None, scale=scale, axis={"tickCount": 4, **shares})


def _time(extent: Extent) -> Spec:
    return {"type": "utc", "domain": list(extent)}


def _format(extent: Extent) -> str:
    start, end = (datetime.fromisoformat(each) for each in extent)
    days = (end - start).total_seconds() / 86400
    return "%H:%M" if days <= 1.5 else "%-d %b %H:%M" if days <= 4 else "%-d %b" if days <= 400 else "%b %Y"
