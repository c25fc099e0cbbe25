"""All windows of monitoring at a glance: how each area was judged in each of them."""

import math
from collections.abc import Sequence

from cairn.report import charts, monitoring_text, timelines
from cairn.report.charts import Row, Spec

CELL = 8  # pixels of a window, at least
GROUNDS = {
    "ok": "var(--good-ground)",
    "warning": "var(--fair-ground)",
    "alarm": "var(--bad-ground)",
    "unknown": "var(--track)",
}


def overview(windows: Sequence[Row], areas: Sequence[str]) -> Spec:
    """Draw how every window was judged: windows across, areas down.

    Parameters
    ----------
    windows : of monitoring.json
    areas : in the order of the rows
    """
    cells = [
        {
            "at": window["number"],
            "area": monitoring_text.area(area),
            "status": window["areas"].get(area, "unknown"),
            "tip": f"{monitoring_text.area(area)}, {monitoring_text.span(window)}: "
            + window["areas"].get(area, "unknown")
            + ("" if window["full"] else ", so far"),
        }
        for area in areas
        for window in windows
    ]
    x = {"field": "at", "type": "ordinal", "title": None, "axis": _ticks(windows)}
    y = charts.named("area")
    tile = {"type": "rect", "stroke": "var(--sheet)", "strokeWidth": 1.5}
    ground = {"field": "status", "type": "nominal", "legend": None, "scale": timelines.by_status(GROUNDS)}
    return {
        "data": {"values": cells},
        "width": max(1000, 160 + CELL * len(windows)),
        "height": 30 * len(areas) + 30,
        "encoding": {"x": x, "y": y},
        "layer": [
            {"mark": tile, "encoding": {"fill": ground, "description": {"field": "tip"}}},
            timelines.judged({"x": x, "y": y}, size=46 if len(windows) <= timelines.MANY else 16, aria=False)
            | {"transform": [{"filter": "datum.status !== 'unknown' && datum.status !== 'ok'"}]},
            {
                "mark": {"type": "circle", "size": 12, "fill": "var(--good)", "opacity": 1, "aria": False},
                "transform": [{"filter": "datum.status === 'ok'"}],
            },
        ],
    }


def _ticks(windows: Sequence[Row], most: int = 9) -> Spec:
    every = max(1, math.ceil(len(windows) / most))
    chosen = windows[::every]
    short = [monitoring_text.moment(each["start"]).partition(",")[0] for each in chosen]
    full = [monitoring_text.moment(each["start"]) for each in chosen]
    labels = short if len(set(short)) == len(short) else full
    return charts.renamed([each["number"] for each in chosen], labels) | {"values": [each["number"] for each in chosen]}
