"""Three small projects, one a task, which the stages up to the report are run in."""

import contextlib
import shutil
import subprocess
from pathlib import Path

from engine.tests.stages import run_stage

from cairn import config

ROOT = Path(__file__).parents[3]
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


def made(project: Path, task: str) -> None:
    """Make the project of a task, and run its stages."""
    shutil.copytree(ROOT / "conf", project / "conf")
    shutil.copy(ROOT / "dvc.yaml", project)  # whose stages the stage `code` lists
    for words in (
        "init --quiet",
        "-c user.name=T -c user.email=t@example.invalid commit --quiet --allow-empty -m Empty",
    ):
        subprocess.run(["git", *words.split()], cwd=project, check=True)
    with contextlib.chdir(project):
        config.write(config.compose([*DATA[task], *QUICK])[0])
    for stage in STAGES[: STAGES.index("report") + 1]:
        done = run_stage(stage, cwd=project, DVC_EXP_NAME="report", GIT_CEILING_DIRECTORIES=str(project))
        assert done.returncode == 0, f"{stage}: {done.stderr}"
