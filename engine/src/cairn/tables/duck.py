"""DuckDB as every stage uses it: in memory, spilling to disk, quiet unless a person watches."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import duckdb

__all__ = ["connect", "literal", "write_rows"]

GROUP = 122_880  # rows in a row group, as DuckDB has it


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


def write_rows(rows: "duckdb.DuckDBPyRelation", path: Path) -> int:
    """Write a table as Parquet, read by all threads; the same rows give the same bytes, however many those are.

    DuckDB's own writer cuts row groups where its threads happen to meet; here every one but the last has the same
    number of rows.

    Parameters
    ----------
    rows : a table, lazy; its rows keep their order
    path : the file to write

    Returns
    -------
    int : how many rows were written

    Raises
    ------
    duckdb.InvalidInputException : a row cannot be read
    """
    import duckdb
    import pyarrow as pa
    import pyarrow.parquet as pq

    reader = rows.to_arrow_reader(GROUP)
    # Numbers seldom repeat enough for a dictionary to pay: trying took two thirds of the time to write.
    texts = [column.name for column in reader.schema if pa.types.is_string(column.type)]
    waiting: list[pa.RecordBatch] = []
    written = held = 0
    with pq.ParquetWriter(path, reader.schema, use_dictionary=texts, store_schema=False) as writer:
        try:
            for batch in reader:
                waiting.append(batch)
                held += batch.num_rows
                while held >= GROUP:
                    table = pa.Table.from_batches(waiting)
                    writer.write_table(table.slice(0, GROUP), row_group_size=GROUP)
                    waiting, held, written = table.slice(GROUP).to_batches(), held - GROUP, written + GROUP
        except OSError as error:
            if error.errno is None:  # not the disk: Arrow hands on what DuckDB said
                raise duckdb.InvalidInputException(str(error)) from error
            raise
        if held:
            writer.write_table(pa.Table.from_batches(waiting), row_group_size=GROUP)
    return written + held


def quoted(name: str) -> str:
    """Give a column's name as SQL spells it, in double quotes, with those inside it doubled."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str | Path) -> str:
    """Give a text, such as a path, as SQL spells it."""
    return "'" + str(text).replace("'", "''") + "'"
