"""The shape of suites, as conf/expectations holds them."""

import json
from pathlib import Path

import pytest
import yaml

from cairn import config
from cairn.errors import InputError
from cairn.validation.expectations import suites

SUITES = Path(__file__).parents[3] / "conf" / "expectations"


def rule(type_, **kwargs):
    return {"type": f"expect_{type_}", "kwargs": kwargs}


@pytest.mark.parametrize(
    ("tables", "line"),
    [
        (
            {"people": [rule("column_values_to_be_betwen", column="age")]},
            "expectations.tables.people: rule 1: no expectation 'expect_column_values_to_be_betwen' "
            "(did you mean 'expect_column_values_to_be_between'?)",
        ),
        (
            {"people": [{"expect_column_to_exist": {"column": "age"}}]},
            "expectations.tables.people: rule 1: write it as {type: expect_..., kwargs: {column: ..., ...}}",
        ),
        (
            {"people": ["expect_column_to_exist"]},
            "expectations.tables.people: rule 1: write it as {type: expect_..., kwargs: {column: ..., ...}}",
        ),
    ],
    ids=["unknown expectation", "not type and kwargs", "only a name"],
)
def test_a_rule_of_the_wrong_shape_is_refused_in_one_line(tables, line):
    with pytest.raises(InputError) as refused:
        suites(tables)
    assert str(refused.value) == line


@pytest.mark.parametrize("name", sorted(path.name for path in SUITES.glob("*.yaml")))
def test_the_suites_of_conf_name_expectations_that_exist(name):
    node = yaml.safe_load((SUITES / name).read_text(encoding="utf-8"))
    assert json.dumps(config.call(node)) == json.dumps(node["tables"])
