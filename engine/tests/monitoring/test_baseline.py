"""What is known of a model's inputs and predictions, against numpy and scipy."""

from datetime import datetime, timedelta

import numpy as np
import pandas as pd
import pytest
from scipy.spatial.distance import jensenshannon

from cairn.documents import from_json, to_json
from cairn.files import read_json, write_json
from cairn.models import estimators
from cairn.models.saved import Model
from cairn.monitoring.baseline import MAX_BINS, build_baseline
from cairn.monitoring.documents import Baseline, BaselineRows
from cairn.rows.signature import describe

ROWS = 6_000
FEATURES = ["income", "age", "city", "member", "joined", "month"]


def table(seed: int, rows: int = ROWS) -> pd.DataFrame:
    """Draw rows of one year; `city` has a season, `month` is the calendar's, and all else stands still."""
    rng = np.random.default_rng(seed)
    asked = pd.Series(datetime(2025, 1, 1) + pd.to_timedelta(np.sort(rng.integers(0, 365 * 86_400, rows)), unit="s"))
    winter = np.cos(2 * np.pi * asked.dt.day_of_year.to_numpy() / 365)
    age = rng.integers(18, 30, rows).astype(float)
    return pd.DataFrame(
        {
            "asked": asked.astype("datetime64[us]"),
            "income": np.where(rng.random(rows) < 0.1, np.nan, rng.lognormal(10, 0.5, rows)),
            "age": age,
            "city": np.where(rng.random(rows) < 0.5 + 0.4 * winter, "Oslo", "Rome"),
            "member": rng.random(rows) < 0.3,
            "joined": pd.Timestamp("2020-01-01") + pd.to_timedelta(rng.integers(0, 1_000, rows), unit="D"),
            "month": asked.dt.month.astype("int64"),
            "bought": rng.random(rows) < np.where(age > 24, 0.8, 0.2),
        }
    )


def fitted(seen: pd.DataFrame, target: str = "bought", task: str = "binary", classes=(False, True)) -> Model:
    about = describe(seen, features=FEATURES, target=target, task=task, classes=classes)
    node = {"_target_": "cairn.models.estimators.xgboost", "n_estimators": 5, "early_stopping_rounds": None}
    estimator = estimators.build(node, task=task, n_classes=len(classes or ()), seed=0)
    estimators.fit(estimator, about.frame(seen), about.labels(seen), balance="none")
    return Model(estimator, about, {})


@pytest.fixture
def made(tmp_path):
    """Give two tables, the first with the model's rows, their files, and the model."""
    tables = [table(1), table(2, 2_000)]
    files = [tmp_path / f"{number}.parquet" for number in range(2)]
    for one, file in zip(tables, files, strict=True):
        one.to_parquet(file)
    return tables, files, fitted(tables[0])


def test_numbers_are_counted_between_quantiles_and_categories_by_level(made):
    tables, files, model = made
    found = build_baseline(model, files, files[1], time=None)
    every = pd.concat(tables)
    income = found.columns["income"]
    known = every["income"].dropna().to_numpy()
    edges = np.array(income.edges)
    assert income.missing == every["income"].isna().sum()
    assert income.rows == np.bincount(np.searchsorted(edges, known), minlength=len(edges) + 1).tolist()
    assert (income.rows[0], income.rows[-1]) == (0, 0)
    assert (edges[1], edges[-1]) == pytest.approx((known.min(), known.max()), abs=2e-6 * np.ptp(known))
    assert np.ptp(income.rows[2:-1]) <= 2  # as many in each; the smallest value has a bin of its own
    assert len(edges) == MAX_BINS + 2
    city = found.columns["city"]
    assert city.levels == ["Oslo", "Rome"]
    assert city.rows == [*every["city"].value_counts()[["Oslo", "Rome"]], 0]
    assert found.columns["member"].rows == [(~every["member"]).sum(), every["member"].sum(), 0]
    assert found.rows == BaselineRows(inputs=8_000, predictions=2_000)
    assert found.history is None


def test_a_number_of_few_values_has_a_bin_a_value(made):
    tables, files, model = made
    age = build_baseline(model, files, files[1], time=None).columns["age"]
    assert age.edges[1:] == pytest.approx(list(range(18, 30)), abs=1e-4)
    assert 17.9 < age.edges[0] < 18
    assert all(edge > value for edge, value in zip(age.edges[1:], range(18, 30), strict=True))
    assert age.rows[1:-1] == pd.concat(tables)["age"].value_counts().sort_index().tolist()


def test_a_value_that_was_rounded_on_its_way_stays_in_its_bin(made):
    tables, files, _ = made
    share = pd.DataFrame({"share": np.resize([0, 1 / 3, 1 / 2, 2 / 3, 1], len(tables[0]))})
    (tables[0].drop(columns="age").assign(age=share["share"])).to_parquet(files[0])
    bins = build_baseline(fitted(pd.read_parquet(files[0])), files[:1], files[0], time=None).columns["age"]
    rounded = np.bincount(np.searchsorted(bins.edges, share["share"].round(10)), minlength=len(bins.rows))
    assert rounded.tolist() == bins.rows


def test_times_are_counted_in_days_since_1970(made):
    tables, files, model = made
    joined = build_baseline(model, files, files[1], time=None).columns["joined"]
    assert joined.kind == "time"
    first = (pd.concat(tables)["joined"].min() - pd.Timestamp("1970-01-01")) / timedelta(days=1)
    assert joined.edges[1] == pytest.approx(first, abs=0.01)


def test_predictions_are_those_of_the_rows_that_the_model_has_not_seen(made):
    tables, files, model = made
    found = build_baseline(model, files, files[1], time=None).prediction
    said = model.predict_proba(tables[1])[:, 1]
    edges = np.array(found.edges)
    assert found.kind == "probability"
    assert found.rows == np.bincount(np.searchsorted(edges, said), minlength=len(edges) + 1).tolist()


def test_classes_and_values_are_predictions_too(made):
    tables, files, _ = made
    several = fitted(
        tables[0].assign(bought=tables[0]["age"] // 4 * 4), task="multiclass", classes=(16.0, 20.0, 24.0, 28.0)
    )
    found = build_baseline(several, files, files[1], time=None).prediction
    assert found.levels == ["16.0", "20.0", "24.0", "28.0"]
    said = pd.Series(several.predict(tables[1])).value_counts()
    assert found.rows == [*(int(said.get(each, 0)) for each in (16.0, 20.0, 24.0, 28.0)), 0]
    value = fitted(tables[0].assign(bought=tables[0]["age"]), task="regression", classes=None)
    assert build_baseline(value, files, files[1], time=None).prediction.kind == "value"


def test_history_has_shown_the_calendar_and_the_season_and_nothing_else(made):
    tables, files, model = made
    found = {each.seconds // 86_400: each for each in build_baseline(model, files, files[1], time="asked").history}
    assert set(found) == {7, 28, 91}  # a day has 22 rows
    every = pd.concat(tables)
    for each in found.values():
        assert set(each.columns) == {"month", "city"}
    assert found[28].windows == 14
    period = (every["asked"] - every["asked"].min()).dt.total_seconds() // (28 * 86_400)
    whole = every["city"].value_counts(normalize=True).sort_index()
    apart = [
        jensenshannon(rows.value_counts(normalize=True).reindex(whole.index, fill_value=0), whole, base=2)
        for _, rows in every["city"].groupby(period)
        if len(rows) >= 50
    ]
    assert found[28].columns["city"] == pytest.approx(max(apart), abs=0.01)


def test_a_time_that_is_a_number_has_no_history(made):
    _, files, model = made
    assert build_baseline(model, files, files[1], time="month").history is None


def test_it_is_plain_json_and_the_same_every_time(made, tmp_path):
    _, files, model = made
    first = build_baseline(model, files, files[1], time="asked")
    write_json(to_json(first), tmp_path / "baseline.json")
    assert first == build_baseline(model, files, files[1], time="asked")
    assert from_json(Baseline, read_json(tmp_path / "baseline.json"), "baseline.json") == first
    assert (tmp_path / "baseline.json").stat().st_size < 20_000
