"""Gradient boosted trees by CatBoost."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from cairn.errors import InputError
from cairn.models.learners.class_weights import weights
from cairn.models.learners.contributions import Contributions, laid_out
from cairn.models.learners.early_stopping import METRICS
from cairn.models.learners.extra import require
from cairn.models.learners.protocol import Balance, OnRound, Part, first_line, nothing, shares
from cairn.models.learners.threads import FEW_EXPLAINED, FEW_ROWS, threads
from cairn.rows.coded import Coded, categories
from cairn.tables.source import Task

if TYPE_CHECKING:
    import catboost
    import pandas as pd

FILE = "model.cbm"
OBJECTIVES: dict[Task, str] = {"binary": "Logloss", "multiclass": "MultiClass", "regression": "RMSE"}
KEPT = {"class_params"}  # what of its notes a model needs; the others hold dates, random names and thread counts


@dataclass(kw_only=True)
class CatBoost:
    """Gradient boosted trees by CatBoost, with its own statistics of categories and early stopping.

    Parameters
    ----------
    params : CatBoost's own parameters
    n_estimators : rounds at most
    early_stopping_rounds : stop when the validation metric has not improved for so many rounds; None: never
    task, n_classes : what is predicted; `n_classes` is 0 for a regression
    model : the fitted trees, up to the best round
    """

    params: dict[str, Any]
    n_estimators: int
    early_stopping_rounds: int | None
    task: Task
    n_classes: int
    model: "catboost.CatBoost | None" = None
    columns: list[str] = field(default_factory=list)

    @property
    def rounds(self) -> int | None:
        """The rounds of trees that are kept."""
        return None if self.model is None else int(self.model.tree_count_)

    def fit(
        self,
        train: Part,
        validation: Part | None,
        *,
        balance: Balance,
        on_round: OnRound | None,
        matrices: dict[Any, Any] | None,
        rounds: int | None,
    ) -> "CatBoost":
        """Grow trees until the validation part gains no more, and keep those up to the best round."""
        import catboost

        cache = {} if matrices is None else matrices
        key = ("catboost", balance, validation is None)
        if key not in cache:
            first, second = weights(train[1], None if validation is None else validation[1], balance)
            cache[key] = (pool(*train, first), validation and pool(*validation, second))
        patience = None if validation is None or rounds else self.early_stopping_rounds
        follow = None if on_round is None else _Follow(self.task, on_round)
        model = catboost.CatBoost(self._settings(rounds, patience))
        try:
            model.fit(cache[key][0], eval_set=cache[key][1], callbacks=follow and [follow])
        except catboost.CatBoostError as error:
            raise InputError(f"model: {first_line(error)}") from error
        if follow is not None and follow.raised is not None:
            raise follow.raised
        self.columns, self.model = list(train[0].columns), model
        return self

    def predict(self, X: "pd.DataFrame | Coded") -> np.ndarray:
        """Give probabilities of shape (n_rows, n_classes), or values of shape (n_rows,)."""
        assert self.model is not None, "fit or load first"
        if not len(X):
            return nothing(self.n_classes)
        kind = "Probability" if self.n_classes else "RawFormulaVal"
        few = len(X) <= FEW_ROWS
        predicted = self.model.predict(pool(X), prediction_type=kind, thread_count=1 if few else threads())
        return np.asarray(predicted, dtype="float64")

    def contributions(self, X: "pd.DataFrame | Coded", background: Coded | None) -> Contributions:
        """Give exact contributions, by the trees' own paths (Lundberg et al., 2020); the background is not needed."""
        assert self.model is not None, "fit or load first"
        used = 1 if len(X) <= FEW_EXPLAINED else threads()
        told = self.model.get_feature_importance(pool(X), type="ShapValues", thread_count=used)
        return laid_out(told.reshape(len(X), -1, len(self.columns) + 1), self.n_classes)

    def importances(self) -> dict[str, float]:
        """Give each column's share of what the predictions change when the column does (CatBoost's own measure)."""
        assert self.model is not None, "fit or load first"
        return shares(self.columns, self.model.get_feature_importance(thread_count=1).tolist())

    def write(self, folder: Path) -> None:
        """Write CatBoost's own binary format, without its notes on when and where it was grown."""
        assert self.model is not None, "fit first"
        notes = self.model.get_metadata()
        for key in [key for key in notes.keys() if key not in KEPT]:  # noqa: SIM118
            del notes[key]
        self.model.save_model(str(folder / FILE), format="cbm")

    def _settings(self, rounds: int | None, patience: int | None) -> dict[str, Any]:
        settings = {
            **self.params,
            "iterations": rounds or self.n_estimators,
            "loss_function": OBJECTIVES[self.task],
            "use_best_model": patience is not None,
            "thread_count": threads(),
            "allow_writing_files": False,
            "logging_level": "Silent",
        }
        if self.task == "multiclass":
            settings["classes_count"] = self.n_classes
        return settings if patience is None else {**settings, "od_type": "Iter", "od_wait": patience}


def read(path: Path, *, task: Task, n_classes: int, columns: list[str]) -> CatBoost:
    """Read what `CatBoost.write` wrote.

    Raises
    ------
    InputError : CatBoost cannot read it or is not installed, or it was made for another number of columns
    """
    require("catboost")
    import catboost

    model = catboost.CatBoost()
    try:
        model.load_model(str(path), format="cbm")
    except catboost.CatBoostError as error:
        raise InputError(f"{path}: broken, CatBoost cannot read it; fetch or train the model anew") from error
    if len(model.feature_names_) != len(columns):
        raise InputError(f"{path}: made for {len(model.feature_names_)} columns; the signature has {len(columns)}")
    return CatBoost(
        params={},
        n_estimators=model.tree_count_,
        early_stopping_rounds=None,
        task=task,
        n_classes=n_classes,
        model=model,
        columns=columns,
    )


def pool(X: "pd.DataFrame | Coded", y: np.ndarray | None = None, weight: np.ndarray | None = None) -> "catboost.Pool":
    """Give a prepared frame as CatBoost takes it: columns by their place, a missing category as a level of its own."""
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
            known = pd.RangeIndex(-1, len(values.cat.categories))
            table[str(place)] = pd.Categorical.from_codes(values.cat.codes.to_numpy() + 1, categories=known)
        else:
            table[str(place)] = values.to_numpy()
    return catboost.Pool(pd.DataFrame(table), label=y, weight=weight, cat_features=texts)


class _Follow:
    """Tells `on_round` of every round; what it raises is kept, since CatBoost's own code does not pass it on."""

    def __init__(self, task: Task, on_round: OnRound) -> None:
        self.metric, self.shown = OBJECTIVES[task], METRICS[task][1]
        self.on_round = on_round
        self.raised: BaseException | None = None

    def after_iteration(self, info: Any) -> bool:
        named = {"train": info.metrics.get("learn"), "validation": info.metrics.get("validation")}
        measured = {f"{part}/{self.shown}": float(each[self.metric][-1]) for part, each in named.items() if each}
        try:
            return self.on_round(info.iteration - 1, measured) is not True
        except BaseException as error:
            self.raised = error
            return False
