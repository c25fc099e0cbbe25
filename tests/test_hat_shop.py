"""The query of the hat shop sees the past alone; this file goes with the example."""

from pathlib import Path

import duckdb
import pyarrow.parquet as pq
import pytest

from cairn.datasets.hat_shop import HatShop
from cairn.features.sql import build

SQL = (Path(__file__).parents[1] / "conf" / "features" / "hat_shop.sql").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def shop(tmp_path_factory):
    """The raw tables of a small shop."""
    folder = tmp_path_factory.mktemp("shop")
    (folder / "truth").mkdir()
    (folder / "raw").mkdir()
    HatShop(target="bought_hat", customers=1000).ingest(folder / "raw", folder / "truth")
    return {path.stem: path for path in (folder / "raw").glob("*.parquet")}


def features(tables, output):
    build(tables, output, sql=SQL)
    return pq.read_table(output).drop_columns("bought_hat")


def test_no_feature_uses_an_order_at_or_after_the_question(shop, tmp_path):
    past = tmp_path / "past.parquet"
    duckdb.sql(
        f"FROM '{shop['orders']}' AS o SEMI JOIN '{shop['questions']}' AS q "
        "ON o.customer_id = q.customer_id AND o.ordered_at < q.asked_at"
    ).write_parquet(str(past))
    assert 0 < pq.read_metadata(past).num_rows < pq.read_metadata(shop["orders"]).num_rows
    with_future = features(shop, tmp_path / "all.parquet")
    assert features(shop | {"orders": past}, tmp_path / "without.parquet").equals(with_future)
