"""What several tests share: a copy of the project's conf/, rows that can be learnt, and a real PostgreSQL server."""

import hashlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from engine.tests.chromium import Page
from engine.tests.configuration import project_conf
from engine.tests.models import families
from engine.tests.ports import free_port

from cairn.training.folds import Problem, Rows

__all__ = ["project_conf"]

POSTGRES = max(
    Path("/usr/lib/postgresql").glob("*/bin"), default=Path("nowhere"), key=lambda path: float(path.parent.name)
)


def drawn(task: str, count: int, seed: int) -> Rows:
    """Draw rows whose label depends on three of four columns, one of them a category."""
    draw = np.random.default_rng(seed)
    X = pd.DataFrame(draw.normal(size=(count, 3)).astype("float32"), columns=list("abc"))
    kind = draw.integers(0, 3, count)
    X["kind"] = pd.Categorical.from_codes(kind, ["x", "y", "z"])
    signal = (X["a"] + X["b"] * X["c"] + (kind == 1) + 0.5 * draw.normal(size=count)).to_numpy()
    if task == "regression":
        return Rows(X, signal.astype("float64"))
    return Rows(X, np.digitize(signal, [0.3] if task == "binary" else [-0.4, 0.9]).astype("int32"))


def problem(task: str = "binary", *, train: int = 300, validation: int = 150, **more) -> Problem:
    """Make a problem of such rows."""
    classes = {"binary": 2, "multiclass": 3, "regression": 0}[task]
    parts = {"train": drawn(task, train, 1), "validation": drawn(task, validation, 2)}
    return Problem(**{**parts, "task": task, "n_classes": classes, "seed": 7, **more})


@pytest.fixture(scope="session")
def problem_of():
    """Give the function that makes a problem."""
    return problem


@pytest.fixture(scope="session")
def rows_of():
    """Give the function that draws further rows of the same kind: `rows_of(task, count, seed)`."""
    return drawn


@pytest.fixture(scope="session")
def server() -> Iterator[str]:
    """Start a PostgreSQL server of its own, and give its address without a database; it refuses to run as root."""
    pytest.importorskip("psycopg", reason="psycopg is not installed; `make environment EXTRAS=postgresql` installs it")
    if not POSTGRES.exists():
        pytest.skip("PostgreSQL is not installed (Debian: postgresql)")
    with tempfile.TemporaryDirectory(prefix="postgresql-") as place:
        as_user = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
        if as_user:
            shutil.chown(place, "postgres")
        port = free_port()

        def run(program: str, *arguments: str) -> None:
            command = [*as_user, str(POSTGRES / program), "-D", f"{place}/data", *arguments]
            subprocess.run(command, cwd=place, stdout=subprocess.DEVNULL, check=True)

        run("initdb", "--auth=trust", "--username=ada", "--no-sync")
        options = f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={place} -c fsync=off"
        run("pg_ctl", "start", "-w", "-l", f"{place}/log", "-o", options)
        try:
            yield f"postgresql://ada@127.0.0.1:{port}"
        finally:
            run("pg_ctl", "stop", "-m", "immediate")


@pytest.fixture
def database(server: str, request: pytest.FixtureRequest) -> str:
    """Give the address of an empty database."""
    import psycopg

    name = f"test_{hashlib.md5(request.node.name.encode()).hexdigest()}"
    with psycopg.connect(f"{server}/postgres", autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    return f"{server}/{name}"


@pytest.fixture(scope="session")
def chromium() -> Iterator[Page]:
    """Start a browser once, or skip where there is none."""
    opened = Page()
    yield opened
    opened.close()


@pytest.fixture
def browser(chromium: Page) -> Page:
    """Give an empty page of it."""
    chromium.renew()
    return chromium


@pytest.fixture(scope="session")
def parts():
    """Give the rows of `families.parts`, which no test changes."""
    return families.parts()
