"""A project's own features, estimator and metric go through the stages, named in conf/ alone."""

import shutil
import subprocess
import sys
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin

from cairn import config, layout
from cairn.errors import InputError
from cairn.files import read_json
from cairn.models import saved
from pipeline.stages import bias, code, compose, evaluate, features, ingest, judge, split, train, tune

ROOT = Path(__file__).parents[3]


def spending(tables, *, at_least):
    orders = tables["orders"][tables["orders"]["price"] >= at_least]
    return tables["customers"].merge(orders.groupby("customer", as_index=False)["price"].sum(), how="left")


def cost(y_true, y_pred, *, missed):
    return (missed * ((y_true == 1) & (y_pred == 0)) + ((y_true == 0) & (y_pred == 1))).mean()


class Mine(ClassifierMixin, BaseEstimator):
    def __init__(self, cut=0.0):
        self.cut = cut

    def fit(self, X, y):
        self.classes_ = np.unique(y)
        return self

    def predict_proba(self, X):
        positive = 1 / (1 + np.exp(self.cut - np.asarray(X)[:, 0] / 100))
        return np.column_stack([1 - positive, positive])

    def predict(self, X):
        return self.classes_[self.predict_proba(X).argmax(axis=1)]


FILES = {
    "features/spending.yaml": "_target_: own.spending\nat_least: 10\n",
    "model/mine.yaml": "_target_: own.Mine\ncut: 0.0\nspace: {cut: {low: -1.0, high: 1.0}}\n",
    "gates/cost.yaml": "_target_: cairn.evaluation.gates.judge\nchampion_stage: prod\n"
    "gates:\n  - {metric: cost, threshold: 4}\n  - {metric: cost, baseline: dummy}\n",
}
METRIC = "  metrics:\n    cost: {_target_: own.cost, greater_is_better: false, missed: 5}\n"
CHOICES = ["data=file", "data.path=customers.csv", "data.target=bought", "data.id=customer", "features=spending"]
CHOICES += ["model=mine", "gates=cost", "search.metric=cost", "search.trials=3", "evaluation.resamples=50"]


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A project with code of its own, in a module `own`."""
    module = SimpleNamespace(spending=spending, cost=cost, Mine=Mine, __spec__=ModuleSpec("own", None))
    monkeypatch.setitem(sys.modules, "own", module)
    monkeypatch.setattr(Mine, "__module__", "own")
    shutil.copytree(ROOT / "conf", tmp_path / "conf")
    for name, text in FILES.items():
        (tmp_path / "conf" / name).write_text(text)
    settings = tmp_path / "conf/config.yaml"
    settings.write_text(settings.read_text().split("  metrics: {}")[0] + METRIC)
    draw = np.random.default_rng(0)
    price = draw.uniform(0, 300, 600).round()
    bought = draw.random(600) < 1 / (1 + np.exp(1 - price / 100))
    monkeypatch.chdir(tmp_path)
    for command in ("init --quiet", "-c user.name=Ann -c user.email= commit --quiet --allow-empty --message=Begin"):
        subprocess.run(["git", *command.split()], check=True)  # whose tags `judge` asks for a champion
    shutil.copy(ROOT / "dvc.yaml", tmp_path)
    pd.DataFrame({"customer": range(600), "bought": bought}).to_csv("customers.csv", index=False)
    pd.DataFrame({"customer": range(600), "price": price}).to_parquet("orders.parquet")
    return tmp_path


def run(monkeypatch, *stages, overrides=()):
    monkeypatch.setattr("sys.argv", ["stage", *CHOICES, *overrides])
    compose.main()
    code.main()
    monkeypatch.setattr("sys.argv", ["stage"])
    for stage in stages:
        stage.main()
        if stage is ingest:  # the file of one table is not all that this project has
            (layout.RAW / "table.parquet").rename(layout.RAW / "customers.parquet")
            shutil.copy("orders.parquet", layout.RAW)


def test_a_type_that_is_not_trusted_ends_before_the_search_and_a_trusted_one_is_trained_and_judged(
    project, monkeypatch
):
    with pytest.raises(InputError, match=r"the model holds own\.Mine, which loading would refuse"):
        run(monkeypatch, ingest, features, split, tune)
    assert not layout.STUDIES.exists() and not layout.TUNED.exists()
    run(monkeypatch, tune, train, evaluate, bias, judge, overrides=["trusted=[own.Mine]"])
    assert read_json(layout.SCHEMA)["features"] == ["price"]
    assert read_json(layout.METRICS)["test"]["cost"] < read_json(layout.EVALUATION)["baseline"]["dummy"]["cost"]
    gates = read_json(layout.GATES)
    assert [gate["passed"] for gate in gates["gates"]] == [True, True]
    assert gates["gates"][0]["gate"] == "cost is at most 4"
    with pytest.raises(InputError, match=r"refused; Untrusted types found in the file: \['own\.Mine'\]"):
        saved.load(layout.TRAINED)
    assert saved.load(layout.TRAINED, trusted=config.load()["trusted"]).estimator.n_classes == 2
