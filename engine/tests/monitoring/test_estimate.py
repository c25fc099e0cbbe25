from dataclasses import replace

import pytest
from engine.tests.monitoring.models import VALUES, drawn, of, recorded, world
from sklearn.metrics import log_loss, mean_absolute_error, roc_auc_score

from cairn.monitoring.documents import OutcomeRanges
from cairn.monitoring.estimate import measure_estimates


@pytest.mark.parametrize(("name", "real"), [("log_loss", log_loss), ("roc_auc", roc_auc_score)])
def test_the_interval_holds_what_labels_say_later_in_95_of_100_windows(name, real):
    made, windows = world("binary"), [drawn("binary", 500, seed) for seed in range(300, 500)]
    served = recorded(made.model, *windows, labelled=False)
    found = measure_estimates(served, made.content, signature=made.model.signature, values=VALUES)
    held = 0
    for place, window in enumerate(windows):
        told = of(found, name, window=place)
        held += told.low < real(window["bought"], made.model.predict_proba(window)[:, 1]) < told.high
    assert 0.90 < held / len(windows) < 0.99  # 95 % of 200, and three standard errors


def test_several_classes_and_numbers_are_estimated_too():
    made, window = world("multiclass"), drawn("multiclass", 2000, 3)
    told = of(measure_estimates(recorded(made.model, window), made.content, signature=made.model.signature), "log_loss")
    assert told.low < log_loss(window["bought"], made.model.predict_proba(window)) < told.high
    made, window = world("regression"), drawn("regression", 2000, 3)
    told = of(measure_estimates(recorded(made.model, window), made.content, signature=made.model.signature), "mae")
    assert told.low < mean_absolute_error(window["bought"], made.model.predict(window)) < told.high


def test_rows_that_are_harder_are_seen_without_a_label():
    made, window = world("binary"), drawn("binary", 8000, 4)
    harder = window[(window["age"] > 50) & (window["age"] < 70)][:1500]
    found = measure_estimates(
        recorded(made.model, harder, labelled=False), made.content, signature=made.model.signature
    )
    told = of(found, "log_loss")
    assert told.change > 0.2 and told.p_value < 0.001 and "change of concept" in told.note


def test_what_history_has_shown_is_no_change():
    made, window = world("binary"), drawn("binary", 8000, 4)
    harder = window[(window["age"] > 50) & (window["age"] < 70)][:1500]
    shown = OutcomeRanges(days=7, periods=2, estimated={"log_loss": [0.1, 0.9]})
    found = measure_estimates(
        recorded(made.model, harder), replace(made.content, history=shown), signature=made.model.signature
    )
    assert of(found, "log_loss").change < 0 and of(found, "log_loss").p_value > 0.9


@pytest.mark.parametrize("task", ["binary", "multiclass", "regression"])
def test_a_window_without_rows_has_no_finding(task):
    made = world(task)
    served = recorded(made.model, drawn(task, 300, 5), drawn(task, 0, 5))
    assert {each.window for each in measure_estimates(served, made.content, signature=made.model.signature)} == {0}
