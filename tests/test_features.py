"""The features know nothing that a prediction could not know: no target, no identifier, no copy of the target."""

from pathlib import Path

import duckdb
import pytest

from cairn import config, layout
from cairn.files import read_json

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def data():
    return config.read_yaml(ROOT / config.PARAMS)["data"]


@pytest.fixture(scope="module")
def schema():
    if not (ROOT / layout.SCHEMA).exists() or not (ROOT / layout.FEATURES).exists():
        pytest.skip("there is no features table yet; `make run` makes it, `dvc pull` brings it")
    return read_json(ROOT / layout.SCHEMA)


def test_target_identifier_time_group_and_dropped_columns_are_no_features(schema, data):
    roles = {data["target"], data["id"], data["time"], data["group"], *data["drop"]}
    assert roles & set(schema["features"]) == set()


def test_no_feature_is_a_copy_of_the_target(schema):
    def text(name):
        return '"' + name.replace('"', '""') + '"::VARCHAR'

    target = text(schema["target"])
    columns = [f"count(*) FILTER ({text(name)} IS DISTINCT FROM {target})" for name in schema["features"]]
    table = f"read_parquet('{ROOT / layout.FEATURES}')"
    (different,) = duckdb.sql(f"SELECT {', '.join(columns)} FROM {table}").fetchall()
    copies = [name for name, count in zip(schema["features"], different, strict=True) if count == 0]
    assert copies == []
