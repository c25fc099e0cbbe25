"""Comparing candidates: the same score however folds are shared out, by metrics as the evaluation has them."""

import numpy as np
import pytest
from sklearn import metrics

from cairn.errors import InputError
from cairn.search.comparison import Candidate, Comparison, measure, metric_of
from cairn.training.folds import make_folds

NODE = {"_target_": "cairn.models.estimators.xgboost", "n_estimators": 20, "early_stopping_rounds": 3}


def comparison(problem, count):
    folds = make_folds(problem, count=count)
    return Comparison(folds=folds, task="binary", n_classes=2, seed=7, metric="log_loss")


def test_what_is_not_said_is_log_loss_or_the_root_mean_squared_error():
    assert metric_of("auto", "binary") == metric_of("auto", "multiclass") == ("log_loss", False)
    assert metric_of("auto", "regression") == ("rmse", False)


@pytest.mark.parametrize(
    ("name", "task", "greater"), [("roc_auc", "binary", True), ("mae", "regression", False), ("r2", "regression", True)]
)
def test_a_metric_knows_its_direction(name, task, greater):
    assert metric_of(name, task) == (name, greater)


@pytest.mark.parametrize("name", ["profit_per_1000", "coverage", "interval_score"])
def test_what_a_search_does_not_know_is_no_metric_to_search_by(name):
    with pytest.raises(InputError, match=rf"^search\.metric: '{name}' is not a metric to search a regression by"):
        metric_of(name, "regression")


def test_a_measure_is_scikit_learns():
    draw = np.random.default_rng(0)
    actual, chance = draw.integers(0, 2, 200), draw.uniform(0.01, 0.99, 200)
    said = np.column_stack([1 - chance, chance])
    assert measure("log_loss", "binary", actual, said) == pytest.approx(metrics.log_loss(actual, chance))
    assert measure("roc_auc", "binary", actual, said) == pytest.approx(metrics.roc_auc_score(actual, chance))
    assert measure("accuracy", "binary", actual, said) == pytest.approx(metrics.accuracy_score(actual, chance >= 0.5))
    assert measure("mae", "regression", chance, chance + 2) == pytest.approx(2)
    assert np.isnan(measure("roc_auc", "binary", np.zeros(200, dtype=int), said))


def test_every_fold_leaves_its_model_and_its_predictions(problem_of):
    compared, candidate = comparison(problem_of(), 3), Candidate(NODE)
    score = compared.score(candidate)
    assert sorted(candidate.models) == sorted(candidate.predicted) == [0, 1, 2]
    assert candidate.rows == 450
    assert candidate.rounds == round(np.mean([model.rounds for model in candidate.models.values()]))
    chance = np.concatenate([candidate.predicted[place] for place in range(3)])
    assert score == pytest.approx(metrics.log_loss(compared.actual([0, 1, 2]), chance[:, 1]))
    assert candidate.fit_seconds > 0


def test_the_score_is_the_same_whatever_was_fitted_before_and_in_whatever_order(problem_of):
    compared, first, again = comparison(problem_of(), 3), Candidate(NODE), Candidate(NODE)
    score = compared.score(first)
    compared.fit([(again, 2), (again, 0)])
    compared.fit([(again, 1)])
    assert compared.measure_folds(again.predicted) == score
    assert all(np.array_equal(first.predicted[place], again.predicted[place]) for place in range(3))


def test_with_several_folds_each_report_is_the_score_of_the_folds_so_far(problem_of):
    compared, candidate, reports = comparison(problem_of(), 4), Candidate(NODE), []
    score = compared.score(candidate, lambda step, value: reports.append((step, value)))
    assert [step for step, _ in reports] == sorted(step for step, _ in reports)
    assert reports[-1][1] == score


def test_a_deadline_ends_a_fit_with_what_it_has(problem_of):
    compared, candidate = comparison(problem_of(), 1), Candidate({**NODE, "n_estimators": 500})
    compared.score(candidate, deadline=0.0)
    assert candidate.rounds == 1
