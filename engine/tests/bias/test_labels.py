"""Bias of labels, against arithmetic by hand; P is (refused, accepted) or (refused, waiting, accepted)."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cairn.bias import labels

DISTANCES = [labels.js_divergence, labels.lp_norm, labels.total_variation_distance, labels.kolmogorov_smirnov]
rows = st.lists(st.integers(1, 1000), min_size=3, max_size=3).map(np.array)


def test_class_imbalance_is_the_others_less_the_group_as_a_share_of_all():
    assert labels.class_imbalance([60, 20], [15, 5]) == pytest.approx((80 - 20) / (80 + 20))
    assert labels.class_imbalance([15, 5], [60, 20]) == pytest.approx(-0.6)


def test_the_difference_in_proportions_of_labels_is_the_others_share_less_the_groups():
    # 100 others, 70 of them accepted; 50 of the group, 20 of them accepted
    assert labels.label_proportion_difference([30, 70], [30, 20]) == pytest.approx(70 / 100 - 20 / 50)


def test_kullback_leibler_of_80_to_30_percent_accepted():
    expected = 0.8 * math.log(0.8 / 0.3) + 0.2 * math.log(0.2 / 0.7)  # 0.53, the example of Clarify's page
    assert labels.kl_divergence([20, 80], [70, 30]) == pytest.approx(expected)
    assert round(expected, 2) == 0.53


def test_kullback_leibler_has_no_figure_where_the_group_lacks_a_label_and_one_where_the_others_do():
    assert np.isnan(labels.kl_divergence([5, 5], [0, 7]))
    assert labels.kl_divergence([0, 7], [5, 5]) == pytest.approx(1 * math.log(1 / 0.5))


def test_jensen_shannon_is_the_mean_divergence_from_the_middle():
    # P = (0.2, 0.8) and (0.7, 0.3), the middle is (0.45, 0.55)
    one = 0.2 * math.log(0.2 / 0.45) + 0.8 * math.log(0.8 / 0.55)
    other = 0.7 * math.log(0.7 / 0.45) + 0.3 * math.log(0.3 / 0.55)
    assert labels.js_divergence([20, 80], [70, 30]) == pytest.approx((one + other) / 2)


def test_three_outcomes_of_40_40_20_and_20_10_70_percent():
    a, d = [40, 40, 20], [2, 1, 7]
    assert labels.kolmogorov_smirnov(a, d) == pytest.approx(0.5)  # max(0.2, 0.3, 0.5), as on Clarify's page
    assert labels.total_variation_distance(a, d) == pytest.approx((0.2 + 0.3 + 0.5) / 2)
    assert labels.lp_norm(a, d) == pytest.approx(math.sqrt(0.04 + 0.09 + 0.25))


def test_demographic_disparity_of_one_stratum_is_the_share_of_the_refused_less_that_of_the_accepted():
    # the group is 60 % of the refused and 50 % of the accepted: 0.1, the admissions of Clarify's page
    assert labels.conditional_demographic_disparity([[40, 50]], [[60, 50]]) == pytest.approx(0.1)


def test_the_disparity_that_a_condition_explains_is_gone_within_its_strata():
    # a department that accepts 80 % (80 others, 20 of the group) and one that accepts 20 % (20 and 80)
    a, d = np.array([[16, 64], [16, 4]]), np.array([[4, 16], [64, 16]])
    whole = labels.conditional_demographic_disparity(a.sum(axis=0)[None], d.sum(axis=0)[None])
    assert whole == pytest.approx(68 / 100 - 32 / 100)
    assert labels.conditional_demographic_disparity(a, d) == pytest.approx(0)


def test_strata_weigh_by_their_rows_and_those_of_one_label_say_nothing():
    a, d = [[10, 30], [20, 20], [0, 500]], [[30, 10], [20, 20], [0, 9]]
    # 80 rows with 30/40 - 10/40, 80 rows with 0, and 509 rows that were all accepted
    assert labels.conditional_demographic_disparity(a, d) == pytest.approx(80 * 0.5 / 160)
    assert np.isnan(labels.conditional_demographic_disparity([[0, 5]], [[0, 5]]))


@given(rows, rows)
def test_distances_are_symmetric_bounded_and_never_negative(a, d):
    for distance in DISTANCES:
        assert distance(a, d) == pytest.approx(distance(d, a))
        assert -1e-12 <= distance(a, d) <= math.sqrt(2)
    assert labels.kolmogorov_smirnov(a, d) <= labels.total_variation_distance(a, d) + 1e-12
    assert labels.js_divergence(a, d) <= math.log(2)
    assert labels.kl_divergence(a, d) >= -1e-12


@given(rows, st.integers(1, 50))
def test_groups_that_are_alike_have_no_distance_whatever_their_size(counts, times):
    for distance in [*DISTANCES, labels.kl_divergence]:
        assert distance(counts * times, counts) == pytest.approx(0, abs=1e-9)


@given(rows, rows)
def test_two_sides_have_opposite_differences(a, d):
    for measure in (labels.class_imbalance, labels.label_proportion_difference):
        assert measure(a[:2], d[:2]) == pytest.approx(-measure(d[:2], a[:2]))
        assert -1 <= measure(a[:2], d[:2]) <= 1
    strata = labels.conditional_demographic_disparity
    assert strata([a[:2], a[1:]], [d[:2], d[1:]]) == pytest.approx(-strata([d[:2], d[1:]], [a[:2], a[1:]]))


def test_many_draws_and_groups_are_measured_at_once():
    a, d = np.arange(1, 25).reshape(2, 4, 3), np.arange(30, 54).reshape(2, 4, 3)
    for distance in [*DISTANCES, labels.kl_divergence]:
        together = distance(a, d)
        assert together.shape == (2, 4)
        assert together[1, 2] == pytest.approx(distance(a[1, 2], d[1, 2]))
