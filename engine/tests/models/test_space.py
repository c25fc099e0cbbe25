"""The search space: what YAML says of parameters, and what it must not say."""

import optuna
import pytest

from cairn.errors import InputError
from cairn.models import space

ARGUMENTS = ["depth", "rate", "booster", "drop"]
WHOLE = {
    "booster": {"choices": ["tree", "dart"]},
    "depth": {"low": 2, "high": 6},
    "rate": {"low": 0.01, "high": 1.0, "log": True},
    "drop": {"low": 0.0, "high": 0.5, "when": {"booster": "dart"}},
}


def trial_of(**params) -> optuna.trial.FixedTrial:
    return optuna.trial.FixedTrial(params)


def test_a_good_space_is_accepted():
    space.check(WHOLE, ARGUMENTS)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"dept": {"low": 1, "high": 2}}, r"space.dept: no such parameter \(did you mean 'depth'\?\)"),
        ({"depth": {"low": 8, "high": 2}}, "space.depth: low 8 is above high 2"),
        ({"depth": {"low": 8}}, "space.depth: give low and high, or choices"),
        ({"depth": {"lo": 1, "high": 2}}, r"space.depth: no such key 'lo' \(did you mean 'low'\?\)"),
        ({"rate": {"low": 0.0, "high": 1.0, "log": True}}, "space.rate: .*low"),
        ({"rate": {"choices": []}}, "space.rate: .*choices"),
        (
            {"drop": {"low": 0, "high": 1, "when": {"boostr": "dart"}}},
            "space.drop: when.boostr must be a parameter above",
        ),
    ],
)
def test_a_space_that_makes_no_sense_is_one_line(wrong, said):
    with pytest.raises(InputError, match=said) as caught:
        space.check(wrong, ARGUMENTS)
    assert "\n" not in str(caught.value)


def test_a_conditional_parameter_is_drawn_only_where_its_condition_holds():
    fixed = {"booster": "dart", "depth": 3, "rate": 0.1, "drop": 0.2}
    assert space.suggest(trial_of(**fixed), WHOLE, {}) == fixed
    fixed["booster"] = "tree"
    assert space.suggest(trial_of(**fixed), WHOLE, {}) == {"booster": "tree", "depth": 3, "rate": 0.1}


def test_a_condition_looks_at_the_models_own_value_of_what_is_not_searched():
    alone = {"drop": WHOLE["drop"]}
    assert space.suggest(trial_of(drop=0.2), alone, {"booster": "dart"}) == {"drop": 0.2}
    assert space.suggest(trial_of(drop=0.2), alone, {"booster": "tree"}) == {}


def test_a_list_of_values_is_any_of_them():
    said = {"low": 0, "high": 1, "when": {"booster": ["dart", "linear"]}}
    assert space.is_active(said, {"booster": "linear"})
    assert not space.is_active(said, {"booster": "tree"})


def test_values_outside_the_space_are_no_start():
    assert space.within(WHOLE, {"booster": "tree", "depth": 9, "rate": 0.5, "other": 1}) == {
        "booster": "tree",
        "rate": 0.5,
    }
    assert space.within({"depth": {"low": 0, "high": 2}}, {"depth": True}) == {}


def test_a_grid_has_steps_choices_and_points():
    said = {
        "depth": {"low": 2, "high": 8, "step": 3},
        "rate": {"low": 0.01, "high": 1.0, "log": True},
        "booster": {"choices": ["tree", None]},
        "drop": {"low": 0.0, "high": 1.0},
        "leaves": {"low": 1, "high": 2},
    }
    values = space.grid(said, 3)
    assert values["depth"] == [2, 5, 8]
    assert values["rate"] == pytest.approx([0.01, 0.1, 1.0])
    assert values["booster"] == ["tree", None]
    assert values["drop"] == [0.0, 0.5, 1.0]
    assert values["leaves"] == [1, 2], "whole numbers repeat no value"


def test_a_grid_combines_only_what_is_there():
    said = {"booster": {"choices": ["tree", "dart"]}, "drop": {"low": 0.0, "high": 0.4, "when": {"booster": "dart"}}}
    dropped = [{"booster": "dart", "drop": share} for share in (0.0, 0.2, 0.4)]
    assert space.combinations(said, 3, {}) == [*dropped, {"booster": "tree"}]


def test_a_grids_condition_looks_at_the_models_own_value_of_what_is_not_searched():
    alone = {"drop": {"choices": [0.1, 0.2], "when": {"booster": "dart"}}}
    assert space.combinations(alone, 3, {"booster": "dart"}) == [{"drop": 0.1}, {"drop": 0.2}]
    assert space.combinations(alone, 3, {"booster": "tree"}) == [{}]
