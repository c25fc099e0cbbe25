"""Find the files that `cairn serve` has written, on this disk or on S3, and read their footers."""

import re
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import fsspec
import pyarrow as pa
import pyarrow.parquet as pq

from cairn.errors import InputError

LOCAL = "local"  # the version of a model without one, as in /metrics
DAY = re.compile(r"date=(\d{4}-\d{2}-\d{2})/[^/]+$")
NAME = re.compile(r"\d{6}-(?P<process>\d+)-(?P<number>\d+)\.parquet")  # as cairn.serving.capture names them
NEEDED = {"request_id", "time", "version", "row", "inputs", "prediction"}
DISORDER = timedelta(minutes=1)  # rows of concurrent requests may be written in another order
FILES_NAMED = 5  # in a message; the others are counted


class Capture(NamedTuple):
    """A readable file.

    Parameters
    ----------
    path : on this disk
    schema : its columns
    first, last : the times of its rows; None: it has no rows or no statistics
    """

    path: Path
    schema: pa.Schema
    first: datetime | None
    last: datetime | None


@contextmanager
def local_files(folders: Sequence[str], since: datetime | None, until: datetime | None) -> Iterator[list[Path]]:
    """Open the files of some folders on this disk; files on S3 are downloaded, and deleted when the block ends.

    Parameters
    ----------
    folders : paths, or addresses with s3://, that hold folders named `date=2026-03-01`, or the files themselves
    since, until : days before and after are skipped

    Raises
    ------
    InputError : a folder does not exist or cannot be listed, or none of them contains a file
    """
    with tempfile.TemporaryDirectory(prefix="monitor-") as downloads:
        files: list[Path] = []
        for number, folder in enumerate(folders):
            if folder.startswith("s3://"):
                files += _download(folder, Path(downloads) / str(number), since, until)
            else:
                files += _list_local(Path(folder).expanduser(), since, until)
        if not files:
            within = "" if since is None and until is None else " of that time"
            raise InputError(
                f"{', '.join(folders)}: no recorded predictions{within}; "
                "serve with -S capture=all, or name the folder that serve.capture_folder had"
            )
        yield files


def read_captures(files: Sequence[Path]) -> tuple[list[Capture], list[str]]:
    """Read the footer of each file.

    Returns
    -------
    list : the readable files
    list : descriptions of the faults of the others
    """
    captures, damaged, others = [], [], []
    for path in files:
        try:
            capture = _read_footer(path)
        except (pa.ArrowException, OSError):
            damaged.append(path)
            continue
        if set(capture.schema.names) >= NEEDED and pa.types.is_struct(capture.schema.field("inputs").type):
            captures.append(capture)
        else:
            others.append(path)
    return captures, [
        *describe_files(damaged, "damaged, and left out"),
        *describe_files(others, "no recorded predictions, and left out"),
        *_backwards(captures),
    ]


def describe_files(files: Sequence[Path], fault: str) -> list[str]:
    """Describe a fault of some files, with the names of the first; empty without files."""
    if not files:
        return []
    named = ", ".join("/".join(path.parts[-2:]) for path in files[:FILES_NAMED])
    more = f" and {len(files) - FILES_NAMED:,} more" if len(files) > FILES_NAMED else ""
    return [f"{named}{more}: {fault}"]


def _list_local(folder: Path, since: datetime | None, until: datetime | None) -> list[Path]:
    if not folder.is_dir():
        raise InputError(f"{folder}: no such folder; serve with -S capture=all, or name the server's capture folder")
    return [path for path in sorted(folder.rglob("*.parquet")) if _within(path.as_posix(), since, until)]


def _download(address: str, target: Path, since: datetime | None, until: datetime | None) -> list[Path]:
    try:
        system = fsspec.filesystem("s3", skip_instance_cache=True)
        root = str(system._strip_protocol(address.rstrip("/")))
        paths = [path for path in sorted(system.find(root)) if path.endswith(".parquet")]
        wanted = [path for path in paths if _within(path, since, until)]
        targets = [target / path.removeprefix(f"{root}/") for path in wanted]
        for path in targets:
            path.parent.mkdir(parents=True, exist_ok=True)
        if wanted:
            system.get(wanted, [str(path) for path in targets])
    except Exception as error:  # fsspec, botocore and aiohttp raise errors without a common base
        reason = str(error).strip().splitlines() or [type(error).__name__]
        raise InputError(
            f"{address}: cannot read it: {reason[0]}; check the address and the AWS_* variables"
        ) from error
    return targets


def _within(path: str, since: datetime | None, until: datetime | None) -> bool:
    day = DAY.search(path)
    if day is None:
        return True
    return (since is None or day[1] >= f"{since:%Y-%m-%d}") and (until is None or day[1] <= f"{until:%Y-%m-%d}")


def _read_footer(path: Path) -> Capture:
    footer = pq.read_metadata(path)
    schema = footer.schema.to_arrow_schema()
    place = next((n for n in range(footer.num_columns) if footer.schema.column(n).path == "time"), None)
    parts: list[Any] = []
    if place is not None:
        parts = [footer.row_group(number).column(place).statistics for number in range(footer.num_row_groups)]
    bounds = [part for part in parts if part is not None and part.has_min_max]
    first = min((part.min for part in bounds), default=None)
    last = max((part.max for part in bounds), default=None)
    has_times = isinstance(first, datetime) and isinstance(last, datetime)
    return Capture(path, schema, first if has_times else None, last if has_times else None)


def _backwards(captures: Sequence[Capture]) -> list[str]:
    """Describe files in which a process wrote an earlier time after a later one.

    Only a process whose files have each number once is checked: one that was started again under the same id, or one
    of the same id on another machine, leaves files in an unknown order.
    """
    by_process: dict[str, list[tuple[int, Capture]]] = {}
    for capture in captures:
        name = NAME.fullmatch(capture.path.name)
        if name is not None and capture.first is not None:
            by_process.setdefault(name["process"], []).append((int(name["number"]), capture))
    behind = []
    for files in by_process.values():
        if len({number for number, _ in files}) < len(files):
            continue
        in_order = [capture for _, capture in sorted(files, key=lambda numbered: numbered[0])]
        for before, after in pairwise(in_order):
            if before.last and after.first and after.first < before.last - DISORDER:
                behind.append(after.path)
    fault = "written after later times, so a clock was put back; its rows stand in the windows that their times say"
    return describe_files(behind, fault)
