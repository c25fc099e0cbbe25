"""A prepared table as numbers: a matrix of values, categories as their codes and NaN where missing."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Coded:
    """A prepared table as numbers, as a server makes it from a request, with no frame in between.

    Parameters
    ----------
    matrix : float64 of shape (n_rows, n_columns): categories as codes, NaN where missing
    texts : the places of the columns that hold categories
    """

    matrix: np.ndarray
    texts: list[int]

    def __len__(self) -> int:
        """Count the rows."""
        return len(self.matrix)


def codes(X: "pd.DataFrame | Coded", dtype: str = "float32") -> np.ndarray:
    """Give a prepared table as a matrix of shape (n_rows, n_columns): categories as codes, NaN where missing."""
    if isinstance(X, Coded):
        return X.matrix.astype(dtype, copy=False)
    matrix = np.empty(X.shape, dtype=dtype)
    for place, (_, values) in enumerate(X.items()):
        if values.dtype == "category":
            levels = values.cat.codes.to_numpy()
            matrix[:, place] = levels
            matrix[levels < 0, place] = np.nan
        else:
            matrix[:, place] = values.to_numpy()
    return matrix


def categories(X: "pd.DataFrame") -> list[int]:
    """Give the places of the columns that hold categories."""
    return [place for place, dtype in enumerate(X.dtypes) if dtype == "category"]
