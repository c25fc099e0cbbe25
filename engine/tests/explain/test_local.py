"""Contributions: with the base they add up to what the model says, whatever the model, and are fair shares of it."""

import subprocess
import sys
from dataclasses import replace
from itertools import permutations

import numpy as np
import pandas as pd
import pytest
from engine.tests.models.test_saved import CLASSIFIERS, MODELS, table, trained

from cairn.errors import InputError
from cairn.explain import local
from cairn.models import saved
from cairn.models.learners.contributions import sampled
from cairn.models.learners.ensemble import Ensemble
from cairn.rows.coded import Coded
from cairn.rows.signature import describe

EVERY = [
    *((name, "bought") for name in CLASSIFIERS),
    *((name, target) for name in MODELS for target in ("level", "spent")),
]
EXACT = {"xgboost", "linear", "splines"}
EXACT |= {"lightgbm", "catboost"}


def explained_by_hand(unit, predicted):
    """Give what is explained, from the predictions alone."""
    if unit == "target unit":
        return predicted
    if unit == "probability":
        return predicted[:, 1] if predicted.shape[1] == 2 else predicted
    if predicted.shape[1] == 2:
        return np.log(predicted[:, 1] / predicted[:, 0])
    return np.log(predicted / np.prod(predicted, axis=1, keepdims=True) ** (1 / predicted.shape[1]))


@pytest.mark.parametrize(("name", "target"), EVERY)
def test_base_and_contributions_add_up_to_what_the_model_says(name, target):
    model, seen = trained(CLASSIFIERS[name], target)
    rows = seen.frame(table(60, seed=2))
    known = local.explain(model, seen, rows)
    assert known.unit == ("target unit" if target == "spent" else "log-odds" if name in EXACT else "probability")
    assert known.values.shape == ((60, 3, 3) if target == "level" else (60, 3))
    single = 1e-5 if name == "xgboost" else 1e-9  # XGBoost adds up in 32 bits
    assert known.total == pytest.approx(explained_by_hand(known.unit, model.predict(rows)), abs=single, rel=single)


@pytest.mark.parametrize(("name", "target"), EVERY)
def test_a_row_is_explained_alike_alone_among_others_and_after_loading(tmp_path, name, target):
    model, seen = trained(CLASSIFIERS[name], target)
    rows = seen.frame(table(40, seed=2))
    known = local.explain(model, seen, rows)
    saved.save(tmp_path / "model", model, seen, {})
    loaded = saved.load(tmp_path / "model")
    again = local.explain(loaded.estimator, loaded.signature, rows)
    assert np.array_equal(again.values, known.values) and np.array_equal(again.base, known.base)
    alone = local.explain(model, seen, rows.iloc[7:8])
    assert alone.values[0] == pytest.approx(known.values[7], abs=1e-12)
    assert alone.base[0] == pytest.approx(known.base[7])


STUMPS = {"xgboost": {"max_depth": 1}, "random_forest": {}}
STUMPS |= {"lightgbm": {"num_leaves": 2}, "catboost": {"depth": 1}}


@pytest.mark.parametrize("name", [*STUMPS, "dummy"])
def test_a_column_that_changes_nothing_contributes_nothing(name):
    small = {"n_estimators": 1} | STUMPS[name] if name in STUMPS else {}
    model, seen = trained(MODELS[name] | small)
    rows = seen.frame(table(60, seed=2))
    values = local.explain(model, seen, rows).values
    shuffled = {column: rows.assign(**{column: rows[column].iloc[::-1].set_axis(rows.index)}) for column in rows}
    for place, column in enumerate(rows):
        if np.array_equal(model.predict(shuffled[column]), model.predict(rows)):
            assert np.abs(values[:, place]).max() < 1e-6


def test_of_a_linear_model_the_exact_shares_are_those_that_walks_find():
    model, seen = trained(MODELS["linear"])
    rows, background = seen.frame(table(20, seed=2)), local.background(seen)

    def log_odds(coded):
        said = model.predict(coded)
        return np.log(said[:, 1] / said[:, 0])

    walked = sampled(log_odds, rows, background, 0)
    known = local.explain(model, seen, rows)
    assert known.values == pytest.approx(walked.values, abs=1e-6)
    assert known.base == pytest.approx(walked.base, abs=1e-6)


def fair_shares(ask, row, background):
    """Shapley's own definition: a column's mean gain over all orders, others taken from all of the background."""
    orders = list(permutations(range(len(row))))
    shares = np.zeros(len(row))
    for order in orders:
        rows = background.copy()
        for column in order:
            before = ask(rows).mean()
            rows[:, column] = row[column]
            shares[column] += (ask(rows).mean() - before) / len(orders)
    return shares


def test_estimates_are_near_shapleys_definition():
    draw = np.random.default_rng(3)
    background, rows = draw.normal(size=(32, 4)), draw.normal(size=(10, 4))

    def ask(matrix):
        a, b, c, d = matrix.T
        return a * b + np.where(c > 0, d, 1.0) + b

    known = sampled(lambda coded: ask(coded.matrix), Coded(rows, []), Coded(background, []), 0)
    exact = np.array([fair_shares(ask, row, background) for row in rows])
    assert np.sqrt(np.mean((known.values - exact) ** 2)) < 0.1 * np.sqrt(np.mean(exact**2))
    assert known.total == pytest.approx(ask(rows))
    assert known.base == pytest.approx(np.full(10, ask(background).mean()))


def test_of_a_sum_of_one_columns_functions_estimates_are_exact():
    draw = np.random.default_rng(3)
    background, rows = draw.normal(size=(8, 3)), draw.normal(size=(5, 3))

    def parts(matrix):
        return np.column_stack([np.sin(matrix[:, 0]), matrix[:, 1] ** 2, np.abs(matrix[:, 2])])

    known = sampled(lambda coded: parts(coded.matrix).sum(axis=1), Coded(rows, []), Coded(background, []), 0)
    assert known.values == pytest.approx(parts(rows) - parts(background).mean(axis=0))


def test_a_wide_table_is_explained_in_blocks_that_change_nothing(monkeypatch):
    model, seen = trained(MODELS["random_forest"])
    rows = seen.frame(table(12, seed=2))
    known = local.explain(model, seen, rows)
    monkeypatch.setattr("cairn.models.learners.contributions.CELLS", 50)
    assert np.array_equal(local.explain(model, seen, rows).values, known.values)


def test_a_regression_by_several_models_is_the_weighted_sum_and_probabilities_are_estimated():
    (first, seen), (second, _) = trained(MODELS["xgboost"], "spent"), trained(MODELS["random_forest"], "spent")
    both, rows = Ensemble([first, second], [0.25, 0.75]), seen.frame(table(30, seed=2))
    parts = [local.explain(each, seen, rows) for each in (first, second)]
    known = local.explain(both, seen, rows)
    assert known.values == pytest.approx(0.25 * parts[0].values + 0.75 * parts[1].values)
    assert known.total == pytest.approx(both.predict(rows), abs=1e-5)

    (first, seen), (second, _) = trained(MODELS["xgboost"]), trained(MODELS["linear"])
    both = Ensemble([first, second], [0.5, 0.5])
    known = local.explain(both, seen, rows)
    assert known.unit == "probability"
    assert known.total == pytest.approx(both.predict(rows)[:, 1])


def test_of_several_classes_one_is_chosen_for_each_row():
    model, seen = trained(MODELS["xgboost"], "level")
    rows = seen.frame(table(30, seed=2))
    known, best = local.explain(model, seen, rows), model.predict(rows).argmax(axis=1)
    chosen = local.of_class(known, best)
    assert chosen.values.shape == (30, 3)
    assert chosen.total == pytest.approx(known.total.max(axis=1))  # the likeliest class has the largest log-odds
    binary = local.explain(*trained(MODELS["linear"]), rows)
    assert local.of_class(binary, best) is binary


@pytest.mark.parametrize(("target", "shape"), [("bought", (0, 3)), ("spent", (0, 3)), ("level", (0, 3, 3))])
def test_no_rows_have_no_contributions(target, shape):
    for name in ("xgboost", "random_forest"):
        model, seen = trained(MODELS[name], target)
        known = local.explain(model, seen, seen.frame(table(5).iloc[:0]))
        assert known.values.shape == shape
        assert known.total.shape == shape[:1] + shape[2:]


@pytest.mark.parametrize("name", ["linear", "random_forest", "xgboost"])
def test_a_folder_of_before_loads_and_says_what_it_lacks_where_a_background_is_needed(tmp_path, name):
    model, seen = trained(MODELS[name])
    old = replace(seen, columns=[replace(column, background=None) for column in seen.columns])
    saved.save(tmp_path / "model", model, old, {})
    text = (tmp_path / "model" / "signature.json").read_text()
    (tmp_path / "model" / "signature.json").write_text(text.replace('"background": null', '"median": null'))
    loaded = saved.load(tmp_path / "model")
    rows = loaded.signature.frame(table(5))
    if name == "xgboost":
        assert local.explain(loaded.estimator, loaded.signature, rows).values.shape == (5, 3)
        return
    with pytest.raises(
        InputError, match=r"keeps no background to explain by \(signature\.json\); train the model anew"
    ):
        local.explain(loaded.estimator, loaded.signature, rows)


def test_the_background_spreads_each_columns_values_as_training_did_and_mixes_them():
    rows = pd.DataFrame({"a": np.arange(160.0), "b": ["x"] * 40 + ["y"] * 120, "c": [np.nan] * 80 + [1 / 3] * 80})
    rows["t"] = rows["a"] % 7
    seen = describe(rows, features=["a", "b", "c"], target="t", task="regression", classes=None)
    a, b, c = (column.background for column in seen.columns)
    assert a == [5.0 + 10 * step for step in range(16)]  # the middle of each sixteenth of the ranks
    assert b == [0] * 4 + [1] * 12
    assert c == [0.333333] * 8 + [None] * 8
    matrix, texts = local.background(seen).matrix, local.background(seen).texts
    assert texts == [1]
    assert sorted(matrix[:, 0]) == sorted(2 * a)
    assert abs(np.corrcoef(matrix[:, 0], matrix[:, 1])[0, 1]) < 0.5  # in the table it is 0.87


@pytest.mark.slow
def test_explanations_are_the_same_in_another_process(tmp_path):
    model, seen = trained(MODELS["random_forest"])
    saved.save(tmp_path / "model", model, seen, {})
    table(5, seed=2).to_parquet(tmp_path / "rows.parquet")
    script = (
        "import sys, numpy as np, pandas as pd; from pathlib import Path; from cairn.explain import local; from cairn.models import saved\n"
        "folder = Path(sys.argv[1]); known = saved.load(folder / 'model'); rows = pd.read_parquet(folder / 'rows.parquet')\n"
        "told = local.explain(known.estimator, known.signature, known.signature.frame(rows))\n"
        "np.save(folder / 'told.npy', told.values)"
    )
    subprocess.run([sys.executable, "-c", script, str(tmp_path)], check=True)
    told = local.explain(model, seen, seen.frame(table(5, seed=2))).values
    assert np.array_equal(np.load(tmp_path / "told.npy"), told)
