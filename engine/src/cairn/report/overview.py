"""Draw all windows of monitoring: the status of each area in each window."""

import math
from collections.abc import Sequence

from cairn.monitoring.documents import WindowSummary
from cairn.monitoring.finding import Area
from cairn.report import charts, monitoring_text, timelines
from cairn.report.charts import Spec

CELL_WIDTH = 8  # pixels, at least
BACKGROUNDS = {
    "ok": "var(--good-ground)",
    "warning": "var(--fair-ground)",
    "alarm": "var(--bad-ground)",
    "unknown": "var(--track)",
}


def overview(windows: Sequence[WindowSummary], areas: Sequence[Area]) -> Spec:
    """Draw the status of each area (down) in each window (across).

    Parameters
    ----------
    windows : of monitoring.json
    areas : in the order of the rows
    """
    cells = [
        {
            "at": window.number,
            "area": monitoring_text.area(area),
            "status": window.areas.get(area, "unknown"),
            "tip": f"{monitoring_text.area(area)}, {monitoring_text.period(window)}: "
            + window.areas.get(area, "unknown")
            + ("" if window.full else ", so far"),
        }
        for area in areas
        for window in windows
    ]
    x = {"field": "at", "type": "ordinal", "title": None, "axis": _ticks(windows)}
    y = charts.named("area")
    tile = {"type": "rect", "stroke": "var(--sheet)", "strokeWidth": 1.5}
    background = {"field": "status", "type": "nominal", "legend": None, "scale": timelines.status_scale(BACKGROUNDS)}
    size = 46 if len(windows) <= timelines.MANY_WINDOWS else 16
    return {
        "data": {"values": cells},
        "width": max(1000, 160 + CELL_WIDTH * len(windows)),
        "height": 30 * len(areas) + 30,
        "encoding": {"x": x, "y": y},
        "layer": [
            {"mark": tile, "encoding": {"fill": background, "description": {"field": "tip"}}},
            timelines.status_marks({"x": x, "y": y}, size=size, aria=False)
            | {"transform": [{"filter": "datum.status !== 'unknown' && datum.status !== 'ok'"}]},
            {
                "mark": {"type": "circle", "size": 12, "fill": "var(--good)", "opacity": 1, "aria": False},
                "transform": [{"filter": "datum.status === 'ok'"}],
            },
        ],
    }


def _ticks(windows: Sequence[WindowSummary], most: int = 9) -> Spec:
    step = max(1, math.ceil(len(windows) / most))
    chosen = windows[::step]
    short = [monitoring_text.time(window.start).partition(",")[0] for window in chosen]
    full = [monitoring_text.time(window.start) for window in chosen]
    labels = short if len(set(short)) == len(short) else full
    return charts.renamed([window.number for window in chosen], labels) | {
        "values": [window.number for window in chosen]
    }
