"""Cut recorded rows into windows: the view `recorded` adds a window number to each row of the view `wanted`."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta

import duckdb
import numpy as np

from cairn.errors import InputError
from cairn.monitoring.finding import Window

MOST_WINDOWS = 10_000
DAY = timedelta(days=1)
MICROSECOND = timedelta(microseconds=1)


def cut_by_time(
    connection: duckdb.DuckDBPyConnection, length: timedelta, since: datetime | None, until: datetime | None
) -> list[Window]:
    """Create the view `recorded` with windows of a length of time, one after the other without a gap.

    Parameters
    ----------
    connection : has the view `wanted`
    length : of a window
    since, until : the start of the first window, and the end; None: the times of the first and the last row

    Raises
    ------
    InputError : the length is not above 0, or there would be too many windows
    """
    if length <= timedelta(0):
        raise InputError(f"window: {length} is not a length of time; write 1d or 6h")
    ((first, last),) = connection.execute("SELECT min(time), max(time) FROM wanted").fetchall()
    if since is None and first is None:
        connection.execute("CREATE VIEW recorded AS SELECT *, 0::INTEGER AS window_number FROM wanted")
        return []
    start = since or _floor(first, length)
    last_end = until or (start + length if last is None else last + MICROSECOND)
    number = max(-((start - last_end) // length), 1)
    _require_few(number)
    step = length // MICROSECOND
    connection.execute(
        f"CREATE VIEW recorded AS SELECT *, ((epoch_us(time) - {_epoch(start)}) // {step})::INTEGER AS window_number "
        "FROM wanted"
    )
    rows = _rows(connection)
    ends = [start + (place + 1) * length for place in range(number)]
    return [Window(place, _zoned(end - length), _zoned(end), rows.get(place, 0)) for place, end in enumerate(ends)]


def _floor(time: datetime, length: timedelta) -> datetime:
    """Return the last start of a window before a time; whole days and their even parts are counted from midnight."""
    midnight = time.replace(hour=0, minute=0, second=0, microsecond=0)
    return midnight if DAY % length else midnight + (time - midnight) // length * length


def cut_by_count(connection: duckdb.DuckDBPyConnection, size: int) -> list[Window]:
    """Create the view `recorded` with windows of about equal size; rows of the same time stay together.

    Parameters
    ----------
    connection : has the view `wanted`
    size : rows of a window, at least

    Raises
    ------
    InputError : the size is below 1, or there would be too many windows
    """
    if size < 1:
        raise InputError(f"window: {size} is not a number of rows; write 1000 or 1d")
    times = np.sort(connection.execute("SELECT epoch_us(time) AS time FROM wanted").fetchnumpy()["time"])
    starts = np.unique(times[::size])
    _require_few(len(starts))
    number = _bisection(starts.tolist(), 0)
    connection.execute(f"CREATE VIEW recorded AS SELECT *, ({number})::INTEGER AS window_number FROM wanted")
    ends = np.append(starts[1:], times[-1:] + 1)
    rows = np.diff(np.searchsorted(times, np.append(starts, ends[-1:])))
    bounds = zip(starts.tolist(), ends.tolist(), rows.tolist(), strict=True)
    return [Window(place, _from_epoch(start), _from_epoch(end), n) for place, (start, end, n) in enumerate(bounds)]


def _bisection(starts: Sequence[int], first: int) -> str:
    """Write the SQL that finds a row's window by bisection."""
    if len(starts) <= 1:
        return str(first)
    half = len(starts) // 2
    left, right = _bisection(starts[:half], first), _bisection(starts[half:], first + half)
    return f"CASE WHEN epoch_us(time) < {starts[half]} THEN {left} ELSE {right} END"


def _rows(connection: duckdb.DuckDBPyConnection) -> Mapping[int, int]:
    return dict(connection.execute("SELECT window_number, count(*) FROM recorded GROUP BY ALL").fetchall())


def _require_few(windows: int) -> None:
    if windows > MOST_WINDOWS:
        raise InputError(
            f"window: {windows:,} windows are more than {MOST_WINDOWS:,}; choose longer ones, or a later start"
        )


def timestamp_literal(time: datetime) -> str:
    """Format a time as SQL."""
    return f"TIMESTAMP '{time.isoformat(sep=' ')}'"


def _epoch(time: datetime) -> int:
    return (time - datetime(1970, 1, 1)) // MICROSECOND


def _zoned(time: datetime) -> datetime:
    return time.replace(tzinfo=UTC)


def _from_epoch(microseconds: int) -> datetime:
    return datetime(1970, 1, 1, tzinfo=UTC) + microseconds * MICROSECOND
