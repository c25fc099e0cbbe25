"""The query of the simulated shop: what it counts, and that it does not see the future."""

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from engine.tests.datasets import hat_shops
from engine.tests.datasets.hat_shops import SQL, WINDOW, Shop, roc_auc
from hypothesis import given, settings
from hypothesis import strategies as st

from cairn.features.sql import build


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    return hat_shops.whole(tmp_path_factory.mktemp("shop"))


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    return hat_shops.small(tmp_path_factory.mktemp("small"))


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
