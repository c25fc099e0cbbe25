"""Which differences between groups are told."""

from cairn.bias.documents import (
    BiasReport,
    FacetReport,
    Figure,
    GroupReport,
    MeasureDescription,
    NoBiasReport,
    PartRows,
)
from cairn.report import bias_charts

MEASURES = {
    "recall_difference": MeasureDescription(when="after", signed=True, fair=0.0, title="recall difference", symbol="RD", above="found less often"),
    "kl_divergence": MeasureDescription(when="before", signed=False, fair=0.0, title="KL", symbol="KL", above=""),
    "disparate_impact": MeasureDescription(when="after", signed=True, fair=1.0, title="disparate impact", symbol="DI", above="more often"),
}  # fmt: skip


def bias(**groups):
    rows = PartRows(train=900, test=300)
    reports = [
        GroupReport(group=name, values={"sex": name}, rows=rows, too_small=[], before=None, after=after)
        for name, after in groups.items()
    ]
    facet = FacetReport(facet="sex", columns=["sex"], positive=True, notes=[], skipped=None, groups=reports)
    return BiasReport(
        task="binary",
        rows=rows,
        compared="",
        confidence=0.95,
        min_rows=200,
        condition=None,
        fliptest=None,
        left_out={},
        measures=MEASURES,
        all_rows=[],
        facets=[facet],
    )


def figure(value, low, high):
    return Figure(value=value, low=low, high=high)


def test_of_each_measure_the_group_farthest_above_fair_is_told_if_its_interval_leaves_out_fair():
    told = bias_charts.beyond_chance(bias(
        a={"recall_difference": figure(0.1, 0.02, 0.2), "disparate_impact": figure(1.1, 0.9, 1.3)},
        b={"recall_difference": figure(0.3, 0.1, 0.5), "disparate_impact": figure(0.7, 0.6, 0.8)},
    ))  # fmt: skip
    assert [(each.group, each.symbol, each.value) for each in told] == [("b", "RD", 0.3)]


def test_a_group_that_is_too_small_is_not_taken_for_a_fair_one():
    small = bias(a=None, b=None)
    assert bias_charts.beyond_chance(small) == []
    assert not bias_charts.is_measured(small)
    assert bias_charts.is_measured(bias(a={"recall_difference": figure(0.0, -0.1, 0.1)}))
    assert bias_charts.asked(small) == 0


def test_an_interval_that_touches_fair_does_not_leave_it_out():
    assert not bias_charts.is_beyond(figure(0.1, 0.0, 0.2), 0.0)
    assert bias_charts.is_beyond(figure(1.1, 1.01, 1.2), 1.0)
    assert not bias_charts.is_beyond(figure(0.1, None, None), 0.0)


def test_where_bias_is_left_out_there_are_no_charts_and_no_differences():
    left_out = NoBiasReport(left_out={"all": "report.bias is null"})
    assert bias_charts.pictures(left_out) == {}
    assert bias_charts.beyond_chance(left_out) == []
