"""The files of conf/model: each says its family's defaults, a space of its arguments, and starts that lie in it."""

import pytest
import yaml
from engine.tests.models.families import CONF, node

from cairn.errors import InputError
from cairn.models import estimators


@pytest.mark.parametrize("family", sorted(path.stem for path in CONF.glob("*.yaml")))
def test_the_file_of_a_family_names_its_defaults_and_a_space_of_its_arguments(family):
    import inspect

    settings = yaml.safe_load((CONF / f"{family}.yaml").read_text())
    own = {
        name: parameter.default
        for name, parameter in inspect.signature(getattr(estimators, family)).parameters.items()
        if name not in ("task", "n_classes", "seed")
    }
    assert {key: value for key, value in settings.items() if key not in estimators.RESERVED} == own
    assert set(settings["space"]) <= set(own)
    assert settings["balance"] == "none"
    estimators.check(settings)
    for start in settings["starts"]:
        assert any(settings[name] != value for name, value in start.items()), "a start that changes nothing"
        assert set(start) <= set(own)


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"starts": [{"max_depth": 4}, {"max_dept": 4}]}, r"starts\[1\].max_dept: no such key .*'max_depth'"),
        ({"starts": [{"max_depth": 99}]}, r"starts\[0\].max_depth: 99 is outside space.max_depth"),
        ({"starts": ["deep"]}, r"starts\[0\]: 'deep' must be a mapping"),
        (
            {"space": {"gamma": {"low": 0, "high": 1, "when": {"max_dept": 4}}, "max_depth": {"choices": [4, 5]}}},
            "space.gamma: when.max_dept must be a parameter above it",
        ),
        (
            {"space": {"gamma": {"low": 0, "high": 1, "when": {"gamma": 0.5}}}},
            "space.gamma: when.gamma must be a parameter above it",
        ),
        (
            {"space": {"balance": {"choices": ["none", "weight"]}}},
            "space.balance: 'weight' is not a valid choice .*'weights'",
        ),
    ],
)
def test_starts_and_conditions_that_make_no_sense_are_refused(changed, words):
    with pytest.raises(InputError, match=words) as caught:
        estimators.check(node("xgboost") | {"starts": []} | changed)
    assert "\n" not in str(caught.value)


def test_balance_and_conditions_may_stand_in_the_space():
    space = {"balance": {"choices": ["none", "weights"]}, "gamma": {"low": 0, "high": 1, "when": {"balance": ["none"]}}}
    estimators.check(node("xgboost", space=space, starts=[{"balance": "weights"}]))
