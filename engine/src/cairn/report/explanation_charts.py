"""The charts of what drives the predictions."""

from collections.abc import Sequence
from typing import Any

from cairn.documents import to_json
from cairn.explain.documents import (
    Example,
    Explanations,
    FeatureContribution,
    FeaturePoints,
    NoExplanations,
    PartialDependence,
)
from cairn.number_text import figure, percent
from cairn.report import charts, metric_text
from cairn.report.charts import Spec, axis, named, tipped

BARS = 12
WIDE = 420  # pixels of a chart of which two stand side by side
CELLS = 60  # places across the swarm, in each of which dots stand on each other
LANE = 34  # pixels of one feature's part of the swarm
RAMP = [f"var(--ramp-{step})" for step in range(1, 6)]  # from low values of a feature to high ones
BAND = {"type": "area", "opacity": 0.18, "fill": charts.SERIES[0], "aria": False}


def pictures(explanations: Explanations | NoExplanations) -> dict[str, tuple[Spec, str]]:
    """Return the charts of explanations.json, each with its label.

    Parameters
    ----------
    explanations : of the test part

    Returns
    -------
    dict : `mean_contributions`, `swarm`, `dependence_0`, ..., and `example_0`, ...
    """
    if isinstance(explanations, NoExplanations):
        return {}
    unit = {"target unit": "the target's unit"}.get(explanations.unit, explanations.unit)
    specs = {
        "mean_contributions": (_bars(explanations.features[:BARS], unit), "Mean contribution of each feature"),
        "swarm": (swarm(explanations.swarm, unit), "Contributions of single rows, by feature"),
    }
    low, high = _ends(explanations.dependence)
    for place, curves in enumerate(explanations.dependence):
        spec = dependence(curves, explanations.outputs, _scale(explanations, low, high))
        specs[f"dependence_{place}"] = (spec, f"Prediction by {curves.feature}")
    for place, example in enumerate(explanations.examples):
        specs[f"example_{place}"] = (waterfall(example, unit), f"What made the prediction of row {example.row}")
    return specs


def swarm(features: Sequence[FeaturePoints], unit: str) -> Spec:
    """Draw each row as a dot for each feature: its contribution across, and the feature's value as its colour.

    Dots in the same place stand on each other, so that a lane is wide where there are many.
    """
    contributions = [contribution for points in features for contribution in points.contributions[0]]
    least, most = min(contributions), max(contributions)
    step = (most - least) / CELLS or 1.0
    rows = [row for points in features for row in _lane(points, least, step)]
    widest = max(abs(row["aside"]) for row in rows) or 1
    scaled = [{**row, "aside": row["aside"] / widest} for row in rows]
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
    return {"data": {"values": scaled}, "layer": [rule, dots], "width": WIDE, "height": 50 + LANE * len(features)}


def dependence(curves: PartialDependence, outputs: Sequence[Any], scale: Spec) -> Spec:
    """Draw the mean prediction as one column changes; the band holds the middle half of the rows."""
    points = [
        {
            "at": value,
            "label": metric_text.value(value),
            "series": str(output),
            "mean": curves.mean[place][at],
            "low": curves.low[place][at],
            "high": curves.high[place][at],
            "tip": f"{curves.feature} {metric_text.value(value)}: {figure(curves.mean[place][at])} on average"
            + ("" if len(outputs) == 1 else f" for {output}"),
        }
        for place, output in enumerate(outputs)
        for at, value in enumerate(curves.grid)
    ]
    names = [str(output) for output in outputs]
    if curves.kind in ("category", "boolean"):
        rows = [row for row in points if row["series"] == names[0]]
        return charts.ranges(rows, {**axis("mean", None), **scale}) | {"height": max(140, 40 + 24 * len(rows))}
    missing = [row for row in points if row["at"] is None]
    rows = [row for row in points if row["at"] is not None]
    # Days in UTC: by local time, the axis would depend on the time zone of the machine.
    time = {"type": "temporal", "scale": {"type": "utc"}} if curves.kind == "time" else {}
    spec = charts.lines(rows, axis("at", curves.feature, **time), {**axis("mean", None), **scale}, names)
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


def waterfall(example: Example, unit: str) -> Spec:
    """Draw how a row's contributions lead from the base to its prediction."""
    others = example.others
    parts = [(f"{part.feature} = {metric_text.value(part.value)}", part.contribution) for part in example.contributions]
    if others.columns:
        parts.append((f"{others.columns} other columns", others.contribution))
    rows, reached = [], example.base
    for label, contribution in parts:
        rows.append({"label": label, "from": reached, "to": reached + contribution, "by": contribution})
        reached += contribution
    tipped_rows = tipped(rows, lambda row: f"{row['label']}: {figure(row['by'])}, to {figure(row['to'])}")
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
    start = {"data": {"values": [{}]}, "mark": charts.DASHED, "encoding": {"x": {"datum": example.base}}}
    return {"data": {"values": tipped_rows}, "layer": [start, bars], "height": 50 + 24 * len(rows)}


def _bars(features: Sequence[FeatureContribution], unit: str) -> Spec:
    tipped_rows = tipped(
        to_json(features),
        lambda row: (
            f"{row['feature']}: {figure(row['mean_abs'])}, with a standard error of {figure(row['standard_error'])}"
        ),
    )
    spec = charts.bars(tipped_rows, "mean_abs", f"mean absolute contribution, in {unit}", label="feature")
    return spec | {"width": WIDE, "height": 50 + 26 * len(features)}


def _lane(points: FeaturePoints, least: float, step: float) -> list[dict[str, Any]]:
    """Place one feature's dots beside each other where they meet."""
    taken: dict[int, int] = {}
    rows = []
    for value, contribution in zip(points.value, points.contributions[0], strict=True):
        cell = int((contribution - least) / step)
        turn = taken[cell] = taken.get(cell, 0) + 1
        aside = turn // 2 * (1 if turn % 2 else -1)
        if value is None:
            label, colour = "missing", "var(--edge)"
        elif points.levels is not None:
            label, colour = points.levels[int(value)], "var(--edge)"
        else:
            label, colour = f"above {percent(value, 0)} of its values", RAMP[min(4, int(5 * value))]
        rows.append(
            {
                "feature": points.feature,
                "contribution": contribution,
                "aside": aside,
                "colour": colour,
                "tip": f"{points.feature} {label}: {figure(contribution)}",
            }
        )
    return rows


def _ends(dependences: Sequence[PartialDependence]) -> tuple[float, float]:
    """Return the least and the most that is drawn, so that all have one scale and can be compared."""
    lows = [low for curves in dependences for side in curves.low for low in side]
    highs = [high for curves in dependences for side in curves.high for high in side]
    return min(lows, default=0.0), max(highs, default=1.0)


def _scale(explanations: Explanations, low: float, high: float) -> Spec:
    shares = {} if explanations.task == "regression" else {"axis": {"format": ".0%"}}
    return {"scale": {"domain": [low, high], "nice": True, "zero": False}, **shares}
