import pytest

from cairn.monitoring.finding import Finding
from cairn.monitoring.multiple_testing import adjust_p_values, holm


def test_the_smallest_is_multiplied_by_all_tests_and_the_next_by_those_left():
    # by hand: 0.01 * 3, then 0.02 * 2, then 0.03 * 1 raised to the one before
    assert holm([0.03, 0.01, 0.02]) == pytest.approx([0.04, 0.03, 0.04])


def test_none_is_above_one():
    assert holm([0.5, 0.9]) == pytest.approx([1.0, 1.0])


def test_what_is_no_test_stays_and_does_not_count():
    told = adjust_p_values([Finding(0, "bias", "", "a", 1.0, p_value=0.02), Finding(0, "bias", "", "b", 1.0)])
    assert [each.p_value for each in told] == [0.02, None]


def test_a_family_has_its_share_of_the_allowance():
    told = [Finding(0, "performance", "", name, 1.0, p_value=0.01) for name in "abc"]
    # by hand: a alone in its family, 0.01 / 0.5; b and c are two, 0.01 * 2 / 0.25
    assert [each.p_value for each in adjust_p_values(told, [0.5, 0.25, 0.25])] == pytest.approx([0.02, 0.08, 0.08])
