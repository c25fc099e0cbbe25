"""What is measured of a model, put together."""

import numpy as np
import pandas as pd
import pytest

from cairn.evaluation import scores
from cairn.evaluation.documents import PartRows
from cairn.evaluation.scores import Predictions

OPTIONS = {"values": None, "seed": 1, "resamples": 20}


def binary_parts(n_rows=400):
    generator = np.random.default_rng(2)
    parts = {}
    for name in ("train", "validation", "test"):
        probability = generator.uniform(size=n_rows)
        parts[name] = Predictions((generator.uniform(size=n_rows) < probability).astype(int), probability)
    return parts


def test_a_binary_model_is_measured_on_every_part_and_beside_the_base_rate():
    parts = binary_parts()
    measured, _ = scores.score(parts, {}, task="binary", threshold=0.5, **OPTIONS)
    assert measured.rows == PartRows(train=400, test=400, validation=400)
    prior = parts["train"].actual.mean()
    share = parts["test"].actual.mean()
    blind = -(share * np.log(prior) + (1 - share) * np.log(1 - prior))
    assert measured.baseline.dummy["log_loss"] == pytest.approx(blind)
    assert measured.baseline.dummy["roc_auc"] == 0.5
    plain = scores.figures_for_dvc(measured)
    assert plain["test"]["roc_auc"] == measured.test["roc_auc"].value
    assert plain["test_interval"]["roc_auc"][0] < plain["test"]["roc_auc"] < plain["test_interval"]["roc_auc"][1]


def test_a_multiclass_dummy_says_the_training_shares():
    actual = np.array([0, 1, 2, 0])
    test = Predictions(actual, np.full((4, 3), 1 / 3))
    said = scores.dummy_predictions(np.array([0, 0, 1, 2]), test, "multiclass")
    assert said.tolist() == [[0.5, 0.25, 0.25]] * 4


def test_a_regression_is_measured_with_its_interval():
    actual = np.arange(50.0)
    part = Predictions(actual, actual + 1, (actual - 1, actual + 3))
    parts = dict.fromkeys(("train", "validation", "test"), part)
    measured, _ = scores.score(parts, {}, task="regression", threshold=None, **OPTIONS)
    assert measured.test["rmse"].value == 1
    assert measured.test["coverage"].value == 1


def test_groups_get_figures_and_small_ones_only_a_count():
    parts = binary_parts()
    label = np.array(["many"] * 390 + ["few"] * 10, dtype=object)
    _, slices = scores.score(parts, {"size": label}, task="binary", threshold=0.5, slice_rows=50, **OPTIONS)
    few, many = slices.slices
    assert (few.value, few.rows, few.metrics["roc_auc"]) == ("few", 10, None)
    assert (many.value, many.rows) == ("many", 390)
    rows = slice(0, 390)
    alone = {name: Predictions(part.actual[rows], part.predicted[rows]) for name, part in parts.items()}
    expected, _ = scores.score(alone, {}, task="binary", threshold=0.5, **OPTIONS)
    assert many.metrics["roc_auc"] == expected.test["roc_auc"].value


def test_slices_are_the_sensitive_columns_and_features_with_few_values():
    table = pd.DataFrame(
        {
            "age": np.arange(100),
            "income": np.arange(100) * 1.5,
            "city": pd.Categorical(["a", "b"] * 50),
            "street": [str(number) for number in range(100)],
            "newsletter": [True, False] * 50,
            "children": [0, 1, 2, 3] * 25,
        }
    )
    features = list(table.columns)
    groups = scores.group_labels(table, sensitive=["age"], features=features, levels=10)
    assert list(groups) == ["age", "city", "newsletter"]
    assert len(set(groups["age"])) == 4


def test_two_models_are_compared_on_the_same_rows_each_with_its_own_threshold():
    test = binary_parts()["test"]
    blind = test._replace(predicted=np.full(400, 0.5))
    options = {"task": "binary", "values": None, "seed": 1, "resamples": 50, "confidence": 0.95}
    worse = scores.compare(champion=test, challenger=blind, thresholds=(0.5, 0.9), **options)
    assert worse["log_loss"].worse_beyond_chance
    assert worse["recall"].challenger == 0
    better = scores.compare(champion=blind, challenger=test, thresholds=(0.9, 0.5), **options)
    assert not better["log_loss"].worse_beyond_chance


@pytest.mark.parametrize(
    ("task", "predicted", "drawn"),
    [
        ("binary", np.linspace(0, 1, 6), {"roc", "precision_recall", "cumulative_gain", "calibration", "confusion"}),
        ("multiclass", np.full((6, 2), 0.5), {"calibration", "confusion"}),
        ("regression", np.arange(6.0), {"residuals"}),
    ],
)
def test_every_plot_of_dvc_yaml_has_its_points_and_those_that_do_not_suit_have_none(task, predicted, drawn):
    part = Predictions(np.array([0, 1, 0, 1, 1, 0]), predicted)
    classes = None if task == "regression" else ["no", "yes"]
    points = scores.plots(part, task=task, threshold=0.5, classes=classes, seed=1)
    assert set(points) == set(scores.PLOTS)
    assert {name for name, rows in points.items() if rows} == drawn


def test_rows_newer_than_the_newest_seen_are_found_by_time_with_and_without_a_zone_and_by_number():
    days = pd.to_datetime(["2025-12-30", "2025-12-31 07:04:06", "2026-01-02"], format="ISO8601")
    for times, seen in (
        (pd.Series(days), "2025-12-31T07:04:06"),
        (pd.Series(days.tz_localize("UTC")), "2025-12-31T07:04:06+00:00"),
        (pd.Series([2023, 2024, 2025]), 2024.0),
    ):
        table = pd.DataFrame({"at": times})
        assert scores.newest([table[:2], table[:1]], "at") == seen
        assert list(scores.newer(table, "at", seen).index) == [2]
        assert scores.newer(table, "at", scores.newest([table], "at")).empty


def test_where_no_row_has_a_time_none_is_the_newest():
    assert scores.newest([pd.DataFrame({"at": pd.to_datetime([None, None])})], "at") is None
