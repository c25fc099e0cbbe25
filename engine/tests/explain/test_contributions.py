"""Contributions of a sample: they add up to the predictions for every family, block by block, and draw alike."""

import numpy as np
import pytest
import scipy.special
from engine.tests.models.test_saved import CLASSIFIERS, MODELS, table

from cairn.explain import contributions as room
from cairn.explain.contributions import sample_contributions, to_cell
from cairn.models.learners.ensemble import Ensemble
from cairn.models.saved import Model
from cairn.rows.signature import Column

EVERY = [
    *((name, "bought") for name in CLASSIFIERS),
    *((name, target) for name in MODELS for target in ("level", "spent")),
]


def explained(model, count=300, **more):
    return sample_contributions(model, table(count, seed=2), **{"rows": 80, "estimated_rows": 20, "seed": 3} | more)


@pytest.mark.parametrize(("name", "target"), EVERY)
def test_base_and_contributions_add_up_to_every_prediction(model_of, name, target):
    model = model_of(name, target)
    known = explained(model)
    total = known.base + known.values.sum(axis=1, dtype="float64")
    if known.unit == "log-odds":
        total = scipy.special.softmax(total, axis=1) if target == "level" else scipy.special.expit(total)
    predicted = model.estimator.predict(model.signature.frame(table(300, seed=2).iloc[known.rows]))
    expected = {"bought": lambda: predicted[:, 1:], "level": lambda: predicted, "spent": lambda: predicted[:, None]}
    assert total == pytest.approx(expected[target](), abs=1e-5)
    assert known.gap < 1e-5


@pytest.mark.parametrize("exact", [True, False])
def test_estimates_are_made_for_fewer_rows(model_of, exact):
    known = explained(model_of("xgboost" if exact else "random_forest"))
    assert known.exact is exact
    assert len(known.rows) == (80 if exact else 20)


@pytest.mark.parametrize(("second", "exact"), [("linear", True), ("random_forest", False)])
def test_several_models_are_exact_where_each_of_them_is(model_of, second, exact):
    first, other = model_of("xgboost", "spent"), model_of(second, "spent")
    both = Model(Ensemble([first.estimator, other.estimator], [0.5, 0.5]), first.signature, {})
    known = explained(both)
    assert known.exact is exact
    assert known.gap < 1e-5


def test_rows_are_drawn_once_each_by_the_seed_and_stand_in_order(model_of):
    model = model_of()
    rows = explained(model).rows
    assert np.all(np.diff(rows) > 0)
    assert rows[0] >= 0 and rows[-1] < 300
    assert np.array_equal(explained(model).rows, rows)
    assert not np.array_equal(explained(model, seed=4).rows, rows)
    assert explained(model, count=30).rows.tolist() == list(range(30))


@pytest.mark.parametrize("target", ["bought", "level", "spent"])
def test_blocks_change_nothing(model_of, monkeypatch, target):
    model = model_of(target=target)
    whole = explained(model)
    monkeypatch.setattr(room, "BLOCK", 7)
    parts = explained(model)
    assert np.array_equal(parts.values, whole.values)
    assert np.array_equal(parts.predicted, whole.predicted)
    assert np.array_equal(parts.base, whole.base)


def test_an_explanation_that_does_not_add_up_is_said_to_be_off(model_of, monkeypatch):
    model = model_of()
    honest = type(model.estimator).predict
    monkeypatch.setattr(type(model.estimator), "predict", lambda self, X: honest(self, X)[:, ::-1])
    assert explained(model).gap > 0.5


@pytest.mark.parametrize(
    ("column", "value", "written"),
    [
        (Column("city", "category", ["Bonn", "Rome"]), 1.0, "Rome"),
        (Column("city", "category", ["Bonn", "Rome"]), np.nan, None),
        (Column("age", "number"), 33.25, 33.25),
        (Column("member", "boolean"), 1.0, True),
        (Column("since", "time"), 19_723.75, "2024-01-01"),
    ],
)
def test_a_value_is_shown_as_a_person_writes_it(column, value, written):
    assert to_cell(column, value) == written
