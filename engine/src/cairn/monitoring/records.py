"""Recorded predictions as a table in DuckDB, cut into windows of time or of rows."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from cairn.errors import InputError
from cairn.monitoring.capture_files import LOCAL, Capture, at_hand, readable, said
from cairn.monitoring.finding import Window
from cairn.monitoring.windows import by_count, by_time, sql
from cairn.rows.signature import Signature
from cairn.tables.duck import connect, literal, quoted

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa

OWN = ("request_id", "time", "version", "row", "prediction", "probabilities", "seconds", "window_number")
SLACK = timedelta(hours=1)  # that a server's clock may be ahead of this one
KINDS = {"number": "DOUBLE", "boolean": "BOOLEAN", "category": "VARCHAR", "time": "VARCHAR"}


@dataclass
class Recorded:
    """Recorded predictions, open for questions.

    Parameters
    ----------
    connection : has the view `recorded`, with a row for each row that was predicted: `request_id`, `time` (in UTC),
        `version` (`local` for a model that has none), `row`, `prediction`, `probabilities` (missing for a regression),
        `seconds` (missing where it was not recorded), the features, and `window_number`
    windows : oldest first; one in which nothing came has 0 rows, and the last may not be over
    troubles : what was left out or is odd, in words
    changed : columns that are not as the model knows them -> `missing`, `new`, or the types
    names : feature -> its column in the view; another name only where the view has a column of its own by that name
    signature : of the model
    by_count : the windows are a number of rows, not a time
    """

    connection: "duckdb.DuckDBPyConnection"
    windows: list[Window]
    troubles: list[str]
    changed: dict[str, str]
    names: dict[str, str]
    signature: Signature
    by_count: bool


@contextmanager
def recorded(
    folders: Sequence[str],
    *,
    signature: Signature,
    version: str | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    window: timedelta | int = timedelta(days=1),
    now: datetime | None = None,
    memory: str | None = None,
    threads: int | None = None,
) -> Iterator[Recorded]:
    """Open what was recorded; files that are damaged are left out and named.

    Parameters
    ----------
    folders : as `cairn serve` writes them, paths or addresses with s3://
    signature : of the model
    version : only rows that it predicted; `local`: a model without a version; None: all
    since, until : only rows from then on, until just before then; times without a zone are UTC
    window : how long one is, from `since` or the first midnight on; or how many rows it has. Rows of one moment stay
        together, so that a window by rows may have a few more, and the last fewer
    now : later times are wrong; None: the clock's
    memory : the most that DuckDB may hold, such as `2GiB`; it spills to disk beyond. None: most of the machine's
    threads : as in `connect`

    Raises
    ------
    InputError : there is nothing recorded, or the windows would be too many
    """
    now = _utc(now or datetime.now(UTC))
    since, until = since and _utc(since), until and _utc(until)
    with at_hand(folders, since, until) as files:
        captures, troubles = readable(files)
        connection = connect(threads)
        try:
            connection.execute("SET TimeZone = 'UTC'")
            if memory is not None:
                connection.execute(f"SET memory_limit = {literal(memory)}")
            captures, broken = _sound(connection, captures, signature)
            troubles += broken
            if not captures:
                raise InputError(f"{', '.join(folders)}: none of the {len(files):,} files can be read: {troubles[0]}")
            changed = _changed(captures, signature)
            troubles += [f"column {name!r}: {what}" for name, what in changed.items()]
            _view(connection, captures, signature)
            troubles += _select(connection, version=version, since=since, until=until, now=now)
            if isinstance(window, int):
                windows = by_count(connection, window)
            else:
                windows = by_time(connection, window, since, until)
            names = _names(signature)
            yield Recorded(connection, windows, troubles, changed, names, signature, isinstance(window, int))
        finally:
            connection.close()


def _utc(moment: datetime) -> datetime:
    """Give a time in UTC without its zone, as the view has it."""
    return moment.astimezone(UTC).replace(tzinfo=None) if moment.tzinfo else moment


def _names(signature: Signature) -> dict[str, str]:
    return {
        column.name: f"{column.name} (input)" if column.name.lower() in OWN else column.name
        for column in signature.columns
    }


def _sound(
    connection: "duckdb.DuckDBPyConnection", captures: Sequence[Capture], signature: Signature
) -> tuple[list[Capture], list[str]]:
    """Read all files through once, since one may be damaged behind a sound foot."""
    import duckdb

    def sound(some: Sequence[Capture]) -> bool:
        names = [*OWN[:-1], *_names(signature).values()]
        every = ", ".join(f"bit_xor(hash({quoted(name)}))" for name in names)
        try:
            _view(connection, some, signature)
            connection.execute(f"SELECT {every} FROM every_row").fetchall()
        except duckdb.Error:
            return False
        return True

    if not captures or sound(captures):
        return list(captures), []
    whole: list[Capture] = []
    damaged: list[Capture] = []
    for capture in captures:
        (whole if sound([capture]) else damaged).append(capture)
    return whole, said([capture.path for capture in damaged], "damaged, and left out")


def _view(connection: "duckdb.DuckDBPyConnection", captures: Sequence[Capture], signature: Signature) -> None:
    """Lay all files under one another; files of different columns are read apart."""
    alike: dict[str, list[Capture]] = {}
    for capture in captures:
        alike.setdefault(str(capture.schema), []).append(capture)
    parts = []
    for some in alike.values():
        listed = ", ".join(literal(capture.path) for capture in some)
        parts.append(f"SELECT {', '.join(_selected(some[0].schema, signature))} FROM read_parquet([{listed}])")
    connection.execute(f"CREATE OR REPLACE VIEW every_row AS {' UNION ALL '.join(parts)}")


def _selected(schema: "pa.Schema", signature: Signature) -> Iterator[str]:
    there = _types(schema)
    yield f"request_id, time::TIMESTAMP AS time, coalesce(version::VARCHAR, '{LOCAL}') AS version, row::INTEGER AS row"
    yield f"TRY_CAST(prediction AS {_type_of_classes(signature)}) AS prediction"
    for name, type_ in {"probabilities": "DOUBLE[]", "seconds": "DOUBLE"}.items():
        yield f"{name if name in schema.names else 'NULL'}::{type_} AS {name}"
    for column in signature.columns:
        value = f"struct_extract(inputs, {literal(column.name)})" if column.name in there else "NULL"
        yield f"TRY_CAST({value} AS {KINDS[column.kind]}) AS {quoted(_names(signature)[column.name])}"


def _type_of_classes(signature: Signature) -> str:
    if signature.classes is None:
        return "DOUBLE"
    return {bool: "BOOLEAN", int: "BIGINT", float: "DOUBLE"}.get(type(signature.classes[0]), "VARCHAR")


def _changed(captures: Sequence[Capture], signature: Signature) -> dict[str, str]:
    """Hold the columns of the newest file against those of the model, and the types of every file."""
    newest = max(captures, key=lambda capture: (capture.last is not None, capture.last, capture.path.name))
    kinds = {column.name: column.kind for column in signature.columns}
    changed = {}
    for schema in {str(capture.schema): capture.schema for capture in captures}.values():
        for name, type_ in _types(schema).items():
            if name in kinds and not _fits(type_, kinds[name]):
                changed[name] = f"{type_} in place of {kinds[name]}"
    there = _types(newest.schema)
    changed |= {name: "missing" for name in kinds if name not in there}
    return changed | {name: "new" for name in there if name not in kinds}


def _types(schema: "pa.Schema") -> "dict[str, pa.DataType]":
    inputs = schema.field("inputs").type
    return {inputs.field(place).name: inputs.field(place).type for place in range(inputs.num_fields)}


def _fits(type_: "pa.DataType", kind: str) -> bool:
    import pyarrow as pa

    if pa.types.is_null(type_):
        return True
    if kind == "number":
        return pa.types.is_floating(type_) or pa.types.is_integer(type_) or pa.types.is_decimal(type_)
    if kind == "boolean":
        return pa.types.is_boolean(type_)
    text = pa.types.is_string(type_) or pa.types.is_large_string(type_) or pa.types.is_dictionary(type_)
    return text or (kind == "time" and pa.types.is_temporal(type_))


def _select(
    connection: "duckdb.DuckDBPyConnection",
    *,
    version: str | None,
    since: datetime | None,
    until: datetime | None,
    now: datetime,
) -> list[str]:
    """Make the view `wanted` of the rows that are asked for; say how many have impossible times."""
    end = now + SLACK
    ((late, untimed),) = connection.execute(
        f"SELECT count(*) FILTER (time > {sql(end)}), count(*) FILTER (time IS NULL) FROM every_row"
    ).fetchall()
    kept = [f"time <= {sql(end)}"]
    kept += [f"time >= {sql(since)}"] if since else []
    kept += [f"time < {sql(until)}"] if until else []
    kept += [f"version = {literal(version)}"] if version else []
    connection.execute(f"CREATE VIEW wanted AS FROM every_row WHERE {' AND '.join(kept)}")
    troubles = [f"{late:,} rows have times later than {end:%Y-%m-%d %H:%M} UTC, and are left out"] if late else []
    return troubles + ([f"{untimed:,} rows have no time, and are left out"] if untimed else [])
