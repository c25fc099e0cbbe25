"""The project as a whole, on its own data: a few quick trials end in a judged model, and nothing is left to run."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from cairn import config

ROOT = Path(__file__).parents[2]
CALLERS = ("PYTHONPATH", "VIRTUAL_ENV", "DVC_EXP_NAME", "DVC_ROOT")
LEFT_OUT = ("tests", "docs", ".git")


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """Give a copy of the project's files, committed, with no run behind it."""
    listing = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    names = subprocess.run(listing, cwd=ROOT, capture_output=True, text=True, check=True).stdout.split("\0")
    project = tmp_path / "project"
    for name in filter(None, names):
        if (ROOT / name).is_file() and Path(name).parts[0] not in LEFT_OUT:
            (project / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, project / name)
    (project / "dvc.lock").unlink(missing_ok=True)
    run(project, "git", "init", "--quiet")
    run(project, "git", "add", "--all")
    run(project, "git", "-c", "user.name=Ann", "-c", "user.email=", "commit", "--quiet", "--message", "A copy")
    return project


def run(project: Path, *command: str) -> str:
    """Run a command in the copy, on its own code; it has to succeed."""
    env = {name: value for name, value in os.environ.items() if name not in CALLERS}
    env["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{env['PATH']}"
    env |= {
        "PYTHONPATH": f"{project / 'src'}{os.pathsep}{project / 'engine' / 'src'}",
        "DVC_NO_ANALYTICS": "1",
        "DVC_SITE_CACHE_DIR": str(project / ".site"),
    }
    done = subprocess.run(command, cwd=project, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-4000:]
    return done.stdout


@pytest.mark.slow  # test_bake.py runs the same pipeline
def test_its_data_become_a_judged_model_and_nothing_is_left_to_run(copy):
    params, choices = config.compose(folder=ROOT / "conf")
    path, plus = params["data"].get("path"), "" if "experiment" in choices else "+"
    more = []
    if path and "://" not in path:
        table = (ROOT / path).resolve()
        if not table.is_file():
            pytest.skip(f"{path} is not on this machine")
        more = ["-S", f"data.path='{table}'"]
    run(copy, "dvc", "exp", "run", "--quiet", "-S", f"{plus}experiment=quick", *more)
    judged = json.loads((copy / "reports" / "gates.json").read_text())
    assert judged["passed"] and judged["gates"]
    assert "up to date" in run(copy, "dvc", "status")
