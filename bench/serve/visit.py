"""One visit to one server: start it, see that it is right, load it, weigh it, end it."""

import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.measure import CommandError, run
from bench.project import PYTHON, ROOT, environment
from bench.serve import load
from bench.serve.model import Asked, Dialect
from bench.serve.processes import JSON, THREADS, Server, running
from bench.serve.servers import OURS, SYSTEMS

CONNECTIONS = (1, 16, 64)
MANY, BUSY = 100, 16  # rows of the large requests, and connections that send them
ARROW = "application/vnd.apache.arrow.stream"
IMPORTS = "import litserve, xgboost"


@dataclass(frozen=True)
class Bench:
    """What all visits share.

    Parameters
    ----------
    folder : holds the model, and the requests
    model : the model's folder
    asked : the rows
    seconds, warm_up : of each load, and of the one before them that counts for nothing
    """

    folder: Path
    model: Path
    asked: Asked
    seconds: int
    warm_up: int

    def bodies(self, dialect: Dialect, rows: int = 1) -> Path:
        """Write the requests where wrk reads them, unless they are there."""
        path = self.folder / f"{dialect}-{rows}"
        return path if path.exists() else load.write(self.asked.bodies(dialect, rows), path)

    def arrow(self, rows: int) -> Path:
        """Write the same as Arrow streams."""
        path = self.folder / f"arrow-{rows}"
        return path if path.exists() else load.write(self.asked.arrow(rows), path)


def visit(bench: Bench, name: str, processes: int, python: Path) -> dict[str, Any]:
    """Measure one server.

    Returns
    -------
    dict : seconds to the first answer, GiB, and for each number of connections what the load found; for ours also
        what requests of many rows found, and the bare prediction of as many rows by as many processes

    Raises
    ------
    CommandError : it does not answer, or not rightly
    """
    system = SYSTEMS[name]
    bodies = bench.asked.bodies(system.dialect)
    with running(system, python, bench.model, processes, bodies[0]) as server:
        load.check(server, bodies, bench.asked.expected, system.dialect)
        told = {"start": server.seconds, "one_row": _loads(bench, server), "gib": server.memory()}
        if name == OURS:
            told["many_rows"] = _many(bench, server)
    if name == OURS:
        told["many_rows"]["bare"] = bare(bench.model, processes, bench.seconds)
        told["imports"] = imports()
    return {key: _rounded(value) for key, value in told.items()}


def bare(model: Path, processes: int, seconds: int) -> float:
    """Give the rows a second that so many processes predict without a server, from a frame that is prepared."""
    command = [PYTHON, "-m", "bench.serve.bare", str(model), str(MANY), str(seconds)]
    env = environment(ROOT) | {"OMP_NUM_THREADS": THREADS}
    started = [
        subprocess.Popen(command, cwd=ROOT, env=env, stdout=subprocess.PIPE, text=True) for _ in range(processes)
    ]
    said = [each.communicate()[0] for each in started]
    if any(each.returncode for each in started):
        raise CommandError("the bare prediction failed")
    return sum(map(float, said))


def imports() -> float:
    """Give the seconds that a fresh Python takes to import what serving and the model cannot do without."""
    return run([PYTHON, "-c", IMPORTS], ROOT, environment(ROOT)).wall


def _loads(bench: Bench, server: Server) -> dict[str, Any]:
    bodies = bench.bodies(server.system.dialect)
    load.measure(server, bodies, connections=BUSY, seconds=bench.warm_up)
    found = {str(each): load.measure(server, bodies, connections=each, seconds=bench.seconds) for each in CONNECTIONS}
    return _without_errors(server, found)


def _many(bench: Bench, server: Server) -> dict[str, Any]:
    """Ask for many rows at once, and count rows."""
    dialect, expected = server.system.dialect, bench.asked.expected
    kinds = {
        "json": (bench.asked.bodies(dialect, MANY), bench.bodies(dialect, MANY), JSON),
        "arrow": (bench.asked.arrow(MANY), bench.arrow(MANY), ARROW),
    }
    found = {}
    for name, (bodies, path, kind) in kinds.items():
        load.check(server, bodies, expected, dialect, kind)
        load.measure(server, path, connections=BUSY, seconds=bench.warm_up, kind=kind)
        found[name] = load.measure(server, path, connections=BUSY, seconds=bench.seconds, kind=kind)
    return _without_errors(server, found)


def _without_errors(server: Server, found: dict[str, load.Load]) -> dict[str, Any]:
    for what, each in found.items():
        if each.errors:
            raise CommandError(f"{server.system.title}: {each.errors} requests of {what} were not answered")
    return {what: each._asdict() for what, each in found.items()}


def _rounded(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _rounded(each) for key, each in value.items()}
    return float(f"{value:.5g}") if isinstance(value, float) else value
