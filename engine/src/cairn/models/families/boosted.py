"""Boosted trees: each tree learns from what those before it got wrong."""

from cairn.models.learners.boosting import Boosting
from cairn.models.learners.encoding import Encoder
from cairn.models.learners.scikit import Scikit
from cairn.tables.source import Task


def xgboost(
    *,
    n_estimators: int = 2000,
    early_stopping_rounds: int | None = 30,
    learning_rate: float = 0.1,
    max_depth: int = 6,
    min_child_weight: float = 1.0,
    subsample: float = 1.0,
    colsample_bytree: float = 1.0,
    colsample_bynode: float = 1.0,
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
        "colsample_bynode": colsample_bynode,
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
    return Scikit(model=model, encoder=Encoder(encoding="native"), n_classes=n_classes)
