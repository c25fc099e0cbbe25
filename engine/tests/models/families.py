"""Model families in small, and rows on which each learns something in a moment."""

from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml

from cairn.models import estimators
from cairn.rows.signature import describe

CONF = Path(__file__).parents[3] / "conf" / "model"
EXTRA = []
EXTRA = [
    pytest.param(name, marks=pytest.mark.skipif(find_spec(name) is None, reason=f"{name} is not installed"))
    for name in ("lightgbm", "catboost")
]
FAMILIES = [*EXTRA, "xgboost", "hist_gradient_boosting", "random_forest", "extra_trees", "linear", "dummy"]
SMALLER = {
    "xgboost": {
        "n_estimators": 40,
        "early_stopping_rounds": 5,
        "max_depth": 3,
        "subsample": 0.8,
        "colsample_bytree": 0.8,
    },
    "lightgbm": {"n_estimators": 40, "early_stopping_rounds": 5, "num_leaves": 7, "subsample": 0.8},
    "catboost": {"n_estimators": 60, "early_stopping_rounds": 5, "depth": 4},
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


def parts():
    """Give, for each task, rows and labels to train on, and others."""
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
