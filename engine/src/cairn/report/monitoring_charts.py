"""Which charts the page of monitoring shows, by section; of many features, the worst ones."""

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from cairn.report import distributions, metric_text, monitoring_text, overview, timelines
from cairn.report.charts import SERIES, Row, Spec
from cairn.report.drawing import draw
from cairn.report.series import Series, of

if TYPE_CHECKING:
    from markupsafe import Markup

CHARTS = 6  # of a section; what a feature's values are stands beside its time line and is not counted
FEW = 3  # that are drawn where nothing is wrong
WIDE = {"width": 420, "height": 170}  # of which two stand side by side
PLAIN = ("calibration", "quality", "attribution")


class Picture(NamedTuple):
    """A chart and what is said of it.

    Parameters
    ----------
    spec : Vega-Lite
    title : above it
    caption : under the title
    legend : class of the key's mark -> its name; empty: the chart needs none
    """

    spec: Spec
    title: str
    caption: str = ""
    legend: Mapping[str, str] = {}


def pictures(
    record: Mapping[str, Any], every: Sequence[Series], windows: Sequence[Row]
) -> tuple[dict[str, "Markup"], dict[str, list[tuple[str, Picture]]]]:
    """Draw the charts.

    Parameters
    ----------
    record : monitoring.json
    every : its time lines, the worst first
    windows : those that are drawn, oldest first

    Returns
    -------
    dict : name -> drawing
    dict : section -> the names of its charts, each with what is said of it
    """
    if not windows:
        return {}, {}
    by_number = {each["number"]: each for each in windows}
    extent = (windows[0]["start"], windows[-1]["end"])
    chosen = {
        "windows": [Picture(overview.overview(windows, list(record["areas"])), "Every window, by area")],
        "performance": [*_performance(every, by_number, extent)],
        "drift": [*_drift(record, every, by_number, extent)],
        "prediction": [*_prediction(record, every, by_number, extent)],
        "bias": [*_bias(every, by_number, extent)],
        "traffic": [*_traffic(every, windows, by_number, extent)],
        **{area: [_line(each, by_number, extent) for each in leading(of(every, area))] for area in PLAIN},
    }
    named = {
        section: [(f"{section}_{place}", each) for place, each in enumerate(found)] for section, found in chosen.items()
    }
    drawn = {name: draw(each.spec, each.title) for found in named.values() for name, each in found}
    return drawn, named


def _line(each: Series, windows: Mapping[int, Row], extent: tuple[str, str]) -> Picture:
    caption = metric_text.meaning(each.measure)
    return Picture(timelines.timeline(each, windows, extent=extent), monitoring_text.label(each), caption)


def _performance(every: Sequence[Series], windows: Mapping[int, Row], extent: tuple[str, str]) -> Iterator[Picture]:
    real = {each.measure: each for each in _seen(of(every, "performance")) if not each.subject}
    estimated = {each.measure: each for each in _seen(of(every, "estimate")) if not each.subject}
    for name in [*real, *(name for name in estimated if name not in real)][:CHARTS]:
        title, meaning = metric_text.metric(name), metric_text.meaning(name)
        if name in real and name in estimated:
            spec = timelines.both(estimated[name], real[name], windows, extent=extent)
            yield Picture(spec, title, meaning, {"series-1": "by labels", "series-4": "estimated"})
        elif name in real:
            yield Picture(timelines.timeline(real[name], windows, extent=extent), f"{title}, by labels", meaning)
        else:
            spec = timelines.timeline(estimated[name], windows, extent=extent)
            yield Picture(spec, f"{title}, estimated", meaning)


def _drift(
    record: Mapping[str, Any], every: Sequence[Series], windows: Mapping[int, Row], extent: tuple[str, str]
) -> Iterator[Picture]:
    judged = record["areas"]["drift"]["window"]
    for each in leading(of(every, "drift")):
        spec = timelines.timeline(each, windows, extent=extent) | WIDE
        yield Picture(spec, each.subject, monitoring_text.measure(each.measure))
        counts = record.get("distributions", {}).get(each.subject)
        if counts and judged in windows:
            yield from _distribution(counts, windows[judged], f"{each.subject}: its values")


def _prediction(
    record: Mapping[str, Any], every: Sequence[Series], windows: Mapping[int, Row], extent: tuple[str, str]
) -> Iterator[Picture]:
    for each in leading(of(every, "prediction")):
        line = _line(each, windows, extent)
        yield line._replace(spec=line.spec | WIDE)
    judged = record["areas"]["prediction"]["window"]
    if record.get("prediction") and judged in windows:
        yield from _distribution(record["prediction"], windows[judged], "What was predicted")


def _distribution(counts: Mapping[str, Any], window: Row, title: str) -> Iterator[Picture]:
    name = monitoring_text.span(window)
    spec = distributions.distribution(counts, window["number"], name)
    if spec:
        yield Picture(spec | WIDE, title, "share of the rows", {"edge": "reference", "series-1": name})


def _bias(every: Sequence[Series], windows: Mapping[int, Row], extent: tuple[str, str]) -> Iterator[Picture]:
    found: dict[tuple[str, str], list[Series]] = {}
    for each in _seen(of(every, "bias")):
        found.setdefault((each.measure, each.subject.partition("=")[0]), []).append(each)
    for (measure, column), groups in list(found.items())[:CHARTS]:
        some = sorted(groups[: len(SERIES)], key=lambda each: each.subject)
        names = [each.subject.partition("=")[2] or each.subject or "all" for each in some]
        spec = timelines.several(some, windows, names, extent)
        title = monitoring_text.capital(monitoring_text.measure(measure)) + (f", by {column}" if column else "")
        left_out = f"The {len(some)} worst of {len(groups)} groups." if len(groups) > len(some) else ""
        yield Picture(spec, title, left_out, {f"series-{place}": name for place, name in enumerate(names, 1)})


def _traffic(
    every: Sequence[Series], windows: Sequence[Row], by_number: Mapping[int, Row], extent: tuple[str, str]
) -> Iterator[Picture]:
    seen = [each for each in _seen(of(every, "traffic")) if not each.subject]  # not of single versions
    for each in seen:
        if each.measure == "rows":
            yield Picture(timelines.traffic(each, windows, extent=extent), "Rows", "predictions that were recorded")
    slow = sorted((each for each in seen if each.measure.startswith("seconds")), key=lambda each: each.measure)
    if slow:
        names = [monitoring_text.measure(each.measure).removeprefix("latency, ") for each in slow][: len(SERIES)]
        spec = timelines.several(slow[: len(SERIES)], by_number, names, extent)
        yield Picture(spec, "Latency", "seconds", {f"series-{place}": name for place, name in enumerate(names, 1)})
    for each in [each for each in seen if each.measure != "rows" and each not in slow][:CHARTS]:
        yield _line(each, by_number, extent)


def leading(every: Sequence[Series]) -> list[Series]:
    """Choose what is drawn of an area: what was bad in any window, and the next in order where that is little."""
    seen = [each for each in _seen(every) if any(row["value"] or row["reference"] for row in each.rows)]
    ever = [each for each in seen if any(row["status"] in ("warning", "alarm") for row in each.rows)]
    return [*ever, *(each for each in seen if each not in ever)][: min(CHARTS, max(FEW, len(ever)))]


def _seen(every: Sequence[Series]) -> list[Series]:
    """Leave out what has no figure in any window."""
    return [each for each in every if any(row["value"] is not None for row in each.rows)]
