"""Thirty experiments in DVC's queue with two workers: none may be lost once `cairn recover` has looked."""

import subprocess
from pathlib import Path
from time import perf_counter

from engine.tests.queues import wait_until_ended

from bench.measure import CommandError, Row, Run, tell
from bench.project import Project

SECONDS = 900.0
QUICK = ("-S", "search=none", "-S", "model.n_estimators=10")  # no stage after `evaluate`


def rows(folder: Path, quick: bool) -> list[Row]:
    """Queue a sweep of two families, five depths and three sizes of a leaf (in a quick run one depth, one size)."""
    project = Project(folder / "project")
    project.edit("conf/data/hat_shop.yaml", customers=1000)
    project.run("dvc", "repro", "-q", "evaluate")
    depths, leaves = ("2", "5") if quick else ("2,3,4,5,6", "5,20,50")
    queued = 2 * len(depths.split(",")) * len(leaves.split(","))
    overrides = ("model=random_forest,extra_trees", f"model.max_depth={depths}", f"model.min_samples_leaf={leaves}")
    project.run(
        "dvc", "exp", "run", "-q", "--queue", "evaluate", *QUICK, *(word for each in overrides for word in ("-S", each))
    )
    tell(f"  {queued} experiments, two workers")
    began = perf_counter()
    try:
        # To a file: a worker that has nothing left to do may stay, and would keep the end of a pipe open.
        project.run("bash", "-c", "exec dvc queue start -j 2 > ../queue.txt 2>&1")
        status = wait_until_ended(queued, lambda: _said(project, "dvc", "queue", "status"))
    finally:
        _said(project, "dvc", "queue", "stop", "--kill")
    wall = perf_counter() - began
    project.run("cairn", "recover")
    kept = len(_said(project, "dvc", "exp", "list", "--name-only").split())
    if status.count("Success") < queued or kept < queued:
        raise CommandError(f"{kept} of {queued} experiments are left\n{status}")
    return [Row.limit(f"{queued} queued experiments with two workers, none lost", [Run(wall, 0, 0)], most=SECONDS)]


def _said(project: Project, *command: str) -> str:
    done = subprocess.run(command, cwd=project.folder, env=project.env, capture_output=True, text=True, check=False)
    return done.stdout
