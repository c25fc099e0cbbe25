"""The signature: what it takes from the training part, what it refuses, and how it prepares any row."""

import json
from dataclasses import replace
from datetime import date

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cairn.errors import InputError
from cairn.rows.signature import Signature, describe, read

TABLE = pd.DataFrame(
    {
        "age": [20, 30, 40, 50],
        "income": [1.5, None, 3.5, 0.1],
        "single": np.array([0.1, 0.2, 0.3, 0.4], dtype="float32"),
        "city": ["Rome", "Bonn", "Rome", None],
        "member": pd.array([True, False, None, True], dtype="boolean"),
        "since": pd.to_datetime(["1970-01-02", "1970-01-03 12:00", None, "1969-12-31"], format="ISO8601"),
        "bought": ["no", "yes", "no", "yes"],
    }
)
FEATURES = [name for name in TABLE if name != "bought"]


def signature(table=TABLE, features=None, **changed):
    said = {"target": "bought", "task": "binary", "classes": ["no", "yes"], **changed}
    return describe(table, features=FEATURES if features is None else features, **said)


def refusal(column, **changed):
    table = pd.DataFrame({"x": column, "bought": ["no"] * len(column)})
    with pytest.raises(InputError) as caught:
        signature(table, ["x"], **changed)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_each_column_has_its_kind_its_range_and_its_levels():
    columns = {column.name: column for column in signature().columns}
    kinds = {name: column.kind for name, column in columns.items()}
    assert kinds == {
        "age": "number",
        "income": "number",
        "single": "number",
        "city": "category",
        "member": "boolean",
        "since": "time",
    }
    assert columns["city"].categories == ["Bonn", "Rome"]
    assert (columns["age"].low, columns["age"].high, columns["age"].missing) == (20.0, 50.0, False)
    assert columns["since"].low == -1.0
    assert columns["income"].missing


def test_the_frame_holds_floats_levels_and_days():
    frame = signature().frame(TABLE)
    assert list(frame.columns) == FEATURES
    assert frame["since"].tolist()[:2] == [1.0, 2.5]
    assert frame["member"].tolist()[:2] == [1.0, 0.0]
    assert np.isnan(frame["member"][2])
    assert frame["city"].cat.codes.tolist() == [1, 0, 1, -1]


def test_json_gives_the_signature_back():
    seen = signature()
    assert Signature.from_json(json.loads(json.dumps(seen.to_json(), allow_nan=False))) == seen


def test_a_float_column_is_not_copied():
    table = TABLE[["income", "bought"]]
    frame = signature(table, ["income"]).frame(table)
    assert np.shares_memory(frame["income"].to_numpy(), table["income"].to_numpy())


def test_unseen_levels_are_missing_and_columns_may_stand_in_any_order():
    row = TABLE.iloc[[0]].assign(city="Oslo")[["bought", *reversed(FEATURES)]]
    frame = signature().frame(row)
    assert list(frame.columns) == FEATURES
    assert frame["city"].isna().all()
    assert frame["city"].cat.categories.tolist() == ["Bonn", "Rome"]


@settings(max_examples=40, deadline=None)
@given(st.lists(st.integers(0, 3), min_size=1, max_size=6))
def test_a_row_is_prepared_alike_alone_in_any_batch_and_from_json(rows):
    seen = signature()
    whole = seen.frame(TABLE).iloc[rows].reset_index(drop=True)
    records = [
        {
            "age": int(TABLE["age"][row]),
            "income": None if pd.isna(TABLE["income"][row]) else float(TABLE["income"][row]),
            "single": float(str(TABLE["single"][row])),  # as JSON shows a 32-bit float
            "city": None if pd.isna(TABLE["city"][row]) else TABLE["city"][row],
            "member": None if pd.isna(TABLE["member"][row]) else bool(TABLE["member"][row]),
            "since": None if pd.isna(TABLE["since"][row]) else TABLE["since"][row].isoformat(),
        }
        for row in rows
    ]
    pd.testing.assert_frame_equal(seen.frame(pd.DataFrame(records)), whole, check_exact=True)
    pd.testing.assert_frame_equal(seen.frame(TABLE.iloc[rows]).reset_index(drop=True), whole, check_exact=True)


@settings(max_examples=30, deadline=None)
@given(st.permutations(range(4)))
def test_the_order_of_rows_does_not_matter(order):
    assert signature(TABLE.iloc[order]) == signature()


def test_what_cannot_help_is_left_out_with_its_reason():
    table = TABLE.assign(empty=None, same=7, word="a", name=["Al", "Bo", "Cy", "Di"], seldom=[None, 1.0, None, 1.0])
    seen = signature(table, ["age", "empty", "same", "word", "name", "seldom"])
    assert [column.name for column in seen.columns] == ["age", "seldom"]
    assert seen.left_out == {
        "empty": "every value is missing",
        "same": "the same value in every row",
        "word": "the same value in every row",
        "name": "every value is different, as in an identifier",
    }


def test_no_column_left_is_refused_with_the_reasons():
    assert refusal([7, 7]) == (
        "features: no column is left that a model could learn from (x: the same value in every row)"
    )


def test_infinite_values_are_refused_with_their_row():
    assert refusal([1.0, float("inf"), -float("inf")]).startswith(
        "x: 2 infinite values, the first in row 2 of this part;"
    )


def test_too_many_levels_are_refused_with_the_way_out():
    message = refusal([f"v{number}" for number in range(6)] * 2, max_levels=5)
    assert message == (
        "x: 6 different values are too many for a category (signature.max_levels is 5); "
        "leave it out with data.drop=[x] or raise signature.max_levels"
    )


def test_numbers_spoilt_by_a_few_texts_are_refused_with_an_example():
    message = refusal([str(number % 50) for number in range(200)] + ["?"] * 3)
    assert message.startswith("x: 3 of 203 values are no numbers, such as '?'")
    assert "+data.types.x=DOUBLE" in message


@pytest.mark.parametrize("values", [["3+", "1", "2", "0"] * 9, [f"V{n}" for n in range(40)] * 2, ["007", "042"] * 5])
def test_codes_and_small_counts_in_text_are_categories(values):
    table = pd.DataFrame({"x": values, "bought": "no"})
    assert signature(table, ["x"]).columns[0].kind == "category"


@pytest.mark.parametrize("example", ["31.12.{}", "12/31/{}", "{}-01-31 10:00:00"])
def test_dates_that_stayed_text_are_refused(example):
    message = refusal([example.format(year) for year in range(1990, 2020)])
    assert message.startswith("x: text that looks like dates, such as '")
    assert "+data.types.x=DATE" in message


@pytest.mark.parametrize(
    ("column", "value", "words"),
    [
        ("age", "forty", "age: 'forty' is no number"),
        ("city", 3, "city: the model knows text here, such as 'Bonn'"),
        ("since", "yesterday", "since: not a date such as 2024-01-31"),
        ("since", 5, "since: the model takes dates such as 2024-01-31 here"),
        ("age", float("inf"), "age: 1 infinite values, the first in row 1"),
    ],
)
def test_a_value_of_another_kind_is_refused(column, value, words):
    with pytest.raises(InputError) as caught:
        signature().frame(TABLE.iloc[[0]].assign(**{column: [value]}))
    assert str(caught.value).startswith(words)
    assert "\n" not in str(caught.value)


def test_a_missing_column_is_named_with_the_nearest():
    with pytest.raises(InputError, match=r"no column 'age' \(did you mean 'agee'\?\)"):
        signature().frame(TABLE.rename(columns={"age": "agee"}))


def test_labels_are_places_in_the_classes_or_values():
    assert signature().labels(TABLE).tolist() == [0, 1, 0, 1]
    assert signature(classes=[False, True], target="member").labels(TABLE.iloc[[0, 1]]).tolist() == [1, 0]
    assert signature(classes=None, task="regression", target="age").labels(TABLE).tolist() == [20, 30, 40, 50]


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"classes": ["no"]}, "target bought: 2 rows cannot be used; row 2 is 'yes', which is none of the classes"),
        ({"classes": ["Bonn", "Rome"], "target": "city"}, "target city: 1 rows cannot be used; row 4 is missing"),
        ({"classes": None, "target": "income"}, "target income: 1 rows cannot be used; row 2 is missing"),
    ],
)
def test_a_target_that_cannot_be_learnt_is_refused(changed, words):
    with pytest.raises(InputError, match=words):
        signature(**changed).labels(TABLE)


def test_parquet_text_is_read_as_categories_and_types_do_not_depend_on_gaps(tmp_path):
    import duckdb

    path = tmp_path / "table.parquet"
    duckdb.sql(
        "SELECT * FROM (VALUES ('b', true, DATE '1970-01-02', 1.25::DECIMAL(9, 2), 1), "
        "('a', NULL, NULL, NULL, 2), ('b', false, DATE '1970-01-03', 2.5, 3)) AS t(city, flag, day, cost, \"a.b\")"
    ).write_parquet(str(path))
    table = read(path)
    assert table["city"].dtype == "category"
    assert str(table["flag"].dtype) == "boolean"
    assert table["cost"].tolist()[::2] == [1.25, 2.5]
    assert list(read(path, ["a.b", "city"]).columns) == ["a.b", "city"]
    seen = signature(table.assign(bought="no"), ["city", "flag", "day", "cost", "a.b"])
    assert seen.frame(table)["day"].tolist()[::2] == [1.0, 2.0]
    online = pd.DataFrame({"city": ["b"], "flag": [True], "day": [date(1970, 1, 2)], "cost": [1.25], "a.b": [1]})
    pd.testing.assert_frame_equal(seen.frame(online), seen.frame(table.iloc[[0]]), check_exact=True)


def test_a_typical_value_is_the_middle_one_or_the_most_frequent_as_a_request_would_have_it():
    rows = pd.DataFrame(
        {
            "age": np.arange(100),
            "income": [np.nan] * 20 + [float(each) for each in range(80)],
            "city": ["Oslo"] * 60 + ["Bonn"] * 20 + [None] * 20,
            "child": [True] * 70 + [False] * 30,
            "since": pd.Timestamp("2024-01-01") + pd.to_timedelta(np.arange(100), unit="D"),
            "y": np.arange(100.0),
        }
    )
    names = ["age", "income", "city", "child", "since"]
    seen = describe(rows, features=names, target="y", task="regression", classes=None)
    typical = {column.name: column.typical for column in seen.columns}
    assert (typical["age"], typical["city"], typical["child"]) == (49.5, "Oslo", True)
    assert 35 <= typical["income"] <= 45
    assert "2024-02-15" <= typical["since"] <= "2024-02-25"
    assert Signature.from_json(json.loads(json.dumps(seen.to_json()))) == seen
    old = [replace(column, background=None) for column in seen.columns]
    assert [column.typical for column in old] == [49.5, None, None, True, None]
