"""One small project, finished once for all tests of this folder: each test works on a copy of its own."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from filelock import FileLock

ROOT = Path(__file__).parents[3]
CALLERS = ("PYTHONPATH", "VIRTUAL_ENV", "DVC_EXP_NAME", "DVC_ROOT", "DVC_STUDIO_TOKEN")  # what no test sees of its own
ME = {"name": "Test", "email": "test@example.invalid"}
SMALL = {
    "conf/data/hat_shop.yaml": {"customers": 1000},
    "conf/search/tpe.yaml": {"trials": 3},
    "conf/model/xgboost.yaml": {"n_estimators": 30, "early_stopping_rounds": 10},
    "conf/config.yaml": {"resamples": 50},
    "conf/report/full.yaml": {"pictures": 5, "resamples": 50},  # a picture of each column takes longer than a search
}
GATES = """_target_: cairn.evaluation.gates.judge
champion_stage: prod
gates:
  - metric: roc_auc
    threshold: 0.6
  - metric: log_loss
    baseline: champion
    not_worse: true
"""

Run = Callable[..., subprocess.CompletedProcess[str]]


def environment(project: Path) -> dict[str, str]:
    """Give the environment of a person at work in a project, whatever these tests run in."""
    env = {name: value for name, value in os.environ.items() if name not in CALLERS}
    return env | {
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{env['PATH']}",
        "PYTHONPATH": f"{project / 'src'}{os.pathsep}{project / 'engine' / 'src'}",
        "PYTHONDONTWRITEBYTECODE": "1",
        "DVC_NO_ANALYTICS": "1",
        "DVC_SITE_CACHE_DIR": str(project.parent / "dvc-site-cache"),  # else DVC leaves its index behind in /var/tmp
        "DVC_GLOBAL_CONFIG_DIR": str(project.parent / "dvc-global"),
        "GIT_CONFIG_GLOBAL": os.devnull,
        **{f"GIT_{role}_{key.upper()}": value for role in ("AUTHOR", "COMMITTER") for key, value in ME.items()},
    }


def run_command(command: Sequence[str | Path], cwd: Path, **env: str) -> subprocess.CompletedProcess[str]:
    """Run a command in a project, on that project's own code."""
    words = [str(each) for each in command]
    return subprocess.run(
        words,
        cwd=cwd,
        env=environment(cwd) | env,
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        check=False,
    )


@pytest.fixture(scope="session")
def run() -> Run:
    """Give `run(command, cwd, **env) -> CompletedProcess`, whose environment is a person's at work in `cwd`."""
    return run_command


@pytest.fixture(scope="session")
def env_of() -> Callable[[Path], dict[str, str]]:
    """Give the function that makes that environment, for processes which a test starts by itself."""
    return environment


@pytest.fixture(scope="session")
def once(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Callable[..., Path]:
    """Give `once(name, make) -> project`, which makes a project once for all workers; nobody may change it."""
    alone = not hasattr(request.config, "workerinput")
    place = tmp_path_factory.getbasetemp() if alone else tmp_path_factory.getbasetemp().parent

    def made_once(name: str, make: Callable[[Path], None]) -> Path:
        shared = place / name
        with FileLock(f"{shared}.lock"):
            if not (shared / "done").exists():
                shutil.rmtree(shared, ignore_errors=True)  # what an attempt that failed has left
                make(shared / "project")
                (shared / "done").touch()
        return shared / "project"

    return made_once


@pytest.fixture(scope="session")
def small_project(once: Callable[..., Path]) -> Path:
    """Make the small project, run its whole graph and commit."""
    return once("small-project", _make)


@pytest.fixture
def finished(small_project: Path, tmp_path: Path) -> Path:
    """Give a fresh copy of the finished small project: two commits, a full cache, nothing left to run."""
    project = tmp_path / "project"
    shutil.copytree(small_project, project, symlinks=True)
    return project


def _make(project: Path) -> None:
    listing = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    names = subprocess.run(listing, cwd=ROOT, capture_output=True, text=True, check=True).stdout.split("\0")
    for name in filter(None, names):
        if (ROOT / name).is_file() and not name.startswith(("tests/", "bench/", "docs/")):
            (project / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / name, project / name)
    for name, values in SMALL.items():
        _set(project / name, values)
    (project / "conf/gates/hat_shop.yaml").write_text(GATES, encoding="utf-8")
    (project / "dvc.lock").unlink(missing_ok=True)
    _must(project, "git", "init", "--quiet", "--initial-branch=main")
    for key, value in ME.items():
        _must(project, "git", "config", f"user.{key}", value)
    for message in ("A small project", "Its first run"):
        _must(project, "git", "add", "--all")
        _must(project, "git", "commit", "--quiet", "--message", message)
        if message == "A small project":
            _must(project, "dvc", "repro")


def _set(path: Path, values: dict[str, int]) -> None:
    """Give keys of a YAML file other values; each stands there, on a line of its own."""
    text = path.read_text(encoding="utf-8")
    for key, value in values.items():
        text, found = re.subn(rf"(?m)^( *){key}: \S+", rf"\g<1>{key}: {value}", text, count=1)
        assert found, f"{path}: no key {key}"
    path.write_text(text, encoding="utf-8")


def _must(project: Path, *command: str) -> None:
    done = run_command(command, project)
    assert done.returncode == 0, f"{' '.join(command)}\n{done.stdout}{done.stderr}"
