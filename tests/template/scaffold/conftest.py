"""Projects that are made from this template, by cookiecutter's own command, as a person makes them."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
CALLERS = {
    *"PYTHONPATH VIRTUAL_ENV DVC_EXP_NAME DVC_ROOT DVC_STUDIO_TOKEN".split(),
    # These tests may run in a `make` of their own, and under options of its pytest.
    *"EXTRAS SLOW MAKEFLAGS MAKELEVEL MFLAGS PYTEST_ADDOPTS".split(),
}
BIN = Path(sys.executable).parent


class Person:
    """Somebody with a home of their own, and this environment's programs on the PATH."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.env = {name: value for name, value in os.environ.items() if name not in CALLERS and "GIT_" not in name}
        self.env |= {
            "HOME": str(home),
            "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}",
            "PWD": str(home),
            "GIT_CONFIG_GLOBAL": os.devnull,
            "GIT_CONFIG_SYSTEM": os.devnull,
            "DVC_NO_ANALYTICS": "1",
            "DVC_SITE_CACHE_DIR": str(home / "dvc-site"),
            "PYTHONDONTWRITEBYTECODE": "1",
            "TERM": "dumb",
        }

    def run(self, *command: str | Path, cwd: Path | None = None, **env: str) -> subprocess.CompletedProcess[str]:
        """Run a command, at home or in a project, on that project's own code."""
        place = cwd or self.home
        own = {"PYTHONPATH": str(place / "src"), "PWD": str(place)} if cwd else {}
        words = [str(word) for word in command]
        return subprocess.run(
            words,
            cwd=place,
            env=self.env | own | env,
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
            check=False,
        )

    def must(self, *command: str | Path, cwd: Path | None = None, **env: str) -> str:
        """Run a command that has to succeed, and give what it printed."""
        done = self.run(*command, cwd=cwd, **env)
        assert done.returncode == 0, f"{command}\n{done.stdout[-6000:]}{done.stderr[-6000:]}"
        return done.stdout

    def bake(self, template: Path | str = ROOT, **answers: str) -> Path:
        """Make a project at home by cookiecutter's command."""
        given = [f"{key}={value}" for key, value in answers.items()]
        self.must("cookiecutter", "--no-input", template, *given)
        return self.home / answers.get("project_slug", "hat-shop")


@pytest.fixture
def person(tmp_path: Path) -> Person:
    """Give somebody who has no git configuration, no cookiecutterrc and nothing in their home."""
    pytest.importorskip("cookiecutter", reason="cookiecutter is not installed; `make environment` installs it")
    home = tmp_path / "home"
    home.mkdir()
    return Person(home)


@pytest.fixture
def template(tmp_path: Path, person: Person) -> Path:
    """Give a clone of this template as it stands in the working tree, all of it committed."""
    place = tmp_path / "template"
    names = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    for name in filter(None, names.split("\0")):
        if (ROOT / name).is_file():
            (place / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, place / name)
    person.must("git", "init", "--quiet", "--initial-branch=main", cwd=place)
    commit(person, place, "The template")
    return place


def build_wheel(folder: Path, *, version: str, change: str) -> Path:
    """Build a wheel of the library with another version and one more comment in one module."""
    sys.path.append(str(ROOT / "hooks"))
    import wheel

    names = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    files = [name for name in names.split("\0") if name.startswith(("engine/", "docs/", "LICENSE"))]
    files = [name for name in files if (ROOT / name).is_file()]
    for name in files:
        (folder / "source" / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(ROOT / name, folder / "source" / name)
    module, pyproject = folder / "source/engine/src/cairn" / change, folder / "source/engine/pyproject.toml"
    module.write_text(module.read_text() + "\n# new in this version\n")
    pyproject.write_text(re.sub(r'^version = ".*"', f'version = "{version}"', pyproject.read_text(), flags=re.M))
    name, content = wheel.build(folder / "source", files)
    (folder / name).write_bytes(content)
    shutil.rmtree(folder / "source")
    return folder / name


def commit(person: Person, repository: Path, message: str) -> None:
    """Commit everything, as a maintainer."""
    person.must("git", "add", "--all", cwd=repository)
    who = ("-c", "user.name=Ann", "-c", "user.email=ann@example.invalid")
    person.must("git", *who, "commit", "--quiet", "--message", message, cwd=repository)


@pytest.fixture(scope="session")
def tracked() -> Callable[[Path], set[str]]:
    """Give the function that lists what git tracks in a folder."""

    def listed(folder: Path) -> set[str]:
        done = subprocess.run(["git", "ls-files", "-z"], cwd=folder, capture_output=True, text=True, check=True)
        return set(filter(None, done.stdout.split("\0")))

    return listed
