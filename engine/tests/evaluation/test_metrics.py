import subprocess
import sys

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from sklearn import metrics as sklearn_metrics

from cairn.errors import InputError
from cairn.evaluation import metrics

CLOSE = {"rtol": 1e-10, "atol": 1e-10}
tied = st.sampled_from([0.0, 0.1, 0.25, 0.5, 0.5000000001, 0.9, 1.0])
probabilities = st.one_of(tied, st.floats(0, 1, allow_subnormal=False))
counts = st.integers(0, 3).map(float)
weights = st.one_of(counts, st.floats(0.01, 10))


@st.composite
def binary_rows(draw):
    size = draw(st.integers(1, 30))
    rows = [
        np.array(draw(st.lists(each, min_size=size, max_size=size))) for each in (st.booleans(), probabilities, weights)
    ]
    assume(rows[2].sum() > 0)
    return rows


@given(binary_rows(), st.sampled_from([0.1, 0.5, 0.77]))
@settings(max_examples=60, deadline=None)
def test_binary_metrics_are_those_of_scikit_learn_with_weights_and_ties(rows, threshold):
    actual, probability, weight = rows
    ours = {
        name: score[0] for name, score in metrics.binary(actual, probability, threshold=threshold)(weight[None]).items()
    }
    said = probability >= threshold
    plain = {"sample_weight": weight}
    expected = {
        "log_loss": sklearn_metrics.log_loss(
            actual, np.c_[1 - probability, probability], labels=[False, True], **plain
        ),
        "brier": np.average((actual - probability) ** 2, weights=weight),
        "accuracy": sklearn_metrics.accuracy_score(actual, said, **plain),
        "precision": sklearn_metrics.precision_score(actual, said, zero_division=np.nan, **plain),
        "recall": sklearn_metrics.recall_score(actual, said, zero_division=np.nan, **plain),
        "f1": sklearn_metrics.f1_score(actual, said, zero_division=np.nan, **plain),
    }
    if len(set(actual[weight > 0])) == 2:
        expected["roc_auc"] = sklearn_metrics.roc_auc_score(actual, probability, **plain)
        expected["average_precision"] = sklearn_metrics.average_precision_score(actual, probability, **plain)
        expected["brier"] = sklearn_metrics.brier_score_loss(actual, probability, **plain)
    else:
        assert np.isnan(ours["roc_auc"])
    for name, value in expected.items():
        np.testing.assert_allclose(ours[name], value, err_msg=name, **CLOSE)


@st.composite
def multiclass_rows(draw):
    size = draw(st.integers(1, 25))
    actual = np.array(draw(st.lists(st.integers(0, 2), min_size=size, max_size=size)))
    raw = np.array(draw(st.lists(st.tuples(*[st.sampled_from([1.0, 2.0, 5.0])] * 3), min_size=size, max_size=size)))
    weight = np.array(draw(st.lists(weights, min_size=size, max_size=size)))
    assume(weight.sum() > 0)
    return actual, raw / raw.sum(axis=1, keepdims=True), weight


@given(multiclass_rows())
@settings(max_examples=50, deadline=None)
def test_multiclass_metrics_are_those_of_scikit_learn_with_weights_and_ties(rows):
    actual, probability, weight = rows
    ours = {name: score[0] for name, score in metrics.multiclass(actual, probability)(weight[None]).items()}
    there = weight > 0
    actual, probability, weight = actual[there], probability[there], weight[there]
    said = probability.argmax(axis=1)
    plain = {"sample_weight": weight}
    expected = {
        "log_loss": sklearn_metrics.log_loss(actual, probability, labels=[0, 1, 2], **plain),
        "brier": sklearn_metrics.brier_score_loss(actual, probability, labels=[0, 1, 2], **plain),
        "accuracy": sklearn_metrics.accuracy_score(actual, said, **plain),
    }
    for average in ("macro", "weighted"):
        for name in ("precision", "recall", "f1"):
            score = getattr(sklearn_metrics, f"{name}_score")
            expected[f"{name}_{average}"] = score(actual, said, average=average, zero_division=0, **plain)
        if len(set(actual)) == 3:
            expected[f"roc_auc_ovr_{average}"] = sklearn_metrics.roc_auc_score(
                actual, probability, multi_class="ovr", average=average, **plain
            )
    for name, value in expected.items():
        np.testing.assert_allclose(ours[name], value, err_msg=name, **CLOSE)


@st.composite
def regression_rows(draw):
    size = draw(st.integers(2, 30))
    number = st.floats(-100, 100).map(lambda value: round(value, 3))
    rows = [np.array(draw(st.lists(each, min_size=size, max_size=size))) for each in (number, number, counts)]
    assume(len(set(rows[0][rows[2] > 0])) > 1)
    return rows


@given(regression_rows())
@settings(max_examples=100, deadline=None)
def test_regression_metrics_are_those_of_scikit_learn_with_weights(rows):
    actual, predicted, weight = rows
    ours = {name: score[0] for name, score in metrics.regression(actual, predicted)(weight[None]).items()}
    plain = {"sample_weight": weight}
    expected = {
        "rmse": sklearn_metrics.root_mean_squared_error(actual, predicted, **plain),
        "mae": sklearn_metrics.mean_absolute_error(actual, predicted, **plain),
        "r2": sklearn_metrics.r2_score(actual, predicted, **plain),
        "median_absolute_error": np.median(np.repeat(np.abs(actual - predicted), weight.astype(int))),
    }
    for name, value in expected.items():
        np.testing.assert_allclose(ours[name], value, err_msg=name, **CLOSE)


@given(st.data(), st.sampled_from(["binary", "multiclass", "regression"]))
@settings(max_examples=40, deadline=None)
def test_many_weightings_at_once_are_each_scored_as_alone(data, task):
    rows = {"binary": binary_rows, "multiclass": multiclass_rows, "regression": regression_rows}[task]()
    actual, predicted, weight = data.draw(rows)
    score = metrics.scorer(task, actual, predicted, threshold=0.5)
    ones = np.ones_like(weight)
    both = score(np.stack([weight, ones]))
    for name in both:
        alone = [score(weight[None])[name][0], score(ones[None])[name][0]]
        np.testing.assert_allclose(both[name], alone, err_msg=name, **CLOSE)


def test_what_cannot_be_said_of_one_class_is_null():
    figures = metrics.figures(metrics.binary([0, 0], [0.2, 0.4], threshold=0.5), 2)
    assert [figures[name] for name in ("roc_auc", "average_precision", "precision", "recall", "f1")] == [None] * 5
    assert figures["accuracy"] == 1
    assert metrics.figures(metrics.regression([3.1, 3.1, 3.1], [1, 2, 3]), 3)["r2"] is None


def test_calibration_error_is_the_mean_distance_of_bins_of_equal_mass():
    probability = np.linspace(0, 1, 200)
    actual = np.arange(200) % 3 == 0
    bins = [slice(start, start + 20) for start in range(0, 200, 20)]
    expected = np.mean([abs(actual[rows].mean() - probability[rows].mean()) for rows in bins])
    shuffled = np.random.default_rng(0).permutation(200)
    score = metrics.binary(actual[shuffled], probability[shuffled], threshold=0.5)
    assert metrics.figures(score, 200)["calibration_error"] == pytest.approx(expected)


def test_equal_probabilities_share_a_bin_whatever_the_order_of_rows():
    actual = np.array([1, 0, 0, 0] * 50)
    for order in (np.arange(200), np.argsort(actual, kind="stable")):
        assert metrics.figures(metrics.binary(actual[order], np.full(200, 0.25), threshold=0.5), 200)[
            "calibration_error"
        ] == pytest.approx(0, abs=1e-12)


def test_calibration_of_several_classes_is_that_of_the_class_said():
    probability = np.array([[0.6, 0.3, 0.1]] * 10)
    actual = [0] * 7 + [1, 2, 2]
    assert metrics.figures(metrics.multiclass(actual, probability), 10)["calibration_error"] == pytest.approx(0.1)


def test_profit_is_money_for_a_thousand_rows():
    values = {"true_positive": 10, "false_positive": -2, "false_negative": -1}
    score = metrics.binary([1, 1, 0, 0], [0.9, 0.2, 0.8, 0.1], threshold=0.5, values=values)
    assert metrics.figures(score, 4)["profit_per_1000"] == (10 - 1 - 2 + 0) * 250
    score = metrics.multiclass([0, 1, 2, 2], np.eye(3)[[0, 1, 2, 0]], values={"correct": 3, "wrong": -5})
    assert metrics.figures(score, 4)["profit_per_1000"] == (3 * 3 - 5) * 250
    score = metrics.regression([1.0, 2.0], [2.0, 2.0], values={"per_unit_error": 4})
    assert metrics.figures(score, 2)["profit_per_1000"] == -2000


def test_intervals_are_scored_by_coverage_and_by_gneiting_and_raftery():
    ends = ([0, 0, 0, 0], [1, 1, 1, 1])
    figures = metrics.figures(metrics.regression([0.5, 1, 1.5, -2], [0.5] * 4, interval=ends, level=0.8), 4)
    assert figures["coverage"] == 0.5
    assert figures["interval_score"] == pytest.approx(np.mean([1, 1, 1 + 10 * 0.5, 1 + 10 * 2]))


def test_every_metric_of_every_task_has_a_direction_and_no_other_is_made():
    made = {
        "binary": metrics.binary([0, 1], [0.1, 0.9], threshold=0.5, values={}),
        "multiclass": metrics.multiclass([0, 1, 2], np.eye(3), values={}),
        "regression": metrics.regression([0, 1], [0, 2], interval=([0, 0], [1, 1]), values={}),
    }
    for task, score in made.items():
        names = list(metrics.figures(score, 3 if task == "multiclass" else 2))
        assert sorted(names) == sorted(metrics.NAMES[task])
        assert metrics.MAIN[task] in names
        assert set(names) <= set(metrics.GREATER_IS_BETTER)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: metrics.binary([], [], threshold=0.5), "no rows"),
        (lambda: metrics.binary([1, 0], [0.2, 1.2], threshold=0.5), "1 predictions, such as 1.2, are no probabilities"),
        (lambda: metrics.regression([1, 0], [np.nan, 1]), "such as nan, are no numbers"),
    ],
)
def test_predictions_that_cannot_be_scored_get_one_line(make, words):
    with pytest.raises(InputError, match=words) as caught:
        make()
    assert "\n" not in str(caught.value)


def test_importing_the_room_pulls_in_no_heavy_library():
    code = (
        "import sys; from cairn.evaluation import curves, decision, gates, intervals, metrics, slices, truth; "
        "print([name for name in ('pandas', 'sklearn', 'scipy', 'xgboost', 'pyarrow', 'tqdm') if name in sys.modules])"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"
