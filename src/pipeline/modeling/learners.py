"""What learns: XGBoost's booster, and any scikit-learn estimator behind the encoding that it needs.

Both see a matrix of floats, categories as their codes and missing values as NaN, and both give a row the same
prediction to the last bit whatever the rows beside it.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from pipeline.data.source import Task
from pipeline.errors import InputError

if TYPE_CHECKING:
    import pandas as pd
    import xgboost

Balance = Literal["none", "weights"]
Encoding = Literal["codes", "native", "one_hot", "sparse"]
OnRound = Callable[[int, dict[str, float]], None]

METRICS: dict[Task, tuple[str, str]] = {  # what XGBoost calls it, and what we do
    "binary": ("logloss", "log_loss"),
    "multiclass": ("mlogloss", "log_loss"),
    "regression": ("rmse", "rmse"),
}
FEW_ROWS = 10_000  # waking a second thread takes longer than predicting this many rows
BLOCK = 256  # rows given at once to estimators whose sums depend on how many rows stand together
ONE_HOT_LEVELS = 100  # columns that one category may become in a dense matrix


@dataclass(kw_only=True)
class Boosting:
    """Gradient boosted trees by XGBoost, with its native categories and early stopping.

    Parameters
    ----------
    params : XGBoost's own parameters
    n_estimators : rounds at most
    early_stopping_rounds : stop when the validation metric has not improved for so many rounds; None: never
    task, n_classes : what is predicted; `n_classes` is 0 for a regression
    booster : the fitted trees, up to the best round
    """

    params: dict[str, Any]
    n_estimators: int
    early_stopping_rounds: int | None
    task: Task
    n_classes: int
    booster: "xgboost.Booster | None" = None
    columns: list[str] = field(default_factory=list)

    def fit(
        self,
        train: tuple["pd.DataFrame", np.ndarray],
        validation: tuple["pd.DataFrame", np.ndarray],
        *,
        balance: Balance,
        on_round: OnRound | None,
        matrices: dict[Any, Any] | None,
    ) -> "Boosting":
        """Grow trees until the validation part gains no more, and keep those up to the best round."""
        import xgboost

        metric, shown = METRICS[self.task]
        cache = {} if matrices is None else matrices
        key = (self.params["max_bin"], balance)
        if key not in cache:
            cache[key] = self._quantised(train, validation, balance)
        objective = {"binary": "binary:logistic", "multiclass": "multi:softprob", "regression": "reg:squarederror"}
        settings = {**self.params, "objective": objective[self.task], "eval_metric": metric, "tree_method": "hist"}
        if self.task == "multiclass":
            settings["num_class"] = self.n_classes
        try:
            booster = xgboost.train(
                settings,
                cache[key][0],
                self.n_estimators,
                evals=list(zip(cache[key], ("train", "validation"), strict=True)),
                early_stopping_rounds=self.early_stopping_rounds,
                callbacks=[] if on_round is None else [_reporting(on_round, metric, shown)],
                verbose_eval=False,
            )
        except xgboost.core.XGBoostError as error:
            raise InputError(f"model: {_first_line(error)}") from error
        self.columns = list(train[0].columns)
        self.booster = booster if self.early_stopping_rounds is None else booster[: booster.best_iteration + 1]
        return self

    def predict(self, X: "pd.DataFrame") -> np.ndarray:
        """Give probabilities of shape (n_rows, n_classes), or values of shape (n_rows,)."""
        assert self.booster is not None, "fit or load first"
        if not len(X):
            return np.empty((0, self.n_classes) if self.n_classes else 0)
        self.booster.set_param({"nthread": 1 if len(X) <= FEW_ROWS else 0})
        predicted: np.ndarray = self.booster.inplace_predict(codes(X)).astype("float64")
        return np.column_stack([1 - predicted, predicted]) if self.task == "binary" else predicted

    def importances(self) -> dict[str, float]:
        """Give each column's share of the gain of all splits."""
        assert self.booster is not None, "fit or load first"
        gains: dict[str, Any] = self.booster.get_score(importance_type="total_gain")
        return shares(self.columns, [float(gains.get(f"f{place}", 0.0)) for place in range(len(self.columns))])

    def _quantised(self, train: Any, validation: Any, balance: Balance) -> tuple[Any, Any]:
        import xgboost

        settings = {"max_bin": self.params["max_bin"], "enable_categorical": True}
        settings["feature_types"] = ["c" if dtype == "category" else "q" for dtype in train[0].dtypes]
        first, second = weights(train[1], validation[1], balance)
        grown = xgboost.QuantileDMatrix(codes(train[0]), train[1], weight=first, **settings)
        return grown, xgboost.QuantileDMatrix(codes(validation[0]), validation[1], weight=second, ref=grown, **settings)


@dataclass(kw_only=True)
class Scikit:
    """A scikit-learn estimator and how its matrix is made.

    Parameters
    ----------
    model : the estimator; once fitted, a Pipeline of the encoder (a step named as the encoding), where there is
        one, and the estimator
    encoding : `codes`: as they are; `native`: rare levels grouped so that 255 are left; `one_hot` (dense) and
        `sparse` (one-hot too): gaps filled with the median and marked, numbers scaled
    min_frequency : one-hot: levels with fewer rows are grouped
    n_classes : 0 for a regression
    """

    model: Any
    encoding: Encoding
    n_classes: int
    min_frequency: int = 10
    columns: list[str] = field(default_factory=list)

    def fit(
        self,
        train: tuple["pd.DataFrame", np.ndarray],
        validation: tuple["pd.DataFrame", np.ndarray],
        *,
        balance: Balance,
        on_round: OnRound | None,
        matrices: dict[Any, Any] | None,
    ) -> "Scikit":
        """Fit the encoder and the estimator; only early stopping looks at the validation part."""
        from sklearn.pipeline import Pipeline
        from sklearn.utils.validation import has_fit_parameter

        self.columns = list(train[0].columns)
        encoder, matrix = self._encoder(train[0]), codes(train[0], "float64")
        try:
            matrix = matrix if encoder is None else encoder.fit_transform(matrix)
            more: dict[str, Any] = {}
            if balance == "weights":
                if not has_fit_parameter(self.model, "sample_weight"):
                    raise InputError(f"model.balance: {type(self.model).__name__} takes no weights; say balance: none")
                more["sample_weight"] = weights(train[1], validation[1], balance)[0]
            if getattr(self.model, "early_stopping", None) is True and has_fit_parameter(self.model, "X_val"):
                more |= self._watched(encoder, train[1], validation, balance)
            self.model.fit(self._rowwise(matrix), train[1], **more)
        except (ValueError, TypeError) as error:
            raise InputError(f"model: {_first_line(error)}") from error
        # Forests add up their trees in whatever order the threads end, so they predict with one.
        one = {key: None for key in self.model.get_params() if key == "n_jobs" or key.endswith("__n_jobs")}
        self.model.set_params(**one)
        self.model = Pipeline([*([] if encoder is None else [(self.encoding, encoder)]), ("model", self.model)])
        return self

    def predict(self, X: "pd.DataFrame") -> np.ndarray:
        """Give probabilities of shape (n_rows, n_classes), or values of shape (n_rows,)."""
        if not len(X):
            return np.empty((0, self.n_classes) if self.n_classes else 0)
        matrix, model = codes(X, "float64"), self.model[-1]
        if len(self.model) > 1:
            matrix = self._rowwise(self.model[0].transform(matrix))
        ask = model.predict_proba if self.n_classes else model.predict
        predicted = _by_blocks(ask, matrix) if self.encoding == "one_hot" else ask(matrix)
        if not self.n_classes or predicted.shape[1] == self.n_classes:
            return np.asarray(predicted, dtype="float64")
        full = np.zeros((len(X), self.n_classes))  # a class that the training part lacks has no probability
        full[:, model.classes_] = predicted
        return full

    def importances(self) -> dict[str, float]:
        """Give each column's share of the impurity decrease or of the coefficients; empty where there is neither."""
        model = self.model[-1]
        if hasattr(model, "feature_importances_"):
            sizes = np.asarray(model.feature_importances_)
        elif hasattr(model, "coef_"):
            sizes = np.abs(np.atleast_2d(model.coef_)).mean(axis=0)
        else:
            return {}
        places = _sources(self.model[0]) if len(self.model) > 1 else np.arange(len(self.columns))
        summed = np.bincount(places, weights=sizes, minlength=len(self.columns))
        return shares(self.columns, summed.tolist())

    def _encoder(self, X: "pd.DataFrame") -> Any:
        from sklearn.compose import ColumnTransformer
        from sklearn.impute import SimpleImputer
        from sklearn.pipeline import Pipeline
        from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder, StandardScaler

        texts = [place for place, dtype in enumerate(X.dtypes) if dtype == "category"]
        numbers = [place for place in range(X.shape[1]) if place not in texts]
        if self.encoding == "codes" or (self.encoding == "native" and not texts):
            return None
        if self.encoding == "native":
            gaps = {"unknown_value": np.nan, "encoded_missing_value": np.nan}
            grouped = OrdinalEncoder(max_categories=255, handle_unknown="use_encoded_value", **gaps)
            self.model.set_params(categorical_features=list(range(len(texts))))
            return ColumnTransformer([("categories", grouped, texts), ("numbers", "passthrough", numbers)])
        sparse = self.encoding == "sparse"
        fill = SimpleImputer(strategy="median", add_indicator=True, keep_empty_features=True)
        one_hot = OneHotEncoder(
            handle_unknown="infrequent_if_exist",
            min_frequency=self.min_frequency,
            max_categories=None if sparse else ONE_HOT_LEVELS,
            sparse_output=sparse,
        )
        filled = Pipeline([("fill", fill), ("scale", StandardScaler())])
        parts = [("numbers", filled, numbers), ("categories", one_hot, texts)]
        return ColumnTransformer([part for part in parts if part[2]], sparse_threshold=1.0 if sparse else 0.0)

    def _rowwise(self, matrix: Any) -> Any:
        """Make the matrix sparse where asked: SciPy adds up each row by itself, BLAS does not."""
        from scipy.sparse import csr_matrix

        return csr_matrix(matrix) if self.encoding == "sparse" else matrix

    def _watched(self, encoder: Any, train_y: np.ndarray, validation: Any, balance: Balance) -> dict[str, Any]:
        """Give what scikit-learn's gradient boosting watches to stop early."""
        known = np.isin(validation[1], train_y) if self.n_classes else np.ones(len(validation[1]), dtype=bool)
        matrix = codes(validation[0], "float64")[known]
        watched = {"X_val": matrix if encoder is None else encoder.transform(matrix), "y_val": validation[1][known]}
        if balance == "weights":
            watched["sample_weight_val"] = weights(train_y, validation[1][known], balance)[1]
        return watched


def codes(X: "pd.DataFrame", dtype: str = "float32") -> np.ndarray:
    """Give a prepared frame as a matrix of shape (n_rows, n_columns): categories as codes, NaN where missing."""
    matrix = np.empty(X.shape, dtype=dtype)
    for place, (_, values) in enumerate(X.items()):
        if values.dtype == "category":
            levels = values.cat.codes.to_numpy()
            matrix[:, place] = levels
            matrix[levels < 0, place] = np.nan
        else:
            matrix[:, place] = values.to_numpy()
    return matrix


def weights(train_y: np.ndarray, validation_y: np.ndarray, balance: Balance) -> Any:
    """Weigh rows so that every class of the training part weighs the same; the mean weight there is one.

    Returns
    -------
    tuple : weights of shape (n_train,) and (n_validation,), or two Nones where nothing is balanced
    """
    if balance == "none":
        return None, None
    if not np.issubdtype(train_y.dtype, np.integer):
        raise InputError("model.balance: weights are for classes, and a regression has none; say balance: none")
    counts = np.bincount(train_y, minlength=int(max(train_y.max(), validation_y.max(initial=0))) + 1)
    each = len(train_y) / (np.count_nonzero(counts) * np.maximum(counts, 1))
    return each[train_y], each[validation_y]


def shares(columns: list[str], sizes: list[float]) -> dict[str, float]:
    """Scale sizes so that they add up to one, the largest first."""
    total = sum(sizes) or 1.0
    parts = {name: size / total for name, size in zip(columns, sizes, strict=True)}
    return dict(sorted(parts.items(), key=lambda part: (-part[1], part[0])))


def _by_blocks(ask: Callable[[np.ndarray], np.ndarray], matrix: np.ndarray) -> np.ndarray:
    """Predict in blocks of one size, the last one filled up, so that BLAS adds up every row in the same way."""
    padded = np.zeros((-(-len(matrix) // BLOCK) * BLOCK, matrix.shape[1]))
    padded[: len(matrix)] = matrix
    blocks = [ask(padded[start : start + BLOCK]) for start in range(0, len(padded), BLOCK)]
    return np.concatenate(blocks)[: len(matrix)]


def _sources(encoder: Any) -> np.ndarray:
    """Say for each encoded column from which column of the table it came."""
    places: list[int] = []
    for name, transformer, columns in encoder.transformers_:
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


def _reporting(on_round: OnRound, metric: str, shown: str) -> Any:
    from xgboost.callback import TrainingCallback

    class Report(TrainingCallback):
        def after_iteration(self, model: Any, epoch: int, evals_log: Any) -> bool:
            last = {part: values[metric][-1] for part, values in evals_log.items()}
            on_round(epoch, {f"{part}/{shown}": float(value) for part, value in last.items()})
            return False

    return Report()


def _first_line(error: Exception) -> str:
    """Give the line that says what is wrong, without XGBoost's time, source file and stack."""
    line = str(error).strip().splitlines()[0]
    return line.rpartition("Check failed: ")[2] if line.startswith("[") else line
