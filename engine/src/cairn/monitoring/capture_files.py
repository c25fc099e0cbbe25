"""Find the files that `cairn serve` has written, here or on S3, and see which of them can be read."""

import re
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from cairn.errors import InputError

if TYPE_CHECKING:
    import pyarrow as pa

LOCAL = "local"  # the version of a model that has none, as /metrics calls it
DAY = re.compile(r"date=(\d{4}-\d{2}-\d{2})/[^/]+$")
NAME = re.compile(r"\d{6}-(?P<process>\d+)-(?P<number>\d+)\.parquet")  # as cairn.serving.capture names them
NEEDED = {"request_id", "time", "version", "row", "inputs", "prediction"}
APART = timedelta(minutes=1)  # rows of requests that ran at once may stand in another order
NAMED = 5  # files that a message names; the others are counted


class Capture(NamedTuple):
    """A file that can be read.

    Parameters
    ----------
    path : on this disk
    schema : its columns
    first, last : the times of its rows; None: it has none, or does not tell
    """

    path: Path
    schema: "pa.Schema"
    first: datetime | None
    last: datetime | None


@contextmanager
def at_hand(folders: Sequence[str], since: datetime | None, until: datetime | None) -> Iterator[list[Path]]:
    """Give the files of some folders on this disk; those from S3 are fetched, and deleted when the block ends.

    Parameters
    ----------
    folders : paths, or addresses with s3://, that hold folders named `date=2026-03-01`, or the files themselves
    since, until : days before and after are not looked at

    Raises
    ------
    InputError : a folder is not there or cannot be listed, or none of them holds a file
    """
    with tempfile.TemporaryDirectory(prefix="monitor-") as fetched:
        files: list[Path] = []
        for number, folder in enumerate(folders):
            if folder.startswith("s3://"):
                files += _fetched(folder, Path(fetched) / str(number), since, until)
            else:
                files += _here(Path(folder).expanduser(), since, until)
        if not files:
            within = "" if since is None and until is None else " of that time"
            raise InputError(
                f"{', '.join(folders)}: no recorded predictions{within}; "
                "serve with -S capture=all, or name the folder that serve.capture_folder had"
            )
        yield files


def readable(files: Sequence[Path]) -> tuple[list[Capture], list[str]]:
    """Look at the foot of each file.

    Returns
    -------
    list : those that can be read
    list : what is wrong with the others, in words
    """
    import pyarrow as pa

    captures, damaged, others = [], [], []
    for path in files:
        try:
            capture = _look(path)
        except (pa.ArrowException, OSError):
            damaged.append(path)
            continue
        if set(capture.schema.names) >= NEEDED and pa.types.is_struct(capture.schema.field("inputs").type):
            captures.append(capture)
        else:
            others.append(path)
    return captures, [
        *said(damaged, "damaged, and left out"),
        *said(others, "no recorded predictions, and left out"),
        *_backwards(captures),
    ]


def said(files: Sequence[Path], what: str) -> list[str]:
    """Say one thing of some files, the first of them by name; nothing where there are none."""
    if not files:
        return []
    named = ", ".join("/".join(path.parts[-2:]) for path in files[:NAMED])
    more = f" and {len(files) - NAMED:,} more" if len(files) > NAMED else ""
    return [f"{named}{more}: {what}"]


def _here(folder: Path, since: datetime | None, until: datetime | None) -> list[Path]:
    if not folder.is_dir():
        raise InputError(f"{folder}: no such folder; serve with -S capture=all, or name the one that it wrote into")
    return [path for path in sorted(folder.rglob("*.parquet")) if _within(path.as_posix(), since, until)]


def _fetched(address: str, goal: Path, since: datetime | None, until: datetime | None) -> list[Path]:
    import fsspec

    try:
        system = fsspec.filesystem("s3", skip_instance_cache=True)
        root = str(system._strip_protocol(address.rstrip("/")))
        found = [each for each in sorted(system.find(root)) if each.endswith(".parquet")]
        wanted = [each for each in found if _within(each, since, until)]
        goals = [goal / each.removeprefix(f"{root}/") for each in wanted]
        for path in goals:
            path.parent.mkdir(parents=True, exist_ok=True)
        if wanted:
            system.get(wanted, [str(path) for path in goals])
    except Exception as error:  # several libraries below, each with kinds of its own; all mean: not there
        reason = str(error).strip().splitlines() or [type(error).__name__]
        raise InputError(
            f"{address}: cannot read it: {reason[0]}; check the address and the AWS_* variables"
        ) from error
    return goals


def _within(path: str, since: datetime | None, until: datetime | None) -> bool:
    day = DAY.search(path)
    if day is None:
        return True
    return (since is None or day[1] >= f"{since:%Y-%m-%d}") and (until is None or day[1] <= f"{until:%Y-%m-%d}")


def _look(path: Path) -> Capture:
    import pyarrow.parquet as pq

    foot = pq.read_metadata(path)
    schema = foot.schema.to_arrow_schema()
    place = next((n for n in range(foot.num_columns) if foot.schema.column(n).path == "time"), None)
    parts: list[Any] = []
    if place is not None:
        parts = [foot.row_group(number).column(place).statistics for number in range(foot.num_row_groups)]
    bounds = [part for part in parts if part is not None and part.has_min_max]
    first = min((part.min for part in bounds), default=None)
    last = max((part.max for part in bounds), default=None)
    dates = isinstance(first, datetime) and isinstance(last, datetime)
    return Capture(path, schema, first if dates else None, last if dates else None)


def _backwards(captures: Sequence[Capture]) -> list[str]:
    """Say where a process wrote an earlier time after a later one.

    Only a process whose files have each number once is looked at: one that was started again under the same id, or
    one of the same id on another machine, leaves files whose order is not known.
    """
    of_process: dict[str, list[tuple[int, Capture]]] = {}
    for capture in captures:
        name = NAME.fullmatch(capture.path.name)
        if name is not None and capture.first is not None:
            of_process.setdefault(name["process"], []).append((int(name["number"]), capture))
    behind = []
    for files in of_process.values():
        if len({number for number, _ in files}) < len(files):
            continue
        in_order = [capture for _, capture in sorted(files, key=lambda each: each[0])]
        for before, after in pairwise(in_order):
            if before.last and after.first and after.first < before.last - APART:
                behind.append(after.path)
    what = "written after later times, so a clock was put back; its rows stand in the windows that their times say"
    return said(behind, what)
