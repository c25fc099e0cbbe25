"""Cut recorded rows into windows: the view `recorded` is the view `wanted` with the number of each row's window."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from cairn.errors import InputError
from cairn.monitoring.finding import Window

if TYPE_CHECKING:
    import duckdb

MOST = 10_000  # windows
DAY = timedelta(days=1)
MICROSECOND = timedelta(microseconds=1)


def by_time(
    connection: "duckdb.DuckDBPyConnection", length: timedelta, since: datetime | None, until: datetime | None
) -> list[Window]:
    """Make the view `recorded`, with windows of a time, one after the other without a gap.

    Parameters
    ----------
    connection : has the view `wanted`
    length : of a window
    since, until : where the first begins, and no later one does; None: as the rows have it

    Raises
    ------
    InputError : that is no length, or there would be too many
    """
    if length <= timedelta(0):
        raise InputError(f"window: {length} is no time; say 1d or 6h")
    ((first, last),) = connection.execute("SELECT min(time), max(time) FROM wanted").fetchall()
    if since is None and first is None:
        connection.execute("CREATE VIEW recorded AS SELECT *, 0::INTEGER AS window_number FROM wanted")
        return []
    start = since or _floor(first, length)
    end = until or (start + length if last is None else last + MICROSECOND)
    number = max(-((start - end) // length), 1)
    _require_few(number)
    step = length // MICROSECOND
    connection.execute(
        f"CREATE VIEW recorded AS SELECT *, ((epoch_us(time) - {_epoch(start)}) // {step})::INTEGER AS window_number "
        "FROM wanted"
    )
    rows = _rows(connection)
    ends = [start + (place + 1) * length for place in range(number)]
    return [Window(place, _zoned(each - length), _zoned(each), rows.get(place, 0)) for place, each in enumerate(ends)]


def _floor(moment: datetime, length: timedelta) -> datetime:
    """Give the last start of a window before a time: those that fill a day begin at midnight, and so do longer ones."""
    midnight = moment.replace(hour=0, minute=0, second=0, microsecond=0)
    return midnight if DAY % length else midnight + (moment - midnight) // length * length


def by_count(connection: "duckdb.DuckDBPyConnection", size: int) -> list[Window]:
    """Make the view `recorded`, with windows of about so many rows; those of one moment stay together.

    Parameters
    ----------
    connection : has the view `wanted`
    size : rows of a window

    Raises
    ------
    InputError : that is no number of rows, or there would be too many windows
    """
    if size < 1:
        raise InputError(f"window: {size} is no number of rows; say 1000 or 1d")
    import numpy as np

    times = np.sort(connection.execute("SELECT epoch_us(time) AS time FROM wanted").fetchnumpy()["time"])
    starts = np.unique(times[::size])
    _require_few(len(starts))
    number = _place(starts.tolist(), 0)
    connection.execute(f"CREATE VIEW recorded AS SELECT *, ({number})::INTEGER AS window_number FROM wanted")
    ends = np.append(starts[1:], times[-1:] + 1)
    rows = np.diff(np.searchsorted(times, np.append(starts, ends[-1:])))
    bounds = zip(starts.tolist(), ends.tolist(), rows.tolist(), strict=True)
    return [Window(place, _moment(start), _moment(end), n) for place, (start, end, n) in enumerate(bounds)]


def _place(starts: Sequence[int], first: int) -> str:
    """Give the window of a row by halving: as many comparisons as the number of windows has digits in base two."""
    if len(starts) <= 1:
        return str(first)
    half = len(starts) // 2
    left, right = _place(starts[:half], first), _place(starts[half:], first + half)
    return f"CASE WHEN epoch_us(time) < {starts[half]} THEN {left} ELSE {right} END"


def _rows(connection: "duckdb.DuckDBPyConnection") -> Mapping[int, int]:
    return dict(connection.execute("SELECT window_number, count(*) FROM recorded GROUP BY ALL").fetchall())


def _require_few(windows: int) -> None:
    if windows > MOST:
        raise InputError(f"window: {windows:,} of them are more than {MOST:,}; choose longer ones, or a later start")


def sql(moment: datetime) -> str:
    return f"TIMESTAMP '{moment.isoformat(sep=' ')}'"


def _epoch(moment: datetime) -> int:
    return (moment - datetime(1970, 1, 1)) // MICROSECOND


def _zoned(moment: datetime) -> datetime:
    return moment.replace(tzinfo=UTC)


def _moment(microseconds: int) -> datetime:
    return datetime(1970, 1, 1, tzinfo=UTC) + microseconds * MICROSECOND
