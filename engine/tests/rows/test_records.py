"""Rows of a request become the numbers that a table would, bit for bit; what is wrong is named."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cairn.rows import signature
from cairn.rows.coded import codes
from cairn.rows.records import Reader, RowsError

CITIES = ["Bonn", "Oslo", "Rome"]


def known() -> signature.Signature:
    count = 60
    table = pd.DataFrame(
        {
            "age": np.arange(count, dtype="float64") + 0.1,
            "size": (np.arange(count) * 0.1).astype("float32"),
            "income": [None if place % 7 == 0 else float(place) for place in range(count)],
            "member": pd.array([place % 3 == 0 for place in range(count)], dtype="boolean"),
            "city": pd.Categorical([CITIES[place % 3] for place in range(count)]),
            "since": pd.to_datetime("2024-01-01") + pd.to_timedelta(np.arange(count) * 12_345_678, unit="ms"),
            "bought": [place % 2 == 0 for place in range(count)],
            "same": 1.0,
        }
    )
    features = [name for name in table if name != "bought"]
    return signature.describe(table, features=features, target="bought", task="binary", classes=[False, True])


SIGNATURE = known()
NUMBERS = st.floats(-1e30, 1e30) | st.integers(-(10**12), 10**12)
ROWS = st.fixed_dictionaries(
    {
        "age": st.none() | NUMBERS,
        "size": st.none() | NUMBERS,
        "income": st.none() | NUMBERS,
        "member": st.none() | st.booleans(),
        "city": st.none() | st.sampled_from([*CITIES, "Paris"]),
        "since": st.none() | st.datetimes(pd.Timestamp("1970-01-01"), pd.Timestamp("2200-01-01")).map(str),
    }
)


@given(rows=st.lists(ROWS, min_size=1, max_size=5))
@settings(deadline=None)
def test_rows_become_what_the_same_table_becomes(rows):
    coded = Reader(SIGNATURE).coded(rows)
    table = pd.DataFrame({name: pd.Series([row[name] for row in rows], dtype=object) for name in rows[0]})
    expected = codes(SIGNATURE.frame(table), "float64")
    assert coded.matrix.tobytes() == expected.tobytes()
    assert coded.texts == [4]


def good() -> dict:
    return {"age": 1, "size": 2.5, "income": None, "member": True, "city": "Rome", "since": "2024-05-01"}


def test_a_column_that_training_left_out_may_be_there():
    assert len(Reader(SIGNATURE).coded([{**good(), "same": 7}])) == 1


@pytest.mark.parametrize(
    ("change", "row", "column", "message"),
    [
        ({"age": "old"}, 1, "age", "age: a number is wanted; got 'old'"),
        ({"age": True}, 1, "age", "age: a number is wanted; got True"),
        ({"age": 1e300}, 1, "age", "age: 1e+300 is too large; at most 3.40282e+38"),
        ({"age": 10**400}, 1, "age", "is too large"),
        ({"city": 3}, 1, "city", "city: a text is wanted, such as 'Bonn'; got 3"),
        ({"member": "yes"}, 1, "member", "member: true or false is wanted; got 'yes'"),
        ({"since": "soon"}, 1, "since", "since: 'soon' is no time such as 2024-01-31"),
        ({"since": 17}, 1, "since", "since: a time such as 2024-01-31"),
        ({"citi": "Rome"}, 1, "citi", "citi: no such column (did you mean 'city'?)"),
        ({"age": [1]}, 1, "age", "age: a number is wanted; got [1]"),
    ],
)
def test_what_is_wrong_is_named_by_row_and_column(change, row, column, message):
    with pytest.raises(RowsError) as refused:
        Reader(SIGNATURE).coded([good(), {**good(), **change}])
    (trouble,) = refused.value.troubles
    assert (trouble.row, trouble.column) == (row, column)
    assert message in trouble.message


def test_a_missing_column_is_named():
    row = good()
    row["agee"] = row.pop("age")
    with pytest.raises(RowsError) as refused:
        Reader(SIGNATURE).coded([row])
    assert [(each.row, each.column) for each in refused.value.troubles] == [(0, "age"), (0, "agee")]
    assert refused.value.troubles[0].message == "age: missing (did you mean 'agee'?)"


def test_a_row_that_is_no_object_is_refused():
    with pytest.raises(RowsError, match=r"a row is an object of columns and values; got 5"):
        Reader(SIGNATURE).coded([good(), 5])


def test_an_unseen_category_and_a_missing_value_can_be_refused():
    with pytest.raises(RowsError, match="city: 'Rom' was not there in training \\(did you mean 'Rome'\\?\\)"):
        Reader(SIGNATURE, unseen="refuse").coded([{**good(), "city": "Rom"}])
    with pytest.raises(RowsError, match="age: null, and no value was missing in training"):
        Reader(SIGNATURE, missing="refuse").coded([{**good(), "age": None}])
    assert len(Reader(SIGNATURE, missing="refuse").coded([good()])) == 1


def test_a_thousand_troubles_are_not_all_told():
    with pytest.raises(RowsError) as refused:
        Reader(SIGNATURE).coded([{**good(), "age": "old"}] * 1000)
    assert len(refused.value.troubles) == 10
