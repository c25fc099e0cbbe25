"""The model's folder: the same bytes for the same model, the same predictions after loading, and no code in it."""

import io
import json
import os
import pickle
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin

from cairn.errors import InputError
from cairn.models import estimators, saved
from cairn.rows.signature import describe

OURS = "cairn.models.estimators."
MODELS = {
    "xgboost": {"_target_": OURS + "xgboost", "n_estimators": 20},
    "lightgbm": {"_target_": OURS + "lightgbm", "n_estimators": 20},
    "catboost": {"_target_": OURS + "catboost", "n_estimators": 20},
    "hist_gradient_boosting": {"_target_": OURS + "hist_gradient_boosting", "max_iter": 15},
    "random_forest": {"_target_": OURS + "random_forest", "n_estimators": 5},
    "extra_trees": {"_target_": OURS + "extra_trees", "n_estimators": 5},
    "linear": {"_target_": OURS + "linear"},
    "target_encoded": {"_target_": OURS + "random_forest", "n_estimators": 5, "encoding": "target"},
    "one_column_a_level": {"_target_": OURS + "extra_trees", "n_estimators": 5, "encoding": "one_hot"},
    "splines": {"_target_": OURS + "linear", "splines": 6},
    "dummy": {"_target_": OURS + "dummy"},
}
CLASSIFIERS = MODELS | {
    "k_neighbors": {"_target_": "sklearn.neighbors.KNeighborsClassifier"},
    "support_vectors": {"_target_": "sklearn.svm.SVC"},
    "gradient_boosting": {"_target_": "sklearn.ensemble.GradientBoostingClassifier", "n_estimators": 5},
    "naive_bayes": {"_target_": "sklearn.naive_bayes.GaussianNB"},
}


def table(count=400, seed=0):
    draw = np.random.default_rng(seed)
    made = pd.DataFrame(
        {
            "age": draw.integers(18, 90, count),
            "income": np.where(draw.random(count) < 0.1, np.nan, draw.normal(3, 1, count)),
            "city": draw.choice(["Rome", "Bonn", "Oslo"], count),
        }
    )
    score = made["age"] / 30 + made["income"].fillna(0) + (made["city"] == "Rome")
    made["spent"] = score + draw.normal(size=count) / 3
    made["bought"] = score > score.median()
    made["level"] = np.array(["low", "middle", "high"])[np.digitize(score, [4, 5.5])]
    return made


def trained(node, target="bought"):
    if not estimators.installed(node):
        pytest.skip(f"{node['_target_']} is not installed")
    task = {"bought": "binary", "level": "multiclass", "spent": "regression"}[target]
    train, other = table(), table(150, seed=1)
    classes = None if task == "regression" else sorted(train[target].unique().tolist())
    seen = describe(train, features=["age", "income", "city"], target=target, task=task, classes=classes)
    model = estimators.build(node, task=task, n_classes=len(classes or []), seed=5)
    estimators.fit(model, seen.frame(train), seen.labels(train), seen.frame(other), seen.labels(other))
    return model, seen


def folder_bytes(folder):
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def refused(folder):
    with pytest.raises(InputError) as caught:
        saved.load(folder)
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.fixture(scope="module")
def linear():
    return trained(MODELS["linear"])


@pytest.fixture(scope="module")
def boosted():
    return trained(MODELS["xgboost"])


@pytest.mark.parametrize(
    ("name", "target"),
    [
        *((name, "bought") for name in CLASSIFIERS),
        *((name, target) for name in MODELS for target in ("level", "spent")),
    ],
)
def test_a_model_is_the_same_after_loading_and_in_every_byte(tmp_path, name, target):
    for folder in ("one", "two"):
        model, seen = trained(CLASSIFIERS[name], target)
        saved.save(tmp_path / folder, model, seen, {"rows": 400})
    loaded, other = saved.load(tmp_path / "one"), table(150, seed=1)
    # Before it predicts: the trees of nearest neighbours count how often they were asked, and keep the count.
    saved.save(tmp_path / "again", loaded.estimator, loaded.signature, loaded.metadata)
    assert np.array_equal(
        estimators.predict(loaded.estimator, seen.frame(other)), estimators.predict(model, seen.frame(other))
    )
    assert estimators.importances(loaded.estimator) == estimators.importances(model)
    assert (loaded.signature, loaded.metadata) == (seen, {"rows": 400})
    assert folder_bytes(tmp_path / "one") == folder_bytes(tmp_path / "two") == folder_bytes(tmp_path / "again")


@pytest.mark.slow
def test_another_process_with_other_hashes_writes_the_same_bytes(tmp_path):
    script = (
        "import sys; sys.path.insert(0, sys.argv[1]); from pathlib import Path; import test_saved as t\n"
        "for name in ('hist_gradient_boosting', 'k_neighbors'):\n"
        "    t.saved.save(Path(sys.argv[2]) / name, *t.trained(t.CLASSIFIERS[name]), {})\n"
    )
    environment = os.environ | {"PYTHONHASHSEED": "7", "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    command = [sys.executable, "-c", script, str(Path(__file__).parent), str(tmp_path / "there")]
    subprocess.run(command, check=True, env=environment)
    for name in ("hist_gradient_boosting", "k_neighbors"):
        saved.save(tmp_path / name, *trained(CLASSIFIERS[name]), {})
        assert folder_bytes(tmp_path / name) == folder_bytes(tmp_path / "there" / name)


def test_a_raw_table_gets_probabilities_classes_and_values(tmp_path, linear):
    from dataclasses import replace

    model, seen = linear
    probability = saved.Model(model, seen, {}).predict_proba(table())[:, 1]
    strict = saved.Model(model, replace(seen, threshold=0.9), {})
    assert strict.predict(table()).tolist() == (probability >= 0.9).tolist()
    assert saved.Model(model, seen, {}).predict(table()).tolist() == (probability >= 0.5).tolist()
    levels = saved.Model(*trained(MODELS["linear"], "level"), {})
    best = levels.predict_proba(table()).argmax(axis=1)
    assert levels.predict(table()).tolist() == [["high", "low", "middle"][place] for place in best]
    values = saved.Model(*trained(MODELS["linear"], "spent"), {})
    assert values.predict(table()).dtype == float
    with pytest.raises(InputError, match="predicts values, not probabilities"):
        values.predict_proba(table())


class Homemade(ClassifierMixin, BaseEstimator):
    def fit(self, X, y):
        self.classes_ = np.unique(y)
        return self

    def predict_proba(self, X):
        return np.full((len(X), len(self.classes_)), 1 / len(self.classes_))

    def predict(self, X):
        return self.classes_[np.zeros(len(X), dtype=int)]


def test_a_class_that_loading_would_refuse_is_refused_when_saving(tmp_path, linear, monkeypatch):
    monkeypatch.setitem(sys.modules, "homemade", sys.modules[__name__])
    monkeypatch.setattr(Homemade, "__module__", "homemade")
    saved.save(tmp_path / "model", *linear, {})
    before = folder_bytes(tmp_path / "model")
    with pytest.raises(
        InputError,
        match=r"the model holds homemade\.Homemade, which loading would refuse; .* \(trusted: \[homemade\.Homemade\]\)",
    ):
        saved.save(tmp_path / "model", *trained({"_target_": "homemade.Homemade"}), {})
    assert folder_bytes(tmp_path / "model") == before
    assert [path.name for path in tmp_path.iterdir()] == ["model"]


def test_a_class_that_the_project_trusts_is_saved_and_loaded_where_it_is_trusted_alone(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "homemade", sys.modules[__name__])
    monkeypatch.setattr(Homemade, "__module__", "homemade")
    saved.save(tmp_path / "model", *trained({"_target_": "homemade.Homemade"}), {}, trusted=["homemade.Homemade"])
    loaded = saved.load(tmp_path / "model", trusted=["homemade.Homemade"])
    assert loaded.predict_proba(table(3)).tolist() == [[0.5, 0.5]] * 3
    for name in ("trusted.json", "metadata.json"):  # the model's own files cannot widen what is trusted
        (tmp_path / "model" / name).write_text(json.dumps({"trusted": ["homemade.Homemade"]}))
    assert "homemade.Homemade" in refused(tmp_path / "model")


def planted(folder, change):
    """Rewrite the schema of a skops archive."""
    path = folder / "model.skops"
    with zipfile.ZipFile(path) as source:
        parts = {name: source.read(name) for name in source.namelist()}
    schema = json.loads(parts["schema.json"])
    change(schema)
    parts["schema.json"] = json.dumps(schema).encode()
    with zipfile.ZipFile(path, "w") as target:
        for name, part in parts.items():
            target.writestr(name, part)


@pytest.mark.parametrize("function", [("os", "system"), ("builtins", "eval"), ("subprocess", "run")])
def test_an_archive_that_names_a_function_is_refused_and_nothing_runs(tmp_path, linear, function):
    saved.save(tmp_path / "model", *linear, {})
    module, name = function
    call = {"__class__": name, "__module__": module, "__loader__": "FunctionNode"}
    planted(tmp_path / "model", lambda schema: schema["content"]["content"].update(memory=call))
    assert f"refused; Untrusted types found in the file: ['{module}.{name}']" in refused(tmp_path / "model")


def test_a_constructor_that_is_called_on_reading_is_refused(tmp_path, linear):
    saved.save(tmp_path / "model", *linear, {})
    touched = tmp_path / "touched"
    text = {
        "__class__": "str",
        "__module__": "builtins",
        "__loader__": "JsonNode",
        "content": json.dumps(f"touch {touched}"),
    }
    arguments = {"__class__": "tuple", "__module__": "builtins", "__loader__": "TupleNode", "content": [text]}
    call = {"__class__": "system", "__module__": "os", "__loader__": "ConstructorFromReduceNode", "content": arguments}
    planted(tmp_path / "model", lambda schema: schema["content"]["content"].update(memory=call))
    assert "os.system" in refused(tmp_path / "model")
    assert not touched.exists()


class Touch:
    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return os.system, (f"touch {self.path}",)


@pytest.mark.parametrize("name", ["model.pkl", "model.joblib", "signature.pkl"])
def test_a_pickle_in_the_folder_is_not_looked_at(tmp_path, boosted, name):
    saved.save(tmp_path / "model", *boosted, {})
    (tmp_path / "model" / name).write_bytes(pickle.dumps(Touch(tmp_path / "touched")))
    saved.load(tmp_path / "model")
    assert not (tmp_path / "touched").exists()


@pytest.mark.parametrize("name", ["model.skops", "model.ubj", "signature.json"])
def test_a_pickle_under_the_name_of_a_part_is_refused_unread(tmp_path, linear, boosted, name):
    saved.save(tmp_path / "model", *(boosted if name == "model.ubj" else linear), {})
    (tmp_path / "model" / name).write_bytes(pickle.dumps(Touch(tmp_path / "touched")))
    assert "broken" in refused(tmp_path / "model")
    assert not (tmp_path / "touched").exists()


PARTS = {"model.ubj": "xgboost"}
PARTS |= {"model.lightgbm": "lightgbm", "model.cbm": "catboost"}


@pytest.mark.parametrize("name", [*PARTS, "model.skops", "signature.json", "metadata.json"])
def test_a_part_that_was_cut_short_is_called_broken(tmp_path, name):
    model = trained(MODELS[PARTS.get(name, "linear")])
    saved.save(tmp_path / "model", *model, {"params": {"note": "x" * 200}})
    path = tmp_path / "model" / name
    content = path.read_bytes()
    for kept in (0, 1, 100, len(content) // 2, int(len(content) * 0.99), len(content) - 2):
        path.write_bytes(content[:kept])
        assert "broken" in refused(tmp_path / "model")


@pytest.mark.parametrize("name", ["model.lightgbm", "model.cbm"])
def test_a_model_for_other_columns_is_refused(tmp_path, name):
    from dataclasses import replace

    model, seen = trained(MODELS[PARTS[name]])
    saved.save(tmp_path / "model", model, replace(seen, columns=seen.columns[:2]), {})
    assert "made for 3 columns; the signature has 2" in refused(tmp_path / "model")


@pytest.mark.parametrize("name", ["model.skops", "signature.json", "metadata.json"])
def test_a_missing_part_is_named(tmp_path, linear, name):
    saved.save(tmp_path / "model", *linear, {})
    (tmp_path / "model" / name).unlink()
    assert name in refused(tmp_path / "model")


def test_no_model_and_two_models_are_refused(tmp_path, linear, boosted):
    assert "no model here" in refused(tmp_path / "nowhere")
    saved.save(tmp_path / "model", *linear, {})
    saved.save(tmp_path / "boosted", *boosted, {})
    (tmp_path / "model" / "model.ubj").write_bytes((tmp_path / "boosted" / "model.ubj").read_bytes())
    assert "one of model.ubj, " in refused(tmp_path / "model")


def test_metadata_that_is_no_json_leaves_the_folder_as_it_was(tmp_path, linear):
    saved.save(tmp_path / "model", *linear, {"rows": 1})
    with pytest.raises(ValueError, match="JSON"):
        saved.save(tmp_path / "model", *linear, {"score": float("nan")})
    assert saved.load(tmp_path / "model").metadata == {"rows": 1}


def test_the_archive_holds_no_dates_and_no_addresses(tmp_path, linear):
    saved.save(tmp_path / "model", *linear, {})
    with zipfile.ZipFile(io.BytesIO((tmp_path / "model" / "model.skops").read_bytes())) as archive:
        assert {entry.date_time for entry in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        assert b"__id__" not in archive.read("schema.json")


def test_an_xgboost_model_is_saved_and_loaded_without_skops(tmp_path, boosted):
    saved.save(tmp_path / "model", *boosted, {})
    script = (
        "import sys; from pathlib import Path; from cairn.models import saved\n"
        "assert not {'pandas', 'sklearn', 'xgboost', 'pyarrow'} & set(sys.modules)\n"
        "model = saved.load(Path(sys.argv[1])); saved.save(Path(sys.argv[1]), model.estimator, model.signature, {})\n"
        "assert 'skops' not in sys.modules"
    )
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    subprocess.run([sys.executable, "-c", script, str(tmp_path / "model")], check=True, env=environment)
