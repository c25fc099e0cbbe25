"""DuckDB as every stage uses it: in memory, spilling to disk, quiet unless a person watches."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import duckdb


def connect(threads: int | None = None) -> "duckdb.DuckDBPyConnection":
    """Open a database in memory.

    Parameters
    ----------
    threads : how many threads; None leaves it to DuckDB (all cores). With one, rows are filtered, summed and
        written in one order, so the same rows give the same bytes on every machine.
    """
    import duckdb

    connection = duckdb.connect()
    if threads is not None:
        connection.execute(f"SET threads = {int(threads)}")
    connection.execute("SET enable_progress_bar = " + ("true" if sys.stderr.isatty() else "false"))
    return connection


def quoted(name: str) -> str:
    """Give a column's name as SQL spells it, in double quotes, with those inside it doubled."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str | Path) -> str:
    """Give a text, such as a path, as SQL spells it."""
    return "'" + str(text).replace("'", "''") + "'"
