"""Validation on real Parquet files, by the real Great Expectations; importing it takes seconds, once for the file."""

import os
import socket
import sys
from dataclasses import asdict

import duckdb
import pytest
import tzlocal

from cairn.errors import InputError
from cairn.files import read_json, write_json
from cairn.validation import data_docs
from cairn.validation.validation import failures_table, validate


def rule(type_, **kwargs):
    return {"type": f"expect_{type_}", "kwargs": kwargs}


def write(select, path):
    path.parent.mkdir(parents=True, exist_ok=True)
    duckdb.sql(select).write_parquet(str(path))
    return path


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
