"""Partial dependence: scikit-learn's own on the same rows and grid, and what a band and a share are."""

import numpy as np
import pytest
from engine.tests.models.test_saved import table
from sklearn import inspection
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin

from cairn.explain.contributions import coded
from cairn.explain.dependence import choose_grid, partial_dependence, shares
from cairn.rows.coded import Coded


class Asked(BaseEstimator):
    """A model of ours, as scikit-learn wants to ask it: by a matrix of numbers."""

    def __init__(self, model=None):
        self.model = model

    def fit(self, X, y=None):
        return self

    def __sklearn_is_fitted__(self):
        return True

    def said(self, X):
        return self.model.estimator.predict(Coded(X, [2]))


class Classes(ClassifierMixin, Asked):
    @property
    def classes_(self):
        return np.arange(len(self.model.signature.classes))

    def predict_proba(self, X):
        return self.said(X)


class Values(RegressorMixin, Asked):
    def predict(self, X):
        return self.said(X)


@pytest.mark.parametrize("target", ["bought", "level", "spent"])
@pytest.mark.parametrize("name", ["xgboost", "hist_gradient_boosting", "linear"])
def test_it_is_scikit_learns_on_the_same_rows(model_of, name, target):
    model, rows = model_of(name, target), table(60, seed=2)
    outputs = [0, 1, 2] if target == "level" else [0]
    told = partial_dependence(model, rows, [0, 2], outputs, grid=12)
    matrix = coded(model, rows).matrix
    asked = (Values if target == "spent" else Classes)(model)
    for each, place in zip(told, (0, 2), strict=True):
        grid = np.arange(3.0) if place else np.array(each.grid)
        for average, kind in ((each.mean, "average"), (each.low, "individual")):
            theirs = inspection.partial_dependence(
                asked, matrix, [place], custom_values={place: grid}, kind=kind, method="brute", response_method="auto"
            )[kind]
            theirs = theirs if kind == "average" else np.quantile(theirs, 0.25, axis=1)
            assert np.array(average) == pytest.approx(theirs, rel=1e-3, abs=1e-4)


def test_a_model_of_one_column_gives_that_columns_curve_without_a_band():
    class Doubles:
        estimator = signature = None

        def predict(self, given):
            return 2 * given.matrix[:, 0]

    from cairn.models.saved import Model
    from cairn.rows.signature import Column, Signature

    model = Model(Doubles(), Signature([Column("age", "number"), Column("income", "number", missing=True)]), {})
    age, income = partial_dependence(model, table(50), [0, 1], [0], grid=5)
    assert age.mean[0] == pytest.approx([2 * each for each in age.grid], rel=1e-3)
    assert age.low == age.mean == age.high
    assert len(set(income.mean[0])) == 1
    assert income.grid[-1] is None and len(income.grid) == 6
    assert income.low[0][0] == pytest.approx(2 * table(50)["age"].quantile(0.25), rel=1e-3)
    assert income.high[0][0] == pytest.approx(2 * table(50)["age"].quantile(0.75), rel=1e-3)


def test_few_values_are_all_tried_and_many_from_the_5th_to_the_95th_percentile():
    assert choose_grid(np.array([3.0, 1.0, 1.0, 2.0]), False, 3).tolist() == [1.0, 2.0, 3.0]
    assert choose_grid(np.arange(101.0), False, 4).tolist() == pytest.approx([5.0, 35.0, 65.0, 95.0])


def test_a_number_that_is_nearly_always_the_same_is_tried_at_its_other_values_too():
    values = np.concatenate([np.zeros(990), np.arange(1.0, 11.0)])
    assert choose_grid(values, False, 5).tolist() == [0.0, 2.5, 5.0, 7.5, 10.0]


def test_of_many_categories_the_most_frequent_are_tried_and_a_missing_value_comes_last():
    values = np.array([4.0, 4.0, 4.0, 0.0, 7.0, 7.0, np.nan])
    tried = choose_grid(values, True, 2)
    assert tried[:2].tolist() == [4.0, 7.0]
    assert np.isnan(tried[2])
    assert shares(values, tried, True).tolist() == pytest.approx([3 / 7, 2 / 7, 1 / 7])


def test_a_share_is_that_of_the_rows_nearest():
    assert shares(np.array([0.0, 1.0, 4.0, 6.0, 100.0]), np.array([0.0, 5.0, 10.0]), False).tolist() == [0.4, 0.4, 0.2]
    assert shares(np.array([np.nan, np.nan]), np.array([np.nan]), False).tolist() == [1.0]
