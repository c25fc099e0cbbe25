import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from cairn.errors import InputError
from cairn.evaluation import metrics
from cairn.evaluation.decision import NEVER, choose_threshold, money

VALUES = {"true_positive": 10, "false_positive": -2, "true_negative": 0, "false_negative": -3}
grid = st.sampled_from([0.0, 0.1, 0.2, 0.2000000001, 0.5, 0.8, 1.0])


@st.composite
def rows(draw):
    size = draw(st.integers(2, 25))
    actual = np.array(draw(st.lists(st.booleans(), min_size=size, max_size=size)))
    assume(0 < actual.sum() < size)
    number = draw(st.sampled_from([grid, st.floats(0, 1), st.floats(0, 1, width=32)]))
    return actual, np.array(draw(st.lists(number, min_size=size, max_size=size)))


def gain(goal, actual, probability, threshold):
    said = probability >= threshold
    if goal == "youden":
        return said[actual].mean() - said[~actual].mean()
    name = {"profit": "profit_per_1000"}.get(goal, goal)
    score = metrics.binary(actual, probability, threshold=threshold, values=VALUES)
    return metrics.figures(score, actual.size)[name] or 0.0


@given(rows(), st.sampled_from(["f1", "profit", "youden", "accuracy"]))
@settings(max_examples=200, deadline=None)
def test_no_other_threshold_is_better(case, goal):
    actual, probability = case
    chosen = choose_threshold(actual, probability, maximise=goal, values=VALUES)
    best = max(gain(goal, actual, probability, cut) for cut in [*probability, NEVER])
    assert gain(goal, actual, probability, chosen) == pytest.approx(best, abs=1e-9)


@given(rows(), st.sampled_from(["f1", "youden", "accuracy"]), st.randoms(use_true_random=False))
@settings(max_examples=60, deadline=None)
def test_the_order_of_rows_does_not_matter(case, goal, random):
    actual, probability = case
    order = list(range(actual.size))
    random.shuffle(order)
    assert choose_threshold(actual[order], probability[order], maximise=goal) == choose_threshold(
        actual, probability, maximise=goal
    )


@given(rows())
@settings(max_examples=100, deadline=None)
def test_the_threshold_parts_32_bit_probabilities_as_it_parts_their_64_bit_copies(case):
    actual, probability = case
    short = probability.astype(np.float32)
    chosen = choose_threshold(actual, short)
    assert ((short >= chosen) == (short.astype(np.float64) >= chosen)).all()


def test_the_threshold_lies_halfway_between_two_probabilities():
    assert choose_threshold([0, 0, 1, 1], [0.0, 0.25, 0.75, 1.0], maximise="f1") == 0.5


def test_of_equally_good_thresholds_the_highest_is_taken():
    # one of two positives at the top, or both with one false alarm: both have a Youden index of 1 / 2
    assert choose_threshold([1, 0, 1, 0], [0.9, 0.7, 0.5, 0.1], maximise="youden") == pytest.approx(0.8)


def test_profit_follows_the_money():
    probability = np.linspace(0, 1, 1001)
    actual = np.random.default_rng(0).random(1001) < probability
    dear = choose_threshold(actual, probability, maximise="profit", values={"true_positive": 1, "false_positive": -9})
    cheap = choose_threshold(actual, probability, maximise="profit", values={"true_positive": 9, "false_positive": -1})
    assert dear == pytest.approx(0.9, abs=0.08)
    assert cheap == pytest.approx(0.1, abs=0.08)


def test_nobody_or_everybody_can_be_the_best_choice():
    actual, probability = [1, 0], [1.0, 0.0]
    never = choose_threshold(actual, probability, maximise="profit", values={"true_positive": -1})
    assert never == NEVER
    assert not (np.array([1.0], dtype=np.float32) >= never).any()
    always = choose_threshold(actual, probability, maximise="profit", values={"true_positive": 1, "false_positive": 1})
    assert always == 0.0


@pytest.mark.parametrize(
    ("keys", "words"),
    [
        ({"maximise": "profits", "values": VALUES}, "did you mean 'profit'"),
        ({"maximise": "profit"}, "decision.values: profit needs"),
        ({"values": {"true_postive": 1}}, "did you mean 'true_positive'"),
        ({"values": {"true_positive": "ten"}}, "'ten' is no amount of money"),
    ],
)
def test_a_wrong_choice_gets_one_line(keys, words):
    with pytest.raises(InputError, match=words) as caught:
        choose_threshold([0, 1], [0.1, 0.9], **keys)
    assert "\n" not in str(caught.value)


def test_rows_of_one_class_cannot_choose():
    with pytest.raises(InputError, match="one class only"):
        choose_threshold([1, 1], [0.1, 0.9])


def test_a_cost_by_unit_of_error_is_not_negative():
    with pytest.raises(InputError, match="below 0"):
        money("regression", {"per_unit_error": -1})
    assert money("binary", {"true_positive": 3}) == {
        "true_positive": 3.0,
        "false_positive": 0.0,
        "true_negative": 0.0,
        "false_negative": 0.0,
    }
