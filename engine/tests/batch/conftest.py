"""A model that sees every kind of column, and tables to score by it."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from cairn.models import estimators, saved
from cairn.rows import signature

CITIES = ["Bonn", "Oslo", 'New "York", NY', "São Paulo"]


def people(count: int, seed: int = 1) -> pd.DataFrame:
    """Draw rows: numbers of two widths, texts with marks in them, booleans, times; some are missing."""
    draw = np.random.default_rng(seed)
    age = draw.uniform(18, 90, count).round(3)
    table = pd.DataFrame(
        {
            "id": np.arange(count) + 10**15,
            "age": age,
            "income": np.where(draw.uniform(size=count) < 0.1, np.nan, draw.lognormal(10, 1, count)),
            "size": draw.normal(size=count).astype("float32"),
            "city": pd.Series(draw.choice(CITIES, count), dtype="str"),
            "member": draw.uniform(size=count) < 0.5,
            "since": pd.Timestamp("2020-01-01") + pd.to_timedelta(draw.integers(0, 10**8, count), unit="s"),
            "note": pd.Series([f"note {number % 7}, as it is" for number in range(count)], dtype="str"),
        }
    )
    score = (age - 50) / 10 + table["size"] + (table["city"] == "Oslo") - table["member"]
    table["bought"] = draw.uniform(size=count) < 1 / (1 + np.exp(-score))
    return table


@pytest.fixture(scope="session")
def people_of() -> Callable[..., pd.DataFrame]:
    """Give the function that draws rows."""
    return people


FEATURES = ["age", "income", "size", "city", "member", "since"]


def trained(folder: Path, node: dict, task: str) -> Path:
    seen = people(600)
    target, classes = {
        "binary": ("bought", [False, True]),
        "multiclass": ("city", sorted(CITIES)),
        "regression": ("age", None),
    }[task]
    about = signature.describe(
        seen, features=[name for name in FEATURES if name != target], target=target, task=task, classes=classes
    )
    estimator = estimators.build(node, task=task, n_classes=len(classes or []), seed=0)
    estimators.fit(estimator, about.frame(seen), about.labels(seen), balance="none")
    saved.save(folder, estimator, about, {})
    return folder


NODES = {
    "linear": {"_target_": "sklearn.linear_model.LogisticRegression", "max_iter": 50, "balance": "none"},
    "ridge": {"_target_": "sklearn.linear_model.Ridge", "balance": "none"},
    "trees": {"_target_": "cairn.models.estimators.xgboost", "n_estimators": 20, "early_stopping_rounds": None},
}


@pytest.fixture(scope="session")
def model_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Train a model of two classes."""
    return trained(tmp_path_factory.mktemp("batch") / "model", NODES["linear"], "binary")


@pytest.fixture(scope="session")
def model(model_folder: Path) -> saved.Model:
    """Load it."""
    return saved.load(model_folder)


@pytest.fixture(scope="session")
def model_of(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str, str], saved.Model]:
    """Give the function that trains another: `model_of(name, task)`."""

    def of(name: str, task: str) -> saved.Model:
        return saved.load(trained(tmp_path_factory.mktemp("batch") / "model", NODES[name], task))

    return of
