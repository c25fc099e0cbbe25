"""Write scored rows: as columns, or as the text that they came as with the results at the end of each line."""

import gzip
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Protocol, cast

from cairn.errors import InputError
from cairn.tables.duck import connect

if TYPE_CHECKING:
    import pyarrow as pa


class Output(Protocol):
    """A file that is being written."""

    def write(self, kept: "pa.Table | None", records: "pa.Array | None", results: "pa.Table") -> None:
        """Write some rows: what is kept of them, and the results beside it."""


@contextmanager
def opened(
    path: Path,
    kind: str,
    schema: "pa.Schema",
    results: "pa.Schema",
    *,
    delimiter: str = ",",
    header: bytes | None = None,
    packed: bool = False,
) -> Iterator[Output]:
    """Open a file to write, and finish it when the block ends.

    Parameters
    ----------
    path : the file
    kind : csv, jsonl, parquet or arrow
    schema, results : the columns that are kept, and those beside them
    delimiter : of CSV
    header : the first line of the file that the rows come from, where they are kept as text
    packed : gzip it

    Raises
    ------
    InputError : a column that the format cannot hold
    """
    import pyarrow as pa

    whole = pa.schema([*schema, *results])
    if kind == "parquet":
        with _parquet(path, whole) as writer:
            yield _Columns(writer.write_table)
    elif kind == "arrow":
        with pa.ipc.new_file(str(path), whole) as writer:
            yield _Columns(writer.write_table)
    else:
        with _stream(path, packed) as stream:
            if header is not None:
                yield (_CsvText(stream, header, results.names, delimiter) if kind == "csv" else _JsonText(stream))
                stream.write(b"\n")
            elif kind == "csv":
                with _csv(stream, whole, delimiter) as writer:
                    yield _Columns(lambda table: writer.write_table(_without_dictionaries(table)))
            else:
                yield _Columns(lambda table: _write_json(table, stream))


class _Columns:
    """Kept columns and results as one table."""

    def __init__(self, write: Any) -> None:
        self._write = write

    def write(self, kept: "pa.Table | None", records: "pa.Array | None", results: "pa.Table") -> None:
        import pyarrow as pa

        assert kept is not None
        schema = pa.schema([*kept.schema, *results.schema])
        self._write(pa.Table.from_arrays([*kept.columns, *results.columns], schema=schema))


class _CsvText:
    """Lines as they came, with cells more."""

    def __init__(self, stream: IO[bytes], header: bytes, names: Sequence[str], delimiter: str) -> None:
        import pyarrow as pa

        self.stream, self.delimiter = stream, delimiter
        cells = self._cells(pa.chunked_array([list(names)], pa.string())).to_pylist()
        stream.write(delimiter.encode().join([header, *cells]))

    def write(self, kept: "pa.Table | None", records: "pa.Array | None", results: "pa.Table") -> None:
        parts = [records]
        for column in results.columns:
            parts += [self.delimiter.encode(), self._cells(column)]
        _write_joined(parts, self.stream)

    def _cells(self, column: "pa.ChunkedArray") -> "pa.Array":
        import pyarrow as pa
        import pyarrow.compute as pc

        cells = pc.fill_null(column.cast(pa.string()), "")
        if pa.types.is_string(column.type):
            special = pc.match_substring_regex(cells, f'["\r\n{self.delimiter}]'.replace("|", r"\|"))
            quoted = pc.binary_join_element_wise('"', pc.replace_substring(cells, '"', '""'), '"', "")
            cells = pc.if_else(special, quoted, cells)
        return cells.cast(pa.binary()).combine_chunks()


class _JsonText:
    """Objects as they came, without their last brace, with keys more."""

    def __init__(self, stream: IO[bytes]) -> None:
        self.stream, self.is_first = stream, True

    def write(self, kept: "pa.Table | None", records: "pa.Array | None", results: "pa.Table") -> None:
        parts = [records]
        for name, column in zip(results.column_names, results.columns, strict=True):
            parts += [f',"{_escaped(name)}":'.encode(), _json_values(column)]
        _write_joined([*parts, b"}"], self.stream, skip=1 if self.is_first else 0)
        self.is_first = self.is_first and not len(results)


def _write_joined(parts: Sequence[Any], stream: IO[bytes], skip: int = 0) -> None:
    """Put the parts of each row together; each row begins with the end of the line before."""
    import pyarrow as pa
    import pyarrow.compute as pc

    binary = [pa.scalar(each, pa.binary()) if isinstance(each, bytes) else each for each in parts]
    joined = pc.binary_join_element_wise(*binary, pa.scalar(b"", pa.binary()))
    for chunk in joined.chunks if isinstance(joined, pa.ChunkedArray) else [joined]:
        if len(chunk):
            offsets = memoryview(chunk.buffers()[1]).cast("i")
            start, end = offsets[chunk.offset], offsets[chunk.offset + len(chunk)]
            stream.write(memoryview(chunk.buffers()[2])[start + skip : end])


def _json_values(column: "pa.ChunkedArray") -> "pa.Array":
    import pyarrow as pa
    import pyarrow.compute as pc

    cells = column.cast(pa.string())
    if pa.types.is_string(column.type):
        known = pc.unique(cells).drop_null()
        places = pc.index_in(cells, value_set=known)
        cells = pa.array([f'"{_escaped(each.as_py())}"' for each in known], pa.string()).take(places)
    return pc.fill_null(cells, "null").cast(pa.binary())


def _escaped(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)[1:-1]


def _write_json(table: "pa.Table", stream: IO[bytes]) -> None:
    """Write objects by DuckDB, whose numbers read back to the last bit; JSON has none that is not finite."""
    import pyarrow as pa
    import pyarrow.compute as pc

    for place, column in enumerate(table.schema):
        if pa.types.is_floating(column.type):
            values = table.column(place)
            table = table.set_column(
                place, column, pc.if_else(pc.is_finite(values), values, pa.scalar(None, column.type))
            )
    with connect() as connection:
        connection.register("scored", table)
        for batch in connection.sql("SELECT to_json(scored)::VARCHAR || chr(10) AS line FROM scored").to_arrow_reader():
            _write_joined([batch.column(0).cast(pa.binary())], stream)


def _parquet(path: Path, schema: "pa.Schema") -> Any:
    import pyarrow as pa
    import pyarrow.parquet as pq

    # Numbers seldom repeat enough for a dictionary to pay; trying takes longer than writing.
    plain = (pa.types.is_floating, pa.types.is_integer, pa.types.is_temporal, pa.types.is_nested)
    names = [column.name for column in schema if not any(test(column.type) for test in plain)]
    return pq.ParquetWriter(path, schema, use_dictionary=names)


def _csv(stream: IO[bytes], schema: "pa.Schema", delimiter: str) -> Any:
    import pyarrow as pa
    from pyarrow import csv

    for column in schema:
        if pa.types.is_nested(column.type):
            raise InputError(f"OUTPUT: column {column.name!r} holds {column.type}, which CSV cannot; write Parquet")
    plain = pa.schema([(column.name, getattr(column.type, "value_type", column.type)) for column in schema])
    return csv.CSVWriter(stream, plain, write_options=csv.WriteOptions(delimiter=delimiter))


def _without_dictionaries(table: "pa.Table") -> "pa.Table":
    import pyarrow as pa

    kinds = [
        (each.name, each.type.value_type if pa.types.is_dictionary(each.type) else each.type) for each in table.schema
    ]
    return table.cast(pa.schema(kinds))


@contextmanager
def _stream(path: Path, packed: bool) -> Iterator[IO[bytes]]:
    """Open a file for text; the same text gives the same bytes, gzipped too."""
    with path.open("wb") as file:
        if packed:
            with gzip.GzipFile("", "wb", compresslevel=6, fileobj=file, mtime=0) as stream:
                yield cast(IO[bytes], stream)
        else:
            yield file
