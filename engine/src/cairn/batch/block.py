"""What readers give and writers take: rows in blocks of some ten thousand."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

import numpy as np

from cairn.rows.coded import Coded
from cairn.rows.columns import Troubles

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pyarrow as pa

ROWS = 65_536  # of a block; enough for all threads to have work, and few enough to hold several

Given = dict[str, Any] | str


class Bad(NamedTuple):
    """A row that the model cannot take.

    Parameters
    ----------
    row : its number in the file, from 1; of a text file its line
    column : None where it is about the whole row
    reason : what is wrong, and what would be right
    given : the row by column, or its text where it has no columns
    """

    row: int
    column: str | None
    reason: str
    given: Given


@dataclass(frozen=True)
class Block:
    """Some rows of a file, those that the model takes and those that it does not.

    Parameters
    ----------
    coded : what the model sees of the good rows
    kept : the columns of the good rows that go to the output; None where their text does
    records : the text of the good rows, each after a line's end; None where the columns go to the output
    bad : the others
    """

    coded: Coded
    kept: "pa.Table | None"
    records: "pa.Array | None" = None
    bad: list[Bad] = field(default_factory=list)

    def without(self, troubles: Troubles, row: Callable[[int], tuple[int, Given]]) -> "Block":
        """Set the rows in trouble apart.

        Parameters
        ----------
        troubles : by their place in this block
        row : gives the number in the file of a row of this block, and its content
        """
        if not troubles:
            return self
        import pyarrow as pa

        good = np.ones(len(self.coded), dtype=bool)
        good[list(troubles)] = False
        mask = pa.array(good)
        bad = []
        for place, (column, reason) in sorted(troubles.items()):
            number, given = row(place)
            bad.append(Bad(number, column, reason, given))
        return Block(
            Coded(self.coded.matrix[good], self.coded.texts),
            None if self.kept is None else self.kept.filter(mask),
            None if self.records is None else self.records.filter(mask),
            [*self.bad, *bad],
        )


class Input(Protocol):
    """A file that is read in blocks.

    Parameters
    ----------
    word : what its rows are numbered by, `row` or `line`
    rows : how many there are; None: unknown until all are read
    names : all its columns
    schema : those that are kept
    verbatim : whether the text of rows is kept instead
    header, delimiter : the first line of a CSV file, without its end, and what stands between its cells
    """

    word: str
    rows: int | None
    names: list[str]
    schema: "pa.Schema"
    verbatim: bool
    header: bytes
    delimiter: str

    def blocks(self) -> "Iterator[Block]":
        """Read the file."""
