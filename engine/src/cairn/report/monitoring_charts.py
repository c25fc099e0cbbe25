"""Choose the charts of the page of monitoring, by section; of many features, the worst ones."""

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from markupsafe import Markup

from cairn.monitoring.documents import Distribution, MonitoringReport, WindowSummary
from cairn.report import distributions, metric_text, monitoring_text, overview, timelines
from cairn.report.charts import SERIES, Spec
from cairn.report.drawing import draw
from cairn.report.series import Series, of_areas

MAX_CHARTS = 6  # of a section, without the distributions of features
MIN_CHARTS = 3  # of a section without faults
HALF_WIDTH = {"width": 420, "height": 170}  # two stand side by side
PLAIN_SECTIONS = ("calibration", "quality", "attribution")
Extent = tuple[str, str]
Windows = Mapping[int, WindowSummary]


class Chart(NamedTuple):
    """A chart with its texts.

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


def draw_charts(
    report: MonitoringReport, series: Sequence[Series], windows: Sequence[WindowSummary]
) -> tuple[dict[str, Markup], dict[str, list[tuple[str, Chart]]]]:
    """Draw the charts.

    Parameters
    ----------
    report : monitoring.json
    series : of its findings, the worst first
    windows : to draw, oldest first

    Returns
    -------
    dict : name -> drawing
    dict : section -> the names of its charts, each with the chart
    """
    if not windows:
        return {}, {}
    by_number = {window.number: window for window in windows}
    extent = (windows[0].start, windows[-1].end)
    chosen = {
        "windows": [Chart(overview.overview(windows, list(report.areas)), "Every window, by area")],
        "performance": [*_performance(series, by_number, extent)],
        "drift": [*_drift(report, series, by_number, extent)],
        "prediction": [*_prediction(report, series, by_number, extent)],
        "bias": [*_bias(series, by_number, extent)],
        "traffic": [*_traffic(series, windows, by_number, extent)],
        **{
            area: [_line(each, by_number, extent) for each in choose_series(of_areas(series, area))]
            for area in PLAIN_SECTIONS
        },
    }
    named = {
        section: [(f"{section}_{place}", chart) for place, chart in enumerate(charts)]
        for section, charts in chosen.items()
    }
    drawn = {name: draw(chart.spec, chart.title) for charts in named.values() for name, chart in charts}
    return drawn, named


def choose_series(series: Sequence[Series]) -> list[Series]:
    """Choose the series of an area to draw: bad ones of any window, and the next in order if those are few."""
    known = [
        each
        for each in series
        if each.has_values and any(finding.value or finding.reference for finding in each.findings)
    ]
    ever_bad = [each for each in known if any(row.status in ("warning", "alarm") for row in each.findings)]
    number = min(MAX_CHARTS, max(MIN_CHARTS, len(ever_bad)))
    return [*ever_bad, *(each for each in known if each not in ever_bad)][:number]


def _line(series: Series, windows: Windows, extent: Extent) -> Chart:
    caption = metric_text.meaning(series.measure)
    return Chart(timelines.timeline(series, windows, extent=extent), monitoring_text.label(series), caption)


def _performance(series: Sequence[Series], windows: Windows, extent: Extent) -> Iterator[Chart]:
    by_area = {
        area: {each.measure: each for each in of_areas(series, area) if each.has_values and not each.subject}
        for area in ("performance", "estimate")
    }
    real, estimated = by_area["performance"], by_area["estimate"]
    for name in [*real, *(name for name in estimated if name not in real)][:MAX_CHARTS]:
        title, meaning = metric_text.metric(name), metric_text.meaning(name)
        if name in real and name in estimated:
            spec = timelines.estimated_and_real(estimated[name], real[name], windows, extent=extent)
            yield Chart(spec, title, meaning, {"series-1": "by labels", "series-4": "estimated"})
        elif name in real:
            yield Chart(timelines.timeline(real[name], windows, extent=extent), f"{title}, by labels", meaning)
        else:
            spec = timelines.timeline(estimated[name], windows, extent=extent)
            yield Chart(spec, f"{title}, estimated", meaning)


def _drift(report: MonitoringReport, series: Sequence[Series], windows: Windows, extent: Extent) -> Iterator[Chart]:
    deciding = report.areas["drift"].window
    for each in choose_series(of_areas(series, "drift")):
        spec = timelines.timeline(each, windows, extent=extent) | HALF_WIDTH
        yield Chart(spec, each.subject, monitoring_text.measure(each.measure))
        counts = report.distributions.get(each.subject)
        if counts and deciding is not None and deciding in windows:
            yield from _distribution(counts, windows[deciding], f"{each.subject}: its values")


def _prediction(
    report: MonitoringReport, series: Sequence[Series], windows: Windows, extent: Extent
) -> Iterator[Chart]:
    for each in choose_series(of_areas(series, "prediction")):
        line = _line(each, windows, extent)
        yield line._replace(spec=line.spec | HALF_WIDTH)
    deciding = report.areas["prediction"].window
    if report.prediction and deciding is not None and deciding in windows:
        yield from _distribution(report.prediction, windows[deciding], "What was predicted")


def _distribution(counts: Distribution, window: WindowSummary, title: str) -> Iterator[Chart]:
    name = monitoring_text.period(window)
    spec = distributions.distribution(counts, window.number, name)
    if spec:
        yield Chart(spec | HALF_WIDTH, title, "share of the rows", {"edge": "reference", "series-1": name})


def _bias(series: Sequence[Series], windows: Windows, extent: Extent) -> Iterator[Chart]:
    by_column: dict[tuple[str, str], list[Series]] = {}
    for each in of_areas(series, "bias"):
        if each.has_values:
            by_column.setdefault((each.measure, each.subject.partition("=")[0]), []).append(each)
    for (measure, column), groups in list(by_column.items())[:MAX_CHARTS]:
        some = sorted(groups[: len(SERIES)], key=lambda group: group.subject)
        names = [group.subject.partition("=")[2] or group.subject or "all" for group in some]
        spec = timelines.several(some, windows, names, extent)
        title = monitoring_text.capital(monitoring_text.measure(measure)) + (f", by {column}" if column else "")
        left_out = f"The {len(some)} worst of {len(groups)} groups." if len(groups) > len(some) else ""
        yield Chart(spec, title, left_out, {f"series-{place}": name for place, name in enumerate(names, 1)})


def _traffic(
    series: Sequence[Series], windows: Sequence[WindowSummary], by_number: Windows, extent: Extent
) -> Iterator[Chart]:
    whole = [each for each in of_areas(series, "traffic") if each.has_values and not each.subject]  # all versions
    for each in whole:
        if each.measure == "rows":
            yield Chart(timelines.traffic(each, windows, extent=extent), "Rows", "predictions that were recorded")
    slow = sorted((each for each in whole if each.measure.startswith("seconds")), key=lambda each: each.measure)
    if slow:
        names = [monitoring_text.measure(each.measure).removeprefix("latency, ") for each in slow][: len(SERIES)]
        spec = timelines.several(slow[: len(SERIES)], by_number, names, extent)
        yield Chart(spec, "Latency", "seconds", {f"series-{place}": name for place, name in enumerate(names, 1)})
    for each in [each for each in whole if each.measure != "rows" and each not in slow][:MAX_CHARTS]:
        yield _line(each, by_number, extent)
