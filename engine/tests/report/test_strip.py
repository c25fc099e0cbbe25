"""Where a metric's figures lie on their line."""

from cairn.evaluation.documents import (
    Baselines,
    Ceiling,
    ChampionComparison,
    Evaluation,
    Metric,
    MetricDifference,
    PartRows,
)
from cairn.report.strip import strip


def metrics(value, low, high, dummy=None, best=None):
    return Evaluation(
        task="binary",
        threshold=0.5,
        test={"m": Metric(value=value, low=low, high=high)},
        validation={},
        train={},
        baseline=Baselines(dummy={"m": dummy}),
        rows=PartRows(train=80, test=10, validation=10),
        ceiling=None if best is None else {"m": Ceiling(best=best, chance=0.5, model=value, share=None)},
    )


def champion(figure):
    difference = MetricDifference(
        champion=figure, challenger=0.75, difference=None, low=None, high=None, worse_beyond_chance=None
    )
    return ChampionComparison(version="v0.0.1", commit="a1b2c3d", rows=10, metrics={"m": difference})


def test_the_ends_of_the_line_are_the_least_and_the_most():
    places = strip(metrics(0.75, 0.7, 0.8, dummy=0.5, best=1.0), "m")
    assert places == {"dummy": 4, "value": 50, "low": 40.8, "high": 59.2, "best": 96}


def test_the_champion_is_placed_too():
    places = strip(metrics(0.75, 0.7, 0.8, dummy=0.5), "m", champion(0.9))
    assert (places["dummy"], places["champion"]) == (4, 96)


def test_where_there_is_nothing_to_compare_with_there_is_no_line():
    assert strip(metrics(0.75, 0.7, 0.8), "m") is None
    assert strip(metrics(None, None, None, dummy=0.5, best=0.9), "m") is None
    assert strip(metrics(0.5, 0.5, 0.5, dummy=0.5), "m") is None
