"""Measures of bias of a regression.

`d` has the numbers of a group and `a` those of all other rows of its facet.
"""

from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def mean_difference(a: Floats, d: Floats) -> float:
    """Compute mean(a) - mean(d) (Calders et al. 2013, "Controlling Attribute Effect in Linear Regression").

    Of labels and predictions it is the advantage of the others; of residuals (actual - predicted) it is Calders'
    balanced residuals.

    Parameters
    ----------
    a, d : shape (n_rows,), each with a row
    """
    return float(a.mean() - d.mean())


def mean_difference_interval(a: Floats, d: Floats, confidence: float) -> tuple[float, float]:
    """Compute the ends of the interval of `mean_difference`, for variances that differ (Welch 1947, large samples).

    Parameters
    ----------
    a, d : shape (n_rows,), each with two rows or more
    confidence : the probability that such an interval contains the true difference
    """
    half = NormalDist().inv_cdf((1 + confidence) / 2) * float(np.sqrt(a.var(ddof=1) / a.size + d.var(ddof=1) / d.size))
    return mean_difference(a, d) - half, mean_difference(a, d) + half


def kolmogorov_smirnov(a: Floats, d: Floats) -> float:
    """Compute the greatest distance between the two distribution functions (Agarwal et al. 2019, "Fair Regression").

    Parameters
    ----------
    a, d : shape (n_rows,), each with a row
    """
    a, d = np.sort(a), np.sort(d)
    places = np.concatenate([a, d])
    below = [np.searchsorted(side, places, side="right") / side.size for side in (a, d)]
    return float(np.abs(below[0] - below[1]).max())
