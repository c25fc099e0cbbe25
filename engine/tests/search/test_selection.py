"""Greedy ensemble selection: weights that add up, members that help, never worse than the best alone."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cairn.search.selection import greedy, loss_of


def rmse(actual):
    return loss_of("rmse", False, "regression", np.asarray(actual, dtype=float))


def test_two_that_err_in_opposite_ways_share_the_weight():
    weights = greedy([np.array([1.0, 3.0]), np.array([3.0, 1.0]), np.array([9.0, 9.0])], rmse([2, 2]), members=3)
    assert weights.tolist() == [0.5, 0.5, 0.0]


def test_a_perfect_candidate_stands_alone():
    weights = greedy([np.array([5.0, 5.0]), np.array([1.0, 2.0])], rmse([1, 2]), members=2)
    assert weights.tolist() == [0.0, 1.0]


def test_at_most_so_many_candidates_weigh_something():
    draw = np.random.default_rng(0)
    actual = draw.normal(size=50)
    candidates = [actual + draw.normal(size=50) for _ in range(8)]
    assert np.count_nonzero(greedy(candidates, rmse(actual), members=8)) > 3
    assert np.count_nonzero(greedy(candidates, rmse(actual), members=3)) <= 3


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10_000), st.integers(1, 6), st.integers(1, 6))
def test_weights_add_up_to_one_and_are_never_worse_than_the_best_alone(seed, count, members):
    draw = np.random.default_rng(seed)
    actual = draw.normal(size=20)
    candidates = [draw.normal(size=20) for _ in range(count)]
    weights = greedy(candidates, rmse(actual), members=members, steps=12)
    assert weights.sum() == pytest.approx(1)
    assert (weights >= 0).all()
    mixed = sum(weight * each for weight, each in zip(weights, candidates, strict=True))
    assert rmse(actual)(mixed) <= min(rmse(actual)(each) for each in candidates) + 1e-12


def test_the_loss_is_the_metric_that_is_reported():
    from sklearn.metrics import log_loss, roc_auc_score

    draw = np.random.default_rng(1)
    actual = draw.integers(0, 2, 100)
    chance = draw.uniform(0.01, 0.99, 100)
    predicted = np.column_stack([1 - chance, chance])
    assert loss_of("log_loss", False, "binary", actual)(predicted) == pytest.approx(log_loss(actual, chance))
    assert loss_of("roc_auc", True, "binary", actual)(predicted) == pytest.approx(-roc_auc_score(actual, chance))
