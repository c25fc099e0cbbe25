"""Of the test part nothing reaches the search or the training: what is planted there changes no byte of theirs."""

import json
from pathlib import Path

import pandas as pd
import pytest
from engine.tests.stages import run_stage

MARKER = "planted-in-the-test-part"
SEARCHES = {
    "tpe": ["search.trials=4"],
    "automl": ["search=automl", "search.seconds=null", "search.trials=5", "search.folds=3"],
}
TIMES = ("fit_seconds", "predict_seconds")


def found(project: Path, overrides: list[str]) -> dict[str, bytes]:
    """Search and train, and give what both wrote, without how long it took."""
    for stage in ("tune", "train"):
        done = run_stage(stage, *overrides, cwd=project)
        assert done.returncode == 0, done.stderr
    folders = [project / "models" / name for name in ("members", "model")]
    files = [path for folder in folders for path in folder.rglob("*") if path.is_file()]
    files += [project / "models" / name for name in ("tuned.json", "held_out.parquet")]
    trials = json.loads((project / "reports/trials.json").read_text())["trials"]
    scores = [{key: value for key, value in trial.items() if key not in TIMES} for trial in trials]
    return {str(path): path.read_bytes() for path in files} | {"trials": json.dumps(scores).encode()}


@pytest.mark.slow
@pytest.mark.parametrize("search", SEARCHES)
def test_what_is_planted_in_the_test_part_changes_no_byte_of_a_search(finished, search):
    before = found(finished, SEARCHES[search])
    part = finished / "data/processed/test.parquet"
    table = pd.read_parquet(part)
    target = json.loads((finished / "data/interim/schema.json").read_text())["target"]
    for name, values in table.items():
        if name == target:
            table[name] = values.to_numpy()[::-1]
        elif pd.api.types.is_numeric_dtype(values):
            table[name] = values.dtype.type(99)
        else:
            table[name] = MARKER
    part.unlink()  # which may be a link into DVC's cache
    table.to_parquet(part)
    assert MARKER in pd.read_parquet(part).to_numpy(), "nothing is planted"
    after = found(finished, SEARCHES[search])
    assert after == before
    assert not any(MARKER.encode() in content for content in after.values())
