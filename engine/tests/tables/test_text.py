"""Answers as text."""

import csv
import io
import json
import math

import pytest

from cairn.errors import InputError
from cairn.tables.query import Answer
from cairn.tables.text import write


def printed(form, names, types, *batches):
    out = io.StringIO()
    write(Answer(names, types, iter(batches)), form, out)
    return out.getvalue()


def test_a_table_is_aligned_with_numbers_to_the_right():
    text = printed("table", ["city", "n"], ["VARCHAR", "BIGINT"], [("Rome", "7"), ("Oslo", "1200")], [("Bern", None)])
    assert text == "city     n\n----  ----\nRome     7\nOslo  1200\nBern  NULL\n(3 rows)\n"


def test_a_wide_character_takes_two_places():
    text = printed("table", ["a", "b"], ["VARCHAR", "VARCHAR"], [("数量", "x"), ("abcd", "y")])
    assert text.splitlines()[2:4] == ["数量  x", "abcd  y"]


def test_a_value_can_not_move_the_cursor_or_break_a_line():
    text = printed("table", ["a"], ["VARCHAR"], [("\x1b[2J\n\tx",)])
    assert text.splitlines()[2] == r"\u001b[2J\n\tx"
    assert len(printed("table", ["a"], ["VARCHAR"], [("x" * 1000,)]).splitlines()[2]) == 60


def test_no_row_is_said_in_every_form():
    assert printed("table", ["a"], ["INTEGER"]) == "a\n-\n(0 rows)\n"
    assert printed("csv", ["a"], ["INTEGER"]) == "a\n"
    assert json.loads(printed("json", ["a"], ["INTEGER"])) == []


def test_csv_is_read_back_by_another_reader():
    rows = [("a,b", 'say "x"'), ("line\nbreak", ""), ("é数", "</script>")]
    text = printed("csv", ["one", "two"], ["VARCHAR"] * 2, rows[:2], rows[2:])
    assert [tuple(each) for each in csv.reader(io.StringIO(text))] == [("one", "two"), *rows]


def test_json_is_one_object_a_line_and_has_null_for_what_it_cannot_say():
    text = printed("json", ["a", "b"], ["DOUBLE", "VARCHAR[]"], [(math.nan, ["x"]), (math.inf, None)], [(0.1, [])])
    assert json.loads(text) == [{"a": None, "b": ["x"]}, {"a": None, "b": None}, {"a": 0.1, "b": []}]
    assert len(text.splitlines()) == 5


def test_a_number_too_large_for_json_is_refused_with_the_way_out():
    with pytest.raises(InputError, match="cast the column"):
        printed("json", ["a"], ["HUGEINT"], [(2**70,)])
