"""How numbers are printed: never an error, never a number shown as zero, and as close as the digits allow."""

import math
import sys
from decimal import Decimal

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from cairn import number_text

ANY_FLOAT = st.floats()  # NaN, both infinities, both zeros and subnormal numbers too
DIGITS = str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹−", "-0123456789-", ",")


def is_close(text: str, value: float, digits: int) -> bool:
    """Compare a text with a float, in decimals: the largest floats round up to what no float holds."""
    bound = Decimal(5) * Decimal(10) ** -digits  # half a unit of the last digit of 1.00
    return abs(Decimal(text) - Decimal(value)) <= bound * abs(Decimal(value))


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "–"),
        (0, "0"),
        (-0.0, "0"),
        (14.0, "14"),
        (0.84496, "0.845"),
        (-0.192, "−0.192"),
        (999.96, "1,000"),
        (12345.6, "12,346"),
        (-2000, "−2,000"),
        (10**400, f"{10**400:,}"),
        (0.0000626, "6.3\u00a0×\u00a010⁻⁵"),
        (-1e-12, "−1\u00a0×\u00a010⁻¹²"),
        (9.96e-05, "1\u00a0×\u00a010⁻⁴"),
        (1.5e300, "1.5\u00a0×\u00a010³⁰⁰"),
        (float("inf"), "∞"),
        (float("-inf"), "−∞"),
        (float("nan"), "–"),
        (True, "True"),
        ("web", "web"),
    ],
)
def test_a_figure_of_a_page_is_spelt_as_people_do(value, text):
    assert number_text.figure(value) == text


@given(ANY_FLOAT)
@example(9.96e-05)
@example(9.9999e14)
@example(999.99)
@example(sys.float_info.max)
@example(5e-324)
@example(-0.0)
def test_a_figure_is_close_to_its_float(value):
    text = number_text.figure(value)
    if not math.isfinite(value):
        assert text in ("–", "∞", "−∞")
        return
    read = text.replace("\u00a0×\u00a010", "e").translate(DIGITS)
    assert is_close(read, value, digits=2 if "×" in text else 4)
    assert (Decimal(read) == 0) == (value == 0)


@given(ANY_FLOAT, st.integers(1, 17), st.booleans())
def test_a_plain_number_is_close_to_its_float(value, digits, sign):
    text = number_text.plain(value, digits, sign=sign)
    assert text.isascii()
    if math.isfinite(value):
        assert is_close(text, value, digits)
        assert (Decimal(text) == 0) == (value == 0)
    assert not sign or text[0] in "+-"


def test_none_is_a_dash_or_the_text_that_is_given():
    assert number_text.plain(None) == number_text.p_value(None) == "-"
    assert number_text.plain(None, missing="unknown") == "unknown"


@given(ANY_FLOAT, st.integers(0, 4))
def test_a_share_is_within_its_decimals(share, digits):
    text = number_text.percent(share, digits)
    if math.isfinite(100 * share):
        read = Decimal(text.removesuffix("\u00a0%").translate(DIGITS))
        assert abs(read - Decimal(100 * share)) <= Decimal(10) ** -digits / 2
    else:
        assert text == "–" or "inf" in text


@given(st.floats(0, 1))
def test_a_p_value_is_never_shown_as_zero(value):
    assert number_text.p_value(value) == "< 0.0001" or abs(float(number_text.p_value(value)) - value) <= 0.00005001


@pytest.mark.parametrize(
    ("value", "text"), [(0.0123456, "0.01235"), (12345, "12345"), (True, "True"), ("gbtree", "gbtree")]
)
def test_a_parameter_keeps_its_type(value, text):
    assert number_text.parameter(value) == text
