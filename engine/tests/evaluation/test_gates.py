import json
from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from cairn.bias.documents import BiasReport
from cairn.documents import from_json, to_json
from cairn.errors import InputError
from cairn.evaluation.documents import ChampionComparison, Evaluation, Metric, MetricDifference, Slices
from cairn.evaluation.gates import check, judge, table

METRICS = {
    "task": "binary",
    "threshold": 0.2,
    "test": {
        "roc_auc": {"value": 0.8, "low": 0.78, "high": 0.82},
        "log_loss": {"value": 0.36, "low": 0.35, "high": 0.37},
        "calibration_error": {"value": 0.02, "low": 0.01, "high": 0.03},
        "recall": {"value": None, "low": None, "high": None},
    },
    "validation": {"roc_auc": 0.81, "log_loss": 0.35},
    "train": {"roc_auc": 0.9, "log_loss": 0.2},
    "baseline": {"dummy": {"roc_auc": 0.5, "log_loss": 0.4, "recall": None}},
    "rows": {"train": 5000, "test": 984, "validation": 500},
}
GROUPS = [
    {"column": "gender", "value": "f", "rows": 500, "roc_auc": 0.81, "log_loss": 0.3},
    {"column": "gender", "value": "m", "rows": 480, "roc_auc": 0.71, "log_loss": 0.5},
    {"column": "gender", "value": "x", "rows": 4, "roc_auc": None, "log_loss": None},
    {"column": "senior", "value": "True", "rows": 90, "roc_auc": 0.69, "log_loss": 0.2},
]


def evaluation_of(**changed):
    return from_json(Evaluation, {**METRICS, **changed}, "evaluation.json")


def slices_of(groups):
    return from_json(Slices, {"slices": groups}, "slices.json")


def champion(*, worse, metric="log_loss", challenger=0.36, before=0.35, rows=984, newer_than=None):
    figures = {"champion": before, "challenger": challenger, "difference": challenger - before}
    difference = MetricDifference(**figures, low=-0.01, high=0.03, worse_beyond_chance=worse)
    about = {"version": "v1.2.0", "commit": "a1b2c3d", "rows": rows, "newer_than": newer_than}
    return ChampionComparison(**about, metrics={metric: difference})


EVALUATION, SLICES = evaluation_of(), slices_of(GROUPS)


def answer(gate, *, evaluation=EVALUATION, slices=SLICES, **keywords):
    (result,) = judge(evaluation, slices, gates=[gate], **keywords)
    json.dumps(to_json(result), allow_nan=False)
    return result


def passed(gate, **keywords):
    return answer(gate, **keywords).passed


def test_a_threshold_is_a_least_or_a_most_as_the_metric_has_it_and_is_itself_allowed():
    assert passed({"metric": "roc_auc", "threshold": 0.8})
    assert not passed({"metric": "roc_auc", "threshold": 0.8001})
    assert passed({"metric": "calibration_error", "threshold": 0.02})
    assert not passed({"metric": "calibration_error", "threshold": 0.0199})


def test_a_gate_may_turn_the_direction_round():
    assert passed({"metric": "roc_auc", "threshold": 0.9, "greater_is_better": False})


def test_a_result_says_what_was_asked_and_found():
    assert to_json(answer({"metric": "roc_auc", "threshold": 0.78})) == {
        "gate": "roc_auc is at least 0.78",
        "metric": "roc_auc",
        "value": 0.8,
        "bound": 0.78,
        "passed": True,
        "why": "",
    }


def test_another_part_can_be_asked():
    result = answer({"metric": "roc_auc", "threshold": 0.85, "part": "train"})
    assert (result.value, result.passed, result.gate) == (0.9, True, "roc_auc on train is at least 0.85")


def test_auto_is_the_main_metric_of_the_task():
    assert answer({"metric": "auto", "baseline": "dummy"}).metric == "log_loss"
    figures = {"test": {"rmse": {"value": 2.0}}, "baseline": {"dummy": {"rmse": 3.0}}}
    regression = evaluation_of(task="regression", **figures)
    result = answer({"metric": "auto", "baseline": "dummy"}, evaluation=regression)
    assert (result.metric, result.passed) == ("rmse", True)


def test_better_than_the_dummy_means_really_better():
    assert passed({"metric": "log_loss", "baseline": "dummy"})
    equal = replace(EVALUATION, test={"log_loss": Metric(value=0.4)})
    assert not passed({"metric": "log_loss", "baseline": "dummy"}, evaluation=equal)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"min_absolute_change": 0.04}, True),
        ({"min_absolute_change": 0.05}, False),
        ({"min_relative_change": 0.1}, True),
        ({"min_relative_change": 0.11}, False),
        ({"min_absolute_change": 0.01, "min_relative_change": 0.11}, False),
    ],
)
def test_better_by_at_least_so_much_or_so_large_a_share(changes, expected):
    result = answer({"metric": "log_loss", "baseline": "dummy", **changes})
    assert result.passed is expected
    assert result.bound <= 0.4 - 0.01


def test_the_worst_group_of_a_column_or_of_any_must_reach_the_threshold():
    gender = answer({"metric": "roc_auc", "worst_slice": "gender", "threshold": 0.7})
    assert (gender.value, gender.passed, gender.why) == (0.71, True, "gender m, 480 rows")
    either = answer({"metric": "roc_auc", "worst_slice": "any", "threshold": 0.7})
    assert (either.value, either.passed, either.why) == (0.69, False, "senior True, 90 rows")
    assert answer({"metric": "log_loss", "worst_slice": "gender", "threshold": 0.4}).value == 0.5


def test_one_group_can_be_asked_by_its_value_in_any_type():
    assert passed({"metric": "roc_auc", "slice": {"gender": "f"}, "threshold": 0.8})
    assert answer({"metric": "roc_auc", "slice": {"senior": True}, "threshold": 0.8}).value == 0.69


def test_what_cannot_be_said_does_not_pass_and_says_so():
    small = answer({"metric": "roc_auc", "slice": {"gender": "x"}, "threshold": 0.1})
    assert (small.value, small.passed) == (None, False)
    assert "too few rows" in small.why
    assert not passed({"metric": "recall", "threshold": 0.0})
    assert not passed({"metric": "recall", "baseline": "dummy"})
    none = answer(
        {"metric": "roc_auc", "worst_slice": "any", "threshold": 0.1},
        slices=slices_of([{"column": "gender", "value": "f", "rows": 2, "roc_auc": None}]),
    )
    assert (none.passed, none.why) == (False, "no slice has rows enough to say")


def test_without_a_champion_its_gates_pass_and_say_so():
    result = answer({"metric": "log_loss", "baseline": "champion", "not_worse": True}, champion_stage="staging")
    assert result.passed is True
    assert "no champion at stage staging" in result.why


def test_not_worse_asks_whether_chance_explains_the_difference():
    gate = {"metric": "log_loss", "baseline": "champion", "not_worse": True}
    assert passed(gate, champion=champion(worse=False))
    result = answer(gate, champion=champion(worse=True))
    assert result.passed is False
    assert "v1.2.0" in result.why
    assert not passed(gate, champion=champion(worse=None))
    assert not passed(gate, champion=champion(worse=False, metric="roc_auc"))


def test_a_comparison_on_rows_that_are_new_to_the_champion_says_so():
    gate = {"metric": "log_loss", "baseline": "champion", "not_worse": True}
    newer = champion(worse=False, rows=1312, newer_than="2025-12-31T07:04:06")
    assert answer(gate, champion=newer).why.endswith("on the 1,312 rows newer than its own")
    assert "newer" not in answer(gate, champion=replace(newer, newer_than=None)).why


def test_a_challenger_can_be_asked_to_beat_the_champion():
    gate = {"metric": "log_loss", "baseline": "champion", "min_absolute_change": 0.02}
    assert passed(gate, champion=champion(worse=False, challenger=0.32, before=0.35))
    assert not passed(gate, champion=champion(worse=False, challenger=0.34, before=0.35))
    assert passed({**gate, "min_absolute_change": -0.02}, champion=champion(worse=False))


@pytest.mark.parametrize(
    ("gate", "words"),
    [
        ({"metric": "roc_acu", "threshold": 1}, "did you mean 'roc_auc'"),
        ({"metric": "rmse", "threshold": 1}, "no 'rmse' for a binary target"),
        ({"metric": "roc_auc", "treshold": 1}, "did you mean 'threshold'"),
        ({"metric": "roc_auc", "threshold": "0.8"}, "'0.8' is no number"),
        ({"metric": "roc_auc", "threshold": 0.8, "part": "tests"}, "did you mean 'test'"),
        ({"metric": "roc_auc", "baseline": "dumy"}, "did you mean 'dummy'"),
        ({"metric": "roc_auc"}, "either a threshold or a baseline"),
        ({"metric": "roc_auc", "threshold": 0.8, "baseline": "dummy"}, "two questions are two gates"),
        ({"metric": "roc_auc", "threshold": 0.8, "min_absolute_change": 0.1}, "name it"),
        ({"metric": "roc_auc", "baseline": "dummy", "not_worse": True}, "baseline: champion"),
        ({"metric": "roc_auc", "baseline": "dummy", "worst_slice": "gender"}, "whole test part"),
        ({"metric": "roc_auc", "threshold": 0.8, "worst_slice": "gendre"}, "did you mean 'gender'"),
        ({"metric": "roc_auc", "threshold": 0.8, "slice": {"gender": "w"}}, "no 'w' in the test part"),
        ({"metric": "roc_auc", "threshold": 0.8, "slice": "gender"}, "write {column: value}"),
        ({"metric": "roc_auc", "threshold": 0.8, "slice": {"gender": "f"}, "part": "train"}, "leave out part"),
        ({"metric": "profit_per_1000", "threshold": 1}, "set decision.values"),
        ("roc_auc", "'roc_auc' is no gate"),
        ({"metric": "disparate_imapct", "threshold": 1}, "did you mean 'disparate_impact'"),
        ({"metric": "residual_mean_difference", "threshold": 1}, "for a binary target"),
        ({"metric": "disparate_impact", "worst_slice": "any"}, "a threshold, a slice or worst_slice alone"),
        ({"metric": "disparate_impact", "worst_slice": "any", "threshold": 1, "part": "train"}, "alone"),
        ({"metric": "disparate_impact", "threshold": 0.8}, "is of groups"),
    ],
)
def test_a_gate_that_means_nothing_gets_one_line_that_says_where(gate, words):
    with pytest.raises(InputError, match=words) as caught:
        answer(gate)
    assert str(caught.value).startswith("gates.gates[0]")
    assert "\n" not in str(caught.value)


def test_slices_that_were_never_made_are_asked_for_by_name():
    with pytest.raises(InputError, match=r"data\.sensitive"):
        answer({"metric": "roc_auc", "threshold": 0.8, "worst_slice": "gender"}, slices=slices_of([]))


def bias(**figures):
    groups = [
        {
            "group": name,
            "values": {"gender": name},
            "rows": {"train": 5000, "test": 500},
            "too_small": [],
            "before": {},
            "after": {"disparate_impact": {"value": value}},
        }
        for name, value in figures.items()
    ]
    facet = {"facet": "gender", "columns": ["gender"], "positive": True, "notes": [], "skipped": None, "groups": groups}
    content = {"task": "binary", "rows": {"train": 5000, "test": 500}, "compared": "", "confidence": 0.95}
    content |= {"min_rows": 200, "condition": None, "fliptest": None, "left_out": {}, "measures": {}, "all_rows": []}
    return from_json(BiasReport, content | {"facets": [facet]}, "bias.json")


def test_a_measure_of_bias_is_asked_as_a_metric_is_and_bounded_both_ways():
    gate = {"metric": "disparate_impact", "worst_slice": "gender", "threshold": 0.8}
    assert to_json(answer(gate, bias=bias(f=0.7, m=1.2))) == {
        "gate": "disparate_impact of the worst gender is from 0.8 to 1.25",
        "metric": "disparate_impact",
        "value": 0.7,
        "bound": 0.8,
        "passed": False,
        "why": "gender f, 500 rows",
    }
    assert passed(gate, bias=bias(f=0.81, m=1.24))
    high = answer({**gate, "worst_slice": None, "slice": {"gender": "m"}}, bias=bias(f=0.9, m=1.3))
    assert (high.gate, high.bound) == ("disparate_impact of gender m is from 0.8 to 1.25", 1.25)


def test_a_gate_on_bias_without_its_report_is_one_line():
    with pytest.raises(InputError, match=r"gates\.gates\[0\]\.metric: disparate_impact is not measured"):
        answer({"metric": "disparate_impact", "worst_slice": "gender", "threshold": 0.8})


@pytest.mark.parametrize(
    ("sensitive", "left_out", "line"),
    [
        (["gendre"], {}, "gates[0].worst_slice: 'gender' is not in data.sensitive (did you mean 'gendre'?)"),
        ([], {}, "gates[0].worst_slice: 'gender' is not in data.sensitive (none is known)"),
        (
            ["gender"],
            {"all": "report.bias is null"},
            "gates[0].metric: disparate_impact is not measured: report.bias is null",
        ),
    ],
)
def test_a_gate_on_bias_that_cannot_be_answered_is_refused_before_there_is_a_model(sensitive, left_out, line):
    gate = {"metric": "disparate_impact", "worst_slice": "gender", "threshold": 0.8}
    check([gate], "binary", ["gender"])
    with pytest.raises(InputError) as refused:
        check([gate], "auto", sensitive, left_out)
    assert str(refused.value) == line


def test_the_table_shows_each_gate_on_a_line_with_aligned_columns():
    gates = [
        {"metric": "roc_auc", "threshold": 0.9},
        {"metric": "log_loss", "baseline": "dummy", "min_relative_change": 0.05},
        {"metric": "log_loss", "baseline": "champion", "not_worse": True},
    ]
    header, *lines = table(judge(EVALUATION, SLICES, gates=gates)).splitlines()
    assert [line[:4] for line in lines] == ["FAIL", "pass", "pass"]
    assert "roc_auc is at least 0.9" in lines[0]
    assert "better than the dummy's by 5 %" in lines[1]
    assert "no champion" in lines[2]
    end = header.index("figure") + len("figure")
    assert [line[:end].split()[-1] for line in lines] == ["0.8", "0.36", "-"]


def test_the_gates_that_come_with_the_project_are_understood():
    profit = Metric(value=900.0, low=800.0, high=1000.0)
    full = replace(EVALUATION, test={**EVALUATION.test, "profit_per_1000": profit})
    for file in sorted((Path(__file__).parents[3] / "conf" / "gates").glob("*.yaml")):
        node = yaml.safe_load(file.read_text())
        assert node.pop("_target_") == "cairn.evaluation.gates.judge"
        assert len(judge(full, SLICES, **node)) == len(node["gates"])
