import numpy as np
import pytest
from sklearn.metrics import log_loss, mean_absolute_error, roc_auc_score

from cairn.monitoring import label_free
from cairn.monitoring.documents import ErrorBin, LogitMap


def test_two_rows_by_hand():
    said = np.array([[0.8, 0.2], [0.4, 0.6]])
    told = label_free.estimate_class_metrics(
        said, said, threshold=0.5, values={"true_positive": 10, "false_positive": -2}
    )
    assert told["accuracy"].value == pytest.approx((0.8 + 0.6) / 2)
    assert told["accuracy"].noise == pytest.approx((0.8 * 0.2 + 0.6 * 0.4) ** 0.5 / 2)
    assert told["brier"].value == pytest.approx((0.2 * 0.8 + 0.6 * 0.4) / 2)
    # the first row is not called, the second gives 10 with 0.6 and -2 with 0.4
    assert told["profit_per_1000"].value == pytest.approx(1000 * (0.6 * 10 - 0.4 * 2) / 2)
    entropy = -(0.8 * np.log(0.8) + 0.2 * np.log(0.2) + 0.6 * np.log(0.6) + 0.4 * np.log(0.4))
    assert told["log_loss"].value == pytest.approx(entropy / 2)


@pytest.mark.parametrize("classes", [2, 3])
def test_labels_drawn_from_the_probabilities_give_what_was_expected(classes):
    draw = np.random.default_rng(0)
    said = draw.dirichlet(np.ones(classes), 400)
    told = label_free.estimate_class_metrics(said, said, threshold=0.5)
    labels = (draw.random((500, 400, 1)) > said.cumsum(axis=1)).sum(axis=2)
    losses = [log_loss(each, said, labels=range(classes)) for each in labels]
    assert np.mean(losses) == pytest.approx(told["log_loss"].value, abs=4 * told["log_loss"].noise / 500**0.5)
    assert np.std(losses) == pytest.approx(told["log_loss"].noise, rel=0.15)
    if classes == 2:
        areas = [roc_auc_score(each, said[:, 1]) for each in labels]
        assert np.mean(areas) == pytest.approx(told["roc_auc"].value, abs=0.005)
        assert np.std(areas) == pytest.approx(told["roc_auc"].noise, rel=0.25)


def test_a_map_undoes_what_spoilt_the_probabilities():
    draw = np.random.default_rng(1)
    logit = draw.normal(-1, 1.5, 200_000)
    actual = draw.random(logit.size) < 1 / (1 + np.exp(-(0.5 + 0.8 * logit)))
    wrong = 1 / (1 + np.exp(-logit))
    (fit,) = label_free.fit_calibration(actual, np.column_stack([1 - wrong, wrong]))
    assert fit.intercept == pytest.approx(0.5, abs=0.03) and fit.slope == pytest.approx(0.8, abs=0.03)


def test_rows_of_one_class_leave_probabilities_as_they_are():
    said = np.tile([0.3, 0.7], (50, 1))
    assert label_free.fit_calibration(np.ones(50), said) == [LogitMap()]


def test_probabilities_of_several_classes_still_add_up_to_one():
    said = np.random.default_rng(2).dirichlet([1, 1, 1], 20)
    fits = [LogitMap(intercept=0.3, slope=1.2), LogitMap(), LogitMap(intercept=-1.0, slope=0.7)]
    assert label_free.calibrate(said, fits).sum(axis=1) == pytest.approx(np.ones(20))


def test_errors_of_numbers_are_those_of_predictions_as_large():
    bins = [
        ErrorBin(rows=2, predicted=0.0, actual=0.0, absolute=1.0, squared=2.0, fourth=8.0),
        ErrorBin(rows=2, predicted=0.0, actual=0.0, absolute=3.0, squared=10.0, fourth=150.0),
    ]
    told = label_free.estimate_errors(np.array([0.0, 0.5, 2.0, 9.0]), [1.0], bins)
    assert told["mae"].value == pytest.approx(mean_absolute_error([1, 1, 3, 3], [0, 0, 0, 0]))
    assert told["rmse"].value == pytest.approx(6**0.5)
    assert told["mae"].noise == pytest.approx((2 * (2 - 1) + 2 * (10 - 9)) ** 0.5 / 4)
