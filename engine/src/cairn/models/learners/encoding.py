"""How a scikit-learn estimator's matrix is made from a prepared frame's: gaps filled, categories turned to numbers."""

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

Encoding = Literal["codes", "native", "one_hot", "sparse", "splines", "levels", "target"]

ONE_HOT_LEVELS = 100  # columns that one category may become in a dense matrix
NATIVE_LEVELS = 255  # levels of one category that scikit-learn's histograms can tell apart
FOLDS = 5  # each fold's rows get the target's means of the others, so that no row sees its own target
RANKS = 1000  # quantiles by which a number becomes its rank


@dataclass(frozen=True, kw_only=True)
class Encoder:
    """Which transformer stands before a scikit-learn estimator.

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
        """Make the transformer for a matrix whose places `texts` hold categories; None where it stays as it is."""
        from sklearn.compose import ColumnTransformer

        numbers = [place for place in range(matrix.shape[1]) if place not in texts]
        if self.encoding == "codes" or (self.encoding in ("native", "levels", "target") and not texts):
            return None
        numeric = _filled() if self.encoding in ("one_hot", "sparse", "splines") else "passthrough"
        parts = [("categories", self._categories(), texts), ("numbers", numeric, numbers)]
        if self.encoding == "splines":
            curved = [place for place in numbers if len(np.unique(matrix[:, place])) > 2 * self.knots]
            parts.append(("curves", _curved(self.knots, len(matrix), self.seed), curved))
        return ColumnTransformer([part for part in parts if part[2]], sparse_threshold=1.0 if self.is_sparse else 0.0)

    @property
    def is_sparse(self) -> bool:
        """Whether the estimator is given a sparse matrix, whose rows SciPy adds up one by one; BLAS does not."""
        return self.encoding in ("sparse", "splines")

    def _categories(self) -> Any:
        from sklearn.model_selection import KFold
        from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder, TargetEncoder

        if self.encoding == "native":
            gaps = {"unknown_value": np.nan, "encoded_missing_value": np.nan}
            return OrdinalEncoder(max_categories=NATIVE_LEVELS, handle_unknown="use_encoded_value", **gaps)
        if self.encoding == "target":
            kind = {0: "continuous", 2: "binary"}.get(self.n_classes, "multiclass")
            return TargetEncoder(target_type=kind, cv=KFold(FOLDS, shuffle=True, random_state=self.seed))
        return OneHotEncoder(
            handle_unknown="infrequent_if_exist",
            min_frequency=self.min_frequency,
            max_categories=None if self.is_sparse else ONE_HOT_LEVELS,
            sparse_output=self.is_sparse,
        )


def sources(fitted: Any) -> np.ndarray:
    """Say for each encoded column from which column of the table it came."""
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


def _filled() -> Any:
    from sklearn.impute import SimpleImputer
    from sklearn.pipeline import Pipeline
    from sklearn.preprocessing import StandardScaler

    fill = SimpleImputer(strategy="median", add_indicator=True, keep_empty_features=True)
    return Pipeline([("fill", fill), ("scale", StandardScaler())])


def _curved(knots: int, n_rows: int, seed: int) -> Any:
    """Bend each number by a cubic spline of its rank, so that knots lie where rows are and no outlier counts more."""
    from sklearn.impute import SimpleImputer
    from sklearn.pipeline import Pipeline
    from sklearn.preprocessing import QuantileTransformer, SplineTransformer

    ranks = QuantileTransformer(n_quantiles=min(RANKS, n_rows), random_state=seed)
    spline = SplineTransformer(knots, include_bias=False, sparse_output=True)
    return Pipeline([("fill", SimpleImputer(strategy="median")), ("ranks", ranks), ("spline", spline)])
