import numpy as np
import pytest
from scipy import stats

from cairn.bias import numbers


def test_the_mean_difference_is_what_the_others_have_more():
    assert numbers.mean_difference(np.array([3.0, 5.0, 10.0]), np.array([1.0, 4.0])) == pytest.approx(18 / 3 - 5 / 2)


def test_its_interval_is_that_of_welch():
    generator = np.random.default_rng(1)
    a, d = generator.normal(2, 3, 4000), generator.normal(1, 1, 3000)
    expected = stats.ttest_ind(a, d, equal_var=False).confidence_interval(0.9)
    assert numbers.mean_difference_interval(a, d, 0.9) == pytest.approx(tuple(expected), rel=1e-3)


@pytest.mark.parametrize("digits", [6, 0])
def test_the_distance_of_distributions_is_that_of_scipy_with_ties_and_without(digits):
    generator = np.random.default_rng(2)
    a, d = np.round(generator.normal(0, 2, 500), digits), np.round(generator.normal(0.5, 2, 80), digits)
    assert numbers.kolmogorov_smirnov(a, d) == pytest.approx(stats.ks_2samp(a, d).statistic)


def test_distributions_that_do_not_meet_are_at_distance_one():
    assert numbers.kolmogorov_smirnov(np.array([1.0, 2.0]), np.array([3.0])) == 1
    assert numbers.kolmogorov_smirnov(np.array([1.0, 2.0]), np.array([2.0, 1.0])) == 0
