"""Every model family on real rows: repeatable, the same for one row as for many, and clear about what is wrong."""

import os
from importlib.util import find_spec  # scaffold:boosters
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml

from pipeline.errors import InputError
from pipeline.modeling import estimators
from pipeline.modeling.learners import extra  # scaffold:boosters
from pipeline.modeling.signature import describe

CONF = Path(__file__).parents[2] / "conf" / "model"
EXTRA = []
# scaffold:boosters
EXTRA = [
    pytest.param(name, marks=pytest.mark.skipif(find_spec(name) is None, reason=f"{name} is not installed"))
    for name in ("lightgbm", "catboost")
]
# /scaffold:boosters
FAMILIES = [*EXTRA, "xgboost", "hist_gradient_boosting", "random_forest", "extra_trees", "linear", "dummy"]
SMALLER = {
    "xgboost": {
        "n_estimators": 40,
        "early_stopping_rounds": 5,
        "max_depth": 3,
        "subsample": 0.8,
        "colsample_bytree": 0.8,
    },
    # scaffold:boosters
    "lightgbm": {"n_estimators": 40, "early_stopping_rounds": 5, "num_leaves": 7, "subsample": 0.8},
    "catboost": {"n_estimators": 60, "early_stopping_rounds": 5, "depth": 4},
    # /scaffold:boosters
    "hist_gradient_boosting": {"max_iter": 20, "early_stopping_rounds": 5, "max_leaf_nodes": 7},
    "random_forest": {"n_estimators": 20},
    "extra_trees": {"n_estimators": 20},
}
CLASSES = {"binary": ["no", "yes"], "multiclass": ["high", "low", "middle"], "regression": None}


def rows(count, seed, task):
    """Draw rows whose target depends on a number, a wide category and a gap."""
    draw = np.random.default_rng(seed)
    x, level = draw.normal(size=count), draw.integers(0, 300, count)
    score = 2 * x + (level % 7) / 3 + draw.normal(size=count) / 3
    table = pd.DataFrame(
        {
            "x [<m>]": np.where(draw.random(count) < 0.1, np.nan, x),
            "noise": draw.normal(size=count),
            "shop": [
                None if gap else f"s{number}" for number, gap in zip(level, draw.random(count) < 0.05, strict=True)
            ],
            "weekday": draw.choice(["mo", "tu", "we"], count),
            "member": draw.random(count) < 0.5,
        }
    )
    cuts = {"binary": [1.0], "multiclass": [0.0, 2.0]}
    names = {"binary": ["no", "yes"], "multiclass": ["low", "middle", "high"]}
    target = score if task == "regression" else np.array(names[task])[np.digitize(score, cuts[task])]
    return table.assign(target=target)


@pytest.fixture(scope="module")
def parts():
    made = {}
    for task, classes in CLASSES.items():
        train, other = rows(1500, 1, task), rows(700, 2, task)
        seen = describe(train, features=list(train)[:-1], target="target", task=task, classes=classes)
        made[task] = (seen.frame(train), seen.labels(train), seen.frame(other), seen.labels(other))
    return made


def node(family, **changed):
    return yaml.safe_load((CONF / f"{family}.yaml").read_text()) | SMALLER.get(family, {}) | changed


def build(task, settings):
    return estimators.build(settings, task=task, n_classes=len(CLASSES[task] or []), seed=3)


def fitted(parts, task, settings, **more):
    return estimators.fit(build(task, settings), *parts[task], **more)


def loss(task, actual, predicted):
    if task == "regression":
        return np.sqrt(np.mean((predicted - actual) ** 2))
    return -np.mean(np.log(np.clip(predicted[np.arange(len(actual)), actual], 1e-12, 1)))


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


@pytest.mark.parametrize("task", CLASSES)
@pytest.mark.parametrize("family", [*EXTRA, "xgboost"])
def test_boosting_reports_every_round_and_predicts_with_the_best(parts, family, task):
    seen = []
    model = fitted(parts, task, node(family), on_round=lambda number, measured: seen.append((number, measured)))
    assert [number for number, _ in seen] == list(range(len(seen)))
    metric = "rmse" if task == "regression" else "log_loss"
    assert list(seen[0][1]) == [f"train/{metric}", f"validation/{metric}"]
    curve = [measured[f"validation/{metric}"] for _, measured in seen]
    _, _, X, y = parts[task]
    assert model.rounds == int(np.argmin(curve)) + 1
    assert loss(task, y, estimators.predict(model, X)) == pytest.approx(min(curve), rel=1e-4)
    unwatched = fitted(parts, task, node(family))
    assert np.array_equal(estimators.predict(model, X), estimators.predict(unwatched, X))


@pytest.mark.parametrize("family", [*EXTRA, "xgboost"])
def test_what_on_round_raises_ends_the_fit(parts, family):
    def stop(number, measured):
        if number == 2:
            raise KeyError("pruned")

    with pytest.raises(KeyError, match="pruned"):
        fitted(parts, "binary", node(family), on_round=stop)


@pytest.mark.parametrize(
    ("family", "other"),
    [
        ("xgboost", {"max_depth": 2}),
        ("lightgbm", {"min_child_samples": 60}),  # scaffold:boosters
        ("catboost", {"depth": 2}),  # scaffold:boosters
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
        ({"_target_": "pipeline.modeling.estimators.xgboost", "depth": 3}, r"model.depth: .*did you mean 'max_depth'"),
        ({"_target_": "pipeline.modeling.estimators.linear", "splines": 1}, r"model.splines: 1 is no number of knots"),
        ({"_target_": "pipeline.modeling.estimators.linear", "C": 0}, r"model.C: 0 is not above 0"),
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
        # scaffold:boosters
        pytest.param(node("lightgbm", num_leaves=1), "none", "model: Check failed", marks=EXTRA[0].marks),
        pytest.param(node("catboost", depth=40), "none", "model: .*[Dd]epth", marks=EXTRA[1].marks),
        # /scaffold:boosters
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


@pytest.mark.parametrize("family", sorted(path.stem for path in CONF.glob("*.yaml")))
def test_the_file_of_a_family_names_its_defaults_and_a_space_of_its_arguments(family):
    import inspect

    settings = yaml.safe_load((CONF / f"{family}.yaml").read_text())
    own = {
        name: parameter.default
        for name, parameter in inspect.signature(getattr(estimators, family)).parameters.items()
        if name not in ("task", "n_classes", "seed")
    }
    assert {key: value for key, value in settings.items() if key not in estimators.RESERVED} == own
    assert set(settings["space"]) <= set(own)
    assert settings["balance"] == "none"
    estimators.check(settings)
    for start in settings["starts"]:
        assert any(settings[name] != value for name, value in start.items()), "a start that changes nothing"
        assert set(start) <= set(own)


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"starts": [{"max_depth": 4}, {"max_dept": 4}]}, r"starts\[1\].max_dept: no such key .*'max_depth'"),
        ({"starts": [{"max_depth": 99}]}, r"starts\[0\].max_depth: 99 is outside space.max_depth"),
        ({"starts": ["deep"]}, r"starts\[0\]: 'deep' is no mapping"),
        (
            {"space": {"gamma": {"low": 0, "high": 1, "when": {"max_dept": 4}}, "max_depth": {"choices": [4, 5]}}},
            "space.gamma: when.max_dept is no parameter that stands above it",
        ),
        (
            {"space": {"gamma": {"low": 0, "high": 1, "when": {"gamma": 0.5}}}},
            "space.gamma: when.gamma is no parameter that stands above it",
        ),
        ({"space": {"balance": {"choices": ["none", "weight"]}}}, "space.balance: 'weight' is no choice .*'weights'"),
    ],
)
def test_starts_and_conditions_that_make_no_sense_are_refused(changed, words):
    with pytest.raises(InputError, match=words) as caught:
        estimators.check(node("xgboost") | {"starts": []} | changed)
    assert "\n" not in str(caught.value)


def test_balance_and_conditions_may_stand_in_the_space():
    space = {"balance": {"choices": ["none", "weights"]}, "gamma": {"low": 0, "high": 1, "when": {"balance": ["none"]}}}
    estimators.check(node("xgboost", space=space, starts=[{"balance": "weights"}]))


@pytest.mark.slow
@pytest.mark.parametrize("family", [*EXTRA, "xgboost", "hist_gradient_boosting"])
def test_without_a_validation_part_every_round_is_grown(parts, family):
    X, y, other, _ = parts["binary"]
    seen, settings = [], node(family)
    for on_round in (None, lambda number, measured: seen.append(measured)):
        model = estimators.fit(build("binary", settings), X, y, on_round=on_round)
        assert model.rounds == settings.get("n_estimators", settings.get("max_iter"))
        assert np.isfinite(estimators.predict(model, other)).all()
    assert {tuple(measured) for measured in seen} <= {("train/log_loss",)}


@pytest.mark.parametrize("family", [*EXTRA, "xgboost"])
def test_boosting_without_patience_keeps_every_round(parts, family):
    model = fitted(parts, "binary", node(family, early_stopping_rounds=None, n_estimators=12))
    assert model.rounds == 12


@pytest.mark.parametrize("family", [*EXTRA, "xgboost"])
def test_boosting_takes_a_class_that_only_the_validation_part_has(parts, family):
    X, y, other, actual = parts["multiclass"]
    some = {"multiclass": (X[y != 1], y[y != 1], other, actual)}
    predicted = estimators.predict(fitted(some, "multiclass", node(family)), other)
    assert predicted.shape == (len(other), 3)
    assert (predicted[:, 1] < predicted[:, [0, 2]].max(axis=1)).all()


# scaffold:boosters
def test_an_extra_that_is_missing_is_named_with_what_installs_it(monkeypatch):
    monkeypatch.setattr(extra, "find_spec", lambda module: None)
    assert not estimators.installed(node("lightgbm"))
    assert estimators.installed(node("xgboost"))
    with pytest.raises(InputError, match="model: LightGBM is not installed; `make run EXTRAS=boosters` installs it"):
        build("binary", node("lightgbm"))
    with pytest.raises(InputError, match="model: CatBoost is not installed"):
        build("binary", node("catboost"))


# /scaffold:boosters
@pytest.mark.parametrize("family", [*EXTRA, "xgboost", "hist_gradient_boosting", "random_forest"])
def test_a_refit_grows_exactly_the_rounds_that_are_asked_for(parts, family):
    assert build("binary", node(family)).rounds is None
    for part in (parts["binary"], parts["binary"][:2]):
        assert estimators.fit(build("binary", node(family)), *part, rounds=7).rounds == 7
    assert fitted(parts, "binary", node("linear"), rounds=7).rounds is None


@pytest.mark.parametrize("family", [*EXTRA, "xgboost", "random_forest", "extra_trees"])
def test_a_fit_ends_where_on_round_says_so_and_keeps_what_it_has(parts, family):
    size = {"early_stopping_rounds": 30} if "early_stopping_rounds" in node(family) else {"n_estimators": 60}
    model = fitted(parts, "binary", node(family, **size), on_round=lambda number, measured: number >= 15)
    assert 10 <= model.rounds <= 30
    _, train_y, X, y = parts["binary"]
    constant = np.tile(np.bincount(train_y) / len(train_y), (len(y), 1))
    assert loss("binary", y, estimators.predict(model, X)) < 0.9 * loss("binary", y, constant)


@pytest.mark.parametrize("family", ["random_forest", "extra_trees"])
def test_a_forest_that_reports_grows_the_same_trees(parts, family):
    X, numbers = parts["binary"][2], []
    told = fitted(parts, "binary", node(family, n_estimators=25), on_round=lambda number, _: numbers.append(number))
    alone = fitted(parts, "binary", node(family, n_estimators=25))
    assert numbers == [9, 19, 24]
    assert np.array_equal(estimators.predict(told, X), estimators.predict(alone, X))


@pytest.mark.slow
def test_gradient_boosting_keeps_the_trees_up_to_its_best_round(parts):
    X, y, other, actual = parts["binary"]
    model = fitted(parts, "binary", node("hist_gradient_boosting", max_iter=300, learning_rate=0.3))
    losses = [
        loss("binary", actual, estimators.predict(estimators.fit(build("binary", settings), X, y), other))
        for settings in (
            node("hist_gradient_boosting", max_iter=rounds, learning_rate=0.3) for rounds in range(1, model.rounds + 6)
        )
    ]
    assert model.rounds == int(np.argmin(losses)) + 1
    assert loss("binary", actual, estimators.predict(model, other)) == pytest.approx(min(losses), rel=1e-9)


def test_threads_follow_what_the_process_was_given(monkeypatch):
    from pipeline.modeling.learners.matrix import threads

    monkeypatch.setenv("OMP_NUM_THREADS", "3")
    assert threads() == 3
    for said in ("", "0", "4,2"):
        monkeypatch.setenv("OMP_NUM_THREADS", said)
        assert threads() == os.cpu_count()
