"""Compare recorded predictions with what the model was made from: `cairn monitor`."""

import argparse
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

from cairn import config, layout
from cairn.cli import model_selector
from cairn.documents import from_json, to_json
from cairn.errors import InputError
from cairn.files import read_json, write_json, written
from cairn.models import saved
from cairn.monitoring import export, measure, timespec, verdict, webhook
from cairn.monitoring import text as printed
from cairn.monitoring.capture_files import LOCAL
from cairn.monitoring.documents import Baseline, MonitoredModel, MonitoringReport, Reference, Request, RowCounts
from cairn.monitoring.records import Records, open_records
from cairn.monitoring.settings import Settings
from cairn.registry.model_source import ModelSource, fetch_model

ALARM = 3  # the exit code; 1 is an error, 2 a command line that is none
BASELINE = "baseline.json"  # in the model's folder
MEMORY = "2GiB"  # that DuckDB may hold; beyond, it goes on on the disk


class Times(NamedTuple):
    """What is looked at, and against what.

    Parameters
    ----------
    now : when that is
    since, until : the predictions from then on, until just before then
    reference : the same of those to compare them with; None: the model's baseline
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
    source = fetch_model(model_selector.select_model(params, stage=stage, version=version, path=path))
    report = measure_model(source, params, settings, times)
    folder = Path(output) if output else layout.REPORTS
    last = _last(folder / layout.MONITORING.name)
    _write(report, folder)
    print(printed.screen(report))
    page = folder / layout.MONITORING_PAGE.relative_to(layout.REPORTS)
    print(f"\nWhere to look: {page}, {folder / layout.MONITORING.name}")
    _notify(report, last, settings)
    if report.alarms and not exit_zero:
        print(f"alarm: {printed.alarm_line(report)}", file=sys.stderr, flush=True)
        if settings.retrain is not None:
            _retrain(report, settings.retrain)
        sys.exit(ALARM)


def measure_model(source: ModelSource, params: Mapping[str, Any], settings: Settings, times: Times) -> MonitoringReport:
    """Measure a model's recorded predictions, and judge the findings.

    Parameters
    ----------
    source : the model
    params : of the project; may be empty
    settings : of conf/monitor
    times : what is looked at

    Raises
    ------
    InputError : as in `monitor`
    """
    model = saved.load(Path(source.folder), trusted=source.trusted)
    baseline = _baseline(source)
    folders = settings.captured or [model_selector.settings(dict(params)).capture_folder]
    of: dict[str, Any] = {
        "signature": model.signature,
        "version": source.version or LOCAL,
        "now": times.now,
        "memory": MEMORY,
    }
    with (
        open_records(folders, **of, since=times.since, until=times.until, window=settings.length) as records,
        _reference(folders, of, times) as reference,
    ):
        values = params.get("decision", {}).get("values")
        measured = measure.measure_all(records, baseline, model, settings, reference=reference, values=values)
        others = measure.count_other_versions(records, source.version or LOCAL, times.since, times.until)
    signature = model.signature
    context = export.Context(
        made=timespec.to_iso(times.now),
        model=MonitoredModel(
            **{key: getattr(source, key) for key in ("name", "version", "stage", "commit", "folder")},
            **{key: getattr(signature, key) for key in ("task", "target", "classes")},
        ),
        reference=_describe_reference(reference, baseline, times),
        asked=Request(
            since=timespec.to_iso(times.since),
            until=timespec.to_iso(times.until),
            window=settings.window,
            captured=list(folders),
            labels=settings.labels,
        ),
        rows=RowCounts(
            recorded=sum(window.rows for window in records.windows),
            labelled=None if measured.labelled is None else sum(measured.labelled.values()),
            others=others,
        ),
        distributions=measure.feature_distributions(measured, baseline),
        prediction=measure.prediction_distribution(measured, baseline),
        troubles=[*records.troubles, *measured.troubles, *_of_others(others, source.version or LOCAL)],
    )
    findings = verdict.judge(measured.findings, settings)
    full = _full(records, settings, times)
    return export.build_report(context, records.windows, full, findings, settings, measured.labelled)


def main(options: argparse.Namespace) -> None:
    """Run `cairn monitor`."""
    monitor(**{name: value for name, value in vars(options).items() if name != "command"})


def _retrain(report: MonitoringReport, settings: Mapping[str, Any]) -> None:
    """Start retraining; report a failure, but keep the alarm's exit code."""
    from cairn.cli.retrain import retrain

    try:
        print(retrain(alarms=export.alarm_lines(report), settings=settings))
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
    start = timespec.parse_time(since or settings.since, "--since", now)
    end = timespec.parse_time(until, "--until", now) if until else now
    if start >= end:
        raise InputError(f"--since: {timespec.to_iso(start)} is not before {timespec.to_iso(end)}, where it ends")
    before = timespec.parse_period(reference, "--reference", start, now) if reference else None
    return Times(now, start, end, before)


def _baseline(source: ModelSource) -> Baseline:
    path = Path(source.folder) / BASELINE
    if not path.exists():
        raise InputError(
            f"{source.version or source.folder}: has no {BASELINE}, so it was made before there was monitoring; "
            "make a new one by `dvc repro`"
        )
    return from_json(Baseline, read_json(path), str(path))


@contextmanager
def _reference(folders: Sequence[str], of: Mapping[str, Any], times: Times) -> Iterator[Records | None]:
    """Open the recorded predictions to compare with, as one window; None where it is the baseline."""
    if times.reference is None:
        yield None
        return
    start, end = times.reference
    with open_records(folders, **of, since=start, until=end, window=end - start) as reference:
        if not sum(window.rows for window in reference.windows):
            raise InputError(
                f"--reference: nothing recorded from {timespec.to_iso(start)} to {timespec.to_iso(end)} to compare with"
            )
        yield reference


def _describe_reference(reference: Records | None, baseline: Baseline, times: Times) -> Reference:
    if reference is None or times.reference is None:
        return Reference(kind="baseline", rows=baseline.rows.inputs, since=None, until=None)
    since, until = map(timespec.to_iso, times.reference)
    rows = sum(window.rows for window in reference.windows)
    return Reference(kind="recorded", rows=rows, since=since, until=until)


def _full(records: Records, settings: Settings, times: Times) -> set[int]:
    """Give the windows that will get no more rows."""
    if isinstance(settings.length, int):
        return {window.number for window in records.windows if window.rows >= settings.length}
    return {window.number for window in records.windows if window.end <= min(times.until, times.now)}


def _of_others(others: Mapping[str, int], version: str) -> list[str]:
    return [
        f"{rows:,} predictions of {other} in the same time are not looked at here: `cairn monitor "
        + ("--path FOLDER`" if other == LOCAL else f"--version {other}`")
        for other, rows in others.items()
        if other != version
    ]


def _last(path: Path) -> MonitoringReport | None:
    """Read the report of the last run; None if there is none that this version can read."""
    try:
        report = from_json(MonitoringReport, read_json(path), str(path))
    except (OSError, ValueError, InputError):
        return None
    return report if report.format == export.FORMAT else None


def _write(report: MonitoringReport, folder: Path) -> None:
    from cairn.report.monitoring_page import monitoring_page

    write_json(to_json(report), folder / layout.MONITORING.name)
    texts = {layout.MONITORING_METRICS: export.prometheus(report), layout.MONITORING_PAGE: monitoring_page(report)}
    for path, text in texts.items():
        with written(folder / path.relative_to(layout.REPORTS)) as partial:
            partial.write_text(text, encoding="utf-8")


def _notify(report: MonitoringReport, last: MonitoringReport | None, settings: Settings) -> None:
    """Send new findings to the webhooks; print each that cannot be delivered, and go on."""
    least = settings.notify.get("least", "alarm")
    news = [] if least == "never" else export.new_findings(report, last, least)
    if news:
        options = {"timeout": settings.notify.get("timeout", 10), "page": settings.notify.get("page")}
        for trouble in webhook.send(report, news, **options):
            print(f"error: {trouble}", file=sys.stderr)
