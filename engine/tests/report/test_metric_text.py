"""How metrics and values are spelt."""

import pytest

from cairn.evaluation.metrics import NAMES
from cairn.report import metric_text


@pytest.mark.parametrize(
    ("value", "spelt"), [(None, "missing"), (True, "true"), ("False", "false"), (47300.0, "47,300")]
)
def test_a_value_is_spelt_as_people_do(value, spelt):
    assert metric_text.value(value) == spelt


def test_every_metric_of_the_evaluation_has_a_name_and_a_meaning():
    for name in {name for names in NAMES.values() for name in names}:
        assert metric_text.metric(name) != name and metric_text.meaning(name), name


@pytest.mark.parametrize(
    ("items", "spelt"), [([], ""), (["a"], "a"), (["a", "b"], "a and b"), (["a", "b", "c"], "a, b and c")]
)
def test_a_list_reads_as_a_sentence(items, spelt):
    assert metric_text.joined(items) == spelt


def test_the_sentence_of_each_task_says_what_the_figure_means():
    binary = {"task": "binary", "test": {"roc_auc": {"value": 0.845}}, "baseline": {"dummy": {}}}
    assert (
        metric_text.sentence(binary)
        == "Of a positive and a negative row, it ranks the positive one higher 84 times in 100."
    )
    many = {"task": "multiclass", "test": {"accuracy": {"value": 0.9}}, "baseline": {"dummy": {"accuracy": 0.4}}}
    assert metric_text.sentence(many) == "It finds the class of 90 rows in 100; always guessing the commonest finds 40."
    number = {"task": "regression", "test": {"rmse": {"value": 53.4}}, "baseline": {"dummy": {"rmse": 72.6}}}
    assert "misses by 53.4" in metric_text.sentence(number) and "misses by 72.6" in metric_text.sentence(number)
    one_class = {"task": "binary", "test": {"roc_auc": {"value": None}}, "baseline": {"dummy": {}}}
    assert metric_text.sentence(one_class) == ""
