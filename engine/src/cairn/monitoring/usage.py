"""Which requests used which version of the model, as recorded predictions say it."""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from cairn.monitoring.capture_files import LOCAL, at_hand, readable, said
from cairn.tables.duck import connect, literal

if TYPE_CHECKING:
    import duckdb


class Use(NamedTuple):
    """What a version answered on a day.

    Parameters
    ----------
    version : `local` for a model that has none
    first, last : when, in UTC
    requests, rows : how many
    """

    version: str
    first: datetime
    last: datetime
    requests: int
    rows: int


def used(
    folders: Sequence[str],
    *,
    since: datetime | None = None,
    until: datetime | None = None,
    request: str | None = None,
) -> tuple[list[Use], list[str]]:
    """Count requests and rows by day, in UTC, and version.

    Parameters
    ----------
    folders : as `cairn serve` writes them, paths or addresses with s3://
    since, until : from then on, until just before then
    request : only the one with this id

    Returns
    -------
    list : the oldest first
    list : files that were left out, in words

    Raises
    ------
    InputError : there is nothing recorded
    """
    with at_hand(folders, since, until) as files, connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        sound = [capture.path for capture in readable(files)[0]]
        wanted = [f"time >= {_sql(since)}"] if since else []
        wanted += [f"time < {_sql(until)}"] if until else []
        wanted += [f"request_id = {literal(request)}"] if request else []
        rows, broken = _asked(connection, sound, " AND ".join(wanted) or "true")
        left_out = [path for path in files if path not in sound or path in broken]
    uses = [Use(version, first.replace(tzinfo=UTC), last.replace(tzinfo=UTC), *n) for version, first, last, *n in rows]
    return uses, said(left_out, "cannot be read, and left out")


def _asked(
    connection: "duckdb.DuckDBPyConnection", files: Sequence[Path], wanted: str
) -> tuple[list[tuple[Any, ...]], list[Path]]:
    """Ask all files in one scan; where that fails, find those that are damaged behind a sound foot, and go without."""
    import duckdb

    def ask(some: Sequence[Path]) -> list[tuple[Any, ...]]:
        if not some:
            return []
        return connection.execute(
            # a request's rows are numbered from 0, so each has one row 0
            f"SELECT coalesce(version, '{LOCAL}') AS version, min(time)::TIMESTAMP, max(time)::TIMESTAMP, "
            f"count(*) FILTER (row = 0), count(*) FROM read_parquet([{', '.join(map(literal, some))}]) "
            f"WHERE {wanted} GROUP BY time::DATE, version ORDER BY min(time), version"
        ).fetchall()

    def damaged(file: Path) -> bool:
        try:
            ask([file])
        except duckdb.Error:
            return True
        return False

    try:
        return ask(files), []
    except duckdb.Error:
        broken = [file for file in files if damaged(file)]
        return ask([file for file in files if file not in broken]), broken


def _sql(moment: datetime) -> str:
    return f"TIMESTAMPTZ {literal(moment.isoformat())}"
