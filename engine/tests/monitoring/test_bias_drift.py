import numpy as np
import pandas as pd
import pytest
from engine.tests.monitoring.models import drawn, of, recorded, world
from sklearn.metrics import recall_score

from cairn.monitoring.bias_drift import measure_bias
from cairn.monitoring.group_counts import count_table


def test_differences_are_those_of_the_shares():
    made, window = world("binary"), drawn("binary", 3000, 11)
    found = measure_bias(recorded(made.model, window), made.content, signature=made.model.signature, labelled=True)
    said, rome = made.model.predict(window), (window["city"] == "Rome").to_numpy()
    told = of(found, "predicted_proportion_difference", "city=Rome")
    assert told.value == pytest.approx(said[~rome].mean() - said[rome].mean()) and told.rows == rome.sum()
    ratio = of(found, "disparate_impact", "city=Rome")
    assert ratio.value == pytest.approx(said[rome].mean() / said[~rome].mean()) and ratio.low < ratio.value < ratio.high
    recalls = [recall_score(window["bought"][inside], said[inside]) for inside in (~rome, rome)]
    assert of(found, "recall_difference", "city=Rome").value == pytest.approx(recalls[0] - recalls[1])
    assert min(each.p_value for each in found) > 0.01


def test_a_group_that_is_treated_worse_than_before_is_found():
    made, window = world("binary"), drawn("binary", 3000, 12)
    older = window.assign(age=np.where(window["city"] == "Oslo", window["age"] / 2, window["age"]))
    told = of(
        measure_bias(recorded(made.model, older), made.content, signature=made.model.signature),
        "predicted_proportion_difference",
        "city=Oslo",
    )
    assert told.change > 0.1 and told.p_value < 1e-6


def test_what_became_fairer_is_no_trouble():
    made, window = world("binary"), drawn("binary", 3000, 13)
    rome = window["city"] == "Rome"
    alike = window.assign(age=np.where(rome, window["age"] - 9, window["age"]))
    told = of(
        measure_bias(recorded(made.model, alike), made.content, signature=made.model.signature),
        "predicted_proportion_difference",
        "city=Rome",
    )
    assert abs(told.value) < abs(told.reference) and told.change < 0


def test_a_column_that_the_model_does_not_see_is_said_once_a_window():
    made = world("binary", sensitive=("gender",))
    (told,) = measure_bias(recorded(made.model, drawn("binary", 300, 14)), made.content, signature=made.model.signature)
    assert told.value is None and told.subject == "gender" and "does not see it" in told.note


def test_of_several_classes_each_counts_as_positive_once():
    made, window = world("multiclass"), drawn("multiclass", 3000, 15)
    found = measure_bias(recorded(made.model, window), made.content, signature=made.model.signature)
    said, rome = made.model.predict(window) == "many", (window["city"] == "Rome").to_numpy()
    told = of(found, "predicted_proportion_difference", "city=Rome, class many")
    assert told.value == pytest.approx(said[~rome].mean() - said[rome].mean())


def test_numbers_are_cut_at_quartiles_and_gaps_are_a_group():
    about, ages = world("binary").model.signature, np.arange(100.0)
    table = pd.DataFrame({"age": np.append(ages, [np.nan] * 7)})
    told = count_table(table, ["age"], None, np.zeros(107, dtype=int), about)["age"]
    rows = {name: int(np.sum(counts)) for name, counts in told.groups.items()}
    assert len(told.bounds) == 3 and rows.pop("(missing)") == 7
    assert sorted(rows.values()) == [25, 25, 25, 25]
