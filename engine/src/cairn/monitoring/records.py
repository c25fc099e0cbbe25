"""Open recorded predictions as a table in DuckDB, cut into windows of time or of rows."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import duckdb
import pyarrow as pa

from cairn.errors import InputError
from cairn.monitoring.capture_files import LOCAL, Capture, describe_files, local_files, read_captures
from cairn.monitoring.finding import Window
from cairn.monitoring.windows import cut_by_count, cut_by_time, timestamp_literal
from cairn.rows.signature import Signature
from cairn.tables.duck import connect, literal, quoted

RESERVED_COLUMNS = ("request_id", "time", "version", "row", "prediction", "probabilities", "seconds", "window_number")
CLOCK_TOLERANCE = timedelta(hours=1)  # that a server's clock may be ahead of this one
SQL_TYPES = {"number": "DOUBLE", "boolean": "BOOLEAN", "category": "VARCHAR", "time": "VARCHAR"}


@dataclass
class Records:
    """Recorded predictions, open for queries.

    Parameters
    ----------
    connection : has the view `recorded`, with a row for each row that was predicted: `request_id`, `time` (in UTC),
        `version` (`local` for a model that has none), `row`, `prediction`, `probabilities` (missing for a regression),
        `seconds` (missing where it was not recorded), the features, and `window_number`
    windows : oldest first; a window without predictions has 0 rows, and the last may not be over
    troubles : descriptions of what was left out or is odd
    changed : columns that differ from the model's signature -> `missing`, `new`, or the types
    names : feature -> its column in the view; another name only where it collides with a column of the view
    signature : of the model
    by_count : whether windows are a number of rows instead of a time
    """

    connection: duckdb.DuckDBPyConnection
    windows: list[Window]
    troubles: list[str]
    changed: dict[str, str]
    names: dict[str, str]
    signature: Signature
    by_count: bool


@contextmanager
def open_records(
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
) -> Iterator[Records]:
    """Open recorded predictions; damaged files are left out and named in `troubles`.

    Parameters
    ----------
    folders : as `cairn serve` writes them, paths or addresses with s3://
    signature : of the model
    version : of the model; `local`: a model without a version; None: all versions
    since, until : only rows from then on, until just before then; times without a zone are UTC
    window : its length in time, from `since` or the first midnight on, or its number of rows. Rows of the same time
        stay together, so that a window by rows may have a few more, and the last fewer
    now : later times are errors; None: the current time
    memory : DuckDB's memory limit, such as `2GiB`; it spills to disk beyond. None: DuckDB's default
    threads : as in `connect`

    Raises
    ------
    InputError : no predictions are recorded, or there would be too many windows
    """
    now = _utc(now or datetime.now(UTC))
    since, until = since and _utc(since), until and _utc(until)
    with local_files(folders, since, until) as files:
        captures, troubles = read_captures(files)
        connection = connect(threads)
        try:
            connection.execute("SET TimeZone = 'UTC'")
            if memory is not None:
                connection.execute(f"SET memory_limit = {literal(memory)}")
            captures, broken = _leave_out_damaged(connection, captures, signature)
            troubles += broken
            if not captures:
                raise InputError(f"{', '.join(folders)}: none of the {len(files):,} files can be read: {troubles[0]}")
            changed = _changed_columns(captures, signature)
            troubles += [f"column {name!r}: {what}" for name, what in changed.items()]
            _create_view(connection, captures, signature)
            troubles += _select_rows(connection, version=version, since=since, until=until, now=now)
            if isinstance(window, int):
                windows = cut_by_count(connection, window)
            else:
                windows = cut_by_time(connection, window, since, until)
            names = _names(signature)
            yield Records(connection, windows, troubles, changed, names, signature, isinstance(window, int))
        finally:
            connection.close()


def _utc(time: datetime) -> datetime:
    """Convert a time to UTC without a zone, as the view has it."""
    return time.astimezone(UTC).replace(tzinfo=None) if time.tzinfo else time


def _names(signature: Signature) -> dict[str, str]:
    return {
        column.name: f"{column.name} (input)" if column.name.lower() in RESERVED_COLUMNS else column.name
        for column in signature.columns
    }


def _leave_out_damaged(
    connection: duckdb.DuckDBPyConnection, captures: Sequence[Capture], signature: Signature
) -> tuple[list[Capture], list[str]]:
    """Read all files once, since one may be damaged although its footer is intact."""

    def is_readable(captures: Sequence[Capture]) -> bool:
        names = [*RESERVED_COLUMNS[:-1], *_names(signature).values()]
        hashes = ", ".join(f"bit_xor(hash({quoted(name)}))" for name in names)
        try:
            _create_view(connection, captures, signature)
            connection.execute(f"SELECT {hashes} FROM every_row").fetchall()
        except duckdb.Error:
            return False
        return True

    if not captures or is_readable(captures):
        return list(captures), []
    intact: list[Capture] = []
    damaged: list[Capture] = []
    for capture in captures:
        (intact if is_readable([capture]) else damaged).append(capture)
    return intact, describe_files([capture.path for capture in damaged], "damaged, and left out")


def _create_view(connection: duckdb.DuckDBPyConnection, captures: Sequence[Capture], signature: Signature) -> None:
    """Create the view `every_row` of all files; files with different columns are read separately."""
    by_schema: dict[str, list[Capture]] = {}
    for capture in captures:
        by_schema.setdefault(str(capture.schema), []).append(capture)
    parts = []
    for alike in by_schema.values():
        listed = ", ".join(literal(capture.path) for capture in alike)
        parts.append(f"SELECT {', '.join(_columns_in_sql(alike[0].schema, signature))} FROM read_parquet([{listed}])")
    connection.execute(f"CREATE OR REPLACE VIEW every_row AS {' UNION ALL '.join(parts)}")


def _columns_in_sql(schema: pa.Schema, signature: Signature) -> Iterator[str]:
    types = _types(schema)
    yield f"request_id, time::TIMESTAMP AS time, coalesce(version::VARCHAR, '{LOCAL}') AS version, row::INTEGER AS row"
    yield f"TRY_CAST(prediction AS {_prediction_type(signature)}) AS prediction"
    for name, type_ in {"probabilities": "DOUBLE[]", "seconds": "DOUBLE"}.items():
        yield f"{name if name in schema.names else 'NULL'}::{type_} AS {name}"
    for column in signature.columns:
        value = f"struct_extract(inputs, {literal(column.name)})" if column.name in types else "NULL"
        yield f"TRY_CAST({value} AS {SQL_TYPES[column.kind]}) AS {quoted(_names(signature)[column.name])}"


def _prediction_type(signature: Signature) -> str:
    if signature.classes is None:
        return "DOUBLE"
    return {bool: "BOOLEAN", int: "BIGINT", float: "DOUBLE"}.get(type(signature.classes[0]), "VARCHAR")


def _changed_columns(captures: Sequence[Capture], signature: Signature) -> dict[str, str]:
    """Compare the columns of the newest file, and the types of every file, with the model's signature."""
    newest = max(captures, key=lambda capture: (capture.last is not None, capture.last, capture.path.name))
    kinds = {column.name: column.kind for column in signature.columns}
    changed = {}
    for schema in {str(capture.schema): capture.schema for capture in captures}.values():
        for name, type_ in _types(schema).items():
            if name in kinds and not _fits(type_, kinds[name]):
                changed[name] = f"{type_} in place of {kinds[name]}"
    newest_types = _types(newest.schema)
    changed |= {name: "missing" for name in kinds if name not in newest_types}
    return changed | {name: "new" for name in newest_types if name not in kinds}


def _types(schema: pa.Schema) -> dict[str, pa.DataType]:
    inputs = schema.field("inputs").type
    return {inputs.field(place).name: inputs.field(place).type for place in range(inputs.num_fields)}


def _fits(type_: pa.DataType, kind: str) -> bool:
    if pa.types.is_null(type_):
        return True
    if kind == "number":
        return pa.types.is_floating(type_) or pa.types.is_integer(type_) or pa.types.is_decimal(type_)
    if kind == "boolean":
        return pa.types.is_boolean(type_)
    text = pa.types.is_string(type_) or pa.types.is_large_string(type_) or pa.types.is_dictionary(type_)
    return text or (kind == "time" and pa.types.is_temporal(type_))


def _select_rows(
    connection: duckdb.DuckDBPyConnection,
    *,
    version: str | None,
    since: datetime | None,
    until: datetime | None,
    now: datetime,
) -> list[str]:
    """Create the view `wanted` of the requested rows; describe how many have impossible times."""
    end = now + CLOCK_TOLERANCE
    ((late, untimed),) = connection.execute(
        f"SELECT count(*) FILTER (time > {timestamp_literal(end)}), count(*) FILTER (time IS NULL) FROM every_row"
    ).fetchall()
    conditions = [f"time <= {timestamp_literal(end)}"]
    conditions += [f"time >= {timestamp_literal(since)}"] if since else []
    conditions += [f"time < {timestamp_literal(until)}"] if until else []
    conditions += [f"version = {literal(version)}"] if version else []
    connection.execute(f"CREATE VIEW wanted AS FROM every_row WHERE {' AND '.join(conditions)}")
    troubles = [f"{late:,} rows have times later than {end:%Y-%m-%d %H:%M} UTC, and are left out"] if late else []
    return troubles + ([f"{untimed:,} rows have no time, and are left out"] if untimed else [])
