"""The model families: one function for each file of conf/model, whose keyword arguments are that file's keys.

A file may also name any class that works like scikit-learn's, such as `sklearn.neighbors.KNeighborsClassifier`; its
keys are then the arguments of that class, and what the class lacks (filled gaps, numbers for categories,
probabilities) is supplied.
"""

import inspect
import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal, get_args

import numpy as np

from pipeline.config import locate
from pipeline.data.source import Task
from pipeline.errors import InputError, did_you_mean
from pipeline.modeling.learners import Balance, Boosting, OnRound, Scikit

if TYPE_CHECKING:
    import pandas as pd

Estimator = Boosting | Scikit

RESERVED = {"_target_", "balance", "space"}  # keys of a model's file that are no arguments
GIVEN = ("task", "n_classes", "seed")  # arguments that no file gives
RANGE = ("low", "high", "log", "step", "choices")  # keys of a parameter's range in `space`


def build(node: Mapping[str, Any], *, task: Task, n_classes: int, seed: int) -> Estimator:
    """Make the estimator that a node of conf/model names.

    Parameters
    ----------
    node : `_target_`, its arguments, and the keys that are not for it (`balance`, `space`)
    task : what is predicted
    n_classes : how many classes; 0 for a regression
    seed : makes the fit repeatable

    Raises
    ------
    InputError : no such class, an argument that it does not have, or a class that is for another task
    """
    target = locate(node["_target_"])
    settings = {key: value for key, value in node.items() if key not in RESERVED}
    if isinstance(target, type):
        return _scikit(node["_target_"], target, settings, task=task, n_classes=n_classes, seed=seed)
    _require_known(target, settings)
    made: Estimator = target(**settings, task=task, n_classes=n_classes, seed=seed)
    return made


def check(node: Mapping[str, Any]) -> None:
    """Look at the keys of a model's node that are no arguments.

    Raises
    ------
    InputError : `balance` is no choice, or `space` names no argument or makes no range
    """
    if node.get("balance", "none") not in get_args(Balance):
        raise InputError(
            f"balance: {node['balance']!r} is no choice {did_you_mean(node['balance'], get_args(Balance))}"
        )
    arguments = [key for key in inspect.signature(locate(node["_target_"])).parameters if key not in GIVEN]
    for name, said in (node.get("space") or {}).items():
        if name not in arguments:
            raise InputError(f"space.{name}: no such key for {node['_target_']} {did_you_mean(name, arguments)}")
        for key in said:
            if key not in RANGE:
                raise InputError(f"space.{name}: no such key {key!r} {did_you_mean(key, RANGE)}")
        if "choices" not in said and not {"low", "high"} <= set(said):
            raise InputError(f"space.{name}: give low and high, or choices")
        if "choices" not in said and said["low"] > said["high"]:
            raise InputError(f"space.{name}: low {said['low']} is above high {said['high']}")


def fit(
    estimator: Estimator,
    train_X: "pd.DataFrame",
    train_y: np.ndarray,
    validation_X: "pd.DataFrame",
    validation_y: np.ndarray,
    *,
    balance: Balance = "none",
    on_round: OnRound | None = None,
    matrices: dict[Any, Any] | None = None,
) -> Estimator:
    """Fit an estimator on the training part, and stop early by the validation part where it can.

    Parameters
    ----------
    estimator : what `build` made; it is fitted in place
    train_X, validation_X : frames of a signature, of shape (n_rows, n_columns)
    train_y, validation_y : labels of a signature, of shape (n_rows,)
    balance : `weights`: every class of the training part weighs the same, in both parts
    on_round : called by XGBoost after each round with its number, from 0, and such as
        `{"train/log_loss": 0.31, "validation/log_loss": 0.33}` (`rmse` for a regression); what it raises ends the fit
    matrices : an empty dict that a search gives to every fit on the same rows, so that XGBoost bins them once

    Raises
    ------
    InputError : a setting out of range, or weights where there can be none
    """
    train, validation = (train_X, train_y), (validation_X, validation_y)
    if balance == "weights" and not estimator.n_classes:
        raise InputError("model.balance: weights are for classes, and a regression has none; say balance: none")
    return estimator.fit(train, validation, balance=balance, on_round=on_round, matrices=matrices)


def predict(estimator: Estimator, X: "pd.DataFrame") -> np.ndarray:
    """Give probabilities of shape (n_rows, n_classes), or values of shape (n_rows,) for a regression.

    A row's prediction is the same to the last bit whatever the rows beside it.
    """
    return estimator.predict(X)


def importances(estimator: Estimator) -> dict[str, float]:
    """Give each column's share of what the model learnt, the largest first; empty for models that do not say."""
    return estimator.importances()


def xgboost(
    *,
    n_estimators: int = 2000,
    early_stopping_rounds: int | None = 30,
    learning_rate: float = 0.1,
    max_depth: int = 6,
    min_child_weight: float = 1.0,
    subsample: float = 1.0,
    colsample_bytree: float = 1.0,
    reg_lambda: float = 1.0,
    reg_alpha: float = 0.0,
    gamma: float = 0.0,
    max_bin: int = 256,
    max_cat_to_onehot: int = 4,
    max_cat_threshold: int = 64,
    task: Task,
    n_classes: int,
    seed: int,
) -> Boosting:
    """Boost trees by XGBoost; the arguments are its own."""
    params = {
        "learning_rate": learning_rate,
        "max_depth": max_depth,
        "min_child_weight": min_child_weight,
        "subsample": subsample,
        "colsample_bytree": colsample_bytree,
        "reg_lambda": reg_lambda,
        "reg_alpha": reg_alpha,
        "gamma": gamma,
        "max_bin": max_bin,
        "max_cat_to_onehot": max_cat_to_onehot,
        "max_cat_threshold": max_cat_threshold,
        "seed": seed,
    }
    return Boosting(
        params=params,
        n_estimators=n_estimators,
        early_stopping_rounds=early_stopping_rounds,
        task=task,
        n_classes=n_classes,
    )


def hist_gradient_boosting(
    *,
    max_iter: int = 1000,
    early_stopping_rounds: int = 20,
    learning_rate: float = 0.1,
    max_leaf_nodes: int = 31,
    min_samples_leaf: int = 20,
    l2_regularization: float = 0.0,
    max_features: float = 1.0,
    task: Task,
    n_classes: int,
    seed: int,
) -> Scikit:
    """Boost trees by scikit-learn's histograms; it stops early by the validation part."""
    from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor

    model = (HistGradientBoostingClassifier if n_classes else HistGradientBoostingRegressor)(
        max_iter=max_iter,
        learning_rate=learning_rate,
        max_leaf_nodes=max_leaf_nodes,
        min_samples_leaf=min_samples_leaf,
        l2_regularization=l2_regularization,
        max_features=max_features,
        early_stopping=True,
        n_iter_no_change=early_stopping_rounds,
        random_state=seed,
    )
    return Scikit(model=model, encoding="native", n_classes=n_classes)


def random_forest(
    *,
    n_estimators: int = 300,
    max_depth: int | None = None,
    min_samples_leaf: int = 5,
    max_features: float | Literal["sqrt", "log2"] = "sqrt",
    task: Task,
    n_classes: int,
    seed: int,
) -> Scikit:
    """Grow a random forest; a category is the place of its level in sorted order."""
    from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor

    model = (RandomForestClassifier if n_classes else RandomForestRegressor)(
        n_estimators=n_estimators,
        max_depth=max_depth,
        min_samples_leaf=min_samples_leaf,
        max_features=max_features,
        n_jobs=-1,
        random_state=seed,
    )
    return Scikit(model=model, encoding="codes", n_classes=n_classes)


def extra_trees(
    *,
    n_estimators: int = 300,
    max_depth: int | None = None,
    min_samples_leaf: int = 5,
    max_features: float | Literal["sqrt", "log2"] = 1.0,
    task: Task,
    n_classes: int,
    seed: int,
) -> Scikit:
    """Grow extremely randomised trees (Geurts, Ernst and Wehenkel, 2006); categories as in the random forest."""
    from sklearn.ensemble import ExtraTreesClassifier, ExtraTreesRegressor

    model = (ExtraTreesClassifier if n_classes else ExtraTreesRegressor)(
        n_estimators=n_estimators,
        max_depth=max_depth,
        min_samples_leaf=min_samples_leaf,
        max_features=max_features,
        n_jobs=-1,
        random_state=seed,
    )
    return Scikit(model=model, encoding="codes", n_classes=n_classes)


def linear(
    *, C: float = 1.0, max_iter: int = 1000, min_frequency: int = 10, task: Task, n_classes: int, seed: int
) -> Scikit:
    """Fit a logistic regression, or a ridge regression with the penalty 1 / C, on one-hot categories."""
    from sklearn.linear_model import LogisticRegression, Ridge

    if C <= 0:
        raise InputError(f"model.C: {C} is not above 0; the smaller it is, the stronger the penalty")
    model = (
        LogisticRegression(C=C, max_iter=max_iter)
        if n_classes
        else Ridge(alpha=1 / C, max_iter=max_iter, solver="sparse_cg", tol=1e-8)
    )
    return Scikit(model=model, encoding="sparse", n_classes=n_classes, min_frequency=min_frequency)


def dummy(*, task: Task, n_classes: int, seed: int) -> Scikit:
    """Say the same for every row: how often each class came in training, or the mean; what any model must beat."""
    from sklearn.dummy import DummyClassifier, DummyRegressor

    model = DummyClassifier(strategy="prior") if n_classes else DummyRegressor(strategy="mean")
    return Scikit(model=model, encoding="codes", n_classes=n_classes)


def _scikit(name: str, target: type, settings: dict[str, Any], *, task: Task, n_classes: int, seed: int) -> Scikit:
    """Make an estimator of any class that works like scikit-learn's."""
    from sklearn.base import is_classifier, is_regressor
    from sklearn.calibration import CalibratedClassifierCV

    where = f"model._target_: {name}"
    if not all(hasattr(target, name) for name in ("fit", "predict", "get_params")):
        raise InputError(f"{where} does not work like scikit-learn's estimators (fit, predict, get_params)")
    _require_known(target, settings)
    try:
        model = target(**{key: _made(value) for key, value in settings.items()})
    except TypeError as error:
        raise InputError(f"{where}: {error}") from error
    if not (is_classifier(model) if n_classes else is_regressor(model)):
        wanted = "Classifier" if n_classes else "Regressor"
        names = [each for each in dir(sys.modules[name.rpartition(".")[0]]) if each.endswith(wanted)]
        hint = f" {did_you_mean(target.__name__, names)}" if names else ""
        raise InputError(f"{where} is no {wanted.lower()}, and the task is {task}{hint}")
    seeds = {key for key, value in model.get_params().items() if key.endswith("random_state") and value is None}
    model.set_params(**dict.fromkeys(seeds, seed))
    if n_classes and not hasattr(model, "predict_proba"):
        model = CalibratedClassifierCV(model, ensemble=False)
    return Scikit(model=model, encoding="one_hot", n_classes=n_classes)


def _made(value: Any) -> Any:
    """Make the estimator within an estimator: a mapping with its own `_target_`."""
    if not (isinstance(value, Mapping) and "_target_" in value):
        return value
    settings = {key: inner for key, inner in value.items() if key != "_target_"}
    target = locate(value["_target_"])
    _require_known(target, settings)
    return target(**{key: _made(inner) for key, inner in settings.items()})


def _require_known(target: Any, settings: Mapping[str, Any]) -> None:
    parameters = inspect.signature(target).parameters
    if any(each.kind is inspect.Parameter.VAR_KEYWORD for each in parameters.values()):
        return
    known = [name for name in parameters if name not in GIVEN]
    for key in settings:
        if key not in known:
            raise InputError(f"model.{key}: {target.__name__} has no such argument {did_you_mean(key, known)}")
