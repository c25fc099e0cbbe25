"""Install what a server needs, start it, ask it, weigh it, and end it with every process that it made."""

import contextlib
import http.client
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from bench.measure import GIB, CommandError
from bench.project import PYTHON, ROOT, environment
from bench.serve.servers import ENVIRONMENTS, Place, System, free_port

JSON = "application/json"
SECONDS = 120  # that a server may take to answer for the first time
QUIET = {"DO_NOT_TRACK": "1", "BENTOML_DO_NOT_TRACK": "True", "MLFLOW_DISABLE_TELEMETRY": "true"}
THREADS = "1"  # of each process: a second one would take longer to wake than a row takes


@dataclass(frozen=True)
class Server:
    """A server that answers.

    Parameters
    ----------
    system : which one
    port : on 127.0.0.1
    pid : of the process that began it, and with it a session of its own
    seconds : from its start to its first answer
    """

    system: System
    port: int
    pid: int
    seconds: float

    def memory(self) -> float:
        """Give the resident sets of all of its processes together, in GiB; what they share counts for each."""
        pages = [int((Path("/proc") / str(pid) / "statm").read_text().split()[1]) for pid in self.processes()]
        return sum(pages) * os.sysconf("SC_PAGE_SIZE") / GIB

    def processes(self) -> set[int]:
        """Find the process that began it, and all that descend from it or are of its session."""
        parents = {}
        for folder in Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError):
                _, parent, _, session = (folder / "stat").read_text().rpartition(")")[2].split()[:4]
                parents[int(folder.name)] = self.pid if int(session) == self.pid else int(parent)
        found, new = {self.pid}, {self.pid}
        while new:
            new = {pid for pid, parent in parents.items() if parent in new} - found
            found |= new
        return found


def install(name: str, folder: Path) -> Path:
    """Make a peer's environment, unless it stands, and give its Python.

    Raises
    ------
    CommandError : it could not be installed
    """
    place, wanted = folder / f"serve-{name}", ENVIRONMENTS[name]
    ready, python = place / "ready", place / "bin" / "python"
    if ready.exists() and ready.read_text(encoding="utf-8") == wanted:
        return python
    uv = shutil.which("uv", path=f"{Path(PYTHON).parent}{os.pathsep}{os.environ['PATH']}") or "uv"
    try:
        for command in (
            [uv, "venv", "--quiet", "--clear", "--python", PYTHON, place],
            [uv, "pip", "install", "--quiet", "--compile-bytecode", "--python", python, *wanted.split()],
        ):
            subprocess.run(command, check=True, capture_output=True, text=True)
    except (OSError, subprocess.CalledProcessError) as error:
        said = str(getattr(error, "stderr", None) or error)
        raise CommandError(f"{name} could not be installed: {' '.join(said.split())[-300:]}") from error
    ready.write_text(wanted, encoding="utf-8")
    return python


@contextlib.contextmanager
def running(system: System, python: Path, model: Path, processes: int, body: bytes) -> Iterator[Server]:
    """Start a server, wait for its first answer, and end it.

    Parameters
    ----------
    system : which one
    python : of its environment
    model : the model's folder
    processes : that answer
    body : of the first request

    Raises
    ------
    CommandError : it does not answer
    """
    with tempfile.TemporaryDirectory(prefix="bench-serve-", ignore_cleanup_errors=True) as scratch:
        folder, port = Path(scratch), free_port()
        env = _environment(python, model, processes, ours=system.environment is None)
        command = system.command(Place(python, model, folder, port, processes, env))
        log = folder / "server.log"
        with log.open("wb") as output:
            began = time.perf_counter()
            cwd = ROOT if system.environment is None else folder
            process = subprocess.Popen(
                command, cwd=cwd, env=env, stdout=output, stderr=subprocess.STDOUT, start_new_session=True
            )
        try:
            while not _answers(system, port, body):
                if process.poll() is not None or time.perf_counter() - began > SECONDS:
                    said = log.read_text(encoding="utf-8", errors="replace")[-1500:]
                    raise CommandError(f"{system.title} does not answer:\n{said}")
                time.sleep(0.005)
            yield Server(system, port, process.pid, time.perf_counter() - began)
        finally:
            _end(process)


def post(port: int, path: str, body: bytes, kind: str = JSON) -> tuple[int, bytes]:
    """Ask once, and give the status and the answer.

    Raises
    ------
    OSError : nothing answers there
    """
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        connection.request("POST", path, body, {"Content-Type": kind})
        response = connection.getresponse()
        return response.status, response.read()
    except http.client.HTTPException as error:
        raise OSError(str(error)) from error
    finally:
        connection.close()


def _answers(system: System, port: int, body: bytes) -> bool:
    try:
        return post(port, system.path, body)[0] == 200
    except OSError:
        return False


def _environment(python: Path, model: Path, processes: int, *, ours: bool) -> dict[str, str]:
    env = environment(ROOT) | QUIET | {"BENCH_MODEL": str(model), "BENCH_PROCESSES": str(processes)}
    env |= {"OMP_NUM_THREADS": THREADS, "PATH": f"{python.parent}{os.pathsep}{env['PATH']}"}
    if not ours:
        del env["PYTHONPATH"]
    return env


def _end(process: "subprocess.Popen[bytes]") -> None:
    """Ask the whole session to end, and make it."""
    for number, seconds in ((signal.SIGTERM, 10), (signal.SIGKILL, 10)):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, number)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(seconds)
