"""Reading the user's own file: what arrives in the table."""

import hashlib
from dataclasses import MISSING, fields
from functools import partial
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.feather as feather
import pyarrow.parquet as pq
import pytest
import yaml
from engine.tests.tables.files import TABLE, in_format, ingest, put, table
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cairn.tables import duck, file
from cairn.tables.file import File

TEXTS = ["t.csv", "t.tsv", "t.jsonl", "t.ndjson", "t.json"]
SHAPES = [(name, False) for name in [*TEXTS, "t.parquet", "t.arrow", "t.feather"]] + [(name, True) for name in TEXTS]


@pytest.mark.parametrize(("name", "packed"), SHAPES)
def test_every_format_gives_the_same_table(tmp_path: Path, name: str, packed: bool) -> None:
    types, rows = table(ingest(tmp_path, in_format(tmp_path, name, packed)))
    assert types == {"a": "BIGINT", "b": "VARCHAR", "y": "DOUBLE"}
    assert rows == [tuple(row.values()) for row in TABLE.to_pylist()]


def test_empty_and_blank_cells_are_missing_and_names_lose_their_blanks(tmp_path: Path) -> None:
    path = put(tmp_path, "t.csv", " a ,b,c,y\n1,x,  ,0\n ,    ,7,1\n2,,8,\n")
    types, rows = table(ingest(tmp_path, path))
    assert types == {"a": "BIGINT", "b": "VARCHAR", "c": "BIGINT", "y": "BIGINT"}
    assert rows == [(1, "x", None, 0), (None, None, 7, 1), (2, None, 8, None)]


def test_texts_that_mean_missing_are_missing_in_text_and_in_numbers(tmp_path: Path) -> None:
    path = put(tmp_path, "t.csv", "a,b,y\n1, ?,0\n?,x,1\n ?,?,0\n")
    assert table(ingest(tmp_path, path, missing=["?"]))[1] == [(1, None, 0), (None, "x", 1), (None, None, 0)]


def test_json_texts_of_blanks_are_missing_and_late_keys_become_columns(tmp_path: Path) -> None:
    lines = ['{"a": 1, "y": 0}'] * 20_500 + ['{"a": 2, "late": "z", "y": 1}', '{"a": 3, "late": " ", "y": 1}']
    types, rows = table(ingest(tmp_path, put(tmp_path, "t.jsonl", "\n".join(lines))))
    assert set(types) == {"a", "y", "late"}
    late = list(types).index("late")
    assert [row[late] for row in rows[-3:]] == [None, "z", None]


def test_parquet_that_needs_no_change_is_copied_byte_by_byte(tmp_path: Path) -> None:
    path = in_format(tmp_path, "t.parquet", False)
    before = path.read_bytes()
    copy = ingest(tmp_path, path)
    path.write_bytes(b"changed in place")
    assert copy.read_bytes() == before


def test_parquet_is_written_anew_where_names_types_or_missing_texts_ask_for_it(tmp_path: Path) -> None:
    path = tmp_path / "t.parquet"
    pq.write_table(pa.table({" a ": [1], "b": ["?"], "when": ["2026-01-31 10:00"], "y": [1]}), path)
    types, rows = table(ingest(tmp_path, path, types={"a": "DOUBLE"}, missing=["?"], time="when"))
    assert types == {"a": "DOUBLE", "b": "VARCHAR", "when": "TIMESTAMP", "y": "BIGINT"}
    assert rows[0][:2] == (1.0, None)


def test_dates_timestamps_and_booleans_get_their_types_and_said_types_win(tmp_path: Path) -> None:
    path = put(tmp_path, "t.csv", "d,t,f,zip,y\n2026-01-31,2026-01-31 10:00:00,true,01234,0\n")
    types, rows = table(ingest(tmp_path, path, types={"zip": "VARCHAR"}))
    assert types == {"d": "DATE", "t": "TIMESTAMP", "f": "BOOLEAN", "zip": "VARCHAR", "y": "BIGINT"}
    assert rows[0][3] == "01234"


def test_a_said_type_takes_what_json_mixes(tmp_path: Path) -> None:
    path = put(tmp_path, "t.jsonl", '{"a": 1, "y": 0}\n{"a": "x", "y": 1}\n')
    assert table(ingest(tmp_path, path, types={"a": "VARCHAR"}))[1] == [("1", 0), ("x", 1)]


def test_a_quote_long_after_the_first_rows_is_read_as_a_quote(tmp_path: Path) -> None:
    path = put(tmp_path, "t.csv", "y,b\n" + "1,x\n" * 30_000 + '2,"x,y"\n')
    assert table(ingest(tmp_path, path))[1][-1] == (2, "x,y")


def test_a_file_without_header_takes_its_names_from_columns(tmp_path: Path) -> None:
    path = put(tmp_path, "t.csv", "\ufeffu;1\nv;2\n")
    assert table(ingest(tmp_path, path, columns=["b", "y"]))[1] == [("u", 1), ("v", 2)]


def test_a_name_with_wildcards_is_one_file(tmp_path: Path) -> None:
    put(tmp_path, "t1.csv", "y\n2\n")
    assert table(ingest(tmp_path, put(tmp_path, "t[1]*?.csv", "y\n1\n")))[1] == [(1,)]


text = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=8)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(texts=st.lists(text, min_size=1, max_size=20), delimiter=st.sampled_from(",;\t|"))
def test_any_text_comes_back_as_it_was(tmp_path: Path, texts: list[str], delimiter: str) -> None:
    cells = ["".join(('"', each.replace('"', '""'), '"')) for each in texts]
    lines = [f"b{delimiter}y", *(f"{cell}{delimiter}{row}" for row, cell in enumerate(cells))]
    path = put(tmp_path, "t.csv", "\n".join(lines) + "\n")
    rows = table(ingest(tmp_path, path, types={"b": "VARCHAR"}))[1]
    assert rows == [(each if each.strip(" ") else None, row) for row, each in enumerate(texts)]


@pytest.mark.parametrize("name", ["big.csv", "big.jsonl", "big.arrow"])
def test_rows_keep_their_order_and_bytes_do_not_depend_on_threads(
    tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, sums = tmp_path / name, []
    columns = "range AS id, hash(range) % 1000 / 7 AS n, 'cat_' || hash(range, 1) % 50 AS c, range % 2 AS y"
    kind = {"csv": "csv", "jsonl": "json"}.get(path.suffix[1:])
    if kind:
        duckdb.execute(f"COPY (SELECT {columns} FROM range(600_000)) TO '{path}' (FORMAT {kind})")
    else:
        feather.write_feather(duckdb.sql(f"SELECT {columns} FROM range(600_000)").to_arrow_table(), path)
    for cores in (1, 2, 7):
        monkeypatch.setattr(file, "connect", partial(with_cores, cores))
        sums.append(hashlib.sha256(ingest(tmp_path, path).read_bytes()).hexdigest())
    assert len(set(sums)) == 1
    assert (
        table(tmp_path / "raw" / "table.parquet")[1] == duckdb.sql(f"SELECT {columns} FROM range(600_000)").fetchall()
    )


def with_cores(cores: int, threads: int | None = None) -> duckdb.DuckDBPyConnection:
    """Act as on a machine of so many cores: what a connection uses unless it is told."""
    connection = duck.connect()
    connection.execute(f"SET threads = {cores if threads is None else threads}")
    return connection


CONF = Path(__file__).parents[3] / "conf" / "data"


def preset(name: str) -> dict[str, Any]:
    node: dict[str, Any] = yaml.safe_load((CONF / f"{name}.yaml").read_text())
    assert node.pop("_target_") == "cairn.tables.file.File"
    return node


def test_file_yaml_holds_every_key_with_its_default() -> None:
    defaults = {
        each.name: each.default if each.default_factory is MISSING else each.default_factory() for each in fields(File)
    }
    answered = dict.fromkeys(("path", "target", "task"))  # a project that was made for a table has them filled in
    expected = {key: [] if value == () else value for key, value in defaults.items()}
    assert preset("file") | answered == expected | answered
