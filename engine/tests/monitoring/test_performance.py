from collections import Counter

import numpy as np
import pytest
from engine.tests.monitoring.models import VALUES, drawn, of, recorded, world
from sklearn.metrics import log_loss, mean_squared_error, recall_score, roc_auc_score

from cairn.monitoring.performance import measure_performance


def test_figures_are_those_of_scikit_learn():
    made, window = world("binary"), drawn("binary", 1500, 6)
    found = measure_performance(
        recorded(made.model, window), made.content, signature=made.model.signature, values=VALUES
    )
    said, actual = made.model.predict_proba(window)[:, 1], window["bought"]
    for name, value in [
        ("log_loss", log_loss(actual, said)),
        ("roc_auc", roc_auc_score(actual, said)),
        ("recall", recall_score(actual, said >= 0.5)),
    ]:
        told = of(found, name)
        assert told.value == pytest.approx(value) and told.low < value < told.high and told.rows == 1500
    assert of(found, "recall").change is None  # shown, and never an alarm


@pytest.mark.parametrize("task", ["binary", "multiclass", "regression"])
def test_the_same_concept_is_quiet_and_another_is_found(task):
    made = world(task)
    same = [drawn(task, 500, seed) for seed in range(100, 200)]
    found = measure_performance(recorded(made.model, *same), made.content, signature=made.model.signature)
    loud = Counter({(each.window, each.area) for each in found if each.p_value is not None and each.p_value < 0.01})
    # asked is 1 % of windows and area: of 200, more than 7 come by chance once in 1,000 times
    assert len(loud) <= 7
    moved = [drawn(task, 500, seed, shift=0.7) for seed in range(200, 210)]
    found = measure_performance(recorded(made.model, *moved), made.content, signature=made.model.signature)
    seen = {each.window for each in found if each.p_value is not None and each.p_value < 0.01}
    assert len(seen) >= 9


def test_harder_rows_are_no_worse_performance():
    made, window = world("binary"), drawn("binary", 8000, 7)
    harder = window[(window["age"] > 50) & (window["age"] < 70)][:1500]
    told = of(
        measure_performance(recorded(made.model, harder), made.content, signature=made.model.signature), "log_loss"
    )
    plain = made.content.metrics["log_loss"].value
    assert told.value > 1.2 * plain and told.reference > 1.2 * plain and told.p_value > 0.05
    assert "on the test part" in told.note


def test_one_slice_that_turned_is_found():
    made, window = world("binary"), drawn("binary", 1500, 8)
    rome = (window["city"] == "Rome").to_numpy()
    window["bought"] = np.where(rome, ~window["bought"], window["bought"])
    found = measure_performance(recorded(made.model, window), made.content, signature=made.model.signature)
    assert of(found, "log_loss", "city=Rome").p_value < 1e-6
    assert of(found, "log_loss", "city=Bonn").p_value > 0.05


def test_the_share_of_labels_that_arrived_is_said():
    made = world("regression")
    served = recorded(made.model, drawn("regression", 600, 9))
    served.connection.execute("DELETE FROM labelled WHERE CAST(substr(request_id, 2) AS INTEGER) >= 150")
    told = of(measure_performance(served, made.content, signature=made.model.signature), "rmse")
    window = drawn("regression", 600, 9)[:150]
    assert told.value == pytest.approx(mean_squared_error(window["bought"], made.model.predict(window)) ** 0.5)
    assert told.rows == 150 and told.note.startswith("labels of 25% of the rows")


def test_rows_of_one_class_have_no_roc_auc_and_stop_nothing():
    made, window = world("binary"), drawn("binary", 800, 10)
    found = measure_performance(
        recorded(made.model, window[window["bought"]]), made.content, signature=made.model.signature
    )
    assert of(found, "roc_auc").value is None and of(found, "roc_auc").note
    assert of(found, "log_loss").value is not None
