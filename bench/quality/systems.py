"""The systems that are compared, and how one of them is run: its fit measured from outside, its predictions kept."""

import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np

from bench.measure import Run
from bench.measure import run as run_here
from bench.project import PYTHON, ROOT, environment
from bench.quality.sets import Parts, write

HERE = Path(__file__).parent
HELD_OUT = 0.1  # of the training part, which the stages get as the validation part
CHOICES = ("data=file", "expectations=derived", "features=as_is", "gates=default", "decision=default")
# What an environment holds; AutoGluon without Ray fits its folds one after the other, each on all cores.
ENVIRONMENTS = {
    "autogluon": "autogluon.tabular[catboost,fastai,lightgbm,xgboost]==1.6.3",
    "flaml": "catboost==1.2.10 flaml[automl]==2.7.0 pandas==3.1.1 pyarrow==24.0.0 scikit-learn==1.9.1",
}
QUIET = {"DO_NOT_TRACK": "1", "HF_HUB_OFFLINE": "1", "HF_HUB_DISABLE_TELEMETRY": "1", "RAY_USAGE_STATS_ENABLED": "0"}


@dataclass(frozen=True)
class System:
    """What learns a table.

    Parameters
    ----------
    name : what the report calls it
    script : of peers/; None for the project's own stages
    variant : a preset, a library, or the stages' own `search`
    environment : one of ENVIRONMENTS; None: the environment that this runs in
    budgeted : whether it is told how long it may take
    """

    name: str
    script: str | None
    variant: str
    environment: str | None = None
    budgeted: bool = True


SYSTEMS = {
    each.name: each
    for each in (
        System("automl", None, "automl"),
        System("tpe", None, "tpe"),
        System("autogluon_medium", "autogluon.py", "medium_quality", "autogluon"),
        System("autogluon_good", "autogluon.py", "good_quality", "autogluon"),
        System("flaml", "flaml.py", "automl", "flaml"),
        System("xgboost_default", "defaults.py", "xgboost", budgeted=False),
        System("hist_gradient_boosting_default", "defaults.py", "hist_gradient_boosting", budgeted=False),
    )
}


def measure(system: System, parts: Parts, *, seconds: int, cores: int, environments: Path) -> tuple[Run, np.ndarray]:
    """Let one system learn the training part and predict the test part.

    Parameters
    ----------
    seconds : its budget
    cores : how many threads it may use
    environments : the folder of the peers' environments, which are made where they are missing

    Returns
    -------
    tuple : what the fit took (a peer's with its predictions), and the predictions: probabilities of shape
        (n_test, n_classes), or values of shape (n_test,)

    Raises
    ------
    CommandError : one of its processes failed
    ValueError : its predictions are not of that shape, or not finite
    """
    with tempfile.TemporaryDirectory(prefix="quality-", ignore_cleanup_errors=True) as place:
        folder = Path(place)
        job = {"task": parts.task, "target": parts.target, "seed": parts.seed, "cores": cores, "seconds": seconds}
        if system.script is None:
            taken = run_stages(overrides(system.variant, seconds), parts, folder, job)
        else:
            taken = _peer(system, parts, folder, job, environments)
        return taken, _checked(np.load(folder / "predicted.npy"), parts)


def overrides(search: str, seconds: int) -> list[str]:
    """Give the Hydra overrides of one search, bounded by its seconds alone."""
    return [f"search={search}", f"search.seconds={seconds}", *(["search.trials=null"] if search == "tpe" else [])]


def run_stages(search: Sequence[str], parts: Parts, folder: Path, job: dict[str, Any]) -> Run:
    """Tune and train by the project's own stages, in a project that holds no row of the test part.

    Parameters
    ----------
    search : Hydra overrides
    parts : one split of a set
    folder : where the project, and beside it what predicts the test part and what it predicted, go
    job : task, target and cores

    Returns
    -------
    Run : what `tune` and `train` took; the memory is the prediction's where that needs more

    Raises
    ------
    CommandError : a stage failed
    """
    project = folder / "project"
    shutil.copytree(ROOT / "conf", project / "conf")
    shutil.copy(ROOT / "dvc.yaml", project)
    _give(parts, project)
    chosen = [*CHOICES, "data.path=data/processed/train.parquet", f"data.target={json.dumps(parts.target)}", *search]
    env = _environment(project, job["cores"]) | {"PYTHONPATH": str(ROOT / "src")}
    run([PYTHON, "-m", "pipeline.stages.code", *chosen], project, env)
    taken = run([PYTHON, "-m", "pipeline.stages.tune", *chosen], project, env)
    taken += run([PYTHON, "-m", "pipeline.stages.train", *chosen], project, env)
    write(parts.test, folder / "test.parquet")
    files = {"model": "project/models/trained", "test": "test.parquet", "output": "predicted.npy"}
    paths = {role: str(folder / name) for role, name in files.items()}
    (folder / "job.json").write_text(json.dumps(job | paths), encoding="utf-8")
    predicting = run([PYTHON, "-P", HERE / "predict.py", folder / "job.json"], folder, env)
    return taken._replace(peak=max(taken.peak, predicting.peak))


def install(name: str, folder: Path, wanted: str | None = None) -> Path:
    """Make a peer's environment, unless it stands, and give its Python.

    Parameters
    ----------
    name : of the environment
    folder : of all of them
    wanted : what it holds; None: what ENVIRONMENTS says

    Raises
    ------
    subprocess.CalledProcessError : it could not be installed
    """
    place = folder / name
    ready, wanted = place / "ready", wanted or ENVIRONMENTS[name]
    python = place / "bin" / "python"
    if not ready.exists() or ready.read_text(encoding="utf-8") != wanted:
        uv = shutil.which("uv", path=f"{Path(PYTHON).parent}{os.pathsep}{os.environ['PATH']}") or "uv"
        _quietly(uv, "venv", "--quiet", "--clear", "--python", PYTHON, place)
        _quietly(uv, "pip", "install", "--quiet", "--compile-bytecode", "--python", python, *wanted.split())
        ready.write_text(wanted, encoding="utf-8")
    return python


def _peer(system: System, parts: Parts, folder: Path, job: dict[str, Any], environments: Path) -> Run:
    python = install(system.environment, environments) if system.environment else Path(PYTHON)
    write(parts.train, folder / "train.parquet")
    write(parts.test, folder / "test.parquet")
    files = {"train": "train.parquet", "test": "test.parquet", "output": "predicted.npy"}
    paths = {role: str(folder / name) for role, name in files.items()}
    (folder / "job.json").write_text(json.dumps(job | paths | {"variant": system.variant}), encoding="utf-8")
    command: list[str | Path] = [python, "-I", HERE / "peers" / str(system.script), folder / "job.json"]
    return run(command, folder, _environment(folder, job["cores"]))


def _give(parts: Parts, project: Path) -> None:
    """Write what the stages before `tune` would have written: training part, validation part and schema."""
    from sklearn.model_selection import train_test_split

    stratum = None if parts.classes is None else parts.train[parts.target]
    train, validation = train_test_split(parts.train, test_size=HELD_OUT, random_state=parts.seed, stratify=stratum)
    write(train, project / "data/processed/train.parquet")
    write(validation, project / "data/processed/validation.parquet")
    features = parts.test.columns.tolist()
    schema = {"target": parts.target, "task": parts.task, "classes": parts.classes, "features": features, "id": None}
    (project / "data/interim").mkdir()
    (project / "data/interim/schema.json").write_text(json.dumps(schema), encoding="utf-8")


def _checked(predicted: np.ndarray, parts: Parts) -> np.ndarray:
    shape = (len(parts.test),) if parts.classes is None else (len(parts.test), len(parts.classes))
    if predicted.shape != shape or not np.isfinite(predicted).all():
        raise ValueError(f"predictions of shape {predicted.shape}, finite or not, where {shape} were asked for")
    return predicted


def _environment(folder: Path, cores: int) -> dict[str, str]:
    threads = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), str(cores))
    return environment(folder) | QUIET | threads


def run(command: Sequence[str | Path], folder: Path, env: dict[str, str]) -> Run:
    """Run and measure a command from a small process: Linux counts the memory of the one that starts it as its own."""
    with ProcessPoolExecutor(max_workers=1, mp_context=get_context("spawn")) as small:
        return small.submit(run_here, command, folder, env).result()


def _quietly(*command: str | Path) -> None:
    subprocess.run(command, check=True, capture_output=True, text=True)
