import numpy as np
import pytest

from cairn.bias import figures
from cairn.bias.documents import Figure

DRAWS = {"resamples": 2000, "confidence": 0.9, "seed": 4}


def test_rows_are_counted_by_every_combination_of_codes():
    counts = figures.count([np.array([0, 1, 1, 1]), np.array([2, 0, 0, 2])], [2, 3])
    assert counts.tolist() == [[0, 0, 1], [2, 0, 1]]


def test_drawing_counts_again_is_drawing_rows_again():
    counts = np.array([[30, 70], [45, 15]])
    again = figures.resample(counts, 4000, seed=1)
    assert again[0].tolist() == counts.tolist()
    assert (again.sum(axis=(1, 2)) == 160).all()
    generator = np.random.default_rng(2)
    rows = np.repeat(np.arange(4), counts.ravel())
    plain = np.array([np.bincount(generator.choice(rows, 160), minlength=4) for _ in range(4000)])
    assert again[1:].reshape(-1, 4).mean(axis=0) == pytest.approx(plain.mean(axis=0), rel=0.02)
    assert np.cov(again[1:].reshape(-1, 4).T) == pytest.approx(np.cov(plain.T), abs=3)


def test_the_interval_of_a_difference_is_as_wide_as_two_proportions_have_it():
    counts = np.array([[[300, 700]], [[450, 150]]])  # shares of 0.7 of 1,000 and 0.25 of 600
    group = figures.of_labels(counts, 1, **DRAWS)["label_proportion_difference"][1]
    assert group.value == pytest.approx(0.45)
    half = 1.645 * np.sqrt(0.7 * 0.3 / 1000 + 0.25 * 0.75 / 600)
    assert (group.high - group.low) / 2 == pytest.approx(half, rel=0.1)


def test_what_is_never_below_zero_has_no_interval():
    found = figures.of_labels(np.array([[[3, 7]], [[4, 1]]]), 1, **DRAWS)
    assert {name for name, each in found.items() if each[0].low is None} == {
        "kl_divergence", "js_divergence", "lp_norm", "total_variation_distance", "kolmogorov_smirnov"
    }  # fmt: skip


def test_one_of_three_classes_is_measured_against_the_rest_and_distances_see_all_three():
    counts = np.array([[[40, 40, 20]], [[20, 10, 70]]])
    found = figures.of_labels(counts, 2, **DRAWS)
    assert found["label_proportion_difference"][1].value == pytest.approx(0.2 - 0.7)
    assert found["kolmogorov_smirnov"][1].value == pytest.approx(0.5)
    assert found["total_variation_distance"][1].value == pytest.approx(0.5)


def test_a_group_is_compared_with_all_others_together():
    counts = np.array([[[10, 90]], [[30, 70]], [[80, 20]]])
    values = [each.value for each in figures.of_labels(counts, 1, **DRAWS)["label_proportion_difference"]]
    assert values == pytest.approx([90 / 200 - 0.9, 110 / 200 - 0.7, 160 / 200 - 0.2])


def test_no_positive_prediction_at_all_is_null_with_a_reason_and_never_infinite():
    counts = np.zeros((2, 1, 2, 2), dtype=int)
    counts[:, 0, :, 0] = [[30, 10], [20, 15]]
    found = figures.of_predictions(counts, **DRAWS)
    assert found["disparate_impact"][0] == Figure(value=None, why="none of the other rows is predicted positive")
    assert found["acceptance_rate_difference"][1].why == "one side has no positive prediction"
    assert found["predicted_proportion_difference"][0].value == 0
    assert all(each.why or np.isfinite(each.value) for group in found.values() for each in group)


def test_a_fliptest_has_an_interval_of_its_rows():
    neighbours, said = np.arange(400) < 120, np.zeros(400, dtype=bool)
    found = figures.of_flips(neighbours, said, **DRAWS)
    assert found.value == pytest.approx(0.3)
    half = 1.645 * np.sqrt(0.3 * 0.7 / 400)
    assert (found.high - found.low) / 2 == pytest.approx(half, rel=0.15)
