"""Adjust p-values for the number of tests."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from cairn.monitoring.finding import Finding


def holm(p_values: Sequence[float]) -> NDArray[np.float64]:
    """Adjust p-values so that the chance of any false alarm among them stays below the significance (Holm 1979).

    Parameters
    ----------
    p_values : shape (n_tests,), of tests that may depend on each other in any way
    """
    values = np.asarray(p_values, dtype=np.float64)
    order = np.argsort(values, kind="stable")
    adjusted = np.empty_like(values)
    adjusted[order] = np.maximum.accumulate(values[order] * np.arange(len(values), 0, -1))
    return np.minimum(adjusted, 1.0)


def adjust_p_values(findings: Sequence[Finding], shares: Sequence[float] | None = None) -> list[Finding]:
    """Adjust all findings of one window and area together; findings without a test stay unchanged.

    Parameters
    ----------
    findings : with p-values of single tests
    shares : the share of the significance that each finding's family gets, one for each finding (a weighted Bonferroni
        between families, Holm within); None: they are one family
    """
    adjusted = list(findings)
    families = [1.0] * len(adjusted) if shares is None else list(shares)
    for share in set(families):
        tests = [
            (place, finding.p_value)
            for place, finding in enumerate(adjusted)
            if families[place] == share and finding.p_value is not None
        ]
        for (place, _), p_value in zip(tests, holm([float(value) for _, value in tests]), strict=True):
            adjusted[place] = replace(adjusted[place], p_value=float(min(1.0, p_value / share)))
    return adjusted
