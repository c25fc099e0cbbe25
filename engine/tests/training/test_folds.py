"""Folds: every row is held out once, no row is fitted on that is held out, and what belongs together stays together."""

import numpy as np
import pandas as pd
import pytest

from cairn.errors import InputError
from cairn.training.folds import Problem, Rows, make_folds


def rows(count: int, start: int = 0, positive: float = 0.25) -> Rows:
    number = np.arange(start, start + count)
    return Rows(pd.DataFrame({"number": number.astype("float64")}), (number % round(1 / positive) == 0).astype("int32"))


def problem(train: int = 80, validation: int = 20, **more) -> Problem:
    about = {"task": "binary", "n_classes": 2, "seed": 3}
    return Problem(train=rows(train), validation=rows(validation, train), **about | more)


@pytest.mark.parametrize(("train", "folds"), [(80, 5), (12_479, 5), (12_480, 4), (24_980, 2), (49_979, 2), (49_980, 1)])
def test_the_fewer_rows_the_more_folds_are_held_out(train, folds):
    parts = make_folds(problem(train, 20), count="auto")
    assert len(parts) == folds
    assert folds in (1, 5) or sum(len(part.held_out) for part in parts) >= 10_000
    assert folds == 1 or all(len(part.fitted) / (train + 20) == pytest.approx(0.8, abs=0.01) for part in parts)


def test_one_fold_is_the_validation_part():
    (only,) = make_folds(problem(90, 10), count=1)
    assert only.train.y.tolist() == rows(90).y.tolist()
    assert only.validation.X["number"].tolist() == list(range(90, 100))


def test_every_row_is_held_out_once_and_never_fitted_on_there():
    folds = make_folds(problem(), count=4)
    held_out = [number for fold in folds for number in fold.validation.X["number"]]
    assert sorted(held_out) == list(range(100))
    for fold in folds:
        assert set(fold.train.X["number"]).isdisjoint(fold.validation.X["number"])
        assert len(fold.train.y) + len(fold.validation.y) == 100
        assert fold.validation.y.sum() in (6, 7), "25 positives are spread evenly"


def test_rows_of_one_group_stand_in_one_fold():
    groups = np.arange(100) // 7
    for fold in make_folds(problem(groups=groups), count=4):
        assert set(groups[fold.fitted]).isdisjoint(groups[fold.held_out])


def test_an_order_that_matters_forbids_folds():
    assert len(make_folds(problem(ordered=True), count="auto")) == 1
    with pytest.raises(InputError, match="folds could learn from what comes later; use 1"):
        make_folds(problem(ordered=True), count=5)


@pytest.mark.parametrize("count", [0, -1, 51])
def test_a_number_of_folds_that_cannot_be_is_one_line(count):
    with pytest.raises(InputError, match=r"search\.folds: .* is not valid for 100 rows"):
        make_folds(problem(), count=count)


def test_fewer_groups_than_folds_are_refused():
    with pytest.raises(InputError, match="at least as many groups; there are 2"):
        make_folds(problem(groups=np.arange(100) % 2), count=4)


def test_a_class_of_fewer_rows_than_folds_is_no_error():
    few = problem()
    few.train.y[:] = 0
    few.validation.y[:] = 0
    few.train.y[:2] = 1
    assert sum(fold.validation.y.sum() for fold in make_folds(few, count=5)) == 2


def test_at_most_so_many_rows_are_fitted_on_and_all_are_held_out():
    (only,) = make_folds(problem(9000, 1000), count=1, rows=500)
    assert len(only.train.y) == 500
    assert len(only.validation.y) == 1000
    again = make_folds(problem(9000, 1000), count=1, rows=500)[0]
    assert np.array_equal(only.fitted, again.fitted), "the seed draws them"
