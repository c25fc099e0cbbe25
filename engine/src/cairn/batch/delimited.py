"""Read CSV: each chunk at once by Arrow, and row by row where that fails, to find the row and the cell."""

import csv
import io
import itertools
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from reprlib import repr as short
from typing import TYPE_CHECKING, Any

from cairn.batch.block import Block, Given
from cairn.batch.text import Chunk, chunks
from cairn.errors import InputError
from cairn.rows.columns import Coder, Troubles, require_column
from cairn.tables.formats import BLANK_CELLS, DELIMITERS

if TYPE_CHECKING:
    import pyarrow as pa

TRUE, FALSE = ("true", "t", "yes", "y", "1"), ("false", "f", "no", "n", "0")  # as DuckDB reads them for training
NUMBER = re.compile(r"[+-]?((\d+\.?\d*|\.\d+)(e[+-]?\d+)?|inf|infinity|nan)", re.IGNORECASE)


class Csv:
    """A CSV file; a column has the type that the model knows, and is text where it knows none.

    Parameters
    ----------
    file, name : on this disk, and as messages call it
    coder : of the model
    keep : the columns for the output; None: all
    verbatim : keep the text of each row as it stands instead
    missing : texts that mean missing, besides the empty one and blanks
    delimiter : between the cells; None: what parts the first line best

    Raises
    ------
    InputError : the file is empty, or lacks a column
    """

    word = "line"

    def __init__(
        self,
        file: Path,
        name: str,
        coder: Coder,
        *,
        keep: Sequence[str] | None = None,
        verbatim: bool = False,
        missing: Sequence[str] = (),
        delimiter: str | None = None,
    ) -> None:
        import pyarrow as pa

        self.rows: int | None = None
        self.file, self.name, self.coder, self.verbatim = file, name, coder, verbatim
        first = next(chunks(file, name, quoted=True), None)
        if first is None:
            raise InputError(f"{name}: the file is empty")
        self.header = first.text[: first.ends[0]]
        line = _decoded(self.header)
        self.delimiter = delimiter or max(DELIMITERS, key=lambda each: len(_cells(line, each)))
        self.names = [cell.strip() for cell in _cells(line, self.delimiter)]
        self.kept = [] if verbatim else self.names if keep is None else list(keep)
        for column in [*coder.names, *self.kept]:
            require_column(column, self.names, name)
        padded = [f"{before}{text}{after}" for text in missing for before in ("", " ") for after in ("", " ")]
        self.nulls = dict.fromkeys([*BLANK_CELLS, *padded])
        self.wanted = [each for each in self.names if each in {*coder.names, *self.kept}]
        self.types = _types(self.wanted, coder)
        self.schema = pa.schema([(name, self.types[name]) for name in self.kept])

    def blocks(self) -> Iterator[Block]:
        """Read the file."""
        skip = len(self.header) + 1
        for number, chunk in enumerate(chunks(self.file, self.name, quoted=True)):
            rows = Chunk(chunk.text[skip:], 1 + chunk.text.count(b"\n", 0, skip), True) if number == 0 else chunk
            if rows.count():
                yield self._block(rows)

    def _block(self, chunk: Chunk) -> Block:
        import pyarrow as pa

        rows: Chunk | _Rows = chunk
        found: Troubles = {}
        try:
            table = self._at_once(chunk)
            if table.num_rows != chunk.count():  # a quote in the middle of a cell, which opens nothing
                raise pa.ArrowInvalid
        except pa.ArrowInvalid:
            rows = _Rows.of(chunk, self.delimiter)
            table, found = self._one_by_one(rows)
        coded, troubles = self.coder.coded(table)
        kept = None if self.verbatim else table.select(self.kept)
        block = Block(coded, kept, rows.records() if self.verbatim else None)
        return block.without(troubles | found, lambda row: self._row(rows, row))

    def _at_once(self, chunk: Chunk) -> "pa.Table":
        import pyarrow as pa
        from pyarrow import csv as arrow

        return arrow.read_csv(
            pa.BufferReader(chunk.text),
            arrow.ReadOptions(column_names=self.names),
            arrow.ParseOptions(delimiter=self.delimiter, newlines_in_values=b'"' in chunk.text),
            arrow.ConvertOptions(
                column_types=self.types,
                include_columns=self.wanted,
                null_values=list(self.nulls),
                strings_can_be_null=True,
                true_values=[spelled for word in TRUE for spelled in _spellings(word)],
                false_values=[spelled for word in FALSE for spelled in _spellings(word)],
            ),
        )

    def _one_by_one(self, rows: "_Rows") -> tuple["pa.Table", Troubles]:
        """Read cells by Python; one that cannot be read is missing, and its row in trouble."""
        import pyarrow as pa

        troubles: Troubles = {}
        kinds = {column.name: column.kind for column in self.coder.columns}
        columns: dict[str, list[Any]] = {name: [] for name in self.wanted}
        for number, cells in enumerate(rows.cells):
            if len(cells) != len(self.names):
                troubles[number] = (None, f"{len(cells)} cells, but the first line has {len(self.names)}")
            given = dict(zip(self.names, cells, strict=False)) if number not in troubles else {}
            for name in self.wanted:
                value, trouble = self._value(kinds.get(name), given.get(name, ""))
                columns[name].append(value)
                if trouble:
                    troubles.setdefault(number, (name, f"{name}: {trouble}"))
        return pa.table({name: pa.array(values, self.types[name]) for name, values in columns.items()}), troubles

    def _value(self, kind: str | None, cell: str) -> tuple[Any, str | None]:
        if cell in self.nulls:
            return None, None
        if "�" in cell:
            return None, f"{short(cell)} is not UTF-8"
        if kind == "number":
            number = cell.strip(" \t")
            return (
                (float(number), None) if NUMBER.fullmatch(number) else (None, f"a number is wanted; got {short(cell)}")
            )
        if kind == "boolean":
            word = cell.lower()
            wrong = None if word in (*TRUE, *FALSE) else f"true or false is wanted; got {short(cell)}"
            return (word in TRUE if wrong is None else None), wrong
        return cell, None

    def _row(self, rows: "Chunk | _Rows", row: int) -> tuple[int, Given]:
        text = _decoded(rows.records()[row].as_py()[1:])
        cells = _cells(text, self.delimiter)
        given: Given = dict(zip(self.names, cells, strict=True)) if len(cells) == len(self.names) else text
        return rows.line_of(row), given


@dataclass(frozen=True)
class _Rows:
    """A chunk as Python's own reader parts it.

    Parameters
    ----------
    cells, texts, lines : of each row: what it holds, as it stands, and on which line it begins
    """

    cells: list[list[str]]
    texts: list[bytes]
    lines: list[int]

    @classmethod
    def of(cls, chunk: Chunk, delimiter: str) -> "_Rows":
        cells, texts, lines = [], [], []
        every = io.BytesIO(chunk.text).readlines()
        rows, before = csv.reader(map(_decoded, every), delimiter=delimiter), 0
        for row in rows:
            if text := b"".join(every[before : rows.line_num]).removesuffix(b"\n"):
                cells.append(row)
                texts.append(b"\n" + text)
                lines.append(chunk.line + before)
            before = rows.line_num
        return cls(cells, texts, lines)

    def records(self) -> "pa.Array":
        import pyarrow as pa

        return pa.array(self.texts, pa.binary())

    def line_of(self, row: int) -> int:
        return self.lines[row]


def _types(names: Sequence[str], coder: Coder) -> dict[str, "pa.DataType"]:
    import pyarrow as pa

    types = {"number": pa.float64(), "boolean": pa.bool_()}
    known = {column.name: types.get(column.kind, pa.string()) for column in coder.columns}
    return {name: known.get(name, pa.string()) for name in names}


def _decoded(text: bytes) -> str:
    return text.decode(errors="replace")


def _cells(line: str, delimiter: str) -> list[str]:
    return next(csv.reader(io.StringIO(line, newline=""), delimiter=delimiter), [])


def _spellings(word: str) -> list[str]:
    """Give a word in every mixture of small and large letters, since Arrow minds them and DuckDB does not."""
    return list(dict.fromkeys("".join(each) for each in itertools.product(*zip(word, word.upper(), strict=True))))
