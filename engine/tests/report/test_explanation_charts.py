"""The charts of explanations, by the rows that they draw."""

import pytest

from cairn.explain.documents import Example, FeaturePoints, NoExplanations, OtherContributions, ValueContribution
from cairn.report import explanation_charts


def values(spec):
    return spec["data"]["values"]


def test_a_waterfall_leads_from_the_base_to_the_prediction_without_a_gap():
    example = Example(
        which=["highest"],
        row=3,
        actual=True,
        class_=True,
        predicted=0.7,
        base=-1.0,
        margin=0.75,
        contributions=[
            ValueContribution(feature="age", value=40.0, contribution=2.0),
            ValueContribution(feature="city", value=None, contribution=-0.5),
        ],
        others=OtherContributions(columns=4, contribution=0.25),
    )
    rows = values(explanation_charts.waterfall(example, "log-odds"))
    assert [row["label"] for row in rows] == ["age = 40", "city = missing", "4 other columns"]
    assert rows[0]["from"] == -1.0
    assert [row["from"] for row in rows[1:]] == [row["to"] for row in rows[:-1]]
    assert rows[-1]["to"] == pytest.approx(-1.0 + 2.0 - 0.5 + 0.25)


def test_dots_in_one_place_stand_side_by_side_and_colours_go_by_the_value():
    points = FeaturePoints(
        feature="age",
        kind="number",
        levels=None,
        value=[0.05, 0.5, 0.95, None],
        contributions=[[1.0, 1.0, 1.0, -1.0]],
    )
    rows = values(explanation_charts.swarm([points], "log-odds"))
    assert len({row["aside"] for row in rows[:3]}) == 3
    assert [row["colour"] for row in rows] == ["var(--ramp-1)", "var(--ramp-3)", "var(--ramp-5)", "var(--edge)"]
    assert rows[3]["tip"] == "age missing: −1"


def test_what_was_not_explained_has_no_charts():
    assert explanation_charts.pictures(NoExplanations(why="left out")) == {}
