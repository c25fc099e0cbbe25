"""A small project under git and DVC: a model is trained, judged, and packed; clones share a bare repository."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

# The end of dvc.yaml, after the stages that bring the data and make models/trained.
JUDGED = """
  judge:
    cmd: python judge.py
    deps: [models/trained, judge.py]
    outs: [reports/gates.json: {cache: false}]
    metrics: [reports/metrics.json: {cache: false}]
  card:
    cmd: python card.py
    deps: [models/trained, reports/gates.json]
    outs: [models/model]
artifacts:
  model: {path: models/model}
"""
DVC_YAML = f"""
stages:
  ingest:
    cmd: python -c "open('data.txt', 'w').write('rows')"
    outs: [data.txt]
  train:
    cmd: python make.py
    deps: [number.txt, data.txt]
    outs: [models/trained]
{JUDGED}"""


def trainer(data: str) -> str:
    """Return a program that writes models/trained from one file of data."""
    return f"""
from pathlib import Path
Path("models/trained").mkdir(parents=True, exist_ok=True)
for name in ("one", "two"):
    Path("models/trained", name).write_text(name + Path({data!r}).read_text())
"""


JUDGE = """
import json
from pathlib import Path
number = int(Path("number.txt").read_text())
gate = {"gate": "number is at least 0", "metric": "number", "value": number, "bound": 0}
gates = [gate | {"passed": number >= 0, "why": ""}]
Path("reports").mkdir(exist_ok=True)
Path("reports/gates.json").write_text(json.dumps({"passed": number >= 0, "gates": gates}))
Path("reports/metrics.json").write_text(json.dumps({"test": {"roc_auc": 0.8 + number / 1000}}))
"""
CARD = """
import shutil
from pathlib import Path
shutil.rmtree("models/model", ignore_errors=True)
shutil.copytree("models/trained", "models/model")
Path("models/model/model_card.md").write_text("# " + Path("reports/gates.json").read_text())
"""


class Project:
    """A clone, and the shared repository and DVC remote beside it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def run(self, *command: str | Path) -> str:
        """Run a command in the clone."""
        done = subprocess.run(command, cwd=self.folder, check=False, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout.strip()

    def git(self, *arguments: str) -> str:
        """Run git in the clone."""
        return self.run("git", *arguments)

    def commit(self, number: int) -> str:
        """Make another model, and commit it; give the commit's hash."""
        (self.folder / "number.txt").write_text(str(number))
        self.run("dvc", "repro", "--quiet")
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message", f"Model {number}")
        return self.git("rev-parse", "HEAD")

    def clone(self, name: str) -> "Project":
        """Clone the shared repository once more, for another person."""
        other = Project(self.folder.with_name(name))
        subprocess.run(["git", "clone", "--quiet", self.folder.parent / "shared.git", other.folder], check=True)
        other.git("config", "user.name", name.capitalize())
        other.git("config", "user.email", f"{name}@example.invalid")
        return other


def make(home: Path, train: str = trainer("number.txt")) -> Project:
    """Make the project, with one model committed and pushed; `train` is the program that makes it."""
    subprocess.run(["git", "init", "--quiet", "--bare", "--initial-branch=main", home / "shared.git"], check=True)
    (home / "ann").mkdir()
    project = Project(home / "ann")
    for name, text in {"dvc.yaml": DVC_YAML, "make.py": train, "judge.py": JUDGE, "card.py": CARD}.items():
        (project.folder / name).write_text(text)
    shutil.copytree(ROOT / "conf", project.folder / "conf")
    shutil.copy(ROOT / "params.yaml", project.folder)
    project.git("init", "--quiet", "--initial-branch=main")
    project.git("config", "user.name", "Ann")
    project.git("config", "user.email", "ann@example.invalid")
    project.run("dvc", "init", "--quiet")
    project.run("dvc", "remote", "add", "--default", "store", "../store")
    project.git("remote", "add", "origin", "../shared.git")
    project.commit(1)
    project.git("push", "--quiet", "--set-upstream", "origin", "main")
    return project


def copied(made: Path, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    """Copy a project that was made, with the repository and the remote that it shares, and go there."""
    shutil.copytree(made, folder / "all", symlinks=True)
    project = Project(folder / "all" / "ann")
    monkeypatch.chdir(project.folder)
    for name in [name for name in os.environ if name.startswith("GIT_")]:
        monkeypatch.delenv(name)
    return project
