"""The stage writes both outputs whatever it is asked, and pays for no library where it is left out."""

import subprocess
import sys

import pyarrow.parquet as pq
import pytest
from engine.tests.models.test_saved import MODELS, table, trained

from cairn import layout
from cairn.files import read_json, write_json
from cairn.models import saved
from pipeline.stages import explain

NODE = {"_target_": "cairn.explain.explanations.explain", "rows": 40}


@pytest.fixture
def project(tmp_path, monkeypatch):
    """Give the function that makes a folder with a model, its test part and its parameters, and goes there."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.argv", ["stage"])

    def made(name="linear", node=NODE):
        saved.save(layout.TRAINED, *trained(MODELS[name]), {})
        layout.PARTS.mkdir(parents=True)
        table(100, seed=2).assign(sex=["f", "m"] * 50).to_parquet(layout.TEST)
        write_json({"features": ["age", "income", "city"], "id": None}, layout.SCHEMA)
        params = {"report": {"explain": node}, "data": {"sensitive": ["sex"]}, "seed": 1, "trusted": []}
        write_json(params | {"evaluation": {"slice_levels": 10}}, tmp_path / "params.yaml")  # JSON is YAML too

    return made


def test_explanations_and_the_contributions_of_every_row_are_written(project):
    project()
    explain.main()
    content = read_json(layout.EXPLANATIONS)
    assert content["rows"] == {"explained": 40, "test": 100}
    assert {each["column"] for each in content["slices"]} == {"sex", "city"}
    assert pq.read_table(layout.CONTRIBUTIONS / "contributions.parquet").num_rows == 40


def test_what_an_earlier_run_wrote_does_not_stay(project):
    project("dummy")
    layout.CONTRIBUTIONS.mkdir(parents=True)
    (layout.CONTRIBUTIONS / "contributions.parquet").touch()
    explain.main()
    assert read_json(layout.EXPLANATIONS)["explained"] is False
    assert list(layout.CONTRIBUTIONS.iterdir()) == []


def test_the_same_run_gives_the_same_bytes(project):
    project("xgboost")
    written = []
    for _ in range(2):
        explain.main()
        files = [layout.EXPLANATIONS, layout.CONTRIBUTIONS / "contributions.parquet"]
        written.append([file.read_bytes() for file in files])
    assert written[0] == written[1]


def test_left_out_it_says_so_and_imports_no_heavy_library(project):
    project(node=None)
    heavy = "pandas", "sklearn", "xgboost", "pyarrow", "numpy"
    script = f"import sys; from pipeline.stages import explain; explain.main(); print([n for n in {heavy} if n in sys.modules])"
    done = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True)
    assert done.stdout.strip() == "[]"
    assert read_json(layout.EXPLANATIONS) == {"explained": False, "why": "left out by the choice report=none"}
    assert list(layout.CONTRIBUTIONS.iterdir()) == []
