"""Training: stop early by the validation part, then fit once more on all rows for the rounds that were best."""

import numpy as np
import pytest

from cairn.models import estimators
from cairn.models.learners.folder import read
from cairn.rows.signature import describe
from cairn.search.bagging import Chosen, Member
from cairn.training import training
from cairn.training.folds import Rows, together
from cairn.training.parts import Parts

NODE = {
    "_target_": "cairn.models.estimators.xgboost",
    "n_estimators": 200,
    "early_stopping_rounds": 5,
    "max_depth": 3,
}
BUILD = {"task": "binary", "n_classes": 2, "seed": 7}


@pytest.fixture
def seen(problem_of):
    problem = problem_of()
    table = problem.train.X.assign(label=problem.train.y.astype(bool))
    names = list(problem.train.X)
    signature = describe(table, features=names, target="label", task="binary", classes=[False, True], max_levels=100)
    frames = [Rows(signature.frame(part.X), part.y) for part in (problem.train, problem.validation)]
    return Parts(signature, *frames, None)


def fit(seen, tmp_path, *, rounds=None, refit=True, node=NODE):
    tuned = {"model": node, "rounds": rounds}
    return training.train(tuned, seen, members=tmp_path / "members", log=tmp_path / "log", seed=7, refit=refit)


def same(model, other, rows):
    return np.array_equal(estimators.predict(model, rows.X), estimators.predict(other, rows.X))


@pytest.mark.slow
@pytest.mark.parametrize("rounds", [None, 13], ids=["as-many-as-were-best-here", "as-many-as-the-search-found"])
def test_the_model_that_is_kept_was_fitted_on_all_rows_for_the_best_rounds(seen, tmp_path, rounds):
    trained = fit(seen, tmp_path, rounds=rounds)
    assert trained.best_round < 199, "it stopped early"
    losses = [each["validation/log_loss"] for each in trained.curves]
    assert trained.best_round == int(np.argmin(losses))
    wanted = rounds or trained.best_round + 1
    assert trained.model.rounds == wanted
    whole = estimators.build({**NODE, "n_estimators": wanted, "early_stopping_rounds": None}, **BUILD)
    estimators.fit(whole, *together(seen.train, seen.validation))
    assert same(trained.model, whole, seen.validation)


def test_without_refit_the_model_has_seen_the_training_rows_alone(seen, tmp_path):
    trained = fit(seen, tmp_path, refit=False)
    alone = estimators.build(NODE, **BUILD)
    estimators.fit(alone, *seen.train, *seen.validation)
    assert same(trained.model, alone, seen.validation)


def test_what_is_held_out_is_predicted_by_a_model_that_had_not_fitted_it(seen, tmp_path):
    trained = fit(seen, tmp_path)
    alone = estimators.build(NODE, **BUILD)
    estimators.fit(alone, *seen.train, *seen.validation)
    assert np.array_equal(trained.predicted, estimators.predict(alone, seen.validation.X))
    assert trained.held_out is seen.validation
    assert not np.array_equal(trained.predicted, estimators.predict(trained.model, seen.validation.X))


def test_the_log_has_a_line_a_round(seen, tmp_path):
    trained = fit(seen, tmp_path)
    (path,) = (tmp_path / "log").rglob("validation/log_loss.tsv")
    assert len(path.read_text().splitlines()) == 1 + len(trained.curves)


def test_a_model_without_rounds_is_fitted_on_all_rows_too(seen, tmp_path):
    node = {"_target_": "cairn.models.estimators.linear"}
    trained = fit(seen, tmp_path, node=node)
    assert (trained.best_round, trained.curves) == (None, [])
    whole = estimators.build(node, **BUILD)
    estimators.fit(whole, *together(seen.train, seen.validation))
    assert same(trained.model, whole, seen.validation)


def test_an_ensemble_is_put_together_as_the_search_left_it(seen, tmp_path):
    first, second = (estimators.build({**NODE, "n_estimators": rounds}, **BUILD) for rounds in (3, 9))
    for model in (first, second):
        estimators.fit(model, *seen.train, *seen.validation)
    places, sample = np.arange(300, 450), np.arange(0, 300, 3)
    said = [0.25 * first.predict(X) + 0.75 * second.predict(X) for X in (seen.validation.X, seen.train.X.iloc[sample])]
    folders = [tmp_path / name for name in ("first", "second")]
    for folder, model in zip(folders, (first, second), strict=True):
        folder.mkdir()
        model.write(folder)
    chosen = [Member(0, NODE, 0.25, folders[:1]), Member(1, NODE, 0.75, folders[1:])]
    members = tmp_path / "members"
    Chosen(chosen, places, said[0], sample, said[1]).move_to(members / training.ENSEMBLE)
    np.savez(members / training.HELD_OUT, places=places, predicted=said[0], sample=sample, sampled=said[1])
    trained = training.train({"members": []}, seen, members=members, log=tmp_path / "log", seed=7, refit=True)
    model = read(trained.model, task="binary", n_classes=2, columns=list(seen.train.X))
    assert np.allclose(estimators.predict(model, seen.validation.X), said[0])
    assert np.array_equal(trained.held_out.y, seen.validation.y)
    assert trained.held_out.X.reset_index(drop=True).equals(seen.validation.X)
    assert np.array_equal(trained.predicted, said[0])
    assert trained.train.X.equals(seen.train.X.iloc[sample])
    assert np.array_equal(trained.train_predicted, said[1])
