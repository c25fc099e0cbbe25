"""Sweeps in DVC's queue, recipes of conf/experiment, and `cairn keep`, from the first override to `git commit`."""

import csv
import os
import re
from pathlib import Path

import pytest
import yaml
from engine.tests.queues import wait_until_ended

QUICK = ["evaluate", "-S", "search=none", "-S", "model.n_estimators=10"]  # no stage after `evaluate`
# A group as a list with commas, a key as choice(): 2 x 3 = 6 experiments; `make bench` queues thirty.
SWEEP = [*QUICK, "-S", "model=random_forest,extra_trees", "-S", "model.max_depth=choice(2,3,4)"]
EACH = {
    (f"cairn.models.estimators.{family}", str(depth))
    for family in ("random_forest", "extra_trees")
    for depth in (2, 3, 4)
}
TO_THE_EVALUATION = "compose code tune train evaluate".split()
FROM_THE_SEARCH_ON = [*TO_THE_EVALUATION, *"bias explain baseline judge card report gate".split()]


def well(run, project: Path, *command: str | Path, **env: str) -> str:
    done = run(command, project, **env)
    assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"
    return done.stdout


def stages_run(output: str) -> list[str]:
    return re.findall(r"^Running stage '(\w+)'", output, re.M)


def wait_for_queue(run, project: Path, queued: int, workers: int, **env: str) -> str:
    """Start workers, and give the queue's status once all that was queued has ended."""
    try:
        # To a file: a worker that has nothing left to do may stay, and would hold the end of a pipe.
        start = 'exec dvc queue start -j "$0" > ../queue.txt 2>&1'
        well(run, project, "bash", "-c", start, str(workers), **env)
        return wait_until_ended(queued, lambda: run(["dvc", "queue", "status"], project).stdout)
    finally:
        run(["dvc", "queue", "stop", "--kill"], project)


@pytest.mark.slow
def test_six_experiments_and_two_workers_lose_no_run_and_no_log(finished, run):
    queued = re.findall(r"Queued experiment '(.+?)'", well(run, finished, "dvc", "exp", "run", "--queue", *SWEEP))
    assert len(set(queued)) == 6
    status = wait_for_queue(run, finished, queued=6, workers=2)
    assert status.count("Success") == 6, status
    told = well(run, finished, "cairn", "recover")  # DVC loses one where both workers fetch at the same moment
    assert "of the 6 that ended well" in told

    for name in queued:
        log = well(run, finished, "dvc", "queue", "logs", name)
        assert stages_run(log) == TO_THE_EVALUATION, f"{name}\n{log}"
    for clean in ("git status --porcelain", "dvc status --quiet"):
        assert well(run, finished, *clean.split()) == "", "a queued experiment touched the workspace"

    table = list(csv.DictReader(well(run, finished, "dvc", "exp", "show", "--csv").splitlines()))
    rows = {row["Experiment"]: row for row in table if row["Experiment"] in queued}
    keys = ("model._target_", "model.max_depth")
    assert {tuple(row[key] for key in keys) for row in rows.values()} == EACH
    assert len(rows) == 6
    assert all(float(row["test.roc_auc"]) > 0.5 for row in rows.values())

    best = min(rows, key=lambda name: float(rows[name]["validation.log_loss"]))
    well(run, finished, "dvc", "exp", "apply", best)
    applied = (finished / "params.yaml").read_bytes()
    well(run, finished, "cairn", "keep", best, "--default")
    assert stages_run(well(run, finished, "dvc", "repro", "evaluate")) == ["compose"]
    assert (finished / "params.yaml").read_bytes() == applied
    well(run, finished, "git", "add", ".")
    well(run, finished, "git", "commit", "--quiet", "--message", "The best of the sweep")
    assert well(run, finished, "dvc", "status", "evaluate") == "Data and pipelines are up to date.\n"


@pytest.mark.slow
def test_a_recipe_runs_is_applied_kept_and_becomes_the_default(finished, run):
    ran = well(run, finished, "dvc", "exp", "run", "--name", "mine", "-S", "+experiment=quick", "-S", "model=linear")
    assert stages_run(ran) == FROM_THE_SEARCH_ON
    applied = (finished / "params.yaml").read_bytes()
    assert yaml.safe_load(applied)["search"]["rows"] == 2000

    well(run, finished, "git", "checkout", "--quiet", ".")
    well(run, finished, "dvc", "exp", "apply", "mine")
    told = well(run, finished, "cairn", "keep", "mine", "--default")
    assert "override /model: linear" in told
    kept = yaml.safe_load((finished / "conf/experiment/mine.yaml").read_text(encoding="utf-8"))
    # The small project has three trials and 50 resamples already.
    assert kept == {"defaults": [{"override /model": "linear"}], "search": {"rows": 2000}}
    assert stages_run(well(run, finished, "dvc", "repro")) == ["compose"]
    assert (finished / "params.yaml").read_bytes() == applied
    assert well(run, finished, "cairn", "why") == "Nothing changed: no stage would run.\n"

    again = run(["cairn", "keep", "mine"], finished)
    assert again.returncode == 1
    assert again.stderr.startswith("error: cairn keep: conf/overrides.yaml lists no overrides")


def test_a_key_that_one_of_the_families_lacks_stops_the_sweep_and_leaves_the_workspace(finished, run):
    before = (finished / "params.yaml").read_bytes()
    sweep = ["-S", "model=linear,xgboost", "-S", "model.max_depth=choice(4,6)"]
    failed = run(["dvc", "exp", "run", "--queue", *sweep], finished)
    assert failed.returncode != 0
    assert "Could not override 'model.max_depth'" in failed.stderr
    assert "Traceback" not in failed.stderr
    assert well(run, finished, "git", "status", "--porcelain") == ""
    assert (finished / "params.yaml").read_bytes() == before


@pytest.mark.slow
def test_queued_experiments_run_the_code_that_they_were_queued_with(finished, run):
    well(run, finished, "dvc", "exp", "run", "--queue", "--name", "queued", *QUICK, "-S", "model=random_forest")
    train = finished / "src/pipeline/stages/train.py"
    train.write_text("raise SystemExit('edited while the queue waits')\n", encoding="utf-8")
    status = wait_for_queue(run, finished, queued=1, workers=1, PYTHONPATH=f"src{os.pathsep}engine/src")
    assert status.count("Success") == 1, status
    assert "edited while" in train.read_text(encoding="utf-8")
