import re
from pathlib import Path

import pytest

from cairn.bias.catalogue import CLASSES, MEASURES, NUMBERS

PAGE = (Path(__file__).parents[3] / "docs" / "bias.md").read_text(encoding="utf-8")


def test_every_measure_stands_in_the_table_with_its_symbol_and_time():
    rows = {name: rest for name, rest in re.findall(r"^\| `(\w+)` \| (.*) \|$", PAGE, re.MULTILINE)}
    assert {**CLASSES, **NUMBERS}.keys() <= rows.keys()
    for name, measure in {**NUMBERS, **CLASSES}.items():
        cells = rows[name].split(" | ")
        assert (cells[0], cells[-1]) == (measure.symbol or "-", measure.when), name


def test_every_task_has_measures_of_both_times():
    for task, measures in MEASURES.items():
        assert {each.when for each in measures.values()} == {"before", "after"}, task


def test_how_unfair_a_figure_is_does_not_depend_on_its_side():
    difference, ratio = CLASSES["recall_difference"], CLASSES["disparate_impact"]
    assert difference.unfairness(-0.2) == difference.unfairness(0.2) > difference.unfairness(0.1)
    assert ratio.unfairness(0.8) == pytest.approx(ratio.unfairness(1.25))
    assert ratio.unfairness(0.0) > ratio.unfairness(100.0) > ratio.unfairness(1.0)


def test_what_may_have_no_figure_says_why():
    always = {name for name, each in CLASSES.items() if not each.undefined}
    assert always == {
        "class_imbalance",
        "label_proportion_difference",
        "js_divergence",
        "lp_norm",
        "total_variation_distance",
        "kolmogorov_smirnov",
        "predicted_proportion_difference",
        "accuracy_difference",
        "fliptest",
    }
