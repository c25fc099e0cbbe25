"""What a table holds, counted."""

import json

import duckdb
import numpy as np
import pandas as pd
import pytest

from cairn.tables.profile import RULE, balance, drawn, kind_of, measure, profile

NESTED = """
    SELECT {'a': i} AS s, [i, 2] AS l, map{'k': i} AS m, to_days(i::INTEGER) AS d, TIME '10:00' AS t, uuid() AS u,
        'ab'::BLOB AS b, 1.5::DECIMAL(38, 3) AS dec, TIMESTAMPTZ '2024-01-01 12:00:00+02' AS z, NULL AS n,
        TIMESTAMP '290000-01-01' AS far
    FROM range(20) AS r(i)
"""


@pytest.fixture
def table(tmp_path):
    def write(query: str, name: str = "table"):
        path = tmp_path / f"{name}.parquet"
        duckdb.sql(query).write_parquet(str(path))
        return path

    return write


def column(path, name, **settings):
    found = measure(path, **{"levels": 10, "least_rows": 1} | settings)["columns"]
    json.dumps(found, allow_nan=False)
    return next(each for each in found if each["name"] == name)


def test_quartiles_and_outliers_are_those_of_numpy_and_tukeys_fences(table):
    values = np.random.default_rng(0).lognormal(size=999)
    frame = pd.DataFrame({"x": values})
    duckdb.register("frame", frame)
    found = column(table("FROM frame"), "x")
    q1, median, q3 = np.percentile(values, [25, 50, 75])
    assert [found["q1"], found["median"], found["q3"]] == pytest.approx([q1, median, q3], rel=1e-12)
    beyond = (values < q1 - 1.5 * (q3 - q1)) | (values > q3 + 1.5 * (q3 - q1))
    assert found["outliers"]["rows"] == beyond.sum() > 0
    assert sum(found["histogram"]["rows"]) == 999 - beyond.sum()
    edges = np.linspace(found["histogram"]["from"], found["histogram"]["to"], 21)
    assert found["histogram"]["rows"] == np.histogram(values[~beyond], edges)[0].tolist()


def test_a_small_column_is_counted_as_by_hand(table):
    found = column(table("SELECT unnest([1, 2, 2, 3, 4, 100, NULL]) AS x"), "x")
    assert {key: found[key] for key in ("type", "kind", "missing", "distinct", "min", "max", "median")} == {
        "type": "INTEGER", "kind": "number", "missing": 1, "distinct": 5, "min": 1, "max": 100, "median": 2.5,
    }  # fmt: skip
    assert found["missing_share"] == pytest.approx(1 / 7, abs=1e-6)
    # quartiles of 1 2 2 3 4 100 by linear interpolation: 2 and 3.75; fences 2 - 2.625 and 3.75 + 2.625
    assert found["outliers"] == {"rows": 1, "below": -0.625, "above": 6.375}


def test_not_a_number_is_missing_and_infinity_is_counted_apart(table):
    values = "[1.0, 2.0, 'nan'::DOUBLE, 'inf'::DOUBLE, '-inf'::DOUBLE]"
    found = column(table(f"SELECT unnest({values}) AS x"), "x")
    assert (found["missing"], found["infinite"], found["min"], found["max"]) == (1, 2, 1.0, 2.0)


def test_a_column_of_infinities_alone_has_no_quartiles(table):
    found = column(table("SELECT 'inf'::FLOAT AS x FROM range(3)"), "x")
    assert (found["min"], found["median"], found["outliers"], found["histogram"]) == (None, None, None, None)


def test_numbers_too_far_apart_for_fences_are_told_without(table):
    found = column(table("SELECT unnest([-1.7e308, 0, 1.7e308]) AS x"), "x")
    assert (found["min"], found["max"], found["outliers"]) == (-1.7e308, 1.7e308, None)


def test_equal_quartiles_tell_no_outliers(table):
    found = column(table("SELECT CASE WHEN i = 7 THEN 5 ELSE 0 END AS x FROM range(100) AS r(i)"), "x")
    assert found["outliers"] is None
    assert found["histogram"] == {"from": 0.0, "to": 5.0, "rows": [99] + [0] * 18 + [1]}


def test_an_empty_table_has_columns_and_no_shares(table):
    found = measure(
        table("SELECT 1 AS x, 'a' AS t, true AS b, DATE '2024-01-01' AS d WHERE false"), levels=5, least_rows=1
    )
    assert found["rows"] == 0
    assert {each["missing_share"] for each in found["columns"]} == {None}
    assert [each.get("top") for each in found["columns"]] == [None, [], [], None]


def test_a_column_of_all_missing_is_said_to_be_that(table):
    found = column(table("SELECT NULL::DOUBLE AS x FROM range(4)"), "x")
    assert (found["missing_share"], found["distinct"], found["max"], found["infinite"]) == (1.0, 0, None, 0)


def test_values_of_few_rows_are_not_listed(table):
    path = table("SELECT unnest(['b', 'b', 'a', 'a', 'Ann Smith', NULL]) AS x")
    assert column(path, "x", least_rows=2)["top"] == [
        {"value": "a", "rows": 2, "share": 0.4},
        {"value": "b", "rows": 2, "share": 0.4},
    ]
    assert len(column(path, "x", levels=1)["top"]) == 1


def test_nested_and_rare_types_are_counted_and_read(table):
    path = table(NESTED)
    kinds = {each["name"]: each["kind"] for each in measure(path, levels=5, least_rows=1)["columns"]}
    assert kinds == {
        "s": "other", "l": "other", "m": "other", "d": "text", "t": "text", "u": "text", "b": "other",
        "dec": "number", "z": "time", "n": "other", "far": "time",
    }  # fmt: skip
    read = drawn(path, None, seed=0)
    assert read["l"][1] == "[1, 2]"
    assert read["z"][0] == pd.Timestamp("2024-01-01 10:00:00")  # in UTC


@pytest.mark.parametrize(
    ("type_", "kind"),
    [
        ("UBIGINT", "number"),
        ("INTEGER[]", "other"),
        ("DECIMAL(5,2)", "number"),
        ("ENUM('a', 'b')", "text"),
        ("INTERVAL", "text"),
    ],
)
def test_a_type_is_of_a_kind(type_, kind):
    assert kind_of(type_) == kind


@pytest.mark.parametrize("name", ["größe 数量", 'a"b', "rows", "value", "file_row_number", "</script>"])
def test_any_name_of_a_column_will_do(table, name):
    path = table(f"SELECT i AS {chr(34)}{name.replace(chr(34), chr(34) * 2)}{chr(34)} FROM range(10) AS r(i)")
    assert column(path, name)["max"] == 9
    assert sorted(drawn(path, 4, seed=0)[name]) == drawn(path, 4, seed=0)[name].tolist()


def test_a_sample_is_the_same_each_time_and_another_by_another_seed(table):
    path = table("SELECT i FROM range(300_000) AS r(i)")
    first = drawn(path, 1000, seed=1)
    assert len(first) == first["i"].nunique() == 1000
    assert first["i"].is_monotonic_increasing
    pd.testing.assert_frame_equal(first, drawn(path, 1000, seed=1))
    assert len(set(first["i"]) & set(drawn(path, 1000, seed=2)["i"])) < 100
    assert abs(first["i"].mean() - 150_000) < 5 * 300_000 / 12**0.5 / 1000**0.5  # five standard errors


def test_the_balance_is_counted_in_the_order_of_the_classes(table):
    path = table("SELECT i % 4 = 0 AS y FROM range(40) AS r(i)")
    assert balance(path, {"target": "y", "task": "binary", "classes": [False, True]})["classes"] == [
        {"value": False, "rows": 30, "share": 0.75},
        {"value": True, "rows": 10, "share": 0.25},
    ]
    assert balance(path, {"target": "y", "task": "regression", "classes": None})["classes"] is None


def test_a_profile_counts_all_rows_and_shows_some(table, tmp_path):
    features = table("SELECT i, i % 7 AS day, i % 2 = 0 AS even, i % 2 = 0 AS y FROM range(3000) AS r(i)", "features")
    (tmp_path / "pages").mkdir()
    schema = {"target": "y", "task": "binary", "classes": [False, True]}
    found = profile({"features": features}, tmp_path / "pages", schema=schema, seed=3, sample=500)
    json.dumps(found, allow_nan=False)
    told = found["tables"]["features"]
    assert (told["rows"], told["sampled"], told["page"], found["outlier_rule"]) == (3000, 500, "features.html", RULE)
    assert told["columns"][0]["max"] == 2999
    assert found["target"]["associated"][0] == {"columns": ["even", "y"], "cramer_v": 1.0, "pearson": 1.0}
    page = (tmp_path / "pages" / "features.html").read_text()
    assert "features: 500 of 3,000 rows, drawn by seed 3" in page
    assert "<dc:type" in page  # matplotlib writes it into each picture


def test_a_wide_table_has_a_page_without_pictures(table, tmp_path):
    names = ", ".join(f"i % {place + 2} AS c{place}" for place in range(120))
    path = table(f"SELECT {names}, i % 2 AS y FROM range(50) AS r(i)")
    schema = {"target": "y", "task": "binary", "classes": [0, 1]}
    found = profile({"features": path}, tmp_path, schema=schema, seed=0, pictures=100)
    assert found["tables"]["features"]["associated"] == []
    assert "<dc:type" not in (tmp_path / "features.html").read_text()
