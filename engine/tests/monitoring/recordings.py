"""Captures for tests, written by the server's own writer."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from cairn.rows.signature import Column, Signature
from cairn.serving.capture import schema

COLUMNS = [
    Column("age", "number", low=18.0, high=90.0),
    Column("city", "category", categories=["Oslo", "Rome"]),
    Column("smokes", "boolean"),
    Column("joined", "time"),
]
SIGNATURE = Signature(COLUMNS, target="bought", task="binary", classes=[False, True])
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
LATER = NOON + timedelta(days=365)
ROW = {"age": 40.0, "city": "Rome", "smokes": True, "joined": "2024-01-31"}


def row(time: datetime = NOON, *, request: str = "one", number: int = 0, **inputs: Any) -> dict[str, Any]:
    """Return one recorded row; ROW has the other values."""
    return {
        "request_id": request,
        "time": time,
        "version": "v0.0.1",
        "row": number,
        "inputs": ROW | inputs,
        "prediction": False,
        "probabilities": [0.75, 0.25],
    }


def write(path: Path, rows: Sequence[Mapping[str, Any]], about: pa.Schema | None = None) -> Path:
    """Write rows as a file of `cairn serve`."""
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.Table.from_pylist(list(rows), about or schema(SIGNATURE)), path)
    return path
