"""Gradient boosted trees by CatBoost."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from cairn.models.learners.boosted import Boosted
from cairn.models.learners.early_stopping import LOSSES, Progress
from cairn.models.learners.protocol import OnRound, Part
from cairn.models.learners.threads import threads
from cairn.rows.coded import Coded, categories
from cairn.tables.source import Task

if TYPE_CHECKING:
    import catboost
    import pandas as pd

OBJECTIVES: dict[Task, str] = {"binary": "Logloss", "multiclass": "MultiClass", "regression": "RMSE"}
NEEDED = {"class_params"}  # metadata that a model needs; the rest holds dates, random names and thread counts


@dataclass(kw_only=True)
class CatBoost(Boosted):
    """Gradient boosted trees by CatBoost, with its own statistics of categories."""

    booster: "catboost.CatBoost | None" = None

    FILE: ClassVar[str] = "model.cbm"
    LIBRARY: ClassVar[str] = "catboost"
    NAME: ClassVar[str] = "CatBoost"

    def write(self, folder: Path) -> None:
        """Write CatBoost's own binary format, without its metadata on when and where it was grown."""
        assert self.booster is not None, "fit first"
        metadata = self.booster.get_metadata()
        for key in [key for key in metadata.keys() if key not in NEEDED]:  # noqa: SIM118
            del metadata[key]
        self.booster.save_model(str(folder / self.FILE), format="cbm")

    def _dataset(self, part: Part, weight: np.ndarray | None, reference: Any) -> Any:
        return _pool(*part, weight)

    def _train(self, datasets: dict[str, Any], rounds: int, progress: Progress, measured: list[str]) -> Any:
        import catboost

        settings = {
            **self.params,
            "iterations": rounds,
            "loss_function": OBJECTIVES[self.task],
            "use_best_model": progress.patience is not None,
            "thread_count": threads(),
            "allow_writing_files": False,
            "logging_level": "Silent",
        }
        if self.task == "multiclass":
            settings["classes_count"] = self.n_classes
        if progress.patience is not None:
            settings |= {"od_type": "Iter", "od_wait": progress.patience}
        model = catboost.CatBoost(settings)
        callback = None if progress.on_round is None else _Callback(self.task, progress.on_round)
        model.fit(datasets["train"], eval_set=datasets.get("validation"), callbacks=callback and [callback])
        if callback is not None and callback.raised is not None:
            raise callback.raised
        return model

    def _raw_predict(self, X: "pd.DataFrame | Coded", count: int) -> np.ndarray:
        assert self.booster is not None, "fit or load first"
        kind = "Probability" if self.n_classes else "RawFormulaVal"
        return np.asarray(self.booster.predict(_pool(X), prediction_type=kind, thread_count=count), dtype="float64")

    def _raw_contributions(self, X: "pd.DataFrame | Coded", count: int) -> np.ndarray:
        assert self.booster is not None, "fit or load first"
        values = self.booster.get_feature_importance(_pool(X), type="ShapValues", thread_count=count)
        return values.reshape(len(X), -1, len(self.columns) + 1)

    def _sizes(self) -> list[float]:
        """Return how much the predictions change when a column does: CatBoost's own measure."""
        assert self.booster is not None, "fit or load first"
        return self.booster.get_feature_importance(thread_count=1).tolist()

    @classmethod
    def _load(cls, path: Path) -> tuple[Any, int]:
        import catboost

        model = catboost.CatBoost()
        model.load_model(str(path), format="cbm")
        return model, len(model.feature_names_)

    @staticmethod
    def _count_rounds(booster: Any) -> int:
        return int(booster.tree_count_)

    @staticmethod
    def _library_error() -> type[Exception]:
        import catboost

        return catboost.CatBoostError


def _pool(X: "pd.DataFrame | Coded", y: np.ndarray | None = None, weight: np.ndarray | None = None) -> "catboost.Pool":
    """Return a prepared table for CatBoost: columns named by their place, missing as one more level of a category."""
    import catboost
    import pandas as pd

    if isinstance(X, Coded):
        coded = {str(place): X.matrix[:, place] for place in range(X.matrix.shape[1])}
        coded |= {str(place): np.nan_to_num(X.matrix[:, place], nan=-1).astype(int) for place in X.texts}
        return catboost.Pool(pd.DataFrame(coded), cat_features=X.texts)
    texts = categories(X)
    table: dict[str, Any] = {}
    for place, (_, values) in enumerate(X.items()):
        if place in texts:
            levels = pd.RangeIndex(-1, len(values.cat.categories))
            table[str(place)] = pd.Categorical.from_codes(values.cat.codes.to_numpy() + 1, categories=levels)
        else:
            table[str(place)] = values.to_numpy()
    return catboost.Pool(pd.DataFrame(table), label=y, weight=weight, cat_features=texts)


class _Callback:
    """Calls `on_round` after every round; an error in it is kept, since CatBoost's own code does not pass it on."""

    def __init__(self, task: Task, on_round: OnRound) -> None:
        self.loss, self.name = OBJECTIVES[task], LOSSES[task]
        self.on_round = on_round
        self.raised: BaseException | None = None

    def after_iteration(self, info: Any) -> bool:
        parts = {"train": info.metrics.get("learn"), "validation": info.metrics.get("validation")}
        measured = {f"{part}/{self.name}": float(losses[self.loss][-1]) for part, losses in parts.items() if losses}
        try:
            return self.on_round(info.iteration - 1, measured) is not True
        except BaseException as error:
            self.raised = error
            return False
