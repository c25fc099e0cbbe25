"""The names of tables."""

from pathlib import Path

from cairn.tables.names import named


def test_a_raw_table_that_is_named_as_one_that_is_made_gets_another_name():
    raw = [Path("raw/orders.parquet"), Path("raw/features.parquet")]
    assert named(raw, {"features": Path("made.parquet")}) == {
        "raw_features": Path("raw/features.parquet"),
        "orders": Path("raw/orders.parquet"),
        "features": Path("made.parquet"),
    }
