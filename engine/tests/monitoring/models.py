"""Small models with their outcome baselines and recorded predictions, for the tests of outcomes."""

from datetime import datetime, timedelta
from functools import cache
from typing import Any, NamedTuple

import duckdb
import numpy as np
import pandas as pd

from cairn.evaluation import scores
from cairn.explain import explanations
from cairn.models import estimators, saved
from cairn.monitoring.documents import Baseline, BaselineRows, ColumnCounts, OutcomeBaseline
from cairn.monitoring.finding import Finding, Window
from cairn.monitoring.outcome_baseline import measure_outcomes
from cairn.rows import signature

VALUES = {"true_positive": 10.0, "false_positive": -2.0}
NODES = {
    "binary": {"_target_": "sklearn.linear_model.LogisticRegression", "balance": "none"},
    "multiclass": {"_target_": "sklearn.linear_model.LogisticRegression", "balance": "none"},
    "regression": {"_target_": "sklearn.linear_model.Ridge"},
}
CLASSES = {"binary": [False, True], "multiclass": ["few", "many", "none"], "regression": None}
START = datetime(2026, 1, 1)


def drawn(task: str, count: int, seed: int, shift: float = 0.0) -> pd.DataFrame:
    """Draw rows whose outcome a linear model can predict; `shift` moves the outcome and not the inputs."""
    draw = np.random.default_rng(seed)
    age, city = draw.uniform(18, 90, count), draw.choice(["Bonn", "Oslo", "Rome"], count)
    signal = (age - 60) / 12 + (city == "Rome") + shift
    if task == "regression":
        outcome: Any = signal + draw.normal(size=count)
    elif task == "binary":
        outcome = draw.uniform(size=count) < 1 / (1 + np.exp(-signal))
    else:
        noisy = signal + draw.logistic(size=count)
        outcome = np.array(["none", "few", "many"])[np.digitize(noisy, [-1, 1])]
    asked = START - timedelta(days=364) + pd.to_timedelta(draw.integers(0, 364, count), unit="D")
    return pd.DataFrame({"age": age, "city": pd.Categorical(city), "bought": outcome, "asked": asked})


def baseline(columns: dict[str, Any], prediction: dict[str, Any]) -> Baseline:
    """Build a baseline without history from its counts; rows that are left out are 0."""

    def counts(described: dict[str, Any]) -> ColumnCounts:
        return ColumnCounts(**{"rows": [], "missing": 0} | described)

    return Baseline(
        format=1,
        task="binary",
        rows=BaselineRows(inputs=0, predictions=0),
        columns={name: counts(described) for name, described in columns.items()},
        prediction=counts(prediction),
        history=None,
    )


class World(NamedTuple):
    """A trained model and its outcome baseline."""

    model: saved.Model
    content: OutcomeBaseline

    @property
    def task(self) -> str:
        return self.model.signature.task


@cache
def world(task: str, *, history: bool = False, sensitive: tuple[str, ...] = ("city",)) -> World:
    """Train on 4,000 rows, and measure the outcomes of 4,000 others."""
    train, test = drawn(task, 4000, 1), drawn(task, 4000, 2)
    about = signature.describe(train, features=["age", "city"], target="bought", task=task, classes=CLASSES[task])
    estimator = estimators.build(NODES[task], task=task, n_classes=len(CLASSES[task] or []), seed=0)
    estimators.fit(estimator, about.frame(train), about.labels(train), balance="none")
    model = saved.Model(estimator, about, {})
    part = scores.predictions(model, test)
    groups = scores.group_labels(test, sensitive=[], features=["city"], levels=10)
    values = VALUES if task == "binary" else None
    measured, slices = scores.score(
        {"train": part, "validation": part, "test": part}, groups, task=task, threshold=None, values=values, seed=0
    )
    why = explanations.explain(model=model, table=test, groups={}, id=None, seed=0, rows=2000, examples=False)[0]
    content = measure_outcomes(
        model,
        test,
        all_rows=pd.concat([train, test], ignore_index=True) if history else None,
        time="asked" if history else None,
        sensitive=sensitive,
        values=values,
        evaluation=measured,
        slices=slices,
        explanations=why,
        seed=0,
    )
    return World(model, content)


class Recorded(NamedTuple):
    """Recorded predictions, as `cairn.monitoring.records` gives them."""

    connection: duckdb.DuckDBPyConnection
    windows: list[Window]
    names: dict[str, str]


def recorded(model: saved.Model, *parts: pd.DataFrame, labelled: bool = True) -> Recorded:
    """Record the predictions of a model, each part in its own window, with labels on request."""
    about, connection = model.signature, duckdb.connect()
    table = pd.concat(parts, ignore_index=True)
    rows = pd.DataFrame({"request_id": [f"r{place}" for place in range(len(table))], "row": 0})
    rows["window_number"] = np.repeat(np.arange(len(parts)), [len(part) for part in parts])
    rows["prediction"] = model.predict(table)
    rows["probabilities"] = list(model.predict_proba(table)) if about.classes else None
    rows[["age", "city"]] = table[["age", "city"]].astype({"city": "str"}).to_numpy()
    rows["age"], rows["actual"] = rows["age"].astype(float), about.labels(table)
    connection.execute("CREATE TABLE recorded AS SELECT * EXCLUDE actual FROM rows")
    if labelled:
        connection.execute("CREATE TABLE labelled AS FROM rows")
    windows = [
        Window(place, START + timedelta(days=place), START + timedelta(days=place + 1), len(part))
        for place, part in enumerate(parts)
    ]
    return Recorded(connection, windows, {"age": "age", "city": "city"})


def of(findings: list[Finding], measure: str, subject: str = "", window: int = 0) -> Finding:
    """Find the one finding of a measure."""
    (found,) = (each for each in findings if (each.measure, each.subject, each.window) == (measure, subject, window))
    return found
