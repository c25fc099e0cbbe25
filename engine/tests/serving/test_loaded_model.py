"""What a served model says of the reasons for its predictions."""

from dataclasses import replace

import numpy as np
import pytest
from engine.tests.models.test_saved import MODELS, table, trained

from cairn.models import saved
from cairn.registry.model_source import ModelSource
from cairn.serving.errors import RequestError
from cairn.serving.loaded_model import EXPLAINED, Served

ROWS = [
    {"age": 40, "income": 3.5, "city": "Rome"},
    {"age": 70, "income": None, "city": "Oslo"},
    {"age": 20, "income": 1.0, "city": "Paris"},
]


def served(folder, name, target, **change):
    model, seen = trained(MODELS[name], target)
    saved.save(folder / "model", model, replace(seen, **change), {})
    return Served(
        ModelSource(name="model", version=None, stage=None, folder=str(folder / "model"), commit=None, metrics=None)
    )


@pytest.mark.parametrize("name", ["xgboost", "linear", "random_forest"])
@pytest.mark.parametrize("target", ["bought", "level", "spent"])
def test_contributions_come_by_column_and_lead_from_the_base_to_the_prediction(tmp_path, name, target):
    model = served(tmp_path, name, target)
    rows = model.reader.coded(ROWS)
    predicted = model.predict(rows)
    told = model.explained(rows, predicted)
    assert [list(each["contributions"]) for each in told] == [["age", "income", "city"]] * 3
    total = [each["base"] + sum(each["contributions"].values()) for each in told]
    if target == "spent":
        assert {each["unit"] for each in told} == {"target unit"}
        assert total == pytest.approx(predicted.tolist(), abs=1e-4)
        return
    classes = model.signature.classes
    chosen = [True] * 3 if target == "bought" else model.told(predicted)["predictions"]
    assert [each["class"] for each in told] == chosen
    said = predicted[np.arange(3), [classes.index(each) for each in chosen]]
    if name == "random_forest":
        assert total == pytest.approx(said.tolist())
    elif target == "bought":
        assert total == pytest.approx(np.log(said / (1 - said)).tolist(), abs=1e-4)
    else:
        assert total == pytest.approx((np.log(said) - np.log(predicted).mean(axis=1)).tolist(), abs=1e-4)


def test_no_rows_have_no_explanations_and_too_many_are_refused(tmp_path):
    model = served(tmp_path, "random_forest", "level")
    none, many = model.reader.coded([]), model.reader.coded(ROWS[:1] * (EXPLAINED + 1))
    assert model.explained(none, model.predict(none)) == []
    with pytest.raises(RequestError, match="201 rows are too many to explain in one request; at most 200") as caught:
        model.explained(many, model.predict(many))
    assert caught.value.status == 413


def test_an_older_model_predicts_and_says_why_it_cannot_be_explained(tmp_path):
    seen = trained(MODELS["random_forest"])[1]
    model = served(
        tmp_path, "random_forest", "bought", columns=[replace(each, background=None) for each in seen.columns]
    )
    rows = model.reader.coded(ROWS)
    with pytest.raises(RequestError, match="train the model anew"):
        model.explained(rows, model.predict(rows))


def test_a_column_is_described_by_a_typical_value_and_not_by_its_background(tmp_path):
    model = served(tmp_path, "linear", "bought")
    columns = {each["name"]: each for each in model.described()["columns"]}
    assert columns["age"]["typical"] == np.median(table()["age"])
    assert columns["city"]["typical"] == table()["city"].value_counts().index[0]
    assert all("background" not in each for each in columns.values())
