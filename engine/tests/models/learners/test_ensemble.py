"""An ensemble answers with the weighted mean, and is kept and read as one model folder."""

import json

import numpy as np
import pandas as pd
import pytest

from cairn.errors import InputError
from cairn.models import estimators, saved
from cairn.models.learners.ensemble import Ensemble
from cairn.rows.signature import describe

OURS = "cairn.models.estimators."
NODES = [
    {"_target_": OURS + "xgboost", "n_estimators": 10},
    {"_target_": OURS + "hist_gradient_boosting", "max_iter": 10},
    {"_target_": OURS + "linear"},
]
WEIGHTS = [0.5, 0.2, 0.3]


def table(count=300, seed=0):
    draw = np.random.default_rng(seed)
    made = pd.DataFrame({"age": draw.normal(size=count), "city": draw.choice(["Rome", "Bonn", "Oslo"], count)})
    made["bought"] = made["age"] + (made["city"] == "Rome") + draw.normal(size=count) / 3 > 0
    made["spent"] = made["age"] * 3 + (made["city"] == "Rome")
    return made


def assembled(target="bought", weights=WEIGHTS):
    task, classes = ("binary", [False, True]) if target == "bought" else ("regression", None)
    seen = describe(table(), features=["age", "city"], target=target, task=task, classes=classes)
    members = []
    for node in NODES:
        model = estimators.build(node, task=task, n_classes=len(classes or []), seed=1)
        members.append(estimators.fit(model, seen.frame(table()), seen.labels(table())))
    return Ensemble(members, weights), seen


@pytest.fixture(scope="module")
def ensemble():
    return assembled()


def files(folder):
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def refused(folder):
    with pytest.raises(InputError) as caught:
        saved.load(folder)
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize("target", ["bought", "spent"])
def test_it_predicts_the_weighted_mean_and_gives_one_row_what_it_gives_many(target):
    model, seen = assembled(target)
    X = seen.frame(table(100, seed=1))
    predicted = estimators.predict(model, X)
    mean = sum(weight * estimators.predict(member, X) for member, weight in zip(model.members, WEIGHTS, strict=True))
    assert np.allclose(predicted, mean, rtol=1e-12)
    alone = np.concatenate([estimators.predict(model, X.iloc[[row]]) for row in range(20)])
    assert np.array_equal(alone, predicted[:20])
    assert estimators.predict(model, X.iloc[:0]).shape == (0, *predicted.shape[1:])
    assert model.rounds is None


def test_importances_are_the_mean_of_those_who_say(ensemble):
    model, _ = ensemble
    first, none, last = (estimators.importances(member) for member in model.members)
    assert none == {}
    for name, share in estimators.importances(model).items():
        assert share == pytest.approx((0.5 * first[name] + 0.3 * last[name]) / 0.8)


@pytest.mark.parametrize("target", ["bought", "spent"])
def test_it_is_the_same_after_loading_and_in_every_byte(tmp_path, target):
    for folder in ("one", "two"):
        model, seen = assembled(target)
        saved.save(tmp_path / folder, model, seen, {"rows": 300})
    loaded, X = saved.load(tmp_path / "one"), seen.frame(table(100, seed=1))
    assert np.array_equal(estimators.predict(loaded.estimator, X), estimators.predict(model, X))
    assert estimators.importances(loaded.estimator) == estimators.importances(model)
    saved.save(tmp_path / "again", loaded.estimator, loaded.signature, loaded.metadata)
    assert files(tmp_path / "one") == files(tmp_path / "two") == files(tmp_path / "again")
    assert set(files(tmp_path / "one")) == {
        "ensemble.json",
        "members/00/model.ubj",
        "members/01/model.skops",
        "members/02/model.skops",
        "metadata.json",
        "signature.json",
    }


@pytest.mark.parametrize(
    "weights",
    [[0.5, 0.5, 0.5], [1.5, -0.5, 0.0], [0.5, float("nan"), 0.5], [0.5, 0.5], [], ["0.5", 0.2, 0.3], [True, 0, 0]],
    ids=str,
)
def test_weights_that_are_no_mean_are_refused(ensemble, tmp_path, weights):
    model, seen = ensemble
    with pytest.raises(InputError, match=r"^ensemble: "):
        Ensemble(model.members, weights)
    saved.save(tmp_path / "model", model, seen, {})
    named = {f"{place:02d}": weight for place, weight in enumerate(weights)}
    (tmp_path / "model" / "ensemble.json").write_text(json.dumps({"weights": named}))
    assert refused(tmp_path / "model")


def test_members_that_do_not_belong_together_are_refused(ensemble):
    model, _ = ensemble
    with pytest.raises(InputError, match="different columns or classes"):
        Ensemble([model.members[0], assembled("spent")[0].members[0]], [0.5, 0.5])
    with pytest.raises(InputError, match="an ensemble itself"):
        Ensemble([model, model.members[0]], [0.5, 0.5])


@pytest.mark.parametrize(
    ("place", "words"),
    [
        ("members/03/model.ubj", "found 00, 01, 02, 03"),
        ("members/notes.txt", "found 00, 01, 02, notes.txt"),
        ("members/00/model.pkl", "nothing else"),
        ("members/00/ensemble.json", "nothing else"),
        ("model.ubj", "has to be there"),
    ],
)
def test_a_file_that_does_not_belong_there_is_refused(ensemble, tmp_path, place, words):
    saved.save(tmp_path / "model", *ensemble, {})
    (tmp_path / "model" / place).parent.mkdir(exist_ok=True)
    (tmp_path / "model" / place).write_bytes(b"{}")
    assert words in refused(tmp_path / "model")


@pytest.mark.parametrize(
    "content",
    ["", "[]", "{}", '{"weights": {"../00": 1.0}}', '{"weights": {"00": 1.0}, "members": ["/etc"]}', '{"weights": ['],
)
def test_a_list_of_members_of_another_form_is_refused(ensemble, tmp_path, content):
    saved.save(tmp_path / "model", *ensemble, {})
    (tmp_path / "model" / "ensemble.json").write_text(content)
    assert "ensemble.json: broken" in refused(tmp_path / "model")


def test_a_missing_or_broken_member_is_named(ensemble, tmp_path):
    saved.save(tmp_path / "model", *ensemble, {})
    member = tmp_path / "model" / "members" / "01" / "model.skops"
    member.write_bytes(member.read_bytes()[:100])
    assert "members/01/model.skops: broken" in refused(tmp_path / "model")
    member.unlink()
    assert "members/01: a member is one of" in refused(tmp_path / "model")
    member.parent.rmdir()
    assert "found 00, 02" in refused(tmp_path / "model")
