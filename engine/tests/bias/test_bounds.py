"""What a gate on bias asks, and how it is answered; engine/tests/evaluation/test_gates.py has the gates themselves."""

from dataclasses import replace

import pytest

from cairn.bias import bounds
from cairn.bias.bounds import Question
from cairn.bias.documents import (
    AllRows,
    BiasReport,
    FacetReport,
    Figure,
    GroupReport,
    NoBiasReport,
    PartRows,
)
from cairn.errors import InputError

IMPACT, ACCURACY = "disparate_impact", "accuracy_difference"


def group(name, columns, impact, accuracy):
    after = None if impact is None else {IMPACT: Figure(value=impact), ACCURACY: Figure(value=accuracy)}
    values = dict(zip(columns, name.split(", "), strict=True))
    rows = PartRows(train=4000, test=400)
    return GroupReport(group=name, values=values, rows=rows, too_small=[], before={}, after=after)


def facet(columns, *groups, positive=True):
    made = [group(name, columns, *figures) for name, *figures in groups]
    name = " x ".join(columns)
    return FacetReport(facet=name, columns=columns, positive=positive, notes=[], skipped=None, groups=made)


REPORT = BiasReport(
    task="binary",
    rows=PartRows(train=8000, test=800),
    compared="",
    confidence=0.95,
    min_rows=200,
    condition=None,
    fliptest=None,
    left_out={"fliptest": "report.bias.fliptest is null"},
    measures={},
    all_rows=[AllRows(positive=True, after={"generalised_entropy": Figure(value=0.08)})],
    facets=[
        facet(["sex"], ("f", 0.7, -0.02), ("m", 1.4, 0.01), ("x", None, None)),
        facet(["city"], ("Oslo", 0.9, 0.06), ("Rome", 1.1, -0.06)),
        facet(["sex", "city"], ("f, Oslo", 0.6, 0.0), ("m, Oslo", 1.0, 0.0)),
    ],
)


def answer(metric=IMPACT, threshold=0.8, **keywords):
    return bounds.answer(Question(metric, threshold, **keywords), REPORT, "gates[0]")


def test_the_worst_group_of_a_ratio_is_the_one_furthest_from_one_on_either_side():
    found = answer(worst_slice="sex")
    assert found == {"value": 0.7, "bound": 0.8, "passed": False, "why": "sex f, 400 rows"}
    assert answer(threshold=0.7, worst_slice="sex")["passed"]
    assert answer(threshold=0.9, slice={"sex": "m"}) == {
        "value": 1.4, "bound": pytest.approx(1 / 0.9), "passed": False, "why": "sex m, 400 rows"
    }  # fmt: skip


def test_a_ratio_bounds_both_sides_alike_whether_it_is_written_below_one_or_above():
    for threshold in (0.8, 1.25):
        assert answer(threshold=threshold, worst_slice="city")["passed"]
        assert not answer(threshold=threshold, slice={"sex": "m"})["passed"]
        assert Question(IMPACT, threshold).words == "is from 0.8 to 1.25"


def test_a_difference_is_bounded_either_way_and_the_bound_is_itself_allowed():
    assert answer(ACCURACY, 0.06, worst_slice="city")["passed"]
    assert not answer(ACCURACY, 0.059, slice={"city": "Rome"})["passed"]
    assert Question(ACCURACY, 0.06).words == "is at most 0.06 either way"


def test_one_way_alone_lets_the_other_way_pass():
    assert answer(ACCURACY, 0.0, slice={"city": "Rome"}, greater=False)["passed"]
    worst = answer(IMPACT, 0.8, worst_slice="any", greater=True)
    assert (worst["value"], worst["passed"], worst["why"]) == (0.6, False, "sex x city f, Oslo, 400 rows")
    assert Question(IMPACT, 0.8, greater=True).words == "is at least 0.8"


def test_a_crossed_group_is_named_by_both_columns_in_any_order():
    assert answer(slice={"city": "Oslo", "sex": "f"})["value"] == 0.6
    assert answer(worst_slice="sex x city")["value"] == 0.6


def test_a_group_that_is_too_small_does_not_pass_and_never_counts_as_the_worst():
    small = answer(slice={"sex": "x"})
    assert (small["value"], small["passed"], small["why"]) == (None, False, "sex x, 400 rows; too few rows")


def test_where_no_group_has_a_figure_the_gate_does_not_pass():
    none = replace(REPORT, facets=[facet(["sex"], ("f", None, None), ("m", None, None))])
    found = bounds.answer(Question(IMPACT, 0.8, worst_slice="any"), none, "gates[0]")
    assert (found["value"], found["passed"], found["why"]) == (None, False, "no group has a figure")


def test_generalised_entropy_is_asked_of_all_rows():
    found = answer("generalised_entropy", 0.1)
    assert found == {"value": 0.08, "bound": 0.1, "passed": True, "why": ""}


def test_the_worst_class_of_several_is_named():
    several = [facet(["sex"], ("f", 0.9, 0), positive="a"), facet(["sex"], ("f", 0.7, 0), positive="b")]
    found = bounds.answer(
        Question(IMPACT, 0.8, worst_slice="sex"), replace(REPORT, task="multiclass", facets=several), "gates[0]"
    )
    assert (found["value"], found["why"]) == (0.7, "sex f, 400 rows, class b")


@pytest.mark.parametrize(
    ("question", "line"),
    [
        (Question(IMPACT, 0.8), "gates[0]: disparate_impact is of groups; write worst_slice: any, or slice: {column: value}"),
        (Question(IMPACT, 0, worst_slice="sex"), "gates[0].threshold: 0 bounds no disparate_impact; write a number above 0"),
        (Question(ACCURACY, -0.1, worst_slice="sex"), "gates[0].threshold: -0.1 bounds no accuracy_difference; write a number 0 or more"),
        (Question(IMPACT, 0.8, worst_slice="sexx"), "gates[0].worst_slice: 'sexx' is not in data.sensitive (did you mean 'sex'?)"),
        (Question(IMPACT, 0.8, slice={"ctiy": "Oslo"}), "gates[0].slice: 'ctiy' is not in data.sensitive (did you mean 'city'?)"),
        (Question(IMPACT, 0.8, slice={"city": "Osl"}), "gates[0].slice: no group 'Osl' (did you mean 'Oslo'?)"),
        (Question("fliptest", 0.1, worst_slice="sex"), "gates[0].metric: fliptest is not measured: report.bias.fliptest is null"),
        (Question("generalised_entropy", 0.1, worst_slice="sex"), "gates[0]: generalised_entropy is of all rows; leave out slice and worst_slice"),
    ],
)  # fmt: skip
def test_a_question_without_an_answer_is_one_line(question, line):
    with pytest.raises(InputError) as refused:
        bounds.answer(question, REPORT, "gates[0]")
    assert str(refused.value) == line


def test_where_bias_is_left_out_no_question_has_an_answer():
    report = NoBiasReport(left_out={"all": "report.bias is null"})
    for metric, keywords in ((IMPACT, {"worst_slice": "any"}), ("generalised_entropy", {})):
        with pytest.raises(InputError, match=rf"^gates\[0\]\.metric: {metric} is not measured: report\.bias is null$"):
            bounds.answer(Question(metric, 0.8, **keywords), report, "gates[0]")
