"""Any scikit-learn estimator, behind the encoding that it needs."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from cairn.errors import InputError
from cairn.models.learners import archive
from cairn.models.learners.class_weights import weights
from cairn.models.learners.contributions import Contributions, from_margins, sampled
from cairn.models.learners.encoding import Encoder, sources
from cairn.models.learners.linear import is_linear, margins
from cairn.models.learners.protocol import Balance, FitOptions, Part, empty_predictions, first_line, shares
from cairn.models.learners.threads import threads
from cairn.rows.coded import Coded, categories, codes
from cairn.tables.source import Task

if TYPE_CHECKING:
    import pandas as pd

FILE = "model.skops"
BLOCK = 256  # rows given at once to estimators whose sums depend on how many rows stand together
TREES = 10  # trees that a forest grows between two looks at the clock


@dataclass(kw_only=True)
class Scikit:
    """A scikit-learn estimator and how its matrix is made.

    Parameters
    ----------
    model : the estimator; once fitted, a Pipeline of the encoder (a step named as the encoding), where there is
        one, and the estimator
    encoder : what stands before it
    n_classes : 0 for a regression
    """

    model: Any
    encoder: Encoder
    n_classes: int
    columns: list[str] = field(default_factory=list)

    @property
    def rounds(self) -> int | None:
        """The trees that a forest or scikit-learn's gradient boosting keeps."""
        fitted: Any = self.model[-1] if hasattr(self.model, "steps") else None
        if _is_boosted(fitted):
            return int(fitted.n_iter_)
        return len(fitted.estimators_) if _is_forest(fitted) else None

    def fit(self, train: Part, validation: Part | None, options: FitOptions) -> "Scikit":
        """Fit the encoder and the estimator; only early stopping looks at the validation part.

        A forest calls `on_round` after every few trees, without figures; scikit-learn's gradient boosting cannot be
        interrupted, and never calls it.
        """
        from sklearn.pipeline import Pipeline
        from sklearn.utils.validation import has_fit_parameter

        self.columns = list(train[0].columns)
        texts, matrix = categories(train[0]), codes(train[0], "float64")
        encode = self.encoder.make(matrix, texts)
        if self.encoder.encoding == "native":
            self.model.set_params(categorical_features=list(range(len(texts))) or None)
        try:
            matrix = matrix if encode is None else encode.fit_transform(matrix, train[1])
            more: dict[str, Any] = {}
            if options.balance == "weights":
                if not has_fit_parameter(self.model, "sample_weight"):
                    raise InputError(f"model.balance: {type(self.model).__name__} takes no weights; say balance: none")
                more["sample_weight"] = weights(train[1], None, options.balance)[0]
            if getattr(self.model, "early_stopping", None) is True and has_fit_parameter(self.model, "X_val"):
                if validation is None or options.rounds:
                    self.model.set_params(early_stopping=False)
                else:
                    more |= self._watched(encode, train[1], validation, options.balance)
            self._grow(self._rowwise(matrix), train[1], more, options)
        except (ValueError, TypeError) as error:
            raise InputError(f"model: {first_line(error)}") from error
        # Forests add up their trees in whatever order the threads end, so they predict with one.
        one = {key: None for key in self.model.get_params() if key == "n_jobs" or key.endswith("__n_jobs")}
        self.model.set_params(**one)
        self.model = Pipeline([*([] if encode is None else [(self.encoder.encoding, encode)]), ("model", self.model)])
        return self

    def predict(self, X: "pd.DataFrame | Coded") -> np.ndarray:
        """Give probabilities of shape (n_rows, n_classes), or values of shape (n_rows,)."""
        if not len(X):
            return empty_predictions(self.n_classes)
        matrix, model = codes(X, "float64"), self.model[-1]
        if len(self.model) > 1:
            matrix = self._rowwise(self.model[0].transform(matrix))
        ask = model.predict_proba if self.n_classes else model.predict
        predicted = _by_blocks(ask, matrix) if self.encoder.encoding == "one_hot" else ask(matrix)
        if not self.n_classes or predicted.shape[1] == self.n_classes:
            return np.asarray(predicted, dtype="float64")
        full = np.zeros((len(X), self.n_classes))  # a class that the training part lacks has no probability
        full[:, model.classes_] = predicted
        return full

    def contributions(self, X: "pd.DataFrame | Coded", background: Coded | None) -> Contributions:
        """Give exact contributions of a linear model, and an estimate for any other."""
        if background is not None and is_linear(self.model[-1], self.n_classes):
            return from_margins(margins(self.model, codes(X, "float64"), background.matrix), self.n_classes)
        return sampled(self.predict, X, background, self.n_classes)

    def importances(self) -> dict[str, float]:
        """Give each column's share of the impurity decrease or of the coefficients; empty where there is neither."""
        model = self.model[-1]
        if hasattr(model, "feature_importances_"):
            sizes = np.asarray(model.feature_importances_)
        elif hasattr(model, "coef_"):
            sizes = np.abs(np.atleast_2d(model.coef_)).mean(axis=0)
        else:
            return {}
        places = sources(self.model[0]) if len(self.model) > 1 else np.arange(len(self.columns))
        summed = np.bincount(places, weights=sizes, minlength=len(self.columns))
        return shares(self.columns, summed.tolist())

    def write(self, folder: Path) -> None:
        """Write a skops archive.

        Raises
        ------
        InputError : skops cannot write the estimator
        """
        (folder / FILE).write_bytes(archive.dump(self.model))

    def _grow(self, matrix: Any, y: np.ndarray, more: dict[str, Any], options: FitOptions) -> None:
        """Fit the estimator; a forest a few trees at a time if `on_round` is to be called, which changes no tree."""
        rounds, on_round = options.rounds, options.on_round
        if rounds is not None and (_is_forest(self.model) or _is_boosted(self.model)):
            self.model.set_params(**{"n_estimators" if _is_forest(self.model) else "max_iter": rounds})
        if on_round is None or not _is_forest(self.model):
            self.model.fit(matrix, y, **more)
            if _is_boosted(self.model) and "X_val" in more:
                _cut_to_best(self.model)
            return
        every, chunk = self.model.n_estimators, max(TREES, threads())
        for grown in [*range(chunk, every, chunk), every]:
            self.model.set_params(warm_start=True, n_estimators=grown).fit(matrix, y, **more)
            if on_round(grown - 1, {}) is True:
                break
        self.model.set_params(warm_start=False)

    def _rowwise(self, matrix: Any) -> Any:
        """Make a matrix sparse that the encoder left dense, having found no column to make it sparse."""
        from scipy.sparse import csr_matrix

        return csr_matrix(matrix) if self.encoder.is_sparse else matrix

    def _watched(self, encode: Any, train_y: np.ndarray, validation: Part, balance: Balance) -> dict[str, Any]:
        """Give what scikit-learn's gradient boosting watches to stop early."""
        known = np.isin(validation[1], train_y) if self.n_classes else np.ones(len(validation[1]), dtype=bool)
        matrix = codes(validation[0], "float64")[known]
        watched = {"X_val": matrix if encode is None else encode.transform(matrix), "y_val": validation[1][known]}
        if balance == "weights":
            watched["sample_weight_val"] = weights(train_y, validation[1][known], balance)[1]
        return watched


def read(path: Path, *, task: Task, n_classes: int, columns: list[str], trusted: Sequence[str] = ()) -> Scikit:
    """Read what `Scikit.write` wrote; `trusted` names the project's own types that it may hold."""
    pipeline = archive.load(path, trusted)
    encoder = Encoder(encoding=pipeline.steps[0][0] if len(pipeline.steps) > 1 else "codes")
    return Scikit(model=pipeline, encoder=encoder, n_classes=n_classes, columns=columns)


def _by_blocks(ask: Callable[[np.ndarray], np.ndarray], matrix: np.ndarray) -> np.ndarray:
    """Predict in blocks of one size, the last one filled up, so that BLAS adds up every row in the same way."""
    padded = np.zeros((-(-len(matrix) // BLOCK) * BLOCK, matrix.shape[1]))
    padded[: len(matrix)] = matrix
    blocks = [ask(padded[start : start + BLOCK]) for start in range(0, len(padded), BLOCK)]
    return np.concatenate(blocks)[: len(matrix)]


def _is_forest(model: Any) -> bool:
    from sklearn import ensemble

    kinds = (ensemble.RandomForestClassifier, ensemble.RandomForestRegressor)
    return isinstance(model, (*kinds, ensemble.ExtraTreesClassifier, ensemble.ExtraTreesRegressor))


def _is_boosted(model: Any) -> bool:
    from sklearn import ensemble

    return isinstance(model, ensemble.HistGradientBoostingClassifier | ensemble.HistGradientBoostingRegressor)


def _cut_to_best(model: Any) -> None:
    """Drop the trees that early stopping grew after the best round, which scikit-learn keeps."""
    best = int(np.argmax(model.validation_score_))  # the first score is of no tree at all
    del model._predictors[max(best, 1) :]
