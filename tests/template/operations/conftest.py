"""Two servers under traffic, what monitoring wrote, and a real Prometheus that looks at all of it."""

import json
import shutil
import subprocess
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from engine.tests.ports import free_port
from engine.tests.serving.conftest import Running, Starter, until

from cairn.models import estimators, saved
from cairn.rows import signature

ROOT = Path(__file__).parents[3]


def trained(folder: Path, task: str) -> Path:
    """Train a small model on two columns: whether it was bought, or for how much."""
    draw = np.random.default_rng(1)
    age, city = draw.uniform(18, 90, 500), draw.choice(["Oslo", "Rome"], 500)
    score = (age - 50) / 10 + (city == "Rome") + draw.normal(size=500)
    seen = pd.DataFrame({"age": age, "city": pd.Categorical(city), "bought": score > 0, "paid": 10 * score})
    binary = task == "binary"
    about = signature.describe(
        seen,
        features=["age", "city"],
        target="bought" if binary else "paid",
        task=task,
        classes=[False, True] if binary else None,
    )
    name = "sklearn.linear_model.LogisticRegression" if binary else "sklearn.linear_model.Ridge"
    node = {"_target_": name, "balance": "none"}
    estimator = estimators.build(node, task=task, n_classes=2 if binary else None, seed=0)
    estimators.fit(estimator, about.frame(seen), about.labels(seen), balance="none")
    saved.save(folder, estimator, about, {})
    return folder


class Asked:
    """A running Prometheus, as Grafana asks it."""

    def __init__(self, port: int) -> None:
        self.port = port

    def ready(self) -> bool:
        """Say whether it answers."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/-/ready", timeout=10):
                return True
        except OSError:  # nobody listens, or it says 503
            return False

    def get(self, path: str, **parameters: str) -> Any:
        """Give the data of an answer of its API."""
        address = f"http://127.0.0.1:{self.port}/api/v1/{path}?{urllib.parse.urlencode(parameters)}"
        try:
            with urllib.request.urlopen(address, timeout=10) as response:
                return json.load(response)["data"]
        except urllib.error.HTTPError as refused:
            raise AssertionError(f"{path} {parameters}: {refused.read().decode()}") from None

    def values(self, query: str) -> list[float]:
        """Give the figures that a query finds now."""
        return [float(each["value"][1]) for each in self.get("query", query=query)["result"]]

    def firing(self) -> set[tuple[str, str]]:
        """Name the alerts that fire, and for which server."""
        found = self.get("alerts")["alerts"]
        return {
            (each["labels"]["alertname"], each["labels"].get("instance", ""))
            for each in found
            if each["state"] == "firing"
        }


@contextmanager
def running(*command: str | Path) -> Iterator[None]:
    """Run a program as long as it is needed."""
    if shutil.which(str(command[0])) is None:
        pytest.skip(f"{command[0]} is not installed (Debian: {command[0]})")
    process = subprocess.Popen(list(map(str, command)), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        yield
    finally:
        process.kill()
        process.wait()


@contextmanager
def asking(server: Running, content: Any) -> Iterator[None]:
    """Send a request again and again, as long as the server lives."""
    over = threading.Event()

    def ask() -> None:
        while not over.is_set():
            try:
                server.ask("/predict", content)
            except OSError:
                return
            time.sleep(0.05)

    thread = threading.Thread(target=ask)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


@contextmanager
def prometheus(folder: Path, ports: list[int], exporter: int, changed: Callable[[str], str]) -> Iterator[Asked]:
    """Run Prometheus by the files of operations/, with other addresses and less patience.

    Parameters
    ----------
    folder : for its files
    ports : of the servers
    exporter : port of node_exporter
    changed : gives the rules of a text of rules
    """
    text = (ROOT / "operations" / "prometheus.yaml").read_text().replace("15s", "1s").replace("9100", str(exporter))
    targets = ", ".join(f'"127.0.0.1:{port}"' for port in ports)
    (folder / "prometheus.yaml").write_text(text.replace('"127.0.0.1:8000"', targets))
    (folder / "alerts.yaml").write_text(changed((ROOT / "operations" / "alerts.yaml").read_text()))
    port = free_port()
    place = (f"--config.file={folder}/prometheus.yaml", f"--storage.tsdb.path={folder}/kept")
    with running("prometheus", *place, f"--web.listen-address=127.0.0.1:{port}"):
        asked = Asked(port)
        assert until(asked.ready), "Prometheus did not start"
        yield asked


@pytest.fixture
def start() -> Iterator[Starter]:
    """Give what starts a server, and ends it after the test."""
    with Starter() as starter:
        yield starter
