"""The changes that the simulated shop makes on purpose: each is what it says, from its day on, and nothing else."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from cairn.datasets.hat_shop import HatShop

DAY = 183
SINCE = pd.Timestamp("2026-07-02")  # the 183rd day of 2026: 31 + 28 + 31 + 30 + 31 + 30 days before July, and one more
Tables = dict[str, pd.DataFrame]
BROKEN = ("cents", "missing", "constant")


def shop(folder: Path, **fields: Any) -> Tables:
    for name in ("raw", "truth"):
        (folder / name).mkdir(parents=True)
    HatShop(target="bought_hat", customers=26_000, **fields).ingest(folder / "raw", folder / "truth")
    tables = {path.stem: pd.read_parquet(path) for path in folder.glob("*/*.parquet")}
    people = tables["customers"].merge(tables["questions"]).merge(tables["truth"])
    return tables | {"people": people.set_index("customer_id", drop=False)}


@pytest.fixture(scope="module")
def before(tmp_path_factory: pytest.TempPathFactory) -> Tables:
    return shop(tmp_path_factory.mktemp("shop") / "before", year=2026)


@pytest.fixture(scope="module")
def after(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Tables:
    return shop(tmp_path_factory.mktemp("shop") / request.param, year=2026, drift=request.param, drift_from=DAY)


def drifted(*kinds: str) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("after", kinds, indirect=True)


def changed(before: Tables, after: Tables) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Give those who are asked about from the day on, without and with the drift."""
    late = before["people"]["asked_at"] >= SINCE
    assert 0.45 < late.mean() < 0.55
    return before["people"][late], after["people"][late]


@drifted("younger", "richer", "fashion", "new_city", *BROKEN)
def test_before_its_day_nothing_changes(before: Tables, after: Tables) -> None:
    early = before["people"]["asked_at"] < SINCE
    pd.testing.assert_frame_equal(after["people"][early], before["people"][early])


@drifted("younger", "richer", "fashion", "new_city", *BROKEN)
def test_what_was_known_of_past_orders_does_not_change(before: Tables, after: Tables) -> None:
    columns = ["customer_id", "ordered_at", "item", "price_cents", "on_sale"]
    past = [
        shop["orders"].merge(shop["questions"]).query("ordered_at < asked_at")[columns].reset_index(drop=True)
        for shop in (before, after)
    ]
    pd.testing.assert_frame_equal(*past)


@drifted("younger")
def test_the_younger_are_closer_to_18_by_30_percent(before: Tables, after: Tables) -> None:
    old, young = changed(before, after)
    known = old["age"].notna()
    off = young["age"][known] - (18 + 0.7 * (old["age"][known] - 18))
    assert off.between(-1, 1e-9).all()  # whole years, as everyone's
    assert young["age"].isna().equals(old["age"].isna())
    assert_only_these_change(old, young, "age", "probability")
    # The age term of the formula is the squared distance from 45 years: p moves with it, and with nothing else.
    nearer = (np.abs(young["age"] - 45) < np.abs(old["age"] - 45)) & known
    assert (young["probability"][nearer] >= old["probability"][nearer]).all()


@drifted("richer")
def test_the_richer_earn_40_percent_more_and_buy_more(before: Tables, after: Tables) -> None:
    old, rich = changed(before, after)
    known = old["income"].notna()
    assert np.abs(rich["income"] - 1.4 * old["income"])[known].max() <= 50  # incomes are whole hundreds
    assert_only_these_change(old, rich, "income", "probability")
    assert (rich["probability"] >= old["probability"]).all()


@drifted("fashion")
def test_fashion_changes_who_buys_and_nothing_that_is_known_of_them(before: Tables, after: Tables) -> None:
    from sklearn.metrics import roc_auc_score

    old, new = changed(before, after)
    assert_only_these_change(old, new, "probability")
    bought = labels(after).loc[new.index]
    assert bought.mean() == pytest.approx(new["probability"].mean(), abs=0.01)
    assert roc_auc_score(bought, new["probability"]) > 0.78  # there is as good a model again ...
    assert roc_auc_score(bought, old["probability"]) < 0.68  # ... and the best one of before is no longer good
    # A customer without hats has the same habit term in both: only the intercept moves, from -3.6 to -2.1.
    hats = before["orders"].query("item == 'hat'").merge(before["questions"]).query("ordered_at < asked_at")
    none = ~new.index.isin(hats["customer_id"]) & new["probability"].between(0.01, 0.9)
    gap = logit(new["probability"][none]) - logit(old["probability"][none])
    assert gap.to_numpy() == pytest.approx(1.5, abs=0.02)  # p is rounded to a millionth


@drifted("new_city")
def test_one_in_ten_comes_from_a_city_never_seen(before: Tables, after: Tables) -> None:
    old, new = changed(before, after)
    assert "Lisbon" not in set(before["people"]["city"])
    assert new["city"].eq("Lisbon").mean() == pytest.approx(0.1, abs=4 * np.sqrt(0.09 / len(new)))
    stayed = new["city"] != "Lisbon"
    pd.testing.assert_frame_equal(new[stayed], old[stayed])
    assert_only_these_change(old, new, "city", "probability")


@drifted("cents")
def test_income_in_cents_is_a_hundred_times_itself(before: Tables, after: Tables) -> None:
    old, new = changed(before, after)
    assert new["income"].equals(100 * old["income"])


@drifted("missing")
def test_a_missing_income_is_missing_for_everyone(before: Tables, after: Tables) -> None:
    assert changed(before, after)[1]["income"].isna().all()


@drifted("constant")
def test_a_constant_income_is_everyones(before: Tables, after: Tables) -> None:
    assert changed(before, after)[1]["income"].eq(32_000).all()


@drifted(*BROKEN)
def test_a_broken_column_changes_no_truth(before: Tables, after: Tables) -> None:
    assert_only_these_change(*changed(before, after), "income")
    assert after["orders"].equals(before["orders"])


def test_the_next_year_has_new_customers_and_the_same_seasons(before: Tables, tmp_path: Path) -> None:
    first = shop(tmp_path / "first")["people"]
    second = before["people"]
    assert set(second["asked_at"].dt.year) == {2026}
    assert not set(first.index) & set(second.index)
    assert np.mean(first["probability"].to_numpy() == second["probability"].to_numpy()) < 0.01
    for year in (first, second):
        by_month = year.groupby(year["asked_at"].dt.month)["probability"].mean()
        assert by_month[[12, 1, 2]].mean() > 2 * by_month[[6, 7, 8]].mean()


def test_the_next_years_raw_tables_meet_their_expectations(tmp_path: Path) -> None:
    from cairn import config

    params, _ = config.compose(["data.year=2026"], folder=Path(__file__).parents[3] / "conf")
    asked = shop(tmp_path / "next", year=2026)["questions"]["asked_at"]
    bounds = {
        each["type"]: pd.Timestamp(next(value for key, value in each["kwargs"].items() if key != "column"))
        for each in params["expectations"]["tables"]["questions"]
        if each["type"] in ("expect_column_min_to_be_between", "expect_column_max_to_be_between")
    }
    assert bounds["expect_column_min_to_be_between"] <= asked.min()
    assert asked.max() <= bounds["expect_column_max_to_be_between"]


def assert_only_these_change(old: pd.DataFrame, new: pd.DataFrame, *columns: str) -> None:
    for column in old.columns:
        assert old[column].equals(new[column]) == (column not in columns), column


def labels(tables: Tables) -> pd.Series:
    """Give whether each customer ordered a hat in the 30 days from the question on, by customer."""
    orders = tables["orders"].merge(tables["questions"])
    since = orders["ordered_at"] - orders["asked_at"]
    hat = (orders["item"] == "hat") & (since >= pd.Timedelta(0)) & (since < pd.Timedelta(days=30))
    buyers = set(orders["customer_id"][hat])
    return tables["people"].index.to_series().isin(buyers)


def logit(p: pd.Series) -> pd.Series:
    return np.log(p / (1 - p))
