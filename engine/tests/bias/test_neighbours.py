import numpy as np
import pandas as pd
import pytest

from cairn.bias import neighbours

ALL = {"rows": 1000, "others": 1000, "seed": 1}


def votes(table, said, group, leave=(), **keywords):
    said, group = np.array(said, dtype=bool), np.array(group, dtype=bool)
    most, own = neighbours.votes(pd.DataFrame(table), said, group, leave=leave, **{**ALL, "neighbours": 1, **keywords})
    return most.tolist(), own.tolist()


def test_the_nearest_row_of_the_other_side_has_the_vote():
    # the group's rows 2 and 9 lie next to 1 (refused) and 10 (accepted)
    assert votes({"x": [1.0, 10.0, 2.0, 9.0]}, [0, 1, 1, 0], [0, 0, 1, 1]) == ([False, True], [True, False])


def test_a_category_counts_as_much_as_the_whole_range_of_a_number():
    table = {"x": [0.0, 3.0, 1.0, 2.0], "c": pd.Categorical(["a", "b", "b", "a"])}
    # row 2 is nearer to row 0 by its number, and nearer to row 1 by its category
    assert votes(table, [0, 1, 0, 0], [0, 0, 1, 1])[0] == [True, False]


def test_the_columns_that_make_the_group_do_not_count():
    table = {"g": [0.0, 1.0, 0.0], "x": [1.0, 2.0, 2.0]}
    assert votes(table, [0, 1, 0], [0, 0, 1], leave=["g", "not a feature"])[0] == [True]
    assert votes({"g": [0.0, 1.0, 0.0], "x": [1.0, 1.0, 1.0]}, [0, 1, 0], [0, 0, 1])[0] == [False]


def test_two_missing_values_are_alike_and_one_is_as_far_as_can_be():
    gap = float("nan")
    assert votes({"x": [gap, 5.0, gap, 4.0]}, [1, 0, 0, 0], [0, 0, 1, 1])[0] == [True, False]
    category = pd.Categorical([None, "a", None, "a"])
    assert votes({"c": category}, [1, 0, 0, 0], [0, 0, 1, 1])[0] == [True, False]


def test_rows_that_are_as_near_as_the_last_neighbour_all_vote():
    assert votes({"x": [1.0, 1.0, 1.0, 1.0]}, [1, 1, 0, 0], [0, 0, 0, 1])[0] == [True]
    assert votes({"x": [1.0, 1.0, 1.0, 1.0]}, [0, 1, 0, 0], [0, 0, 0, 1])[0] == [False]


def test_a_draw_is_bounded_and_repeats_itself():
    generator = np.random.default_rng(5)
    table, said, group = {"x": generator.random(900)}, generator.random(900) < 0.5, generator.random(900) < 0.5
    first = votes(table, said, group, rows=150, others=80, neighbours=5)
    assert len(first[0]) == 150
    assert votes(table, said, group, rows=150, others=80, neighbours=5) == first
    assert votes(table, said, group, rows=150, others=80, neighbours=5, seed=2) != first


def test_the_neighbours_are_those_of_scikit_learn_where_ranks_and_places_are_the_same():
    from sklearn.neighbors import KNeighborsClassifier

    generator = np.random.default_rng(6)
    table = pd.DataFrame({name: generator.permutation(400) / 1.0 for name in "abc"})
    said, group = generator.random(400) < 0.4, generator.random(400) < 0.5
    nearest = KNeighborsClassifier(5, metric="manhattan").fit(table[~group], said[~group])
    most, _ = votes(table, said, group, neighbours=5)
    assert np.mean(np.array(most) == nearest.predict(table[group])) == pytest.approx(1, abs=0.02)  # but for ties


def test_without_other_columns_all_rows_are_as_near():
    most, own = votes({"sex": [1, 1, 0, 0, 0]}, [0, 1, 1, 1, 0], [1, 1, 0, 0, 0], leave=["sex"])
    assert list(most) == [True, True]
    assert list(own) == [False, True]
