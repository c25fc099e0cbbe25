"""The stage that looks at the tables."""

import json

import duckdb
import pytest
import yaml

from pipeline.stages import profile


@pytest.fixture
def project(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.argv", ["stage"])
    for folder in ("data/raw", "data/interim", "reports"):
        (tmp_path / folder).mkdir(parents=True)
    rows = duckdb.sql("SELECT i, i % 2 = 0 AS y FROM range(40) AS r(i)")
    rows.write_parquet("data/raw/people.parquet")
    rows.write_parquet("data/interim/features.parquet")
    schema = {"target": "y", "task": "binary", "classes": [False, True]}
    (tmp_path / "data/interim/schema.json").write_text(json.dumps(schema))
    return tmp_path


def run(project, node):
    (project / "params.yaml").write_text(yaml.safe_dump({"seed": 1, "report": {"profile": node}}))
    profile.main()
    pages = sorted(path.name for path in (project / "reports/profile").iterdir())
    return json.loads((project / "reports/profile.json").read_text()), pages


def test_each_table_has_a_page_and_the_same_again_gives_the_same_bytes(project):
    told, pages = run(project, {"_target_": "cairn.tables.profile.profile", "sample": 30})
    assert (told["profiled"], pages) == (True, ["features.html", "people.html"])
    assert {each["page"] for each in told["tables"].values()} == set(pages)
    before = [(project / "reports/profile" / name).read_bytes() for name in pages]
    assert run(project, {"_target_": "cairn.tables.profile.profile", "sample": 30})[0] == told
    assert [(project / "reports/profile" / name).read_bytes() for name in pages] == before


def test_left_out_it_says_so_and_leaves_no_page_behind(project):
    run(project, {"_target_": "cairn.tables.profile.profile"})
    assert run(project, None) == ({"profiled": False}, [])
