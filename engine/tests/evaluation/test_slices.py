import json

import numpy as np
import pytest

from cairn.documents import to_json
from cairn.evaluation import metrics
from cairn.evaluation.slices import by_value, worst


@pytest.fixture
def rows():
    generator = np.random.default_rng(2)
    probability = generator.random(600)
    actual = generator.random(600) < probability
    gender = np.array(["f", "m", None], dtype=object)[np.arange(600) % 3]
    actual[gender == "m"] = generator.random(200) < 0.5
    return actual, probability, gender


def measure_of(actual, probability):
    return lambda rows: metrics.figures(metrics.binary(actual[rows], probability[rows], threshold=0.5), len(rows))


def test_each_group_is_measured_as_if_it_were_alone(rows):
    actual, probability, gender = rows
    slices = by_value({"gender": gender}, measure_of(actual, probability))
    assert [(group.value, group.rows) for group in slices] == [("f", 200), ("m", 200), (None, 200)]
    women = gender == "f"
    alone = metrics.figures(metrics.binary(actual[women], probability[women], threshold=0.5), 200)
    assert slices[0].metrics == alone


def test_small_groups_are_counted_but_never_the_worst(rows):
    actual, probability, gender = rows
    gender = gender.copy()
    gender[:3] = "x"
    actual[:3], probability[:3] = [True, False, False], [0.0, 1.0, 1.0]
    slices = by_value({"gender": gender}, measure_of(actual, probability), min_rows=50)
    small = next(group for group in slices if group.value == "x")
    assert small.rows == 3
    assert small.metrics == {name: None for name in metrics.NAMES["binary"] if name != "profit_per_1000"}
    assert worst(slices, "roc_auc", greater_is_better=True, column="gender").value == "m"


def test_the_worst_group_is_the_lowest_or_the_highest_as_the_metric_has_it(rows):
    actual, probability, gender = rows
    slices = by_value({"gender": gender, "all": np.zeros(600)}, measure_of(actual, probability))
    assert worst(slices, "log_loss", greater_is_better=False).value == "m"
    assert worst(slices, "roc_auc", greater_is_better=True).value == "m"
    assert worst(slices, "roc_auc", greater_is_better=True, column="all").value == "0.0"
    assert worst(slices, "roc_auc", greater_is_better=True, column="none") is None


def test_missing_numbers_and_missing_texts_are_one_group_that_stands_last():
    labels = np.array(["b", None, "a", float("nan")], dtype=object)
    slices = by_value({"city": labels}, lambda rows: {"rows_seen": float(len(rows))}, min_rows=1)
    assert to_json(slices) == [
        {"column": "city", "value": "a", "rows": 1, "rows_seen": 1.0},
        {"column": "city", "value": "b", "rows": 1, "rows_seen": 1.0},
        {"column": "city", "value": None, "rows": 2, "rows_seen": 2.0},
    ]


def test_a_group_of_one_class_has_null_for_what_is_undefined(rows):
    _, probability, gender = rows
    slices = by_value({"gender": gender}, measure_of(np.zeros(600, dtype=bool), probability))
    assert [group.metrics["roc_auc"] for group in slices] == [None, None, None]
    assert all(group.metrics["log_loss"] > 0 for group in slices)
    json.dumps(to_json(slices), allow_nan=False)


def test_no_columns_give_no_slices():
    assert by_value({}, lambda rows: {}) == []
