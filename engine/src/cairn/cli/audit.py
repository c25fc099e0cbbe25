"""Say who did what to the models, and which requests used which version: `cairn audit`."""

import argparse
import json
import sys
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import NamedTuple

from cairn import config
from cairn.cli.models import lineage
from cairn.errors import InputError, did_you_mean
from cairn.monitoring.timespec import parse_time
from cairn.monitoring.usage import Usage, count_usage
from cairn.registry import history, tags
from cairn.registry.promotion import Rules
from cairn.registry.tags import Tags
from cairn.tables import text as printed
from cairn.tables.query import Answer

SHOWN = 6  # columns of a table; CSV and JSON have all


class Row(NamedTuple):
    """What was done, or what was answered on a day; `history.Event` and `usage.Usage` say what the columns mean."""

    time: datetime
    event: str
    version: str
    stage: str
    who: str
    why: str
    commit: str
    last: datetime | None = None
    requests: int | None = None
    rows: int | None = None


def audit(
    *,
    since: str | None = None,
    until: str | None = None,
    stage: str | None = None,
    version: str | None = None,
    request: str | None = None,
    captured: Sequence[str] | None = None,
    form: printed.Format = "table",
) -> None:
    """Print what was done and what was answered, the oldest first; times are UTC.

    Parameters
    ----------
    since, until : times such as `24h`, `2026-03-01` or `2026-03-01T08:00`; until just before then
    stage : what was done there, and what concerns the versions that ever were there
    version : what concerns this one
    request : the one with this id, and what its version was made of
    captured : folders of recorded predictions; None: those of conf/monitor, or else where conf/serve has them written
    form : as `printed.write` takes it

    Raises
    ------
    InputError : a time, stage or version that is none, or a request that was not recorded
    """
    params = config.read_yaml(config.PARAMS)
    rules: Rules = config.call(params["registry"])
    now = datetime.now(UTC)
    start = parse_time(since, "--since", now) if since else None
    end = parse_time(until, "--until", now) if until else None
    known = tags.read()
    folders = captured or params.get("monitor", {}).get("captured") or [params["serve"]["capture_folder"]]
    uses = _uses(folders, start, end, request)
    if request:
        _print_request(request, uses, known, form)
        return
    rows = [*(Row(*event) for event in history.events(known)), *map(_row, uses)]
    if version:
        rows = _of_version(rows, version, known)
    if stage:
        rows = _of_stage(rows, rules.known(stage))
    within = (row for row in rows if (start is None or row.time >= start) and (end is None or row.time < end))
    _print(sorted(within, key=lambda row: row.time), form)


def main(options: argparse.Namespace) -> None:
    """Run `cairn audit`."""
    audit(
        since=options.since,
        until=options.until,
        stage=options.stage,
        version=options.version,
        request=options.request,
        captured=options.captured,
        form=options.format,
    )


def _uses(folders: Sequence[str], since: datetime | None, until: datetime | None, request: str | None) -> list[Usage]:
    """Read what was recorded; that nothing was is said, and no error, since not every server records."""
    try:
        uses, troubles = count_usage(folders, since=since, until=until, request=request)
    except InputError as error:
        uses, troubles = [], [str(error)]
    for trouble in troubles:
        print(f"note: {trouble}", file=sys.stderr)
    return uses


def _row(use: Usage) -> Row:
    counts = f"{use.requests:,} requests, {use.rows:,} rows, the last at {use.last:%H:%M:%S}"
    return Row(use.first, "used", use.version, "", "", counts, "", use.last, use.requests, use.rows)


def _of_version(rows: Sequence[Row], version: str, known: Tags) -> list[Row]:
    name = version.removeprefix(f"{tags.ARTIFACT}@")
    found = [row for row in rows if row.version == name]
    if not found:
        raise InputError(f"no version {version!r} {did_you_mean(name, known.versions)}; `cairn models` shows them")
    return found


def _of_stage(rows: Sequence[Row], stage: str) -> list[Row]:
    """Keep what was done at a stage, and what concerns, at no stage, the versions that ever were there."""
    there = {row.version for row in rows if row.stage == stage and row.event in ("promoted", "rolled back")}
    return [row for row in rows if row.stage == stage or (not row.stage and row.version in there)]


def _print_request(request: str, uses: Sequence[Usage], known: Tags, form: printed.Format) -> None:
    """Print which version answered a request, and what that was made of."""
    if not uses:
        raise InputError(f"--request {request}: not recorded; `cairn audit` without it says which days are")
    made = {use.version: lineage(use.version) if use.version in known.versions else None for use in uses}
    if form == "json":
        told = [
            {**_json(_row(use)), "request": request, "lineage": config.parse_yaml(made[use.version] or "null")}
            for use in uses
        ]
        print(json.dumps(told, indent=2, ensure_ascii=False, default=str))
        return
    _print(map(_row, uses), form)
    if form == "table":
        for version, text in made.items():
            print(f"\n{text}" if text else f"\n{version}: not registered, so nothing more is known", end="")


def _print(rows: Iterable[Row], form: printed.Format) -> None:
    names: list[str] = list(Row._fields)
    if form == "json":
        answer = Answer(names, [""] * len(names), iter([[tuple(_json(row).values()) for row in rows]]))
    elif form == "csv":
        cells = [tuple("" if each is None else str(each) for each in _json(row).values()) for row in rows]
        answer = Answer(names, [""] * len(names), iter([cells]))
    else:
        shown = ([f"{row.time:%Y-%m-%d %H:%M:%S}", *map(str, row[1:SHOWN])] for row in rows)
        cells = [tuple(each) for each in shown]
        answer = Answer(names[:SHOWN], [""] * SHOWN, iter([cells]))
    printed.write(answer, form, sys.stdout)


def _json(row: Row) -> dict[str, str | int | None]:
    times = {name: getattr(row, name) for name in ("time", "last")}
    spelled = {name: each and each.isoformat().replace("+00:00", "Z") for name, each in times.items()}
    return row._asdict() | spelled
