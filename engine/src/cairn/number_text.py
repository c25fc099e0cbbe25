"""Format numbers for people: `figure` and `percent` in pages, `plain` and `p_value` in a terminal and in messages."""

import math
from typing import Any

RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
SMALL, LARGE = 0.0001, 1e15  # `figure` writes numbers beyond these as a power of ten
THOUSAND = 999.95  # the least float that four digits round to 1000; from there on `figure` groups digits


def figure(value: Any) -> str:
    """Format a number with four significant digits, very small and very large ones with two; a dash for none or NaN.

    What is not a number is returned as text.
    """
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return "–"
    if isinstance(value, bool) or not isinstance(value, int | float):
        return str(value)
    if isinstance(value, int):
        return _with_minus(f"{value:,}")
    if math.isinf(value):
        return _with_minus("∞" if value > 0 else "-∞")
    if 0 < abs(value) < SMALL or abs(value) >= LARGE:
        digits, _, power = f"{value:.1e}".partition("e")
        return _with_minus(f"{digits.removesuffix('.0')}\u00a0×\u00a010{str(int(power)).translate(RAISED)}")
    if abs(value) >= THOUSAND or value == round(value):
        return _with_minus(f"{value + 0.0:,.0f}")  # the sum has no negative zero
    return _with_minus(f"{value:.4g}")


def percent(share: float | None, digits: int = 1) -> str:
    """Format a share as per cent, with so many decimals; a dash for none or NaN."""
    if share is None or math.isnan(share):
        return "–"
    return _with_minus(f"{100 * share:.{digits}f}\u00a0%")


def plain(value: float | None, digits: int = 4, *, missing: str = "-", sign: bool = False) -> str:
    """Format a number in ASCII.

    Parameters
    ----------
    value : the number
    digits : how many are significant
    missing : the text for None
    sign : whether a positive number has its sign
    """
    return missing if value is None else f"{value:{'+' if sign else ''}.{digits}g}"


def parameter(value: Any) -> str:
    """Format a parameter of a model: a float with four significant digits, all else in full."""
    return plain(value) if isinstance(value, float) else str(value)


def p_value(value: float | None) -> str:
    """Format a p-value with four decimals."""
    if value is None:
        return "-"
    return "< 0.0001" if value < 0.0001 else f"{value:.4f}"


def _with_minus(text: str) -> str:
    return text.replace("-", "−")
