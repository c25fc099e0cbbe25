import numpy as np
import pandas as pd
import pytest

from cairn.bias import facets
from cairn.errors import InputError

LIMITS = {"max_groups": 10, "bins": 4}


def by_column(values, test=None, **limits):
    train = pd.DataFrame({"x": values})
    parts = {"train": train, "test": train if test is None else pd.DataFrame({"x": test})}
    return facets.by_column(parts, "x", **{**LIMITS, **limits})


def labelled(facet, part="train"):
    return [", ".join(facet.groups[code]) for code in facet.codes[part]]


def test_each_text_is_a_group_and_what_is_missing_one_of_its_own():
    facet = by_column(["b", "a", None, "b"])
    assert labelled(facet) == ["b", "a", "(missing)", "b"]
    assert facet.notes == []


@pytest.mark.parametrize("dtype", ["category", "str", object])
def test_texts_are_read_whatever_their_type(dtype):
    assert labelled(by_column(pd.Series(["b", "a", None]).astype(dtype))) == ["b", "a", "(missing)"]


def test_yes_or_no_and_few_numbers_are_groups_by_value():
    assert labelled(by_column(pd.array([True, False, None], dtype="boolean"))) == ["True", "False", "(missing)"]
    assert labelled(by_column([0, 2, 1])) == ["0", "2", "1"]


def test_many_numbers_are_cut_at_quantiles_and_it_is_said():
    facet = by_column([*range(1, 101), np.nan], test=[0, 26, 27, 1000, np.nan])
    assert [group for (group,) in facet.groups] == [
        "up to 26",
        "over 26 up to 51",
        "over 51 up to 76",
        "over 76",
        "(missing)",
    ]
    assert labelled(facet, "test") == ["up to 26", "up to 26", "over 26 up to 51", "over 76", "(missing)"]
    assert np.bincount(facet.codes["train"]).tolist() == [26, 25, 25, 24, 1]
    assert facet.notes == ["x: 100 different values, cut at quantiles into 4 groups"]


def test_whole_numbers_that_may_be_missing_are_cut_too():
    assert labelled(by_column(pd.array([*range(40), None], dtype="Int64")))[-2:] == ["over 30", "(missing)"]


def test_numbers_of_which_most_are_equal_still_make_two_groups():
    assert set(labelled(by_column([0.0] * 90 + list(range(1, 21))))) == {"up to 0", "over 0"}
    assert set(labelled(by_column([99.0] * 90 + list(range(1, 21))))) == {"up to 20", "over 20"}


def test_times_are_cut_at_days():
    born = pd.Series(pd.date_range("1950-01-01", periods=40, freq="365D"))
    assert facets.by_column({"train": born.to_frame("x")}, "x", **LIMITS).groups[0] == ("up to 1959-12-30",)


def test_of_500_texts_the_most_frequent_stand_alone_and_the_rest_are_others():
    values = [f"city {number:03}" for number in range(500) for _ in range(1 + (number < 3))]
    facet = by_column(values, max_groups=3)
    assert [group for (group,) in facet.groups] == ["city 000", "city 001", "city 002", "(others)"]
    assert np.bincount(facet.codes["train"]).tolist() == [2, 2, 2, 497]
    assert facet.notes == ["x: 500 different values; the 3 most frequent stand alone, the rest as (others)"]


def test_a_value_that_training_never_saw_is_among_the_others():
    facet = by_column(["a", "b"], test=["a", "new", None])
    assert labelled(facet, "test") == ["a", "(others)", "(missing)"]


def test_two_columns_are_crossed_and_their_rare_pairs_joined():
    table = pd.DataFrame({"sex": list("ffmmmm"), "city": ["x", "x", "x", "y", "y", "y"]})
    parts = {"train": table, "test": table.iloc[:1]}
    alone, city, both = facets.of_table(parts, ["sex", "city"], crossed=True, max_groups=2, bins=4)
    assert (alone.name, city.name, both.name) == ("sex", "city", "sex x city")
    assert labelled(both) == ["f, x", "f, x", "(others), (others)", "m, y", "m, y", "m, y"]
    assert both.notes == ["sex x city: 3 different values; the 2 most frequent stand alone, the rest as (others)"]
    assert labelled(both, "test") == ["f, x"]


def test_facets_are_the_columns_and_each_two_of_them_once():
    assert facets.combined(["a", "b", "a", "c"]) == [["a"], ["b"], ["c"], ["a", "b"], ["a", "c"], ["b", "c"]]
    assert facets.combined(["a", "b"], crossed=False) == [["a"], ["b"]]


def test_a_column_that_is_missing_is_one_line_with_the_nearest_name():
    with pytest.raises(InputError) as refused:
        facets.require({"data.sensitive": ["gendre"]}, ["age", "gender"])
    assert str(refused.value) == "data.sensitive: no column 'gendre' in the table (did you mean 'gender'?)"
    facets.require({"data.sensitive": ["age"], "report.bias.condition": [None]}, ["age", "gender"])
