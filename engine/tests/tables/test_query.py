"""Queries read the tables that they are given, and can do nothing else."""

import hashlib
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from cairn.errors import InputError
from cairn.tables import query


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Give the working directory, with a table and a file that no query may see."""
    monkeypatch.chdir(tmp_path)
    duckdb.sql("SELECT i AS id, i / 2 AS half FROM range(10) AS r(i)").write_parquet("people.parquet")
    (tmp_path / "secret.csv").write_text("word\nhush\n")
    return tmp_path


@pytest.fixture
def tables(folder):
    return {"people": folder / "people.parquet"}


def rows(tables, asked, **options):
    answer = query.ask(query.connect(tables), asked, **options)
    return [row for batch in answer.batches for row in batch]


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ("select max(id) from people", [(9,)]),
        ("from people where id = 3;", [(3, 1.5)]),
        ("with p as (from people) select count(*) from p -- all of them", [(10,)]),
        ("values (1), (2)", [(1,), (2,)]),
        ("show tables", [("people",)]),
        ("select column_name from (describe people)", [("id",), ("half",)]),
        ("pivot (select 1 as a, 'x' as b) on b using sum(a)", [(1,)]),
    ],
)
def test_whatever_selects_is_answered(tables, asked, expected):
    assert rows(tables, asked) == expected


def test_an_answer_as_text_is_spelled_as_duckdb_does(tables):
    asked = "select true as yes, date '2024-01-02' as day, null as none, [1, 2] as list, 0.1::double as tenth"
    assert rows(tables, asked, as_text=True) == [("true", "2024-01-02", None, "[1, 2]", "0.1")]
    assert query.ask(query.connect(tables), asked).types == ["BOOLEAN", "DATE", '"NULL"', "INTEGER[]", "DOUBLE"]


def test_two_columns_of_one_name_are_told_apart(tables):
    assert query.ask(query.connect(tables), "select 1 as a, 2 as a").names == ["a", "a_1"]


FORBIDDEN = [
    "copy (select 1) to 'new.csv'",
    "copy people to 'people.parquet' (format parquet, use_tmp_file false)",
    "with x as (copy (select 1) to 'people.parquet' (format csv, use_tmp_file false)) select 1",
    "with x as (copy (select 1) to 'new.csv' (format csv, use_tmp_file false)) from x",
    "select 1) ; copy (select 1) to 'new.csv' ; select (1",
    "select 1; copy (select 1) to 'new.csv'",
    "copy (pivot people on id using sum(half)) to 'new.csv'",
    "explain analyze copy (select 1) to 'new.csv'",
    "attach 'new.db'",
    "install httpfs",
    "load httpfs",
    "export database 'new'",
    "create table t as select 1",
    "drop view people",
    "set enable_external_access = true",
    "pragma enable_logging",
    "call enable_logging(storage => 'file', storage_path => 'new')",
    "from enable_logging(storage => 'file', storage_path => 'new')",
    "from read_csv('secret.csv')",
    "from 'secret.csv'",
    "from read_text('secret.csv')",
    "from glob('*')",
    "from 'http://localhost:1/x.parquet'",
    "from folder",
    "",
    "-- nothing",
    "selct 1",
]


@pytest.mark.parametrize("asked", FORBIDDEN)
def test_whatever_reads_or_writes_anything_else_is_refused_in_one_line(folder, tables, asked):
    def state():
        return {path.name: hashlib.md5(path.read_bytes()).hexdigest() for path in folder.iterdir()}

    before = state()
    with pytest.raises(InputError) as refused:
        rows(tables, asked)
    assert "\n" not in str(refused.value)
    assert "hush" not in str(refused.value)
    assert state() == before


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ("select hlaf from people", 'Candidate bindings: "half"'),
        ("from peopl", 'Did you mean "people"'),
        ("select 'x'::int", "Could not convert string 'x'"),
        ("insert into people values (1, 2)", "INSERT is refused"),
        ("select 1; select 2", "one query is wanted, and there are 2"),
    ],
)
def test_a_refusal_says_what_is_near(tables, asked, said):
    with pytest.raises(InputError, match=said):
        rows(tables, asked)


def test_a_row_that_cannot_be_read_is_told_in_one_line_too(tables):
    answer = query.ask(
        query.connect(tables), "select (case when i = 900000 then 'x' else '1' end)::int from range(1000000) r(i)"
    )
    with pytest.raises(InputError, match="Could not convert string 'x'"):
        list(answer.batches)


def test_a_file_that_is_no_table_is_named(folder):
    with pytest.raises(InputError, match=r"secret.csv: not a Parquet file"):
        query.connect({"secret": folder / "secret.csv"})


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="the peak of a process is read from /proc")
def test_rows_come_before_all_are_there(tables):
    code = (
        "import re; from pathlib import Path; from cairn.tables import query\n"
        "asked = 'select range as a, range * 2 as b, md5(range::varchar) as c from range(20000000)'\n"
        "answer = query.ask(query.connect({}), asked, as_text=True)\n"
        "first = next(answer.batches)[1][:2]\n"
        "print(first, re.search(r'VmHWM:\\s+(\\d+)', Path('/proc/self/status').read_text())[1])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    first, kilobytes = done.stdout.rsplit(maxsplit=1)
    assert first == "('1', '2')"
    assert int(kilobytes) < 500_000  # all rows would take more than a gigabyte
