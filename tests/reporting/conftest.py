"""A browser, and three small projects, one a task, run through the stages up to the report; nobody may change them."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from filelock import FileLock
from tests.chromium import Page, path

from pipeline import config
from pipeline.stages import report

ROOT = Path(__file__).parents[2]
DATA = {
    "binary": ["data=hat_shop", "data.customers=2000", "data.sensitive=[gender,city]", "search.trials=12"],
    "multiclass": ["data=wine", "model=random_forest", "model.n_estimators=20", "search=none"],
    "regression": ["data=diabetes", "data.sensitive=[sex]", "model=linear", "search=none"],
}
QUICK = [
    "evaluation.resamples=50",
    "evaluation.slice_rows=20",
    "report.bias.resamples=50",
    "report.bias.min_rows=20",
    "report.explain.estimated_rows=20",
]
STAGES = list(config.read_yaml(ROOT / "dvc.yaml")["stages"])


@pytest.fixture(scope="session")
def project_of(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Callable[[str], Path]:
    """Give `project_of(task) -> folder`, which runs the stages once for all workers."""
    alone = not hasattr(request.config, "workerinput")
    place = tmp_path_factory.getbasetemp() if alone else tmp_path_factory.getbasetemp().parent

    def made(task: str) -> Path:
        shared = place / f"report-{task}"
        with FileLock(f"{shared}.lock"):
            if not (shared / "done").exists():
                shutil.rmtree(shared, ignore_errors=True)
                run_all(shared, [*DATA[task], *QUICK])
                (shared / "done").touch()
        return shared

    return made


@pytest.fixture
def browser() -> Iterator[Page]:
    path()  # or skip, before stages run
    opened = Page()
    yield opened
    opened.close()


@pytest.fixture
def evidence_of(project_of, monkeypatch) -> Callable[[str], dict[str, Any]]:
    """Give `evidence_of(task)`: what the page is made of; the working directory is the project's."""

    def read(task: str) -> dict[str, Any]:
        monkeypatch.chdir(project_of(task))
        monkeypatch.setattr("sys.argv", ["report"])
        return report.evidence(config.load())

    return read


def run_all(project: Path, overrides: list[str]) -> None:
    shutil.copytree(ROOT / "conf", project / "conf")
    for words in (
        "init --quiet",
        "-c user.name=T -c user.email=t@example.invalid commit --quiet --allow-empty -m Empty",
    ):
        subprocess.run(["git", *words.split()], cwd=project, check=True)
    env = os.environ | {
        "PYTHONPATH": str(ROOT / "src"),
        "DVC_EXP_NAME": "report",
        "GIT_CEILING_DIRECTORIES": str(project),
    }
    here = Path.cwd()
    os.chdir(project)
    config.write(config.compose(overrides)[0])
    os.chdir(here)
    for stage in STAGES[: STAGES.index("report") + 1]:
        command = [sys.executable, "-m", f"pipeline.stages.{stage}"]
        done = subprocess.run(command, cwd=project, env=env, capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"{stage}: {done.stderr}"
