"""Ask a server as many do at once, by wrk, after making sure that its answers are right."""

import json
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from bench.measure import CommandError
from bench.serve.model import Dialect, probabilities
from bench.serve.processes import JSON, Server, post

SCRIPT = Path(__file__).with_name("post.lua")
CLOSE = 1e-6  # to the model's own answer: a server may give 32-bit floats by fewer digits


class Load(NamedTuple):
    """What a load found: requests a second, milliseconds to the answer, and requests that were not answered by 200."""

    rate: float
    p50: float
    p99: float
    errors: int


def write(bodies: Sequence[bytes], path: Path) -> Path:
    """Write requests as post.lua reads them: the size of each on a line, and then its bytes."""
    path.write_bytes(b"".join(b"%d\n%s\n" % (len(body), body) for body in bodies))
    return path


def check(server: Server, bodies: Sequence[bytes], expected: np.ndarray, dialect: Dialect, kind: str = JSON) -> None:
    """Ask each request once.

    Parameters
    ----------
    bodies : whose rows, one after the other, are those of `expected`
    expected : probabilities of the last class

    Raises
    ------
    CommandError : an answer is wrong
    """
    told: list[float] = []
    for body in bodies:
        status, answer = post(server.port, server.system.path, body, kind)
        if status != 200:
            raise CommandError(f"{server.system.title}: {status}: {answer[:300]!r}")
        told += probabilities(json.loads(answer), dialect)
    if len(told) > len(expected) or np.abs(np.array(told) - expected[: len(told)]).max() > CLOSE:
        raise CommandError(f"{server.system.title} predicts something else than the model")


def measure(server: Server, bodies: Path, *, connections: int, seconds: float, kind: str = JSON) -> Load:
    """Ask without a pause, on so many connections that stay open.

    Raises
    ------
    CommandError : wrk is not there, or says nothing
    """
    wrk = shutil.which("wrk")
    if wrk is None:
        raise CommandError("wrk is not there, which asks the servers: apt-get install wrk")
    address = f"http://127.0.0.1:{server.port}{server.system.path}"
    timing = ("--threads", "1", "--connections", str(connections), "--duration", f"{seconds:g}s", "--timeout", "30s")
    done = subprocess.run(
        [wrk, *timing, "--script", SCRIPT, address, "--", bodies, kind], capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise CommandError(f"wrk: {(done.stderr or done.stdout)[-300:]}")
    found = json.loads(done.stdout.strip().splitlines()[-1])
    return Load(found["requests"] / found["seconds"], found["p50_ms"], found["p99_ms"], found["errors"])
