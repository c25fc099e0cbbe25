"""How metrics and values are spelt."""

import pytest

from cairn.evaluation.documents import Baselines, Evaluation, Metric, PartRows
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


def evaluation_of(task, metric, value, dummy=None):
    return Evaluation(
        task=task,
        threshold=None,
        test={metric: Metric(value=value)},
        validation={},
        train={},
        baseline=Baselines(dummy={metric: dummy}),
        rows=PartRows(train=80, test=10, validation=10),
    )


@pytest.mark.parametrize(
    ("evaluation", "sentence"),
    [
        (
            evaluation_of("binary", "roc_auc", 0.845),
            "Of a positive and a negative row, it ranks the positive one higher 84 times in 100.",
        ),
        (
            evaluation_of("multiclass", "accuracy", 0.9, dummy=0.4),
            "It finds the class of 90 rows in 100; always guessing the commonest finds 40.",
        ),
        (
            evaluation_of("regression", "rmse", 53.4, dummy=72.6),
            "It misses by 53.4 (root mean square); always guessing the mean misses by 72.6.",
        ),
        (evaluation_of("binary", "roc_auc", None), ""),
    ],
)
def test_the_sentence_of_each_task_explains_its_figure(evaluation, sentence):
    assert metric_text.sentence(evaluation) == sentence
