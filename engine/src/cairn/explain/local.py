"""Compute the contribution of each column to single predictions, for any model."""

from typing import TYPE_CHECKING

import numpy as np

from cairn.models.learners.contributions import Contributions, Unit
from cairn.models.learners.protocol import Estimator
from cairn.rows.coded import Coded
from cairn.rows.signature import Signature

if TYPE_CHECKING:
    import pandas as pd

MIXES = 2  # how often the signature's values of each column are shuffled into rows


def explain(estimator: Estimator, signature: Signature, X: "pd.DataFrame | Coded") -> Contributions:
    """Compute each column's contribution to each prediction.

    Values are exact for boosted trees and linear models, in log-odds for classes; for other models they are estimated
    against a background, in probabilities. For a regression all are in the target's unit.

    Parameters
    ----------
    estimator : fitted
    signature : the one whose frames it was fitted on
    X : a frame of the signature, or the same as numbers, of shape (n_rows, n_columns)

    Raises
    ------
    InputError : a background is needed, and the signature of an older model has none
    """
    if len(X):
        return estimator.contributions(X, background(signature))
    outputs = [estimator.n_classes] if estimator.n_classes > 2 else []
    values = np.empty((0, len(signature.columns), *outputs))
    unit: Unit = "probability" if estimator.n_classes else "target unit"
    return Contributions(values, np.empty((0, *outputs)), unit, exact=False)


def of_class(known: Contributions, places: np.ndarray) -> Contributions:
    """Select the contributions to one of several classes in each row; with fewer than three classes return all.

    Parameters
    ----------
    known : of shape (n_rows, n_columns, n_classes)
    places : of a class for each row, of shape (n_rows,)
    """
    if known.base.ndim == 1:
        return known
    rows = np.arange(len(places))
    return known._replace(values=known.values[rows, :, places], base=known.base[rows, places])


def background(signature: Signature) -> Coded | None:
    """Build the background rows of an estimate; None where the signature has no values for them.

    Each column's values are distributed as in training, and shuffled independently: no row is one of the training part,
    and columns are independent of each other (a product background, with the margins evened out as in a Latin
    hypercube: McKay, Beckman and Conover, 1979).
    """
    kept = [column.background for column in signature.columns]
    if any(values is None for values in kept):
        return None
    draw = np.random.default_rng(0)
    columns = [np.array(values, dtype="float64") for values in kept]
    matrix = np.column_stack([np.concatenate([draw.permutation(values) for _ in range(MIXES)]) for values in columns])
    texts = [place for place, column in enumerate(signature.columns) if column.kind == "category"]
    return Coded(matrix, texts)
