"""Predictions written down as Parquet files by date, off the request's path, and none of them lost on the way out."""

import os
import random
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from cairn.files import written
from cairn.rows.signature import Column, Signature

if TYPE_CHECKING:
    import pyarrow as pa

SECONDS = 10.0  # between two files
FILES = 16  # between two looks at how large all files are
ROWS = 50_000  # that wait at most; the request that brings more waits until they are written
GIB = 2**30


class Captured(NamedTuple):
    """One request that was answered.

    Parameters
    ----------
    request_id : of the answer
    time : of the answer
    seconds : that the request took until its answer was ready, the reading of its body included
    version : of the model; None: a local one
    signature : of the model
    rows : as they came
    told : `predictions`, and `probabilities` where there are classes
    """

    request_id: str
    time: datetime
    seconds: float
    version: str | None
    signature: Signature
    rows: Sequence[Mapping[str, Any]]
    told: Mapping[str, Sequence[Any]]


class Capture:
    """Takes what was predicted, and writes it in a thread of its own.

    Parameters
    ----------
    folder : gets a folder a day, `date=2026-03-01`
    share : of the requests, above 0, at most 1
    limit : bytes of all files; the oldest are deleted beyond
    """

    def __init__(self, folder: Path, share: float, limit: float) -> None:
        self.folder, self.share, self.limit = folder, share, limit
        self._waiting: list[Captured] = []
        self._rows = 0
        self._files, self._next_look = 0, 1
        self._taking, self._writing = threading.Lock(), threading.Lock()
        self._wake, self._ending = threading.Event(), False
        self._thread = threading.Thread(target=self._write_regularly, name="capture", daemon=True)
        self._thread.start()

    def wanted(self) -> bool:
        """Say whether the next request is in the share that is recorded."""
        return self.share >= 1 or random.random() < self.share  # noqa: S311, no secret depends on it

    def take(self, captured: Captured) -> None:
        """Take one request; where too many wait, they are written first."""
        with self._taking:
            self._waiting.append(captured)
            self._rows += len(captured.rows)
            rows = self._rows
        if rows >= ROWS:
            self.write()
        elif rows >= ROWS // 2:
            self._wake.set()

    def write(self) -> None:
        """Write what waits, a file for each day and model; where that fails, say so, and go on without it."""
        with self._writing:
            with self._taking:
                waiting, self._waiting, self._rows = self._waiting, [], 0
            parts: dict[Any, list[Captured]] = {}
            for each in waiting:
                parts.setdefault((f"{each.time:%Y-%m-%d}", each.version), []).append(each)
            for (day, _), part in parts.items():
                try:
                    self._write(part, self.folder / f"date={day}")
                except OSError as error:  # a full disk must not stop the predictions
                    print(f"error: {len(part)} requests are not recorded: {error}", file=sys.stderr, flush=True)
            if self._files >= self._next_look:
                self._next_look = self._files + FILES
                self._delete_the_oldest()

    def close(self) -> None:
        """Write what waits, and end."""
        self._ending = True
        self._wake.set()
        self._thread.join()
        self.write()

    def _write_regularly(self) -> None:
        while not self._ending:
            self._wake.wait(SECONDS)
            self._wake.clear()
            self.write()

    def _write(self, part: Sequence[Captured], folder: Path) -> None:
        import pyarrow as pa
        import pyarrow.parquet as pq

        about = schema(part[0].signature)
        converters = [(column.name, _converter(column)) for column in part[0].signature.columns]
        rows = [
            {
                "request_id": each.request_id,
                "time": each.time,
                "seconds": each.seconds,
                "version": each.version,
                "row": number,
                "inputs": {name: convert(row.get(name)) for name, convert in converters},
                "prediction": each.told["predictions"][number],
                "probabilities": each.told["probabilities"][number] if "probabilities" in each.told else None,
            }
            for each in part
            for number, row in enumerate(each.rows)
        ]
        self._files += 1
        name = f"{datetime.now(UTC):%H%M%S}-{os.getpid()}-{self._files:06}.parquet"
        with written(folder / name) as partial:
            pq.write_table(pa.Table.from_pylist(rows, about), partial)

    def _delete_the_oldest(self) -> None:
        """Keep within the limit; several processes may delete at once."""
        sizes = {}
        for path in sorted(self.folder.glob("date=*/*.parquet")):
            with suppress(FileNotFoundError):
                sizes[path] = path.stat().st_size
        total = sum(sizes.values())
        for path, size in sizes.items():
            if total <= self.limit:
                return
            path.unlink(missing_ok=True)
            total -= size


def schema(signature: Signature) -> "pa.Schema":
    """Give the columns of a file: the same for every file of one model, whatever its rows hold."""
    import pyarrow as pa

    kinds = {"number": pa.float64(), "boolean": pa.bool_(), "category": pa.string(), "time": pa.string()}
    inputs = pa.struct([(column.name, kinds[column.kind]) for column in signature.columns])
    fields = [
        ("request_id", pa.string()),
        ("time", pa.timestamp("us", "UTC")),
        ("seconds", pa.float64()),
        ("version", pa.string()),
        ("row", pa.int32()),
        ("inputs", inputs),
    ]
    if signature.classes is None:
        return pa.schema([*fields, ("prediction", pa.float64())])
    return pa.schema(
        [*fields, ("prediction", pa.scalar(signature.classes[0]).type), ("probabilities", pa.list_(pa.float64()))]
    )


def _converter(column: Column) -> Callable[[Any], Any]:
    """Give what a value becomes: JSON has 1 for 1.0 and for true, and a column of a file has one type."""
    convert = {"number": float, "boolean": bool}.get(column.kind, str)
    return lambda value: None if value is None else convert(value)
