"""A small project that clones share, made once for the tests of the registry."""

from pathlib import Path

import pytest
from engine.tests.small_project import Project, copied, make


@pytest.fixture(scope="package")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make the project once."""
    home = tmp_path_factory.mktemp("registry")
    make(home)
    return home


@pytest.fixture
def ann(made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    """Give a fresh copy of all of it, with the working directory in one clone."""
    return copied(made, tmp_path, monkeypatch)
