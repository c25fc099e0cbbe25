"""Count requests per version of the model."""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import duckdb

from cairn.monitoring.capture_files import LOCAL, describe_files, local_files, read_captures
from cairn.tables.duck import connect, literal


class Usage(NamedTuple):
    """The requests that a version answered on a day.

    Parameters
    ----------
    version : `local` for a model without a version
    first, last : the times of the first and the last row, in UTC
    requests, rows : their numbers
    """

    version: str
    first: datetime
    last: datetime
    requests: int
    rows: int


def count_usage(
    folders: Sequence[str],
    *,
    since: datetime | None = None,
    until: datetime | None = None,
    request: str | None = None,
) -> tuple[list[Usage], list[str]]:
    """Count requests and rows by day, in UTC, and version.

    Parameters
    ----------
    folders : as `cairn serve` writes them, paths or addresses with s3://
    since, until : from then on, until just before then
    request : the id of a single request; None: all

    Returns
    -------
    list : the oldest first
    list : descriptions of files that were left out

    Raises
    ------
    InputError : no predictions are recorded
    """
    with local_files(folders, since, until) as files, connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        readable = [capture.path for capture in read_captures(files)[0]]
        conditions = [f"time >= {_timestamp(since)}"] if since else []
        conditions += [f"time < {_timestamp(until)}"] if until else []
        conditions += [f"request_id = {literal(request)}"] if request else []
        rows, broken = _count(connection, readable, " AND ".join(conditions) or "true")
        left_out = [path for path in files if path not in readable or path in broken]
    usage = [
        Usage(version, first.replace(tzinfo=UTC), last.replace(tzinfo=UTC), *n) for version, first, last, *n in rows
    ]
    return usage, describe_files(left_out, "cannot be read, and left out")


def _count(
    connection: duckdb.DuckDBPyConnection, files: Sequence[Path], condition: str
) -> tuple[list[tuple[Any, ...]], list[Path]]:
    """Count all files in one scan; where that fails, leave out the damaged files."""

    def query(paths: Sequence[Path]) -> list[tuple[Any, ...]]:
        if not paths:
            return []
        return connection.execute(
            # each request has one row 0
            f"SELECT coalesce(version, '{LOCAL}') AS version, min(time)::TIMESTAMP, max(time)::TIMESTAMP, "
            f"count(*) FILTER (row = 0), count(*) FROM read_parquet([{', '.join(map(literal, paths))}]) "
            f"WHERE {condition} GROUP BY time::DATE, version ORDER BY min(time), version"
        ).fetchall()

    def damaged(file: Path) -> bool:
        try:
            query([file])
        except duckdb.Error:
            return True
        return False

    try:
        return query(files), []
    except duckdb.Error:
        broken = [file for file in files if damaged(file)]
        return query([file for file in files if file not in broken]), broken


def _timestamp(time: datetime) -> str:
    return f"TIMESTAMPTZ {literal(time.isoformat())}"
