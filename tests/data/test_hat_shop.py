"""The simulated shop: its truth, its tables, and the query that must not see the future."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.data import hat_shop
from pipeline.data.features import build
from pipeline.data.hat_shop import HatShop
from pipeline.errors import InputError

CONF = Path(__file__).parents[2] / "conf"
SQL = (CONF / "features" / "hat_shop.sql").read_text(encoding="utf-8")
WINDOW = np.timedelta64(30, "D")
TABLES = ("customers", "questions", "orders")


@dataclass(frozen=True)
class Shop:
    folder: Path

    @property
    def files(self) -> dict[str, Path]:
        return {name: self.folder / "raw" / f"{name}.parquet" for name in TABLES}

    def table(self, name: str) -> pa.Table:
        (path,) = self.folder.glob(f"*/{name}.parquet")
        return pq.read_table(path)

    def column(self, table: str, name: str) -> np.ndarray:
        return self.table(table)[name].to_numpy()


def open_shop(folder: Path, **fields: Any) -> Shop:
    for name in ("raw", "truth", "interim"):
        (folder / name).mkdir(parents=True)
    HatShop(target="bought_hat", **fields).ingest(folder / "raw", folder / "truth")
    return Shop(folder)


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    """Give a shop of two chunks, the second one cut short, with its features."""
    made = open_shop(tmp_path_factory.mktemp("shop"), customers=40_000, seed=7)
    build(made.files, made.folder / "interim" / "features.parquet", sql=SQL)
    return made


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    return open_shop(tmp_path_factory.mktemp("small"), customers=1_000, seed=7)


def features_of(files: dict[str, Path], output: Path) -> tuple[pa.Table, pa.ChunkedArray]:
    """Give the features that the query makes, without the label, and the label."""
    build(files, output, sql=SQL)
    table = pq.read_table(output)
    return table.drop_columns("bought_hat"), table["bought_hat"]


def bits(table: pa.Table) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as stream:
        stream.write_table(table.combine_chunks())
    return sink.getvalue().to_pybytes()


def roc_auc(actual: np.ndarray, score: np.ndarray) -> float:
    """Give the share of (positive, negative) pairs in the right order; ties count half."""
    positive, negative = score[actual], np.sort(score[~actual])
    below = np.searchsorted(negative, positive, side="left") + np.searchsorted(negative, positive, side="right")
    return below.mean() / 2 / len(negative)


def logit(p: np.ndarray) -> np.ndarray:
    return np.log(p / (1 - p))


# The label and the features


FUTURE = {
    "deleted": "FROM seen SELECT order_id, * EXCLUDE (order_id, asked_at) WHERE ordered_at < asked_at",
    "multiplied": """FROM seen, range(3) AS copies(n) SELECT seen.* EXCLUDE (asked_at)
        WHERE ordered_at >= asked_at OR n = 0""",
    "rewritten": """FROM seen SELECT order_id, customer_id, ordered_at,
        if(ordered_at < asked_at, item, 'hat') AS item,
        if(ordered_at < asked_at, price_cents, 99 * price_cents) AS price_cents,
        (ordered_at >= asked_at) != on_sale AS on_sale""",
    "with a hat at the very moment of the question": """FROM seen SELECT * EXCLUDE (asked_at)
        UNION ALL FROM questions SELECT -1, customer_id, asked_at, 'hat', 3500, true""",
}


@pytest.mark.parametrize("future", FUTURE.values(), ids=FUTURE.keys())
def test_no_feature_knows_the_future(small: Shop, tmp_path: Path, future: str) -> None:
    tampered = tmp_path / "orders.parquet"
    with duckdb.connect() as connection:
        for name, path in small.files.items():
            connection.execute(f"CREATE VIEW {name} AS FROM '{path}'")
        connection.execute("CREATE VIEW seen AS FROM orders JOIN questions USING (customer_id)")
        connection.execute(f"COPY ({future}) TO '{tampered}'")
    features, label = features_of(small.files, tmp_path / "before.parquet")
    features_after, label_after = features_of(small.files | {"orders": tampered}, tmp_path / "after.parquet")
    assert bits(features_after) == bits(features)
    # Copies of a hat are still a hat; every other change of the future must show in the label.
    assert (label_after == label) == ("range(3)" in future)


def test_the_label_is_a_hat_ordered_in_the_30_days_from_the_question_on(shop: Shop) -> None:
    asked = shop.column("questions", "asked_at")[shop.column("orders", "customer_id")]
    since = shop.column("orders", "ordered_at") - asked
    is_hat = shop.column("orders", "item") == "hat"
    in_window = is_hat & (since >= np.timedelta64(0)) & (since < WINDOW)
    expected = np.isin(shop.column("questions", "customer_id"), shop.column("orders", "customer_id")[in_window])
    assert np.array_equal(shop.column("features", "bought_hat"), expected)


orders = st.lists(
    st.tuples(
        st.one_of(st.integers(-800 * 86_400, 70 * 86_400), st.sampled_from([-1, 0, 1, 30 * 86_400 - 1, 30 * 86_400])),
        st.sampled_from(["hat", "scarf", "shoes"]),
        st.integers(1, 10_000),
        st.booleans(),
    ),
    max_size=12,
)


@settings(max_examples=30, deadline=None)
@given(orders=orders)
def test_history_is_counted_strictly_before_the_question(
    tmp_path_factory: pytest.TempPathFactory, orders: list[tuple[int, str, int, bool]]
) -> None:
    row = features_of_one_customer(tmp_path_factory.mktemp("one"), orders)
    past = [(-seconds // 86_400, item, cents, on_sale) for seconds, item, cents, on_sale in orders if seconds < 0]
    hats = [days for days, item, *_ in past if item == "hat"]
    expected = {
        "orders_total": len(past),
        "orders_30d": sum(days < 30 for days, *_ in past),
        "orders_365d": sum(days < 365 for days, *_ in past),
        "days_since_order": min((days for days, *_ in past), default=None),
        "days_since_first_order": max((days for days, *_ in past), default=None),
        "hats_total": len(hats),
        "hats_60d": sum(days < 60 for days in hats),
        "days_since_hat": min(hats, default=None),
        "warm_items_120d": sum(days < 120 and item == "scarf" for days, item, *_ in past),
        "spent_90d_cents": sum(cents for days, _, cents, _ in past if days < 90),
        "mean_price_cents": sum(cents for _, _, cents, _ in past) / len(past) if past else None,
        "share_on_sale": sum(on_sale for *_, on_sale in past) / len(past) if past else None,
        "bought_hat": any(item == "hat" and 0 <= seconds < 30 * 86_400 for seconds, item, *_ in orders),
    }
    assert {name: row[name] for name in expected} == expected


def features_of_one_customer(folder: Path, orders: list[tuple[int, str, int, bool]]) -> dict[str, Any]:
    asked = datetime(2025, 6, 1, 12, 30, 15)
    seconds, items, cents, on_sale = zip(*orders, strict=True) if orders else ((), (), (), ())
    tables = {
        "customers": {
            "customer_id": [0],
            "signed_up_on": pa.array([datetime(2022, 1, 1)], pa.date32()),
            "gender": ["other"],
            "age": [30],
            "income": [20_000],
            "city": ["Rome"],
            "channel": ["app"],
            "newsletter": [True],
        },
        "questions": {"customer_id": [0], "asked_at": pa.array([asked], pa.timestamp("us"))},
        "orders": {
            "order_id": pa.array(range(len(orders)), pa.int64()),
            "customer_id": pa.array([0] * len(orders), pa.int64()),
            "ordered_at": pa.array([asked + timedelta(seconds=each) for each in seconds], pa.timestamp("us")),
            "item": pa.array(items, pa.string()),
            "price_cents": pa.array(cents, pa.int64()),
            "on_sale": pa.array(on_sale, pa.bool_()),
        },
    }
    files = {name: folder / f"{name}.parquet" for name in tables}
    for name, columns in tables.items():
        pq.write_table(pa.table(columns), files[name])
    build(files, folder / "features.parquet", sql=SQL)
    (row,) = pq.read_table(folder / "features.parquet").to_pylist()
    return row


def test_features_hold_one_row_per_customer_in_order(shop: Shop) -> None:
    assert np.array_equal(shop.column("features", "customer_id"), np.arange(40_000))


def test_features_come_close_to_the_best_that_can_be_reached(shop: Shop) -> None:
    from sklearn.ensemble import HistGradientBoostingClassifier

    table = shop.table("features").to_pandas()
    actual, best = table.pop("bought_hat").to_numpy(), shop.column("truth", "probability")
    features = table.drop(columns=["customer_id", "asked_at"])
    features = features.astype({name: "category" for name in ("gender", "city", "channel")})
    train, test = slice(0, 30_000), slice(30_000, None)
    model = HistGradientBoostingClassifier(max_iter=60, max_leaf_nodes=12, random_state=0)
    model.fit(features[train], actual[train])
    reached = roc_auc(actual[test], model.predict_proba(features[test])[:, 1]) - 0.5
    assert reached / (roc_auc(actual[test], best[test]) - 0.5) > 0.9


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
