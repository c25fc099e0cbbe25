"""The charts of monitoring: figures by window, with intervals, what they are held against, and how they were judged.

A judgement is a shape as well as a colour: a dot is well, a triangle is a warning, a cross is an alarm.
"""

import math
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from cairn.report import charts, monitoring_text
from cairn.report.charts import Row, Spec, tipped
from cairn.report.monitoring_text import spelt
from cairn.report.series import Series

HEIGHT = 190
MANY = 40  # windows, from which on marks are small
CROSS = "M-0.8,-0.8L0.8,0.8M0.8,-0.8L-0.8,0.8"
SHAPES = {"ok": "circle", "warning": "triangle-up", "alarm": CROSS, "unknown": "circle"}
INKS = {"ok": charts.SERIES[0], "warning": "var(--fair)", "alarm": "var(--bad)", "unknown": "var(--edge)"}
BAND: Spec = {"type": "area", "opacity": 0.18, "aria": False}


def timeline(series: Series, windows: Mapping[int, Row], *, extent: tuple[str, str]) -> Spec:
    """Draw a figure by window: its interval as a band, the reference dashed, the limits where they can be drawn.

    Parameters
    ----------
    series : what to draw
    windows : by number; findings of other windows are left out
    extent : the first and the last moment that is drawn
    """
    rows, lines = points(series, windows), limits(series)
    y = _y(series.measure, rows, [limit for limit, _ in lines])
    layers: list[Spec] = [_band(charts.SERIES[0])] if any(row["low"] is not None for row in rows) else []
    layers += _held_against(rows, y)
    layers += _limits(lines, extent)
    layers += [_line(charts.SERIES[0]), judged({"description": {"field": "tip"}}, size=_size(windows))]
    return _in_time(rows, layers, y, extent)


def told(series: Series, rows: Sequence[Row]) -> list[dict[str, Any]]:
    """Give rows their tips."""
    return tipped(rows, lambda row: _tip(series, row))


def points(series: Series, windows: Mapping[int, Row]) -> list[dict[str, Any]]:
    """Place findings in time, each in the middle of its window."""
    placed = [
        {**row, "at": middle(windows[row["window"]]), "said": monitoring_text.span(windows[row["window"]])}
        for row in series.rows
        if row["window"] in windows
    ]
    return told(series, placed)


def both(estimated: Series, real: Series, windows: Mapping[int, Row], *, extent: tuple[str, str]) -> Spec:
    """Draw a metric as it was expected to be, and as labels later showed it."""
    expected, found = points(estimated, windows), points(real, windows)
    lines = limits(real)
    y = _y(real.measure, [*expected, *found], [limit for limit, _ in lines])
    layers = [
        {"data": {"values": expected}, **_band(charts.SERIES[3])},
        {"data": {"values": found}, **_band(charts.SERIES[0])},
        *_held_against([*found, *expected], y),
        *_limits(lines, extent),
        {"data": {"values": expected}, **_line(charts.SERIES[3])},
        {
            "data": {"values": expected},
            **judged({"description": {"field": "tip"}}, size=_size(windows), ok=charts.SERIES[3]),
        },
        {"data": {"values": found}, **_line(charts.SERIES[0])},
        {"data": {"values": found}, **judged({"description": {"field": "tip"}}, size=_size(windows))},
    ]
    return _in_time([], layers, y, extent)


def several(
    chosen: Sequence[Series], windows: Mapping[int, Row], names: Sequence[str], extent: tuple[str, str]
) -> Spec:
    """Draw the same figure of several groups, or several figures of one unit, a line each."""
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
        judged({"description": {"field": "tip"}, "stroke": colour, "fill": colour}, size=_size(windows)),
    ]
    return _in_time(rows, layers, y, extent)


def traffic(series: Series, windows: Sequence[Row], *, extent: tuple[str, str]) -> Spec:
    """Draw how many rows each window has; one that has not ended is drawn lighter."""
    by_number = {each["number"]: each for each in windows}
    rows = [
        {**row, **{key: by_number[row["window"]][key] for key in ("start", "end", "full")}}
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
    """Say at which value a limit is reached, where that can be told from the findings.

    Limits hold `change`. In every window that is the difference from the reference, or that in parts of it, or that
    less what is allowed: then a limit is a line. Otherwise there is none to draw.
    """
    judged = [row for row in series.rows if (row["change"] or 0) > 0 and row["value"] is not None]
    references = {row["reference"] for row in judged}
    if len(references) != 1 or None in references:
        return []
    (reference,) = references
    signs = sorted({math.copysign(1, row["value"] - reference) for row in judged})
    gaps = [abs(row["value"] - reference) for row in judged]
    changes = [row["change"] for row in judged]
    for unit, allowed in ((1.0, 0.0), (abs(reference), 0.0), (1.0, gaps[0] - changes[0])):
        told = [
            math.isclose(gap, change * unit + allowed, rel_tol=1e-6, abs_tol=1e-9)
            for gap, change in zip(gaps, changes, strict=True)
        ]
        if unit and all(told) and (allowed == 0 or len(set(changes)) > 1):
            known = ((status, series.limits.get(status)) for status in ("warning", "alarm"))
            return [
                (reference + sign * (unit * limit + allowed), status)
                for status, limit in known
                if limit
                for sign in signs
            ]
    return []


def middle(window: Row) -> str:
    """Give the moment between a window's start and its end."""
    start, end = (datetime.fromisoformat(window[key]) for key in ("start", "end"))
    return (start + (end - start) / 2).isoformat()


def _tip(series: Series, row: Row) -> str:
    name = series.measure
    parts = [f"{row['said']}: {monitoring_text.label(series)} {spelt(name, row['value'])}"]
    if row["low"] is not None and row["high"] is not None:
        parts[0] += f" ({spelt(name, row['low'])} to {spelt(name, row['high'])})"
    if row["reference"] is not None:
        parts.append(f"reference {spelt(name, row['reference'])}")
    if row["status"] in ("warning", "alarm"):
        parts.append(row["status"])
    return ", ".join([*parts, *([row["note"]] if row["note"] else [])])


def _in_time(rows: Sequence[Row], layers: list[Spec], y: Spec | None, extent: tuple[str, str]) -> Spec:
    shared: Spec = {"y": y} if y else {}
    if y:
        shared["x"] = {"field": "at", "type": "temporal", "title": None, "scale": _time(extent)}
    for layer in layers if not y else []:
        layer["encoding"]["x"] |= {"title": None}
    axis = {"format": _format(extent), "tickCount": 5, "labelOverlap": "greedy"}
    for each in [shared] if y else [layer["encoding"] for layer in layers]:
        each["x"] = {**each["x"], "axis": axis}
    return {"data": {"values": list(rows)}, "layer": layers, "encoding": shared, "height": HEIGHT}


def _line(ink: str) -> Spec:
    return {"mark": {"type": "line", "stroke": ink, "aria": False, "invalid": "break-paths-filter-domains"}}


def _band(ink: str) -> Spec:
    ends = {"y": {"field": "low", "type": "quantitative", "title": None}, "y2": {"field": "high"}}
    return {"mark": {**BAND, "fill": ink, "invalid": "break-paths-filter-domains"}, "encoding": ends}


def _held_against(rows: Sequence[Row], y: Spec) -> list[Spec]:
    if not any(row["reference"] is not None for row in rows):
        return []
    by_time = sorted((row for row in rows if row["reference"] is not None), key=lambda row: row["at"])
    mark = {**charts.DASHED, "type": "line", "strokeWidth": 1.2}
    return [{"data": {"values": by_time}, "mark": mark, "encoding": {"y": {**y, "field": "reference"}}}]


def _limits(lines: Sequence[tuple[float, str]], extent: tuple[str, str]) -> list[Spec]:
    return [
        {
            "data": {"values": [{"at": end, "value": limit} for end in extent]},
            "mark": {**charts.DASHED, "type": "line", "stroke": INKS[status], "strokeWidth": 1.5, "strokeDash": [1, 4]},
        }
        for limit, status in lines
    ]


def judged(encoding: Spec, *, size: int = 52, ok: str = charts.SERIES[0], aria: bool = True) -> Spec:
    inks = {**INKS, "ok": ok}
    colour = {"field": "status", "type": "nominal", "legend": None, "scale": by_status(inks)}
    shape = {"field": "status", "type": "nominal", "legend": None, "scale": by_status(SHAPES)}
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


def _size(windows: Mapping[int, Row]) -> int:
    return 52 if len(windows) <= MANY else 16


def by_status(told: Mapping[str, str]) -> Spec:
    return {"domain": list(told), "range": list(told.values())}


def _y(measure: str, rows: Sequence[Row], more: Sequence[float] = ()) -> Spec:
    """Give the axis on which all lies that is drawn; what never changes lies in its middle."""
    drawn = [row[key] for row in rows for key in ("value", "low", "high", "reference") if row[key] is not None]
    least, most = min([*drawn, *more], default=0.0), max([*drawn, *more], default=1.0)
    if least == most:
        least, most = (0.0, most or 1.0) if least >= 0 else (least, 0.0)
    shares = {"format": "~p"} if measure.endswith(monitoring_text.SHARES) else {}
    scale = {"domain": [least, most], "nice": True, "zero": False}
    return charts.axis("value", None, scale=scale, axis={"tickCount": 4, **shares})


def _time(extent: tuple[str, str]) -> Spec:
    return {"type": "utc", "domain": list(extent)}


def _format(extent: tuple[str, str]) -> str:
    start, end = (datetime.fromisoformat(each) for each in extent)
    days = (end - start).total_seconds() / 86400
    return "%H:%M" if days <= 1.5 else "%-d %b %H:%M" if days <= 4 else "%-d %b" if days <= 400 else "%b %Y"
