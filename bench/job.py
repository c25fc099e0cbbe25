"""The whole job, from a fresh clone to a gated model, beside one plain script that makes the same library calls."""

import json
import shutil
from pathlib import Path

from bench.measure import CommandError, Row, Run, in_turn, run, tell
from bench.project import PYTHON, Project

SCRIPT = Path(__file__).with_name("plain_script.py")
PEER = "one plain script, same calls"
SECONDS, ASKED, ASKED_LARGE = 60.0, 3.0, 1.3


def default(folder: Path, quick: bool) -> list[Row]:
    """Measure the job as it is cloned: 40,000 customers, 20 trials."""
    runs = _measure(folder, customers=2_000 if quick else 40_000, times=1 if quick else 3, short=quick)
    return [
        Row.limit("default job, cold", runs["ours"], most=SECONDS),
        Row.of("default job, cold", runs, "ours", "plain", beside=PEER, asked=ASKED),
    ]


def large(folder: Path, quick: bool) -> list[Row]:
    """Measure the job with 25 times as many customers."""
    customers = 4_000 if quick else 1_000_000
    runs = _measure(folder, customers=customers, times=1, short=quick)
    what = f"job of {customers:,} customers, cold"
    return [Row.of(what, runs, "ours", "plain", beside=PEER, asked=ASKED_LARGE)]


def _measure(folder: Path, *, customers: int, times: int, short: bool) -> dict[str, list[Run]]:
    clones = iter(range(2 * times))
    figures = []

    def prepared() -> Project:
        project = Project(folder / str(next(clones)) / "project")
        project.edit("conf/data/hat_shop.yaml", customers=customers)
        if short:
            project.shrink()
        return project

    def ours() -> Run:
        project = prepared()
        taken = project.run("dvc", "repro")
        figures.append(_measured(project.folder / "reports/metrics.json"))
        shutil.rmtree(project.folder.parent)
        return taken

    def plain() -> Run:
        project = prepared()
        project.python("-m", "pipeline.stages.compose")
        taken = run([PYTHON, SCRIPT, "plain"], project.folder, project.env)
        figures.append(_measured(project.folder / "plain/metrics.json"))
        shutil.rmtree(project.folder.parent)
        return taken

    tell(f"  {customers:,} customers")
    runs = in_turn({"ours": ours, "plain": plain}, times)
    if any(each != figures[0] for each in figures):
        raise CommandError("the plain script made another model than the stages, so it is no peer: let it follow them")
    return runs


def _measured(metrics: Path) -> dict[str, float]:
    """Read the test part's metrics, which tell whether two runs made the same model."""
    return json.loads(metrics.read_text(encoding="utf-8"))["test"]
