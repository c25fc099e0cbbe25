"""Validation on real Parquet files, by the real Great Expectations; importing it takes seconds, once for the file."""

import json
import math
import os
import socket
import sys
from dataclasses import asdict
from pathlib import Path

import duckdb
import pytest
import tzlocal
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from omegaconf import OmegaConf

from pipeline import config
from pipeline.data import data_docs
from pipeline.data.derived import as_yaml, derive
from pipeline.data.expectations import suites
from pipeline.data.validation import failures_table, validate
from pipeline.errors import InputError
from pipeline.files import read_json, write_json

PEOPLE = """
    SELECT i AS id, 20 + i % 40 AS age, ['Oslo', 'Rome', 'Bern'][1 + i % 3] AS city,
        CASE WHEN i % 10 = 0 THEN NULL ELSE i / 8.0 END AS income,
        TIMESTAMP '2024-03-01' + to_hours(i::INTEGER) AS seen_at, DATE '2024-03-01' + i::INTEGER % 300 AS born_on,
        md5(i::VARCHAR) AS note, i % 4 = 0 AS bought
    FROM range(200) AS r(i)
"""
SUITES = Path(__file__).parents[2] / "conf" / "expectations"
FEW_EXAMPLES = settings(max_examples=4, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
MANY_EXAMPLES = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def rule(type_, **kwargs):
    return {"type": f"expect_{type_}", "kwargs": kwargs}


def write(select, path):
    path.parent.mkdir(parents=True, exist_ok=True)
    duckdb.sql(select).write_parquet(str(path))
    return path


@pytest.fixture(scope="session", autouse=True)
def great_expectations():
    return pytest.importorskip("great_expectations")


@pytest.fixture
def raw(tmp_path):
    return write(PEOPLE, tmp_path / "raw" / "people.parquet").parent


def check(raw, *rules, table="people"):
    return validate(raw, {table: list(rules)}, raw.parent / "docs")


def test_rules_that_hold_pass_and_leave_no_failures(raw):
    findings = check(
        raw,
        rule("table_row_count_to_be_between", min_value=200, max_value=200),
        rule("column_values_to_be_between", column="age", min_value=20, max_value=59),
        rule("column_values_to_be_in_set", column="city", value_set=["Oslo", "Rome", "Bern"]),
        rule("column_values_to_be_unique", column="note"),
        rule("column_values_to_not_be_null", column="income", mostly=0.9),
        rule("column_mean_to_be_between", column="age", min_value=39, max_value=40),
    )
    assert [each.passed for each in findings] == [True] * 6
    assert failures_table(findings) == ""


def test_a_failure_says_column_expected_found_rows_and_examples(raw):
    age, city = check(
        raw,
        rule("column_values_to_be_between", column="age", min_value=22, max_value=58),
        rule("column_values_to_be_in_set", column="city", value_set=["Oslo", "Rome"], mostly=0.9),
    )
    # Of 40 ages, each held by 5 people, 20, 21 and 59 are outside; every third of 200 people lives in Bern.
    assert (age.table, age.column, age.expectation) == ("people", "age", "expect_column_values_to_be_between")
    assert (age.expected, age.found, age.rows, age.examples) == (
        "22 to 58, in every row",
        "7.5 % break it",
        15,
        [20, 21, 59],
    )
    assert (city.expected, city.rows, city.examples) == ("value set Oslo | Rome, in 90 % of rows", 66, ["Bern"])
    assert not age.passed and not city.passed


def test_missing_values_are_shown_by_their_row_numbers(raw):
    (income,) = check(raw, rule("column_values_to_not_be_null", column="income"))
    assert (income.rows, income.examples) == (20, ["row 1", "row 11", "row 21"])


def test_a_rule_on_an_aggregate_says_what_was_found(raw):
    mean, rows = check(
        raw,
        rule("column_mean_to_be_between", column="age", max_value=30),
        rule("table_row_count_to_be_between", min_value=1000),
    )
    assert (mean.expected, mean.found, mean.rows, mean.passed) == ("at most 30", "39.5", None, False)
    assert (rows.column, rows.expected, rows.found, rows.passed) == (None, "at least 1000", "200", False)


def test_a_column_that_is_not_there_fails_with_the_nearest_name(raw):
    (finding,) = check(raw, rule("column_values_to_be_between", column="agee", min_value=0))
    assert not finding.passed
    assert (finding.column, finding.found) == ("agee", "no column 'agee' (did you mean 'age'?)")


def test_a_rule_that_cannot_be_checked_fails_without_a_traceback(raw):
    (finding,) = check(raw, rule("column_values_to_be_between", column="city", min_value=0))
    assert (finding.passed, finding.rows) == (False, None)
    assert "\n" not in finding.found and "same type" in finding.found
    pages = "".join(page.read_text() for page in (raw.parent / "docs").rglob("*.html"))
    assert "site-packages" not in pages and "Traceback" not in pages


@pytest.mark.parametrize("column", ["seen_at", "born_on"])
def test_times_and_dates_are_compared_with_bounds_written_as_text(raw, column):
    held, broken = check(
        raw,
        rule("column_values_to_be_between", column=column, min_value="2024-03-01", max_value="2024-12-31T00:00:00"),
        rule("column_values_to_be_between", column=column, min_value="2024-03-02T00:00:00"),
    )
    assert held.passed
    assert broken.rows == (24 if column == "seen_at" else 1)
    assert broken.examples[0] == "2024-03-01T00:00:00"


def test_times_beyond_the_reach_of_nanoseconds_are_checked_too(tmp_path):
    write("SELECT TIMESTAMP '9999-12-31' AS ends_at", tmp_path / "raw" / "people.parquet")
    held, broken = check(
        tmp_path / "raw",
        rule("column_values_to_be_between", column="ends_at", min_value="2024-01-01"),
        rule("column_values_to_be_between", column="ends_at", max_value="2024-01-01"),
    )
    assert held.passed and broken.rows == 1


def test_rules_on_several_columns_and_with_conditions_are_checked(raw):
    pair, names, condition, quantile = check(
        raw,
        rule("compound_columns_to_be_unique", column_list=["age", "city"]),
        rule("table_columns_to_match_set", column_set=["id"], exact_match=False),
        rule(
            "column_values_to_be_between",
            column="age",
            max_value=20,
            row_condition="age < 30",
            condition_parser="pandas",
        ),
        rule(
            "column_quantile_values_to_be_between",
            column="age",
            quantile_ranges={"quantiles": [0], "value_ranges": [[0, 1]]},
        ),
    )
    assert (pair.column, pair.rows) == ("age, city", 160)  # 120 pairs repeat after 120 rows: 2 x 80 rows are not unique
    assert names.passed
    assert condition.rows == 45  # ages 21 to 29, five people each
    assert not quantile.passed


def test_the_table_of_failures_is_aligned_and_fits_the_terminal(raw):
    findings = check(
        raw,
        rule("column_values_to_be_between", column="age", min_value=22, max_value=58),
        rule("column_values_to_be_in_set", column="note", value_set=["one", "two"]),
        rule("column_values_to_not_be_null", column="city"),
    )
    lines = failures_table(findings).splitlines()
    assert lines[0].split() == ["column", "expectation", "expected", "found", "rows", "examples"]
    assert all(len(line) <= 120 for line in lines)
    first = next(line for line in lines if line.startswith("people.age "))
    for heading, cell in {"expected": "22 to 58", "found": "7.5 %", "rows": "15", "examples": "20, 21, 59"}.items():
        assert first.index(cell) == lines[0].index(heading)
    assert not any(line.startswith("people.city") for line in lines)


def test_findings_are_plain_json(raw, tmp_path):
    findings = check(
        raw,
        rule("column_values_to_be_between", column="seen_at", max_value="2024-03-02"),
        rule("column_values_to_be_in_set", column="bought", value_set=[True]),
        rule("column_values_to_be_between", column="income", max_value=1),
    )
    write_json([asdict(each) for each in findings], tmp_path / "validation.json")
    assert read_json(tmp_path / "validation.json")[1]["examples"] == [False]


def test_the_same_data_gives_the_same_docs_whatever_the_clock_and_the_zone(raw, tmp_path, monkeypatch):
    rules = [
        rule("column_values_to_be_between", column="age", max_value=30),
        rule("column_mean_to_be_between", column="x"),
    ]
    rules[1]["kwargs"] = {"column": "city", "max_value": 3}
    contents = []
    for name, zone in (("one", "America/New_York"), ("two", "Asia/Tokyo")):
        monkeypatch.setenv("TZ", zone)
        tzlocal.reload_localzone()
        validate(raw, {"people": rules}, tmp_path / name)
        files = sorted(path for path in (tmp_path / name).rglob("*") if path.is_file())
        contents.append({str(path.relative_to(tmp_path / name)): path.read_bytes() for path in files})
    assert contents[0] == contents[1]
    assert "index.html" in contents[0] and "expectations/people.html" in contents[0]
    assert any(name.startswith("validations/people") for name in contents[0])


def test_docs_show_the_table_the_column_and_the_outcome(raw):
    check(raw, rule("column_values_to_be_between", column="age", max_value=30))
    (page,) = (raw.parent / "docs" / "validations").rglob("*.html")
    text = page.read_text()
    assert "people" in text and "age" in text and "Failed" in text
    assert str(raw.parent) not in text and "great-expectations-web-assets" not in text


def test_docs_show_values_as_they_are_even_where_they_look_random_or_like_a_time(tmp_path):
    uuid, time = "61dab5de-a77f-4660-b9a4-f642baf6179b", "1970-01-01T00:00:00Z"
    write(f"SELECT unnest(['{uuid}', '{time}']) AS key", tmp_path / "raw" / "people.parquet")
    (finding,) = check(tmp_path / "raw", rule("column_values_to_be_in_set", column="key", value_set=["other"]))
    assert finding.examples == [uuid, time]
    (page,) = (tmp_path / "docs" / "validations").rglob("*.html")
    assert uuid in page.read_text() and time in page.read_text()


def test_a_table_without_rules_passes(raw):
    assert check(raw) == []
    assert "people" in (raw.parent / "docs" / "index.html").read_text()


def test_nothing_is_sent_printed_or_left_in_the_working_folder(raw, tmp_path, monkeypatch, capfd, caplog):
    (tmp_path / "cwd").mkdir()
    monkeypatch.chdir(tmp_path / "cwd")

    def refused(*args):
        raise AssertionError("a connection was opened")

    monkeypatch.setattr(socket.socket, "connect", refused)
    monkeypatch.setattr(socket, "getaddrinfo", refused)
    check(raw, rule("column_values_to_be_between", column="city", min_value=0))
    assert os.listdir() == []  # noqa: PTH208
    assert capfd.readouterr() == ("", "")
    assert caplog.records == []
    assert "posthog" not in sys.modules


def test_telemetry_and_progress_bars_are_off(tmp_path):
    context = data_docs.start(tmp_path)
    assert context.config.analytics_enabled is False
    assert context.progress_bars == {"globally": False}


def test_a_refused_rule_leaves_the_old_docs_alone(raw):
    docs = raw.parent / "docs"
    check(raw, rule("table_row_count_to_be_between", min_value=1))
    before = (docs / "index.html").read_bytes()
    with pytest.raises(InputError):
        check(raw, rule("table_row_count_to_be_between", min=1))
    assert (docs / "index.html").read_bytes() == before
    assert sorted(path.name for path in raw.parent.iterdir()) == ["docs", "raw"]


@pytest.mark.parametrize(
    ("tables", "line"),
    [
        (
            {"people": [rule("column_values_to_be_betwen", column="age")]},
            "expectations.tables.people: rule 1: no expectation 'expect_column_values_to_be_betwen' "
            "(did you mean 'expect_column_values_to_be_between'?)",
        ),
        (
            {"people": [{"expect_column_to_exist": {"column": "age"}}]},
            "expectations.tables.people: rule 1: write it as {type: expect_..., kwargs: {column: ..., ...}}",
        ),
        (
            {"people": ["expect_column_to_exist"]},
            "expectations.tables.people: rule 1: write it as {type: expect_..., kwargs: {column: ..., ...}}",
        ),
    ],
    ids=["unknown expectation", "not type and kwargs", "only a name"],
)
def test_a_rule_of_the_wrong_shape_is_refused_in_one_line(tables, line):
    with pytest.raises(InputError) as refused:
        suites(tables)
    assert str(refused.value) == line


@pytest.mark.parametrize(
    ("tables", "line"),
    [
        ({"peple": []}, "expectations.tables.peple: no such table in RAW (did you mean 'people'?)"),
        (
            {"people": [rule("column_values_to_be_between", column="age", min_valu=3)]},
            "expectations.tables.people: rule 1 (expect_column_values_to_be_between): "
            "no argument 'min_valu' (did you mean 'min_value'?)",
        ),
        (
            {"people": [rule("column_values_to_not_be_null", column="age", mostly=2)]},
            "expectations.tables.people: rule 1 (expect_column_values_to_not_be_null): "
            "mostly: ensure this value is less than or equal to 1.0",
        ),
        (
            {"people": [rule("column_values_to_not_be_null")]},
            "expectations.tables.people: rule 1 (expect_column_values_to_not_be_null): column: field required",
        ),
        (
            {"people": [rule("column_values_to_be_between", column="seen_at", min_value="March")]},
            "expectations.tables.people: rule 1 (expect_column_values_to_be_between): min_value: "
            "'March' is no time; write it as 2024-01-31T00:00:00",
        ),
    ],
    ids=["unknown table", "unknown argument", "value out of range", "argument missing", "no time"],
)
def test_a_rule_that_cannot_be_is_refused_in_one_line(raw, tables, line):
    with pytest.raises(InputError) as refused:
        validate(raw, tables, raw.parent / "docs")
    assert str(refused.value).replace(str(raw), "RAW") == line
    assert not (raw.parent / "docs").exists()


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


def test_a_derived_suite_accepts_its_own_table_and_refuses_a_shifted_one(raw):
    rules = derive(raw / "people.parquet", required=["bought"])
    assert failures_table(check(raw, *rules)) == ""
    shifted = "id, age + 100 AS age, 'x' || city AS city, income * 10 AS income, seen_at + INTERVAL 9 YEAR AS seen_at"
    write(
        f"SELECT {shifted}, born_on::VARCHAR AS born_on, 1 AS note, NULL::BOOLEAN AS bought FROM ({PEOPLE})",
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


@pytest.mark.parametrize("name", sorted(path.name for path in SUITES.glob("*.yaml")))
def test_the_suites_of_conf_name_expectations_that_exist(name):
    node = yaml.safe_load((SUITES / name).read_text(encoding="utf-8"))
    assert json.dumps(config.call(node)) == json.dumps(node["tables"])
