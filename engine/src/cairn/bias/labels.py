"""Bias before training: how the labels of one group differ from those of all other rows.

The definitions are those of Das et al. (2021), "Fairness Measures for Machine Learning in Finance", section 4, as
SageMaker Clarify has them. Everywhere `d` is a group and `a` all other rows of its facet, each as counts of rows.
Counts may have leading axes (draws of a bootstrap, groups), and a figure has the same ones. A division by no rows is
NaN.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]


def ratio(above: ArrayLike, below: ArrayLike) -> Floats:
    """Divide; NaN where the divisor is 0."""
    below = np.asarray(below, dtype=np.float64)
    return np.divide(above, np.where(below == 0, np.nan, below))


def class_imbalance(a: ArrayLike, d: ArrayLike) -> Floats:
    """CI = (n_a - n_d) / (n_a + n_d): 1 if hardly a row is of the group, -1 if nearly all are.

    Parameters
    ----------
    a, d : rows by label, of shape (..., n_labels)
    """
    others, group = np.sum(a, axis=-1), np.sum(d, axis=-1)
    return ratio(others - group, others + group)


def label_proportion_difference(a: ArrayLike, d: ArrayLike) -> Floats:
    """DPL = q_a - q_d, where q = n(1) / n is the share of positive labels.

    Parameters
    ----------
    a, d : rows with a negative and with a positive label, of shape (..., 2)
    """
    return shares(a)[..., 1] - shares(d)[..., 1]


def kl_divergence(a: ArrayLike, d: ArrayLike) -> Floats:
    """KL = sum over labels y of P_a(y) log(P_a(y) / P_d(y)), in nats (Kullback and Leibler 1951).

    Parameters
    ----------
    a, d : rows by label, of shape (..., n_labels)

    Returns
    -------
    array of shape (...) : NaN where the group lacks a label that the others have: the divergence is without bound
    """
    p, q = shares(a), shares(d)
    return np.sum(np.where(p == 0, 0.0, p * np.log(ratio(np.where(p == 0, 1.0, p), q))), axis=-1)


def js_divergence(a: ArrayLike, d: ArrayLike) -> Floats:
    """JS = (KL(P_a, P) + KL(P_d, P)) / 2 with P = (P_a + P_d) / 2 (Lin 1991).

    Parameters
    ----------
    a, d : rows by label, of shape (..., n_labels)
    """
    p, q = shares(a), shares(d)
    middle = (p + q) / 2
    return (kl_divergence(p, middle) + kl_divergence(q, middle)) / 2


def lp_norm(a: ArrayLike, d: ArrayLike) -> Floats:
    """LP = (sum over labels of |P_a(y) - P_d(y)|^p)^(1/p), with p = 2.

    Parameters
    ----------
    a, d : rows by label, of shape (..., n_labels)
    """
    return np.sqrt(np.sum((shares(a) - shares(d)) ** 2, axis=-1))


def total_variation_distance(a: ArrayLike, d: ArrayLike) -> Floats:
    """TVD = half the sum over labels of |P_a(y) - P_d(y)|.

    Parameters
    ----------
    a, d : rows by label, of shape (..., n_labels)
    """
    return np.sum(np.abs(shares(a) - shares(d)), axis=-1) / 2


def kolmogorov_smirnov(a: ArrayLike, d: ArrayLike) -> Floats:
    """KS = the greatest |P_a(y) - P_d(y)| of any label y; classes have no order that a distribution could follow.

    Parameters
    ----------
    a, d : rows by label, of shape (..., n_labels)
    """
    return np.max(np.abs(shares(a) - shares(d)), axis=-1)


def conditional_demographic_disparity(a: ArrayLike, d: ArrayLike) -> Floats:
    """CDD = sum of n_i DD_i / n over strata i, DD_i = n_di(0) / n_i(0) - n_di(1) / n_i(1) (Wachter et al. 2020).

    DD_i is the group's share of the rows refused, less its share of the rows accepted. A stratum in which all rows
    have one label is left out.

    Parameters
    ----------
    a, d : rows of each stratum with a negative and with a positive label, of shape (..., n_strata, 2)
    """
    group = np.asarray(d, dtype=np.float64)
    both = np.add(a, group)
    disparity = ratio(group[..., 0], both[..., 0]) - ratio(group[..., 1], both[..., 1])
    rows = np.where(np.isnan(disparity), 0.0, both.sum(axis=-1))
    return ratio(np.sum(rows * np.nan_to_num(disparity), axis=-1), rows.sum(axis=-1))


def shares(counts: ArrayLike) -> Floats:
    """Return the share of each label: shape (..., n_labels)."""
    counts = np.asarray(counts, dtype=np.float64)
    return ratio(counts, counts.sum(axis=-1, keepdims=True))
