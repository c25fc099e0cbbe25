"""The command `cairn predict`, as a person runs it."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from engine.tests.stages import Outcome, run_cairn

from cairn.models import estimators, saved
from cairn.rows import signature

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    seen = table(500)
    about = signature.describe(seen, features=list("abcd"), target="y", task="regression", classes=None)
    estimator = estimators.build(
        {"_target_": "sklearn.linear_model.Ridge", "balance": "none"}, task="regression", n_classes=0, seed=0
    )
    estimators.fit(estimator, about.frame(seen), about.labels(seen), balance="none")
    folder = tmp_path_factory.mktemp("predict") / "model"
    saved.save(folder, estimator, about, {})
    return folder


def table(count: int) -> pd.DataFrame:
    draw = np.random.default_rng(0)
    numbers = pd.DataFrame(draw.normal(size=(count, 4)), columns=list("abcd"))
    return numbers.assign(y=numbers.sum(axis=1))


def command(model: Path, *arguments: str | Path) -> list[str]:
    return [sys.executable, "-m", "cairn.cli.main", "predict", "--path", str(model), *map(str, arguments)]


def run(model: Path, *arguments: str | Path) -> Outcome:
    return run_cairn("predict", "--path", model, *arguments, cwd=ROOT)


def test_it_says_what_it_did_and_is_silent_else(model: Path, tmp_path: Path) -> None:
    table(1000).to_csv(tmp_path / "in.csv", index=False)
    done = run(model, tmp_path / "in.csv", tmp_path / "out.csv")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith(f"{tmp_path}/out.csv: 1,000 rows scored by {model} in ")
    assert done.stdout.count("\n") == 1
    with (tmp_path / "in.csv").open("a") as file:
        file.write("1,2,three,4,5\n")
    done = run(model, tmp_path / "in.csv", tmp_path / "out.csv", "--bad-rows", "aside", "--keep", "none")
    assert done.stdout.endswith(f"; 1 bad rows set aside in {tmp_path}/out.bad.jsonl\n")
    assert (tmp_path / "out.csv").read_text().splitlines()[0] == '"prediction","model_version"'


def test_a_wrong_input_gets_one_line(model: Path, tmp_path: Path) -> None:
    table(10).rename(columns={"c": "cc"}).to_csv(tmp_path / "in.csv", index=False)
    done = run(model, tmp_path / "in.csv", tmp_path / "out.csv")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "error: in.csv: no column 'c' (did you mean 'cc'?), and the model needs it\n"
    done = run(tmp_path, tmp_path / "in.csv", tmp_path / "out.csv")
    assert done.returncode == 1
    assert done.stderr.startswith(f"error: {tmp_path}: no model here")


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGKILL])
def test_ended_midway_it_leaves_no_output(model: Path, tmp_path: Path, number: int) -> None:
    table(200_000).to_csv(tmp_path / "in.csv", index=False)
    (tmp_path / "out.csv").write_text("of an earlier run")
    partial = tmp_path / ".out.csv.partial"
    process = subprocess.Popen(
        command(model, tmp_path / "in.csv", tmp_path / "out.csv"), cwd=ROOT, stderr=subprocess.DEVNULL
    )
    while not partial.exists() or not partial.stat().st_size:
        assert process.poll() is None
        time.sleep(0.001)
    process.send_signal(number)
    assert process.wait(240) == {signal.SIGTERM: 143, signal.SIGINT: 130}.get(number, -number)
    assert (tmp_path / "out.csv").read_text() == "of an earlier run"
    if number != signal.SIGKILL:
        assert sorted(path.name for path in tmp_path.iterdir()) == ["in.csv", "out.csv"]
    done = run(model, tmp_path / "in.csv", tmp_path / "out.csv")
    assert done.returncode == 0
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in.csv", "out.csv"]


@pytest.mark.slow
@pytest.mark.parametrize(("kind", "most"), [("csv", 100), ("parquet", 100)])
def test_memory_does_not_grow_with_the_file(model: Path, tmp_path: Path, kind: str, most: int) -> None:
    peaks = []
    for count in (300_000, 1_500_000):
        file = tmp_path / f"in.{kind}"
        rows = table(count)
        rows.to_csv(file, index=False) if kind == "csv" else rows.to_parquet(file, row_group_size=100_000)
        process = subprocess.Popen(command(model, file, tmp_path / f"out.{kind}"), cwd=ROOT, stdout=subprocess.DEVNULL)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        assert process.returncode == 0
        peaks.append(usage.ru_maxrss / 1024 / (1024 if sys.platform == "darwin" else 1))
    assert peaks[1] - peaks[0] < most, peaks
