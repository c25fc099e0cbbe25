"""How a scikit-learn estimator's matrix is made from a prepared frame's: gaps filled, categories turned to numbers."""

from typing import Any, Literal

import numpy as np

Encoding = Literal["codes", "native", "one_hot", "sparse"]

ONE_HOT_LEVELS = 100  # columns that one category may become in a dense matrix
NATIVE_LEVELS = 255  # levels of one category that scikit-learn's histograms can tell apart


def encoder(encoding: Encoding, texts: list[int], n_columns: int, min_frequency: int) -> Any:
    """Make the transformer of an encoding, or None where the matrix stays as it is.

    Parameters
    ----------
    encoding : `codes`: as they are; `native`: rare levels grouped so that 255 are left; `one_hot` (dense) and
        `sparse` (one-hot too): gaps filled with the median and marked, numbers scaled
    texts : the places of the columns that hold categories
    n_columns : how many columns there are
    min_frequency : one-hot: levels with fewer rows are grouped
    """
    from sklearn.compose import ColumnTransformer

    numbers = [place for place in range(n_columns) if place not in texts]
    if encoding == "codes" or (encoding == "native" and not texts):
        return None
    if encoding == "native":
        return ColumnTransformer([("categories", _grouped(), texts), ("numbers", "passthrough", numbers)])
    sparse = encoding == "sparse"
    parts = [("numbers", _filled(), numbers), ("categories", _one_hot(min_frequency, sparse), texts)]
    return ColumnTransformer([part for part in parts if part[2]], sparse_threshold=1.0 if sparse else 0.0)


def sources(fitted: Any) -> np.ndarray:
    """Say for each encoded column from which column of the table it came."""
    places: list[int] = []
    for name, transformer, columns in fitted.transformers_:
        if name == "categories" and hasattr(transformer, "infrequent_categories_"):
            for column, levels, rare in zip(
                columns, transformer.categories_, transformer.infrequent_categories_, strict=True
            ):
                places += [column] * (len(levels) if rare is None else len(levels) - len(rare) + 1)
        elif name == "numbers" and transformer != "passthrough" and hasattr(transformer, "named_steps"):
            places += [*columns, *(columns[gap] for gap in transformer.named_steps["fill"].indicator_.features_)]
        else:
            places += list(columns)
    return np.array(places)


def _grouped() -> Any:
    from sklearn.preprocessing import OrdinalEncoder

    gaps = {"unknown_value": np.nan, "encoded_missing_value": np.nan}
    return OrdinalEncoder(max_categories=NATIVE_LEVELS, handle_unknown="use_encoded_value", **gaps)


def _filled() -> Any:
    from sklearn.impute import SimpleImputer
    from sklearn.pipeline import Pipeline
    from sklearn.preprocessing import StandardScaler

    fill = SimpleImputer(strategy="median", add_indicator=True, keep_empty_features=True)
    return Pipeline([("fill", fill), ("scale", StandardScaler())])


def _one_hot(min_frequency: int, sparse: bool) -> Any:
    from sklearn.preprocessing import OneHotEncoder

    return OneHotEncoder(
        handle_unknown="infrequent_if_exist",
        min_frequency=min_frequency,
        max_categories=None if sparse else ONE_HOT_LEVELS,
        sparse_output=sparse,
    )
