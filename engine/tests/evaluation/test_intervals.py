import tracemalloc

import numpy as np
import pytest

from cairn.evaluation import intervals, metrics
from cairn.evaluation.documents import Metric
from cairn.evaluation.intervals import bootstrap, drawn, paired_difference


def mean_of(values):
    return lambda weights: {"mae": weights @ values / weights.sum(axis=1)}


@pytest.fixture
def rows():
    generator = np.random.default_rng(3)
    probability = generator.random(2000)
    return generator.random(2000) < probability, probability


def test_the_interval_of_a_mean_is_the_textbook_one():
    values = np.random.default_rng(1).normal(size=400)
    interval = bootstrap(mean_of(values), 400, resamples=4000, seed=0)["mae"]
    error = 1.96 * values.std() / 20
    assert interval.value == pytest.approx(values.mean())
    assert interval.low == pytest.approx(values.mean() - error, abs=0.1 * error)
    assert interval.high == pytest.approx(values.mean() + error, abs=0.1 * error)


def test_the_interval_holds_the_truth_as_often_as_it_says():
    generator = np.random.default_rng(5)
    held = 0
    for seed in range(300):
        interval = bootstrap(mean_of(generator.normal(size=100)), 100, resamples=200, seed=seed, confidence=0.9)["mae"]
        held += interval.low <= 0 <= interval.high
    # 4 standard errors of a share of 300 about 0.9, less the 0.01 that 100 rows cost the percentile method
    assert 0.82 < held / 300 < 0.97


def test_the_figure_lies_within_its_interval(rows):
    actual, probability = rows
    for name, interval in bootstrap(metrics.binary(actual, probability, threshold=0.5), 2000, 300, seed=1).items():
        assert interval.low < interval.value < interval.high, name


def test_draws_are_repeatable_and_do_not_depend_on_how_many_are_held_at_once(rows, monkeypatch):
    score = metrics.binary(*rows, threshold=0.5)
    once = bootstrap(score, 2000, 50, seed=1)
    assert bootstrap(score, 2000, 50, seed=1) == once
    assert bootstrap(score, 2000, 50, seed=2) != once
    monkeypatch.setattr(intervals, "CELLS", 14_000)
    assert bootstrap(score, 2000, 50, seed=1) == once


def test_no_resamples_give_the_figure_alone(rows):
    interval = bootstrap(metrics.binary(*rows, threshold=0.5), 2000, resamples=0, seed=1)["roc_auc"]
    assert interval.value > 0.7
    assert (interval.low, interval.high) == (None, None)


def test_resamples_of_one_class_are_left_out_and_what_is_undefined_stays_null():
    score = metrics.binary([1, 0, 0, 0], [0.9, 0.2, 0.3, 0.95], threshold=0.5)
    interval = bootstrap(score, 4, resamples=200, seed=0)["roc_auc"]
    assert 0 <= interval.low <= interval.high <= 1
    nothing = bootstrap(metrics.binary([0, 0], [0.9, 0.2], threshold=0.5), 2, resamples=20, seed=0)
    assert nothing["roc_auc"] == Metric(value=None)


def test_very_many_rows_get_fewer_resamples_but_never_too_few():
    assert drawn(10_000, 1000) == 1000
    assert drawn(400_000, 1000) == 250
    assert drawn(10_000_000, 1000) == 200
    assert drawn(10_000_000, 50) == 50


def test_memory_stays_bounded_for_many_rows_and_resamples():
    generator = np.random.default_rng(0)
    probability = generator.random(100_000)
    score = metrics.binary(generator.random(100_000) < probability, probability, threshold=0.5)
    tracemalloc.start()
    bootstrap(score, 100_000, resamples=30, seed=0)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 100_000_000  # bytes; all the weights at once would be 24 MB and grow with the resamples


def test_a_model_is_never_worse_than_itself(rows):
    score = metrics.binary(*rows, threshold=0.5)
    for figures in paired_difference(score, score, 2000, 100, seed=1).values():
        assert (figures.difference, figures.low, figures.high) == (0, 0, 0)
        assert figures.worse_beyond_chance is False


def test_worse_beyond_chance_knows_each_metrics_direction(rows):
    actual, probability = rows
    good = metrics.binary(actual, probability, threshold=0.5)
    noisy = np.clip(probability + np.random.default_rng(0).normal(0, 0.4, 2000), 0.01, 0.99)
    bad = metrics.binary(actual, noisy, threshold=0.5)
    down = paired_difference(good, bad, 2000, 200, seed=1)
    up = paired_difference(bad, good, 2000, 200, seed=1)
    for name in ("log_loss", "roc_auc", "brier", "average_precision"):
        assert down[name].worse_beyond_chance is True
        assert up[name].worse_beyond_chance is False
    assert down["roc_auc"].difference < 0 < down["log_loss"].difference
    assert down["log_loss"].champion == up["log_loss"].challenger


def test_a_difference_that_chance_explains_is_not_worse(rows):
    actual, probability = rows
    noisy = np.clip(probability + np.random.default_rng(0).normal(0, 0.001, 2000), 0, 1)
    models = (metrics.binary(actual, each, threshold=0.5) for each in (probability, noisy))
    assert paired_difference(*models, 2000, 200, seed=1)["roc_auc"].worse_beyond_chance is False


def test_equal_models_are_called_worse_as_rarely_as_the_level_says():
    generator = np.random.default_rng(8)
    called = 0
    for seed in range(200):
        errors = np.abs(generator.normal(size=(2, 150)))
        pair = paired_difference(*map(mean_of, errors), 150, 200, seed=seed)
        called += pair["mae"].worse_beyond_chance
    assert called / 200 < 0.05 + 4 * np.sqrt(0.05 * 0.95 / 200)


def test_a_comparison_that_cannot_be_made_is_null():
    score = metrics.binary([0, 0], [0.9, 0.2], threshold=0.5)
    assert paired_difference(score, score, 2, 20, seed=0)["roc_auc"].worse_beyond_chance is None
