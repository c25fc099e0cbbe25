"""Contributions of a table's columns to the margins of a linear model, through any encoding of them."""

from typing import Any

import numpy as np

from cairn.models.learners.encoding import sources


def is_linear(model: Any, n_classes: int) -> bool:
    """Return True if a model's coefficients give the log-odds of every class, or the value of a regression."""
    from sklearn import linear_model

    if not n_classes:
        kinds = (linear_model.Ridge, linear_model.LinearRegression, linear_model.ElasticNet)  # Lasso is one too
        return isinstance(model, kinds) and np.ndim(model.intercept_) == 0
    return isinstance(model, linear_model.LogisticRegression) and len(model.classes_) == n_classes


def margins(model: Any, matrix: np.ndarray, background: np.ndarray) -> np.ndarray:
    """Return how far each column moves the margins from those of the mean background.

    Every encoded column comes from one column of the table, so a column's share is the sum over those that come
    from it: slope times the distance from the background's mean (Lundberg and Lee, 2017, corollary 1).

    Parameters
    ----------
    model : a fitted Pipeline of an encoder, if there is one, and a linear model
    matrix, background : of shape (n_rows, n_columns) and (n_background, n_columns)

    Returns
    -------
    ndarray of shape (n_rows, n_outputs, n_columns + 1) : the margins of the mean background last
    """
    width, linear = matrix.shape[1], model[-1]
    places = np.arange(width) if len(model) == 1 else sources(model[0])
    encode = np.asarray if len(model) == 1 else model[0].transform
    encoded, mean = encode(matrix), np.asarray(encode(background).mean(axis=0)).ravel()
    slopes, intercepts = np.atleast_2d(linear.coef_), np.atleast_1d(linear.intercept_)
    contributions = np.empty((len(matrix), len(slopes), width + 1))
    for output, slope in enumerate(slopes):
        by_column = np.zeros((len(places), width))
        by_column[np.arange(len(places)), places] = slope
        contributions[:, output, :width] = encoded @ by_column - mean @ by_column
        contributions[:, output, width] = mean @ slope + intercepts[output]
    return contributions
