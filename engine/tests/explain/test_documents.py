"""explanations.json as a document, and back."""

import json

import pytest

from cairn.documents import to_json
from cairn.errors import InputError
from cairn.explain.documents import (
    Example,
    ExplainedRows,
    Explanations,
    FeatureContribution,
    FeaturePoints,
    NoExplanations,
    OtherContributions,
    PartialDependence,
    SliceContributions,
    ValueContribution,
    read_explanations,
)
from cairn.files import write_json

CELLS = [True, 1, 1.0, "1", None]


def explanations_of(outputs, actual, shown):
    return Explanations(
        target="bought",
        task="binary",
        outputs=outputs,
        unit="log-odds",
        exact=True,
        adds_up_within=1e-6,
        rows=ExplainedRows(explained=40, test=100),
        base=[-1.5] * len(outputs),
        features=[
            FeatureContribution(
                feature="city", kind="category", mean_abs=0.5, standard_error=0.01, mean_abs_by_output=[0.5]
            )
        ],
        swarm=[
            FeaturePoints(
                feature="city", kind="category", levels=["Bonn", "Rome"], value=[0, 1, None], contributions=[[0.1] * 3]
            ),
            FeaturePoints(feature="age", kind="number", levels=None, value=[0.0, 1.0, None], contributions=[[0.1] * 3]),
        ],
        slices=[
            SliceContributions(column="sex", value="f", rows=39, mean_abs={"city": 0.5}, mean={"city": -0.1}),
            SliceContributions(column="sex", value=None, rows=1, mean_abs=None, mean=None),
        ],
        examples=[
            Example(
                which=["highest", "borderline"],
                row=7,
                actual=actual,
                class_=shown,
                predicted=0.9,
                base=-1.5,
                margin=2.2,
                contributions=[ValueContribution(feature="city", value=cell, contribution=0.5) for cell in CELLS],
                others=OtherContributions(columns=2, contribution=0.25),
            )
        ],
        dependence=[
            PartialDependence(
                feature="city",
                kind="category",
                grid=CELLS,
                share=[0.2] * 5,
                mean=[[0.5] * 5],
                low=[[0.4] * 5],
                high=[[0.6] * 5],
            )
        ],
    )


@pytest.mark.parametrize(
    "document",
    [
        explanations_of([True], False, True),
        explanations_of([0, 1, 2], 1, 2),
        explanations_of(["a", "b"], "a", "b"),
        explanations_of(["spent"], 12.5, None),
        NoExplanations(why="left out by the choice report=none"),
    ],
)
def test_explanations_are_read_back_as_they_were_written(tmp_path, document):
    path = tmp_path / "explanations.json"
    write_json(to_json(document), path)
    assert read_explanations(path) == document
    assert json.dumps(to_json(read_explanations(path))) == json.dumps(to_json(document))


def test_an_example_names_its_class_by_the_word_in_json():
    (example,) = to_json(explanations_of([True], False, True))["examples"]
    assert list(example)[:4] == ["which", "row", "actual", "class"]
    assert example["class"] is True


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({"explained": False}, "why: Field required; the file was changed"),
        ({"explained": True}, "target: Field required; the file was changed"),
        ({}, "target: Field required; the file was changed"),
        ([], "Input should be a dictionary"),
    ],
)
def test_a_changed_file_is_one_line_with_its_place(tmp_path, content, message):
    path = tmp_path / "explanations.json"
    write_json(content, path)
    with pytest.raises(InputError) as refused:
        read_explanations(path)
    assert str(refused.value).startswith(f"{path}: ") and message in str(refused.value)
    assert "\n" not in str(refused.value)
