"""Gradient boosted trees by XGBoost."""

import ctypes
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from cairn.models.learners.boosted import Boosted
from cairn.models.learners.early_stopping import LOSSES, Progress
from cairn.models.learners.protocol import Part
from cairn.models.learners.threads import threads
from cairn.rows.coded import Coded, codes
from cairn.tables.source import Task

if TYPE_CHECKING:
    import pandas as pd
    import xgboost

OBJECTIVES: dict[Task, tuple[str, str]] = {  # and the loss that is watched
    "binary": ("binary:logistic", "logloss"),
    "multiclass": ("multi:softprob", "mlogloss"),
    "regression": ("reg:squarederror", "rmse"),
}
ALL_TREES = (  # how XGBoost's C library is asked for probabilities or values
    b'{"type": 0, "training": false, "iteration_begin": 0, "iteration_end": 0, "missing": NaN, '
    b'"strict_shape": false, "cache_id": 0}'
)


@dataclass(kw_only=True)
class XGBoost(Boosted):
    """Gradient boosted trees by XGBoost, with its native categories."""

    booster: "xgboost.Booster | None" = None
    _configured: Any = field(default=None, init=False, repr=False, compare=False)

    FILE: ClassVar[str] = "model.ubj"
    LIBRARY: ClassVar[str] = "xgboost"
    NAME: ClassVar[str] = "XGBoost"

    def write(self, folder: Path) -> None:
        """Write XGBoost's own binary JSON."""
        assert self.booster is not None, "fit first"
        self.booster.save_model(folder / self.FILE)

    def _dataset(self, part: Part, weight: np.ndarray | None, reference: Any) -> Any:
        import xgboost

        return xgboost.QuantileDMatrix(
            codes(part[0]),
            part[1],
            weight=weight,
            ref=reference,
            max_bin=self.params["max_bin"],
            enable_categorical=True,
            nthread=threads(),
            feature_types=["c" if dtype == "category" else "q" for dtype in part[0].dtypes],
        )

    def _train(self, datasets: dict[str, Any], rounds: int, progress: Progress, measured: list[str]) -> Any:
        import xgboost

        objective, loss = OBJECTIVES[self.task]
        settings = {**self.params, "objective": objective, "eval_metric": loss}
        if self.task == "multiclass":
            settings["num_class"] = self.n_classes
        booster = xgboost.train(
            {**settings, "tree_method": "hist", "nthread": threads()},
            datasets["train"],
            rounds,
            evals=[(datasets[part], part) for part in measured] if progress.is_needed else [],
            callbacks=[_callback(progress, loss, LOSSES[self.task])] if progress.is_needed else [],
            verbose_eval=False,
        )
        return booster[: progress.kept] if progress.is_needed else booster

    def _raw_predict(self, X: "pd.DataFrame | Coded", count: int) -> np.ndarray:
        self._set_threads(count)
        return _predict_in_place(self.booster, codes(X)).astype("float64")

    def _raw_contributions(self, X: "pd.DataFrame | Coded", count: int) -> np.ndarray:
        import xgboost

        assert self.booster is not None, "fit or load first"
        self._set_threads(count)
        kinds = self.booster.feature_types
        matrix = xgboost.DMatrix(codes(X), feature_types=kinds, enable_categorical=True, nthread=count)
        return self.booster.predict(matrix, pred_contribs=True, strict_shape=True)

    def _sizes(self) -> list[float]:
        assert self.booster is not None, "fit or load first"
        gains: dict[str, Any] = self.booster.get_score(importance_type="total_gain")
        return [float(gains.get(f"f{place}", 0.0)) for place in range(len(self.columns))]

    def _set_threads(self, count: int) -> None:
        """Set the threads of predictions if they change: XGBoost then configures itself anew, which takes time."""
        assert self.booster is not None, "fit or load first"
        if self._configured != (self.booster, count):
            self.booster.set_param({"nthread": count})
            self._configured = (self.booster, count)

    @classmethod
    def _load(cls, path: Path) -> tuple[Any, int]:
        import xgboost

        booster = xgboost.Booster(model_file=path)
        return booster, booster.num_features()

    @staticmethod
    def _count_rounds(booster: Any) -> int:
        return booster.num_boosted_rounds()

    @staticmethod
    def _library_error() -> type[Exception]:
        import xgboost

        return xgboost.core.XGBoostError


def _predict_in_place(booster: "xgboost.Booster | None", matrix: np.ndarray) -> np.ndarray:
    """Return what `booster.inplace_predict` returns, by the same function of XGBoost's C library.

    What the method does around it takes a third of the time that a server has for a row.
    Source: XGBoosterPredictFromDense of XGBoost's C API; its values stay in memory until this thread's next call.
    """
    from xgboost.core import _LIB, _check_call

    assert booster is not None, "fit or load first"
    rows = np.ascontiguousarray(matrix)
    interface = {name: rows.__array_interface__[name] for name in ("data", "typestr", "shape", "version")}
    shape, length = ctypes.POINTER(ctypes.c_uint64)(), ctypes.c_uint64()
    values = ctypes.POINTER(ctypes.c_float)()
    results = (ctypes.byref(shape), ctypes.byref(length), ctypes.byref(values))
    described = json.dumps(interface).encode()
    _check_call(_LIB.XGBoosterPredictFromDense(booster.handle, described, ALL_TREES, None, *results))
    return np.ctypeslib.as_array(values, tuple(shape[: length.value])).copy()


def _callback(progress: Progress, loss: str, name: str) -> Any:
    from xgboost.callback import TrainingCallback

    class Follow(TrainingCallback):
        def after_iteration(self, model: Any, epoch: int, evals_log: Any) -> bool:
            return progress.add({f"{part}/{name}": float(losses[loss][-1]) for part, losses in evals_log.items()})

    return Follow()
