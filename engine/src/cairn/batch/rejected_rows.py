"""Rows that the model cannot take, in a file of their own beside the output."""

from collections.abc import Iterable
from contextlib import ExitStack
from types import TracebackType
from typing import IO, Self

from cairn.batch import locations
from cairn.batch.block import Bad


class Aside:
    """A file of JSON lines, which is there at the end if a row was bad; one of an earlier run is deleted else.

    Parameters
    ----------
    goal : where it shall be
    """

    def __init__(self, goal: locations.Place) -> None:
        self.goal = goal
        self._stack = ExitStack()
        self._stream: IO[bytes] | None = None

    def __enter__(self) -> Self:
        """Begin; nothing is written yet."""
        return self

    def write(self, rows: Iterable[Bad]) -> None:
        """Add rows, each with its number, the column and the reason."""
        import orjson

        for row in rows:
            if self._stream is None:
                path = self._stack.enter_context(locations.write_to(self.goal))
                self._stream = self._stack.enter_context(path.open("wb"))
            self._stream.write(orjson.dumps(row._asdict(), default=str, option=orjson.OPT_APPEND_NEWLINE))

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Put the file in its place, or leave none where the block failed."""
        if kind is None and self._stream is None:
            locations.delete(self.goal)
        self._stack.__exit__(kind, error, trace)


def goal_of(output: locations.Place) -> locations.Place:
    """Name the file: `scored.bad.jsonl` beside `scored.csv.gz`."""
    stem = output.name[: output.name.lower().index(output.ending)]
    return output.beside(f"{stem}.bad.jsonl")
