"""Gradient boosted trees by XGBoost."""

import ctypes
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from cairn.errors import InputError
from cairn.models.learners.class_weights import weights
from cairn.models.learners.contributions import Contributions, laid_out
from cairn.models.learners.early_stopping import METRICS, Progress, watched
from cairn.models.learners.protocol import Balance, OnRound, Part, first_line, nothing, shares
from cairn.models.learners.threads import FEW_EXPLAINED, FEW_ROWS, threads
from cairn.rows.coded import Coded, codes
from cairn.tables.source import Task

if TYPE_CHECKING:
    import pandas as pd
    import xgboost

FILE = "model.ubj"
ALL_TREES = (  # XGBoost's way to be asked for probabilities or values
    b'{"type": 0, "training": false, "iteration_begin": 0, "iteration_end": 0, "missing": NaN, '
    b'"strict_shape": false, "cache_id": 0}'
)


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
    _told: Any = field(default=None, init=False, repr=False, compare=False)

    @property
    def rounds(self) -> int | None:
        """The rounds of trees that are kept."""
        return None if self.booster is None else self.booster.num_boosted_rounds()

    def fit(
        self,
        train: Part,
        validation: Part | None,
        *,
        balance: Balance,
        on_round: OnRound | None,
        matrices: dict[Any, Any] | None,
        rounds: int | None,
    ) -> "Boosting":
        """Grow trees until the validation part gains no more, and keep those up to the best round."""
        import xgboost

        metric, shown = METRICS[self.task]
        cache = {} if matrices is None else matrices
        key = ("xgboost", self.params["max_bin"], balance, validation is None)
        if key not in cache:
            cache[key] = self._quantised(train, validation, balance)
        patience = None if validation is None or rounds else self.early_stopping_rounds
        progress = Progress(patience, on_round, f"validation/{shown}")
        watching = patience is not None or on_round is not None
        try:
            booster = xgboost.train(
                self._settings(),
                cache[key]["train"],
                rounds or self.n_estimators,
                evals=[(cache[key][part], part) for part in watched(cache[key], matrices)] if watching else [],
                callbacks=[_following(progress, metric, shown)] if watching else [],
                verbose_eval=False,
            )
        except xgboost.core.XGBoostError as error:
            raise InputError(f"model: {first_line(error)}") from error
        self.columns = list(train[0].columns)
        self.booster = booster[: progress.kept] if watching else booster
        return self

    def predict(self, X: "pd.DataFrame | Coded") -> np.ndarray:
        """Give probabilities of shape (n_rows, n_classes), or values of shape (n_rows,)."""
        assert self.booster is not None, "fit or load first"
        if not len(X):
            return nothing(self.n_classes)
        self._use(1 if len(X) <= FEW_ROWS else threads())
        predicted = _inplace(self.booster, codes(X)).astype("float64")
        return np.stack([1 - predicted, predicted], axis=1) if self.task == "binary" else predicted

    def contributions(self, X: "pd.DataFrame | Coded", background: Coded | None) -> Contributions:
        """Give exact contributions, by the trees' own paths (Lundberg et al., 2020); the background is not needed."""
        import xgboost

        assert self.booster is not None, "fit or load first"
        used = 1 if len(X) <= FEW_EXPLAINED else threads()
        self._use(used)
        kinds = self.booster.feature_types
        matrix = xgboost.DMatrix(codes(X), feature_types=kinds, enable_categorical=True, nthread=used)
        return laid_out(self.booster.predict(matrix, pred_contribs=True, strict_shape=True), self.n_classes)

    def importances(self) -> dict[str, float]:
        """Give each column's share of the gain of all splits."""
        assert self.booster is not None, "fit or load first"
        gains: dict[str, Any] = self.booster.get_score(importance_type="total_gain")
        return shares(self.columns, [float(gains.get(f"f{place}", 0.0)) for place in range(len(self.columns))])

    def write(self, folder: Path) -> None:
        """Write XGBoost's own binary JSON."""
        assert self.booster is not None, "fit first"
        self.booster.save_model(folder / FILE)

    def _use(self, count: int) -> None:
        """Predict by so many threads; saying it anew would make XGBoost configure itself for each prediction."""
        assert self.booster is not None
        if self._told != (self.booster, count):
            self.booster.set_param({"nthread": count})
            self._told = (self.booster, count)

    def _settings(self) -> dict[str, Any]:
        objective = {"binary": "binary:logistic", "multiclass": "multi:softprob", "regression": "reg:squarederror"}
        settings = {**self.params, "objective": objective[self.task], "eval_metric": METRICS[self.task][0]}
        if self.task == "multiclass":
            settings["num_class"] = self.n_classes
        return {**settings, "tree_method": "hist", "nthread": threads()}

    def _quantised(self, train: Part, validation: Part | None, balance: Balance) -> dict[str, Any]:
        import xgboost

        settings = {"max_bin": self.params["max_bin"], "enable_categorical": True, "nthread": threads()}
        settings["feature_types"] = ["c" if dtype == "category" else "q" for dtype in train[0].dtypes]
        first, second = weights(train[1], None if validation is None else validation[1], balance)
        grown = xgboost.QuantileDMatrix(codes(train[0]), train[1], weight=first, **settings)
        if validation is None:
            return {"train": grown}
        other = xgboost.QuantileDMatrix(codes(validation[0]), validation[1], weight=second, ref=grown, **settings)
        return {"train": grown, "validation": other}


def read(path: Path, *, task: Task, n_classes: int, columns: list[str]) -> Boosting:
    """Read what `Boosting.write` wrote.

    Raises
    ------
    InputError : XGBoost cannot read it, or it was made for another number of columns
    """
    import xgboost

    try:
        booster = xgboost.Booster(model_file=path)
    except (xgboost.core.XGBoostError, UnicodeDecodeError) as error:  # the message may quote the broken bytes
        raise InputError(f"{path}: broken, XGBoost cannot read it; fetch or train the model anew") from error
    if booster.num_features() != len(columns):
        raise InputError(f"{path}: made for {booster.num_features()} columns; the signature has {len(columns)}")
    return Boosting(
        params={},
        n_estimators=booster.num_boosted_rounds(),
        early_stopping_rounds=None,
        task=task,
        n_classes=n_classes,
        booster=booster,
        columns=columns,
    )


def _inplace(booster: "xgboost.Booster", matrix: np.ndarray) -> np.ndarray:
    """Give what `booster.inplace_predict` gives, by the same function of XGBoost's C library.

    What the method does around it takes a third of the time that a server has for a row.
    Source: XGBoosterPredictFromDense of XGBoost's C API; its values stand in memory until this thread's next call.
    """
    from xgboost.core import _LIB, _check_call

    rows = np.ascontiguousarray(matrix)
    given = {name: rows.__array_interface__[name] for name in ("data", "typestr", "shape", "version")}
    shape, length = ctypes.POINTER(ctypes.c_uint64)(), ctypes.c_uint64()
    values = ctypes.POINTER(ctypes.c_float)()
    found = (ctypes.byref(shape), ctypes.byref(length), ctypes.byref(values))
    _check_call(_LIB.XGBoosterPredictFromDense(booster.handle, json.dumps(given).encode(), ALL_TREES, None, *found))
    return np.ctypeslib.as_array(values, tuple(shape[: length.value])).copy()


def _following(progress: Progress, metric: str, shown: str) -> Any:
    from xgboost.callback import TrainingCallback

    class Follow(TrainingCallback):
        def after_iteration(self, model: Any, epoch: int, evals_log: Any) -> bool:
            return progress.ended({f"{part}/{shown}": float(each[metric][-1]) for part, each in evals_log.items()})

    return Follow()
