"""Bias where the target is a number: the measures that the literature has for it.

`d` holds the numbers of a group and `a` those of all other rows of its facet.
"""

from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def mean_difference(a: Floats, d: Floats) -> float:
    """Give mean(a) - mean(d) (Calders et al. 2013, "Controlling Attribute Effect in Linear Regression").

    Of labels and predictions it is how much more the others have; of residuals (actual - predicted), how much more
    they are given less than is true: Calders' balanced residuals.

    Parameters
    ----------
    a, d : shape (n_rows,), each with a row
    """
    return float(a.mean() - d.mean())


def mean_difference_interval(a: Floats, d: Floats, confidence: float) -> tuple[float, float]:
    """Give the ends of the interval of `mean_difference`, for variances that differ (Welch 1947, large samples).

    Parameters
    ----------
    a, d : shape (n_rows,), each with two rows or more
    confidence : the chance that such an interval holds the true difference
    """
    half = NormalDist().inv_cdf((1 + confidence) / 2) * float(np.sqrt(a.var(ddof=1) / a.size + d.var(ddof=1) / d.size))
    return mean_difference(a, d) - half, mean_difference(a, d) + half


def kolmogorov_smirnov(a: Floats, d: Floats) -> float:
    """Give the greatest distance between the two distribution functions (Agarwal et al. 2019, "Fair Regression").

    Parameters
    ----------
    a, d : shape (n_rows,), each with a row
    """
    a, d = np.sort(a), np.sort(d)
    places = np.concatenate([a, d])
    below = [np.searchsorted(side, places, side="right") / side.size for side in (a, d)]
    return float(np.abs(below[0] - below[1]).max())
