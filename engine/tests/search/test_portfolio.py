"""The portfolio: families under one roof, and the order in which their starts are tried."""

from cairn.models.space import check
from cairn.search import portfolio

FAMILIES = {
    "trees": {
        "_target_": "a",
        "depth": 6,
        "rate": 0.1,
        "space": {
            "depth": {"low": 1, "high": 8},
            "booster": {"choices": ["tree", "dart"]},
            "drop": {"low": 0.0, "high": 1.0, "when": {"booster": "dart"}},
        },
        "starts": [{"depth": 3, "rate": 0.3}, {"depth": 99}],
    },
    "linear": {"_target_": "b", "C": 1.0},
}


def test_a_familys_parameters_are_there_only_when_it_is_drawn():
    space = portfolio.unite_spaces(FAMILIES)
    assert space["family"] == {"choices": ["trees", "linear"]}
    assert space["trees.depth"]["when"] == {"family": "trees"}
    assert space["trees.drop"]["when"] == {"family": "trees", "trees.booster": "dart"}
    check(space, list(space))


def test_a_start_is_enqueued_as_far_as_the_space_holds_it():
    assert portfolio.start_params(FAMILIES, "trees", 0) == {"family": "trees", "trees.depth": 6}
    assert portfolio.start_params(FAMILIES, "trees", 1) == {"family": "trees", "trees.depth": 3}
    assert portfolio.start_params(FAMILIES, "trees", 2) == {"family": "trees"}
    assert portfolio.start_params(FAMILIES, "linear", 0) == {"family": "linear"}


class Trial:
    def __init__(self, **attributes):
        self.user_attrs = attributes


def test_a_trial_changes_what_its_start_says_and_what_was_drawn():
    drawn = {"family": "trees", "trees.depth": 3}
    assert portfolio.node_changes(FAMILIES, Trial(start=1), drawn) == {"depth": 3, "rate": 0.3}
    assert portfolio.node_changes(FAMILIES, Trial(), drawn) == {"depth": 3}


def test_first_every_family_then_the_starts_of_those_that_lead():
    tried, even = set(), {"trees": 0.0, "linear": 0.0}
    order = []
    while following := portfolio.next_start(FAMILIES, tried, ["trees", "linear"], even):
        order.append(following)
        tried.add(following)
    assert order == [("trees", 0), ("linear", 0), ("trees", 1), ("trees", 2)]
    assert portfolio.next_start(FAMILIES, {("trees", 0), ("linear", 0)}, ["linear"], even) is None


def test_of_those_that_lead_the_one_that_had_least_goes_on():
    forests = {**FAMILIES, "forest": {"starts": [{"depth": 9}]}}
    tried, leaders = {(family, 0) for family in forests}, ["trees", "forest", "linear"]
    assert portfolio.next_start(forests, tried, leaders, {"trees": 3.0, "forest": 2.0, "linear": 0.0}) == ("forest", 1)
    assert portfolio.next_start(forests, tried, leaders, {"trees": 2.0, "forest": 2.0, "linear": 0.0}) == ("trees", 1)


def test_those_with_the_least_loss_lead():
    assert portfolio.leading_families({"a": 0.3, "b": 0.1, "c": 0.2}, 2) == ["b", "c"]
