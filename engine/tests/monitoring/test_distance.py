"""Distances and p values, against scipy and against drawing at random."""

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy.spatial.distance import jensenshannon
from scipy.stats import chi2_contingency, fisher_exact, ks_2samp, poisson

from cairn.monitoring.distance import EXPECTED_ROWS, NOISE, js_distance, p_value


def test_of_many_rows_it_is_the_jensen_shannon_distance():
    window, reference = np.array([30, 50, 20, 0]) * 10**7, np.array([20, 50, 10, 20]) * 10**7
    expected = jensenshannon(window / window.sum(), reference / reference.sum(), base=2)
    assert js_distance(window, reference) == pytest.approx(expected, abs=1e-5)


def test_it_is_0_for_the_same_shares_and_1_for_nothing_in_common():
    assert js_distance(np.array([10, 20]), np.array([100, 200])) == 0
    assert js_distance(np.array([0, 10**9]), np.array([10**9, 0])) == pytest.approx(1, abs=1e-6)
    assert np.isnan(js_distance(np.array([0, 0]), np.array([1, 2])))


@pytest.mark.parametrize("rows", [30, 300, 3_000])
@pytest.mark.parametrize("many", [2, 12, 33])
def test_chance_alone_shows_no_distance_whatever_the_number_of_rows_and_bins(rows, many):
    rng = np.random.default_rng(many)
    shares = rng.dirichlet(np.ones(many))
    reference = rng.multinomial(40_000, shares)
    windows = rng.multinomial(rows, shares, size=2_000)
    squared = js_distance(windows, reference) ** 2
    raw = np.array([jensenshannon(each / rows, reference / 40_000, base=2) ** 2 for each in windows[:200]])
    assert (squared == 0).mean() > 0.4  # about half of them are below what is to be expected
    assert squared.mean() < 0.6 * raw.mean()


def test_the_noise_that_is_taken_off_is_what_samples_of_one_distribution_show():
    rng = np.random.default_rng(0)
    shares = np.array([0.5, 0.3, 0.15, 0.05])
    first, second = rng.multinomial(500, shares, size=4_000), rng.multinomial(800, shares, size=4_000)
    raw = np.mean([jensenshannon(a / 500, b / 800, base=2) ** 2 for a, b in zip(first, second, strict=True)])
    assert raw == pytest.approx(
        3 / (8 * np.log(2)) * (1 / 500 + 1 / 800), rel=0.05
    )  # (bins - 1) / (8 ln 2) (1/n + 1/N)
    shifted = np.array([0.3, 0.3, 0.3, 0.1])
    many = rng.multinomial(500, shifted, size=2_000)
    found = np.mean([js_distance(a, b) ** 2 for a, b in zip(many, second, strict=False)])
    assert found == pytest.approx(jensenshannon(shifted, shares, base=2) ** 2, rel=0.03)


def test_the_noise_of_a_nearly_empty_bin_is_that_of_poisson_counts():
    rows = 1e6
    for expected, added in zip(EXPECTED_ROWS, NOISE, strict=True):
        share, counts = expected / rows, np.arange(2_000)
        middle = (counts / rows + share) / 2
        with np.errstate(divide="ignore", invalid="ignore"):
            first = np.where(counts > 0, counts / rows * np.log2(counts / rows / middle), 0)
            second = share * np.log2(share / middle) if share else 0
        found = (poisson.pmf(counts, expected) * (first + second)).sum() / 2 * rows
        assert added == pytest.approx(found, abs=1e-3)


def test_bins_that_chance_fills_are_compared_by_chi_square():
    window, reference = np.array([30, 70, 100]), np.array([400, 500, 1_100])
    expected = chi2_contingency(np.stack([window, reference]), correction=False).pvalue
    assert p_value(window, reference, ordered=False) == pytest.approx(expected, rel=1e-9)


def test_two_bins_are_the_test_of_two_proportions():
    window, reference = np.array([60, 140]), np.array([4_000, 6_000])
    pooled = 4_060 / 10_200
    z = (60 / 200 - 0.4) / np.sqrt(pooled * (1 - pooled) * (1 / 200 + 1 / 10_000))
    assert p_value(window, reference, ordered=False) == pytest.approx(chi_of_one(z), rel=1e-9)


def chi_of_one(z: float) -> float:
    from math import erfc, sqrt

    return erfc(abs(z) / sqrt(2))


def test_a_level_that_chance_does_not_expect_is_tested_exactly():
    window, reference = np.array([150, 145, 5]), np.array([20_000, 20_000, 0])
    few = fisher_exact([[5, 295], [0, 40_000]]).pvalue
    assert p_value(window, reference, ordered=False) == pytest.approx(2 * few, rel=1e-9)
    assert p_value(np.array([150, 149, 1]), reference, ordered=False) > 0.01


def test_a_handful_of_rows_is_tested_exactly():
    expected = fisher_exact([[3, 0], [3, 9]]).pvalue  # the fuller bin of the window against the other
    assert p_value(np.array([0, 3]), np.array([9, 3]), ordered=False) == pytest.approx(expected, rel=1e-9)


@given(st.integers(0, 4), st.integers(0, 4), st.integers(0, 1_000_000), st.integers(0, 4))
def test_the_exact_test_is_scipys(first, second, third, fourth):
    window, reference = np.array([first, second]), np.array([third, fourth])
    assume(window.any() and reference.any() and (window + reference).all())
    expected = fisher_exact([window, reference]).pvalue
    assert p_value(window, reference, ordered=False) == pytest.approx(expected, rel=1e-6)


def test_numbers_are_also_compared_by_their_running_sums():
    rng = np.random.default_rng(1)
    first, second = rng.integers(0, 40, 2_000), np.minimum(rng.integers(0, 41, 3_000), 39)
    window, reference = np.bincount(first, minlength=40), np.bincount(second, minlength=40)
    sums = ks_2samp(first, second, method="asymp").pvalue
    square = chi2_contingency(np.stack([window, reference]), correction=False).pvalue
    expected = min(1, 2 * min(sums, square))
    assert p_value(window, reference, ordered=True) == pytest.approx(expected, rel=0.05)


def test_one_in_a_hundred_windows_without_drift_has_a_p_value_below_one_percent():
    rng = np.random.default_rng(2)
    shares = rng.dirichlet(np.full(20, 0.5))
    reference = rng.multinomial(40_000, shares)
    found = np.array([p_value(each, reference, ordered=True) for each in rng.multinomial(300, shares, size=2_000)])
    assert (found < 0.01).mean() < 0.02
    assert (found < 0.2).mean() > 0.05  # and it is not always 1


def test_a_window_of_one_strange_value_is_no_chance():
    reference = np.array([10_000, 10_000, 10_000, 0])
    assert p_value(np.array([0, 0, 0, 500]), reference, ordered=False) < 1e-100
