"""Load a promoted model for minutes while things happen to its server: `python -m bench.serve.soak`.

One-row, many-row and Arrow requests come at a steady rate; all along models are promoted in turn, a worker is killed,
and garbage is sent. Every answer is compared with the model that it names; at the end every answer must have been
recorded, and the server must not have grown.
"""

import argparse
import http.client
import io
import json
import os
import random
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable
from itertools import cycle
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from bench.measure import tell
from bench.project import PYTHON, ROOT, Project, environment

RATE = {"row": 60, "rows": 6, "arrow": 3, "garbage": 5}  # requests a second
MANY = 100
PROMOTED, KILLED, WEIGHED = 20.0, 30.0, 5.0  # seconds between two promotions, two kills, two looks at the memory
ARROW = "application/vnd.apache.arrow.stream"
GARBAGE: list[tuple[bytes, str]] = [
    (b"", "application/json"),
    (b"{", "application/json"),
    (b'{"instances": [{}]}', "application/json"),
    (b'{"instances": 1}', "application/json"),
    (b"[" * 10_000, "application/json"),
    (b"\x00\xff" * 5_000, ARROW),
    (b"a,b\n1,2\n", "text/csv"),
    (b"PAR1nonsense", "application/vnd.apache.parquet"),
    (b"x", "image/png"),
]


class Soak:
    """What is asked, what came back, and what should have.

    Parameters
    ----------
    port : of the server
    rows : to be asked, as they stand in the table
    expected : the probabilities of each version, of shape (n_rows, n_classes)
    """

    def __init__(self, port: int, rows: pd.DataFrame, expected: dict[str, np.ndarray]) -> None:
        self.port, self.rows, self.expected = port, rows, expected
        self.records = rows.to_dict("records")
        self.told: dict[str, int] = {}  # request id to rows, of the answers that were right
        self.counts: Counter[str] = Counter()
        self.wrong: list[str] = []
        self.over = threading.Event()
        self._lock = threading.Lock()

    def ask(self, kind: str, draw: random.Random) -> None:
        """Send one request, and compare the answer."""
        if kind == "garbage":
            body, media = draw.choice(GARBAGE)
            self._judge_refusal(*self._sent(body, media))
            return
        count = 1 if kind == "row" else MANY
        first = draw.randrange(len(self.rows) - count)
        if kind == "arrow":
            body, media = _arrow(self.rows.iloc[first : first + count]), ARROW
        else:
            body, media = json.dumps({"instances": self.records[first : first + count]}).encode(), "application/json"
        self._judge(kind, first, count, *self._sent(body, media))

    def _sent(self, body: bytes, media: str) -> tuple[int, bytes]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            connection.request("POST", "/predict", body, {"Content-Type": media})
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()

    def _judge_refusal(self, status: int, body: bytes) -> None:
        with self._lock:
            self.counts["garbage refused" if status != 503 else "told to try again"] += 1
            if not (400 <= status < 500 or status == 503) or "error" not in json.loads(body):
                self.wrong.append(f"garbage: {status} {body[:200]!r}")

    def _judge(self, kind: str, first: int, count: int, status: int, body: bytes) -> None:
        with self._lock:
            if status == 503 and kind == "arrow":  # its worker was killed; the client is told to try again
                self.counts["told to try again"] += 1
                return
            if status != 200:
                self.wrong.append(f"{kind}: {status} {body[:200]!r}")
                return
            answer = json.loads(body)
            version = answer["model"]["version"]
            if answer["probabilities"] != self.expected[version][first : first + count].tolist():
                self.wrong.append(f"{kind}: rows from {first} by {version} differ")
            self.counts[kind] += 1
            self.counts[version] += 1
            self.told[answer["request_id"]] = count

    def promoted(self, project: Project, version: str) -> None:
        """Promote a version."""
        _promote(project, "--version", version)
        self.counts["promotions"] += 1

    def steadily(self, kind: str, seed: int) -> None:
        """Send requests of a kind at its rate until it is over; what a connection says is wrong is kept too."""
        draw, due = random.Random(seed), time.monotonic()
        while not self.over.is_set():
            try:
                self.ask(kind, draw)
            except Exception as error:
                with self._lock:
                    self.wrong.append(f"{kind}: {type(error).__name__}: {error}")
            due = max(due + 1 / RATE[kind], time.monotonic() - 1)
            time.sleep(max(0.0, due - time.monotonic()))


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.serve.soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--output", type=Path, default=ROOT / "bench" / "soak.json")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="soak-") as scratch:
        found = soak(Path(scratch), arguments.minutes * 60)
    arguments.output.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(found, indent=1))
    sys.exit(1 if found["wrong"] or found["captures_lost"] or found["processes_left"] else 0)


def soak(scratch: Path, seconds: float) -> dict[str, Any]:
    """Make two versions, serve them for so long, and give the figures."""
    project, rows, expected = _promoted(scratch)
    captured = scratch / "captured"
    server, port = _started(project, scratch / "machine", captured)
    state = Soak(port, rows, expected)
    memory: list[float] = []
    versions = cycle(expected)
    every: list[tuple[float, Callable[[], Any]]] = [
        (PROMOTED, lambda: state.promoted(project, next(versions))),
        (KILLED, lambda: _kill_a_worker(server.pid, state)),
        (WEIGHED, lambda: memory.append(_memory(server.pid))),
    ]
    threads = [threading.Thread(target=state.steadily, args=(kind, seed)) for seed, kind in enumerate(RATE)]
    threads += [threading.Thread(target=_every, args=(state, *each)) for each in every]
    for thread in threads:
        thread.start()
    time.sleep(seconds)
    state.over.set()
    for thread in threads:
        thread.join()
    known = _session(server.pid)
    server.send_signal(signal.SIGTERM)
    said = server.communicate(timeout=120)[0]
    time.sleep(2)
    kept = pq.read_table(captured, columns=["request_id"]).column("request_id").to_pylist()
    recorded = Counter(kept)
    half = len(memory) // 2
    return {
        "seconds": seconds,
        "promotions": state.counts.pop("promotions"),
        "answers": dict(sorted(state.counts.items())),
        "wrong": state.wrong[:20],
        "captures": len(kept),
        "captures_lost": sum(recorded[name] != count for name, count in state.told.items()),
        "memory_gib": {"first_half": round(max(memory[1:half]), 3), "second_half": round(max(memory[half:]), 3)},
        "processes_left": sum(_lives(pid) for pid in known),
        "log": [line for line in said.splitlines() if line.startswith("error")][:20],
    }


def _promoted(scratch: Path) -> tuple[Project, pd.DataFrame, dict[str, np.ndarray]]:
    """Make two models that differ, as versions of one project with a shared repository and a remote."""
    from cairn.models import saved
    from cairn.rows import signature

    project = Project(scratch / "project")
    project.shrink()
    _git(project.folder, "init", "--quiet", "--bare", scratch / "shared.git")
    _git(project.folder, "remote", "set-url", "origin", scratch / "shared.git")
    for key, value in {"user.name": "Bench", "user.email": "bench@example.invalid"}.items():
        _git(project.folder, "config", key, value)
    project.run("dvc", "remote", "add", "--force", "--default", "local", scratch / "remote")
    rows, expected = None, {}
    for number, depth in enumerate((3, 5), 1):
        project.edit("conf/model/xgboost.yaml", max_depth=depth)
        project.edit("conf/search/tpe.yaml", trials=number)
        tell(f"model {number} of 2")
        project.run("dvc", "repro")
        _git(project.folder, "add", "--all")
        _git(project.folder, "commit", "--quiet", "--message", f"Model {number}")
        _git(project.folder, "push", "--quiet", "--force", "origin", "HEAD:refs/heads/main")
        _promote(project)
        model = saved.load(project.folder / "models/model")
        if rows is None:
            table = signature.read(project.folder / "data/processed/test.parquet")
            rows = table[[column.name for column in model.signature.columns]]
            rows = rows.astype(object).where(rows.notna(), None)
        expected[f"v0.0.{number}"] = model.predict_proba(rows)
    assert rows is not None
    return project, rows, expected


def _started(project: Project, clone: Path, captured: Path) -> tuple[subprocess.Popen[str], int]:
    """Serve from a clone, as another machine would."""
    _git(project.folder, "clone", "--quiet", "--branch", "main", project.folder.parent / "shared.git", clone)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    env = environment(clone) | {"XDG_CACHE_HOME": str(clone.parent / "cache")}
    settings = [f"port={port}", "poll=2", "capture=all", f"capture_folder={captured}"]
    command = [PYTHON, "-m", "cairn.cli.main", "serve", "--stage", "prod", *(w for s in settings for w in ("-S", s))]
    server = subprocess.Popen(
        command, cwd=clone, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True
    )
    for _ in range(600):
        try:
            with socket.create_connection(("127.0.0.1", port)):
                time.sleep(5)  # until its workers are there too
                return server, port
        except OSError:
            time.sleep(0.1)
    raise AssertionError(f"the server did not start: {server.communicate()[0]}")


def _every(state: Soak, seconds: float, act: Callable[[], Any]) -> None:
    while not state.over.wait(seconds):
        act()


def _promote(project: Project, *more: str) -> None:
    command = [PYTHON, "-m", "cairn.cli.main", "promote", "prod", *more]
    subprocess.run(command, cwd=project.folder, env=project.env, check=True, stdout=subprocess.DEVNULL)


def _kill_a_worker(server: int, state: Soak) -> None:
    workers = [pid for pid in _session(server) if b"spawn_main" in _cmdline(pid)]
    if workers:
        os.kill(workers[0], signal.SIGKILL)
        state.counts["workers killed"] += 1


def _session(leader: int) -> list[int]:
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if os.getsid(int(folder.name)) == leader:
                found.append(int(folder.name))
        except OSError:
            continue
    return found


def _memory(leader: int) -> float:
    """Give the proportional set sizes of all processes of a session, in GiB: what they share counts once."""
    total = 0
    for pid in _session(leader):
        try:
            text = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii")
        except OSError:
            continue
        total += next((int(line.split()[1]) for line in text.splitlines() if line.startswith("Pss:")), 0)
    return total / 2**20


def _lives(pid: int) -> bool:
    return Path(f"/proc/{pid}").exists()


def _cmdline(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""


def _arrow(rows: pd.DataFrame) -> bytes:
    sink, content = io.BytesIO(), pa.Table.from_pandas(rows, preserve_index=False)
    with pa.ipc.new_stream(sink, content.schema) as writer:
        writer.write_table(content)
    return sink.getvalue()


def _git(folder: Path, *arguments: str | Path) -> None:
    subprocess.run(["git", *arguments], cwd=folder, check=True, stdout=subprocess.DEVNULL)


if __name__ == "__main__":
    main()
