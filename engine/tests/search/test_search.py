"""The search: it begins with what is known, keeps its budget, goes on where it was killed, and ends the same."""

import json
import os
import signal
import subprocess
import sys
from collections import Counter
from itertools import product
from pathlib import Path
from time import monotonic

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cairn import layout
from cairn.errors import InputError
from cairn.models import estimators
from cairn.search import search
from cairn.search.comparison import WARM_UP_ROUNDS
from cairn.search.search import Found
from cairn.search.study import RANDOM_TRIALS, drop_partial_line
from cairn.search.work import TRAINING_OVERHEAD
from cairn.training.folds import make_folds
from pipeline.stages import compose

ROOT = Path(__file__).parents[3]
TRIALS = RANDOM_TRIALS + 4  # the first ten are drawn at random, the others by the estimator
MODEL = {
    "_target_": "cairn.models.estimators.xgboost",
    "n_estimators": 70,
    "early_stopping_rounds": None,
    "learning_rate": 0.2,
    "max_depth": 2,
    "space": {
        "learning_rate": {"low": 0.001, "high": 0.3, "log": True},
        "max_depth": {"low": 1, "high": 4},
        "reg_lambda": {"choices": [0.5, 1.0, 2.0]},
    },
    "starts": [{"learning_rate": 0.1, "max_depth": 4, "reg_lambda": 2.0}, {"max_depth": 1, "reg_lambda": 0.5}],
}
QUICK = {**MODEL, "n_estimators": 5}
DEPTHS = {**QUICK, "space": {"max_depth": {"choices": [2, 3]}}, "starts": []}


def find(journal: Path, problem, **changes) -> Found:
    given = {"trials": TRIALS, "folds": 1, "model": MODEL, "problem": problem, "journal": journal}
    return search.best_parameters(**given | changes)


def spelled(found: Found) -> str:
    return json.dumps(found.trials, allow_nan=False)


def fit_or_die(fits: int) -> None:
    """Have this process killed when it has fitted so often, and is about to fit once more."""
    fit, done = estimators.fit, []

    def mortal(*args, **kwargs):
        if len(done) == fits:
            os.kill(os.getpid(), signal.SIGKILL)
        done.append(1)
        return fit(*args, **kwargs)

    estimators.fit = mortal


@pytest.fixture
def fits(monkeypatch) -> list[int]:
    """Count the fits: one entry each, the rows fitted on."""
    fit, counted = estimators.fit, []

    def counting(model, train_X, *args, **kwargs):
        counted.append(len(train_X))
        return fit(model, train_X, *args, **kwargs)

    monkeypatch.setattr(estimators, "fit", counting)
    return counted


@pytest.fixture(scope="module")
def uninterrupted(tmp_path_factory, problem_of) -> tuple[Found, bytes]:
    """What a search finds that nobody disturbs, and its journal."""
    journal = tmp_path_factory.mktemp("whole") / "search.journal"
    return find(journal, problem_of()), journal.read_bytes()


@pytest.mark.slow
def test_the_first_trials_take_the_models_own_parameters_and_then_its_starts(uninterrupted):
    first, second, third = (trial["params"] for trial in uninterrupted[0].trials[:3])
    assert (first["learning_rate"], first["max_depth"]) == (0.2, 2)
    assert first["reg_lambda"] in (0.5, 1.0, 2.0), "what the node does not say is drawn"
    assert second == MODEL["starts"][0]
    assert (third["max_depth"], third["reg_lambda"]) == (1, 0.5)


def test_the_best_complete_trial_is_what_is_found(uninterrupted, problem_of):
    found, problem = uninterrupted[0], problem_of()
    best = min((trial for trial in found.trials if trial["state"] == "complete"), key=lambda trial: trial["score"])
    assert (found.params, found.score, found.rounds) == (best["params"], best["score"], 70)
    model = estimators.build({**MODEL, **found.params}, task="binary", n_classes=2, seed=7)
    estimators.fit(model, *problem.train)
    chance, actual = estimators.predict(model, problem.validation.X)[:, 1], problem.validation.y
    assert found.score == pytest.approx(-np.log(np.where(actual == 1, chance, 1 - chance)).mean(), rel=1e-6)


def test_hopeless_trials_are_ended_early_and_recorded(uninterrupted):
    trials = uninterrupted[0].trials
    assert [trial["trial"] for trial in trials] == list(range(TRIALS))
    pruned = [trial for trial in trials if trial["state"] == "pruned"]
    assert pruned, "a learning rate of a thousandth is hopeless"
    assert all(WARM_UP_ROUNDS <= trial["rounds"] < MODEL["n_estimators"] for trial in pruned)
    assert all(np.isfinite(trial["score"]) for trial in trials)


def test_without_pruning_every_trial_is_measured_to_its_end(tmp_path, problem_of):
    found = find(tmp_path / "search.journal", problem_of(), pruning=False, trials=8)
    assert {trial["state"] for trial in found.trials} == {"complete"}


@pytest.mark.slow
@settings(max_examples=8, deadline=None, derandomize=True)
@given(share=st.floats(0, 1))
def test_a_search_whose_journal_ends_anywhere_goes_on_and_ends_the_same(
    uninterrupted, tmp_path_factory, problem_of, share
):
    found, content = uninterrupted
    journal = tmp_path_factory.mktemp("cut") / "search.journal"
    journal.write_bytes(content[: round(share * len(content))])
    journal.with_name(f"{journal.name}.lock").touch()  # what a killed search leaves
    assert spelled(find(journal, problem_of())) == spelled(found)


@pytest.mark.slow
def test_a_search_killed_again_and_again_goes_on_and_ends_the_same(uninterrupted, tmp_path, problem_of, fits):
    journal = tmp_path / "search.journal"
    script = (
        "import runpy, sys; from pathlib import Path; test, conftest, journal, fits = sys.argv[1:]; "
        "run = runpy.run_path(test); problem = runpy.run_path(conftest)['problem']('binary'); "
        "run['fit_or_die'](int(fits)); run['find'](Path(journal), problem)"
    )
    for before in (1, 4, 7):  # so after 1, 5 and 12 trials in all
        arguments = [__file__, str(Path(__file__).parents[1] / "conftest.py"), str(journal), str(before)]
        done = subprocess.run([sys.executable, "-c", script, *arguments], capture_output=True, check=False)
        assert done.returncode == -signal.SIGKILL, done.stderr
    assert find(journal, problem_of()) == uninterrupted[0]
    assert len(fits) == TRIALS - 12, "a finished trial was made twice"


def test_a_finished_search_makes_no_further_trial(uninterrupted, tmp_path, problem_of, fits):
    found, content = uninterrupted
    (tmp_path / "search.journal").write_bytes(content)
    assert find(tmp_path / "search.journal", problem_of()) == found
    assert fits == []


def test_a_longer_search_begins_as_the_shorter_one(uninterrupted, tmp_path, problem_of):
    assert find(tmp_path / "search.journal", problem_of(), trials=5).trials == uninterrupted[0].trials[:5]


def test_another_seed_draws_other_parameters(uninterrupted, tmp_path, problem_of):
    found = find(tmp_path / "search.journal", problem_of(seed=8), trials=5)
    assert found.trials[1]["params"] == uninterrupted[0].trials[1]["params"]
    assert found.trials[4]["params"] != uninterrupted[0].trials[4]["params"]


def test_a_half_written_last_line_is_cut_off_and_no_other(tmp_path):
    journal = tmp_path / "search.journal"
    for content, kept in (('{"op": 0}\n{"op', '{"op": 0}\n'), ('{"op": 0}\n', '{"op": 0}\n'), ('{"op', "")):
        journal.write_text(content)
        drop_partial_line(journal)
        assert journal.read_text() == kept
    drop_partial_line(tmp_path / "not-there.journal")
    assert not (tmp_path / "not-there.journal").exists()


@pytest.mark.parametrize(("change", "said"), [({"model": DEPTHS}, "space"), ({"metric": "brier"}, "metric")])
def test_a_journal_of_another_search_is_refused_and_left_as_it_was(tmp_path, uninterrupted, problem_of, change, said):
    found, content = uninterrupted
    journal = tmp_path / "search.journal"
    journal.write_bytes(content)
    with pytest.raises(
        InputError, match=rf"search\.study: 'search' in journal searches another {said}; give"
    ) as refused:
        find(journal, problem_of(), **change)
    assert "\n" not in str(refused.value)
    assert find(journal, problem_of()) == found


def test_a_space_of_nothing_is_no_search(tmp_path, problem_of):
    nothing = find(tmp_path / "search.journal", problem_of(), model={**MODEL, "space": {}})
    assert nothing == search.none() == Found({}, [])
    assert not (tmp_path / "search.journal").exists()


def test_equal_parameters_are_fitted_once(tmp_path, problem_of, fits):
    found = find(tmp_path / "search.journal", problem_of(), model=DEPTHS, trials=9)
    assert len(found.trials) == 9
    assert len(fits) == 2
    scores = {trial["params"]["max_depth"]: trial["score"] for trial in found.trials}
    assert all(trial["score"] == scores[trial["params"]["max_depth"]] for trial in found.trials)


def test_a_metric_of_which_more_is_better_is_maximised(tmp_path, problem_of):
    from sklearn.metrics import roc_auc_score

    problem = problem_of()
    found = find(tmp_path / "search.journal", problem, metric="roc_auc", trials=5)
    assert found.score == max(trial["score"] for trial in found.trials)
    assert found.score > min(trial["score"] for trial in found.trials)
    model = estimators.build({**MODEL, **found.params}, task="binary", n_classes=2, seed=7)
    estimators.fit(model, *problem.train)
    area = roc_auc_score(problem.validation.y, estimators.predict(model, problem.validation.X)[:, 1])
    assert found.score == pytest.approx(area)


def test_a_metric_that_cannot_be_said_is_no_score(tmp_path, problem_of):
    problem = problem_of()
    problem.validation.y[:] = 0
    found = find(tmp_path / "search.journal", problem, metric="roc_auc", model=DEPTHS, trials=2)
    assert [trial["score"] for trial in found.trials] == [None, None]
    assert found.params["max_depth"] in (2, 3)


def test_few_rows_are_compared_by_five_folds(tmp_path, problem_of, fits):
    problem = problem_of()
    found = find(tmp_path / "search.journal", problem, folds="auto", model=DEPTHS, trials=1)
    assert fits == [360] * 5
    losses = []
    for fold in make_folds(problem, count=5):
        model = estimators.build(DEPTHS, task="binary", n_classes=2, seed=7)
        estimators.fit(model, *fold.train)
        chance = estimators.predict(model, fold.validation.X)
        losses += (-np.log(chance[np.arange(len(chance)), fold.validation.y])).tolist()
    assert len(losses) == 450, "every row of both parts is held out once"
    assert found.score == pytest.approx(np.mean(losses), rel=1e-6)


def test_a_trial_is_fitted_on_no_more_rows_than_said(tmp_path, problem_of, fits):
    find(tmp_path / "search.journal", problem_of(), rows=100, model=DEPTHS, trials=1)
    assert fits == [100]


@pytest.mark.parametrize("sampler", ["random", "cmaes"])
def test_every_sampler_repeats_itself_and_keeps_to_the_space(tmp_path, problem_of, sampler):
    one, again = (
        find(tmp_path / f"{turn}.journal", problem_of(), sampler=sampler, model=QUICK, trials=7) for turn in (1, 2)
    )
    assert spelled(one) == spelled(again)
    drawn = [trial["params"] for trial in one.trials]
    assert len({json.dumps(params) for params in drawn}) == 7
    assert all(0.001 <= params["learning_rate"] <= 0.3 and params["max_depth"] in (1, 2, 3, 4) for params in drawn)


GRID = {**QUICK, "space": {"max_depth": {"choices": [1, 2, 3]}, "reg_lambda": {"low": 1.0, "high": 2.0}}, "starts": []}
COMBINATIONS = sorted(product([1, 2, 3], [1.0, 2.0]))


def combined(found: Found) -> list[tuple[int, float]]:
    return sorted((trial["params"]["max_depth"], trial["params"]["reg_lambda"]) for trial in found.trials)


@pytest.mark.parametrize("trials", [None, 50])
def test_a_grid_tries_every_combination_once(tmp_path, problem_of, fits, trials):
    found = find(tmp_path / "search.journal", problem_of(), sampler="grid", model=GRID, points=2, trials=trials)
    assert combined(found) == COMBINATIONS
    assert len(fits) == 6


def test_a_grid_that_was_killed_leaves_no_combination_out(tmp_path, problem_of, monkeypatch):
    fit, calls = estimators.fit, Counter()

    def interrupted(*args, **kwargs):
        calls["fit"] += 1
        if calls["fit"] in (3, 5):
            raise KeyboardInterrupt
        return fit(*args, **kwargs)

    monkeypatch.setattr(estimators, "fit", interrupted)
    given = {"sampler": "grid", "model": GRID, "points": 2, "trials": None}
    for _ in range(2):
        with pytest.raises(KeyboardInterrupt):
            find(tmp_path / "search.journal", problem_of(), **given)
    killed = find(tmp_path / "search.journal", problem_of(), **given)
    assert combined(killed) == COMBINATIONS
    assert spelled(killed) == spelled(find(tmp_path / "other.journal", problem_of(), **given))


def test_a_grid_ends_where_its_trials_are_spent(tmp_path, problem_of):
    found = find(tmp_path / "search.journal", problem_of(), sampler="grid", model=GRID, points=2, trials=4)
    assert len(set(combined(found))) == 4


CONDITIONAL = {
    **QUICK,
    "space": {
        "balance": {"choices": ["none", "weights"]},
        "max_depth": {"choices": [2, 3], "when": {"balance": "weights"}},
    },
    "starts": [{"balance": "weights"}],
}


@pytest.mark.parametrize("sampler", ["tpe", "random", "grid", "cmaes"])
def test_a_conditional_parameter_is_there_only_where_its_condition_holds(tmp_path, problem_of, sampler):
    found = find(tmp_path / "search.journal", problem_of(), sampler=sampler, model=CONDITIONAL, trials=12)
    seen = {(trial["params"]["balance"], trial["params"].get("max_depth")) for trial in found.trials}
    assert seen <= {("none", None), ("weights", 2), ("weights", 3)}
    assert {balance for balance, _ in seen} == {"none", "weights"}
    if sampler == "grid":
        assert len(found.trials) == len(seen) == 3


@pytest.mark.parametrize(
    ("rounds", "kept"), [([40, 1], [40]), ([1, 40], []), ([20, 40], [20, 40])], ids=["first", "none", "both"]
)
def test_a_last_change_is_tried_on_top_of_the_best_and_kept_as_long_as_it_helps(tmp_path, problem_of, rounds, kept):
    model = {**DEPTHS, "n_estimators": 3, "finish": [{"n_estimators": each} for each in rounds]}
    found = find(tmp_path / "search.journal", problem_of(), model=model, trials=5)
    assert [trial["rounds"] for trial in found.trials] == [3, 3, 3, *rounds[: len(kept) + 1]]
    best = min(found.trials[:3], key=lambda trial: trial["score"])
    assert all(trial["params"] == best["params"] for trial in found.trials[3:])
    assert found.params == {**best["params"], **({"n_estimators": kept[-1]} if kept else {})}
    assert found.score == min(trial["score"] for trial in found.trials)
    assert find(tmp_path / "search.journal", problem_of(), model=model, trials=5) == found, "it is over"


def test_a_last_change_is_tried_although_starts_are_left(tmp_path, problem_of):
    model = {**QUICK, "finish": [{"n_estimators": 40}]}
    found = find(tmp_path / "search.journal", problem_of(), model=model, trials=2)
    assert [trial["rounds"] for trial in found.trials] == [5, 40]
    assert found.params["n_estimators"] == 40


def test_seconds_end_a_search_and_leave_time_to_train(tmp_path, problem_of):
    begun = monotonic()
    find(tmp_path / "one.journal", problem_of(), model=QUICK, trials=1)
    once = monotonic() - begun  # on a machine as busy as this one
    seconds, begun = TRAINING_OVERHEAD + max(4, 10 * once), monotonic()
    found = find(tmp_path / "search.journal", problem_of(), model=QUICK, trials=None, seconds=seconds)
    assert len(found.trials) > 1
    assert monotonic() - begun < seconds - 1, "training would come too late"


def test_the_first_of_two_budgets_ends_a_search(tmp_path, problem_of):
    found = find(tmp_path / "by-trials.journal", problem_of(), model=QUICK, trials=3, seconds=600)
    assert len(found.trials) == 3
    late = {"seconds": 600, "started": monotonic() - 599}
    assert len(find(tmp_path / "by-seconds.journal", problem_of(), model=QUICK, trials=3, **late).trials) == 1


def test_what_is_known_is_tried_between_the_own_parameters_and_the_starts(tmp_path, problem_of):
    known = [{"max_depth": 3, "reg_lambda": 1.0, "learning_rate": 0.25, "n_estimators": 9}, {"max_depth": 99}]
    found = find(tmp_path / "search.journal", problem_of(), model=QUICK, known=known, trials=3)
    assert found.trials[1]["params"] == {"max_depth": 3, "reg_lambda": 1.0, "learning_rate": 0.25}
    assert found.trials[2]["params"] == MODEL["starts"][0], "a value outside the space is no start"


TPE, XGBOOST = "conf/search/tpe.yaml: ", "conf/model/xgboost.yaml: "


@pytest.mark.parametrize(
    ("overrides", "line"),
    [
        (["search.trials=0"], TPE + "trials: must be above 0, not 0; search=none searches nothing"),
        (["search.seconds=-1"], TPE + "seconds: must be above 0, not -1; search=none searches nothing"),
        (["search.trials=null"], TPE + "trials: give trials or seconds, or the search would never end"),
        (["search=automl", "search.seconds=null"], "conf/search/automl.yaml: trials: give trials or seconds, or the"),
        (["search.sampler=tpee"], TPE + "sampler: 'tpee' is none of tpe, random, grid, cmaes (did you mean 'tpe'?)"),
        (
            ["search.metric=roc", "data.task=binary"],
            TPE + "metric: 'roc' is not a metric to search a binary by (did you mean 'roc_auc'?)",
        ),
        (["search.start=lst"], TPE + "start: 'lst' is none of own, last, champion (did you mean 'last'?)"),
        (["search.workers=0"], TPE + "workers: must be at least 1, not 0"),
        (["search.storage=mysql://ada@db/studies"], TPE + "storage: 'mysql://ada@db/studies' is neither journal nor"),
        (["search.trails=3"], "override search.trails: conf/ has no such key"),
        (["search=tpa"], "override search=tpa: no file conf/search/tpa.yaml (did you mean 'tpe'?)"),
        (["model.space.max_depth.low=12"], XGBOOST + "space.max_depth: low 12 is above high 10"),
        (["+model.space.max_dept={low: 1, high: 2}"], XGBOOST + "space.max_dept: no such parameter (did you mean"),
        (["model.finish=[{learning_rat: 0.1}]"], XGBOOST + "finish[0].learning_rat: no such key (did you mean"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_a_search_that_makes_no_sense_is_one_line_with_its_file(project_conf, monkeypatch, overrides, line):
    monkeypatch.setattr("sys.argv", ["compose", *overrides])
    with pytest.raises(InputError) as refused:
        compose.main()
    assert str(refused.value).startswith(line)
    assert "\n" not in str(refused.value)
    assert not Path("params.yaml").exists()
    assert not layout.COMPOSED.exists()


def test_a_metric_of_another_task_is_refused_where_the_task_is_known_late(tmp_path, problem_of):
    with pytest.raises(InputError, match=r"^search\.metric: 'r2' is not a metric to search a binary by"):
        find(tmp_path / "search.journal", problem_of(), metric="r2")
    assert not (tmp_path / "search.journal").exists()
