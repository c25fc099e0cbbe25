"""How the page of monitoring says things: areas, measures and windows in plain words, and what to do next."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from cairn.report import metric_text
from cairn.report.charts import Row
from cairn.report.metric_text import figure, percent
from cairn.report.series import Series

VERDICTS = {
    "ok": "It works",
    "warning": "It works, with warnings",
    "alarm": "Alarm",
    "unknown": "It cannot be said",
}
# area -> what it is called, what is looked at, and what to do where it is bad
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
# what happened, for those who read nothing else
SAID = {
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


def looked_at(name: str) -> str:
    """Say what is looked at in an area."""
    return AREAS[name][1]


def next_step(name: str) -> str:
    """Say what to do where an area is bad."""
    return AREAS[name][2]


def measure(name: str) -> str:
    """Name a measure within a sentence."""
    if name in metric_text.METRICS:
        return metric_text.metric(name)
    return MEASURES.get(name, name.replace("_", " "))


def spelt(name: str, value: float | None) -> str:
    """Spell a figure in the unit of its measure."""
    if value is None:
        return "–"
    if name.endswith(SHARES):
        return percent(value, 0 if value == 0 else 1 if abs(value) >= 0.001 else 2)
    if name.startswith("seconds"):
        return f"{figure(1000 * value)}\u00a0ms" if abs(value) < 1 else f"{figure(value)}\u00a0s"
    return figure(value)


def headline(series: Series) -> str:
    """Say in one sentence what has happened to a figure."""
    value = spelt(series.measure, series.now["value"] if series.now else None)
    said = SAID.get((series.area, series.measure))
    if said:
        return said.format(subject=series.subject, value=value)
    name = capital(measure(series.measure)) + (f" of {series.subject}" if series.subject else "")
    return f"{name} is {'expected to be ' if series.area == 'estimate' else ''}{value}"


def label(series: Series) -> str:
    """Name a time line."""
    name = measure(series.measure) + (", estimated" if series.area == "estimate" else "")
    return f"{series.subject}: {name}" if series.subject else capital(name)


def tile(series: Series) -> str:
    """Name a time line above its figure."""
    if series.area == "prediction":
        return "Mean prediction" if series.measure == "mean" else "Drift of the predictions"
    return label(series)


def capital(text: str) -> str:
    """Begin with a capital letter, and leave the rest as it is."""
    return text[:1].upper() + text[1:]


def facts(series: Series, windows: Mapping[int, Row]) -> str:
    """Say what a figure is, what it is held against, and since when."""
    now = series.now
    if now is None:
        return ""
    parts = [f"{capital(measure(series.measure))} {spelt(series.measure, now['value'])}"]
    if now["low"] is not None and now["high"] is not None:
        parts[0] += f" ({spelt(series.measure, now['low'])} to {spelt(series.measure, now['high'])})"
    if now["reference"] is not None:
        parts.append(f"{spelt(series.measure, now['reference'])} expected")
    if now["change"] is not None and series.limits.get(series.status):
        parts.append(
            f"a change of {figure(now['change'])}, {series.status} from {figure(series.limits[series.status])}"
        )
    if series.since is not None and series.since in windows:
        parts.append(f"since {moment(windows[series.since]['start'])}")
    return ", ".join([*parts, f"{now['rows']:,} rows"])


def model(about: Mapping[str, Any]) -> str:
    """Name a model, its version and where it is promoted to."""
    if not about["version"]:
        return "A local model"
    return f"Model {about['version']}" + (f" ({about['stage']})" if about["stage"] else "")


def counted(number: int, name: str) -> str:
    """Say how many there are."""
    return f"{number:,} {name}{'' if number == 1 else 's'}"


def moment(text: str, *, year: bool = False) -> str:
    """Spell a time as 7 Mar 08:00."""
    time = datetime.fromisoformat(text)
    return f"{time.day} {time:%b}{f' {time:%Y}' if year else ''}{'' if is_midnight(time) else f' {time:%H:%M}'}"


def is_midnight(time: datetime) -> bool:
    """Say whether a time is a day's beginning."""
    return time.timetz().replace(tzinfo=None).isoformat() == "00:00:00"


def span(window: Row) -> str:
    """Spell when a window was; a whole day is that day."""
    start, end = (datetime.fromisoformat(window[key]) for key in ("start", "end"))
    if is_midnight(start) and end - start == timedelta(days=1):
        return moment(window["start"])
    return f"{moment(window['start'])} to {moment(window['end'])}"


def command(record: Mapping[str, Any]) -> str:
    """Give the command that looks at the same again."""
    asked, model, reference = record["asked"], record["model"], record["reference"]
    parts = ["cairn monitor"]
    if model["stage"]:
        parts.append(f"--stage {model['stage']}")
    elif model["version"]:
        parts.append(f"--version {model['version']}")
    parts += [f"--{key} {asked[key]}" for key in ("since", "until", "window", "labels") if asked.get(key)]
    if reference["kind"] != "baseline":
        parts.append(f"--reference {reference['since']}..{reference['until']}")
    return " \\\n  ".join(parts)
