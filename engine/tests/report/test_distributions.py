"""How bins are named and put together."""

from cairn.monitoring.documents import Distribution
from cairn.report import distributions


def counts(kind, edges=None, levels=None):
    return Distribution(kind=kind, edges=edges, levels=levels, reference=[], windows={})


def test_bins_are_named_by_their_edges_or_levels():
    assert distributions.bins(counts("number", edges=[1.0, 2.5])) == [
        "to 1",
        "1 to 2.5",
        "above 2.5",
        "missing",
    ]
    assert distributions.bins(counts("category", levels=["a"])) == ["a", "unseen", "missing"]
    assert distributions.bins(counts("time", edges=[0.0, 31.0]))[1] == "1970-01-01 to 1970-02-01"


def test_the_largest_levels_stay_and_the_others_are_put_together():
    labels, parts = distributions.largest(
        ["a", "b", "c", "d", "unseen", "missing"],
        {"reference": [70, 5, 20, 5, 0, 0], "now": [10, 1, 2, 80, 3, 4]},
        most=2,
    )
    assert labels == ["a", "d", "2 others", "unseen", "missing"]
    assert parts == {"reference": [70, 5, 25, 0, 0], "now": [10, 80, 3, 3, 4]}
