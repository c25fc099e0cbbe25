"""The search: it begins with the model's own parameters, goes on where it was killed, and ends the same."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.errors import InputError
from pipeline.modeling import estimators, search
from pipeline.modeling.search import Found, Rows

TRIALS = 12  # the first ten are drawn at random, so two are the estimator's own
MODEL = {
    "_target_": "pipeline.modeling.estimators.xgboost",
    "n_estimators": 70,
    "early_stopping_rounds": None,
    "learning_rate": 0.2,
    "max_depth": 2,
    "space": {
        "learning_rate": {"low": 0.001, "high": 0.3, "log": True},
        "max_depth": {"low": 1, "high": 4},
        "reg_lambda": {"choices": [0.5, 1.0, 2.0]},
    },
}


def part(count: int, seed: int) -> Rows:
    draw = np.random.default_rng(seed)
    X = pd.DataFrame(draw.normal(size=(count, 4)).astype("float32"), columns=list("abcd"))
    y = (X["a"] + X["b"] * X["c"] + draw.normal(size=count) > 0).to_numpy().astype("int64")
    return Rows(X, y)


def tpe(journal: Path, trials: int = TRIALS, **changes) -> Found:
    given = {
        "rows": 1000,
        "model": MODEL,
        "train": part(300, 1),
        "validation": part(150, 2),
        "task": "binary",
        "n_classes": 2,
        "seed": 7,
    }
    return search.tpe(trials=trials, journal=journal, **given | changes)


@pytest.fixture(scope="module")
def uninterrupted(tmp_path_factory) -> tuple[Found, bytes]:
    """What a search finds that nobody disturbs, and its journal."""
    journal = tmp_path_factory.mktemp("whole") / "search.journal"
    return tpe(journal), journal.read_bytes()


def test_the_first_trial_takes_the_models_own_parameters(uninterrupted):
    first = uninterrupted[0].trials[0]
    assert (first["learning_rate"], first["max_depth"]) == (0.2, 2)
    assert first["reg_lambda"] in (0.5, 1.0, 2.0), "what the node does not say is drawn"


def test_the_best_complete_trial_is_what_is_found(uninterrupted):
    found = uninterrupted[0]
    best = min((trial for trial in found.trials if trial["state"] == "complete"), key=lambda trial: trial["score"])
    assert found.params == {key: best[key] for key in MODEL["space"]}
    model = estimators.build({**MODEL, **found.params}, task="binary", n_classes=2, seed=7)
    estimators.fit(model, *part(300, 1), *part(150, 2))
    chance, actual = estimators.predict(model, part(150, 2).X)[:, 1].astype(float), part(150, 2).y
    log_loss = -np.log(np.where(actual == 1, chance, 1 - chance)).mean()
    assert best["score"] == pytest.approx(log_loss, rel=1e-6)


def test_hopeless_trials_are_stopped_early_and_recorded(uninterrupted):
    trials = uninterrupted[0].trials
    assert len(trials) == TRIALS
    assert [trial["trial"] for trial in trials] == list(range(TRIALS))
    pruned = [trial for trial in trials if trial["state"] == "pruned"]
    assert pruned, "a learning rate of a thousandth is hopeless"
    assert all(search.WARM_UP <= trial["rounds"] < MODEL["n_estimators"] for trial in pruned)
    assert all(np.isfinite(trial["score"]) for trial in trials)


@settings(max_examples=12, deadline=None)
@given(share=st.floats(0, 1))
def test_a_search_whose_journal_ends_anywhere_goes_on_and_ends_the_same(uninterrupted, tmp_path_factory, share):
    found, content = uninterrupted
    journal = tmp_path_factory.mktemp("cut") / "search.journal"
    journal.write_bytes(content[: round(share * len(content))])
    journal.with_name(f"{journal.name}.lock").touch()  # what a killed search leaves
    assert tpe(journal) == found


@pytest.mark.parametrize("interrupted_at", [1, 4, 11])
def test_a_search_interrupted_within_a_trial_goes_on_and_ends_the_same(
    uninterrupted, tmp_path, monkeypatch, interrupted_at
):
    calls = []
    fit = estimators.fit

    def interrupted(*args, **kwargs):
        calls.append(1)
        if len(calls) == interrupted_at:
            raise KeyboardInterrupt
        return fit(*args, **kwargs)

    monkeypatch.setattr(estimators, "fit", interrupted)
    with pytest.raises(KeyboardInterrupt):
        tpe(tmp_path / "search.journal")
    before = len(calls)
    assert tpe(tmp_path / "search.journal") == uninterrupted[0]
    assert len(calls) - before == TRIALS - (interrupted_at - 1), "a finished trial was made twice"


def test_a_finished_search_makes_no_further_trial(uninterrupted, tmp_path, monkeypatch):
    found, content = uninterrupted
    (tmp_path / "search.journal").write_bytes(content)
    monkeypatch.setattr(estimators, "fit", lambda *_, **__: pytest.fail("a trial was made"))
    assert tpe(tmp_path / "search.journal") == found


def test_a_longer_search_begins_as_the_shorter_one(uninterrupted, tmp_path):
    assert tpe(tmp_path / "search.journal", trials=3).trials == uninterrupted[0].trials[:3]


def test_a_half_written_last_line_is_cut_off_and_no_other(tmp_path):
    journal = tmp_path / "search.journal"
    journal.write_text('{"op_code": 0}\n{"op_co')
    search.mend(journal)
    assert [json.loads(line) for line in journal.read_text().splitlines()] == [{"op_code": 0}]
    search.mend(journal)
    assert journal.read_text() == '{"op_code": 0}\n'
    journal.write_text('{"op')
    search.mend(journal)
    assert journal.read_bytes() == b""
    search.mend(tmp_path / "not-there.journal")
    assert not (tmp_path / "not-there.journal").exists()


@pytest.mark.parametrize("nothing", [{"trials": 0}, {"model": {**MODEL, "space": {}}}])
def test_nothing_to_search_is_no_search(tmp_path, nothing):
    assert tpe(tmp_path / "search.journal", **nothing) == search.none() == Found({}, [])
    assert not (tmp_path / "search.journal").exists()


def test_few_rows_are_drawn_by_the_seed_and_keep_their_labels():
    whole = part(300, 1)
    drawn = [search._sample(whole, 50, seed) for seed in (1, 1, 2)]
    assert [len(each.y) for each in drawn] == [50, 50, 50]
    assert drawn[0].X.equals(drawn[1].X) and not drawn[0].X.equals(drawn[2].X)
    assert (whole.y[drawn[0].X.index] == drawn[0].y).all()
    assert search._sample(whole, 300, 1) is whole


@pytest.mark.parametrize(
    ("name", "said", "line"),
    [
        ("learning_rate", {"low": 0.0, "high": 0.3, "log": True}, "model.space.learning_rate: "),
        ("learning_rate", {"low": 0.1, "high": 0.3, "log": True, "step": 0.1}, "model.space.learning_rate: "),
        ("max_depth", {"low": 5, "high": 2}, "model.space.max_depth: "),
        ("max_depth", {"low": 5}, "model.space.max_depth: "),
        ("max_depth", {"choices": []}, "model.space.max_depth: "),
    ],
    ids=["log-of-0", "log-with-step", "upside-down", "no-high", "no-choices"],
)
def test_a_space_that_makes_no_sense_is_one_line_with_its_key(tmp_path, name, said, line):
    with pytest.raises(InputError) as refused:
        tpe(tmp_path / "search.journal", model={**MODEL, "space": {name: said}})
    assert str(refused.value).startswith(line)
    assert "\n" not in str(refused.value)
    assert not (tmp_path / "search.journal").exists()
