"""A model that could not be kept, or that fails, is refused before there is a search for its parameters."""

import sys

import numpy as np
import pytest
from engine.tests.models.test_saved import Homemade
from sklearn.base import BaseEstimator, ClassifierMixin

from cairn.errors import InputError
from cairn.models import preflight


class Broken(ClassifierMixin, BaseEstimator):
    def fit(self, X, y):
        self.classes_ = np.unique(y)
        return self

    def predict(self, X):
        raise KeyError("age")

    predict_proba = predict


@pytest.fixture
def check(problem_of):
    problem = problem_of()
    return lambda target, trusted=(), **more: preflight.check(
        [{"_target_": target, **more}], *problem.train, trusted=trusted, **problem.about
    )


@pytest.fixture
def homemade(monkeypatch):
    monkeypatch.setitem(sys.modules, "homemade", sys.modules[__name__])
    for kind in (Homemade, Broken):
        monkeypatch.setattr(kind, "__module__", "homemade")
    monkeypatch.setattr(sys.modules[__name__], "Homemade", Homemade)


def test_a_type_that_is_not_trusted_is_refused_and_one_that_the_project_names_is_not(check, homemade):
    with pytest.raises(InputError, match=r"the model holds homemade\.Homemade, which loading would refuse"):
        check("homemade.Homemade")
    check("homemade.Homemade", trusted=["homemade.Homemade"])


def test_what_an_own_class_raises_is_one_line_with_its_place(check, homemade):
    with pytest.raises(
        InputError, match=r"^model\._target_: homemade\.Broken: KeyError: 'age' \(.*test_preflight\.py, line"
    ):
        check("homemade.Broken", trusted=["homemade.Broken"])


def test_a_model_that_needs_more_rows_than_a_few_is_tried_on_all(check):
    check("sklearn.neighbors.KNeighborsClassifier", n_neighbors=250)
