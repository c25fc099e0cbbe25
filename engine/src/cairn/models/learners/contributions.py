"""Contributions of the columns to a prediction: exact ones from the libraries, or estimates for any model."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Literal, NamedTuple

import numpy as np

from cairn.errors import InputError
from cairn.rows.coded import Coded, categories, codes

if TYPE_CHECKING:
    import pandas as pd

Unit = Literal["log-odds", "probability", "target unit"]

CELLS = 4_000_000  # of the matrices that a model predicts at once: 32 MiB


class Contributions(NamedTuple):
    """Shapley values: what each column adds to the base; together they add up to the prediction.

    Parameters
    ----------
    values : of shape (n_rows, n_columns) for a regression and for the last of two classes; else of shape
        (n_rows, n_columns, n_classes)
    base : the prediction without any column, of shape (n_rows,) or (n_rows, n_classes); the same in each row
    unit : `log-odds` of the last of two classes, ln(p / (1 - p)); of one of several, its logarithm less the mean of
        all classes' logarithms, ln p - mean(ln p) (the centred log-ratio; Aitchison, 1986), which is the log-odds of
        the class against the geometric mean of all. `probability`, or `target unit` for a regression
    exact : false if they are estimated
    """

    values: np.ndarray
    base: np.ndarray
    unit: Unit
    exact: bool

    @property
    def total(self) -> np.ndarray:
        """The prediction that is explained, of the shape of `base`."""
        return self.base + self.values.sum(axis=1)


def from_margins(margins: np.ndarray, n_classes: int) -> Contributions:
    """Convert a library's contributions to the margins.

    Parameters
    ----------
    margins : of shape (n_rows, n_outputs, n_columns + 1), the base last
    n_classes : 0 for a regression

    Returns
    -------
    Contributions : for several classes less the mean of all, since what raises all margins alike changes nothing
    """
    exact = margins.astype("float64", copy=False)
    unit: Unit = "log-odds" if n_classes else "target unit"
    if exact.shape[1] == 2:
        exact = exact[:, 1:] - exact[:, :1]
    if exact.shape[1] == 1:
        return Contributions(exact[:, 0, :-1], exact[:, 0, -1], unit, True)
    centred = np.moveaxis(exact - exact.mean(axis=1, keepdims=True), 1, 2)
    return Contributions(centred[:, :-1], centred[:, -1], unit, True)


def sampled(
    predict: Callable[[Coded], np.ndarray], X: "pd.DataFrame | Coded", background: Coded | None, n_classes: int
) -> Contributions:
    """Estimate Shapley values of any model by walks from the background to a row, column by column.

    Each row of the background is where two walks begin: one takes on the row's values in a random order, the other in
    the opposite order (antithetic sampling: Mitchell, Cooper, Frank and Holmes, 2022, Sampling Permutations for
    Shapley Value Estimation, section 3.2). The gains of a walk add up to the difference of its ends, so base and
    contributions add up to the prediction however few walks there are; for a model that adds up functions of one
    column each they are exact (Lundberg and Lee, 2017: the missing columns' values are the background's). All rows
    go the same ways: a row's contributions do not depend on those beside it.

    Parameters
    ----------
    predict : returns probabilities of shape (n_rows, n_classes), or values of shape (n_rows,)
    X : of shape (n_rows, n_columns)
    background : rows whose values replace those of absent columns, of shape (n_background, n_columns)
    n_classes : 0 for a regression

    Raises
    ------
    InputError : there is no background
    """
    if background is None:
        raise InputError("the model keeps no background to explain by (signature.json); train the model anew")
    rows = X if isinstance(X, Coded) else Coded(codes(X, "float64"), categories(X))

    def outputs(matrix: np.ndarray) -> np.ndarray:
        """Return the predictions to explain, of shape (n_rows, n_outputs)."""
        predicted = predict(Coded(matrix, rows.texts))
        return predicted[:, 1:] if n_classes == 2 else predicted.reshape(len(matrix), -1)

    before, after = outputs(background.matrix), outputs(rows.matrix)
    values = _walk(outputs, rows.matrix, background.matrix, before, after)
    base = np.broadcast_to(before.mean(axis=0), after.shape)
    unit: Unit = "probability" if n_classes else "target unit"
    if n_classes > 2:
        return Contributions(values, base, unit, False)
    return Contributions(values[:, :, 0], base[:, 0], unit, False)


def _walk(
    outputs: Callable[[np.ndarray], np.ndarray],
    matrix: np.ndarray,
    background: np.ndarray,
    before: np.ndarray,
    after: np.ndarray,
) -> np.ndarray:
    """Return the mean gain of each column, of shape (n_rows, n_columns, n_outputs).

    Parameters
    ----------
    before, after : the predictions of the background and of the rows
    """
    turns, width = _turns(len(background), matrix.shape[1]), matrix.shape[1]
    values = np.zeros((*matrix.shape, after.shape[1]))
    taken = np.arange(1, width)[:, None]
    walks = np.arange(len(matrix) * len(turns))
    at_once = max(1, CELLS // (width * width))
    for start in range(0, len(walks), at_once):
        row, way = np.divmod(walks[start : start + at_once], len(turns))
        origin, turn = way // 2, turns[way]
        between = np.where(turn[:, None, :] < taken, matrix[row, None, :], background[origin, None, :])
        inner = outputs(between.reshape(-1, width)).reshape(len(row), width - 1, -1)
        path = np.concatenate([before[origin, None], inner, after[row, None]], axis=1)
        np.add.at(values, row, np.take_along_axis(np.diff(path, axis=1), turn[:, :, None], axis=1))
    return values / len(turns)


def _turns(origins: int, width: int) -> np.ndarray:
    """Draw each column's turn in two opposite walks from each origin: of shape (2 * origins, width)."""
    draw = np.random.default_rng(0)
    turns = np.array([draw.permutation(width) for _ in range(origins)])
    return np.stack([turns, width - 1 - turns], axis=1).reshape(-1, width)
