"""Ask tables by SQL that can read them, and can do nothing else."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from cairn.errors import InputError
from cairn.tables import duck

if TYPE_CHECKING:
    import duckdb

BATCH = 10_000  # rows


class Answer(NamedTuple):
    """What a query selects.

    Parameters
    ----------
    names, types : of its columns; DuckDB's types
    batches : lists of rows, read as they are asked for
    """

    names: list[str]
    types: list[str]
    batches: Iterator[list[tuple[Any, ...]]]


def connect(tables: Mapping[str, Path]) -> "duckdb.DuckDBPyConnection":
    """Open a database that holds these tables and can reach no file, network, extension or Python variable.

    The files are read by Arrow: DuckDB could read a file that is named in its `allowed_paths`, but a COPY within a
    WITH could also write it (DuckDB 2.0).

    Parameters
    ----------
    tables : name -> Parquet file

    Raises
    ------
    InputError : a file is no Parquet
    """
    import pyarrow as pa
    import pyarrow.dataset as ds

    connection = duck.connect()
    for name, path in tables.items():
        try:
            connection.register(name, ds.dataset(path))
        except (pa.ArrowException, OSError) as error:
            raise InputError(f"{path}: not a Parquet file ({' '.join(str(error).split())})") from error
    connection.execute("SET TimeZone = 'UTC'; SET python_enable_replacements = false")
    connection.execute("SET enable_external_access = false; SET lock_configuration = true")
    return connection


def ask(connection: "duckdb.DuckDBPyConnection", query: str, *, as_text: bool = False) -> Answer:
    """Run a query.

    Parameters
    ----------
    connection : as `connect` opens it
    query : one that selects: SELECT, FROM, VALUES, PIVOT, DESCRIBE, SUMMARIZE or SHOW
    as_text : give every value as DuckDB spells it, and None where there is none

    Raises
    ------
    InputError : it does not run, or does anything else than select; names the nearest column or table
    """
    query = _one_that_selects(connection, query)
    with _in_one_line():
        described = connection.execute(f"DESCRIBE (FROM ({query}\n))").fetchall()
        connection.execute(f"SELECT {'COLUMNS(*)::VARCHAR' if as_text else '*'} FROM ({query}\n)")
    return Answer([row[0] for row in described], [row[1] for row in described], _batches(connection))


def _one_that_selects(connection: "duckdb.DuckDBPyConnection", query: str) -> str:
    import duckdb

    with _in_one_line():
        statements = connection.extract_statements(query)
    if len(statements) != 1:
        raise InputError(f"sql: one query is wanted, and there are {len(statements)}")
    kind = statements[0].type
    if kind not in {duckdb.StatementType.SELECT, duckdb.StatementType.MULTI}:  # a PIVOT is several statements in one
        raise InputError(f"sql: {kind.name} is refused: queries read, and change nothing; write SELECT ... or FROM ...")
    return query.strip().rstrip(";")


def _batches(connection: "duckdb.DuckDBPyConnection") -> Iterator[list[tuple[Any, ...]]]:
    while True:
        with _in_one_line():
            batch = connection.fetchmany(BATCH)
        if not batch:
            return
        yield batch


@contextmanager
def _in_one_line() -> Iterator[None]:
    import duckdb

    try:
        yield
    except duckdb.Error as error:
        said = " ".join(str(error).split("\n\nLINE ")[0].split())
        hint = "; `cairn sql` lists the tables" if isinstance(error, duckdb.CatalogException) else ""
        raise InputError(f"sql: {said}{hint}") from error
