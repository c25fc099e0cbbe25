import json

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from sklearn import metrics as sklearn_metrics

from cairn.evaluation import curves


def columns(points):
    return {name: np.array([each[name] for each in points], dtype=object) for name in points[0]}


@pytest.fixture(scope="module")
def many():
    generator = np.random.default_rng(0)
    probability = generator.random(20_000)
    return generator.random(20_000) < probability, probability


@st.composite
def rows(draw):
    size = draw(st.integers(2, 30))
    actual = np.array(draw(st.lists(st.booleans(), min_size=size, max_size=size)))
    assume(0 < actual.sum() < size)
    number = st.sampled_from([0.0, 0.25, 0.5, 0.75, 1.0])
    return actual, np.array(draw(st.lists(number, min_size=size, max_size=size)))


@given(rows())
@settings(max_examples=80, deadline=None)
def test_the_points_of_roc_and_precision_recall_are_scikit_learns(case):
    actual, probability = case
    roc = columns(curves.roc(actual, probability))
    false_alarms, hits, thresholds = sklearn_metrics.roc_curve(actual, probability, drop_intermediate=False)
    np.testing.assert_allclose(roc["false_positive_rate"].astype(float), false_alarms, atol=1e-9)
    np.testing.assert_allclose(roc["true_positive_rate"].astype(float), hits, atol=1e-9)
    assert roc["threshold"].tolist() == [None, *thresholds[1:]]
    ours = columns(curves.precision_recall(actual, probability))
    precision, recall, _ = sklearn_metrics.precision_recall_curve(actual, probability)
    np.testing.assert_allclose(ours["recall"].astype(float), recall[-2::-1], atol=1e-9)
    np.testing.assert_allclose(ours["precision"].astype(float), precision[-2::-1], atol=1e-9)


@pytest.mark.parametrize("curve", [curves.roc, curves.precision_recall, curves.cumulative_gain, curves.calibration])
def test_curves_stay_small_and_are_json(many, curve):
    points = curve(*many)
    assert 10 <= len(points) <= 1000
    json.dumps(points, allow_nan=False)


def test_a_thinned_curve_keeps_its_ends_and_its_area(many):
    roc = columns(curves.roc(*many))
    assert (roc["false_positive_rate"][[0, -1]] == [0, 1]).all()
    area = np.trapezoid(roc["true_positive_rate"].astype(float), roc["false_positive_rate"].astype(float))
    assert area == pytest.approx(sklearn_metrics.roc_auc_score(*many), abs=1e-4)


def test_curves_of_one_class_are_empty():
    for curve in (curves.roc, curves.precision_recall, curves.cumulative_gain):
        assert curve([0, 0], [0.1, 0.2]) == []


def test_gain_counts_the_positives_found_among_the_best_rows():
    points = columns(curves.cumulative_gain([1, 1, 0, 0], [0.9, 0.4, 0.6, 0.1]))
    assert points["share_of_rows"].tolist() == [0.25, 0.5, 0.75, 1]
    assert points["share_of_positives"].tolist() == [0.5, 0.5, 1, 1]
    assert points["lift"].tolist() == [2, 1, pytest.approx(4 / 3), 1]


def test_calibration_bins_hold_equal_shares_and_every_row(many):
    actual, probability = many
    points = columns(curves.calibration(actual, probability))
    assert points["rows"].tolist() == [2000] * 10
    assert np.average(points["actual"].astype(float)) == pytest.approx(actual.mean())
    np.testing.assert_allclose(points["actual"].astype(float), points["predicted"].astype(float), atol=0.05)
    assert len(curves.calibration([0, 1, 1], [0.3, 0.3, 0.3])) == 1


@given(st.lists(st.tuples(st.integers(0, 2), st.integers(0, 2)), min_size=1, max_size=50))
@settings(max_examples=50, deadline=None)
def test_a_small_confusion_has_one_row_for_each_prediction(pairs):
    actual, said = np.array(pairs).T
    points = curves.confusion(actual, said, ["a", "b", "c"])
    assert sorted((each["actual"], each["predicted"]) for each in points) == sorted(
        ("abc"[row], "abc"[column]) for row, column in pairs
    )


def test_a_large_confusion_keeps_its_proportions_in_a_thousand_rows():
    actual = np.repeat([0, 0, 1, 1], [50_000, 10_000, 7_777, 32_223])
    said = np.repeat([0, 1, 0, 1], [50_000, 10_000, 7_777, 32_223])
    points = curves.confusion(actual, said, [False, True])
    cells = {
        pair: sum((each["actual"], each["predicted"]) == pair for each in points)
        for pair in [("False", "False"), ("False", "True"), ("True", "False"), ("True", "True")]
    }
    assert list(cells.values()) == [500, 100, 78, 322]


def test_residuals_are_drawn_by_the_seed_and_add_up(many):
    actual = many[1]
    points = curves.residuals(actual, actual[::-1], seed=1)
    assert len(points) == 1000
    assert points == curves.residuals(actual, actual[::-1], seed=1)
    assert points != curves.residuals(actual, actual[::-1], seed=2)
    assert all(each["residual"] == pytest.approx(each["actual"] - each["predicted"], abs=1e-9) for each in points)
    assert len(curves.residuals([1, 2], [1, 1], seed=1)) == 2


def test_dvcs_own_templates_draw_the_points(many):
    templates = pytest.importorskip("dvc_render.vega")
    for name, (points, x, y) in {
        "confusion": (curves.confusion(many[0], many[1] > 0.5, ["no", "yes"]), "actual", "predicted"),
        "linear": (curves.roc(*many), "false_positive_rate", "true_positive_rate"),
        "scatter": (curves.residuals(*many, seed=0), "predicted", "residual"),
    }.items():
        points = [{**each, "rev": "workspace"} for each in points]
        renderer = templates.VegaRenderer(points, name, template=name, x=x, y=y)
        assert json.loads(json.dumps(renderer.get_filled_template()))["data"]["values"]


def test_a_figure_has_ten_digits_or_is_null():
    assert curves.figure(1 / 3) == 0.3333333333
    assert curves.figure(12345678901.5) == 12345678900
    assert curves.figure(float("nan")) is None
    assert curves.figure(float("inf")) is None
