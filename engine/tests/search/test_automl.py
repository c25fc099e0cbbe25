"""AutoML: an ensemble no worse than its best member, weighed by rows that its models had not seen, and repeatable."""

import json
from pathlib import Path
from time import monotonic

import numpy as np
import pytest

from cairn.errors import InputError
from cairn.models import estimators
from cairn.models.learners.folder import read
from cairn.models.learners.protocol import Estimator
from cairn.search import automl
from cairn.search.bagging import Bag, Member
from cairn.search.comparison import measure
from cairn.search.search import Found
from cairn.search.work import TRAINING_OVERHEAD
from cairn.training.folds import make_folds, together

OURS = "cairn.models.estimators."
TREES = {
    "_target_": f"{OURS}xgboost",
    "n_estimators": 25,
    "early_stopping_rounds": 5,
    "max_depth": 3,
    "space": {"max_depth": {"low": 2, "high": 5}, "subsample": {"low": 0.5, "high": 1.0}},
    "starts": [{"max_depth": 2}],
}
FOREST = {"_target_": f"{OURS}extra_trees", "n_estimators": 10, "space": {"min_samples_leaf": {"low": 1, "high": 20}}}
LINEAR = {"_target_": f"{OURS}linear", "space": {"C": {"low": 0.01, "high": 10.0, "log": True}}}
CANDIDATES = {"xgboost": TREES, "extra_trees": FOREST, "linear": LINEAR}
TRIALS = 9
MAIN = {"binary": "log_loss", "multiclass": "log_loss", "regression": "rmse"}
TIMES = ("fit_seconds", "predict_seconds")


def race(journal: Path, problem, **changes) -> Found:
    given = {"candidates": CANDIDATES, "trials": TRIALS, "folds": 4, "model": {}, "problem": problem}
    return automl.automl(**given | changes, journal=journal)


def without_times(found: Found) -> str:
    return json.dumps([{key: value for key, value in trial.items() if key not in TIMES} for trial in found.trials])


def written(found: Found) -> list[tuple[float, list[bytes]]]:
    """Give the weights of the members, and the bytes of their models."""
    return [
        (member.weight, [path.read_bytes() for folder in member.models for path in sorted(folder.iterdir())])
        for member in found.chosen.members
    ]


def models_of(member: Member, problem) -> list[Estimator]:
    about = {"task": problem.task, "n_classes": problem.n_classes, "columns": list(problem.train.X)}
    return [read(folder, **about) for folder in member.models]


@pytest.fixture(scope="module")
def finished(tmp_path_factory, problem_of) -> Found:
    return race(tmp_path_factory.mktemp("race") / "race.journal", problem_of())


@pytest.fixture
def fits(monkeypatch) -> list[str]:
    """Note the kind of each model that is fitted."""
    fit, noted = estimators.fit, []

    def noting(model, *args, **kwargs):
        noted.append(type(model).__name__)
        return fit(model, *args, **kwargs)

    monkeypatch.setattr(estimators, "fit", noting)
    return noted


def test_every_family_is_tried_with_its_own_parameters_and_then_with_the_starts_of_the_best(finished):
    assert [trial["trial"] for trial in finished.trials] == list(range(TRIALS))
    assert [trial["family"] for trial in finished.trials[:3]] == list(CANDIDATES)
    assert finished.trials[0]["params"]["max_depth"] == TREES["max_depth"]
    assert (finished.trials[3]["family"], finished.trials[3]["params"]) == ("xgboost", {"max_depth": 2})


def test_what_is_done_about_rare_classes_is_searched_where_the_metric_is_of_labels(finished, tmp_path, problem_of):
    found = race(tmp_path / "race.journal", problem_of(), metric="f1", trials=16, balances=["none", "weights"])
    assert {trial["params"].get("balance") for trial in found.trials} >= {"none", "weights"}
    assert all("balance" not in trial["params"] for trial in finished.trials), (
        "log loss wants probabilities as they are"
    )
    rounded = race(tmp_path / "other.journal", problem_of("regression"), metric="r2", trials=4)
    assert all("balance" not in trial["params"] for trial in rounded.trials), "a regression has no classes"


def test_the_models_of_the_best_candidates_alone_are_held_and_none_once_it_is_written(
    tmp_path, problem_of, monkeypatch
):
    held: list[int] = []
    drop, keep = automl.Race._drop_models, Bag._write

    def counting(self):
        drop(self)
        held.append(sum(bool(each.models) for each in self.candidates.values()))

    def checking(self, number, place):
        keep(self, number, place)
        assert place not in self.fitted[number].models

    monkeypatch.setattr(automl.Race, "_drop_models", counting)
    monkeypatch.setattr(Bag, "_write", checking)
    found = race(tmp_path / "race.journal", problem_of(), trials=16, members=2)
    assert len(held) > 8
    assert max(held) <= 2 + len(CANDIDATES) - 1
    assert sum(member.weight for member in found.chosen.members) == pytest.approx(1)


def test_weights_add_up_to_one_and_the_leaderboard_says_them(finished):
    members = finished.chosen.members
    assert sum(member.weight for member in members) == pytest.approx(1)
    assert all(member.weight > 0 for member in members)
    shown = {trial["trial"]: trial["weight"] for trial in finished.trials if trial.get("weight")}
    assert shown == {member.trial: pytest.approx(member.weight, abs=1e-6) for member in members}
    assert all(trial["folds"] == 4 for trial in finished.trials if trial.get("weight"))


@pytest.mark.parametrize("task", ["binary", "multiclass", "regression"])
def test_the_ensemble_is_no_worse_than_the_best_candidate_and_predicts_new_rows(
    finished, tmp_path, problem_of, rows_of, task
):
    found = finished if task == "binary" else race(tmp_path / "race.journal", problem_of(task), trials=5)
    problem, chosen = problem_of(task), found.chosen
    actual = together(problem.train, problem.validation).y[chosen.places]
    held_out = measure(MAIN[task], task, actual, chosen.predicted)
    assert held_out <= min(trial["score"] for trial in found.trials if trial["state"] == "complete") + 1e-9
    new = rows_of(task, 800, 3)
    alone = [np.mean([model.predict(new.X) for model in models_of(each, problem)], axis=0) for each in chosen.members]
    said = sum(member.weight * each for member, each in zip(chosen.members, alone, strict=True))
    learnt = measure(MAIN[task], task, new.y, said)
    prior = np.bincount(actual) / len(actual) if task != "regression" else None
    knows_nothing = np.full(800, actual.mean()) if prior is None else np.tile(prior, (800, 1))
    assert learnt < 0.85 * measure(MAIN[task], task, new.y, knows_nothing)
    assert all(learnt < measure(MAIN[task], task, new.y, each) + 0.05 for each in alone)
    seen = problem.train.X.iloc[chosen.sample]
    asked = sum(
        member.weight * np.mean([model.predict(seen) for model in models_of(member, problem)], axis=0)
        for member in chosen.members
    )
    assert np.allclose(chosen.sampled, asked)


def test_what_is_said_of_held_out_rows_comes_from_models_that_had_not_seen_them(finished, problem_of):
    problem, chosen = problem_of(), finished.chosen
    assert sorted(chosen.places) == list(range(450)), "every row of both parts is held out once"
    pool = together(problem.train, problem.validation)
    said = np.zeros((450, 2))
    for member in chosen.members:
        for model, fold in zip(models_of(member, problem), make_folds(problem, count=4), strict=True):
            unseen = np.setdiff1d(np.arange(450), fold.fitted)
            anew = estimators.build(member.node, task="binary", n_classes=2, seed=7)
            estimators.fit(anew, *pool.take(fold.fitted), *pool.take(unseen))
            said[unseen] += member.weight * estimators.predict(anew, pool.X.iloc[unseen])
            assert np.allclose(estimators.predict(model, problem.train.X), estimators.predict(anew, problem.train.X))
    assert np.allclose(said[chosen.places], chosen.predicted)


def test_the_same_seed_gives_the_same_trials_and_the_same_bytes(finished, tmp_path, problem_of):
    again = race(tmp_path / "race.journal", problem_of())
    assert without_times(again) == without_times(finished)
    assert written(again) == written(finished)
    assert np.array_equal(again.chosen.predicted, finished.chosen.predicted)


@pytest.mark.parametrize("at", [1, 3, 7])
def test_a_race_that_was_killed_goes_on_without_fitting_the_finished_candidates_again(
    finished, tmp_path, problem_of, monkeypatch, fits, at
):
    score = automl.Comparison.score
    scored = []

    def interrupted(comparison, candidate, *args):
        if len(scored) == at:
            scored.append("killed")
            raise KeyboardInterrupt
        scored.append("whole")
        return score(comparison, candidate, *args)

    monkeypatch.setattr(automl.Comparison, "score", interrupted)
    with pytest.raises(KeyboardInterrupt):
        race(tmp_path / "race.journal", problem_of())
    assert len(list((automl.beside(tmp_path / "race.journal") / "predictions").glob("*.npz"))) <= at
    fits.clear()
    found = race(tmp_path / "race.journal", problem_of())
    assert without_times(found) == without_times(finished)
    assert written(found) == written(finished)
    assert scored.count("whole") == TRIALS, "a finished candidate was compared again"
    chosen_again = [member for member in found.chosen.members if member.trial < at]
    assert len(fits) <= 4 * (TRIALS - at + len(chosen_again)), "only the chosen are fitted, whose models were lost"


def test_a_split_whose_order_matters_has_one_fold(tmp_path, problem_of, fits):
    found = race(tmp_path / "race.journal", problem_of(ordered=True), folds="auto", trials=3)
    assert len(fits) == 3
    assert found.chosen.places.tolist() == list(range(300, 450)), "the validation part alone is held out"


def test_rows_of_one_group_are_never_fitted_on_and_held_out_at_once(tmp_path, problem_of):
    groups = np.arange(450) // 9
    problem = problem_of(groups=groups)
    found = race(tmp_path / "race.journal", problem, trials=2)
    for fold in make_folds(problem, count=4):
        assert set(groups[fold.fitted]).isdisjoint(groups[fold.held_out])
    assert sorted(found.chosen.places) == list(range(450))


def test_a_family_that_is_not_installed_is_passed_over_and_named(tmp_path, problem_of, monkeypatch, capsys):
    installed = estimators.installed
    monkeypatch.setattr(estimators, "installed", lambda node: node is not FOREST and installed(node))
    found = race(tmp_path / "race.journal", problem_of(), candidates={**CANDIDATES, "taken_out": None}, trials=3)
    assert {trial["family"] for trial in found.trials} == {"xgboost", "linear"}
    assert capsys.readouterr().out == (
        "passed over extra_trees: not installed (make run EXTRAS=boosters installs it)\n"
    )


def test_no_candidate_at_all_is_one_line(tmp_path, problem_of):
    with pytest.raises(InputError, match=r"^search\.candidates: there is none to search$"):
        race(tmp_path / "race.journal", problem_of(), candidates={"xgboost": None})
    assert not (tmp_path / "race.journal").exists()


def test_another_metric_is_what_counts(tmp_path, problem_of):
    from sklearn.metrics import roc_auc_score

    problem = problem_of()
    found = race(tmp_path / "race.journal", problem, metric="roc_auc", trials=4)
    actual = together(problem.train, problem.validation).y[found.chosen.places]
    area = roc_auc_score(actual, found.chosen.predicted[:, 1])
    assert area >= max(trial["score"] for trial in found.trials if trial["state"] == "complete") - 1e-9


def test_a_budget_of_seconds_is_kept(tmp_path, problem_of, clock):
    begun = clock()
    found = race(tmp_path / "race.journal", problem_of(), folds=3, trials=None, seconds=TRAINING_OVERHEAD + 3)
    assert clock() - begun < TRAINING_OVERHEAD + 4, "nothing would be left for training"
    assert len(found.trials) >= 3
    assert found.chosen.members


def test_a_race_that_has_no_time_left_still_gives_a_model(tmp_path, problem_of):
    given = {"folds": 3, "trials": None, "seconds": 60}
    late = {"started": monotonic() - 60}
    assert race(tmp_path / "race.journal", problem_of(), **given, **late).chosen.members
    again = race(tmp_path / "race.journal", problem_of(), **given, **late)  # whose models were lost
    assert again.chosen.members
    assert len(again.trials) == 1
