"""Where a search may begin: with its own parameters, with the last search's best, or with the champion's."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from cairn.errors import InputError
from cairn.search import search, warm_start

DVC = [sys.executable, "-m", "dvc"]
MODEL = {
    "_target_": "cairn.models.estimators.xgboost",
    "n_estimators": 5,
    "max_depth": 1,
    "space": {"max_depth": {"low": 1, "high": 8}, "subsample": {"low": 0.5, "high": 1.0}},
}


def run(*command: str) -> None:
    subprocess.run([str(each) for each in command], check=True, capture_output=True)


@pytest.fixture
def repository(tmp_path, monkeypatch):
    """Give an empty repository of git and DVC, as the working directory."""
    for name, value in (("NAME", "Test"), ("EMAIL", "test@example.invalid")):
        for role in ("AUTHOR", "COMMITTER"):
            monkeypatch.setenv(f"GIT_{role}_{name}", value)
    monkeypatch.setenv("DVC_SITE_CACHE_DIR", str(tmp_path / "site-cache"))
    project = tmp_path / "project"
    project.mkdir()
    monkeypatch.chdir(project)
    run("git", "init", "--quiet", "--initial-branch=main")
    return project


def begin(start, last=Path("no.journal")):
    return warm_start.known(start, last=last, model=Path("model"))


def test_without_a_last_search_or_a_champion_nothing_is_known(repository):
    assert [begin(start) for start in ("own", "last", "champion")] == [[], [], []]


@pytest.mark.parametrize(("metric", "better"), [("log_loss", min), ("roc_auc", max)])
def test_the_best_trials_of_the_last_search_are_known_the_best_first(tmp_path, problem_of, metric, better):
    last = tmp_path / "last.journal"
    found = search.best_parameters(
        trials=7, metric=metric, folds=1, pruning=False, model=MODEL, problem=problem_of(), journal=last
    )
    known = begin("last", last)
    assert len(known) == warm_start.LAST_TRIALS
    assert known[0] == found.params
    ranked = sorted(found.trials, key=lambda trial: trial["score"], reverse=better is max)
    assert sorted(map(str, known)) == sorted(str(trial["params"]) for trial in ranked[: warm_start.LAST_TRIALS])
    following = search.best_parameters(
        trials=3,
        metric=metric,
        folds=1,
        model=MODEL,
        problem=problem_of(),
        journal=tmp_path / "new.journal",
        known=known,
    )
    assert following.trials[1]["params"] == found.params
    assert better(following.score, found.score) == following.score, "it ends no worse than the last one did"


def test_trials_of_another_kind_of_search_are_no_start(tmp_path, problem_of):
    last = tmp_path / "last.journal"
    other = {**MODEL, "space": {"gamma": {"low": 0.0, "high": 1.0}}}
    search.best_parameters(trials=2, folds=1, model=other, problem=problem_of(), journal=last)
    found = search.best_parameters(
        trials=2,
        folds=1,
        model=MODEL,
        problem=problem_of(),
        journal=tmp_path / "new.journal",
        known=begin("last", last),
    )
    assert [set(trial["params"]) for trial in found.trials] == [{"max_depth", "subsample"}] * 2


@pytest.fixture
def champion(repository):
    """Promote a model folder that DVC keeps, the way that people do."""
    run(*DVC, "init", "--quiet")
    model = repository / "model"
    model.mkdir()
    tuned = {"model": {**MODEL, "max_depth": 7}, "rounds": 4}
    (model / "metadata.json").write_text(json.dumps({"params": tuned}))
    run(*DVC, "add", "--quiet", "model")
    run("git", "add", "--all")
    run("git", "commit", "--quiet", "--message", "A model")
    run("git", "tag", "-a", "model@v1.0.0", "-m", "The first")
    run("git", "tag", "-a", "model#prod#1", "-m", "Good")
    (model / "metadata.json").write_text("{}")  # what stands in the folder now is another model
    return repository


def test_the_champions_parameters_are_known_whatever_stands_in_the_folder(champion):
    (known,) = begin("champion")
    assert (known["max_depth"], known["n_estimators"]) == (7, 5)


def test_a_champion_that_cannot_be_had_is_one_line(champion):
    run("rm", "-rf", ".dvc/cache")
    with pytest.raises(InputError, match="neither in the cache nor in the remote: `dvc fetch` it") as refused:
        begin("champion")
    assert "\n" not in str(refused.value)
