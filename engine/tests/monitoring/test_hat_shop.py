"""Real traffic of the simulated shop: other customers of the same year, in the order in which they come."""

import tempfile
from collections import Counter
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from engine.tests.monitoring.models import Recorded, Window

from cairn.datasets import hat_shop
from cairn.evaluation import scores
from cairn.explain.documents import NoExplanations
from cairn.features import sql
from cairn.models import estimators, saved
from cairn.monitoring.bias_drift import measure_bias
from cairn.monitoring.estimate import measure_estimates
from cairn.monitoring.outcome_baseline import measure_outcomes
from cairn.monitoring.performance import measure_performance
from cairn.rows import signature

SQL = Path(__file__).parents[3] / "conf/features/hat_shop.sql"
ROWS = 1000
LEFT_OUT = ("customer_id", "asked_at", "bought_hat")


def shop(seed: int) -> pd.DataFrame:
    """Give the features of 25,000 customers in the order in which they are asked about."""
    with tempfile.TemporaryDirectory() as folder:
        place, names = Path(folder), ("customers", "questions", "orders")
        tables = hat_shop.simulate(seed, 0, 25_000, first_order=0)
        for name in names:
            pq.write_table(tables[name], place / name)
        sql.build({name: place / name for name in names}, place / "features", sql=SQL.read_text(), threads=2)
        return signature.read(place / "features").sort_values("asked_at", kind="stable", ignore_index=True)


@pytest.fixture(scope="module")
def made():
    """Train on four of five customers, and make the baseline of the others."""
    table = shop(1)
    held_out = np.arange(len(table)) % 5 == 0
    train, test = table[~held_out].reset_index(drop=True), table[held_out].reset_index(drop=True)
    names = [name for name in table if name not in LEFT_OUT]
    about = signature.describe(train, features=names, target="bought_hat", task="binary", classes=[False, True])
    node = {"_target_": "sklearn.ensemble.HistGradientBoostingClassifier", "learning_rate": 0.05, "balance": "none"}
    estimator = estimators.build(node, task="binary", n_classes=2, seed=0)
    estimators.fit(estimator, about.frame(train), about.labels(train), balance="none")
    model = saved.Model(estimator, about, {})
    part = scores.predictions(model, test)
    labels = scores.group_labels(test, sensitive=["gender"], features=["gender", "channel"], levels=10)
    parts = {"train": part, "validation": part, "test": part}
    measured, slices = scores.score(parts, labels, task="binary", threshold=None, values=None, seed=0)
    content = measure_outcomes(
        model, test, all_rows=table, time="asked_at", sensitive=["gender"], values=None, evaluation=measured,
        slices=slices, explanations=NoExplanations(why="not here"), seed=0,
    )  # fmt: skip
    return model, content


def loud(made, table: pd.DataFrame) -> tuple[Counter, int]:
    """Count the windows with something significant, by area."""
    model, content = made
    rows = pd.DataFrame({"request_id": table["customer_id"].astype("str"), "row": 0})
    rows["window_number"] = np.arange(len(table)) // ROWS
    rows["prediction"], rows["probabilities"] = model.predict(table), list(model.predict_proba(table))
    rows["actual"] = model.signature.labels(table)
    names = [column.name for column in model.signature.columns]
    rows = pd.concat([rows, table[names].astype({"gender": "str", "channel": "str", "city": "str"})], axis=1)
    connection = duckdb.connect()
    connection.execute("CREATE TABLE recorded AS FROM rows; CREATE TABLE labelled AS FROM rows")
    sizes = rows["window_number"].value_counts().sort_index()
    windows = [Window(number, table["asked_at"].min(), table["asked_at"].max(), size) for number, size in sizes.items()]
    served, about = Recorded(connection, windows, {name: name for name in names}), model.signature
    found = measure_estimates(served, content, signature=about) + measure_performance(served, content, signature=about)
    found += measure_bias(served, content, signature=about, labelled=True)
    seen = {(each.area, each.window) for each in found if each.p_value is not None and each.p_value < 0.01}
    return Counter(area for area, _ in seen), len(windows)


@pytest.mark.slow
def test_a_year_in_which_nothing_changed_is_quiet_though_it_has_seasons(made):
    alarms, windows = Counter(), 0
    for seed in (2, 3, 4):
        more, count = loud(made, shop(seed))
        alarms, windows = alarms + more, windows + count
    assert windows == 75 and max(alarms.values(), default=0) <= 3, alarms


@pytest.mark.slow
def test_customers_who_no_longer_do_as_they_did_are_found(made):
    table, draw = shop(5), np.random.default_rng(0)
    turned = (table["hats_365d"] > 0) & (draw.random(len(table)) < 0.5)  # hat lovers: every second does the opposite
    alarms, windows = loud(made, table.assign(bought_hat=table["bought_hat"] ^ turned))
    assert alarms["performance"] >= 0.9 * windows and alarms["estimate"] == 0
