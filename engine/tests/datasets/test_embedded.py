"""The data sets that scikit-learn brings along arrive whole, with names that a person can read."""

from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pytest
import yaml
from sklearn import datasets

from cairn.datasets.embedded import Embedded
from cairn.errors import InputError

CONF = Path(__file__).parents[3] / "conf" / "data"
TARGETS: dict[Any, str] = {"breast_cancer": "diagnosis", "wine": "cultivar", "diabetes": "progression"}


def ingest(folder: Path, **options: Any) -> Path:
    for each in ("raw", "truth"):
        (folder / each).mkdir(exist_ok=True)
    Embedded(**options).ingest(folder / "raw", folder / "truth")
    return folder / "raw" / "table.parquet"


@pytest.mark.parametrize("name", TARGETS)
def test_every_value_is_scikit_learns(tmp_path: Path, name: Any) -> None:
    options = {"scaled": False} if name == "diabetes" else {}
    expected = getattr(datasets, f"load_{name}")(**options)
    table = duckdb.sql(f"FROM '{ingest(tmp_path, name=name, target=TARGETS[name])}'").df()
    assert list(table.columns) == [*expected.feature_names, TARGETS[name]]
    np.testing.assert_array_equal(table[expected.feature_names].to_numpy(), expected.data)
    labels = expected.target if name == "diabetes" else expected.target_names[expected.target]
    assert table[TARGETS[name]].tolist() == list(labels)


def test_the_same_set_gives_the_same_bytes(tmp_path: Path) -> None:
    first = ingest(tmp_path, name="wine", target="cultivar").read_bytes()
    assert ingest(tmp_path, name="wine", target="cultivar").read_bytes() == first


@pytest.mark.parametrize("name", TARGETS)
def test_the_preset_names_columns_that_are_there(tmp_path: Path, name: str) -> None:
    node = yaml.safe_load((CONF / f"{name}.yaml").read_text())
    assert node.pop("_target_") == "cairn.datasets.embedded.Embedded"
    table = duckdb.sql(f"FROM '{ingest(tmp_path, **node)}'")
    if node["positive"] is not None:
        assert node["positive"] in {row[0] for row in table.project(f'"{node["target"]}"').fetchall()}


def test_a_wrong_name_gets_the_nearest(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"^data\.name: no data set 'whine' \(did you mean 'wine'\?\)$"):
        Embedded(name="whine", target="cultivar")  # type: ignore[arg-type]
    line = r"^data\.target: no column 'cultivars' in wine \(did you mean 'cultivar'\?\)$"
    with pytest.raises(InputError, match=line):
        ingest(tmp_path, name="wine", target="cultivars")
    assert not list((tmp_path / "raw").iterdir())
