"""What several tests share: a copy of the project's own configuration, and of the project."""

import shutil
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


@pytest.fixture
def project_conf(tmp_path, monkeypatch):
    """Give an empty folder with a copy of conf/, as the working directory."""
    shutil.copytree(ROOT / "conf", tmp_path / "conf")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.argv", ["stage"])
    return tmp_path
