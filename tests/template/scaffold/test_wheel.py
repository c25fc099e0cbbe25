"""The wheel that a project carries: of tracked files alone, valid for pip and uv, and always of the same bytes."""

import base64
import csv
import hashlib
import io
import shutil
import subprocess
import sys
import tomllib
import zipfile
from importlib import metadata
from pathlib import Path

import pytest
from packaging.metadata import Metadata
from tests.template.scaffold.conftest import ROOT

sys.path.append(str(ROOT / "hooks"))

import wheel

PROJECT = tomllib.loads((ROOT / "engine" / "pyproject.toml").read_text())["project"]
INFO = f"cairn_tabular-{PROJECT['version']}.dist-info"


@pytest.fixture(scope="module")
def files(tracked) -> set[str]:
    return {name for name in tracked(ROOT) if (ROOT / name).is_file()}


@pytest.fixture(scope="module")
def built(files, tmp_path_factory) -> Path:
    name, content = wheel.build(ROOT, files)
    path = tmp_path_factory.mktemp("wheel") / name
    path.write_bytes(content)
    return path


def test_equal_source_gives_equal_bytes_whatever_its_dates_and_modes(files, built, tmp_path):
    for name in (each for each in files if each.startswith(("engine/", "docs/")) or each == "LICENSE"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(ROOT / name, tmp_path / name)
        (tmp_path / name).chmod(0o600)
    assert wheel.build(tmp_path, sorted(files, reverse=True)) == (built.name, built.read_bytes())


def test_every_file_is_recorded_with_its_hash(built):
    with zipfile.ZipFile(built) as archive:
        recorded = {row[0]: row[1:] for row in csv.reader(io.StringIO(archive.read(f"{INFO}/RECORD").decode()))}
        assert set(recorded) == set(archive.namelist())
        assert recorded.pop(f"{INFO}/RECORD") == ["", ""]
        for name, (value, size) in recorded.items():
            content = archive.read(name)
            digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
            assert (value, size) == (f"sha256={digest}", str(len(content))), name


def test_it_holds_the_source_and_the_pages_and_no_test(files, built):
    source = {name.removeprefix("engine/src/") for name in files if name.startswith("engine/src/cairn/")}
    pages = {f"cairn/{name}" for name in files if name.startswith("docs/") and name.endswith(".md")}
    with zipfile.ZipFile(built) as archive:
        assert {name for name in archive.namelist() if not name.startswith(INFO)} == source | pages


def test_its_metadata_is_valid_and_states_what_pyproject_states(built):
    with zipfile.ZipFile(built) as archive:
        stated = Metadata.from_email(archive.read(f"{INFO}/METADATA"), validate=True)
    assert (stated.name, str(stated.version)) == (PROJECT["name"], PROJECT["version"])
    assert sorted(stated.provides_extra) == sorted(PROJECT["optional-dependencies"])
    extras = {
        extra: {each.name for each in stated.requires_dist if each.marker and each.marker.evaluate({"extra": extra})}
        for extra in stated.provides_extra
    }
    assert extras["boosters"] == {"catboost", "lightgbm"}
    plain = [each for each in stated.requires_dist if not each.marker]
    assert len(plain) == len(PROJECT["dependencies"])


def test_it_is_installed_by_uv_with_its_command(built, tmp_path):
    uv = ["uv", "pip", "install", "--quiet", "--offline", "--no-deps", "--target", tmp_path / "site", built]
    subprocess.run(uv, check=True)
    installed = next(iter(metadata.distributions(name="cairn-tabular", path=[str(tmp_path / "site")])))
    assert installed.version == PROJECT["version"]
    assert {point.name for point in installed.entry_points} == {"cairn"}
    code = "import cairn, sys; sys.exit(cairn.__file__)"
    done = subprocess.run(
        [sys.executable, "-c", code], env={"PYTHONPATH": str(tmp_path / "site")}, capture_output=True, text=True
    )
    assert done.stderr.strip() == str(tmp_path / "site" / "cairn" / "__init__.py")
