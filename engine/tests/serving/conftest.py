"""A small trained model, and servers that answer by it."""

import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import pytest
from engine.tests.ports import free_port

from cairn.models import estimators, saved
from cairn.rows import signature

ROOT = Path(__file__).parents[3]
SECONDS = 240  # of patience with a busy machine


class Answer(NamedTuple):
    status: int
    body: Any


class Running:
    """A server, as a client sees it."""

    def __init__(self, process: subprocess.Popen[str], port: int) -> None:
        self.process, self.port = process, port

    def ask(self, path: str, content: Any = None, **headers: str) -> Answer:
        """Send JSON, or bytes as they are; None asks by GET. Give JSON read, and all else as bytes."""
        body = content if content is None or isinstance(content, bytes) else json.dumps(content).encode()
        named = {"Content-Type": "application/json"} | {name.replace("_", "-"): text for name, text in headers.items()}
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}{path}", body, named)
        try:
            with urllib.request.urlopen(request, timeout=SECONDS) as response:
                status, text, kind = response.status, response.read(), response.headers["content-type"]
        except urllib.error.HTTPError as error:
            status, text, kind = error.code, error.read(), error.headers["content-type"]
        return Answer(status, json.loads(text) if kind.startswith("application/json") else text)

    def answers(self) -> bool:
        """Say whether it listens."""
        try:
            return self.ask("/ping").status == 200
        except OSError:
            return False

    def said(self) -> str:
        """Give what it printed, once it has ended."""
        return self.process.communicate(timeout=SECONDS)[0]

    def processes(self) -> set[int]:
        """Give the processes that the server made, and those that they made."""
        found, new = set(), {self.process.pid}
        while new:
            found |= new
            children = subprocess.run(
                ["ps", "-o", "pid=", "--ppid", ",".join(map(str, new))], capture_output=True, text=True, check=False
            ).stdout.split()
            new = {int(each) for each in children} - found
        return found

    def end(self, number: int = signal.SIGTERM) -> str:
        """Send a signal, wait until the server has ended, and give what it said."""
        self.process.send_signal(number)
        return self.said()


def table(count: int = 500) -> pd.DataFrame:
    draw = np.random.default_rng(1)
    age, city = draw.uniform(18, 90, count), draw.choice(["Bonn", "Oslo", "Rome"], count)
    bought = draw.uniform(size=count) < 1 / (1 + np.exp(-(age - 50) / 10 - (city == "Rome")))
    return pd.DataFrame({"age": age, "city": pd.Categorical(city), "bought": bought})


@pytest.fixture(scope="package")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Train a small model, and keep it as a folder."""
    seen = table()
    about = signature.describe(seen, features=["age", "city"], target="bought", task="binary", classes=[False, True])
    node = {"_target_": "sklearn.linear_model.LogisticRegression", "balance": "none"}
    estimator = estimators.build(node, task="binary", n_classes=2, seed=0)
    estimators.fit(estimator, about.frame(seen), about.labels(seen), balance="none")
    folder = tmp_path_factory.mktemp("served") / "model"
    saved.save(folder, estimator, about, {})
    return folder


class Starter:
    """Starts servers, and ends them all."""

    def __init__(self) -> None:
        self.started: list[Running] = []

    def __call__(self, *arguments: str | Path, folder: Path = ROOT, **environment: str) -> Running:
        """Start a server as a person does, and wait until it answers."""
        port = free_port()
        env = {**os.environ, **environment}
        command = [sys.executable, "-m", "cairn.cli.main", "serve", *map(str, arguments), "-S", f"port={port}"]
        process = subprocess.Popen(
            command, cwd=folder, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        running = Running(process, port)
        self.started.append(running)
        assert until(lambda: process.poll() is not None or running.answers()), "the server did not start"
        assert process.poll() is None, running.said()
        return running

    def __enter__(self) -> "Starter":
        return self

    def __exit__(self, *_: object) -> None:
        """Kill what was not ended by a test."""
        for each in self.started:
            each.process.kill()
            each.process.communicate()


def until(seen: Callable[[], bool], seconds: float = SECONDS) -> bool:
    """Wait until something is seen; say whether it was."""
    ends = time.monotonic() + seconds
    while time.monotonic() < ends:
        if seen():
            return True
        time.sleep(0.05)
    return False


@pytest.fixture
def start() -> Iterator[Starter]:
    """Give what starts a server of a test's own."""
    with Starter() as starter:
        yield starter


@pytest.fixture(scope="package")
def server(model: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """Start one server for all tests that only ask."""
    folder = tmp_path_factory.mktemp("captured")
    with Starter() as starter:
        recorded = ("-S", "capture=all", "-S", f"capture_folder={folder}")
        yield starter("--path", model, *recorded, "-S", f"timeout={SECONDS}")
