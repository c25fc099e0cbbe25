"""A text file of any size, plain or gzipped, cut into chunks that end where a record does."""

import gzip
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from cairn.errors import InputError

if TYPE_CHECKING:
    import pyarrow as pa

CHUNK = 8 << 20  # bytes that are read at once
LONGEST = 64 << 20  # bytes of one record; so much without an end means that a quote is not closed
NEWLINE, QUOTE = 10, 34


@dataclass(frozen=True)
class Chunk:
    """Whole records, each with the end of its line.

    Parameters
    ----------
    text : of the records; every line's end is one newline
    line : of the file, from 1, on which the first one begins
    quoted : whether a line's end inside double quotes belongs to the record, as in CSV
    """

    text: bytes
    line: int
    quoted: bool

    @cached_property
    def ends(self) -> np.ndarray:
        """Where the records end: the places of their newlines; blank records among them."""
        return _ends(self.text, self.quoted)

    def records(self) -> "pa.Array":
        """Give the records that are not blank, as bytes that begin with a newline and end without one."""
        import pyarrow as pa

        shifted = pa.py_buffer(b"\n" + self.text)
        offsets = pa.py_buffer(np.concatenate([[0], self.ends + 1]).astype("int32").tobytes())
        every = pa.Array.from_buffers(pa.binary(), len(self.ends), [None, offsets, shifted])
        there = self._lengths > 0
        return every if there.all() else every.filter(pa.array(there))

    def count(self) -> int:
        """Count the records that are not blank."""
        return int((self._lengths > 0).sum())

    def line_of(self, record: int) -> int:
        """Give the line of the file on which a record begins; `record` counts those that are not blank, from 0."""
        place = int(np.flatnonzero(self._lengths > 0)[record])
        start = 0 if place == 0 else int(self.ends[place - 1]) + 1
        return self.line + self.text.count(b"\n", 0, start)

    @property
    def _lengths(self) -> np.ndarray:
        return np.diff(self.ends, prepend=-1) - 1


def chunks(file: Path, name: str, *, quoted: bool, size: int = CHUNK) -> Iterator[Chunk]:
    """Read a file piece by piece; no more than a few pieces are in memory.

    Parameters
    ----------
    file : on this disk; gzipped where its first bytes say so
    name : by which messages call it
    quoted : as in `Chunk`
    size : bytes that are read at once

    Raises
    ------
    InputError : the gzip stream is broken, or a record does not end
    """
    line, rest = 1, b""
    for piece in _pieces(file, name, size):
        text = rest + piece
        cut = _last_end(text, quoted)
        if not cut and len(text) > LONGEST:
            raise InputError(f"{name}, line {line}: {_endless(quoted)}")
        if cut:
            yield Chunk(text[:cut].replace(b"\r\n", b"\n"), line, quoted)
            line += text.count(b"\n", 0, cut)
        rest = text[cut:]
    if rest.strip():
        if quoted and rest.count(b'"') % 2:
            raise InputError(f"{name}, line {line}: {_endless(quoted)}")
        yield Chunk(rest.replace(b"\r\n", b"\n").removesuffix(b"\n") + b"\n", line, quoted)


def is_gzip(file: Path) -> bool:
    """Say whether a file is gzipped, whatever its name."""
    with file.open("rb") as stream:
        return stream.read(2) == b"\x1f\x8b"


def _pieces(file: Path, name: str, size: int) -> Iterator[bytes]:
    try:
        with gzip.open(file) if is_gzip(file) else file.open("rb") as stream:
            first = stream.read(size).removeprefix(b"\xef\xbb\xbf")
            if first[:2] in (b"\xff\xfe", b"\xfe\xff"):
                raise InputError(f"{name}: UTF-16; convert it: iconv -f UTF-16 -t UTF-8 OLD > NEW")
            while first:
                yield first
                first = stream.read(size)
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise InputError(f"{name}: the gzip stream is broken or cut short; fetch it again") from error


def _last_end(text: bytes, quoted: bool) -> int:
    """Give the length of the whole records that a text begins with."""
    cut = text.rfind(b"\n") + 1
    while cut and quoted and text.count(b'"', 0, cut) % 2:
        cut = text.rfind(b"\n", 0, text.rfind(b'"', 0, cut)) + 1
    return cut


def _ends(text: bytes, quoted: bool) -> np.ndarray:
    letters = np.frombuffer(text, dtype=np.uint8)
    found = np.flatnonzero(letters == NEWLINE)
    if quoted and b'"' in text:
        quotes = np.flatnonzero(letters == QUOTE)
        found = found[np.searchsorted(quotes, found) % 2 == 0]
    return found


def _endless(quoted: bool) -> str:
    return (
        'a quote (") is opened and not closed' if quoted else f"longer than {LONGEST >> 20} MiB; is a line's end lost?"
    )
