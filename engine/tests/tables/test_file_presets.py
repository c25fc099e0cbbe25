"""Public tables that conf/data knows by name: what their files say is what is there."""

from pathlib import Path

import duckdb
import pytest
from engine.tests.tables.files import ingest
from engine.tests.tables.test_file import preset

from cairn.tables.file import File

PUBLIC = Path(__file__).parents[4] / "shared" / "data"


@pytest.mark.parametrize("name", ["adult", "bank_marketing", "telco_churn", "california_housing"])
def test_the_preset_names_columns_and_a_class_that_are_there(tmp_path: Path, name: str) -> None:
    node, (path, *_) = preset(name), [*PUBLIC.glob(f"{name}.csv*"), None]
    File(**node)
    if path is None:
        pytest.skip(f"{name}.csv is not here")
    there = {"columns": []} if name == "adult" else {}  # this copy of adult has a header
    table_there = ingest(tmp_path, **node | there | {"path": path, "sha256": None})
    classes = {row[0] for row in duckdb.sql(f"SELECT DISTINCT \"{node['target']}\" FROM '{table_there}'").fetchall()}
    assert node["positive"] is None or node["positive"] in classes
