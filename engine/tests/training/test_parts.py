"""The parts as models see them: the signature learnt from training rows alone, groups with one code in both."""

import numpy as np
import pandas as pd
import pytest

from cairn.training import parts

NODE = {"_target_": "cairn.rows.signature.describe", "max_levels": 100}
SCHEMA = {"features": ["age", "city"], "target": "bought", "task": "binary", "classes": [False, True]}


@pytest.fixture
def files(tmp_path):
    def write(name, cities, homes):
        count = len(cities)
        table = {
            "age": np.arange(count, dtype=float),
            "city": cities,
            "bought": np.arange(count) % 3 == 0,
            "home": homes,
        }
        pd.DataFrame(table).to_parquet(tmp_path / name)
        return tmp_path / name

    train = write("train.parquet", ["Rome", "Bonn"] * 10, ["a", "b", "c", "d"] * 5)
    return train, write("validation.parquet", ["Rome", "Oslo"] * 3, ["d", "e", "f"] * 2)


def test_levels_that_only_the_validation_part_has_are_not_learnt(files):
    seen = parts.read(*files, SCHEMA, NODE)
    assert (
        list(seen.train.X["city"].cat.categories) == list(seen.validation.X["city"].cat.categories) == ["Bonn", "Rome"]
    )
    assert seen.validation.X["city"].isna().tolist() == [False, True] * 3
    assert seen.train.y.tolist() == [int(row % 3 == 0) for row in range(20)]
    assert list(seen.train.X) == ["age", "city"]


def test_a_column_to_keep_together_gives_one_code_a_value_in_both_parts(files):
    groups = parts.read(*files, SCHEMA, NODE, together="home").groups
    homes = ["a", "b", "c", "d"] * 5 + ["d", "e", "f"] * 2
    assert len(set(groups.tolist())) == 6
    assert len(set(zip(homes, groups.tolist(), strict=True))) == 6


def test_a_column_whose_values_are_all_different_keeps_nothing_together(files):
    train, validation = files
    for path, first in ((train, 0), (validation, 100)):
        table = pd.read_parquet(path)
        table.assign(home=[f"home {first + row}" for row in range(len(table))]).to_parquet(path)
    assert parts.read(train, validation, SCHEMA, NODE, together="home").groups is None


def test_a_problem_says_what_a_search_needs(files):
    seen = parts.read(*files, SCHEMA, NODE)
    problem = seen.problem(seed=5, ordered=True)
    assert (problem.task, problem.n_classes, problem.seed, problem.ordered) == ("binary", 2, 5, True)
    assert problem.groups is None
    assert (len(problem.train.y), len(problem.validation.y)) == (20, 6)
