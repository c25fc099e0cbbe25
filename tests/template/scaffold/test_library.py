"""The library of a project: a newer wheel is taken whole or not at all, and its source can become the project's own."""

import re
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest
from tests.template.scaffold.conftest import BIN, Person, build_wheel, commit

OLD = "cairn_tabular-{}-py3-none-any.whl"


@pytest.fixture
def project(person: Person, tmp_path: Path) -> Path:
    """Give a project whose environment has its wheel, and all other packages from the environment of these tests.

    Its lock names the wheel alone, so that nothing is fetched.
    """
    project = person.bake()
    lock = project / "requirements.lock"
    lock.write_text(re.search(r"^vendor/.*\n.*\n", lock.read_text(), re.M)[0])
    commit(person, project, "Shorten the lock")
    environment = project / ".venv"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", environment], check=True)
    packages = next((environment / "lib").glob("python*")) / "site-packages"
    (packages / "shared.pth").write_text(sysconfig.get_path("purelib") + "\n")
    (environment / "bin" / "uv").symlink_to(BIN / "uv")
    person.must(
        *(environment / "bin" / "uv", "pip", "install", "--quiet", "--offline", "--no-deps"),
        *("--python", environment / "bin" / "python", "--requirement", "requirements.lock"),
        cwd=project,
    )
    return project


def cairn(person: Person, project: Path, *arguments: object) -> subprocess.CompletedProcess[str]:
    return person.run(project / ".venv/bin/cairn", *map(str, arguments), cwd=project, PYTHONPATH="")


def location(person: Person, project: Path) -> str:
    code = "import cairn, importlib.metadata as m; print(m.version('cairn-tabular'), cairn.__file__)"
    return person.must(project / ".venv/bin/python", "-c", code, cwd=project, PYTHONPATH="").strip()


def test_a_newer_wheel_is_placed_locked_and_installed(person, project):
    newer = build_wheel(person.home, version="9.0.0", change="tables/split.py")
    done = cairn(person, project, "upgrade", newer)
    assert done.returncode == 0, done.stderr
    assert "-> 9.0.0\nmodules that changed: 1 (cairn.tables.split)\n" in done.stdout
    assert [path.name for path in (project / "vendor").iterdir()] == [newer.name]
    assert f'path = "vendor/{newer.name}"' in (project / "pyproject.toml").read_text()
    assert location(person, project).startswith("9.0.0 ")
    assert "is what this project has already" in cairn(person, project, "upgrade", newer).stdout


def test_what_is_no_newer_wheel_is_refused_and_nothing_changes(person, project):
    older = build_wheel(person.home, version="0.0.1", change="tables/split.py")
    (person.home / "other-1.0.0-py3-none-any.whl").write_bytes(older.read_bytes())
    damaged = person.home / OLD.format("9.0.0")
    damaged.write_bytes(older.read_bytes()[:1000])
    renamed = person.home / OLD.format("8.0.0")
    renamed.write_bytes(older.read_bytes())
    cases = {
        older: "is not newer than",
        person.home / "other-1.0.0-py3-none-any.whl": "not a wheel of cairn-tabular",
        damaged: "not a wheel of cairn-tabular",
        renamed: "not a wheel of cairn-tabular",
        person.home / "none.whl": "no such file",
    }
    for path, words in cases.items():
        done = cairn(person, project, "upgrade", path)
        assert done.returncode == 1 and done.stderr.startswith("error: ") and done.stderr.count("\n") == 1
        assert words in done.stderr
    assert person.must("git", "status", "--porcelain", cwd=project) == ""


def test_an_upgrade_that_cannot_be_installed_leaves_the_project_as_it_was(person, project):
    lock = project / "requirements.lock"
    lock.write_text(lock.read_text() + "no-such-package-7d1c==1.0.0 --hash=sha256:" + "0" * 64 + "\n")
    commit(person, project, "Ask for a package that does not exist")
    done = cairn(person, project, "upgrade", build_wheel(person.home, version="9.0.0", change="tables/split.py"))
    assert done.returncode == 1 and done.stderr.startswith("error: `") and "nothing was changed" in done.stderr
    assert person.must("git", "status", "--porcelain", cwd=project) == ""


def test_the_source_becomes_the_projects_own_and_git_brings_the_wheel_back(person, project):
    done = cairn(person, project, "own")
    assert done.returncode == 0, done.stderr
    version, _, place = location(person, project).partition(" ")
    assert Path(place) == project / "src/cairn/__init__.py"
    assert "vendor" not in (project / "requirements.lock").read_text()
    assert (
        "- src/cairn\n" in (project / "dvc.yaml").read_text() and "- vendor\n" not in (project / "dvc.yaml").read_text()
    )
    pyproject = (project / "pyproject.toml").read_text()
    assert "cairn-tabular" not in pyproject.replace('description = "', "") and '"xgboost>=3.2,<4",' in pyproject
    assert cairn(person, project, "--help").returncode == 0
    again = cairn(person, project, "own")
    assert (again.returncode, again.stderr.count("\n")) == (1, 1) and "is there already" in again.stderr
    person.must("git", "restore", ".", cwd=project)
    assert (project / "vendor" / OLD.format(version)).is_file()


def test_the_source_is_not_copied_beside_changes_that_are_not_committed(person, project):
    (project / "dvc.yaml").write_text((project / "dvc.yaml").read_text() + "# mine\n")
    done = cairn(person, project, "own")
    assert done.returncode == 1
    assert done.stderr == "error: dvc.yaml: has changes that are not committed; commit them, so that you can go back\n"
    assert not (project / "src/cairn").exists()
