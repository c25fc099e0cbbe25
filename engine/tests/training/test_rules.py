"""The rules: each names its trouble in one sentence, passes where there is none, and config decides what stops."""

import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from cairn import config
from cairn.errors import InputError
from cairn.training import leaks, rules
from cairn.training.folds import Rows

ROOT = Path(__file__).parents[3]
DEFAULT = {
    key: value for key, value in config.read_yaml(ROOT / "conf" / "rules" / "default.yaml").items() if key != "_target_"
}


def part(count: int, seed: int, task: str = "binary") -> Rows:
    draw = np.random.default_rng(seed)
    X = pd.DataFrame({name: draw.normal(size=count) for name in "abc"})
    X.loc[draw.random(count) < 0.1, "c"] = np.nan
    X["city"] = pd.Categorical.from_codes(draw.integers(0, 3, count), ["Oslo", "Paris", "Rome"])
    raw = X["a"].to_numpy() + draw.normal(size=count)
    return Rows(X, raw if task == "regression" else (raw > 0).astype("int32"))


def said(y: np.ndarray, sure: float = 0.7) -> np.ndarray:
    """Probabilities that give every row's class this much."""
    right = np.full(len(y), sure)
    return np.column_stack([np.where(y == 0, right, 1 - right), np.where(y == 1, right, 1 - right)])


def curve(train: list[float], validation: list[float] | None = None) -> list[dict[str, float]]:
    both = zip(train, validation or train, strict=True)
    return [{"step": n, "train/log_loss": a, "validation/log_loss": b} for n, (a, b) in enumerate(both)]


def look(**changes) -> dict[str, dict]:
    given = {"train": part(600, 1), "validation": part(300, 2), "task": "binary", "curves": curve([0.6, 0.5, 0.4])}
    given |= {"best_round": None, "rounds_limit": 100} | DEFAULT | changes
    for name in ("train", "validation"):
        y = given[name].y
        given.setdefault(f"{name}_predicted", said(y) if given["task"] == "binary" else y * 0.9)
    return {each["rule"]: each for each in rules.check(**given)}


def test_an_ordinary_training_passes_every_rule():
    results = look()
    assert list(results) == list(DEFAULT)
    assert {name: each["message"] for name, each in results.items() if each["status"] != "pass"} == {}


def test_an_ordinary_regression_passes_every_rule():
    results = look(train=part(600, 1, "regression"), validation=part(300, 2, "regression"), task="regression")
    assert {name: each["message"] for name, each in results.items() if each["status"] != "pass"} == {}
    assert results["class_imbalance"]["value"] is None


@pytest.mark.parametrize(
    ("losses", "value", "status"),
    [
        ([0.5, 0.45, 0.4], 0.2, "pass"),
        ([0.5, 0.499], 0.002, "warn"),
        ([0.5, 0.5], 0.0, "stop"),
        ([0.5, 0.6], -0.2, "stop"),
        ([0.5, math.nan, math.nan], None, "stop"),
        ([0.5], None, "pass"),
    ],
)
def test_a_loss_that_does_not_fall(losses, value, status):
    result = look(curves=curve(losses))["loss_not_falling"]
    assert (result["status"], result["value"]) == (status, value if value is None else pytest.approx(value))


def test_a_model_far_better_on_what_it_has_seen_is_overfit():
    train, validation = part(600, 1), part(300, 2)
    result = look(train_predicted=said(train.y, 0.99), validation_predicted=said(validation.y, 0.55))["overfit"]
    # Every row of a part has the same loss, so what chance there is lies in the reference alone, and is small.
    shares = [each.y.mean() for each in (train, validation)]
    plain = [-share * math.log(shares[0]) - (1 - share) * math.log(1 - shares[0]) for share in shares]
    gap = -math.log(0.55) / plain[1] + math.log(0.99) / plain[0]
    assert result["status"] == "warn"
    assert result["value"] == pytest.approx(gap, abs=0.02)


def test_a_gap_that_chance_can_explain_is_not_overfit():
    train, validation = part(600, 1), part(12, 2)
    wild = said(validation.y, 0.95)
    wild[:2] = wild[:2, ::-1]
    assert (
        look(validation=validation, train_predicted=said(train.y, 0.9), validation_predicted=wild)["overfit"]["status"]
        == "pass"
    )


def test_rounds_kept_long_after_the_best_are_overtrained():
    falling, rising = [0.5, 0.4, 0.3, 0.2], [0.5, 0.4, 0.42, 0.5]
    assert look(curves=curve(falling, rising))["overtrained"]["value"] == pytest.approx(0.25)
    kept = look(curves=curve(falling, rising), best_round=2)["overtrained"]
    assert (kept["status"], kept["value"]) == ("warn", pytest.approx(0.05))
    assert "round 1 with 0.4" in kept["message"] and "round 2 with 0.42" in kept["message"]
    assert look(curves=curve(falling, rising), best_round=1)["overtrained"]["status"] == "pass"


def test_a_loss_that_still_falls_at_the_last_round_allowed_is_not_finished():
    losses = [1.0 - 0.02 * number for number in range(20)]  # 0.66 after 18 rounds, 0.62 after 20
    result = look(curves=curve(losses), rounds_limit=20)["not_finished"]
    assert (result["status"], result["value"]) == ("warn", pytest.approx(1 - 0.62 / 0.66, rel=1e-5))
    assert look(curves=curve(losses), rounds_limit=21)["not_finished"]["status"] == "pass"
    assert look(curves=curve(losses), rounds_limit=None)["not_finished"]["value"] is None


def test_learners_without_rounds_have_nothing_to_say_of_curves():
    for curves in ([], [{"step": 0}, {"step": 50}]):
        results = look(curves=curves)
        for name in ("loss_not_falling", "overtrained", "not_finished"):
            assert (results[name]["value"], results[name]["status"]) == (None, "pass")


def test_a_rare_class_is_named_with_its_rows():
    train = part(600, 1)
    rare = Rows(train.X, (np.arange(600) < 6).astype("int32"))
    result = look(train=rare, classes=["no", "yes"])["class_imbalance"]
    assert (result["status"], result["value"]) == ("warn", pytest.approx(6 / 300))
    assert "'yes', has 6 of the 600" in result["message"]


@pytest.mark.parametrize("task", ["binary", "regression"])
def test_a_feature_that_is_the_label_is_a_leak(task):
    train, validation = (part(count, seed, task) for count, seed in ((5000, 1), (3000, 2)))
    for each in (train, validation):
        each.X["copy"] = np.exp(3.0 * each.y)  # skewed, and yet a copy
    result = look(train=train, validation=validation, task=task)["leak"]
    assert result["status"] == "stop"
    assert "copy" in result["message"] and "data.drop" in result["message"]
    assert result["value"] > 0.995


def test_a_category_or_a_gap_that_tells_the_label_is_a_leak():
    train, validation = part(5000, 1), part(3000, 2)
    for each in (train, validation):
        each.X["closed"] = np.where(each.y == 1, np.nan, 5.0)
    assert "closed" in look(train=train, validation=validation)["leak"]["message"]
    for each in (train, validation):
        each.X["closed"] = pd.Categorical.from_codes(each.y, ["open", "closed"])
    assert look(train=train, validation=validation)["leak"]["status"] == "stop"


def test_few_rows_cannot_prove_a_leak():
    train, validation = part(600, 1), part(30, 2)
    for each in (train, validation):
        each.X["copy"] = each.y.astype(float)
    side = min(validation.y.sum(), 30 - validation.y.sum())
    suspect = leaks.strongest(train, validation, n_classes=2)
    assert suspect == ("copy", 1.0, pytest.approx((side + 2) / (side + 4)))
    assert look(train=train, validation=validation)["leak"]["status"] == "pass"


def test_the_roc_auc_of_one_feature_is_scikit_learns():
    from sklearn.metrics import roc_auc_score

    train, validation = part(2000, 1), part(1000, 2)
    only = [Rows(each.X[["city"]], each.y) for each in (train, validation)]
    shares = pd.Series(train.y).groupby(train.X["city"].cat.codes.to_numpy()).mean()
    expected = roc_auc_score(validation.y, shares.loc[validation.X["city"].cat.codes].to_numpy())
    assert leaks.strongest(*only, n_classes=2).score == pytest.approx(expected)


def test_predictions_that_are_the_same_for_every_row():
    flat = np.tile([0.6, 0.4], (300, 1))
    result = look(validation_predicted=flat)["constant_predictions"]
    assert (result["status"], result["value"]) == ("warn", pytest.approx(0.0, abs=1e-9))


@pytest.mark.parametrize(
    ("labels", "status"),
    [
        (np.arange(600.0), "warn"),
        (1e6 - np.linspace(0, 3, 600) ** 2, "warn"),
        (np.random.default_rng(0).permutation(600) + 17.0, "warn"),
        (np.random.default_rng(0).normal(size=600), "pass"),
        (np.random.default_rng(0).integers(0, 600, 600).astype(float), "pass"),
        (np.repeat(np.arange(60.0), 10), "pass"),
    ],
    ids=["counted", "sorted", "shuffled-numbers", "numbers", "counts", "sorted-with-ties"],
)
def test_a_label_that_looks_like_a_row_id(labels, status):
    train = Rows(part(600, 1).X, labels)
    results = look(train=train, validation=part(300, 2, "regression"), task="regression")
    assert results["row_id_label"]["status"] == status


def test_nearly_one_class_a_row_looks_like_a_row_id():
    train, validation = Rows(part(100, 1).X, np.arange(100) % 95), Rows(part(50, 2).X, np.arange(50))
    even = {"train_predicted": np.full((100, 95), 1 / 95), "validation_predicted": np.full((50, 95), 1 / 95)}
    result = look(train=train, validation=validation, task="multiclass", **even)["row_id_label"]
    assert (result["status"], result["value"]) == ("warn", pytest.approx(0.95))


def test_a_feature_that_numbers_the_rows():
    train = part(600, 1)
    train.X["customer"] = np.cumsum(np.random.default_rng(0).integers(1, 9, 600)).astype(float)
    validation = part(300, 2)
    validation.X["customer"] = np.arange(300.0)
    result = look(train=train, validation=validation)["row_id_feature"]
    assert (result["status"], result["value"]) == ("warn", 1.0)
    assert "customer" in result["message"]


def test_the_limits_decide_and_a_rule_without_them_is_not_asked():
    off = dict.fromkeys(DEFAULT)
    losses = {"curves": curve([0.5, 0.48])}
    assert look(**off) == {}
    for limits, status in (({"warn": 0.1}, "warn"), ({"stop": 0.1}, "stop"), ({"warn": 0.01, "stop": None}, "pass")):
        (result,) = look(**off | losses | {"loss_not_falling": limits}).values()
        assert result["status"] == status


def test_what_stops_is_one_line_and_passing_says_nothing():
    results = list(look(curves=curve([0.5, 0.6])).values())
    line = rules.stopped(results)
    assert line.startswith("rules.loss_not_falling: the train log_loss went from 0.5 to 0.6")
    assert "\n" not in line
    assert rules.stopped([each for each in results if each["status"] != "stop"]) is None


def test_the_table_has_one_line_a_rule():
    results = list(look(curves=curve([0.5, 0.6])).values())
    lines = rules.table(results).splitlines()
    assert len(lines) == 1 + len(results)
    assert lines[1].startswith("STOP  loss_not_falling") and lines[2].startswith("pass  overfit")


@pytest.mark.parametrize(
    ("limits", "line"),
    [
        ({"leak": {"wran": 0.9}}, "leak: no key 'wran' (did you mean 'warn'?)"),
        ({"leak": {"warn": "high"}}, "leak.warn: 'high' is not a valid number; write null for never"),
        ({"leak": {"stop": True}}, "leak.stop: True is not a valid number; write null for never"),
        ({"leak": 0.9}, "leak: 0.9 must be a mapping of limits; write {warn: 0.1, stop: null}, or null"),
    ],
)
def test_limits_that_are_none_are_one_line(limits, line):
    for refuse in (lambda: rules.require_limits(limits), lambda: look(**limits)):
        with pytest.raises(InputError) as refused:
            refuse()
        assert str(refused.value) == line


def test_large_parts_are_looked_at_by_a_drawn_sample_that_is_always_the_same(monkeypatch):
    monkeypatch.setattr(leaks, "SAMPLE_ROWS", 500)
    train, validation = part(2000, 1), part(900, 2)
    first, second = (leaks.strongest(train, validation, n_classes=2) for _ in range(2))
    assert first == second
    assert first.column == "a"
