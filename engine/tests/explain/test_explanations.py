"""All that explanations.json holds, for every task; what cannot be explained says so."""

import json

import duckdb
import numpy as np
import pytest
from engine.tests.models.test_saved import MODELS, table

from cairn.documents import to_json
from cairn.errors import InputError
from cairn.evaluation.scores import group_labels
from cairn.explain.explanations import explain
from cairn.models import estimators
from cairn.models.saved import Model
from cairn.rows.signature import describe


def explained(model, part=None, **more):
    part = table(250, seed=2) if part is None else part
    groups = group_labels(part, sensitive=["age"], features=["city"], levels=10)
    settings = {"id": None, "seed": 1, "estimated_rows": 30, "slice_rows": 20} | more
    explanations, contributions = explain(model, part, groups, **settings)
    return to_json(explanations), contributions


@pytest.mark.parametrize(
    ("target", "outputs"), [("bought", [True]), ("level", ["high", "low", "middle"]), ("spent", ["spent"])]
)
@pytest.mark.parametrize("name", ["xgboost", "linear", "random_forest"])
def test_everything_is_told_for_every_task_and_is_json(model_of, name, target, outputs):
    content, kept = explained(model_of(name, target))
    assert json.loads(json.dumps(content, allow_nan=False)) == content
    assert content["outputs"] == outputs
    assert content["exact"] is (name != "random_forest")
    assert content["rows"] == {"explained": 250 if content["exact"] else 30, "test": 250}
    assert {bar["feature"] for bar in content["features"]} == {"age", "income", "city"}
    assert len(content["base"]) == len(outputs)
    assert content["adds_up_within"] == 1e-9 if name != "xgboost" else 1e-9 < content["adds_up_within"] <= 1e-5
    for drawn in content["swarm"]:
        assert [len(each) for each in drawn["contributions"]] == [len(drawn["value"])] * len(outputs)
    for drawn in content["dependence"]:
        for key in ("mean", "low", "high"):
            assert [len(each) for each in drawn[key]] == [len(drawn["grid"])] * len(outputs)
    assert {each["column"] for each in content["slices"]} == {"age", "city"}
    assert kept.num_rows == content["rows"]["explained"] * len(outputs)


def test_only_the_leading_features_are_drawn_and_all_have_a_bar(model_of):
    content, _ = explained(model_of(), features=2)
    leading = [bar["feature"] for bar in content["features"][:2]]
    assert len(content["features"]) == 3
    assert [each["feature"] for each in content["swarm"]] == leading
    assert [each["feature"] for each in content["dependence"]] == leading
    assert all(list(each["mean_abs"]) == leading for each in content["slices"] if each["mean_abs"])
    assert all(len(each["contributions"]) == 2 for each in content["examples"])


def test_a_category_keeps_the_names_of_its_levels(model_of):
    content, _ = explained(model_of("linear"))
    (drawn,) = (each for each in content["dependence"] if each["feature"] == "city")
    assert drawn["grid"] == ["Bonn", "Oslo", "Rome"]
    (points,) = (each for each in content["swarm"] if each["feature"] == "city")
    assert points["levels"] == ["Bonn", "Oslo", "Rome"]


@pytest.mark.parametrize("target", ["bought", "level", "spent"])
def test_a_dummy_is_said_to_have_nothing_to_explain(model_of, target):
    content, kept = explained(model_of("dummy", target))
    assert content == {
        "explained": False,
        "why": "the model says the same of every row, so that no column has a part in it",
    }
    assert kept is None


def test_the_same_seed_gives_the_same_content_and_another_seed_other_points(model_of):
    model = model_of()
    first, again, other = (explained(model, seed=seed)[0] for seed in (1, 1, 2))
    assert first == again
    assert first["swarm"] != other["swarm"]


def test_examples_can_be_left_out(model_of):
    assert explained(model_of(), examples=False)[0]["examples"] == []


def test_a_test_part_of_one_row_is_explained(model_of):
    content, kept = explained(model_of(), table(1, seed=2))
    assert content["rows"] == {"explained": 1, "test": 1}
    assert content["examples"][0]["which"] == ["highest", "middle", "lowest", "borderline", "most_wrong"]
    assert all(each["mean_abs"] is None for each in content["slices"])
    assert kept.num_rows == 1


def test_of_many_classes_those_said_most_often_are_drawn_and_all_are_kept():
    rows = table(600, seed=4)
    rows["tenth"] = (rows["age"] // 10).astype(str)
    classes = sorted(rows["tenth"].unique())
    seen = describe(rows, features=["age", "city"], target="tenth", task="multiclass", classes=classes)
    estimator = estimators.build(MODELS["xgboost"], task="multiclass", n_classes=len(classes), seed=1)
    estimators.fit(estimator, seen.frame(rows), seen.labels(rows), seen.frame(rows), seen.labels(rows))
    explanations, kept = explain(Model(estimator, seen, {}), rows, {}, id=None, seed=1)
    counts = rows["tenth"].value_counts()
    assert len(classes) == 8
    assert len(explanations.outputs) == 5
    shown, others = counts[explanations.outputs], counts.drop(explanations.outputs)
    assert shown.min() >= others.max() - 3  # nearly as often as it is so
    assert kept.num_rows == 600 * len(classes)


@pytest.mark.parametrize("target", ["bought", "level"])
def test_sql_reads_the_contributions_of_every_row_and_they_add_up(model_of, target):
    model, rows = model_of(target=target), table(250, seed=2)
    rows["customer"] = np.arange(1000, 1250)
    _, kept = explained(model, rows, id="customer", rows=40)  # noqa: RUF059 as DuckDB reads it by its name
    each = duckdb.sql(
        "select row, id, base + contributions.age + contributions.income + contributions.city as total "
        "from kept order by row"
    ).df()
    assert (each["id"] == each["row"] + 1000).all()
    said = model.estimator.predict(model.signature.frame(rows.iloc[each["row"].unique()]))
    if target == "bought":
        assert each["total"].to_numpy() == pytest.approx(np.log(said[:, 1] / said[:, 0]), abs=1e-4)
    else:
        classes = duckdb.sql("select class from kept limit 3").fetchall()
        assert [name for (name,) in classes] == ["high", "low", "middle"]
        raised = np.exp(each["total"].to_numpy().reshape(-1, 3))
        assert raised / raised.sum(axis=1, keepdims=True) == pytest.approx(said, abs=1e-5)


@pytest.mark.parametrize("name", ["rows", "estimated_rows", "features", "points", "grid", "dependence_rows"])
def test_a_size_of_nothing_is_refused(model_of, name):
    with pytest.raises(InputError, match=rf"^report\.explain\.{name}: must be at least 1; got 0$"):
        explained(model_of("linear"), **{name: 0})
