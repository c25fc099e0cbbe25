"""The texts of the page of monitoring: names of areas, measures and windows, headlines, and the next steps."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from cairn.monitoring.documents import MonitoredModel, MonitoringReport, WindowSummary
from cairn.number_text import figure, percent
from cairn.report import metric_text
from cairn.report.series import Series

VERDICTS = {
    "ok": "It works",
    "warning": "It works, with warnings",
    "alarm": "Alarm",
    "unknown": "It cannot be said",
}
# area -> its name, its description, and the next step where it is bad
AREAS = {
    "traffic": (
        "Traffic",
        "How much was asked of the model, and how long it took to answer.",
        "Ask who calls the model whether they call it more or less; then look at the server's own metrics.",
    ),
    "quality": (
        "Quality of the inputs",
        "Values that are missing, that the model has never seen, or that lie where none lay before.",
        "Look for what changed upstream: a join, a default, a unit, a renamed value. Retraining would learn the fault.",
    ),
    "drift": (
        "Drift of the features",
        "How far each feature is distributed otherwise than in the reference; expected is what history has shown.",
        "Ask whether the source or the world has changed. A source is mended; for a world, retrain: cairn retrain.",
    ),
    "prediction": (
        "Predictions",
        "How far what the model says is distributed otherwise than in the reference.",
        "Look at the features that drift and at the quality of the inputs first: they move the predictions.",
    ),
    "estimate": (
        "Estimated performance",
        "What the model's own probabilities expect of it, before labels arrive.",
        "Bring labels of these rows forward to see whether it is so; have a new model ready: cairn retrain.",
    ),
    "performance": (
        "Performance",
        "How good the predictions were, by the labels that have arrived, and by the model's own probabilities before.",
        "Retrain on newer labelled rows (cairn retrain), or go back to the version before (cairn rollback).",
    ),
    "calibration": (
        "Calibration",
        "Whether probabilities are what they say.",
        "Decisions by a threshold are off by as much: calibrate on newer labelled rows, or retrain: cairn retrain.",
    ),
    "bias": (
        "Bias by group",
        "Whether groups of people are treated otherwise than in the test.",
        "Look whose share has changed, and whom the decisions reach; docs/bias.md says what each figure means.",
    ),
    "attribution": (
        "What drives the predictions",
        "How much each feature contributes, beside what it did when the model was made.",
        "Look at the features' drift and quality; a feature that drives more than before should be one to trust.",
    ),
}
# headlines by area and measure
HEADLINES = {
    ("quality", "missing_share"): "{subject} is missing in {value} of the rows",
    ("quality", "unseen_share"): "{subject} has values that the model has never seen, in {value} of the rows",
    ("quality", "out_of_range_share"): "{subject} lies outside its known range in {value} of the rows",
    ("drift", "js_distance"): "{subject} is distributed otherwise than before",
    ("prediction", "js_distance"): "The predictions are distributed otherwise than before",
    ("prediction", "mean"): "The mean prediction is {value}",
    ("quality", "changed"): "{subject} is not the column that the model knows",
    ("quality", "duplicated_share"): "{value} of the rows were recorded more than once",
    ("attribution", "mean_abs"): "{subject} drives the predictions otherwise than before",
    ("attribution", "ndcg"): "The predictions are driven by other features than before",
}
MEASURES = {
    "js_distance": "Jensen-Shannon distance",
    "unseen_share": "share never seen before",
    "out_of_range_share": "share out of range",
    "seconds_p50": "latency, median",
    "seconds_p95": "latency, 95th percentile",
    "seconds_p99": "latency, 99th percentile",
    "mean_abs": "mean absolute contribution",
    "ndcg": "NDCG of the order of features",
}
SHARES = ("_share", "_rate")


def area(name: str) -> str:
    """Name an area."""
    return AREAS.get(name, (name.capitalize(),))[0]


def description(name: str) -> str:
    """Describe an area."""
    return AREAS[name][1]


def next_step(name: str) -> str:
    """Return the next step where an area is bad."""
    return AREAS[name][2]


def measure(name: str) -> str:
    """Name a measure within a sentence."""
    if name in metric_text.METRICS:
        return metric_text.metric(name)
    return MEASURES.get(name, name.replace("_", " "))


def format_value(measure: str, value: float | None) -> str:
    """Format a figure in the unit of its measure."""
    if value is None:
        return "–"
    if measure.endswith(SHARES):
        return percent(value, 0 if value == 0 else 1 if abs(value) >= 0.001 else 2)
    if measure.startswith("seconds"):
        return f"{figure(1000 * value)}\u00a0ms" if abs(value) < 1 else f"{figure(value)}\u00a0s"
    return figure(value)


def headline(series: Series) -> str:
    """Describe a figure's state in one sentence."""
    value = format_value(series.measure, series.now.value if series.now else None)
    headline = HEADLINES.get((series.area, series.measure))
    if headline:
        return headline.format(subject=series.subject, value=value)
    name = capital(measure(series.measure)) + (f" of {series.subject}" if series.subject else "")
    return f"{name} is {'expected to be ' if series.area == 'estimate' else ''}{value}"


def label(series: Series) -> str:
    """Name a series."""
    name = measure(series.measure) + (", estimated" if series.area == "estimate" else "")
    return f"{series.subject}: {name}" if series.subject else capital(name)


def tile(series: Series) -> str:
    """Name a series above its figure."""
    if series.area == "prediction":
        return "Mean prediction" if series.measure == "mean" else "Drift of the predictions"
    return label(series)


def capital(text: str) -> str:
    """Begin with a capital letter, and leave the rest as it is."""
    return text[:1].upper() + text[1:]


def facts(series: Series, windows: Mapping[int, WindowSummary]) -> str:
    """Describe a figure, its reference, its change and the time since which it is bad."""
    now = series.now
    if now is None:
        return ""
    parts = [f"{capital(measure(series.measure))} {format_value(series.measure, now.value)}"]
    if now.low is not None and now.high is not None:
        parts[0] += f" ({format_value(series.measure, now.low)} to {format_value(series.measure, now.high)})"
    if now.reference is not None:
        parts.append(f"{format_value(series.measure, now.reference)} expected")
    if now.change is not None and (limit := series.limits.get(series.status)):
        change = figure(now.change)
        parts.append(f"a change of {change}, {series.status} from {figure(limit)}")
    if series.since is not None and series.since in windows:
        parts.append(f"since {time(windows[series.since].start)}")
    return ", ".join([*parts, f"{now.rows:,} rows"])


def model(monitored: MonitoredModel) -> str:
    """Name a model by its version and stage."""
    if not monitored.version:
        return "A local model"
    return f"Model {monitored.version}" + (f" ({monitored.stage})" if monitored.stage else "")


def count(number: int, name: str) -> str:
    """Write a number with a noun in the singular or plural."""
    return f"{number:,} {name}{'' if number == 1 else 's'}"


def time(iso: str, *, year: bool = False) -> str:
    """Format a time as 7 Mar 08:00; midnight is left out."""
    moment = datetime.fromisoformat(iso)
    date = f"{moment.day} {moment:%b}" + (f" {moment:%Y}" if year else "")
    return date if is_midnight(moment) else f"{date} {moment:%H:%M}"


def is_midnight(moment: datetime) -> bool:
    """Return whether a time is the start of a day."""
    return moment.timetz().replace(tzinfo=None).isoformat() == "00:00:00"


def period(window: WindowSummary) -> str:
    """Format the start and the end of a window; a whole day is its date."""
    start, end = datetime.fromisoformat(window.start), datetime.fromisoformat(window.end)
    if is_midnight(start) and end - start == timedelta(days=1):
        return time(window.start)
    return f"{time(window.start)} to {time(window.end)}"


def command(report: MonitoringReport) -> str:
    """Return the command that measures the same again."""
    asked, model, reference = report.asked, report.model, report.reference
    parts = ["cairn monitor"]
    if model.stage:
        parts.append(f"--stage {model.stage}")
    elif model.version:
        parts.append(f"--version {model.version}")
    options = {"since": asked.since, "until": asked.until, "window": asked.window, "labels": asked.labels}
    parts += [f"--{name} {value}" for name, value in options.items() if value]
    if reference.kind != "baseline":
        parts.append(f"--reference {reference.since}..{reference.until}")
    return " \\\n  ".join(parts)
