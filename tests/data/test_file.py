"""Reading the user's own file: what arrives in the table, and the one line for each thing that can be wrong."""

import gzip
import hashlib
import json
import threading
import time
from collections.abc import Iterator
from dataclasses import MISSING, fields
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.feather as feather
import pyarrow.parquet as pq
import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline.data import download, duck, file
from pipeline.data.file import File
from pipeline.errors import InputError

TABLE = pa.table({"a": [1, 2, 3], "b": ["x", "y", None], "y": [0.5, 1.5, None]})


def ingest(folder: Path, path: Path | str, target: str = "y", **options: Any) -> Path:
    raw, truth = folder / "raw", folder / "truth"
    for each in (raw, truth):
        each.mkdir(exist_ok=True)
    File(path=str(path), target=target, **options).ingest(raw, truth)
    assert [each.name for each in raw.iterdir()] == ["table.parquet"]
    assert not list(truth.iterdir())
    return raw / "table.parquet"


def put(folder: Path, name: str, content: str | bytes) -> Path:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def table(path: Path) -> tuple[dict[str, str], list[tuple[Any, ...]]]:
    found = duckdb.sql(f"FROM '{path}'")
    return dict(zip(found.columns, map(str, found.types), strict=True)), found.fetchall()


def in_format(folder: Path, name: str, packed: bool) -> Path:
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


LATE = "a,b,y\n" + "".join(f"{n},x{n},1\n" for n in range(30_000))
CASES: dict[str, tuple[str, str | bytes, dict[str, Any], str]] = {
    "empty": ("t.csv", "", {}, "t.csv: the file is empty"),
    "empty once unpacked": ("t.csv.gz", gzip.compress(b""), {}, "t.csv.gz: the file is empty"),
    "no first line": ("t.csv", "\na,y\n1,2\n", {}, "t.csv: the first line is empty"),
    "an endless line": (
        "t.csv",
        "a,y\n1,2\n" + "x" * 3_000_000 + ",3\n",
        {},
        "t.csv, line 3: longer than 2 MB; is a line's end missing?",
    ),
    "no rows in JSON": ("t.json", "[]", {}, "t.json: no rows"),
    "same key twice in a row": (
        "t.jsonl",
        '{"a": 1, "y": 1}\n{"a": 1, "a": 2, "y": 1}\n',
        {},
        't.jsonl: JSON transform error in file "t.jsonl", in line 2: Object {"a":1,"a":2,"y":1} has duplicate key "a"',
    ),
    "gzip cut short": (
        "t.csv.gz",
        gzip.compress(bytes(range(32, 127)) * 100)[:60],
        {},
        "t.csv.gz: the gzip stream is broken or cut short; fetch it again",
    ),
    "header only": ("t.csv", "a,y\n", {}, "t.csv: no rows, only the names of columns"),
    "latin1": (
        "t.csv",
        "a,y\ncafé,1\n".encode("latin1"),
        {},
        "t.csv, line 2: byte 4 is 0xe9, not UTF-8; convert the file: iconv -f LATIN1 -t UTF-8 OLD > NEW",
    ),
    "latin1 late": (
        "t.csv",
        LATE.encode() + "1,café,1\n".encode("latin1"),
        {},
        "t.csv, line 30002: byte 6 is 0xe9, not UTF-8; convert the file: iconv -f LATIN1 -t UTF-8 OLD > NEW",
    ),
    "utf-16": (
        "t.csv",
        b"\xff\xfe" + "a,y\n1,2\n".encode("utf-16-le"),
        {},
        "t.csv, line 1: byte 1 is 0xff, not UTF-8; convert the file: iconv -f UTF-16 -t UTF-8 OLD > NEW",
    ),
    "wrong delimiter": (
        "t.csv",
        "a;b;y\n1;2;3\n",
        {"delimiter": ","},
        "data.delimiter: ',' does not part 'a;b;y' in t.csv; ';' would",
    ),
    "same name twice": ("t.csv", "a,a,y\n1,2,3\n", {}, "t.csv: two columns are named 'a'; rename one"),
    "same name but for blanks": ("t.csv", "a, a,y\n1,2,3\n", {}, "t.csv: two columns are named 'a'; rename one"),
    "same name but for case": (
        "t.csv",
        "a,A,y\n1,2,3\n",
        {},
        "t.csv: columns 'a' and 'A' differ only in case, one name in SQL; rename one",
    ),
    "same key but for case": (
        "t.jsonl",
        '{"a": 1, "A": 2, "y": 3}\n',
        {},
        "t.jsonl: columns 'a' and 'A' differ only in case, one name in SQL; rename one",
    ),
    "no name": (
        "t.csv",
        ",a,y\n1,2,3\n",
        {},
        "t.csv: column 1 has no name; give it one (pandas: to_csv(..., index=False))",
    ),
    "no such target": (
        "adult.csv",
        "age,income\n1,2\n",
        {"target": "incom"},
        "data.target: no column 'incom' in adult.csv (did you mean 'income'?)",
    ),
    "too few cells": ("t.csv", "a,b,y\n1,2,3\n1,2\n", {}, "t.csv, line 3: 2 cells, but the first line has 3"),
    "too many cells": ("t.csv", "a,b,y\n1,2,3,4\n1,2,3\n", {}, "t.csv, line 2: 4 cells, but the first line has 3"),
    "too few cells late": ("t.csv", LATE + "1,2\n", {}, "t.csv, line 30002: 2 cells, but the first line has 3"),
    "open quote": ("t.csv", 'a,y\n1,2\n"x,3\n4,5\n', {}, 't.csv, line 3: a quote (") is opened and not closed'),
    "types mixed late": (
        "t.csv",
        LATE + "abc,x,1\n",
        {},
        "t.csv, line 30002: 'abc' in column 'a' is no BIGINT; say -S +data.types.a=VARCHAR if it is meant, "
        "or list it in data.missing",
    ),
    "not of the said type": (
        "t.csv",
        "a,y\n1,2\nx,3\n",
        {"types": {"a": "DOUBLE"}},
        "t.csv, line 3: 'x' in column 'a' is no DOUBLE; say another, or list it in data.missing",
    ),
    "no such type": (
        "t.csv",
        "a,y\n1,2\n",
        {"types": {"a": "BIGINTT"}},
        "data.types.a: no DuckDB type 'BIGINTT' (did you mean 'BIGINT'?)",
    ),
    "type of no column": (
        "t.csv",
        "age,y\n1,2\n",
        {"types": {"agee": "DOUBLE"}},
        "data.types: no column 'agee' in t.csv (did you mean 'age'?)",
    ),
    "time that is no time": (
        "t.csv",
        "when,y\n2026-01-31 10:00,1\nsoon,2\n",
        {"time": "when"},
        "t.csv, row 2: data.time: 'soon' in column 'when' is no TIMESTAMP; write it as 2026-01-31 10:30:00",
    ),
    "names that do not fit": (
        "t.csv",
        "1,2,3\n",
        {"columns": ["a", "y"]},
        "data.columns: 2 names for the 3 columns of t.csv",
    ),
    "broken JSON": (
        "t.jsonl",
        '{"y": 1}\n{"y": 2\n{"y": 3}\n',
        {},
        "t.jsonl, line 2: broken JSON: Expecting ',' delimiter (character 1)",
    ),
    "JSON that is no row": (
        "t.jsonl",
        '{"y": 1}\n7\n',
        {},
        't.jsonl, line 2: 7 is no row; write rows as {"column": value}',
    ),
    "JSON in latin1": (
        "t.jsonl",
        '{"y": "é"}\n'.encode("latin1"),
        {},
        "t.jsonl, line 1: byte 8 is 0xe9, not UTF-8; convert the file: iconv -f LATIN1 -t UTF-8 OLD > NEW",
    ),
    "JSON types mixed late": (
        "t.jsonl",
        '{"y": 1}\n' * 20_500 + '{"y": "x"}\n',
        {},
        "t.jsonl, row 20501: \"x\" in column 'y', which began with 1; say -S +data.types.y=VARCHAR if it is meant",
    ),
    "no Parquet": ("t.parquet", "a,y\n1,2\n", {}, "t.parquet: not a Parquet file, or cut short; fetch it again"),
    "no Arrow": ("t.arrow", "a,y\n1,2\n", {}, "t.arrow: not an Arrow file (Feather 2), or cut short"),
    "unknown format": (
        "t.xlsx",
        "?",
        {},
        "data.format: the name 't.xlsx' does not tell the format; say which: csv, jsonl, parquet, arrow",
    ),
    "misspelled format": (
        "t.csv",
        "y\n1\n",
        {"format": "parket"},
        "data.format: no format 'parket' (did you mean 'parquet'?)",
    ),
    "long delimiter": ("t.csv", "y\n1\n", {"delimiter": "||"}, "data.delimiter: '||' is not one character"),
    "other sha256": (
        "t.csv",
        "y\n1\n",
        {"sha256": "0" * 64},
        f"data.sha256: t.csv has {hashlib.sha256(b'y' + bytes([10]) + b'1' + bytes([10])).hexdigest()}, "
        f"not {'0' * 64}; another version of the file?",
    ),
}


@pytest.mark.parametrize(("name", "content", "options", "line"), CASES.values(), ids=CASES.keys())
def test_a_wrong_file_gets_one_line_and_leaves_nothing(
    tmp_path: Path, name: str, content: str | bytes, options: dict[str, Any], line: str
) -> None:
    refused(tmp_path, put(tmp_path, name, content), line, **options)


def refused(folder: Path, path: Path | str, line: str, **options: Any) -> None:
    with pytest.raises(InputError) as caught:
        ingest(folder, path, **options)
    assert str(caught.value) == line
    assert not (folder / "raw").exists() or not list((folder / "raw").iterdir())


def test_a_wrong_path_gets_the_nearest_name(tmp_path: Path) -> None:
    put(tmp_path, "adult.csv", "y\n1\n")
    line = f"data.path: no file 'adlut.csv' in {tmp_path.name}/ (did you mean 'adult.csv'?)"
    refused(tmp_path, tmp_path / "adlut.csv", line)
    refused(tmp_path, tmp_path, f"data.path: {tmp_path} is a folder; name one file in it", format="csv")
    refused(tmp_path, tmp_path / "no" / "t.csv", f"data.path: no folder {tmp_path / 'no'}")
    refused(tmp_path, "gs://b/t.csv", "data.path: cannot read gs://; use a path, http://, https:// or s3://")


def test_path_and_target_must_be_said() -> None:
    with pytest.raises(InputError, match=r"^data\.path: say which file, e\.g\. -S data\.path=my\.csv$"):
        File(target="y")
    with pytest.raises(InputError, match=r"^data\.target: say which column to predict, e\.g\. -S data\.target=income$"):
        File(path="t.csv")


CONF = Path(__file__).parents[2] / "conf" / "data"
PUBLIC = Path(__file__).parents[3] / "shared" / "data"


def preset(name: str) -> dict[str, Any]:
    node: dict[str, Any] = yaml.safe_load((CONF / f"{name}.yaml").read_text())
    assert node.pop("_target_") == "pipeline.data.file.File"
    return node


def test_file_yaml_holds_every_key_with_its_default() -> None:
    defaults = {
        each.name: each.default if each.default_factory is MISSING else each.default_factory() for each in fields(File)
    }
    assert preset("file") == {key: [] if value == () else value for key, value in defaults.items()}


@pytest.mark.parametrize("name", ["adult", "bank_marketing", "telco_churn", "california_housing"])
def test_the_preset_names_columns_and_a_class_that_are_there(tmp_path: Path, name: str) -> None:
    node, (path, *_) = preset(name), [*PUBLIC.glob(f"{name}.csv*"), None]
    File(**node)
    if path is None:
        pytest.skip(f"{name}.csv is not here")
    there = {"columns": []} if name == "adult" else {}  # this copy of adult has a header
    table_there = ingest(tmp_path, **node | there | {"path": path, "sha256": None})
    classes = {row[0] for row in duckdb.sql(f"SELECT DISTINCT \"{node['target']}\" FROM '{table_there}'").fetchall()}
    assert node["positive"] is None or node["positive"] in classes


class Faulty(SimpleHTTPRequestHandler):
    """A server with faults: one file refused, one cut short, one that never comes, one after a server error."""

    def do_GET(self) -> None:
        fault = self.path.partition("?")[0].strip("/").removesuffix(".csv")
        if fault.isdigit():
            self.send_error(int(fault))
        elif fault == "cut":
            self.send_response(200)
            self.send_header("Content-Length", "1000")
            self.end_headers()
            self.wfile.write(b"y\n1\n")
        elif fault == "slow":
            time.sleep(1.5)
        else:
            super().do_GET()

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def server(tmp_path: Path) -> Iterator[str]:
    (tmp_path / "www").mkdir()
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Faulty, directory=str(tmp_path / "www"))) as httpd:
        threading.Thread(target=httpd.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{httpd.server_port}"
        httpd.shutdown()


def test_a_file_on_a_web_server_is_read_and_its_checksum_holds(tmp_path: Path, server: str) -> None:
    content = in_format(tmp_path / "www", "t.csv", True).read_bytes()
    table_there = ingest(tmp_path, f"{server}/t.csv.gz?token=1", sha256=hashlib.sha256(content).hexdigest())
    assert table(table_there)[1] == [tuple(row.values()) for row in TABLE.to_pylist()]
    changed = f"data.sha256: t.csv.gz has {hashlib.sha256(content).hexdigest()}, not abc; another version of the file?"
    (tmp_path / "raw" / "table.parquet").unlink()
    refused(tmp_path, f"{server}/t.csv.gz", changed, sha256="abc")


def test_what_a_web_server_can_do_wrong_gets_one_line(
    tmp_path: Path, server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(download, "SILENCE_SECONDS", 1)
    host = server.removeprefix("http://")
    refused(tmp_path, f"{server}/no.csv", f"data.path: {server}/no.csv: no such file (404)")
    secret = f"http://me:pass@{host}/403.csv?signature=x"
    refused(tmp_path, secret, f"data.path: {server}/403.csv: the server refuses (403); check the address")
    refused(tmp_path, f"{server}/500.csv", f"data.path: {server}/500.csv: the server answers 500")
    refused(tmp_path, f"{server}/slow.csv", f"data.path: {server}/slow.csv: no answer within 1 seconds")
    refused(tmp_path, f"{server}/cut.csv", f"data.path: {server}/cut.csv: the connection broke off; try again")
    refused(tmp_path, "http://127.0.0.1:1/t.csv", "data.path: http://127.0.0.1:1/t.csv: cannot reach 127.0.0.1:1")
    refused(tmp_path, "http://no.invalid/t.csv", "data.path: http://no.invalid/t.csv: cannot reach no.invalid")
