"""P-values that allow for how many tests there were."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from cairn.monitoring.finding import Finding


def holm(p_values: Sequence[float]) -> NDArray[np.float64]:
    """Raise p-values so that the chance of any false alarm among them stays the one that is asked for (Holm 1979).

    Parameters
    ----------
    p_values : shape (n_tests,), of tests that may depend on each other in any way
    """
    values = np.asarray(p_values, dtype=np.float64)
    order = np.argsort(values, kind="stable")
    raised = np.empty_like(values)
    raised[order] = np.maximum.accumulate(values[order] * np.arange(len(values), 0, -1))
    return np.minimum(raised, 1.0)


def corrected(findings: Sequence[Finding], shares: Sequence[float] | None = None) -> list[Finding]:
    """Correct all findings of one window and area together; those that are no test stay as they are.

    Parameters
    ----------
    findings : with p-values of their own
    shares : of the allowance for false alarms that each finding's family gets, one a finding (a weighted Bonferroni
        between families, Holm within); None: they are one family
    """
    told = list(findings)
    families = [1.0] * len(told) if shares is None else list(shares)
    for share in set(families):
        tests = [at for at, each in enumerate(told) if families[at] == share and each.p_value is not None]
        raised = holm([float(told[at].p_value or 0.0) for at in tests])
        for at, p_value in zip(tests, raised, strict=True):
            told[at] = told[at]._replace(p_value=float(min(1.0, p_value / share)))
    return told
