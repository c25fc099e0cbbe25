"""Single rows: the right ones are chosen, and what is told of each adds up."""

import numpy as np
import pytest
import scipy.special
from engine.tests.models.test_saved import table

from cairn.explain.contributions import sample_contributions
from cairn.explain.examples import choose_examples, explain_examples


def test_of_two_classes_the_rows_of_the_ends_the_middle_the_threshold_and_the_worst_are_chosen():
    positive = np.array([0.9, 0.2, 0.45, 0.05, 0.6])
    found = choose_examples(np.column_stack([1 - positive, positive]), np.array([1, 1, 0, 0, 1]), 0.3)
    assert found == {0: ["highest"], 2: ["middle"], 3: ["lowest"], 1: ["borderline", "most_wrong"]}


def test_of_several_classes_the_worst_row_has_the_lowest_probability_of_its_own_class():
    predicted = np.array([[0.5, 0.3, 0.2], [0.1, 0.8, 0.1], [0.3, 0.3, 0.4]])
    assert choose_examples(predicted, np.array([2, 0, 2]), None) == {
        1: ["highest", "most_wrong"],
        0: ["middle"],
        2: ["lowest"],
    }


def test_of_values_the_worst_row_is_farthest_from_the_actual_one():
    found = choose_examples(np.array([3.0, 1.0, 2.0]), np.array([3.5, 1.0, -9.0]), None)
    assert found == {0: ["highest"], 2: ["middle", "most_wrong"], 1: ["lowest"]}


def near(value):
    return pytest.approx(value, rel=1e-6)


@pytest.mark.parametrize("target", ["bought", "level", "spent"])
@pytest.mark.parametrize("name", ["xgboost", "random_forest"])
def test_what_is_told_of_a_row_adds_up_and_is_the_rows_own(model_of, name, target):
    model, rows = model_of(name, target), table(90, seed=2)
    known = sample_contributions(model, rows.iloc[:60], rows=50, estimated_rows=10, seed=1)
    said = model.estimator.predict(model.signature.frame(rows))
    for told in explain_examples(known, model, rows, features=2):
        row = rows.iloc[told.row]
        parts = [each.contribution for each in told.contributions] + [told.others.contribution]
        assert told.others.columns == 1
        assert told.margin == pytest.approx(told.base + sum(parts), abs=1e-6)
        assert abs(parts[0]) >= abs(parts[1]) >= abs(parts[2])
        assert told.actual == pytest.approx(row[target]) if target == "spent" else told.actual == row[target]
        for each in told.contributions:
            value = row[each.feature]
            assert each.value == (value if each.feature == "city" else None if np.isnan(value) else near(value))
        if target == "spent":
            assert told.predicted == pytest.approx(said[told.row])
        else:
            place = 1 if target == "bought" else said[told.row].argmax()
            assert told.class_ == model.signature.classes[place]
            assert told.predicted == pytest.approx(said[told.row, place])
        if target == "bought" and known.unit == "log-odds":
            assert told.predicted == pytest.approx(scipy.special.expit(told.margin), abs=1e-6)
        elif target == "spent" or known.unit == "probability":
            assert told.predicted == pytest.approx(told.margin, abs=1e-5)
