"""The simulated shop: its truth, its tables, and what it refuses."""

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
import yaml
from engine.tests.datasets import hat_shops
from engine.tests.datasets.hat_shops import CONF, TABLES, WINDOW, Shop, open_shop, roc_auc

from cairn.datasets import hat_shop
from cairn.datasets.hat_shop import HatShop
from cairn.errors import InputError


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    return hat_shops.whole(tmp_path_factory.mktemp("shop"))


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    return hat_shops.small(tmp_path_factory.mktemp("small"))


def logit(p: np.ndarray) -> np.ndarray:
    return np.log(p / (1 - p))


# The truth


def test_the_true_probability_is_calibrated(shop: Shop) -> None:
    p, bought = shop.column("truth", "probability"), shop.column("features", "bought_hat")
    off = []
    for rows in np.array_split(np.argsort(p), 20):
        off.append((bought[rows].sum() - p[rows].sum()) / np.sqrt((p[rows] * (1 - p[rows])).sum()))
    assert np.abs(off).max() < 4  # standard errors
    assert np.square(off).sum() < 45.3  # 99.9 % point of chi-squared with 20 degrees of freedom


def test_the_default_shop_is_as_large_and_as_hard_as_promised(shop: Shop) -> None:
    p, bought = shop.column("truth", "probability"), shop.column("features", "bought_hat")
    assert HatShop(target="bought_hat").customers == 40_000
    assert 300_000 < shop.table("orders").num_rows < 400_000
    assert 0.10 < bought.mean() < 0.25
    assert 0.80 < roc_auc(bought, p) < 0.88


def test_the_bias_lowers_the_chance_of_women_at_equal_history(
    shop: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hat_shop, "BIAS", 0.0)
    fair = open_shop(tmp_path / "fair", customers=40_000, seed=7)
    p, p_fair = shop.column("truth", "probability"), fair.column("truth", "probability")
    sure = np.minimum(p, 1 - p) > 0.01  # elsewhere a millionth is much on the logit
    gap = (logit(p) - logit(p_fair))[sure]
    women = (shop.column("customers", "gender") == "female")[sure]
    assert gap[women] == pytest.approx(-0.6, abs=1e-3)
    assert gap[~women] == pytest.approx(0.0, abs=1e-9)


def test_the_truth_is_nowhere_among_the_raw_tables(shop: Shop) -> None:
    assert sorted(path.name for path in (shop.folder / "raw").iterdir()) == sorted(f"{name}.parquet" for name in TABLES)
    assert [path.name for path in (shop.folder / "truth").iterdir()] == ["truth.parquet"]
    columns = {name for table in TABLES for name in shop.table(table).column_names}
    assert not columns & {"probability", "bought_hat", "rate", "hat_share", "trend"}


def test_hats_sell_in_winter(shop: Shop) -> None:
    month = shop.column("features", "month")
    bought = shop.column("features", "bought_hat")
    assert bought[np.isin(month, [12, 1, 2])].mean() > 2 * bought[np.isin(month, [6, 7, 8])].mean()


# The tables


def test_the_same_seed_gives_the_same_bytes(small: Shop, tmp_path: Path) -> None:
    again, other = (
        open_shop(tmp_path / "again", customers=1_000, seed=7),
        open_shop(tmp_path / "other", customers=1_000),
    )
    for path in small.folder.glob("*/*.parquet"):
        place = path.relative_to(small.folder)
        assert (again.folder / place).read_bytes() == path.read_bytes()
        assert (other.folder / place).read_bytes() != path.read_bytes()


def test_more_customers_only_add_rows(shop: Shop, small: Shop) -> None:
    for name in (*TABLES, "truth"):
        few = small.table(name)
        assert shop.table(name).slice(0, few.num_rows).equals(few)
        assert shop.column(name, "customer_id")[few.num_rows] == 1_000


def test_no_chunk_repeats_another(shop: Shop) -> None:
    p = shop.column("truth", "probability")
    assert np.mean(p[: 40_000 - hat_shop.CHUNK] == p[hat_shop.CHUNK :]) < 0.01


def test_orders_stand_by_customer_and_time_within_their_years(shop: Shop) -> None:
    customer, time = shop.column("orders", "customer_id"), shop.column("orders", "ordered_at")
    step, later = np.diff(customer), np.diff(time) >= np.timedelta64(0)
    assert np.all((step > 0) | ((step == 0) & later))
    assert np.array_equal(shop.column("orders", "order_id"), np.arange(len(customer)))
    assert np.all(time >= shop.column("customers", "signed_up_on")[customer])
    since = time - shop.column("questions", "asked_at")[customer]
    assert since.min() >= -np.timedelta64(730, "D")
    assert since.max() < np.timedelta64(60, "D")


def test_later_orders_hold_decoys(shop: Shop) -> None:
    asked = shop.column("questions", "asked_at")[shop.column("orders", "customer_id")]
    since, is_hat = shop.column("orders", "ordered_at") - asked, shop.column("orders", "item") == "hat"
    assert np.sum(~is_hat & (since >= np.timedelta64(0)) & (since < WINDOW)) > 1_000
    assert np.sum(is_hat & (since >= WINDOW)) > 1_000


def test_questions_spread_over_the_year(shop: Shop) -> None:
    month = shop.column("questions", "asked_at").astype("datetime64[M]")
    months, counts = np.unique(month, return_counts=True)
    assert months.tolist() == np.arange("2025-01", "2026-01", dtype="datetime64[M]").tolist()
    assert counts.min() > 0.9 * 40_000 * 28 / 365


@pytest.mark.parametrize(
    ("column", "shares"),
    [
        ("gender", hat_shop.GENDERS),
        ("city", {name: row[0] for name, row in hat_shop.CITIES.items()}),
        ("channel", {name: row[0] for name, row in hat_shop.CHANNELS.items()}),
    ],
)
def test_categories_have_their_documented_shares(shop: Shop, column: str, shares: dict[str, float]) -> None:
    values = shop.column("customers", column)
    assert sum(shares.values()) == pytest.approx(1)
    for name, share in shares.items():
        assert_share(values == name, share)


def test_age_is_missing_at_random_and_income_where_it_is_high() -> None:
    people = hat_shop.draw_people(np.random.default_rng(3))
    high = people["income"] > hat_shop.HIGH_INCOME
    for among in (high, ~high):
        assert_share(people["age_missing"][among], 0.05)
    assert_share(people["income_missing"][high], 0.30)
    assert_share(people["income_missing"][~high], 0.05)


def test_what_is_missing_is_null_in_the_table(shop: Shop) -> None:
    customers = shop.table("customers")
    assert_share(customers["age"].is_null().to_numpy(), 0.05)
    assert 0.05 < customers["income"].null_count / 40_000 < 0.30
    whole = [name for name in customers.column_names if customers[name].null_count == 0]
    assert whole == ["customer_id", "signed_up_on", "gender", "city", "channel", "newsletter"]


def assert_share(hits: np.ndarray, share: float) -> None:
    assert hits.mean() == pytest.approx(share, abs=4 * np.sqrt(share * (1 - share) / len(hits)))


# What is refused, and what is left behind


@pytest.mark.parametrize(
    ("fields", "line"),
    [
        ({"customers": 999}, "data.customers: 999 is not from 1,000 to 10,000,000; choose another number"),
        (
            {"customers": 10_000_001},
            "data.customers: 10,000,001 is not from 1,000 to 10,000,000; choose another number",
        ),
        ({"seed": -1}, "data.seed: -1 is negative; choose 0 or more"),
        ({"year": 2024}, "data.year: 2024 is not from 2025 to 2050; choose another year"),
        ({"drift_from": 366}, "data.drift_from: 366 is no day from 1 to 365; choose another day"),
    ],
)
def test_a_shop_that_cannot_be_is_refused(fields: dict[str, int], line: str) -> None:
    with pytest.raises(InputError) as refused:
        HatShop(target="bought_hat", **fields)
    assert str(refused.value) == line


def test_a_broken_run_leaves_nothing_half_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    simulate = hat_shop.simulate

    def break_on_the_second_chunk(seed: int, start: int, rows: int, **rest: Any) -> dict[str, pa.Table]:
        if start:
            raise MemoryError
        return simulate(seed, start, rows, **rest)

    monkeypatch.setattr(hat_shop, "simulate", break_on_the_second_chunk)
    with pytest.raises(MemoryError):
        open_shop(tmp_path, customers=30_000)
    assert list(tmp_path.rglob("*.*")) == []


# The configuration


def test_the_configuration_is_a_shop() -> None:
    node = yaml.safe_load((CONF / "data" / "hat_shop.yaml").read_text(encoding="utf-8"))
    fields = {key: value for key, value in node.items() if key not in {"_target_", "defaults"}}
    assert HatShop(**fields) == HatShop(
        target="bought_hat",
        task="binary",
        positive=True,
        id="customer_id",
        time="asked_at",
        drop=[],
        sensitive=["gender"],
    )


def test_expectations_name_the_columns_and_categories_of_the_shop(shop: Shop) -> None:
    tables = yaml.safe_load((CONF / "expectations" / "hat_shop.yaml").read_text(encoding="utf-8"))["tables"]
    assert set(tables) == set(TABLES)
    for name, expectations in tables.items():
        for kwargs in (each["kwargs"] for each in expectations if "column" in each["kwargs"]):
            values = shop.table(name)[kwargs["column"]]
            if "value_set" in kwargs:
                assert set(values.unique().to_pylist()) == set(kwargs["value_set"])
