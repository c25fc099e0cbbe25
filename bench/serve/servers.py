"""The servers that are compared: what each one's environment holds, how it is started, and how it is asked."""

import json
import socket
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from bench.project import PYTHON
from bench.serve.model import Dialect

HERE = Path(__file__).parent / "peers"
# What an environment holds. XGBoost is the one that the project locks, so that all sides predict by the same library;
# MLServer's workers fail with a later uvloop.
XGBOOST = "xgboost==3.2.0"
ENVIRONMENTS = {
    "fastapi": f"fastapi==0.165.0 uvicorn==0.54.0 uvloop==0.23.0 httptools==0.9.0 orjson==3.13.0 {XGBOOST}",
    "litserve": f"litserve==0.2.19 uvloop==0.23.0 httptools==0.9.0 orjson==3.13.0 {XGBOOST}",
    "bentoml": f"bentoml==1.4.39 {XGBOOST}",
    "mlserver": f"mlserver==1.7.1 mlserver-xgboost==1.7.1 uvloop==0.21.0 {XGBOOST}",
    "mlflow": f"mlflow==3.17.2 {XGBOOST}",
}


@dataclass(frozen=True)
class Place:
    """Where one server runs.

    Parameters
    ----------
    python : of its environment
    model : the model's folder
    folder : for what the server itself writes
    port : on 127.0.0.1
    processes : that answer
    env : the server's environment
    """

    python: Path
    model: Path
    folder: Path
    port: int
    processes: int
    env: dict[str, str]

    def beside(self, program: str) -> Path:
        """Give a program of the environment."""
        return self.python.with_name(program)


@dataclass(frozen=True)
class System:
    """A way to serve.

    Parameters
    ----------
    title : what the report calls it
    command : starts it
    environment : one of ENVIRONMENTS; None: the project's own
    path, dialect : where and how it is asked
    """

    title: str
    command: Callable[[Place], list[str | Path]]
    environment: str | None = None
    path: str = "/predict"
    dialect: Dialect = "instances"


def _ours(place: Place) -> list[str | Path]:
    settings = (f"port={place.port}", f"processes={place.processes}")
    given = [word for setting in settings for word in ("-S", setting)]
    return [PYTHON, "-m", "cairn.cli.main", "serve", "--path", place.model, *given]


def _uvicorn(module: str) -> Callable[[Place], list[str | Path]]:
    quiet = ("--no-access-log", "--log-level", "warning")
    return lambda place: [
        *(place.python, "-m", "uvicorn", f"{module}:app", "--app-dir", HERE, *quiet),
        *("--port", str(place.port), "--workers", str(place.processes)),
    ]


def _litserve(place: Place) -> list[str | Path]:
    return [place.python, HERE / "lit.py", str(place.port), str(place.processes)]


def _bentoml(place: Place) -> list[str | Path]:
    where = ("--host", "127.0.0.1", "--port", str(place.port), "--working-dir", HERE)
    return [place.beside("bentoml"), "serve", "--quiet", "bento:Predictor", *where]


def _mlserver(place: Place) -> list[str | Path]:
    """Start it; with one process it predicts where it answers, with more in workers beside that."""
    ports = {f"{name}_port": free_port() for name in ("grpc", "metrics")}
    workers = 0 if place.processes == 1 else place.processes
    settings = {"host": "127.0.0.1", "http_port": place.port, "parallel_workers": workers, "debug": False, **ports}
    model = {"name": "model", "implementation": "mlserver_xgboost.XGBoostModel"}
    for name, content in {
        "settings.json": settings,
        "model-settings.json": {**model, "parameters": {"uri": str(place.model / "model.ubj")}},
    }.items():
        (place.folder / name).write_text(json.dumps(content), encoding="utf-8")
    return [place.beside("mlserver"), "start", place.folder]


def _mlflow(place: Place) -> list[str | Path]:
    written = place.folder / "model"
    subprocess.run([place.python, HERE / "mlflow_model.py", written], check=True, capture_output=True, env=place.env)
    where = ("--host", "127.0.0.1", "--port", str(place.port), "--workers", str(place.processes))
    return [place.beside("mlflow"), "models", "serve", "--model-uri", written, "--env-manager", "local", *where]


OURS = "cairn"
SYSTEMS = {
    OURS: System("cairn serve", _ours),
    "fastapi": System("FastAPI, rows checked by Pydantic", _uvicorn("fast"), "fastapi"),
    "fastapi_unchecked": System("FastAPI, nothing checked", _uvicorn("fast_unchecked"), "fastapi"),
    "litserve": System("LitServe", _litserve, "litserve"),
    "bentoml": System("BentoML", _bentoml, "bentoml"),
    "mlserver": System("MLServer", _mlserver, "mlserver", "/v2/models/model/infer", "v2"),
    "mlflow": System("mlflow models serve", _mlflow, "mlflow", "/invocations", "inputs"),
}


def free_port() -> int:
    """Find a port on which nothing listens."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])
