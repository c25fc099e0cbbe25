"""The model families: one function for each file of conf/model, whose keyword arguments are that file's keys.

Each argument is written once, in the signature: `locals()` at the head of a function are its arguments by name, and
those that are not settings of Cairn's own go to the library under that name.
"""

from typing import Any, Literal

from cairn.errors import InputError
from cairn.models.learners.cat_boost import CatBoost
from cairn.models.learners.encoding import Encoder, Encoding
from cairn.models.learners.extra import require
from cairn.models.learners.light_gbm import LightGBM
from cairn.models.learners.scikit import Scikit
from cairn.models.learners.threads import threads
from cairn.models.learners.xg_boost import XGBoost
from cairn.tables.source import Task

ForestEncoding = Literal["codes", "target", "one_hot"]


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
) -> XGBoost:
    """Boost trees by XGBoost; the arguments are its own."""
    return XGBoost.from_arguments(locals())


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
    arguments = locals()
    require("lightgbm")
    return LightGBM.from_arguments(arguments | {"subsample_freq": 1 if subsample < 1 else 0})


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
    arguments = locals()
    require("catboost")
    arguments["random_seed"] = arguments.pop("seed")
    takes = {
        "subsample": bootstrap_type in ("MVS", "Bernoulli"),
        "bagging_temperature": bootstrap_type == "Bayesian",
        "min_data_in_leaf": grow_policy != "SymmetricTree",
        "max_leaves": grow_policy == "Lossguide",
        "leaf_estimation_iterations": leaf_estimation_iterations is not None,
    }
    return CatBoost.from_arguments({name: value for name, value in arguments.items() if takes.get(name, True)})


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
    """Boost trees by scikit-learn's histograms, stopped early by the validation part."""
    arguments = locals()
    arguments |= {"early_stopping": True, "n_iter_no_change": arguments.pop("early_stopping_rounds")}
    return _scikit("HistGradientBoosting", Encoder(encoding="native"), arguments)


def random_forest(
    *,
    n_estimators: int = 300,
    max_depth: int | None = None,
    min_samples_leaf: int = 5,
    max_features: float | Literal["sqrt", "log2"] = "sqrt",
    encoding: ForestEncoding = "codes",
    task: Task,
    n_classes: int,
    seed: int,
) -> Scikit:
    """Grow a random forest.

    With `encoding` a category is the place of its level in sorted order (`codes`), the mean of the target over the
    level's rows (`target`), or one column a level (`one_hot`).
    """
    return _forest("RandomForest", locals())


def extra_trees(
    *,
    n_estimators: int = 300,
    max_depth: int | None = None,
    min_samples_leaf: int = 5,
    max_features: float | Literal["sqrt", "log2"] = 1.0,
    encoding: ForestEncoding = "codes",
    task: Task,
    n_classes: int,
    seed: int,
) -> Scikit:
    """Grow extremely randomised trees (Geurts, Ernst and Wehenkel, 2006); categories as in the random forest."""
    return _forest("ExtraTrees", locals())


def linear(
    *,
    C: float = 1.0,
    max_iter: int = 1000,
    min_frequency: int = 10,
    splines: int = 0,
    task: Task,
    n_classes: int,
    seed: int,
) -> Scikit:
    """Fit a logistic regression, or a ridge regression with the penalty 1 / C, on one-hot categories.

    With `splines` knots each number has a smooth curve instead of a line: cubic splines of its rank, beside it.
    """
    from sklearn.linear_model import LogisticRegression, Ridge

    if C <= 0:
        raise InputError(f"model.C: {C} is not above 0; the smaller it is, the stronger the penalty")
    if splines and splines < 2:
        raise InputError(f"model.splines: {splines} is not a valid number of knots; choose 0 for none, or at least 2")
    model = (
        LogisticRegression(C=C, max_iter=max_iter)
        if n_classes
        else Ridge(alpha=1 / C, max_iter=max_iter, solver="sparse_cg", tol=1e-8)
    )
    encoding: Encoding = "splines" if splines else "sparse"
    encoder = Encoder(encoding=encoding, min_frequency=min_frequency, knots=splines, seed=seed)
    return Scikit(model=model, encoder=encoder, n_classes=n_classes)


def dummy(*, task: Task, n_classes: int, seed: int) -> Scikit:
    """Predict the same for every row: the class shares of training, or the mean; what any model must beat."""
    from sklearn.dummy import DummyClassifier, DummyRegressor

    model = DummyClassifier(strategy="prior") if n_classes else DummyRegressor(strategy="mean")
    return Scikit(model=model, encoder=Encoder(encoding="codes"), n_classes=n_classes)


def _forest(name: str, arguments: dict[str, Any]) -> Scikit:
    encoding = arguments.pop("encoding")
    encoder = Encoder(
        encoding="levels" if encoding == "one_hot" else encoding,
        n_classes=arguments["n_classes"],
        seed=arguments["seed"],
    )
    return _scikit(name, encoder, arguments | {"n_jobs": threads()})


def _scikit(name: str, encoder: Encoder, arguments: dict[str, Any]) -> Scikit:
    """Make the classifier or regressor of `sklearn.ensemble` with this name, from the arguments of a family."""
    from sklearn import ensemble

    n_classes = arguments["n_classes"]
    settings = {key: value for key, value in arguments.items() if key not in ("task", "n_classes", "seed")}
    kind = getattr(ensemble, name + ("Classifier" if n_classes else "Regressor"))
    return Scikit(model=kind(**settings, random_state=arguments["seed"]), encoder=encoder, n_classes=n_classes)
