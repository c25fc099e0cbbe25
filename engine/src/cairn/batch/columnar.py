"""Read Parquet and Arrow, whose columns have types of their own."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cairn.batch.block import ROWS, Block
from cairn.errors import InputError
from cairn.rows.columns import Coder, require_column

if TYPE_CHECKING:
    import pyarrow as pa

BUFFER = 4 << 20  # bytes of a column that are read ahead; a row group may be larger than memory
MAGIC = b"ARROW1"  # of an Arrow file; a stream has none


class Columnar:
    """A file with typed columns.

    Parameters
    ----------
    file, name : on this disk, and as messages call it
    kind : parquet or arrow
    coder : of the model
    keep : the columns for the output; None: all

    Raises
    ------
    InputError : it is no such file, or a column is missing or holds something else than the model knows
    """

    word = "row"
    verbatim = False
    header, delimiter = b"", ""

    def __init__(self, file: Path, name: str, kind: str, coder: Coder, *, keep: Sequence[str] | None = None) -> None:
        import pyarrow as pa

        self.name, self.coder = name, coder
        what = "Parquet" if kind == "parquet" else "Arrow"
        try:
            self._open(file, kind)
        except (pa.ArrowException, OSError) as error:
            raise InputError(f"{name}: not {what}, or cut short; fetch it again") from error
        coder.check(self.all, name)
        self.names = self.all.names
        kept = self.names if keep is None else list(keep)
        for column in kept:
            require_column(column, self.names, name)
        self.schema = pa.schema([self.all.field(column) for column in kept])
        self.wanted = [each for each in self.names if each in {*coder.names, *kept}]

    def blocks(self) -> Iterator[Block]:
        """Read the file.

        Raises
        ------
        InputError : it is broken further on
        """
        import pyarrow as pa

        first = 1
        try:
            for table in self._tables():
                yield self._block(table, first)
                first += table.num_rows
        except (pa.ArrowException, OSError) as error:
            raise InputError(f"{self.name}, after row {first - 1:,}: broken; fetch it again") from error

    def _block(self, table: "pa.Table", first: int) -> Block:
        coded, troubles = self.coder.coded(table)
        block = Block(coded, table.select(self.schema.names))
        return block.without(troubles, lambda row: (first + row, table.slice(row, 1).to_pylist()[0]))

    def _open(self, file: Path, kind: str) -> None:
        import pyarrow as pa
        import pyarrow.parquet as pq

        self.rows: int | None = None
        self.source: Any
        if kind == "parquet":
            self.source = pq.ParquetFile(file, buffer_size=BUFFER)
            self.all, self.rows = self.source.schema_arrow.remove_metadata(), self.source.metadata.num_rows
            return
        mapped = pa.memory_map(str(file))
        is_file = mapped.read(len(MAGIC)) == MAGIC
        mapped.seek(0)
        self.source = pa.ipc.open_file(mapped) if is_file else pa.ipc.open_stream(mapped)
        self.all = self.source.schema.remove_metadata()

    def _tables(self) -> Iterator["pa.Table"]:
        """Give tables of `ROWS` rows, whatever the batches of the file are."""
        import pyarrow as pa

        waiting: list[pa.RecordBatch] = []
        for batch in self._batches():
            waiting.append(batch)
            if sum(each.num_rows for each in waiting) >= ROWS:
                table = pa.Table.from_batches(waiting)
                whole = table.num_rows // ROWS * ROWS
                yield from (table.slice(start, ROWS) for start in range(0, whole, ROWS))
                waiting = table.slice(whole).to_batches()
        if waiting:
            yield pa.Table.from_batches(waiting)

    def _batches(self) -> Iterator["pa.RecordBatch"]:
        if hasattr(self.source, "iter_batches"):
            yield from self.source.iter_batches(ROWS, columns=self.wanted)
        elif hasattr(self.source, "get_batch"):
            for number in range(self.source.num_record_batches):
                yield self.source.get_batch(number).select(self.wanted)
        else:
            for batch in self.source:
                yield batch.select(self.wanted)
