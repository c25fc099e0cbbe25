"""The features table: SQL over the raw tables, or the one raw table as it is."""

import duckdb
import pytest

from cairn.errors import InputError
from cairn.features.sql import build, describe, resolve_sql
from cairn.tables.file import File


@pytest.fixture
def raw(tmp_path):
    orders = tmp_path / "orders.parquet"
    people = tmp_path / "people.parquet"
    duckdb.connect().execute(f"COPY (SELECT range % 10 AS person, range AS cents FROM range(100)) TO '{orders}'")
    duckdb.connect().execute(f"COPY (SELECT range AS person, range % 2 AS won FROM range(10)) TO '{people}'")
    return {"orders": orders, "people": people}


def test_a_query_sees_each_raw_table_by_its_name(raw, tmp_path):
    output = tmp_path / "features.parquet"
    sql = "SELECT person, won, sum(cents) AS spent FROM people JOIN orders USING (person) GROUP BY ALL ORDER BY person;"
    build(raw, output, sql=sql)
    assert duckdb.connect().sql(f"FROM '{output}'").fetchall()[:2] == [(0, 0, 450), (1, 1, 460)]


def test_without_a_query_the_one_table_goes_through_without_a_copy(raw, tmp_path):
    output = tmp_path / "features.parquet"
    build({"orders": raw["orders"]}, output, sql="-- the one raw table, as it is\n")
    assert output.samefile(raw["orders"])


def test_columns_with_another_role_are_no_features(raw):
    source = File(path="people.csv", target="won", id="person")
    duckdb.connect().execute(f"COPY (SELECT *, 1 AS leak, 2 AS useful FROM '{raw['people']}') TO '{raw['people']}'")
    schema = describe(raw["people"], File(path="people.csv", target="won", id="person", drop=["leak"]))
    assert schema == {"target": "won", "task": "binary", "classes": [0, 1], "features": ["useful"], "id": "person"}
    assert source.target == "won"


@pytest.mark.parametrize(
    ("sql", "line"),
    [
        (None, "features.sql: a query must join the 2 raw tables: orders, people"),
        ("SELECT nothing FROM people", "features.sql: Binder Error"),
        ("SELEC 1", "features.sql: Parser Error"),
    ],
)
def test_a_query_that_does_not_run_is_refused_in_one_line(raw, tmp_path, sql, line):
    with pytest.raises(InputError) as refused:
        build(raw, tmp_path / "features.parquet", sql=sql)
    assert str(refused.value).startswith(line)
    assert "\n" not in str(refused.value)


def test_a_nested_column_is_refused(tmp_path):
    path = tmp_path / "nested.parquet"
    duckdb.connect().execute(f"COPY (SELECT range % 2 AS won, [1, 2] AS several FROM range(10)) TO '{path}'")
    with pytest.raises(InputError, match=r"several: a nested value \(.*\) is no feature"):
        describe(path, File(path="x.csv", target="won"))


def test_a_role_that_names_no_column_is_refused_with_the_nearest(raw):
    with pytest.raises(InputError, match=r"data.target: no column 'wonn' in the features table \(did you mean 'won'"):
        describe(raw["people"], File(path="people.csv", target="wonn"))


def test_sql_is_read_from_the_file_beside_the_yaml(tmp_path):
    (tmp_path / "mine.sql").write_text("SELECT 1")
    assert resolve_sql({"sql": "mine.sql"}, tmp_path) == "SELECT 1"
    assert resolve_sql({"sql": "SELECT 2"}, tmp_path) == "SELECT 2"
    assert resolve_sql({"sql": None}, tmp_path) is None
    with pytest.raises(InputError, match=r"no file .*yours.sql \(known: mine.sql\)"):
        resolve_sql({"sql": "yours.sql"}, tmp_path)
