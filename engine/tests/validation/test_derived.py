"""Suites derived from a table: its own rows keep them, others do not."""

import math

import duckdb
import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from omegaconf import OmegaConf

from cairn import config
from cairn.validation.derived import as_yaml, derive
from cairn.validation.validation import failures_table, validate

FEW_EXAMPLES = settings(max_examples=4, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


MANY_EXAMPLES = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def write(select, path):
    path.parent.mkdir(parents=True, exist_ok=True)
    duckdb.sql(select).write_parquet(str(path))
    return path


def check(raw, *rules, table="people"):
    return validate(raw, {table: list(rules)}, raw.parent / "docs")


def test_derived_rules_are_the_round_numbers_that_a_person_would_write(raw):
    rules = derive(raw / "people.parquet", required=["bought", "not_here"])
    kwargs = {(each["type"], each["kwargs"].get("column")): each["kwargs"] for each in rules}
    between, present = "expect_column_values_to_be_between", "expect_column_values_to_not_be_null"
    assert kwargs[between, "age"] == {"column": "age", "min_value": 10, "max_value": 70}
    assert kwargs[between, "id"] == {"column": "id", "min_value": 0}
    assert kwargs[between, "seen_at"]["min_value"] == "2024-01-01T00:00:00"
    assert kwargs[between, "seen_at"]["max_value"] == "2026-01-01T00:00:00"
    assert kwargs[present, "income"] == {"column": "income", "mostly": 0.85}
    assert kwargs[present, "bought"] == {"column": "bought"}
    assert kwargs["expect_column_values_to_be_in_set", "city"]["value_set"] == ["Bern", "Oslo", "Rome"]
    assert ("expect_column_values_to_be_in_set", "note") not in kwargs


def test_a_derived_suite_accepts_its_own_table_and_refuses_a_shifted_one(raw, people):
    rules = derive(raw / "people.parquet", required=["bought"])
    assert failures_table(check(raw, *rules)) == ""
    shifted = "id, age + 100 AS age, 'x' || city AS city, income * 10 AS income, seen_at + INTERVAL 9 YEAR AS seen_at"
    write(
        f"SELECT {shifted}, born_on::VARCHAR AS born_on, 1 AS note, NULL::BOOLEAN AS bought FROM ({people})",
        raw / "people.parquet",
    )
    failed = {each.column for each in check(raw, *rules) if not each.passed}
    assert failed == {"age", "city", "income", "seen_at", "born_on", "note", "bought"}


TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=6)


ODD_TEXTS = [
    "1e5",
    "+1e5",
    "yes",
    "null",
    "2024-01-01",
    "${x}",
    "???",
    "~",
    "1_0",
    "0x1",
    ".5e3",
    "- a",
    "a: b",
    "#",
    "",
]


COLUMNS = {
    "BIGINT": st.integers(-(2**63), 2**63 - 1),
    "DOUBLE": st.floats(),
    "VARCHAR": TEXTS | st.sampled_from(ODD_TEXTS),
    "BOOLEAN": st.booleans(),
    "TIMESTAMP": st.datetimes(),
    "DATE": st.dates(),
    "DECIMAL(9,3)": st.decimals(-99999, 99999, places=3),
}


@st.composite
def tables(draw):
    rows = draw(st.integers(0, 12))
    few = draw(st.lists(COLUMNS["VARCHAR"], min_size=1, max_size=3))  # so that texts repeat, as categories do
    kinds = COLUMNS | {"VARCHAR": st.sampled_from(few)}
    return {type_: draw(st.lists(st.none() | values, min_size=rows, max_size=rows)) for type_, values in kinds.items()}


def stored(table, path):
    connection = duckdb.connect()
    connection.execute("CREATE TABLE t (" + ", ".join(f'"a {type_}" {type_}' for type_ in table) + ")")
    if rows := list(zip(*table.values(), strict=True)):
        connection.executemany(f"INSERT INTO t VALUES ({', '.join('?' for _ in table)})", rows)
    connection.execute(f"COPY t TO '{path}'")
    return path


@MANY_EXAMPLES
@given(tables())
def test_derived_bounds_hold_what_the_table_has(tmp_path, table):
    path = stored(table, tmp_path / "t.parquet")
    for each in derive(path):
        kwargs = each["kwargs"]
        values = [
            value for value in table.get(kwargs.get("column", "")[2:], []) if value is not None and value == value
        ]
        if each["type"] == "expect_column_values_to_be_between" and not isinstance(
            kwargs.get("min_value", kwargs.get("max_value")), str
        ):
            assert all(
                kwargs.get("min_value", -math.inf) <= value <= kwargs.get("max_value", math.inf) for value in values
            )
        if "mostly" in kwargs and each["type"] == "expect_column_values_to_not_be_null":
            assert kwargs["mostly"] <= len(values) / len(table["BIGINT"])
        if each["type"] == "expect_column_values_to_be_in_set":
            assert set(values) <= set(kwargs["value_set"])


def read_back(rules, folder):
    (folder / "adopted.yaml").write_text(as_yaml(rules), encoding="utf-8")
    assert yaml.safe_load(as_yaml(rules))["tables"] == rules
    return config.call(OmegaConf.to_container(OmegaConf.load(folder / "adopted.yaml"), resolve=True))


@MANY_EXAMPLES
@given(tables())
def test_derived_suites_written_as_yaml_read_back_the_same(tmp_path, table):
    rules = {"t": derive(stored(table, tmp_path / "t.parquet"), required=["a VARCHAR"])}
    assert read_back(rules, tmp_path) == rules


@pytest.mark.parametrize("category", ODD_TEXTS)
def test_categories_that_look_like_something_else_stay_text(tmp_path, category):
    rules = {"t": derive(stored({"VARCHAR": [category] * 4}, tmp_path / "t.parquet"))}
    assert read_back(rules, tmp_path) == rules
    listed = [each["kwargs"]["value_set"] for each in rules["t"] if "value_set" in each["kwargs"]]
    assert listed == ([] if category in {"${x}", "???"} else [[category]])  # those two are Hydra's own


@FEW_EXAMPLES
@given(tables())
def test_a_derived_suite_accepts_any_table_that_it_came_from(tmp_path, table):
    path = stored(table, tmp_path / "t.parquet")
    rules = derive(path)
    rules = rules[1:] if not table["BIGINT"] else rules  # an empty table is refused, by its first rule
    assert failures_table(validate(tmp_path, {"t": rules}, tmp_path / "docs")) == ""


@pytest.mark.parametrize(
    ("low", "high", "bounds"),
    [
        ("0", "1", (0, 1)),
        ("0.0", "1.0", (0, 1)),
        ("17", "90", (0, 100)),
        ("2013", "2024", (2011, 2026)),
        ("-3.5", "-0.5", (-4, 0)),
        ("0.31", "0.38", (0.3, 0.39)),
        ("'-inf'::DOUBLE", "7.0", (None, 7.0)),
        ("1.6e308", "1.6e308", (1.6e308, 1.6e308)),
        ("'inf'::DOUBLE", "'inf'::DOUBLE", (None, None)),
        ("5e-324", "5e-324", (0, 1e-301)),
    ],
)
def test_derived_ranges_are_round_and_wider_than_the_data(tmp_path, low, high, bounds):
    rules = derive(write(f"SELECT unnest([{low}, {high}]) AS x", tmp_path / "t.parquet"))
    between = [each["kwargs"] for each in rules if each["type"] == "expect_column_values_to_be_between"]
    found = [(kwargs.get("min_value"), kwargs.get("max_value")) for kwargs in between] or [(None, None)]
    assert found == [bounds]


def test_an_empty_table_is_refused_by_its_derived_suite(tmp_path):
    path = write("SELECT 1 AS a WHERE false", tmp_path / "raw" / "people.parquet")
    findings = check(path.parent, *derive(path))
    assert [each.expectation for each in findings if not each.passed] == ["expect_table_row_count_to_be_between"]


def test_many_categories_are_free_text_and_thirty_are_a_set(tmp_path):
    for count, listed in ((30, True), (31, False)):
        path = write(f"SELECT 'c' || i % {count} AS c FROM range(5000) AS r(i)", tmp_path / "t.parquet")
        assert any(each["type"] == "expect_column_values_to_be_in_set" for each in derive(path)) is listed
