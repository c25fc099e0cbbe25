"""Every model family on real rows: repeatable, the same for one row as for many, and clear about what is wrong."""

import os

import numpy as np
import pandas as pd
import pytest
from engine.tests.models.families import CLASSES, EXTRA, FAMILIES, build, fitted, loss, node

from cairn.errors import InputError
from cairn.models import estimators
from cairn.models.learners import extra


@pytest.mark.parametrize("task", CLASSES)
@pytest.mark.parametrize("family", FAMILIES)
def test_every_family_learns_is_repeatable_and_gives_one_row_what_it_gives_many(parts, family, task):
    first, second = (fitted(parts, task, node(family)) for _ in range(2))
    _, train_y, X, y = parts[task]
    predicted = estimators.predict(first, X)
    assert predicted.shape == ((len(X),) if task == "regression" else (len(X), len(CLASSES[task])))
    assert np.array_equal(predicted, estimators.predict(second, X))
    alone = np.concatenate([estimators.predict(first, X.iloc[[row]]) for row in range(12)])
    assert np.array_equal(alone, predicted[:12])
    assert np.array_equal(estimators.predict(first, X.iloc[::-1])[::-1], predicted)
    assert estimators.predict(first, X.iloc[:0]).shape == (0, *predicted.shape[1:])
    if task == "regression":
        constant = np.full(len(y), train_y.mean())
    else:
        constant = np.tile(np.bincount(train_y) / len(train_y), (len(y), 1))
        assert np.allclose(predicted.sum(axis=1), 1)
    if family == "dummy":
        assert np.allclose(predicted, constant)
    else:
        assert loss(task, y, predicted) < 0.9 * loss(task, y, constant)


@pytest.mark.parametrize("task", CLASSES)
@pytest.mark.parametrize(
    ("family", "changed"),
    [("random_forest", {"encoding": "target"}), ("extra_trees", {"encoding": "one_hot"}), ("linear", {"splines": 8})],
)
def test_an_encoding_learns_and_gives_one_row_what_it_gives_many(parts, task, family, changed):
    model, again = (fitted(parts, task, node(family, **changed)) for _ in range(2))
    _, train_y, X, y = parts[task]
    predicted = estimators.predict(model, X)
    assert np.array_equal(predicted, estimators.predict(again, X))
    alone = np.concatenate([estimators.predict(model, X.iloc[[row]]) for row in range(20)])
    assert np.array_equal(alone, predicted[:20])
    plain = estimators.predict(fitted(parts, task, node(family)), X)
    assert not np.array_equal(predicted, plain)
    constant = train_y.mean() if task == "regression" else np.tile(np.bincount(train_y) / len(train_y), (len(y), 1))
    assert loss(task, y, predicted) < 0.9 * loss(task, y, constant)
    shares = estimators.importances(model)
    assert max(shares, key=shares.get) == "x [<m>]"


def test_a_row_does_not_see_its_own_target_in_its_encoding(parts):
    """Where every level stands in two rows of random targets, means of the target tell nothing."""
    draw = np.random.default_rng(0)
    level = pd.Categorical.from_codes(np.repeat(np.arange(400), 2), categories=[f"l{number}" for number in range(400)])
    X, y = pd.DataFrame({"level": level, "x": draw.normal(size=800)}), draw.integers(0, 2, 800)
    model = build("binary", node("random_forest", encoding="target"))
    estimators.fit(model, X, y)
    assert estimators.importances(model)["level"] < 0.65
    twice = pd.DataFrame({"level": level, "x": draw.normal(size=800)})
    assert loss("binary", y, estimators.predict(model, twice)) > 0.5


def test_splines_bend_a_line(parts):
    draw = np.random.default_rng(1)
    x = draw.uniform(-2, 2, size=(2, 600))
    train, other = (pd.DataFrame({"x": each, "zero": np.zeros(600), "few": draw.integers(0, 3, 600)}) for each in x)
    rmse = {}
    for knots in (0, 8):
        model = estimators.fit(build("regression", node("linear", splines=knots)), train, x[0] ** 2)
        rmse[knots] = loss("regression", x[1] ** 2, estimators.predict(model, other))
    assert rmse[8] < rmse[0] / 3


@pytest.mark.parametrize("family", [*EXTRA, "xgboost", "random_forest", "extra_trees", "linear"])
def test_importances_are_shares_by_column_and_noise_has_little(parts, family):
    shares = estimators.importances(fitted(parts, "binary", node(family)))
    assert set(shares) == set(parts["binary"][0].columns)
    assert sum(shares.values()) == pytest.approx(1)
    assert shares["x [<m>]"] > shares["noise"]


@pytest.mark.parametrize("family", ["hist_gradient_boosting", "dummy"])
def test_models_that_do_not_say_have_no_importances(parts, family):
    assert estimators.importances(fitted(parts, "binary", node(family))) == {}


@pytest.mark.parametrize(
    ("family", "other"),
    [
        ("xgboost", {"max_depth": 2}),
        ("lightgbm", {"min_child_samples": 60}),
        ("catboost", {"depth": 2}),
    ],
)
def test_a_search_bins_its_rows_once_and_learns_the_same(parts, family, other):
    if family != "xgboost":
        pytest.importorskip(family)
    shared = {}
    fitted(parts, "binary", node(family, **other), matrices=shared)
    made = dict(shared)
    again = fitted(parts, "binary", node(family), matrices=shared)
    assert len(made) == 1
    assert all(shared[key] is made[key] for key in shared)
    X = parts["binary"][2]
    alone = fitted(parts, "binary", node(family))
    assert np.array_equal(estimators.predict(again, X), estimators.predict(alone, X))


@pytest.mark.parametrize("family", [*EXTRA, "xgboost", "hist_gradient_boosting", "random_forest", "linear"])
def test_weights_raise_the_probability_of_the_rare_class(parts, family):
    X, y, other, actual = parts["binary"]
    rare = np.flatnonzero((y == 0) | (np.arange(len(y)) % 8 == 0))
    few = {"binary": (X.iloc[rare], y[rare], other, actual)}
    means = [
        estimators.predict(fitted(few, "binary", node(family), balance=balance), other)[:, 1].mean()
        for balance in ("none", "weights")
    ]
    assert means[1] > means[0] + 0.05


def test_a_class_that_the_training_part_lacks_has_no_probability(parts):
    X, y, other, actual = parts["multiclass"]
    some = {"multiclass": (X[y != 1], y[y != 1], other, actual)}
    for family in ("hist_gradient_boosting", "random_forest", "linear", "dummy"):
        predicted = estimators.predict(fitted(some, "multiclass", node(family)), other)
        assert predicted.shape == (len(other), 3)
        assert (predicted[:, 1] == 0).all()


@pytest.mark.parametrize(
    ("task", "settings"),
    [
        ("binary", {"_target_": "sklearn.neighbors.KNeighborsClassifier", "n_neighbors": 25}),
        ("binary", {"_target_": "sklearn.svm.SVC", "C": 0.5}),
        ("binary", {"_target_": "sklearn.linear_model.SGDClassifier", "loss": "log_loss"}),
        ("multiclass", {"_target_": "sklearn.neural_network.MLPClassifier", "max_iter": 30, "early_stopping": True}),
        ("regression", {"_target_": "sklearn.linear_model.BayesianRidge"}),
        (
            "binary",
            {
                "_target_": "sklearn.ensemble.BaggingClassifier",
                "n_estimators": 3,
                "n_jobs": 2,
                "estimator": {"_target_": "sklearn.tree.DecisionTreeClassifier", "min_samples_leaf": 20},
            },
        ),
    ],
    ids=lambda value: value["_target_"].rpartition(".")[2] if isinstance(value, dict) else value,
)
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_any_scikit_learn_class_works_and_gives_one_row_what_it_gives_many(parts, task, settings):
    first, second = (fitted(parts, task, settings | {"balance": "none", "space": {}}) for _ in range(2))
    X = parts[task][2]
    predicted = estimators.predict(first, X)
    assert np.array_equal(predicted, estimators.predict(second, X))
    alone = np.concatenate([estimators.predict(first, X.iloc[[row]]) for row in range(20)])
    assert np.array_equal(alone, predicted[:20])
    assert np.array_equal(estimators.predict(first, X.iloc[::-1])[::-1], predicted)


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"_target_": "sklearn.neighbors.KNeighborsRegressor"}, r"is no classifier, .*did you mean 'KNeighborsClassi"),
        ({"_target_": "sklearn.neighbors.KNeighborClassifier"}, r"did you mean 'KNeighborsClassifier'"),
        ({"_target_": "sklearn.neighbors.KNeighborsClassifier", "neighbors": 5}, r"model.neighbors: .*'n_neighbors'"),
        ({"_target_": "pathlib.Path"}, r"pathlib.Path does not work like scikit-learn's estimators"),
        ({"_target_": "cairn.models.estimators.xgboost", "depth": 3}, r"model.depth: .*did you mean 'max_depth'"),
        (
            {"_target_": "cairn.models.estimators.linear", "splines": 1},
            r"model.splines: 1 is not a valid number of knots",
        ),
        ({"_target_": "cairn.models.estimators.linear", "C": 0}, r"model.C: 0 is not above 0"),
    ],
)
def test_a_node_that_cannot_be_built_is_refused(settings, words):
    with pytest.raises(InputError, match=words) as caught:
        build("binary", settings)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("settings", "balance", "words"),
    [
        (node("xgboost", learning_rate=-1.0), "none", "model: value -1 for Parameter learning_rate should be"),
        pytest.param(node("lightgbm", num_leaves=1), "none", "model: Check failed", marks=EXTRA[0].marks),
        pytest.param(node("catboost", depth=40), "none", "model: .*[Dd]epth", marks=EXTRA[1].marks),
        (node("random_forest", min_samples_leaf=-1), "none", "model: The 'min_samples_leaf' parameter of RandomForest"),
        (
            {"_target_": "sklearn.neighbors.KNeighborsClassifier"},
            "weights",
            "model.balance: KNeighborsClassifier takes no weights; say balance: none",
        ),
    ],
)
def test_a_fit_that_cannot_be_done_is_refused(parts, settings, balance, words):
    with pytest.raises(InputError, match=words) as caught:
        fitted(parts, "binary", settings, balance=balance)
    assert "\n" not in str(caught.value)


def test_weights_for_a_regression_are_refused(parts):
    with pytest.raises(InputError, match="a regression has none"):
        fitted(parts, "regression", node("linear"), balance="weights")


@pytest.mark.parametrize("family", [*EXTRA, "xgboost"])
def test_boosting_takes_a_class_that_only_the_validation_part_has(parts, family):
    X, y, other, actual = parts["multiclass"]
    some = {"multiclass": (X[y != 1], y[y != 1], other, actual)}
    predicted = estimators.predict(fitted(some, "multiclass", node(family)), other)
    assert predicted.shape == (len(other), 3)
    assert (predicted[:, 1] < predicted[:, [0, 2]].max(axis=1)).all()


def test_an_extra_that_is_missing_is_named_with_what_installs_it(monkeypatch):
    monkeypatch.setattr(extra, "find_spec", lambda module: None)
    assert not estimators.installed(node("lightgbm"))
    assert estimators.installed(node("xgboost"))
    with pytest.raises(InputError, match="model: LightGBM is not installed; `make run EXTRAS=boosters` installs it"):
        build("binary", node("lightgbm"))
    with pytest.raises(InputError, match="model: CatBoost is not installed"):
        build("binary", node("catboost"))


def test_threads_follow_what_the_process_was_given(monkeypatch):
    from cairn.models.learners.threads import threads

    monkeypatch.setenv("OMP_NUM_THREADS", "3")
    assert threads() == 3
    for said in ("", "0", "4,2"):
        monkeypatch.setenv("OMP_NUM_THREADS", said)
        assert threads() == os.cpu_count()
