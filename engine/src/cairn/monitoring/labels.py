"""What came true, joined to what was predicted: by the request's id, or by an id that callers sent as the request's."""

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from cairn.errors import InputError
from cairn.monitoring.sample import Served
from cairn.tables.duck import literal, quoted

if TYPE_CHECKING:
    import duckdb

    from cairn.rows.signature import Signature

REQUEST, ROW = "request_id", "row"
SHOWN = 3  # examples in a line that says what is wrong


class Joined(NamedTuple):
    """How the labels fitted.

    Parameters
    ----------
    rows : recorded predictions whose label is known: those of the table `labelled`
    unlabelled : recorded predictions whose label has not arrived, or was left out
    unknown : labels of which no prediction is recorded
    contradicting : keys with several different labels; left out
    troubles : what was left out and why, a line each
    """

    rows: int
    unlabelled: int
    unknown: int
    contradicting: int
    troubles: list[str]


def joined(
    served: Served,
    labels: str,
    *,
    signature: "Signature",
    key: str = REQUEST,
    target: str | None = None,
    keep: Sequence[str] = (),
) -> Joined:
    """Make the table `labelled`: recorded predictions with what was `actual` true.

    Parameters
    ----------
    served : the recorded predictions
    labels : a table as CSV, Parquet, JSON lines or Arrow: a path, or an address with http://, https:// or s3://
    signature : of the model
    key : the labels' column that says whose they are. The recorded column of the same name is joined; where there is
        none, the request's id, which a caller may choose by the header X-Request-Id. A request of several rows needs
        the labels' column `row`, the place in the request, from 0
    target : the labels' column of what was true; None: the model's target
    keep : features that are kept beside

    Raises
    ------
    InputError : the file cannot be read, lacks a column, or holds no label that the model knows
    """
    goal, connection = target or signature.target, served.connection
    kinds = _read(connection, labels, key, goal)
    ours = served.names.get(key, REQUEST)
    by_row = ours == REQUEST and ROW in kinds
    troubles = _keep_known(connection, labels, signature, goal)
    same = f"CAST(recorded.{quoted(ours)} AS VARCHAR) = key"
    if ours != REQUEST and str(connection.sql(f"SELECT {quoted(ours)} FROM recorded").types[0]) == "DOUBLE":
        same = f"recorded.{quoted(ours)} = TRY_CAST(key AS DOUBLE)"
    place = f"TRY_CAST({quoted(ROW)} AS INTEGER)" if by_row else "0"
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE true_of AS SELECT {quoted(key)} AS key, {place} AS place, "
        f"min(actual) AS actual, count(DISTINCT actual) AS different FROM known WHERE {quoted(key)} IS NOT NULL "
        "GROUP BY ALL"
    )
    contradicting = _leave_out_contradicting(connection, key, troubles)
    if by_row:
        same += f" AND recorded.{ROW} = place"
    joins = f"recorded JOIN true_of ON {same}"
    if ours == REQUEST and not by_row:
        joins += _of_one_row(connection, joins, troubles)
    kept = [quoted(name) for name in dict.fromkeys(served.names[name] for name in keep if name in served.names)]
    columns = ", ".join(["window_number", REQUEST, f"recorded.{ROW}", "prediction", "probabilities", *kept])
    connection.execute(f"CREATE OR REPLACE TEMP TABLE labelled AS SELECT {columns}, actual FROM {joins}")
    rows, recorded = (_count(connection, f"FROM {name}") for name in ("labelled", "recorded"))
    unknown = _count(connection, f"FROM true_of ANTI JOIN recorded ON {same}")
    return Joined(rows, recorded - rows, unknown, contradicting, troubles)


def _read(connection: "duckdb.DuckDBPyConnection", labels: str, key: str, goal: str) -> list[str]:
    """Bring the labels in as the table `told`, by the reader that reads data to train on; give its columns."""
    from cairn.tables.file import File

    with tempfile.TemporaryDirectory(prefix="labels-") as folder:
        try:
            File(path=labels, target=goal, types={key: "VARCHAR"}).ingest(Path(folder), Path(folder))
        except InputError as error:
            raise InputError(f"labels: {str(error).partition(': ')[2]}") from error
        path = literal(Path(folder) / "table.parquet")
        connection.execute(f"CREATE OR REPLACE TEMP TABLE told AS FROM read_parquet({path})")
    return [str(name) for name in connection.sql("FROM told").columns]


def _keep_known(connection: "duckdb.DuckDBPyConnection", labels: str, signature: "Signature", goal: str) -> list[str]:
    """Make the table `known`, with `actual` as the model counts it: a class's place, or a number."""
    if signature.classes is None:
        actual = f"TRY_CAST({quoted(goal)} AS DOUBLE)"
        actual = f"CASE WHEN isfinite({actual}) THEN {actual} END"
        what = "a number"
    else:
        cases = " ".join(
            f"WHEN lower(CAST({quoted(goal)} AS VARCHAR)) IN ({', '.join(map(literal, _spelt(name)))}) THEN {place}"
            for place, name in enumerate(signature.classes)
        )
        actual, what = f"CASE {cases} END", f"one of {signature.classes}"
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE known AS SELECT *, {actual} AS actual FROM told WHERE {quoted(goal)} IS NOT NULL"
    )
    bad = "FROM known WHERE actual IS NULL"
    if not (count := _count(connection, bad)):
        return []
    shown = _shown(connection, f"SELECT DISTINCT CAST({quoted(goal)} AS VARCHAR) AS one {bad}")
    said = f"labels: {count:,} of {labels}, such as {shown} in column {goal!r}, are not {what}"
    if count == _count(connection, "FROM known"):
        raise InputError(f"{said}; is it the right column?")
    connection.execute("DELETE FROM known WHERE actual IS NULL")
    return [f"{said}; they are left out"]


def _spelt(name: Any) -> list[str]:
    """Give the ways in which a file may spell a class, in small letters."""
    if isinstance(name, bool):
        return ["true", "1", "1.0"] if name else ["false", "0", "0.0"]
    if isinstance(name, int | float):
        return [str(name), str(float(name)), f"{name:g}"]
    return [str(name).lower()]


def _leave_out_contradicting(connection: "duckdb.DuckDBPyConnection", key: str, troubles: list[str]) -> int:
    bad = "FROM true_of WHERE different > 1"
    count = _count(connection, bad)
    if count:
        shown = _shown(connection, f"SELECT key AS one {bad}")
        troubles.append(f"labels: {count:,} keys have several different labels and are left out, such as {key} {shown}")
        connection.execute(f"DELETE {bad}")
    return count


def _of_one_row(connection: "duckdb.DuckDBPyConnection", joins: str, troubles: list[str]) -> str:
    """Give the condition that leaves out requests of several rows: which of them a label is of cannot be known."""
    several = f"SELECT DISTINCT request_id AS one FROM recorded WHERE {ROW} > 0"
    bad = f"FROM {joins} AND request_id IN ({several})"
    if count := _count(connection, bad):
        shown = _shown(connection, f"SELECT DISTINCT request_id AS one {bad}")
        troubles.append(
            f"labels: {count:,} rows are of requests with several rows, such as {shown}, and are left out; add a "
            f"column {ROW!r} to the labels: the place in the request, from 0"
        )
    return f" AND request_id NOT IN ({several})"


def _count(connection: "duckdb.DuckDBPyConnection", of: str) -> int:
    found = connection.execute(f"SELECT count(*) {of}").fetchone()
    return int(found[0]) if found else 0


def _shown(connection: "duckdb.DuckDBPyConnection", some: str) -> str:
    """Give a few examples, the first in order."""
    return ", ".join(repr(one) for (one,) in connection.execute(f"{some} ORDER BY one LIMIT {SHOWN}").fetchall())
