"""Gradient boosted trees by LightGBM."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from cairn.models.learners.boosted import Boosted
from cairn.models.learners.early_stopping import LOSSES, Progress
from cairn.models.learners.protocol import Part
from cairn.models.learners.threads import threads
from cairn.rows.coded import Coded, categories, codes
from cairn.tables.source import Task

if TYPE_CHECKING:
    import lightgbm
    import pandas as pd

OBJECTIVES: dict[Task, tuple[str, str]] = {  # and the loss that is watched
    "binary": ("binary", "binary_logloss"),
    "multiclass": ("multiclass", "multi_logloss"),
    "regression": ("regression", "rmse"),
}
END = "\nend of trees\n"  # what follows are settings of the machine: threads and the like


@dataclass(kw_only=True)
class LightGBM(Boosted):
    """Gradient boosted trees by LightGBM, with its native categories."""

    booster: "lightgbm.Booster | None" = None

    FILE: ClassVar[str] = "model.lightgbm"
    LIBRARY: ClassVar[str] = "lightgbm"
    NAME: ClassVar[str] = "LightGBM"

    def write(self, folder: Path) -> None:
        """Write LightGBM's own text, without the settings of the machine that it was grown on."""
        assert self.booster is not None, "fit first"
        text = self.booster.model_to_string(num_iteration=-1)
        (folder / self.FILE).write_text(text.partition(END)[0] + END, encoding="utf-8")

    def _dataset(self, part: Part, weight: np.ndarray | None, reference: Any) -> Any:
        import lightgbm

        return lightgbm.Dataset(
            codes(part[0], "float64"),
            part[1],
            weight=weight,
            reference=reference,
            params=_binning(self.params["max_bin"]),
            categorical_feature=categories(part[0]),
        )

    def _train(self, datasets: dict[str, Any], rounds: int, progress: Progress, measured: list[str]) -> Any:
        import lightgbm

        objective, loss = OBJECTIVES[self.task]
        settings = {**self.params, **_binning(self.params["max_bin"]), "objective": objective, "metric": loss}
        if self.task == "multiclass":
            settings["num_class"] = self.n_classes
        return lightgbm.train(
            {**settings, "deterministic": True, "force_col_wise": True},
            datasets["train"],
            rounds,
            valid_sets=[datasets[part] for part in measured] if progress.is_needed else None,
            valid_names=measured if progress.is_needed else None,
            callbacks=[_callback(progress, LOSSES[self.task])] if progress.is_needed else None,
        )

    def _raw_predict(self, X: "pd.DataFrame | Coded", count: int) -> np.ndarray:
        assert self.booster is not None, "fit or load first"
        return np.asarray(self.booster.predict(codes(X, "float64"), num_threads=count))

    def _raw_contributions(self, X: "pd.DataFrame | Coded", count: int) -> np.ndarray:
        assert self.booster is not None, "fit or load first"
        values = np.asarray(self.booster.predict(codes(X, "float64"), pred_contrib=True, num_threads=count))
        return values.reshape(len(X), -1, len(self.columns) + 1)

    def _sizes(self) -> list[float]:
        assert self.booster is not None, "fit or load first"
        return self.booster.feature_importance("gain").tolist()

    @classmethod
    def _load(cls, path: Path) -> tuple[Any, int]:
        import lightgbm

        text = path.read_text(encoding="utf-8")
        if not (text.startswith("tree\n") and text.endswith(END)):
            raise ValueError("a part of the text is missing")
        booster = lightgbm.Booster(model_str=text)
        return booster, booster.num_feature()

    @staticmethod
    def _count_rounds(booster: Any) -> int:
        return booster.current_iteration()

    @staticmethod
    def _library_error() -> type[Exception]:
        import lightgbm

        return lightgbm.basic.LightGBMError


def _binning(max_bin: int) -> dict[str, Any]:
    """Return the settings on which the bins depend; they are the same for every fit on the same rows."""
    quiet = {"verbosity": -1, "num_threads": threads()}
    return {"max_bin": max_bin, "data_random_seed": 1, "feature_pre_filter": False, **quiet}


def _callback(progress: Progress, name: str) -> Callable[[Any], None]:
    from lightgbm.callback import EarlyStopException

    def follow(env: Any) -> None:
        results = env.evaluation_result_list
        ended = progress.add({f"{result.dataset_name}/{name}": float(result.metric_value) for result in results})
        if ended or env.iteration == env.end_iteration - 1:
            raise EarlyStopException(progress.kept - 1, results)

    return follow
