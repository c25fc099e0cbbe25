"""Families that learn by rounds: what they tell of each, where they end, and which of them they keep."""

import numpy as np
import pytest
from engine.tests.models.families import CLASSES, EXTRA, build, fitted, loss, node

from cairn.models import estimators


@pytest.mark.parametrize("task", CLASSES)
@pytest.mark.parametrize("family", [*EXTRA, "xgboost"])
def test_boosting_reports_every_round_and_predicts_with_the_best(parts, family, task):
    seen = []
    model = fitted(parts, task, node(family), on_round=lambda number, measured: seen.append((number, measured)))
    assert [number for number, _ in seen] == list(range(len(seen)))
    metric = "rmse" if task == "regression" else "log_loss"
    assert list(seen[0][1]) == [f"train/{metric}", f"validation/{metric}"]
    curve = [measured[f"validation/{metric}"] for _, measured in seen]
    _, _, X, y = parts[task]
    assert model.rounds == int(np.argmin(curve)) + 1
    assert loss(task, y, estimators.predict(model, X)) == pytest.approx(min(curve), rel=1e-4)
    unwatched = fitted(parts, task, node(family))
    assert np.array_equal(estimators.predict(model, X), estimators.predict(unwatched, X))


@pytest.mark.parametrize("family", [*EXTRA, "xgboost"])
def test_what_on_round_raises_ends_the_fit(parts, family):
    def stop(number, measured):
        if number == 2:
            raise KeyError("pruned")

    with pytest.raises(KeyError, match="pruned"):
        fitted(parts, "binary", node(family), on_round=stop)


@pytest.mark.slow
@pytest.mark.parametrize("family", [*EXTRA, "xgboost", "hist_gradient_boosting"])
def test_without_a_validation_part_every_round_is_grown(parts, family):
    X, y, other, _ = parts["binary"]
    seen, settings = [], node(family)
    for on_round in (None, lambda number, measured: seen.append(measured)):
        model = estimators.fit(build("binary", settings), X, y, on_round=on_round)
        assert model.rounds == settings.get("n_estimators", settings.get("max_iter"))
        assert np.isfinite(estimators.predict(model, other)).all()
    assert {tuple(measured) for measured in seen} <= {("train/log_loss",)}


@pytest.mark.parametrize("family", [*EXTRA, "xgboost"])
def test_boosting_without_patience_keeps_every_round(parts, family):
    model = fitted(parts, "binary", node(family, early_stopping_rounds=None, n_estimators=12))
    assert model.rounds == 12


@pytest.mark.parametrize("family", [*EXTRA, "xgboost", "hist_gradient_boosting", "random_forest"])
def test_a_refit_grows_exactly_the_rounds_that_are_asked_for(parts, family):
    assert build("binary", node(family)).rounds is None
    for part in (parts["binary"], parts["binary"][:2]):
        assert estimators.fit(build("binary", node(family)), *part, rounds=7).rounds == 7
    assert fitted(parts, "binary", node("linear"), rounds=7).rounds is None


@pytest.mark.parametrize("family", [*EXTRA, "xgboost", "random_forest", "extra_trees"])
def test_a_fit_ends_where_on_round_says_so_and_keeps_what_it_has(parts, family):
    size = {"early_stopping_rounds": 30} if "early_stopping_rounds" in node(family) else {"n_estimators": 60}
    model = fitted(parts, "binary", node(family, **size), on_round=lambda number, measured: number >= 15)
    assert 10 <= model.rounds <= 30
    _, train_y, X, y = parts["binary"]
    constant = np.tile(np.bincount(train_y) / len(train_y), (len(y), 1))
    assert loss("binary", y, estimators.predict(model, X)) < 0.9 * loss("binary", y, constant)


@pytest.mark.parametrize("family", ["random_forest", "extra_trees"])
def test_a_forest_that_reports_grows_the_same_trees(parts, family):
    X, numbers = parts["binary"][2], []
    told = fitted(parts, "binary", node(family, n_estimators=25), on_round=lambda number, _: numbers.append(number))
    alone = fitted(parts, "binary", node(family, n_estimators=25))
    assert numbers == [9, 19, 24]
    assert np.array_equal(estimators.predict(told, X), estimators.predict(alone, X))


@pytest.mark.slow
def test_gradient_boosting_keeps_the_trees_up_to_its_best_round(parts):
    X, y, other, actual = parts["binary"]
    model = fitted(parts, "binary", node("hist_gradient_boosting", max_iter=300, learning_rate=0.3))
    losses = [
        loss("binary", actual, estimators.predict(estimators.fit(build("binary", settings), X, y), other))
        for settings in (
            node("hist_gradient_boosting", max_iter=rounds, learning_rate=0.3) for rounds in range(1, model.rounds + 6)
        )
    ]
    assert model.rounds == int(np.argmin(losses)) + 1
    assert loss("binary", actual, estimators.predict(model, other)) == pytest.approx(min(losses), rel=1e-9)
