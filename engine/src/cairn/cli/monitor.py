"""Hold recorded predictions against what the model was made from: `cairn monitor`."""

import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

from cairn import config, layout
from cairn.cli import model_selector
from cairn.errors import InputError
from cairn.files import read_json, write_json, written
from cairn.models import saved
from cairn.monitoring import export, measure, timespec, verdict, webhook
from cairn.monitoring import text as printed
from cairn.monitoring.capture_files import LOCAL
from cairn.monitoring.records import Recorded, recorded
from cairn.monitoring.settings import Settings
from cairn.registry.model_source import Source, find

ALARM = 3  # the exit code; 1 is an error, 2 a command line that is none
BASELINE = "baseline.json"  # in the model's folder
MEMORY = "2GiB"  # that DuckDB may hold; beyond, it goes on on the disk


class Times(NamedTuple):
    """What is looked at, and against what.

    Parameters
    ----------
    now : when that is
    since, until : the predictions from then on, until just before then
    reference : the same of those to hold them against; None: the model's baseline
    """

    now: datetime
    since: datetime
    until: datetime
    reference: tuple[datetime, datetime] | None


def monitor(
    *,
    stage: str | None = None,
    version: str | None = None,
    path: str | None = None,
    since: str | None = None,
    until: str | None = None,
    reference: str | None = None,
    output: str | None = None,
    exit_zero: bool = False,
    **given: Any,
) -> None:
    """Look, write what was found, print it, and tell of alarms; an alarm ends it with exit code 3.

    Parameters
    ----------
    stage, version, path : one of them: what is promoted, a version, or a model's folder
    since, until : times, or how long ago; left out: what conf/monitor says, and now
    reference : recorded predictions to compare with, such as `7d`, which ends at `since`, or `A..B`; left out: the
        model's baseline
    output : the folder for monitoring.json, monitoring.prom and the page; left out: reports/
    exit_zero : 0 although there is an alarm
    **given : settings in place of those of conf/monitor; None: as there

    Raises
    ------
    InputError : there is no such model, it has no baseline, or what was recorded cannot be read
    """
    params = model_selector.params(path)
    settings = _settings(params, given)
    times = _times(settings, since, until, reference)
    found = find(model_selector.asked(params, stage=stage, version=version, path=path))
    content = looked(found, params, settings, times)
    folder = Path(output) if output else layout.REPORTS
    last = _last(folder / layout.MONITORING.name)
    _write(content, folder)
    print(printed.screen(content))
    page = folder / layout.MONITORING_PAGE.relative_to(layout.REPORTS)
    print(f"\nWhere to look: {page}, {folder / layout.MONITORING.name}")
    _tell(content, last, settings)
    if content["alarms"] and not exit_zero:
        print(f"alarm: {printed.alarm(content)}", file=sys.stderr, flush=True)
        if settings.retrain is not None:
            _retrain(content, settings.retrain)
        sys.exit(ALARM)


def looked(found: Source, params: Mapping[str, Any], settings: Settings, times: Times) -> dict[str, Any]:
    """Give what monitoring.json holds.

    Parameters
    ----------
    found : the model
    params : of the project; may be empty
    settings : of conf/monitor
    times : what is looked at

    Raises
    ------
    InputError : as in `monitor`
    """
    model = saved.load(Path(found.folder), trusted=found.trusted)
    baseline = _baseline(found)
    folders = settings.captured or [model_selector.settings(dict(params)).capture_folder]
    of: dict[str, Any] = {
        "signature": model.signature,
        "version": found.version or LOCAL,
        "now": times.now,
        "memory": MEMORY,
    }
    with (
        recorded(folders, **of, since=times.since, until=times.until, window=settings.length) as seen,
        _reference(folders, of, times) as reference,
    ):
        values = params.get("decision", {}).get("values")
        measured = measure.look(seen, baseline, model, settings, reference=reference, values=values)
        others = measure.others(seen, found.version or LOCAL, times.since, times.until)
    labelled = None if measured.labelled is None else sum(measured.labelled.values())
    signature = model.signature
    about = {
        "made": timespec.said(times.now),
        "model": {
            **{key: getattr(found, key) for key in ("name", "version", "stage", "commit", "folder")},
            **{key: getattr(signature, key) for key in ("task", "target", "classes")},
        },
        "reference": _said_of(reference, baseline, times),
        "asked": {
            "since": timespec.said(times.since),
            "until": timespec.said(times.until),
            **{"window": settings.window, "captured": folders, "labels": settings.labels},
        },
        "rows": {"recorded": sum(each.rows for each in seen.windows), "labelled": labelled, "others": others},
        "distributions": measure.distributions(measured, baseline),
        "prediction": measure.prediction(measured, baseline),
        "troubles": [*seen.troubles, *measured.troubles, *_of_others(others, found.version or LOCAL)],
    }
    findings = verdict.judged(measured.findings, settings)
    return export.content(about, seen.windows, _full(seen, settings, times), findings, settings, measured.labelled)


def _retrain(content: Mapping[str, Any], settings: Mapping[str, Any]) -> None:
    """Start what conf/monitor says; that it fails is said, and the alarm is still what the caller has to hear."""
    from cairn.cli.retrain import retrain

    try:
        print(retrain(alarms=export.alarms(content), settings=settings))
    except InputError as error:
        print(f"error: {error}", file=sys.stderr)


def _settings(params: Mapping[str, Any], given: Mapping[str, Any]) -> Settings:
    said = {key: value for key, value in given.items() if value is not None}
    if "window" in said and str(said["window"]).isdecimal():
        said["window"] = int(said["window"])
    made: Settings = config.call(params["monitor"] | said) if "monitor" in params else Settings(**said)
    return made


def _times(settings: Settings, since: str | None, until: str | None, reference: str | None) -> Times:
    now = datetime.now(UTC)
    start = timespec.moment(since or settings.since, "--since", now)
    end = timespec.moment(until, "--until", now) if until else now
    if start >= end:
        raise InputError(f"--since: {timespec.said(start)} is not before {timespec.said(end)}, where it ends")
    before = timespec.between(reference, "--reference", start, now) if reference else None
    return Times(now, start, end, before)


def _baseline(found: Source) -> dict[str, Any]:
    path = Path(found.folder) / BASELINE
    if not path.exists():
        raise InputError(
            f"{found.version or found.folder}: has no {BASELINE}, so it was made before there was monitoring; "
            "make a new one by `dvc repro`"
        )
    content: dict[str, Any] = read_json(path)
    return content


@contextmanager
def _reference(folders: Sequence[str], of: Mapping[str, Any], times: Times) -> Iterator[Recorded | None]:
    """Open the recorded predictions to compare with, as one window; None where it is the baseline."""
    if times.reference is None:
        yield None
        return
    start, end = times.reference
    with recorded(folders, **of, since=start, until=end, window=end - start) as reference:
        if not sum(window.rows for window in reference.windows):
            raise InputError(
                f"--reference: nothing recorded from {timespec.said(start)} to {timespec.said(end)} to compare with"
            )
        yield reference


def _said_of(reference: Recorded | None, baseline: Mapping[str, Any], times: Times) -> dict[str, Any]:
    if reference is None or times.reference is None:
        return {"kind": "baseline", "rows": baseline["rows"]["inputs"], "since": None, "until": None}
    since, until = map(timespec.said, times.reference)
    rows = sum(window.rows for window in reference.windows)
    return {"kind": "recorded", "rows": rows, "since": since, "until": until}


def _full(seen: Recorded, settings: Settings, times: Times) -> set[int]:
    """Give the windows that will get no more rows."""
    if isinstance(settings.length, int):
        return {window.number for window in seen.windows if window.rows >= settings.length}
    return {window.number for window in seen.windows if window.end <= min(times.until, times.now)}


def _of_others(others: Mapping[str, int], version: str) -> list[str]:
    return [
        f"{rows:,} predictions of {other} in the same time are not looked at here: `cairn monitor "
        + ("--path FOLDER`" if other == LOCAL else f"--version {other}`")
        for other, rows in others.items()
        if other != version
    ]


def _last(path: Path) -> dict[str, Any] | None:
    """Read what the last run wrote; what cannot be read is no reason not to write anew."""
    try:
        content: dict[str, Any] = read_json(path)
    except (OSError, ValueError):
        return None
    return content if content.get("format") == export.FORMAT else None


def _write(content: Mapping[str, Any], folder: Path) -> None:
    from cairn.report.monitoring_page import watched

    write_json(content, folder / layout.MONITORING.name)
    texts = {layout.MONITORING_METRICS: export.prometheus(content), layout.MONITORING_PAGE: watched(content)}
    for path, text in texts.items():
        with written(folder / path.relative_to(layout.REPORTS)) as partial:
            partial.write_text(text, encoding="utf-8")


def _tell(content: Mapping[str, Any], last: Mapping[str, Any] | None, settings: Settings) -> None:
    """Send what is new to the webhooks; what cannot be delivered is said, and hides no alarm."""
    least = settings.notify.get("least", "alarm")
    news = [] if least == "never" else export.news(content, last, least)
    if news:
        asked_for = {"timeout": settings.notify.get("timeout", 10), "page": settings.notify.get("page")}
        for trouble in webhook.send(content, news, **asked_for):
            print(f"error: {trouble}", file=sys.stderr)
