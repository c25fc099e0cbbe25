"""Where a metric's figures lie on their line."""

from cairn.report.strip import strip


def metrics(value, low, high, dummy=None, best=None):
    ceiling = {"m": {"best": best}} if best is not None else {}
    return {
        "test": {"m": {"value": value, "low": low, "high": high}},
        "baseline": {"dummy": {"m": dummy}},
        "ceiling": ceiling,
    }


def test_the_ends_of_the_line_are_the_least_and_the_most():
    told = strip(metrics(0.75, 0.7, 0.8, dummy=0.5, best=1.0), "m")
    assert told == {"dummy": 4, "value": 50, "low": 40.8, "high": 59.2, "best": 96}


def test_the_champion_is_placed_too():
    told = strip(metrics(0.75, 0.7, 0.8, dummy=0.5), "m", {"metrics": {"m": {"champion": 0.9}}})
    assert (told["dummy"], told["champion"]) == (4, 96)


def test_where_there_is_nothing_to_compare_with_there_is_no_line():
    assert strip(metrics(0.75, 0.7, 0.8), "m") is None
    assert strip(metrics(None, None, None, dummy=0.5, best=0.9), "m") is None
    assert strip(metrics(0.5, 0.5, 0.5, dummy=0.5), "m") is None
