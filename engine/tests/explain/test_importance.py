"""Bars, swarm and slices, held against figures worked out by hand."""

import numpy as np
import pytest
from engine.tests.models.test_saved import table

from cairn.explain.contributions import SampleContributions, sample_contributions
from cairn.explain.importance import by_feature, by_slice, quantiles, swarm
from cairn.rows.signature import Column

COLUMNS = [Column("age", "number"), Column("city", "category", ["Bonn", "Rome"])]
VALUES = np.array([[1.0, 4.0], [-2.0, 4.0], [0.0, -4.0], [5.0, 4.0]], dtype="float32")[:, :, None]


def known(values):
    rows, _, outputs = values.shape
    return SampleContributions(
        np.arange(rows), values, np.zeros((rows, outputs)), np.zeros(rows), "target unit", True, 0.0
    )


def test_bars_are_mean_absolute_contributions_the_largest_first():
    city, age = by_feature(known(VALUES), COLUMNS, [0])
    assert (city.feature, city.kind, city.mean_abs, city.standard_error) == ("city", "category", 4.0, 0.0)
    assert (age.feature, age.mean_abs, age.mean_abs_by_output) == ("age", 2.0, [2.0])
    assert age.standard_error == pytest.approx(np.std([1, 2, 0, 5]) / 2, rel=1e-3)


def test_of_several_classes_bars_are_means_over_all_and_those_drawn_are_told_by_themselves():
    three = np.concatenate([VALUES, -2 * VALUES, 0 * VALUES], axis=2)
    city, _ = by_feature(known(three), COLUMNS, [0, 1])
    assert city.mean_abs == 4.0
    assert city.mean_abs_by_output == [4.0, 8.0]


def test_slices_have_the_size_and_the_sign_of_contributions_and_small_ones_neither():
    groups = {"sex": np.array(["f", "f", "f", "m"], dtype=object)}
    f, m = by_slice(known(VALUES), COLUMNS, [1, 0], groups, min_rows=2)
    assert (f.column, f.value, f.rows) == ("sex", "f", 3)
    assert f.mean_abs == {"city": 4.0, "age": 1.0}
    assert f.mean == {"city": 1.333, "age": -0.3333}
    assert (m.value, m.rows, m.mean_abs, m.mean) == ("m", 1, None, None)


def test_slices_look_at_the_labels_of_the_rows_that_are_explained():
    some = known(VALUES[:2])
    groups = {"sex": np.array(["x", "f", "x", "m"], dtype=object)}
    told = by_slice(
        SampleContributions(np.array([1, 3]), *list(vars(some).values())[1:]), COLUMNS, [0], groups, min_rows=1
    )
    assert [(each.value, each.mean_abs) for each in told] == [("f", {"age": 1.0}), ("m", {"age": 2.0})]


def test_quantiles_run_from_0_to_1_ties_share_their_middle_and_gaps_have_none():
    assert quantiles(np.array([30.0, 10.0, 20.0])).tolist() == [1.0, 0.0, 0.5]
    assert quantiles(np.array([1.0, 1.0, 2.0, np.nan])).tolist()[:3] == [0.25, 0.25, 1.0]
    assert np.isnan(quantiles(np.array([1.0, np.nan]))[1])
    assert quantiles(np.array([7.0, 7.0])).tolist() == [0.5, 0.5]


@pytest.mark.parametrize("target", ["bought", "level"])
def test_a_point_of_the_swarm_is_a_rows_contribution_beside_its_value(model_of, target):
    model, rows = model_of(target=target), table(200, seed=2)
    explained = sample_contributions(model, rows, rows=200, estimated_rows=1, seed=1)
    outputs = list(range(explained.base.shape[1]))
    drawn = swarm(explained, model, rows, [2, 1], outputs, points=60, draw=np.random.default_rng(5))
    order = np.random.default_rng(5).permutation(200)[: 60 // len(outputs)]
    city, income = drawn
    assert [city.levels[place] for place in city.value] == rows["city"].iloc[order].tolist()
    assert income.levels is None
    middle = rows["income"].rank(method="average").sub(1).div(rows["income"].count() - 1).iloc[order]
    assert [np.nan if each is None else each for each in income.value] == pytest.approx(
        middle.tolist(), abs=1e-3, nan_ok=True
    )
    for output in outputs:
        assert income.contributions[output] == pytest.approx(explained.values[order, 1, output], rel=1e-3)
