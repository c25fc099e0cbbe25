"""What the body of a request holds: rows as JSON objects, or a table in CSV, Arrow or Parquet."""

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import orjson

from cairn.errors import InputError
from cairn.rows.coded import Coded
from cairn.serving.errors import RequestError

if TYPE_CHECKING:
    import pyarrow as pa

    from cairn.rows.signature import Signature
    from cairn.serving.loaded_model import Served

JSON, CSV = "application/json", "text/csv"
ARROW = ("application/vnd.apache.arrow.stream", "application/vnd.apache.arrow.file")
PARQUET = ("application/vnd.apache.parquet", "application/x-parquet")
TYPES = (JSON, CSV, *ARROW, *PARQUET)


@dataclass(frozen=True)
class Rows:
    """Rows by column.

    Parameters
    ----------
    instances : as they came; each should be an object
    explain : whether each column's contribution is asked for too
    """

    instances: Sequence[Any]
    explain: bool = False

    def __len__(self) -> int:
        """Count the rows."""
        return len(self.instances)

    def coded(self, served: "Served") -> Coded:
        """Convert the rows; a RowsError says which the model cannot take."""
        return served.reader.coded(self.instances)

    def records(self) -> Sequence[Mapping[str, Any]]:
        """Give the rows, to be recorded."""
        return self.instances


@dataclass(frozen=True)
class Table:
    """Columns of one type each."""

    content: "pa.Table"
    explain = False

    def __len__(self) -> int:
        """Count the rows."""
        return self.content.num_rows

    def coded(self, served: "Served") -> Coded:
        """Convert the rows; a RowsError says which the model cannot take, a RequestError which column is not there."""
        try:
            return served.coded(self.content)
        except InputError as error:
            raise RequestError(422, str(error)) from None

    def records(self) -> Sequence[Mapping[str, Any]]:
        """Give the rows, to be recorded."""
        return self.content.to_pylist()


def content_type(header: str) -> str:
    """Give the media type that a header names; none counts as JSON.

    Raises
    ------
    RequestError : 415, one that is not known
    """
    kind = header.split(";", 1)[0].strip().lower() or JSON
    if kind not in TYPES:
        raise RequestError(415, f"content type {kind!r} is none of {', '.join(TYPES)}")
    return kind


def opened(body: bytes, kind: str, signature: "Signature", most: int) -> Rows | Table:
    """Read a body.

    Parameters
    ----------
    body : of the request
    kind : its media type
    signature : of the model; a CSV without a header has its columns, in their order
    most : rows that it may have

    Raises
    ------
    RequestError : 400, it cannot be read; 413, too many rows; 422, JSON of another shape
    """
    read = _json(body) if kind == JSON else _table(body, kind, signature)
    if len(read) > most:
        raise RequestError(413, f"{len(read):,} rows are too many; serve.max_rows is {most:,}")
    return read


def _json(body: bytes) -> Rows:
    """Read `{"instances": [{...}, ...], "explain": true}`."""
    try:
        content = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        hint = "; JSON has no NaN, null is a missing value" if b"NaN" in body else ""
        raise RequestError(400, f"the body is no JSON: {error}{hint}") from None
    if not isinstance(content, dict) or not isinstance(content.get("instances"), list):
        raise RequestError(422, 'the body must be an object such as {"instances": [{"column": value}]}')
    explain = content.get("explain", False)
    if not isinstance(explain, bool):
        raise RequestError(422, f"explain: true or false is wanted; got {explain!r}")
    if unknown := [key for key in content if key not in ("instances", "explain")]:
        raise RequestError(422, f"{unknown[0]}: no such key; known are instances and explain")
    return Rows(content["instances"], explain)


def _table(body: bytes, kind: str, signature: "Signature") -> Rows | Table:
    import pyarrow as pa

    try:
        return Table(_csv(body, signature) if kind == CSV else _binary(body, kind))
    except (pa.ArrowException, ValueError, OSError) as error:
        if kind == CSV and len(rows := _csv_rows(body, signature)):
            return rows  # whoever converts them names the one that is wrong
        raise RequestError(400, f"the body is no {kind}: {' '.join(str(error).split())}") from None


def _binary(body: bytes, kind: str) -> "pa.Table":
    import pyarrow as pa
    import pyarrow.parquet as pq

    if kind in PARQUET:
        return pq.read_table(io.BytesIO(body))
    read = (pa.ipc.open_stream if kind == ARROW[0] else pa.ipc.open_file)(pa.py_buffer(body)).read_all()
    read.validate(full=True)  # Arrow trusts what it reads, and crashes where a place lies outside of the body
    return read


def _csv(body: bytes, signature: "Signature") -> "pa.Table":
    import pyarrow as pa
    from pyarrow.csv import ConvertOptions, ReadOptions, read_csv

    names, headed = _header(body, signature)
    kinds = {"category": pa.string(), "number": pa.float64(), "boolean": pa.bool_(), "time": pa.string()}
    types = {column.name: kinds[column.kind] for column in signature.columns}
    options = ConvertOptions(column_types=types, strings_can_be_null=True)
    return read_csv(io.BytesIO(body), ReadOptions(column_names=None if headed else names), convert_options=options)


def _header(body: bytes, signature: "Signature") -> tuple[list[str], bool]:
    """Give the names of a CSV's columns, and whether it says them itself."""
    names = [column.name for column in signature.columns]
    first = next(csv.reader([body.split(b"\n", 1)[0].decode("utf-8", "replace").strip()]), [])
    headed = bool(set(first) & set(names))
    return (first if headed else names), headed


def _csv_rows(body: bytes, signature: "Signature") -> Rows:
    """Read a CSV row by row, as JSON would have it; what should be a number and is none stays a text."""
    names, headed = _header(body, signature)
    numbers = {column.name for column in signature.columns if column.kind in ("number", "boolean")}

    def value(name: str, cell: str) -> Any:
        if name in numbers and cell:
            try:
                return float(cell)
            except ValueError:
                return {"true": True, "false": False}.get(cell.lower(), cell)
        return cell or None

    lines = csv.reader(io.StringIO(body.decode("utf-8", "replace")))
    try:
        read = [{name: value(name, cell) for name, cell in zip(names, line, strict=False)} for line in lines if line]
    except csv.Error as error:
        raise RequestError(400, f"the body is no {CSV}: {error}") from None
    return Rows(read[1:] if headed else read)
