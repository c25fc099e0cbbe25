"""Bias of predictions, against the arithmetic of the two tables below, and against fairlearn."""

import numpy as np
import pytest
from fairlearn import metrics as fair
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import accuracy_score, precision_score

from cairn.bias import predictions
from cairn.bias.catalogue import CLASSES
from cairn.bias.predictions import Confusion

# The two tables of Clarify's pages on recall and specificity: 100 others, and 50 rows of the group.
OTHERS, GROUP = Confusion(tn=20, fp=10, fn=5, tp=65), Confusion(tn=18, fp=5, fn=7, tp=20)
MEASURES = {name: each.function for name, each in CLASSES.items() if each.takes == "confusion"}

counts = st.builds(Confusion, *[st.integers(1, 500)] * 4)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("predicted_proportion_difference", 75 / 100 - 25 / 50),
        ("disparate_impact", (25 / 50) / (75 / 100)),
        ("conditional_acceptance_difference", 70 / 75 - 27 / 25),
        ("conditional_rejection_difference", 23 / 25 - 30 / 25),
        ("acceptance_rate_difference", 65 / 75 - 20 / 25),
        ("rejection_rate_difference", 18 / 25 - 20 / 25),
        ("accuracy_difference", 85 / 100 - 38 / 50),
        ("recall_difference", 65 / 70 - 20 / 27),
        ("specificity_difference", 18 / 23 - 20 / 30),
        ("treatment_equality", 10 / 5 - 5 / 7),
    ],
)
def test_each_measure_of_the_two_tables(name, expected):
    assert MEASURES[name](OTHERS, GROUP) == pytest.approx(expected)


def test_no_measure_of_two_confusions_is_left_out_above():
    assert len(MEASURES) == 10


def test_the_examples_of_the_pages_on_conditional_acceptance_rejection_and_treatment():
    # 60 of 100 and 30 of 50 are said to be positive; 70 and 20 are
    a, d = Confusion(tn=30, fp=0, fn=10, tp=60), Confusion(tn=20, fp=10, fn=0, tp=20)
    assert predictions.conditional_acceptance_difference(a, d) == pytest.approx(70 / 60 - 20 / 30)
    # 60 of 100 and 30 of 50 are said to be negative; 50 and 40 are
    a, d = Confusion(tn=50, fp=0, fn=10, tp=40), Confusion(tn=30, fp=10, fn=0, tp=10)
    assert predictions.conditional_rejection_difference(a, d) == pytest.approx(40 / 30 - 50 / 60)
    # 6 false positives and 8 false negatives against 2 and 5
    a, d = Confusion(tn=40, fp=6, fn=8, tp=46), Confusion(tn=20, fp=2, fn=5, tp=23)
    assert predictions.treatment_equality(a, d) == pytest.approx(0.75 - 0.40)


def test_without_positive_predictions_what_divides_by_them_has_no_figure_and_the_rest_has():
    a, d = Confusion(tn=20, fp=0, fn=5, tp=0), Confusion(tn=8, fp=0, fn=2, tp=0)
    unknown = {name for name, measure in MEASURES.items() if np.isnan(measure(a, d))}
    assert unknown == {"disparate_impact", "conditional_acceptance_difference", "acceptance_rate_difference"}


def test_a_fliptest_counts_those_whose_neighbours_fare_better_less_those_whose_fare_worse():
    neighbours = [True, True, True, False, True]
    themselves = [False, False, True, True, True]
    assert predictions.fliptest(neighbours, themselves) == pytest.approx((2 - 1) / 5)


def test_generalised_entropy_of_ten_rows():
    # benefits: 6 right ones 1, two false positives 2, two false negatives 0: the mean is 1
    rows = Confusion(tn=3, fp=2, fn=2, tp=3)
    expected = sum((benefit / 1.0) ** 2 - 1 for benefit in [1] * 6 + [2] * 2 + [0] * 2) / (10 * 2 * (2 - 1))
    assert predictions.generalised_entropy(rows) == pytest.approx(expected)
    assert expected == pytest.approx(0.2)


def test_generalised_entropy_is_zero_where_all_benefit_alike_and_unknown_where_none_does():
    assert predictions.generalised_entropy(Confusion(tn=4, fp=0, fn=0, tp=6)) == 0
    assert predictions.generalised_entropy(Confusion(tn=0, fp=9, fn=0, tp=0)) == 0
    assert np.isnan(predictions.generalised_entropy(Confusion(tn=0, fp=0, fn=9, tp=0)))


@given(counts, counts)
def test_differences_turn_round_with_the_sides_and_a_ratio_becomes_its_inverse(a, d):
    for name, measure in MEASURES.items():
        if name == "disparate_impact":
            assert measure(a, d) * measure(d, a) == pytest.approx(1)
        else:
            assert measure(a, d) == pytest.approx(-measure(d, a), abs=1e-12)


@given(counts, st.integers(1, 20))
def test_sides_that_are_alike_are_fair_whatever_their_size(rows, times):
    larger = Confusion(*(times * np.array(rows)))
    for name, measure in MEASURES.items():
        assert measure(larger, rows) == pytest.approx(CLASSES[name].fair, abs=1e-9)


@pytest.fixture
def people():
    """Labels, predictions and a group of 3,000 rows, in which the group has it worse."""
    generator = np.random.default_rng(3)
    group = generator.random(3000) < 0.3
    actual = generator.random(3000) < np.where(group, 0.4, 0.6)
    said = generator.random(3000) < np.where(actual, 0.8, 0.2) - 0.1 * group
    return actual, said, group


def confusion(actual, said):
    return Confusion(*(int(np.sum(each)) for each in (~actual & ~said, ~actual & said, actual & ~said, actual & said)))


def test_fairlearn_gives_the_same_rates_of_each_side(people):
    actual, said, group = people
    a, d = confusion(actual[~group], said[~group]), confusion(actual[group], said[group])
    rates = {
        "predicted_proportion_difference": (fair.selection_rate, 1),
        "recall_difference": (fair.true_positive_rate, 1),
        "specificity_difference": (fair.true_negative_rate, -1),
        "accuracy_difference": (accuracy_score, 1),
        "acceptance_rate_difference": (precision_score, 1),
        "rejection_rate_difference": (lambda y, p: precision_score(y, p, pos_label=False), -1),
    }
    for name, (rate, sign) in rates.items():
        by_group = fair.MetricFrame(metrics=rate, y_true=actual, y_pred=said, sensitive_features=group).by_group
        assert MEASURES[name](a, d) == pytest.approx(sign * (by_group[False] - by_group[True])), name


def test_fairlearn_gives_the_same_disparities_without_their_direction(people):
    actual, said, group = people
    a, d = confusion(actual[~group], said[~group]), confusion(actual[group], said[group])
    keywords = {"y_true": actual, "y_pred": said, "sensitive_features": group}
    assert abs(MEASURES["predicted_proportion_difference"](a, d)) == pytest.approx(
        fair.demographic_parity_difference(**keywords)
    )
    impact = MEASURES["disparate_impact"](a, d)
    assert min(impact, 1 / impact) == pytest.approx(fair.demographic_parity_ratio(**keywords))
    assert abs(MEASURES["recall_difference"](a, d)) == pytest.approx(fair.equal_opportunity_difference(**keywords))
