"""The gate compares with the model that the production tag names, wherever its bytes are kept."""

import json
import re
import shutil

import pandas as pd
import pytest

JUDGE = ["python", "-m", "pipeline.stages.judge"]


def must(done):
    assert done.returncode == 0, done.stdout + done.stderr
    return done


def promote(run, project):
    for tag in ("model@v1.0.0", "model#prod#1"):
        must(run(["git", "tag", "--annotate", tag, "--message", "By hand"], project))


def test_without_a_promoted_model_the_gate_on_the_champion_passes_and_says_so(finished):
    gates = json.loads((finished / "reports/gates.json").read_text())
    assert gates["champion"] is None
    assert "no champion at stage prod yet" in gates["gates"][-1]["why"]


def test_a_model_is_no_worse_than_itself(finished, run):
    promote(run, finished)
    must(run(JUDGE, finished))
    gates = json.loads((finished / "reports/gates.json").read_text())
    compared = gates["champion"]["metrics"]["log_loss"]
    assert (gates["passed"], gates["champion"]["version"]) == (True, "v1.0.0")
    assert (compared["difference"], compared["low"], compared["high"]) == (0, 0, 0)


@pytest.mark.slow
def test_rows_that_are_new_to_the_champion_are_what_the_two_are_compared_on(finished, run):
    report = finished / "reports/gates.json"
    said = json.loads(report.read_text())
    asked = pd.read_parquet(finished / "data/processed", columns=["asked_at"])["asked_at"]
    assert said["newest"] == asked.max().isoformat()
    middle = asked.sort_values().iloc[500]  # as if the champion had been made half a year ago
    report.write_text(json.dumps(said | {"newest": middle.isoformat()}))
    must(run(["git", "commit", "--all", "--quiet", "--message", "An older model"], finished))
    promote(run, finished)
    test = pd.read_parquet(finished / "data/processed/test.parquet")["asked_at"]
    newer = int((test > middle).sum())
    for least, compared in ((newer, newer), (newer + 1, len(test))):
        params = finished / "params.yaml"
        params.write_text(re.sub(r"slice_rows: \d+", f"slice_rows: {least}", params.read_text()))
        must(run(JUDGE, finished))
        assert json.loads(report.read_text())["champion"]["rows"] == compared


@pytest.mark.slow
def test_a_model_that_learnt_nothing_is_worse_than_the_champion_beyond_chance(finished, run):
    promote(run, finished)
    done = run(["dvc", "exp", "run", "-S", "model=dummy"], finished)
    assert done.returncode != 0
    gates = json.loads((finished / "reports/gates.json").read_text())
    assert not gates["passed"]
    assert gates["champion"]["metrics"]["log_loss"]["worse_beyond_chance"]
    assert "error: 2 of 2 gates failed" in done.stdout + done.stderr

    # Its bytes are nowhere: that is named, with what to do.
    shutil.rmtree(finished / ".dvc/cache")
    done = run(JUDGE, finished)
    assert done.returncode == 1
    lines = [line for line in done.stderr.splitlines() if line.startswith("error:")]
    assert len(lines) == 1, done.stderr
    assert "neither in the cache nor in the remote: `dvc fetch` it" in lines[0]
    assert "Traceback" not in done.stderr
