"""A row that the server answers is the row that the model predicts, to the last bit, and a wrong row is refused."""

import math
from pathlib import Path

import duckdb
import numpy as np
import pytest

from cairn import config, layout
from cairn.files import read_json
from cairn.models import estimators, saved
from cairn.rows import signature
from cairn.serving.testing import ask

ROOT = Path(__file__).parents[1]
ROWS = 1000  # to train a small model of the project's own conf/
ASKED = 20


@pytest.fixture(scope="module")
def params():
    return config.read_yaml(ROOT / config.PARAMS)


@pytest.fixture(scope="module")
def few(tmp_path_factory):
    """A sample of the features table."""
    if not (ROOT / layout.FEATURES).exists():
        pytest.skip("there is no features table yet; `make run` makes it, `dvc pull` brings it")
    path = tmp_path_factory.mktemp("rows") / "few.parquet"
    table = f"read_parquet('{ROOT / layout.FEATURES}')"
    duckdb.sql(f"FROM {table} USING SAMPLE reservoir({ROWS} ROWS) REPEATABLE (42)").write_parquet(str(path))
    return signature.read(path)


@pytest.fixture(scope="module")
def model(params, few, tmp_path_factory):
    """A small model of conf/model on few rows, as a folder."""
    schema = read_json(ROOT / layout.SCHEMA)
    about = {key: schema[key] for key in ("features", "target", "task", "classes")}
    seen = config.call(params["signature"], train=few, **about)
    node = params["model"] | ({"n_estimators": 20} if "n_estimators" in params["model"] else {})
    estimator = estimators.build(node, task=schema["task"], n_classes=len(schema["classes"] or []), seed=params["seed"])
    part = seen.frame(few), seen.labels(few)
    estimators.fit(estimator, *part, *part)
    folder = tmp_path_factory.mktemp("small") / "model"
    saved.save(folder, estimator, seen, {}, trusted=params["trusted"])
    return folder


def record(row, columns):
    """A row as a client sends it."""
    values = {name: row[name].item() if hasattr(row[name], "item") else row[name] for name in columns}
    values = {name: value.isoformat() if hasattr(value, "isoformat") else value for name, value in values.items()}
    return {
        name: None if value == "NaT" or (isinstance(value, float) and math.isnan(value)) else value
        for name, value in values.items()
    }


def test_online_is_offline_to_the_last_bit(params, few, model):
    loaded = saved.load(model, trusted=params["trusted"])
    columns = [column.name for column in loaded.signature.columns]
    rows = [record(row, columns) for _, row in few.head(ASKED).iterrows()]
    answers = ask(model, [{"instances": [row]} for row in rows], trusted=params["trusted"])
    assert [answer for answer in answers if "error" in answer] == []
    regression = loaded.signature.classes is None
    offline = loaded.predict(few) if regression else loaded.predict_proba(few)
    online = [answer["predictions" if regression else "probabilities"][0] for answer in answers]
    assert np.array_equal(np.asarray(online), offline[:ASKED])


def test_a_row_without_a_column_is_refused_with_its_name(few, model, params):
    columns = [column.name for column in saved.load(model, trusted=params["trusted"]).signature.columns]
    row = record(few.iloc[0], columns)
    del row[columns[0]]
    (answer,) = ask(model, [{"instances": [row]}], trusted=params["trusted"])
    assert columns[0] in str(answer["error"]) + str(answer.get("details", ""))
