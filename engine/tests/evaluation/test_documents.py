"""The documents of evaluation as JSON, and back."""

import json

import pytest

from cairn.documents import from_json, parse_document, to_json
from cairn.errors import InputError
from cairn.evaluation.documents import (
    Baselines,
    Ceiling,
    ChampionComparison,
    Evaluation,
    GateReport,
    GateResult,
    Metric,
    MetricDifference,
    PartRows,
    Slice,
    Slices,
)

EVALUATION = Evaluation(
    task="binary",
    threshold=0.2,
    test={"roc_auc": Metric(value=0.8, low=0.7, high=0.9), "cost": Metric(value=None)},
    validation={"roc_auc": 0.8, "cost": None},
    train={"roc_auc": 0.9, "cost": 1.0},
    baseline=Baselines(dummy={"roc_auc": 0.5, "cost": 3.0}),
    rows=PartRows(train=800, test=100, validation=100),
    greater_is_better={"cost": False},
    ceiling={"roc_auc": Ceiling(best=0.9, chance=0.5, model=0.8, share=0.75)},
)
SLICES = Slices(
    slices=[
        Slice(column="city", value="Bern", rows=60, metrics={"roc_auc": 0.8, "cost": 1.0}),
        Slice(column="city", value=None, rows=4, metrics={"roc_auc": None, "cost": None}),
    ]
)
GATES = GateReport(
    passed=True,
    newest="2026-01-01T00:00:00",
    champion=ChampionComparison(
        version="v0.0.1",
        commit="0123456789",
        rows=40,
        newer_than=2024.0,
        metrics={
            "roc_auc": MetricDifference(
                champion=0.7, challenger=0.8, difference=0.1, low=0.0, high=0.2, worse_beyond_chance=False
            )
        },
    ),
    gates=[GateResult(gate="roc_auc is at least 0.7", metric="roc_auc", value=0.8, bound=0.7, passed=True, why="")],
)


@pytest.mark.parametrize("document", [EVALUATION, SLICES, GATES])
def test_a_document_is_read_back_as_it_was_written(document):
    text = json.dumps(to_json(document), allow_nan=False)
    assert parse_document(type(document), text, "a file") == document
    assert json.dumps(to_json(parse_document(type(document), text, "a file"))) == text


def test_the_metrics_of_a_slice_are_beside_its_column_and_value():
    first, second = to_json(SLICES)["slices"]
    assert list(first.items()) == [("column", "city"), ("value", "Bern"), ("rows", 60), ("roc_auc", 0.8), ("cost", 1.0)]
    assert second == {"column": "city", "value": None, "rows": 4, "roc_auc": None, "cost": None}


def test_what_a_project_does_not_have_is_left_out():
    content = to_json(EVALUATION)
    assert list(content)[-2:] == ["greater_is_better", "ceiling"]
    plain = {key: value for key, value in content.items() if key not in ("greater_is_better", "ceiling")}
    assert to_json(from_json(Evaluation, plain, "evaluation.json")) == plain


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({"slices": [{"column": "city", "value": "Bern"}]}, "slices.json: slices.0.rows: Field required; "),
        ({"slices": [{"column": "city", "value": "Bern", "rows": 4, "roc_auc": "high"}]}, "slices.json: slices.0.metrics."),
        ({"slices": ["city"]}, "slices.json: slices.0: Input should be a dictionary"),
        ([], "slices.json: Input should be a dictionary"),
    ],
)  # fmt: skip
def test_a_changed_file_is_one_line_with_its_place(content, message):
    with pytest.raises(InputError) as refused:
        from_json(Slices, content, "slices.json")
    assert str(refused.value).startswith(message)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("passed", [1, "yes", None])
def test_only_true_passes(passed):
    with pytest.raises(InputError, match=r"^gates\.json: passed: "):
        from_json(GateReport, {"passed": passed, "gates": []}, "gates.json")
