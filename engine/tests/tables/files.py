"""Files of a user, what they become, and that they are refused: what tests of cairn.tables.file share."""

import gzip
import json
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.feather as feather
import pyarrow.parquet as pq
import pytest

from cairn.errors import InputError
from cairn.tables.file import File

TABLE = pa.table({"a": [1, 2, 3], "b": ["x", "y", None], "y": [0.5, 1.5, None]})


def ingest(folder: Path, path: Path | str, target: str = "y", **options: Any) -> Path:
    """Read a file as the stage does, and give the table that it wrote."""
    raw, truth = folder / "raw", folder / "truth"
    for each in (raw, truth):
        each.mkdir(exist_ok=True)
    File(path=str(path), target=target, **options).ingest(raw, truth)
    assert [each.name for each in raw.iterdir()] == ["table.parquet"]
    assert not list(truth.iterdir())
    return raw / "table.parquet"


def put(folder: Path, name: str, content: str | bytes) -> Path:
    """Write a file, and give its path."""
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def table(path: Path) -> tuple[dict[str, str], list[tuple[Any, ...]]]:
    """Give the types of a table by column, and its rows."""
    found = duckdb.sql(f"FROM '{path}'")
    return dict(zip(found.columns, map(str, found.types), strict=True)), found.fetchall()


def in_format(folder: Path, name: str, packed: bool) -> Path:
    """Write TABLE in the format that a name says, packed or not."""
    path = folder / name
    rows = TABLE.to_pylist()
    if name.endswith((".csv", ".tsv")):
        mark = "\t" if name.endswith(".tsv") else ","
        cells = [
            [*TABLE.column_names],
            *([("" if each is None else str(each)) for each in row.values()] for row in rows),
        ]
        path.write_text("".join(mark.join(row) + "\n" for row in cells))
    elif name.endswith(".json"):
        path.write_text(json.dumps(rows))
    elif "json" in name:
        path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    elif name.endswith(".parquet"):
        pq.write_table(TABLE, path)
    else:
        feather.write_feather(TABLE, path)
    if packed:
        path = put(folder, f"{name}.gz", gzip.compress(path.read_bytes()))
    return path


def refused(folder: Path, path: Path | str, line: str, **options: Any) -> None:
    """Hold that a file is refused by one line, and that nothing is left."""
    with pytest.raises(InputError) as caught:
        ingest(folder, path, **options)
    assert str(caught.value) == line
    assert not (folder / "raw").exists() or not list((folder / "raw").iterdir())
