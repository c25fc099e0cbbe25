"""Boosted trees of the extra `boosters`: LightGBM and CatBoost."""

from typing import Literal

from cairn.models.learners.cat_boost import CatBoost
from cairn.models.learners.extra import require
from cairn.models.learners.light_gbm import LightGBM
from cairn.tables.source import Task


def lightgbm(
    *,
    n_estimators: int = 2000,
    early_stopping_rounds: int | None = 30,
    learning_rate: float = 0.1,
    num_leaves: int = 31,
    max_depth: int = -1,
    min_child_samples: int = 20,
    subsample: float = 1.0,
    colsample_bytree: float = 1.0,
    colsample_bynode: float = 1.0,
    reg_lambda: float = 0.0,
    reg_alpha: float = 0.0,
    min_split_gain: float = 0.0,
    extra_trees: bool = False,
    max_bin: int = 255,
    cat_smooth: float = 10.0,
    cat_l2: float = 10.0,
    max_cat_to_onehot: int = 4,
    task: Task,
    n_classes: int,
    seed: int,
) -> LightGBM:
    """Boost trees by LightGBM; the arguments are its own. Each round draws its share of the rows anew."""
    require("lightgbm")
    params = {
        "learning_rate": learning_rate,
        "num_leaves": num_leaves,
        "max_depth": max_depth,
        "min_child_samples": min_child_samples,
        "subsample": subsample,
        "subsample_freq": 1 if subsample < 1 else 0,
        "colsample_bytree": colsample_bytree,
        "colsample_bynode": colsample_bynode,
        "reg_lambda": reg_lambda,
        "reg_alpha": reg_alpha,
        "min_split_gain": min_split_gain,
        "extra_trees": extra_trees,
        "max_bin": max_bin,
        "cat_smooth": cat_smooth,
        "cat_l2": cat_l2,
        "max_cat_to_onehot": max_cat_to_onehot,
        "seed": seed,
    }
    return LightGBM(
        params=params,
        n_estimators=n_estimators,
        early_stopping_rounds=early_stopping_rounds,
        task=task,
        n_classes=n_classes,
    )


def catboost(
    *,
    n_estimators: int = 2000,
    early_stopping_rounds: int | None = 30,
    learning_rate: float = 0.1,
    depth: int = 6,
    l2_leaf_reg: float = 3.0,
    random_strength: float = 1.0,
    bootstrap_type: Literal["MVS", "Bernoulli", "Bayesian", "No"] = "MVS",
    subsample: float = 0.8,
    bagging_temperature: float = 1.0,
    rsm: float = 1.0,
    grow_policy: Literal["SymmetricTree", "Depthwise", "Lossguide"] = "SymmetricTree",
    max_leaves: int = 31,
    min_data_in_leaf: int = 1,
    leaf_estimation_iterations: int | None = None,
    one_hot_max_size: int = 2,
    max_ctr_complexity: int = 4,
    border_count: int = 254,
    task: Task,
    n_classes: int,
    seed: int,
) -> CatBoost:
    """Boost trees by CatBoost; the arguments are its own.

    `subsample` counts for the bootstrap types MVS and Bernoulli, `bagging_temperature` for Bayesian, `max_leaves` for
    the policy Lossguide, and `min_data_in_leaf` for it and Depthwise; CatBoost takes them for no other.
    """
    require("catboost")
    params = {
        "learning_rate": learning_rate,
        "depth": depth,
        "l2_leaf_reg": l2_leaf_reg,
        "random_strength": random_strength,
        "bootstrap_type": bootstrap_type,
        "rsm": rsm,
        "grow_policy": grow_policy,
        "leaf_estimation_iterations": leaf_estimation_iterations,
        "one_hot_max_size": one_hot_max_size,
        "max_ctr_complexity": max_ctr_complexity,
        "border_count": border_count,
        "random_seed": seed,
    }
    if bootstrap_type in ("MVS", "Bernoulli"):
        params["subsample"] = subsample
    if bootstrap_type == "Bayesian":
        params["bagging_temperature"] = bagging_temperature
    if grow_policy != "SymmetricTree":
        params["min_data_in_leaf"] = min_data_in_leaf
    if grow_policy == "Lossguide":
        params["max_leaves"] = max_leaves
    return CatBoost(
        params={key: value for key, value in params.items() if value is not None},
        n_estimators=n_estimators,
        early_stopping_rounds=early_stopping_rounds,
        task=task,
        n_classes=n_classes,
    )
