import json

import numpy as np
import pytest
from engine.tests.monitoring.models import drawn, world

from cairn.documents import to_json
from cairn.monitoring.outcome_baseline import compared_columns


@pytest.mark.parametrize("task", ["binary", "multiclass", "regression"])
def test_it_is_small_json_without_a_row(task):
    content = world(task).content
    assert content.rows == 4000 and len(json.dumps(to_json(content))) < 10_000
    assert sum(each.rows for each in content.calibration.bins) == 4000


def test_bins_and_groups_are_counted_on_the_test_part():
    made, test = world("binary"), drawn("binary", 4000, 2)
    said = made.model.predict_proba(test)[:, 1]
    first, bound = made.content.calibration.bins[0], made.content.calibration.bounds[0]
    inside = said <= bound
    assert first.rows == inside.sum() and abs(first.rows - 400) < 10
    assert first.predicted == pytest.approx(said[inside].mean())
    assert first.actual == pytest.approx(test["bought"][inside].mean())
    rome = (test["city"] == "Rome").to_numpy()
    counts = made.content.groups["city"].groups["Rome"]
    for true in (0, 1):
        for called in (0, 1):
            there = rome & (test["bought"] == true).to_numpy() & ((said >= 0.5) == called)
            assert counts[true][called] == there.sum()


def test_what_the_model_does_not_see_cannot_be_compared():
    content = world("binary", sensitive=("city", "gender")).content
    assert list(content.groups) == ["city"] and "does not see it" in content.not_compared["gender"]
    assert compared_columns(content) == ["city"]


def test_history_holds_the_range_of_the_weeks():
    content = world("binary", history=True).content
    history = content.history
    assert history.days == 28 and history.periods == 13  # 8,000 rows in 52 weeks: 154 a week are too few
    low, high = history.estimated["log_loss"]
    assert low < content.metrics["log_loss"].estimated < high
    assert 0.9 < history.attribution.ndcg[0] <= 1
    assert np.isfinite(history.groups["city"]["Rome"]["True"]["predicted_proportion_difference"]).all()
