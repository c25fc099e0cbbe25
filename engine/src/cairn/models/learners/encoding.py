"""Encode a prepared frame's matrix for a scikit-learn estimator: impute gaps, turn categories into numbers."""

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

Encoding = Literal["codes", "native", "one_hot", "sparse", "splines", "levels", "target"]

ONE_HOT_LEVELS = 100  # columns that one category may become in a dense matrix
NATIVE_LEVELS = 255  # levels of one category that scikit-learn's histograms can tell apart
TARGET_FOLDS = 5  # each fold's rows get the target's means of the others, so that no row sees its own target
MAX_QUANTILES = 1000  # quantiles by which a number becomes its rank


@dataclass(frozen=True, kw_only=True)
class Encoder:
    """The transformer before a scikit-learn estimator.

    Parameters
    ----------
    encoding : `codes`: none; `native`: rare levels grouped so that 255 are left; `levels`: one column a level, and
        numbers as they are; `target`: a level becomes the mean of the target over its rows, shrunk to that of all rows
        (Micci-Barreca, 2001); `one_hot` (dense) and `sparse`: one column a level, and numbers with gaps filled with
        the median and marked, then scaled; `splines`: `sparse`, with cubic splines of the numbers' ranks beside them
    min_frequency : levels with fewer rows are grouped
    knots : of each spline
    n_classes : 0 for a regression
    seed : draws the folds of `target`
    """

    encoding: Encoding
    min_frequency: int = 10
    knots: int = 0
    n_classes: int = 0
    seed: int = 0

    def make(self, matrix: np.ndarray, texts: list[int]) -> Any:
        """Make the transformer for a matrix with categories at the places `texts`; None if it stays as it is."""
        from sklearn.compose import ColumnTransformer

        numbers = [place for place in range(matrix.shape[1]) if place not in texts]
        if self.encoding == "codes" or (self.encoding in ("native", "levels", "target") and not texts):
            return None
        numeric = _impute_and_scale() if self.encoding in ("one_hot", "sparse", "splines") else "passthrough"
        parts = [("categories", self._categories(), texts), ("numbers", numeric, numbers)]
        if self.encoding == "splines":
            curved = [place for place in numbers if len(np.unique(matrix[:, place])) > 2 * self.knots]
            parts.append(("curves", _splines(self.knots, len(matrix), self.seed), curved))
        return ColumnTransformer([part for part in parts if part[2]], sparse_threshold=1.0 if self.is_sparse else 0.0)

    @property
    def is_sparse(self) -> bool:
        """Whether the estimator takes a sparse matrix, whose rows SciPy adds up one by one; BLAS does not."""
        return self.encoding in ("sparse", "splines")

    def _categories(self) -> Any:
        from sklearn.model_selection import KFold
        from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder, TargetEncoder

        if self.encoding == "native":
            gaps = {"unknown_value": np.nan, "encoded_missing_value": np.nan}
            return OrdinalEncoder(max_categories=NATIVE_LEVELS, handle_unknown="use_encoded_value", **gaps)
        if self.encoding == "target":
            kind = {0: "continuous", 2: "binary"}.get(self.n_classes, "multiclass")
            return TargetEncoder(target_type=kind, cv=KFold(TARGET_FOLDS, shuffle=True, random_state=self.seed))
        return OneHotEncoder(
            handle_unknown="infrequent_if_exist",
            min_frequency=self.min_frequency,
            max_categories=None if self.is_sparse else ONE_HOT_LEVELS,
            sparse_output=self.is_sparse,
        )


def sources(fitted: Any) -> np.ndarray:
    """Return the place of the table's column that each encoded column comes from."""
    places: list[int] = []
    for name, transformer, columns in fitted.transformers_:
        if hasattr(transformer, "infrequent_categories_"):
            for column, levels, rare in zip(
                columns, transformer.categories_, transformer.infrequent_categories_, strict=True
            ):
                places += [column] * (len(levels) if rare is None else len(levels) - len(rare) + 1)
        elif hasattr(transformer, "encodings_"):
            places += [column for column in columns for _ in range(len(transformer.encodings_) // len(columns))]
        elif name == "curves":
            places += [column for column in columns for _ in range(transformer[-1].n_features_out_ // len(columns))]
        elif hasattr(transformer, "named_steps"):
            places += [*columns, *(columns[gap] for gap in transformer.named_steps["fill"].indicator_.features_)]
        else:
            places += list(columns)
    return np.array(places)


def _impute_and_scale() -> Any:
    from sklearn.impute import SimpleImputer
    from sklearn.pipeline import Pipeline
    from sklearn.preprocessing import StandardScaler

    fill = SimpleImputer(strategy="median", add_indicator=True, keep_empty_features=True)
    return Pipeline([("fill", fill), ("scale", StandardScaler())])


def _splines(knots: int, n_rows: int, seed: int) -> Any:
    """Make cubic splines of each number's rank, so that knots lie where rows are and outliers weigh no more."""
    from sklearn.impute import SimpleImputer
    from sklearn.pipeline import Pipeline
    from sklearn.preprocessing import QuantileTransformer, SplineTransformer

    ranks = QuantileTransformer(n_quantiles=min(MAX_QUANTILES, n_rows), random_state=seed)
    spline = SplineTransformer(knots, include_bias=False, sparse_output=True)
    return Pipeline([("fill", SimpleImputer(strategy="median")), ("ranks", ranks), ("spline", spline)])
