"""Online, in batches and in Python a model says the same of a row, to the last bit."""

import json
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.csv
import pyarrow.parquet as pq
import pytest
from engine.tests.serving.conftest import Starter
from engine.tests.stages import run_cairn, run_stage

from cairn.models import saved
from cairn.rows import signature

ROOT = Path(__file__).parents[3]
SHARED = ROOT.parent / "shared" / "data"
SETS = {
    "hat_shop": ["data=hat_shop", "data.customers=1000", "model.n_estimators=30"],
    "wine": ["data=wine", "model=random_forest", "model.n_estimators=30"],
    "diabetes": ["data=diabetes", "model=hist_gradient_boosting", "model.max_iter=30"],
    "adult.csv.gz": ["data=file", f"data.path={SHARED}/adult.csv.gz", "data.target=income", "model.n_estimators=30"],
}
STAGES = ("code", "ingest", "features", "split", "tune", "train")
AT_ONCE = 500


@pytest.mark.slow
@pytest.mark.parametrize("name", SETS)
def test_every_test_row_gets_the_same_bits_online_in_batches_and_in_python(tmp_path: Path, name: str) -> None:
    if name.endswith(".gz") and not (SHARED / name).exists():
        pytest.skip(f"{name} is not in {SHARED.parent.name}/{SHARED.name}/")
    shutil.copytree(ROOT / "conf", tmp_path / "conf")
    shutil.copy(ROOT / "dvc.yaml", tmp_path)
    for stage, choices in (("compose", [*SETS[name], "search=none"]), *((stage, []) for stage in STAGES)):
        done = run_stage(stage, *choices, cwd=tmp_path)
        assert done.returncode == 0, done.stderr
    folder = "models/trained"  # what `card` copies to models/model, with the papers
    model = saved.load(tmp_path / folder)
    test = tmp_path / "data/processed/test.parquet"
    rows = signature.read(test)
    expected = model.predict_proba(rows) if model.signature.classes else model.predict(rows)[:, None]

    with Starter() as start:
        assert np.array_equal(online(start("--path", folder, folder=tmp_path), model, test), expected)
    for ending in ("parquet", "csv", "jsonl", "arrow"):
        source, output = tmp_path / f"input.{ending}", tmp_path / f"output.{ending}"
        written(test, source)
        done = run_cairn("predict", "--path", folder, source, output, cwd=tmp_path)
        assert done.returncode == 0, done.stderr
        assert np.array_equal(scored(output, model), expected), ending


def online(server, model: saved.Model, test: Path) -> np.ndarray:
    names = [column.name for column in model.signature.columns]
    records = pq.read_table(test, columns=names).to_pylist()
    said: list = []
    for place in range(0, len(records), AT_ONCE):
        body = json.dumps({"instances": records[place : place + AT_ONCE]}, default=str).encode()
        answer = server.ask("/predict", body)
        assert answer.status == 200, answer.body
        said += (
            answer.body["probabilities"] if model.signature.classes else [[each] for each in answer.body["predictions"]]
        )
    return np.array(said)


def written(test: Path, source: Path) -> None:
    """Write the test part in another format, with all its digits."""
    table = pq.read_table(test)
    if source.suffix == ".parquet":
        pq.write_table(table, source)
    elif source.suffix == ".arrow":
        with pyarrow.ipc.new_file(source, table.schema) as writer:
            writer.write_table(table)
    elif source.suffix == ".csv":
        pyarrow.csv.write_csv(table, source)
    else:
        source.write_text("".join(json.dumps(row, default=str) + "\n" for row in table.to_pylist()))


def scored(output: Path, model: saved.Model) -> np.ndarray:
    if output.suffix == ".parquet":
        table = pd.read_parquet(output)
    elif output.suffix == ".arrow":
        table = pyarrow.ipc.open_file(output).read_pandas()
    elif output.suffix == ".csv":
        table = pyarrow.csv.read_csv(output).to_pandas()
    else:
        table = pd.DataFrame([json.loads(line) for line in output.read_text().splitlines()])
    classes = model.signature.classes
    names = ["prediction"] if classes is None else [name for name in table.columns if name.startswith("probability_")]
    return table[names].to_numpy(dtype="float64")
