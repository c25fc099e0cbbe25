import json

import numpy as np
import pandas as pd
import pytest

from cairn.bias import audit as room
from cairn.bias.catalogue import CLASSES, NUMBERS
from cairn.documents import to_json
from cairn.errors import InputError

FLIPS = {"neighbours": 3, "rows": 100, "others": 200}


def people(n_rows=1200, seed=0):
    generator = np.random.default_rng(seed)
    return pd.DataFrame(
        {
            "sex": generator.choice(["f", "m"], n_rows),
            "age": generator.integers(18, 90, n_rows),
            "city": generator.choice(["Oslo", "Rome"], n_rows),
        }
    )


def audited(table, actual, predicted, *, task="binary", classes=(False, True), **keywords):
    features = pd.DataFrame({"x": np.arange(len(table)) / 7})
    settings = {"sensitive": ["sex"], "seed": 1, "min_rows": 50, "resamples": 50, **keywords}
    report = room.audit(
        room.Labelled(table, actual),
        room.Predicted(table, actual, predicted, features),
        task=task,
        classes=None if task == "regression" else list(classes),
        **settings,
    )
    content = to_json(report)
    json.dumps(content, allow_nan=False)
    return content


@pytest.fixture
def table():
    return people()


@pytest.fixture
def coins(table):
    generator = np.random.default_rng(7)
    return generator.integers(0, 2, len(table)), generator.integers(0, 2, len(table))


def groups(found, facet):
    return {each["group"]: each for each in next(each for each in found["facets"] if each["facet"] == facet)["groups"]}


def test_every_group_of_every_facet_has_every_measure(table, coins):
    found = audited(table, *coins, sensitive=["sex", "age"], condition="city", fliptest=FLIPS)
    assert [each["facet"] for each in found["facets"]] == ["sex", "age", "sex x age"]
    for facet in found["facets"]:
        assert len(facet["groups"]) == {"sex": 2, "age": 4, "sex x age": 8}[facet["facet"]]
        for each in facet["groups"]:
            assert {**each["before"], **each["after"]}.keys() == CLASSES.keys() - {"generalised_entropy"}
    assert found["left_out"] == {}
    assert found["measures"].keys() == CLASSES.keys()
    assert found["facets"][1]["notes"] == ["age: 72 different values, cut at quantiles into 4 groups"]


def test_figures_are_those_of_the_group_against_all_other_rows(table, coins):
    actual, said = coins
    found = groups(audited(table, actual, said), "sex")["f"]
    women = table["sex"].to_numpy() == "f"
    assert found["before"]["label_proportion_difference"]["value"] == pytest.approx(
        actual[~women].mean() - actual[women].mean()
    )
    assert found["after"]["disparate_impact"]["value"] == pytest.approx(said[women].mean() / said[~women].mean())
    assert found["rows"] == {"train": women.sum(), "test": women.sum()}


def test_a_group_with_three_rows_is_shown_as_too_small_and_gets_no_figure(table, coins):
    table.loc[[5, 60, 700], "sex"] = "x"
    found = groups(audited(table, *coins), "sex")
    assert found["x"]["rows"]["test"] == 3
    assert (found["x"]["before"], found["x"]["after"]) == (None, None)
    assert found["x"]["too_small"] == ["3 rows in train, fewer than 50", "3 rows in test, fewer than 50"]
    assert found["f"]["too_small"] == []


def test_a_group_beside_which_hardly_a_row_is_left_gets_no_figure_either(table, coins):
    table["sex"] = ["f"] * (len(table) - 7) + ["m"] * 7
    assert groups(audited(table, *coins), "sex")["f"]["too_small"][0] == "7 rows besides it in train, fewer than 50"


def test_a_column_with_one_value_is_said_and_has_no_figures(table, coins):
    (facet,) = audited(table.assign(sex="f"), *coins)["facets"]
    assert (facet["skipped"], facet["groups"]) == ("one value only (f): there is nothing to compare", [])


def test_500_values_are_the_largest_few_and_the_others(table, coins):
    names = [f"street {number % 500}" for number in range(len(table))]
    found = audited(table.assign(sex=names), *coins, max_groups=3, min_rows=2)
    assert len(groups(found, "sex")) == 4
    assert groups(found, "sex")["(others)"]["rows"]["train"] == len(table) - 3 * 3
    assert "500 different values; the 3 most frequent stand alone" in found["facets"][0]["notes"][0]


def test_missing_values_are_a_group_of_their_own(table, coins):
    table.loc[:99, "sex"] = None
    found = groups(audited(table, *coins), "sex")
    assert found["(missing)"]["rows"] == {"train": 100, "test": 100}
    assert found["(missing)"]["after"]["disparate_impact"]["value"] is not None


def test_no_positive_prediction_at_all_gives_nulls_with_reasons(table, coins):
    found = groups(audited(table, coins[0], np.zeros(len(table), dtype=int)), "sex")["f"]
    assert found["after"]["disparate_impact"]["value"] is None
    assert found["after"]["disparate_impact"]["why"] == "none of the other rows is predicted positive"
    assert found["after"]["predicted_proportion_difference"]["value"] == 0


def test_what_is_not_configured_is_left_out_with_its_reason(table, coins):
    found = audited(table, *coins)
    assert found["left_out"] == {
        "conditional_demographic_disparity": "report.bias.condition is null",
        "conditional_demographic_disparity_predicted": "report.bias.condition is null",
        "fliptest": "report.bias.fliptest is null",
    }
    assert (
        found["left_out"]
        .keys()
        .isdisjoint({**groups(found, "sex")["f"]["before"], **groups(found, "sex")["f"]["after"]})
    )


def test_each_class_of_several_is_measured_against_the_rest(table):
    generator = np.random.default_rng(3)
    actual, said = generator.integers(0, 3, len(table)), generator.integers(0, 3, len(table))
    found = audited(table, actual, said, task="multiclass", classes=["a", "b", "c"])
    assert [each["positive"] for each in found["facets"]] == ["a", "b", "c"]
    women = table["sex"].to_numpy() == "f"
    figure = found["facets"][1]["groups"][0]["after"]["predicted_proportion_difference"]["value"]
    assert figure == pytest.approx((said[~women] == 1).mean() - (said[women] == 1).mean())
    one = audited(table, actual, said, task="multiclass", classes=["a", "b", "c"], positive="b")
    assert [each["positive"] for each in one["facets"]] == ["b"]
    with pytest.raises(InputError, match=r"report\.bias\.positive: no class 'd' \(known: a, b, c\)"):
        audited(table, actual, said, task="multiclass", classes=["a", "b", "c"], positive="d")


def test_a_regression_has_the_measures_that_exist_for_it(table):
    generator = np.random.default_rng(4)
    women = table["sex"].to_numpy() == "f"
    actual = generator.normal(10, 2, len(table)) - 3 * women
    said = actual - 1 * women
    found = audited(table, actual, said, task="regression", fliptest=FLIPS)
    group = groups(found, "sex")["f"]
    assert {**group["before"], **group["after"]}.keys() == NUMBERS.keys() == found["measures"].keys()
    assert group["before"]["label_mean_difference"]["value"] == pytest.approx(
        actual[~women].mean() - actual[women].mean()
    )
    assert group["after"]["residual_mean_difference"]["value"] == pytest.approx(-1)
    assert group["before"]["class_imbalance"]["value"] == pytest.approx((np.sum(~women) - women.sum()) / len(women))
    assert found["facets"][0]["positive"] is None and found["all_rows"] == []


def test_where_a_coin_makes_the_groups_the_intervals_hold_the_fair_figure_as_often_as_they_say(table):
    held = []
    for seed in range(30):
        generator = np.random.default_rng(seed)
        actual, said = generator.integers(0, 2, len(table)), generator.integers(0, 2, len(table))
        found = groups(audited(people(seed=seed + 100), actual, said, resamples=300, confidence=0.9), "sex")["f"]
        for name, figure in {**found["before"], **found["after"]}.items():
            if CLASSES[name].signed:
                held.append(figure["low"] <= CLASSES[name].fair <= figure["high"])
    assert 0.85 < np.mean(held) < 0.95


def test_the_same_rows_and_seed_give_the_same_figures(table, coins):
    assert audited(table, *coins, fliptest=FLIPS) == audited(table, *coins, fliptest=FLIPS)
