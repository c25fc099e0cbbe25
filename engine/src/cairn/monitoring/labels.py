"""Join labels to recorded predictions by the request's id, or by a recorded column that is an id."""

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import duckdb

from cairn.errors import InputError
from cairn.monitoring.sample import Predictions
from cairn.rows.signature import Signature
from cairn.tables.duck import literal, quoted
from cairn.tables.file import File

REQUEST, ROW = "request_id", "row"
EXAMPLES = 3  # in a message


class JoinSummary(NamedTuple):
    """The result of a join.

    Parameters
    ----------
    rows : recorded predictions with a label: those of the table `labelled`
    unlabelled : recorded predictions without a label
    unknown : labels without a recorded prediction
    contradicting : keys with several different labels, which are left out
    troubles : a line for each fault
    """

    rows: int
    unlabelled: int
    unknown: int
    contradicting: int
    troubles: list[str]


def join_labels(
    records: Predictions,
    labels: str,
    *,
    signature: Signature,
    key: str = REQUEST,
    target: str | None = None,
    keep: Sequence[str] = (),
) -> JoinSummary:
    """Create the table `labelled`: recorded predictions with their label, `actual`.

    Parameters
    ----------
    records : the recorded predictions
    labels : a table as CSV, Parquet, JSON lines or Arrow: a path, or an address with http://, https:// or s3://
    signature : of the model
    key : the labels' column that identifies predictions. It joins the recorded column of the same name; if there is
        none, the request's id, which a caller may set in the header X-Request-Id. A request of several rows needs the
        labels' column `row`, the place in the request, from 0
    target : the labels' column with the label; None: the model's target
    keep : features to keep in the table

    Raises
    ------
    InputError : the file cannot be read, lacks a column, or has no label that the model knows
    """
    target, connection = target or signature.target, records.connection
    columns = _read(connection, labels, key, target)
    recorded_key = records.names.get(key, REQUEST)
    by_row = recorded_key == REQUEST and ROW in columns
    troubles = _keep_valid(connection, labels, signature, target)
    condition = f"CAST(recorded.{quoted(recorded_key)} AS VARCHAR) = key"
    if recorded_key != REQUEST and _is_number(connection, recorded_key):
        condition = f"recorded.{quoted(recorded_key)} = TRY_CAST(key AS DOUBLE)"
    place = f"TRY_CAST({quoted(ROW)} AS INTEGER)" if by_row else "0"
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE label_by_key AS SELECT {quoted(key)} AS key, {place} AS place, "
        "min(actual) AS actual, count(DISTINCT actual) AS different FROM valid_labels "
        f"WHERE {quoted(key)} IS NOT NULL GROUP BY ALL"
    )
    contradicting = _leave_out_contradicting(connection, key, troubles)
    if by_row:
        condition += f" AND recorded.{ROW} = place"
    source = f"recorded JOIN label_by_key ON {condition}"
    if recorded_key == REQUEST and not by_row:
        source += _leave_out_several_rows(connection, source, troubles)
    kept = [quoted(name) for name in dict.fromkeys(records.names[name] for name in keep if name in records.names)]
    selected = ", ".join(["window_number", REQUEST, f"recorded.{ROW}", "prediction", "probabilities", *kept])
    connection.execute(f"CREATE OR REPLACE TEMP TABLE labelled AS SELECT {selected}, actual FROM {source}")
    rows, recorded = (_count(connection, f"FROM {name}") for name in ("labelled", "recorded"))
    unknown = _count(connection, f"FROM label_by_key ANTI JOIN recorded ON {condition}")
    return JoinSummary(rows, recorded - rows, unknown, contradicting, troubles)


def _read(connection: duckdb.DuckDBPyConnection, labels: str, key: str, target: str) -> list[str]:
    """Create the table `label_file` with the reader of the training data; return its columns."""
    with tempfile.TemporaryDirectory(prefix="labels-") as folder:
        try:
            File(path=labels, target=target, types={key: "VARCHAR"}).ingest(Path(folder), Path(folder))
        except InputError as error:
            raise InputError(f"labels: {str(error).partition(': ')[2]}") from error
        path = literal(Path(folder) / "table.parquet")
        connection.execute(f"CREATE OR REPLACE TEMP TABLE label_file AS FROM read_parquet({path})")
    return [str(name) for name in connection.sql("FROM label_file").columns]


def _keep_valid(connection: duckdb.DuckDBPyConnection, labels: str, signature: Signature, target: str) -> list[str]:
    """Create the table `valid_labels`, with `actual` as the model counts it: a class's place, or a number."""
    if signature.classes is None:
        number = f"TRY_CAST({quoted(target)} AS DOUBLE)"
        actual, wanted = f"CASE WHEN isfinite({number}) THEN {number} END", "a number"
    else:
        cases = " ".join(
            f"WHEN lower(CAST({quoted(target)} AS VARCHAR)) IN ({', '.join(map(literal, _spellings(name)))}) "
            f"THEN {place}"
            for place, name in enumerate(signature.classes)
        )
        actual, wanted = f"CASE {cases} END", f"one of {signature.classes}"
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE valid_labels AS SELECT *, {actual} AS actual FROM label_file "
        f"WHERE {quoted(target)} IS NOT NULL"
    )
    invalid = "FROM valid_labels WHERE actual IS NULL"
    if not (count := _count(connection, invalid)):
        return []
    examples = _examples(connection, f"SELECT DISTINCT CAST({quoted(target)} AS VARCHAR) AS example {invalid}")
    fault = f"labels: {count:,} of {labels}, such as {examples} in column {target!r}, are not {wanted}"
    if count == _count(connection, "FROM valid_labels"):
        raise InputError(f"{fault}; is it the right column?")
    connection.execute("DELETE FROM valid_labels WHERE actual IS NULL")
    return [f"{fault}; they are left out"]


def _spellings(name: Any) -> list[str]:
    """Return the ways in which a file may spell a class, in lower case."""
    if isinstance(name, bool):
        return ["true", "1", "1.0"] if name else ["false", "0", "0.0"]
    if isinstance(name, int | float):
        return [str(name), str(float(name)), f"{name:g}"]
    return [str(name).lower()]


def _leave_out_contradicting(connection: duckdb.DuckDBPyConnection, key: str, troubles: list[str]) -> int:
    contradicting = "FROM label_by_key WHERE different > 1"
    count = _count(connection, contradicting)
    if count:
        examples = _examples(connection, f"SELECT key AS example {contradicting}")
        troubles.append(
            f"labels: {count:,} keys have several different labels and are left out, such as {key} {examples}"
        )
        connection.execute(f"DELETE {contradicting}")
    return count


def _leave_out_several_rows(connection: duckdb.DuckDBPyConnection, source: str, troubles: list[str]) -> str:
    """Return the condition that leaves out requests of several rows, whose labels cannot be told apart."""
    several = f"SELECT DISTINCT request_id AS example FROM recorded WHERE {ROW} > 0"
    ambiguous = f"FROM {source} AND request_id IN ({several})"
    if count := _count(connection, ambiguous):
        examples = _examples(connection, f"SELECT DISTINCT request_id AS example {ambiguous}")
        troubles.append(
            f"labels: {count:,} rows are of requests with several rows, such as {examples}, and are left out; add a "
            f"column {ROW!r} to the labels: the place in the request, from 0"
        )
    return f" AND request_id NOT IN ({several})"


def _is_number(connection: duckdb.DuckDBPyConnection, column: str) -> bool:
    return str(connection.sql(f"SELECT {quoted(column)} FROM recorded").types[0]) == "DOUBLE"


def _count(connection: duckdb.DuckDBPyConnection, source: str) -> int:
    ((count,),) = connection.execute(f"SELECT count(*) {source}").fetchall()
    return int(count)


def _examples(connection: duckdb.DuckDBPyConnection, query: str) -> str:
    """Return a few examples, the first in order."""
    rows = connection.execute(f"{query} ORDER BY example LIMIT {EXAMPLES}").fetchall()
    return ", ".join(repr(example) for (example,) in rows)
