"""Oversample the rare classes of the rows that are fitted."""

from typing import TYPE_CHECKING, Any

import numpy as np

from cairn.rows.coded import categories, codes

if TYPE_CHECKING:
    import pandas as pd

NEIGHBOURS = 5
RARE_ROWS = 20_000  # a class with more is not rare, and finding all their neighbours takes minutes
RARE_ROWS_OF_TEXTS = 5_000  # if all columns are categories, every two rows of a class are compared


def smote(X: "pd.DataFrame", y: np.ndarray, *, seed: int = 0) -> tuple["pd.DataFrame", np.ndarray]:
    """Oversample every class to the size of the largest, by rows between neighbours (SMOTE-NC; Chawla et al. 2002).

    A number of a new row lies between those of a row and of one of its neighbours; a category is the one that most
    neighbours have, and a missing one counts as a level. Distances take the median for a missing number; the new row
    lacks it if most neighbours do.

    Parameters
    ----------
    X : prepared frame of shape (n_rows, n_columns)
    y : classes of shape (n_rows,)
    seed : draws the rows and the places between them

    Returns
    -------
    tuple : the given rows with the new ones after them; a class of one row, or of very many, gets none
    """
    import pandas as pd

    texts, counts = categories(X), np.bincount(y)
    limit = RARE_ROWS_OF_TEXTS if len(texts) == X.shape[1] else RARE_ROWS
    imputed = _Imputed(codes(X, "float64"), texts)
    new, labels = [np.empty((0, X.shape[1]))], [y]
    for rare in np.flatnonzero((counts > 1) & (counts < min(counts.max(), limit))):
        sampler = _sampler(imputed.texts, imputed.matrix.shape[1], int(counts[rare]), seed)
        sampler.set_params(sampling_strategy={int(rare): int(counts.max())})
        made = np.asarray(sampler.fit_resample(imputed.matrix, y)[0][len(y) :], dtype="float64")
        new.append(imputed.restore(made))
        labels.append(np.full(len(made), rare, dtype=y.dtype))
    extra = _frame(np.concatenate(new), X)
    return pd.concat([X, extra], ignore_index=True), np.concatenate(labels)


class _Imputed:
    """A matrix with imputed and scaled numbers, and one more column for each number that had gaps."""

    def __init__(self, matrix: np.ndarray, texts: list[int]) -> None:
        self.width = matrix.shape[1]
        numbers = [place for place in range(self.width) if place not in texts]
        gaps = np.isnan(matrix)
        self.gappy = [place for place in numbers if gaps[:, place].any()]
        self.texts = [*texts, *range(self.width, self.width + len(self.gappy))]
        self.fill, self.low, self.scale = np.full(self.width, -1.0), np.zeros(self.width), np.ones(self.width)
        for place in numbers:
            present = matrix[~gaps[:, place], place]
            self.fill[place] = np.median(present) if len(present) else 0.0
            if len(present):
                self.low[place], self.scale[place] = present.mean(), present.std() or 1.0
        imputed = (np.where(gaps, self.fill, matrix) - self.low) / self.scale
        self.matrix = np.column_stack([imputed, gaps[:, self.gappy]]).astype("float64")

    def restore(self, made: np.ndarray) -> np.ndarray:
        """Return rows of such a matrix in the columns and units of the original."""
        plain = made[:, : self.width] * self.scale + self.low
        for place, gap in zip(self.gappy, made[:, self.width :].T, strict=True):
            plain[gap > 0, place] = np.nan
        return plain


def _sampler(texts: list[int], width: int, rows: int, seed: int) -> Any:
    from imblearn.over_sampling import SMOTE, SMOTEN, SMOTENC

    settings = {"k_neighbors": min(NEIGHBOURS, rows - 1), "random_state": seed}
    if not texts:
        return SMOTE(**settings)
    return SMOTEN(**settings) if len(texts) == width else SMOTENC(categorical_features=texts, **settings)


def _frame(matrix: np.ndarray, like: "pd.DataFrame") -> "pd.DataFrame":
    import pandas as pd

    columns: dict[Any, Any] = {}
    for place, (name, dtype) in enumerate(like.dtypes.items()):
        values = matrix[:, place]
        if dtype == "category":
            whole = np.where(np.isnan(values), -1, values).round().astype("int64")
            columns[name] = pd.Categorical.from_codes(whole.tolist(), dtype=dtype)
        else:
            columns[name] = values.astype(str(dtype))
    return pd.DataFrame(columns)
