"""From many data sets to a model that beats the dummy: presets on real files, and embedded sets."""

import math
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
from engine.tests.stages import run_stage

from cairn import config, layout
from cairn.evaluation.metrics import MAIN
from cairn.files import read_json
from cairn.models import saved
from cairn.rows import signature

ROOT = Path(__file__).parents[3]
SHARED = ROOT.parent / "shared" / "data"
MODELS = sorted(path.stem for path in (ROOT / "conf" / "model").glob("*.yaml"))

Run = Callable[..., subprocess.CompletedProcess[str]]


class Preset(NamedTuple):
    """A file of conf/data, the real file that it is for, and what that file's README says of it."""

    name: str
    file: str
    target: str
    task: str
    rows: int
    features: int
    choices: tuple[str, ...] = ()


# The presets name the files of their sources; these copies have other bytes, and adult's has its names in a header.
PRESETS = [
    Preset("adult", "adult.csv.gz", "income", "binary", 48842, 13, ("data.columns=[]",)),
    Preset("bank_marketing", "bank_marketing.csv", "y", "binary", 45211, 15),
    Preset("telco_churn", "telco_churn.csv", "Churn", "binary", 7043, 19),
    Preset("california_housing", "california_housing.csv", "median_house_value", "regression", 20640, 9),
]
EMBEDDED = [
    ("wine", "multiclass", ["class_0", "class_1", "class_2"], 178),
    ("breast_cancer", "binary", ["benign", "malignant"], 569),
    ("diabetes", "regression", None, 442),
]


def beats_the_dummy(project: Path) -> dict[str, Any]:
    """Hold the finished evaluation against what is known without a model; return it."""
    measured: dict[str, Any] = read_json(project / layout.EVALUATION)
    main = MAIN[measured["task"]]
    assert measured["test"][main]["value"] < measured["baseline"]["dummy"][main]
    for name in ("train", "validation"):
        assert all(math.isfinite(value) for value in measured[name].values() if value is not None)
    return measured


@pytest.mark.slow
@pytest.mark.parametrize("preset", PRESETS, ids=lambda preset: preset.name)
def test_a_preset_reaches_a_model(finished: Path, run: Run, preset: Preset) -> None:
    if not (SHARED / preset.file).exists():
        pytest.skip(f"{preset.file} is not in {SHARED.parent.name}/{SHARED.name}/")
    choices = [f"data={preset.name}", f"data.path={SHARED / preset.file}", "data.sha256=null", "search.trials=2"]
    overrides = [word for each in (*choices, *preset.choices) for word in ("-S", each)]
    done = run(["dvc", "exp", "run", "evaluate", *overrides], finished)
    assert done.returncode == 0, done.stdout + done.stderr
    schema = read_json(finished / layout.SCHEMA)
    assert (schema["target"], schema["task"], len(schema["features"])) == (preset.target, preset.task, preset.features)
    assert sum(beats_the_dummy(finished)["rows"].values()) == preset.rows
    table = signature.read(finished / layout.TEST)
    assert len(saved.load(finished / layout.TRAINED).predict(table)) == len(table)
    sliced = {each["column"] for each in read_json(finished / layout.SLICES)["slices"]}
    assert sliced >= set(config.read_yaml(finished / config.PARAMS)["data"]["sensitive"])


def in_order(project: Path, *stages: str) -> None:
    """Run stages without DVC, in this process."""
    for name in stages:
        done = run_stage(name, cwd=project, DVC_EXP_NAME="data-set")
        assert (done.returncode, done.stderr) == (0, ""), f"{name}: {done.stderr}"


@pytest.mark.parametrize(("name", "task", "classes", "rows"), EMBEDDED)
@pytest.mark.slow
def test_an_embedded_set_reaches_a_model(
    project_conf: Path, name: str, task: str, classes: list[str] | None, rows: int
) -> None:
    choices = [f"data={name}", "model=linear", "search=none", "evaluation.resamples=20"]
    config.write(config.compose(choices)[0])
    in_order(project_conf, "compose", "code", "ingest", "features", "split", "tune", "train", "evaluate")
    measured, model = beats_the_dummy(project_conf), saved.load(layout.TRAINED)
    assert (model.signature.task, model.signature.classes) == (task, classes)
    assert sum(measured["rows"].values()) == rows


@pytest.fixture(scope="module")
def split_parts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give breast_cancer, split, ready for any model."""
    project = tmp_path_factory.mktemp("parts")
    shutil.copytree(ROOT / "conf", project / "conf")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(project)
        config.write(config.compose(["data=breast_cancer"])[0])
        shutil.copy(ROOT / "dvc.yaml", project)
        in_order(project, "compose", "code", "ingest", "features", "split")
    return project


@pytest.mark.slow
@pytest.mark.parametrize("model", MODELS)
def test_every_model_of_conf_is_trained_kept_and_measured(
    split_parts: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, model: str
) -> None:
    project = tmp_path / "project"
    shutil.copytree(split_parts, project)
    monkeypatch.chdir(project)
    choices = ["data=breast_cancer", f"model={model}", "search=none", "evaluation.resamples=20"]
    config.write(config.compose(choices)[0])
    in_order(project, "tune", "train", "evaluate")
    table = signature.read(layout.TEST)
    probability = saved.load(layout.TRAINED).predict_proba(table)
    assert probability.shape == (len(table), 2)
    if model == "dummy":
        fitted_on = np.concatenate([signature.read(path)["diagnosis"] for path in (layout.TRAIN, layout.VALID)])
        assert probability[:, 1] == pytest.approx(np.mean(fitted_on == "malignant"))
    else:
        beats_the_dummy(project)
