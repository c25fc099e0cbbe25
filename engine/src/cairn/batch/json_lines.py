"""Read JSON lines, one object a row, as a server reads the rows of a request."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from reprlib import repr as short
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from cairn.batch.block import Block, Given
from cairn.batch.text import Chunk, chunks
from cairn.errors import InputError
from cairn.rows.coded import Coded
from cairn.rows.columns import Troubles, require_column
from cairn.rows.records import Reader, RowsError

if TYPE_CHECKING:
    import pyarrow as pa


class JsonLines:
    """A file of JSON lines; a key that a row leaves out is missing there.

    Parameters
    ----------
    file, name : on this disk, and as messages call it
    reader : of the model
    keep : the columns for the output; None: all that the first chunk has
    verbatim : keep the text of each row as it stands instead

    Raises
    ------
    InputError : the file holds no JSON, or no row of the first chunk has one of the model's columns
    """

    word = "line"
    header, delimiter = b"", ""

    def __init__(
        self, file: Path, name: str, reader: Reader, *, keep: Sequence[str] | None = None, verbatim: bool = False
    ) -> None:
        self.rows: int | None = None
        self.file, self.name, self.reader, self.verbatim = file, name, reader, verbatim
        first = next(chunks(file, name, quoted=False), None)
        lines = [] if first is None else _parsed(first)
        rows = [each.row for each in lines if each.row is not None]
        if not rows:
            raise InputError(f"{name}: the file is empty" if not lines else f"{name}, line 1: {lines[0].trouble}")
        self.names = list(dict.fromkeys(key for row in rows for key in row))
        self.kept = [] if verbatim else self.names if keep is None else list(keep)
        for column in [each.name for each in reader.columns] + self.kept:
            require_column(column, self.names, name)
        self.schema = _schema(rows, self.kept, {each.name: each.kind for each in reader.columns})

    def blocks(self) -> Iterator[Block]:
        """Read the file."""
        for chunk in chunks(self.file, self.name, quoted=False):
            if lines := _parsed(chunk):
                yield self._block(lines)

    def _block(self, lines: "list[_Line]") -> Block:
        import pyarrow as pa

        troubles: Troubles = {place: (None, line.trouble) for place, line in enumerate(lines) if line.trouble}
        rows = [line.row or {} for line in lines]
        coded = self._coded(rows, troubles)
        kept = None if self.verbatim else self._table(rows, troubles)
        texts = pa.array([b"\n" + line.text[:-1] for line in lines], pa.binary()) if self.verbatim else None
        return Block(coded, kept, texts).without(troubles, lambda place: (lines[place].number, lines[place].given()))

    def _coded(self, rows: list[dict[str, Any]], troubles: Troubles) -> Coded:
        """Convert all rows at once, or one by one where that is refused."""
        names = [column.name for column in self.reader.columns]
        known = [{name: row.get(name) for name in names} for row in rows]
        if not troubles:
            try:
                return self.reader.coded(known)
            except RowsError:
                pass
        for place, row in enumerate(known):
            try:
                self.reader.coded([row])
            except RowsError as refused:
                troubles.setdefault(place, (refused.troubles[0].column, refused.troubles[0].message))
        matrix = np.full((len(rows), len(names)), np.nan)
        good = [place for place in range(len(rows)) if place not in troubles]
        matrix[good] = self.reader.coded([known[place] for place in good]).matrix
        return Coded(matrix, self.reader.texts)

    def _table(self, rows: list[dict[str, Any]], troubles: Troubles) -> "pa.Table":
        """Give the columns that are kept; a value of another type than the first chunk had is in trouble."""
        import pyarrow as pa

        columns = []
        for column in self.schema:
            values = [_cast(row.get(column.name), column.type) for row in rows]
            try:
                columns.append(pa.array(values, column.type))
            except (pa.ArrowException, TypeError, OverflowError):
                for place, value in enumerate(values):
                    if not _fits(value, column.type):
                        reason = f"{column.name}: {short(value)} in a column that began as {column.type}"
                        troubles.setdefault(place, (column.name, reason))
                        values[place] = None
                columns.append(pa.array(values, column.type))
        return pa.Table.from_arrays(columns, schema=self.schema) if columns else _no_columns(len(rows))


class _Line(NamedTuple):
    """A line that is not blank: its number, its text, and the row or why there is none."""

    number: int
    text: bytes
    row: dict[str, Any] | None
    trouble: str

    def given(self) -> Given:
        return self.text.decode(errors="replace") if self.row is None else self.row


def _parsed(chunk: Chunk) -> list[_Line]:
    import orjson

    found = []
    for number, line in enumerate(chunk.text.split(b"\n"), chunk.line):
        if text := line.strip():
            try:
                row = orjson.loads(text)
                trouble = "" if isinstance(row, dict) and row else f'a row is {{"column": value}}; got {short(row)}'
            except orjson.JSONDecodeError as error:
                row, trouble = None, f"broken JSON: {error}"
            found.append(_Line(number, text, None if trouble else row, trouble))
    return found


def _schema(rows: list[dict[str, Any]], names: Sequence[str], kinds: Mapping[str, str]) -> "pa.Schema":
    """Give columns the types that the model knows, or else that the first rows have; a mixture is text."""
    import pyarrow as pa

    known = {"number": pa.float64(), "boolean": pa.bool_(), "category": pa.string(), "time": pa.string()}
    fields = []
    for name in names:
        try:
            kind = known[kinds[name]] if name in kinds else pa.array([row.get(name) for row in rows]).type
        except (pa.ArrowException, TypeError, OverflowError):
            kind = pa.string()
        fields.append((name, pa.string() if pa.types.is_null(kind) else kind))
    return pa.schema(fields)


def _cast(value: Any, kind: "pa.DataType") -> Any:
    """Give a value as a column holds it: in one of text, what is no text stands there as JSON."""
    import orjson
    import pyarrow as pa

    if value is None or value.__class__ is str:
        return value
    if kind == pa.string():
        return orjson.dumps(value).decode()
    if kind == pa.bool_():
        return bool(value) if value in (0, 1) else value
    return float(value) if kind == pa.float64() and value.__class__ is int else value


def _fits(value: Any, kind: "pa.DataType") -> bool:
    import pyarrow as pa

    try:
        pa.array([value], kind)
    except (pa.ArrowException, TypeError, OverflowError):
        return False
    return True


def _no_columns(rows: int) -> "pa.Table":
    import pyarrow as pa

    return pa.table({"": pa.nulls(rows)}).select([])
