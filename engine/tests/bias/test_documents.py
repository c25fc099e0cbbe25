"""bias.json as a document, and back."""

import json

import pytest

from cairn.bias.documents import (
    AllRows,
    BiasReport,
    FacetReport,
    Figure,
    FliptestSettings,
    GroupReport,
    MeasureDescription,
    NoBiasReport,
    PartRows,
    read_bias,
)
from cairn.documents import to_json
from cairn.errors import InputError
from cairn.files import write_json

FIGURES = {
    "disparate_impact": Figure(value=0.7, low=0.6, high=0.8),
    "treatment_equality": Figure(value=None, why="one side has no false negative"),
}
GROUPS = [
    GroupReport(
        group="f",
        values={"sex": "f"},
        rows=PartRows(train=900, test=400),
        too_small=[],
        before={"js_divergence": Figure(value=0.1)},
        after=FIGURES,
    ),
    GroupReport(
        group="x",
        values={"sex": "x"},
        rows=PartRows(train=300, test=3),
        too_small=["3 rows in test, fewer than 200"],
        before={"js_divergence": Figure(value=0.2)},
        after=None,
    ),
]


def report_of(positive, fliptest=None):
    return BiasReport(
        task="binary",
        rows=PartRows(train=1200, test=403),
        compared="each group with the others",
        confidence=0.95,
        min_rows=200,
        condition=None,
        fliptest=fliptest,
        left_out={"fliptest": "report.bias.fliptest is null"},
        measures={
            "disparate_impact": MeasureDescription(
                symbol="DI", title="disparate impact", above="more often", when="after", fair=1.0, signed=True
            )
        },
        all_rows=[AllRows(positive=positive, after={"generalised_entropy": Figure(value=0.08)})],
        facets=[
            FacetReport(facet="sex", columns=["sex"], positive=positive, notes=[], skipped=None, groups=GROUPS),
            FacetReport(facet="city", columns=["city"], positive=None, notes=["a"], skipped="one value", groups=[]),
        ],
    )


SETTINGS = FliptestSettings(neighbours=5, rows=500, others=4000, seed=42)


@pytest.mark.parametrize(
    "report",
    [
        *(report_of(positive) for positive in (True, 1, 1.0, "1", "yes")),
        report_of("yes", SETTINGS),
        NoBiasReport(left_out={"all": "data.sensitive names no column"}),
    ],
)
def test_a_report_is_read_back_as_it_was_written(tmp_path, report):
    path = tmp_path / "bias.json"
    write_json(to_json(report), path)
    content = json.dumps(to_json(report))
    assert read_bias(path) == report
    assert json.dumps(to_json(read_bias(path))) == content  # 1, 1.0 and true are equal, and not the same text


def test_a_figure_has_a_reason_only_where_it_has_no_value():
    group = to_json(GROUPS[0])
    assert group["after"]["disparate_impact"] == {"value": 0.7, "low": 0.6, "high": 0.8}
    assert group["after"]["treatment_equality"]["why"] == "one side has no false negative"


def test_a_group_with_too_few_rows_has_no_figures():
    assert [group.figures("after") for group in GROUPS] == [FIGURES, {}]
    assert [group.rows_of("before") for group in GROUPS] == [900, 300]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({"facets": []}, "left_out: Field required; the file was changed"),
        ({"facets": [{}]}, "task: Field required; the file was changed"),
        (to_json(report_of("yes")) | {"rows": {"train": 4}}, "rows.test: Field required; the file was changed"),
        ([], "Input should be a dictionary"),
    ],
)
def test_a_changed_file_is_one_line_with_its_place(tmp_path, content, message):
    path = tmp_path / "bias.json"
    write_json(content, path)
    with pytest.raises(InputError) as refused:
        read_bias(path)
    assert str(refused.value).startswith(f"{path}: ") and message in str(refused.value)
    assert "\n" not in str(refused.value)
