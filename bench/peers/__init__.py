"""The same six functions as DVC stages, in Kedro and in Metaflow: what the frameworks themselves cost."""

import os
import shutil
import subprocess
from collections.abc import Callable
from functools import partial
from pathlib import Path

from bench.measure import Row, Run, in_turn, run, tell
from bench.project import PYTHON, environment

HERE = Path(__file__).parent
VENV = HERE / ".venv"
PEERS = ("Kedro", "Metaflow")
COMMANDS: dict[str, list[str | Path]] = {
    "DVC": ["dvc", "repro"],
    "Kedro": [VENV / "bin" / "python", "-m", "kedro", "run", "--env", "base"],
    "Metaflow": [VENV / "bin" / "python", "flow.py", "run"],
}


def rows(folder: Path, quick: bool) -> list[Row]:
    """Measure a first run in a fresh folder, and a second one there that changes nothing."""
    try:
        versions = _install()
    except (OSError, subprocess.CalledProcessError) as error:
        said = getattr(error, "stderr", None) or str(error)
        why = "could not be installed: " + " ".join(said.split())[-200:]
        return [Row(what="six small DVC stages", beside=peer, ours=None, peer=None, why=why) for peer in PEERS]
    runs = in_turn(_sides(folder), times=1 if quick else 5)
    return [
        Row.of(
            f"six small DVC stages, {which}",
            runs,
            f"DVC, {which}",
            f"{peer}, {which}",
            beside=f"{peer} {versions[peer]}",
        )
        for which in ("first run", "second run")
        for peer in PEERS
    ]


def _sides(folder: Path) -> dict[str, Callable[[], Run]]:
    """Give a first run in a fresh copy of `tiny`, and a second one in the same place, for each framework."""
    sides: dict[str, Callable[[], Run]] = {}
    for name, command in COMMANDS.items():
        place = folder / name
        env = _environment(place)
        sides[f"{name}, first run"] = partial(_first, command, place, env)
        sides[f"{name}, second run"] = partial(run, command, place, env)
    return sides


def _first(command: list[str | Path], place: Path, env: dict[str, str]) -> Run:
    shutil.rmtree(place, ignore_errors=True)
    shutil.copytree(HERE / "tiny", place)
    (place / "graph.yaml").rename(place / "dvc.yaml")
    for setup in (["git", "init", "-q"], ["dvc", "init", "-q"]):
        subprocess.run(setup, cwd=place, env=env, check=True, stdout=subprocess.DEVNULL)
    return run(command, place, env)


def _environment(place: Path) -> dict[str, str]:
    """Keep everything within the folder, and tell nobody of it."""
    own = {
        "PYTHONPATH": str(place),
        "DVC_SITE_CACHE_DIR": str(place / "dvc-site-cache"),
        "DO_NOT_TRACK": "1",
        "KEDRO_DISABLE_TELEMETRY": "1",
        "METAFLOW_DATASTORE_SYSROOT_LOCAL": str(place / "metaflow"),
        "METAFLOW_HOME": str(place / "metaflow-home"),
        "METAFLOW_USER": "bench",
    }
    return environment(place) | own


def _install() -> dict[str, str]:
    """Install the peers into an environment of their own, unless it stands, and give their versions."""
    uv = shutil.which("uv", path=f"{Path(PYTHON).parent}{os.pathsep}{os.environ['PATH']}") or "uv"
    ready, requirements = VENV / "ready", HERE / "requirements.txt"
    if not ready.exists() or ready.read_bytes() != requirements.read_bytes():
        tell("  installing Kedro and Metaflow")
        _said(uv, "venv", "--quiet", "--clear", "--python", PYTHON, VENV)
        _said(
            uv, "pip", "install", "--quiet", "--compile-bytecode", "--python", VENV / "bin/python", "-r", requirements
        )
        shutil.copyfile(requirements, ready)
    listed = dict(line.split("==") for line in _said(uv, "pip", "freeze", "--python", VENV / "bin/python").split())
    return {peer: listed[peer.lower()] for peer in PEERS}


def _said(*command: str | Path) -> str:
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout
