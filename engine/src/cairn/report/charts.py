"""The charts of the report, as Vega-Lite specifications; `drawing` draws them.

Every function takes rows as the stages wrote them. A row's `tip` is what the reader sees when pointing at its mark.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

Row = Mapping[str, Any]
Spec = dict[str, Any]
SERIES = [f"var(--series-{place})" for place in range(1, 6)]  # as many as explanations have classes
DASHED = {"type": "rule", "stroke": "var(--edge)", "strokeDash": [4, 4], "aria": False}


def axis(field: str, title: str | None = None, **more: Any) -> Spec:
    """Give the encoding of a number."""
    return {"field": field, "type": "quantitative", "title": title, "scale": {"nice": True, "zero": False}, **more}


def share(field: str, title: str) -> Spec:
    """Give the encoding of a share, from 0 to 1."""
    return axis(field, title, scale={"domain": [0, 1]}, axis={"format": ".0%"})


def curve(rows: Sequence[Row], x: Spec, y: Spec, *, diagonal: float = 0, dots: bool = False) -> Spec:
    """Draw one line through rows in their order.

    Parameters
    ----------
    rows : with the fields of `x` and `y`, and `tip`
    x, y : encodings
    diagonal : how far to draw the line where both are equal: what chance gives, or what perfect calibration does
    dots : whether to show the rows
    """
    line = {"type": "line", "stroke": SERIES[0], "aria": False}
    layers: list[Spec] = [{"mark": line, "encoding": {"order": {"field": "at", "type": "quantitative"}}}]
    if diagonal:
        ends = [{x["field"]: end, y["field"]: end} for end in (0, diagonal)]
        layers.insert(0, {"data": {"values": ends}, "mark": {**DASHED, "type": "line", "strokeWidth": 1}})
    layers.append(_points(size=60, opacity=1 if dots else 0))
    return {
        "data": {"values": [{**row, "at": place} for place, row in enumerate(rows)]},
        "layer": layers,
        "encoding": {"x": x, "y": y},
    }


def lines(rows: Sequence[Row], x: Spec, y: Spec, names: Sequence[str], *, rule: float | None = None) -> Spec:
    """Draw one line for each value of `series`, and a vertical rule.

    Parameters
    ----------
    rows : with the fields of `x` and `y`, `series` and `tip`
    x, y : encodings
    names : the values of `series`, in the order of the colours
    rule : where to draw it
    """
    colour = _colours(names)
    layers: list[Spec] = [
        {"mark": {"type": "line", "aria": False}, "encoding": {"stroke": colour}},
        {**_points(opacity=0), "encoding": {"description": {"field": "tip"}, "fill": colour}},
    ]
    if rule is not None:
        layers.append({"data": {"values": [{}]}, "mark": DASHED, "encoding": {"x": {"datum": rule}, "y": None}})
    return {"data": {"values": list(rows)}, "layer": layers, "encoding": {"x": x, "y": y}}


def bars(
    rows: Sequence[Row], value: str, title: str, *, label: str = "label", signed: bool = False, **more: Any
) -> Spec:
    """Draw a bar for each row, in the rows' order.

    Parameters
    ----------
    rows : with `label`, `value` and `tip`
    value : the field of the bars' lengths
    title : of the axis
    label : the field of the bars' names
    signed : colour by the sign: what raises and what lowers
    **more : of the axis's encoding
    """
    colour: Spec = {"value": SERIES[0]}
    if signed:
        colour = {"condition": {"test": f"datum['{value}'] < 0", "value": "var(--less)"}, "value": "var(--more)"}
    return {
        "data": {"values": list(rows)},
        "mark": {"type": "bar", "height": {"band": 0.7}},
        "encoding": {
            "x": axis(value, title, scale={"nice": True, "zero": True}, **more),
            "y": named(label),
            "fill": colour,
            "description": {"field": "tip"},
        },
    }


def named(label: str, *, grid: bool = False) -> Spec:
    """Give the encoding of names, in the rows' order."""
    style = {"grid": grid, "ticks": False, "labelColor": "var(--ink)", "labelPadding": 6}
    return {"field": label, "type": "nominal", "sort": None, "title": None, "axis": style}


def ranges(rows: Sequence[Row], x: Spec, *, rule: float | None = None, low: str = "low", high: str = "high") -> Spec:
    """Draw a dot for each row, its interval where it has one, and a vertical rule for comparison.

    Parameters
    ----------
    rows : with `label`, the field of `x`, `tip`; `low` and `high` may be missing
    x : encoding
    rule : where to draw it
    low, high : the fields of the interval's ends
    """
    layers: list[Spec] = []
    if rule is not None:
        layers.append({"data": {"values": [{}]}, "mark": DASHED, "encoding": {"x": {"datum": rule}}})
    if any(row.get(low) is not None for row in rows):
        ends = {"x": {**x, "field": low}, "x2": {"field": high}, "y": named("label", grid=True)}
        layers.append(
            {"mark": {"type": "rule", "stroke": SERIES[0], "strokeWidth": 2, "aria": False}, "encoding": ends}
        )
    dots = _points(size=80)
    dots["encoding"] |= {"x": x, "y": named("label", grid=True)}
    return {"data": {"values": list(rows)}, "layer": [*layers, dots]}


def scatter(rows: Sequence[Row], x: Spec, y: Spec, *, fill: Spec | None = None, rule: float | None = None) -> Spec:
    """Draw a dot for each row, and a horizontal rule."""
    dots = _points(size=22, opacity=0.6)
    dots["encoding"] |= {"x": x, "y": y, **({"fill": fill} if fill else {})}
    under = [{"data": {"values": [{}]}, "mark": DASHED, "encoding": {"y": {"datum": rule}}}] if rule is not None else []
    return {"data": {"values": list(rows)}, "layer": [*under, dots]}


def tipped(rows: Sequence[Row], tip: Callable[[Row], str]) -> list[dict[str, Any]]:
    """Add to each row what is shown when its mark is pointed at."""
    return [{**row, "tip": tip(row)} for row in rows]


def renamed(places: Sequence[int], labels: Sequence[str]) -> Spec:
    """Give an axis whose places have names; they are told by JSON, so that none of them is a formula."""
    known = json.dumps({str(place): label for place, label in zip(places, labels, strict=True)})
    return {"labelExpr": f"({known})[datum.value]", "labelAngle": 0, "ticks": False, "grid": False, "labelLimit": 90}


def _points(*, size: int = 40, opacity: float = 1.0) -> Spec:
    mark = {"type": "circle", "size": size, "opacity": opacity, "fill": SERIES[0]}
    return {"mark": mark, "encoding": {"description": {"field": "tip"}}}


def _colours(names: Sequence[str]) -> Spec:
    return {
        "field": "series",
        "type": "nominal",
        "scale": {"domain": list(names), "range": SERIES[: len(names)]},
        "legend": None,
    }
