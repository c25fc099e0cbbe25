"""The model families: one function for each file of conf/model, whose keyword arguments are that file's keys.

A file may also name any class that works like scikit-learn's, such as `sklearn.neighbors.KNeighborsClassifier`; its
keys are then the arguments of that class, and what the class lacks is added: imputation, encoding of categories,
probabilities.
"""

import inspect
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, get_args

import numpy as np

from cairn.config import locate
from cairn.errors import InputError, did_you_mean
from cairn.models.families import (
    catboost,
    dummy,
    extra_trees,
    hist_gradient_boosting,
    lightgbm,
    linear,
    random_forest,
    xgboost,
)
from cairn.models.learners.extra import is_installed
from cairn.models.learners.protocol import Balance, Estimator, FitOptions, OnRound, Part
from cairn.models.learners.resample import smote
from cairn.models.scikit_like import GIVEN, make, require_known
from cairn.models.space import check as check_space
from cairn.models.space import within
from cairn.tables.source import Task

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "Estimator",
    "build",
    "catboost",
    "dummy",
    "extra_trees",
    "fit",
    "hist_gradient_boosting",
    "importances",
    "lightgbm",
    "linear",
    "predict",
    "random_forest",
    "xgboost",
]

RESERVED = {"_target_", "balance", "space", "starts", "finish"}  # keys of a model's file that are not arguments


def build(node: Mapping[str, Any], *, task: Task, n_classes: int, seed: int) -> Estimator:
    """Build the estimator that a node of conf/model names.

    Parameters
    ----------
    node : `_target_`, its arguments, and the keys of Cairn's own (`RESERVED`)
    task : what is predicted
    n_classes : how many classes; 0 for a regression
    seed : makes the fit repeatable

    Raises
    ------
    InputError : no such class, an argument that it does not have, or a class for another task
    """
    target = locate(node["_target_"])
    settings = {key: value for key, value in node.items() if key not in RESERVED}
    if isinstance(target, type):
        return make(node["_target_"], target, settings, task=task, n_classes=n_classes, seed=seed)
    require_known(target, settings)
    estimator: Estimator = target(**settings, task=task, n_classes=n_classes, seed=seed)
    return estimator


def installed(node: Mapping[str, Any]) -> bool:
    """Return True if the library that a node of conf/model needs is installed; only the extras can be missing."""
    return is_installed(node["_target_"].removeprefix(__name__ + "."))


def check(node: Mapping[str, Any]) -> None:
    """Check the keys of a model's node that are not arguments.

    Raises
    ------
    InputError : `balance` is not valid, `space` or `starts` names no argument, or a range or start is not valid
    """
    _require_balance("balance", node.get("balance", "none"))
    parameters = inspect.signature(locate(node["_target_"])).parameters
    arguments = [*(key for key in parameters if key not in GIVEN), "balance"]
    space = node.get("space") or {}
    check_space(space, arguments)
    for value in space.get("balance", {}).get("choices", []):
        _require_balance("space.balance", value)
    for number, start in enumerate(node.get("starts") or []):
        _check_start(f"starts[{number}]", start, space, arguments)
    for number, change in enumerate(node.get("finish") or []):
        _check_start(f"finish[{number}]", change, {}, arguments)


def fit(
    estimator: Estimator,
    train_X: "pd.DataFrame",
    train_y: np.ndarray,
    validation_X: "pd.DataFrame | None" = None,
    validation_y: np.ndarray | None = None,
    *,
    balance: Balance = "none",
    on_round: OnRound | None = None,
    matrices: dict[Any, Any] | None = None,
    rounds: int | None = None,
) -> Estimator:
    """Fit an estimator on the training part; boosting stops early by the validation part.

    Parameters
    ----------
    estimator : of `build`; it is fitted in place
    train_X, validation_X : frames of a signature, of shape (n_rows, n_columns); without a validation part all rounds
        are grown
    train_y, validation_y : labels of a signature, of shape (n_rows,)
    balance : `weights`: every class of the training part weighs the same, in both parts; `smote`: new rows of the
        rare classes are made for the training part (`resample.smote`)
    on_round : called by boosted trees after each round with its number, from 0, and such as
        `{"train/log_loss": 0.31, "validation/log_loss": 0.33}` (`rmse` for a regression), and by forests after every
        few trees with no figures; True ends the fit, which keeps what it has so far, and an error in it ends the fit
    matrices : an empty dict that a search passes to every fit on the same rows, so that they are binned once; then
        only the validation part is measured after each round
    rounds : grow exactly this many rounds, or trees of a forest; None: by the model's own settings

    Raises
    ------
    InputError : a setting out of range, or a balance for a regression
    """
    validation: Part | None = None
    if validation_X is not None and validation_y is not None:
        validation = (validation_X, validation_y)
    if balance != "none" and not estimator.n_classes:
        raise InputError(f"model.balance: {balance} is for classes, and a regression has none; use balance: none")
    train = _resample((train_X, train_y), matrices) if balance == "smote" else (train_X, train_y)
    options = FitOptions(balance=balance, on_round=on_round, matrices=matrices, rounds=rounds)
    return estimator.fit(train, validation, options)


def _resample(train: Part, matrices: dict[Any, Any] | None) -> Part:
    cache = {} if matrices is None else matrices
    if "smote" not in cache:
        cache["smote"] = smote(*train)
    resampled: Part = cache["smote"]
    return resampled


def predict(estimator: Estimator, X: "pd.DataFrame") -> np.ndarray:
    """Return probabilities of shape (n_rows, n_classes), or values of shape (n_rows,) for a regression.

    A row's prediction is the same to the last bit whatever the rows beside it.
    """
    return estimator.predict(X)


def importances(estimator: Estimator) -> dict[str, float]:
    """Return each column's importance as a share, the largest first; empty for models that have none."""
    return estimator.importances()


def _require_balance(where: str, value: Any) -> None:
    if value not in get_args(Balance):
        raise InputError(f"{where}: {value!r} is not a valid choice {did_you_mean(str(value), get_args(Balance))}")


def _check_start(where: str, start: Any, space: Mapping[str, Any], arguments: list[str]) -> None:
    if not isinstance(start, Mapping):
        raise InputError(f"{where}: {start!r} must be a mapping of parameters, such as {{max_depth: 4}}")
    for name, value in start.items():
        if name not in arguments:
            raise InputError(f"{where}.{name}: no such key {did_you_mean(name, arguments)}")
        if name in space and not within(space, {name: value}):
            raise InputError(f"{where}.{name}: {value!r} is outside space.{name}")
