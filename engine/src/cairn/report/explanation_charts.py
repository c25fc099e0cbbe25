"""The charts of what drives the predictions."""

from collections.abc import Mapping, Sequence
from typing import Any

from cairn.number_text import figure, percent
from cairn.report import charts, metric_text
from cairn.report.charts import Row, Spec, axis, named, tipped

BARS = 12
WIDE = 420  # pixels of a chart of which two stand side by side
CELLS = 60  # places across the swarm, in each of which dots stand on each other
LANE = 34  # pixels of one feature's part of the swarm
RAMP = [f"var(--ramp-{step})" for step in range(1, 6)]  # from low values of a feature to high ones
BAND = {"type": "area", "opacity": 0.18, "fill": charts.SERIES[0], "aria": False}


def pictures(explanations: Mapping[str, Any]) -> dict[str, tuple[Spec, str]]:
    """Give the charts of reports/explanations.json, each with its label.

    Parameters
    ----------
    explanations : as `cairn.explain.explanations.explain` gives them

    Returns
    -------
    dict : `mean_contributions`, `swarm`, `dependence_0`, ..., and `example_0`, ...
    """
    if not explanations["explained"]:
        return {}
    unit = {"target unit": "the target's unit"}.get(explanations["unit"], explanations["unit"])
    found = {
        "mean_contributions": (_bars(explanations["features"][:BARS], unit), "Mean contribution of each feature"),
        "swarm": (swarm(explanations["swarm"], unit), "Contributions of single rows, by feature"),
    }
    low, high = _ends(explanations["dependence"])
    for place, each in enumerate(explanations["dependence"]):
        spec = dependence(each, explanations["outputs"], _scale(explanations, low, high))
        found[f"dependence_{place}"] = (spec, f"Prediction by {each['feature']}")
    for place, each in enumerate(explanations["examples"]):
        found[f"example_{place}"] = (waterfall(each, unit), f"What made the prediction of row {each['row']}")
    return found


def swarm(features: Sequence[Row], unit: str) -> Spec:
    """Draw each row as a dot for each feature: its contribution across, and the feature's value as its colour.

    Dots in the same place stand on each other, so that a lane is wide where there are many.
    """
    contributions = [value for each in features for value in each["contributions"][0]]
    least, most = min(contributions), max(contributions)
    step = (most - least) / CELLS or 1.0
    rows = [row for each in features for row in _lane(each, least, step)]
    widest = max(abs(row["aside"]) for row in rows) or 1
    heard = [{**row, "aside": row["aside"] / widest} for row in rows]
    dots: Spec = {
        "mark": {"type": "circle", "size": 16, "opacity": 0.85},
        "encoding": {
            "x": axis("contribution", f"contribution, in {unit}"),
            "y": named("feature", grid=True),
            "yOffset": {"field": "aside", "type": "quantitative", "scale": {"domain": [-1.15, 1.15]}},
            "fill": {"field": "colour", "type": "nominal", "scale": None},
            "description": {"field": "tip"},
        },
    }
    rule = {"data": {"values": [{}]}, "mark": charts.DASHED, "encoding": {"x": {"datum": 0}}}
    return {"data": {"values": heard}, "layer": [rule, dots], "width": WIDE, "height": 50 + LANE * len(features)}


def dependence(one: Row, outputs: Sequence[Any], scale: Spec) -> Spec:
    """Draw the mean prediction as one column changes; the band holds the middle half of the rows."""
    told = [
        {
            "at": value,
            "label": metric_text.value(value),
            "series": str(output),
            "mean": one["mean"][place][at],
            "low": one["low"][place][at],
            "high": one["high"][place][at],
            "tip": f"{one['feature']} {metric_text.value(value)}: {figure(one['mean'][place][at])} on average"
            + ("" if len(outputs) == 1 else f" for {output}"),
        }
        for place, output in enumerate(outputs)
        for at, value in enumerate(one["grid"])
    ]
    names = [str(each) for each in outputs]
    if one["kind"] in ("category", "boolean"):
        rows = [row for row in told if row["series"] == names[0]]
        return charts.ranges(rows, {**axis("mean", None), **scale}) | {"height": max(140, 40 + 24 * len(rows))}
    missing = [row for row in told if row["at"] is None]
    rows = [row for row in told if row["at"] is not None]
    # Days in UTC: by local time, the axis would depend on the time zone of the machine.
    time = {"type": "temporal", "scale": {"type": "utc"}} if one["kind"] == "time" else {}
    spec = charts.lines(rows, axis("at", one["feature"], **time), {**axis("mean", None), **scale}, names)
    if len(names) == 1:
        ends = {"y": {**axis("low", None), **scale}, "y2": {"field": "high"}}
        spec["layer"].insert(0, {"mark": BAND, "encoding": ends})
    if missing and len(names) == 1:
        level = {
            "data": {"values": missing},
            "mark": charts.DASHED,
            "encoding": {"x": None, "y": {"datum": missing[0]["mean"]}},
        }
        spec["layer"].append(level)
    return spec | {"height": 200}


def waterfall(example: Row, unit: str) -> Spec:
    """Draw how a row's contributions lead from the base to its prediction."""
    others = example["others"]
    parts = [
        (f"{each['feature']} = {metric_text.value(each['value'])}", each["contribution"])
        for each in example["contributions"]
    ]
    if others["columns"]:
        parts.append((f"{others['columns']} other columns", others["contribution"]))
    rows, reached = [], example["base"]
    for label, contribution in parts:
        rows.append({"label": label, "from": reached, "to": reached + contribution, "by": contribution})
        reached += contribution
    told = tipped(rows, lambda row: f"{row['label']}: {figure(row['by'])}, to {figure(row['to'])}")
    colour = {"condition": {"test": "datum.by < 0", "value": "var(--less)"}, "value": "var(--more)"}
    bars: Spec = {
        "mark": {"type": "bar", "height": {"band": 0.7}},
        "encoding": {
            "x": axis("from", unit),
            "x2": {"field": "to"},
            "y": named("label"),
            "fill": colour,
            "description": {"field": "tip"},
        },
    }
    start = {"data": {"values": [{}]}, "mark": charts.DASHED, "encoding": {"x": {"datum": example["base"]}}}
    return {"data": {"values": told}, "layer": [start, bars], "height": 50 + 24 * len(rows)}


def _bars(features: Sequence[Row], unit: str) -> Spec:
    told = tipped(
        features,
        lambda row: (
            f"{row['feature']}: {figure(row['mean_abs'])}, with a standard error of {figure(row['standard_error'])}"
        ),
    )
    spec = charts.bars(told, "mean_abs", f"mean absolute contribution, in {unit}", label="feature")
    return spec | {"width": WIDE, "height": 50 + 26 * len(features)}


def _lane(each: Row, least: float, step: float) -> list[dict[str, Any]]:
    """Place one feature's dots beside each other where they meet."""
    taken: dict[int, int] = {}
    rows = []
    for value, contribution in zip(each["value"], each["contributions"][0], strict=True):
        cell = int((contribution - least) / step)
        turn = taken[cell] = taken.get(cell, 0) + 1
        aside = turn // 2 * (1 if turn % 2 else -1)
        category = each["kind"] == "category"
        named = each["levels"][value] if category and value is not None else f"above {percent(value, 0)} of its values"
        said = "missing" if value is None else named
        rows.append(
            {
                "feature": each["feature"],
                "contribution": contribution,
                "aside": aside,
                "colour": "var(--edge)" if category or value is None else RAMP[min(4, int(5 * value))],
                "tip": f"{each['feature']} {said}: {figure(contribution)}",
            }
        )
    return rows


def _ends(dependences: Sequence[Row]) -> tuple[float, float]:
    """Give the least and the most that is drawn, so that all have one scale and can be compared."""
    lows = [low for each in dependences for side in each["low"] for low in side]
    highs = [high for each in dependences for side in each["high"] for high in side]
    return min(lows, default=0.0), max(highs, default=1.0)


def _scale(explanations: Mapping[str, Any], low: float, high: float) -> Spec:
    shares = {} if explanations["task"] == "regression" else {"axis": {"format": ".0%"}}
    return {"scale": {"domain": [low, high], "nice": True, "zero": False}, **shares}
