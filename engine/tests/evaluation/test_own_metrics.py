"""A metric of the project's own, named by _target_: measured with intervals, asked by gates, searched by."""

import sys
from types import SimpleNamespace

import numpy as np
import pytest

from cairn.documents import to_json
from cairn.errors import InputError
from cairn.evaluation import gates, own_metrics, scores
from cairn.evaluation.scores import Predictions
from cairn.search.comparison import measure, metric_of


def cost(y_true, y_pred, *, late=1):
    return late * ((y_true == 1) & (y_pred == 0)).sum() / len(y_true)


def gap(y_true, y_pred):
    return float(abs(y_true.mean() - y_pred.mean()))


def failing(y_true, y_pred):
    return {}["x"]


def text(y_true, y_pred):
    return "much"


COST = {"_target_": "own.cost", "greater_is_better": False, "late": 5}
F2 = {"_target_": "sklearn.metrics.fbeta_score", "greater_is_better": True, "beta": 2}
GAP = {"_target_": "own.gap", "greater_is_better": False, "response_method": "predict_proba"}
DRAW = np.random.default_rng(0)
ACTUAL = DRAW.random(400) < 0.4
PROBABILITY = np.clip(0.4 * ACTUAL + 0.6 * DRAW.random(400), 0, 1)


@pytest.fixture(autouse=True)
def own(monkeypatch):
    module = SimpleNamespace(cost=cost, gap=gap, failing=failing, text=text)
    monkeypatch.setitem(sys.modules, "own", module)


def measured(metrics, threshold=0.5):
    parts = dict.fromkeys(("train", "validation", "test"), Predictions(ACTUAL, PROBABILITY))
    groups = {"half": np.repeat(["a", "b"], 200)}
    about = {"task": "binary", "threshold": threshold, "values": None, "seed": 3, "resamples": 200}
    return scores.score(parts, groups, metrics=metrics, **about)


def test_it_is_measured_on_every_part_with_an_interval_and_by_groups():
    content, slices = measured({"cost": COST, "f2": F2, "gap": GAP}, threshold=0.6)
    decided = PROBABILITY >= 0.6
    expected = 5 * (ACTUAL & ~decided).mean()
    assert content.test["cost"].value == pytest.approx(expected)
    assert content.test["cost"].low < expected < content.test["cost"].high
    assert content.train["cost"] == pytest.approx(expected)
    hits, recall = (ACTUAL & decided).sum(), (ACTUAL & decided).sum() / ACTUAL.sum()
    precision = hits / decided.sum()
    assert content.test["f2"].value == pytest.approx(5 * precision * recall / (4 * precision + recall))
    assert content.test["gap"].value == pytest.approx(abs(ACTUAL.mean() - PROBABILITY.mean()))
    assert {"cost", "f2", "gap"} <= content.baseline.dummy.keys()
    assert [group.metrics["cost"] for group in slices.slices] == pytest.approx(
        [5 * (ACTUAL & ~decided)[half].mean() for half in (slice(200), slice(200, 400))]
    )


def test_a_row_that_is_drawn_twice_counts_twice():
    score = own_metrics.scorer({"gap": GAP}, "binary", ACTUAL, PROBABILITY, threshold=None)
    counts = np.bincount(np.random.default_rng(1).integers(400, size=400), minlength=400).astype(float)
    drawn = np.repeat(np.arange(400), counts.astype(int))
    assert score(counts[None])["gap"][0] == gap(ACTUAL.astype(int)[drawn], PROBABILITY[drawn])
    with pytest.raises(ValueError, match="whole number"):
        score(np.full((1, 400), 0.5))


def test_the_other_metrics_are_those_of_a_project_without_it():
    with_it, _ = measured({"cost": COST})
    without, _ = measured({})
    assert {name: value for name, value in with_it.test.items() if name != "cost"} == without.test
    assert with_it.greater_is_better == {"cost": False}
    assert "greater_is_better" not in to_json(without)


def test_a_gate_asks_for_it_in_its_own_direction():
    content, slices = measured({"cost": COST})
    value = content.test["cost"].value
    questions = [{"metric": "cost", "threshold": value + 0.01}, {"metric": "cost", "threshold": value - 0.01}]
    gates.check(questions, "binary", own=own_metrics.directions({"cost": COST}))
    answers = gates.judge(content, slices, gates=questions)
    assert [answer.passed for answer in answers] == [True, False]
    assert answers[0].gate.startswith("cost is at most")


def test_the_champion_is_compared_by_it():
    part = Predictions(ACTUAL, PROBABILITY)
    worse = Predictions(ACTUAL, 1 - PROBABILITY)
    about = {"task": "binary", "thresholds": (0.5, 0.5), "values": None, "seed": 1, "resamples": 200, "confidence": 0.9}
    compared = scores.compare(part, worse, metrics={"cost": COST}, **about)
    assert compared["cost"].worse_beyond_chance is True


def test_a_search_compares_by_it():
    assert metric_of("cost", "binary", {"cost": COST}) == ("cost", False)
    both = np.column_stack([1 - PROBABILITY, PROBABILITY])
    assert measure("cost", "binary", ACTUAL, both, {"cost": COST}) == 5 * (ACTUAL & (PROBABILITY < 0.5)).mean()
    with pytest.raises(InputError, match=r"'csot' is not a metric to search a binary by \(did you mean 'cost'\?\)"):
        metric_of("csot", "binary", {"cost": COST})


@pytest.mark.parametrize(
    ("node", "task", "message"),
    [
        ({"_target_": "own.cost"}, "binary", r"metrics\.mine\.greater_is_better: must be true or false"),
        ({**COST, "latte": 1}, "binary", r"metrics\.mine: own\.cost\(y_true, y_pred, \.\.\.\): .*'latte'"),
        (
            {**COST, "_target_": "own.csot"},
            "binary",
            r"mine\._target_: nothing named 'csot' in own \(did you mean 'cost'",
        ),
        ({**COST, "response_method": "proba"}, "binary", r"mine\.response_method: no 'proba'"),
        (GAP, "regression", "a regression has no probabilities"),
        ("own.cost", "binary", "must be a mapping with `_target_`"),
    ],
)
def test_a_mistake_is_found_before_there_is_a_model(node, task, message):
    with pytest.raises(InputError, match=message):
        own_metrics.check({"mine": node}, task, ())


def test_a_name_that_the_engine_has_is_refused():
    with pytest.raises(InputError, match=r"metrics\.f1: there is a metric of this name already"):
        own_metrics.check({"f1": COST}, "binary", ["f1"])


@pytest.mark.parametrize("name", ["auto", "column", "value", "rows"])
def test_a_name_that_would_hide_a_key_of_a_report_is_refused(name):
    with pytest.raises(InputError, match=rf"metrics\.{name}: {name} has another meaning"):
        own_metrics.check({name: COST}, "binary", ())


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("failing", r"evaluation\.metrics\.mine: KeyError: 'x' \(.*, line \d+\)"),
        ("text", "returned str; it must return one number"),
    ],
)
def test_what_it_does_wrong_is_one_line(name, message):
    with pytest.raises(InputError, match=message):
        measured({"mine": {"_target_": f"own.{name}", "greater_is_better": True}})
