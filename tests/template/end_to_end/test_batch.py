"""Batch scoring as a pipeline of its own, in a finished project."""

from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
import yaml

from cairn.models import saved
from cairn.rows import signature

pytestmark = pytest.mark.slow


def test_tables_are_scored_by_dvc_and_their_outputs_are_versioned(finished: Path, run: Callable) -> None:
    nothing = run(["dvc", "repro", "batch/dvc.yaml"], finished)
    assert nothing.returncode == 0, nothing.stderr
    assert not (finished / "batch" / "dvc.lock").exists()
    assert run(["dvc", "status"], finished).stdout.strip() == "Data and pipelines are up to date."

    pd.read_parquet(finished / "data/processed/test.parquet").head(50).to_csv(finished / "june.csv", index=False)
    tables = {"june": "june.csv", "test": "data/processed/test.parquet"}
    (finished / "batch" / "params.yaml").write_text(yaml.safe_dump({"tables": tables}))
    root = run(["dvc", "repro"], finished)
    assert root.returncode == 0
    assert "batch" not in root.stdout
    done = run(["dvc", "repro", "batch/dvc.yaml"], finished)
    assert done.returncode == 0, done.stdout + done.stderr
    locked = yaml.safe_load((finished / "batch" / "dvc.lock").read_text())["stages"]
    outs = {stage: [each["path"] for each in node["outs"]] for stage, node in locked.items()}
    assert outs == {f"predict@{name}": [f"batch/output/{name}.parquet"] for name in tables}

    model = saved.load(finished / "models" / "model")
    expected = model.predict_proba(signature.read(finished / "data/processed/test.parquet"))[:, 1]
    for name, count in (("test", len(expected)), ("june", 50)):
        found = pd.read_parquet(finished / "batch" / "output" / f"{name}.parquet")
        assert (found["probability_true"].to_numpy() == expected[:count]).all()
    assert "didn't change" in run(["dvc", "repro", "batch/dvc.yaml"], finished).stdout
    assert run(["git", "status", "--porcelain", "batch/output"], finished).stdout.split() == ["??", "batch/output/"]

    (finished / "june.csv").write_text("hats\n1\n")
    failed = run(["dvc", "repro", "batch/dvc.yaml:predict@june"], finished)
    assert failed.returncode != 0
    assert "error: june.csv: no column " in failed.stdout + failed.stderr
    assert not (finished / "batch" / "output" / "june.parquet").exists()
