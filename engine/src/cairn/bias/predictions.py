"""Bias after training: how the predictions of one group differ from those of all other rows.

The definitions are those of Das et al. (2021), "Fairness Measures for Machine Learning in Finance", section 5, as
SageMaker Clarify has them, sign for sign; cairn.bias.catalogue explains a figure above the fair one. `d` is
a group and `a` all other rows of its facet. A division by no rows is NaN.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cairn.bias.labels import ratio

Floats = NDArray[np.float64]
Counts = NDArray[np.float64]


class Confusion(NamedTuple):
    """Rows by label and prediction, each of any shape: a figure has the same shape.

    Parameters
    ----------
    tn, fp : the label is negative, the prediction negative or positive
    fn, tp : the label is positive, the prediction negative or positive
    """

    tn: ArrayLike
    fp: ArrayLike
    fn: ArrayLike
    tp: ArrayLike

    @classmethod
    def of(cls, counts: Counts) -> "Confusion":
        """Take counts of shape (..., 2, 2): label, then prediction."""
        return cls(counts[..., 0, 0], counts[..., 0, 1], counts[..., 1, 0], counts[..., 1, 1])

    @property
    def n(self) -> Counts:
        """All rows."""
        return self.labelled(0) + self.labelled(1)

    def labelled(self, label: int) -> Counts:
        """Return the rows whose label is negative (0) or positive (1)."""
        return np.add(self.fn, self.tp) if label else np.add(self.tn, self.fp)

    def predicted(self, label: int) -> Counts:
        """Return the rows that are predicted negative (0) or positive (1)."""
        return np.add(self.fp, self.tp) if label else np.add(self.tn, self.fn)


def predicted_proportion_difference(a: Confusion, d: Confusion) -> Floats:
    """DPPL = q'_a - q'_d, where q' = n'(1) / n is the share of positive predictions."""
    return ratio(a.predicted(1), a.n) - ratio(d.predicted(1), d.n)


def disparate_impact(a: Confusion, d: Confusion) -> Floats:
    """DI = q'_d / q'_a, the ratio of the shares of positive predictions (Feldman et al. 2015)."""
    return ratio(ratio(d.predicted(1), d.n), ratio(a.predicted(1), a.n))


def conditional_acceptance_difference(a: Confusion, d: Confusion) -> Floats:
    """DCA = c_a - c_d, where c = n(1) / n'(1): positive labels for each positive prediction."""
    return ratio(a.labelled(1), a.predicted(1)) - ratio(d.labelled(1), d.predicted(1))


def conditional_rejection_difference(a: Confusion, d: Confusion) -> Floats:
    """DCR = r_d - r_a, where r = n(0) / n'(0): negative labels for each negative prediction."""
    return ratio(d.labelled(0), d.predicted(0)) - ratio(a.labelled(0), a.predicted(0))


def acceptance_rate_difference(a: Confusion, d: Confusion) -> Floats:
    """DAR = TP_a / n'_a(1) - TP_d / n'_d(1), the difference in precision."""
    return ratio(a.tp, a.predicted(1)) - ratio(d.tp, d.predicted(1))


def rejection_rate_difference(a: Confusion, d: Confusion) -> Floats:
    """DRR = TN_d / n'_d(0) - TN_a / n'_a(0), the difference in negative predictive value."""
    return ratio(d.tn, d.predicted(0)) - ratio(a.tn, a.predicted(0))


def accuracy_difference(a: Confusion, d: Confusion) -> Floats:
    """AD = accuracy_a - accuracy_d."""
    return ratio(np.add(a.tp, a.tn), a.n) - ratio(np.add(d.tp, d.tn), d.n)


def recall_difference(a: Confusion, d: Confusion) -> Floats:
    """RD = TP_a / n_a(1) - TP_d / n_d(1): who deserves a positive prediction gets one (Hardt et al. 2016)."""
    return ratio(a.tp, a.labelled(1)) - ratio(d.tp, d.labelled(1))


def specificity_difference(a: Confusion, d: Confusion) -> Floats:
    """SD = TN_d / n_d(0) - TN_a / n_a(0)."""
    return ratio(d.tn, d.labelled(0)) - ratio(a.tn, a.labelled(0))


def treatment_equality(a: Confusion, d: Confusion) -> Floats:
    """TE = FP_a / FN_a - FP_d / FN_d: whether errors favour one side (Berk et al. 2018)."""
    return ratio(a.fp, a.fn) - ratio(d.fp, d.fn)


def fliptest(neighbours: ArrayLike, positive: ArrayLike) -> Floats:
    """FT = (F+ - F-) / n_d: how often those alike on the other side are treated better, less how often worse.

    Black et al. (2020), "FlipTest", with nearest neighbours in the place of optimal transport, as Clarify has it.

    Parameters
    ----------
    neighbours : shape (n_rows,), true where most of the nearest rows of the other side are predicted positive
    positive : shape (n_rows,), true where the row of the group is
    """
    better = np.subtract(np.asarray(neighbours, dtype=np.float64), np.asarray(positive, dtype=np.float64))
    return ratio(better.sum(), better.size)


def generalised_entropy(rows: Confusion) -> Floats:
    """GE = sum of ((b_i / mean b)^2 - 1) / 2n, where b = prediction - label + 1 (Speicher et al. 2018, alpha = 2).

    A false negative has the benefit b = 0, a right answer 1, a false positive 2. It is of all rows, not of a group.
    """
    right = np.add(rows.tp, rows.tn)
    mean = ratio(right + 2 * np.asarray(rows.fp), rows.n)
    squares = ratio(right + 4 * np.asarray(rows.fp), rows.n)
    return (ratio(squares, mean**2) - 1) / 2
