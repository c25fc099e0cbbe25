"""Gradient boosted trees by LightGBM."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from cairn.errors import InputError
from cairn.models.learners.class_weights import weights
from cairn.models.learners.contributions import Contributions, laid_out
from cairn.models.learners.early_stopping import METRICS, Progress, watched
from cairn.models.learners.extra import require
from cairn.models.learners.protocol import Balance, OnRound, Part, first_line, nothing, shares
from cairn.models.learners.threads import FEW_EXPLAINED, FEW_ROWS, threads
from cairn.rows.coded import Coded, categories, codes
from cairn.tables.source import Task

if TYPE_CHECKING:
    import lightgbm
    import pandas as pd

FILE = "model.lightgbm"
OBJECTIVES: dict[Task, tuple[str, str]] = {  # and the figure that is watched
    "binary": ("binary", "binary_logloss"),
    "multiclass": ("multiclass", "multi_logloss"),
    "regression": ("regression", "rmse"),
}
END = "\nend of trees\n"  # what follows says how the trees were grown: threads and the like


@dataclass(kw_only=True)
class LightGBM:
    """Gradient boosted trees by LightGBM, with its native categories and early stopping.

    Parameters
    ----------
    params : LightGBM's own parameters
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
    booster: "lightgbm.Booster | None" = None
    columns: list[str] = field(default_factory=list)

    @property
    def rounds(self) -> int | None:
        """The rounds of trees that are kept."""
        return None if self.booster is None else self.booster.current_iteration()

    def fit(
        self,
        train: Part,
        validation: Part | None,
        *,
        balance: Balance,
        on_round: OnRound | None,
        matrices: dict[Any, Any] | None,
        rounds: int | None,
    ) -> "LightGBM":
        """Grow trees until the validation part gains no more, and keep those up to the best round."""
        import lightgbm

        cache = {} if matrices is None else matrices
        key = ("lightgbm", self.params["max_bin"], balance, validation is None)
        if key not in cache:
            cache[key] = self._binned(train, validation, balance)
        patience = None if validation is None or rounds else self.early_stopping_rounds
        shown = METRICS[self.task][1]
        progress = Progress(patience, on_round, f"validation/{shown}")
        watching = patience is not None or on_round is not None
        parts = watched(cache[key], matrices)
        try:
            self.booster = lightgbm.train(
                self._settings(),
                cache[key]["train"],
                rounds or self.n_estimators,
                valid_sets=[cache[key][part] for part in parts] if watching else None,
                valid_names=parts if watching else None,
                callbacks=[_following(progress, shown)] if watching else None,
            )
        except lightgbm.basic.LightGBMError as error:
            raise InputError(f"model: {first_line(error)}") from error
        self.columns = list(train[0].columns)
        return self

    def predict(self, X: "pd.DataFrame | Coded") -> np.ndarray:
        """Give probabilities of shape (n_rows, n_classes), or values of shape (n_rows,)."""
        assert self.booster is not None, "fit or load first"
        if not len(X):
            return nothing(self.n_classes)
        few = len(X) <= FEW_ROWS
        predicted = np.asarray(self.booster.predict(codes(X, "float64"), num_threads=1 if few else threads()))
        return np.column_stack([1 - predicted, predicted]) if self.task == "binary" else predicted

    def contributions(self, X: "pd.DataFrame | Coded", background: Coded | None) -> Contributions:
        """Give exact contributions, by the trees' own paths (Lundberg et al., 2020); the background is not needed."""
        assert self.booster is not None, "fit or load first"
        used = 1 if len(X) <= FEW_EXPLAINED else threads()
        told = np.asarray(self.booster.predict(codes(X, "float64"), pred_contrib=True, num_threads=used))
        return laid_out(told.reshape(len(X), -1, len(self.columns) + 1), self.n_classes)

    def importances(self) -> dict[str, float]:
        """Give each column's share of the gain of all splits."""
        assert self.booster is not None, "fit or load first"
        return shares(self.columns, self.booster.feature_importance("gain").tolist())

    def write(self, folder: Path) -> None:
        """Write LightGBM's own text, without the settings of the machine that it was grown on."""
        assert self.booster is not None, "fit first"
        text = self.booster.model_to_string(num_iteration=-1)
        (folder / FILE).write_text(text.partition(END)[0] + END, encoding="utf-8")

    def _settings(self) -> dict[str, Any]:
        objective, metric = OBJECTIVES[self.task]
        settings = {**self.params, **_binning(self.params["max_bin"]), "objective": objective, "metric": metric}
        if self.task == "multiclass":
            settings["num_class"] = self.n_classes
        return {**settings, "deterministic": True, "force_col_wise": True}

    def _binned(self, train: Part, validation: Part | None, balance: Balance) -> dict[str, Any]:
        import lightgbm

        first, second = weights(train[1], None if validation is None else validation[1], balance)
        settings: dict[str, Any] = {"params": _binning(self.params["max_bin"])}
        settings["categorical_feature"] = categories(train[0])
        grown = lightgbm.Dataset(codes(train[0], "float64"), train[1], weight=first, **settings)
        if validation is None:
            return {"train": grown}
        matrix = codes(validation[0], "float64")
        other = lightgbm.Dataset(matrix, validation[1], weight=second, reference=grown, **settings)
        return {"train": grown, "validation": other}


def read(path: Path, *, task: Task, n_classes: int, columns: list[str]) -> LightGBM:
    """Read what `LightGBM.write` wrote.

    Raises
    ------
    InputError : LightGBM cannot read it or is not installed, or it was made for another number of columns
    """
    require("lightgbm")
    import lightgbm

    try:
        text = path.read_text(encoding="utf-8")
        if not (text.startswith("tree\n") and text.endswith(END)):
            raise ValueError
        booster = lightgbm.Booster(model_str=text)
    except (lightgbm.basic.LightGBMError, ValueError) as error:
        raise InputError(f"{path}: broken, LightGBM cannot read it; fetch or train the model anew") from error
    if booster.num_feature() != len(columns):
        raise InputError(f"{path}: made for {booster.num_feature()} columns; the signature has {len(columns)}")
    return LightGBM(
        params={},
        n_estimators=booster.current_iteration(),
        early_stopping_rounds=None,
        task=task,
        n_classes=n_classes,
        booster=booster,
        columns=columns,
    )


def _binning(max_bin: int) -> dict[str, Any]:
    """Give the settings on which the bins depend; the same for every fit on the same rows."""
    quiet = {"verbosity": -1, "num_threads": threads()}
    return {"max_bin": max_bin, "data_random_seed": 1, "feature_pre_filter": False, **quiet}


def _following(progress: Progress, shown: str) -> Callable[[Any], None]:
    from lightgbm.callback import EarlyStopException

    def follow(env: Any) -> None:
        measured = {f"{each.dataset_name}/{shown}": float(each.metric_value) for each in env.evaluation_result_list}
        ended = progress.ended(measured)
        if ended or env.iteration == env.end_iteration - 1:
            raise EarlyStopException(progress.kept - 1, env.evaluation_result_list)

    return follow
