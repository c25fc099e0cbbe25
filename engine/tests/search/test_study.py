"""Studies that several processes share, in a journal and in a real PostgreSQL: no trial lost, none made twice."""

import json
import multiprocessing
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from cairn.errors import InputError
from cairn.search import search
from cairn.search.study import finished_trials, load_study

TRIALS = 11
MODEL = {
    "_target_": "cairn.models.estimators.xgboost",
    "n_estimators": 30,
    "early_stopping_rounds": None,
    "max_depth": 2,
    "space": {
        "max_depth": {"low": 1, "high": 8},
        "learning_rate": {"low": 0.01, "high": 0.5, "log": True},
        "subsample": {"low": 0.5, "high": 1.0},
    },
    "starts": [{"max_depth": 5, "learning_rate": 0.1, "subsample": 0.8}],
}
# Import first, say so, and search only when told, so that two of these begin together; count the fits.
ANOTHER = """
import json, runpy, sys, time
from pathlib import Path
test, conftest, address, folder, number = sys.argv[1:]
run, problem = runpy.run_path(test), runpy.run_path(conftest)["problem"]()
import optuna, psycopg, sqlalchemy, xgboost
from cairn.models import estimators
fit, fits = estimators.fit, []
def counting(*args, **kwargs):
    fits.append(1)
    return fit(*args, **kwargs)
estimators.fit = counting
(Path(folder) / f"ready-{number}").touch()
while not (Path(folder) / "go").exists():
    time.sleep(0.001)
found = run["find"](Path(folder) / f"{number}.journal", problem, storage=address, study="shared")
print(json.dumps({"trials": found.trials, "fits": len(fits)}))
"""


def find(journal: Path, problem, **changes) -> search.Found:
    given = {"trials": TRIALS, "folds": 1, "model": MODEL, "problem": problem, "journal": journal}
    return search.best_parameters(**given | changes)


def assert_whole(found: search.Found) -> None:
    assert [trial["trial"] for trial in found.trials] == list(range(TRIALS))
    assert {trial["state"] for trial in found.trials} <= {"complete", "pruned"}
    assert MODEL["starts"][0] in [trial["params"] for trial in found.trials[:4]]
    assert found.score == min(trial["score"] for trial in found.trials if trial["state"] == "complete")


def kept(address: str, name: str) -> list:
    return finished_trials(load_study(name, address, Path("no journal")))


@pytest.mark.parametrize("where", ["journal", pytest.param("database", marks=pytest.mark.slow)])
def test_workers_share_a_search_without_loss(tmp_path, problem_of, request, where):
    storage = "journal" if where == "journal" else request.getfixturevalue("database")
    found = find(tmp_path / "search.journal", problem_of(), storage=storage, workers=2)
    assert_whole(found)
    assert find(tmp_path / "search.journal", problem_of(), storage=storage).trials == found.trials, "it is over"
    if where == "database":
        assert len(kept(storage, "search")) == TRIALS, "without a name of its own the study has the journal's"
        assert not (tmp_path / "search.journal").exists()


@pytest.mark.slow
def test_two_machines_that_begin_together_share_one_study(tmp_path, database):
    conftest = Path(__file__).parents[1] / "conftest.py"
    command = [sys.executable, "-c", ANOTHER, __file__, str(conftest), database, str(tmp_path)]
    processes = [subprocess.Popen([*command, str(number)], stdout=subprocess.PIPE, text=True) for number in (1, 2)]
    deadline = time.monotonic() + 300
    while len(list(tmp_path.glob("ready-*"))) < 2 and time.monotonic() < deadline:
        time.sleep(0.01)
    (tmp_path / "go").touch()
    said = [json.loads(process.communicate(timeout=300)[0]) for process in processes]
    assert [process.returncode for process in processes] == [0, 0]
    assert said[0]["trials"] == said[1]["trials"]
    assert [trial["trial"] for trial in said[0]["trials"]] == list(range(TRIALS))
    repeated = TRIALS - len({json.dumps(trial["params"]) for trial in said[0]["trials"]})
    assert repeated <= 1 + len(MODEL["starts"]), "both may have begun with what the model says"
    assert TRIALS - repeated <= sum(each["fits"] for each in said) <= TRIALS, "a trial was lost, or made twice"
    assert len(kept(database, "shared")) == TRIALS


@pytest.mark.slow
def test_a_search_in_the_database_goes_on_from_another_folder(tmp_path, problem_of, database):
    short = find(tmp_path / "a" / "x.journal", problem_of(), storage=database, study="mine", trials=3)
    longer = find(tmp_path / "b" / "y.journal", problem_of(), storage=database, study="mine", trials=5)
    assert longer.trials[:3] == short.trials
    assert len(kept(database, "mine")) == 5


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"model": {**MODEL, "space": {"max_depth": {"low": 1, "high": 3}}, "starts": []}}, "space"),
        ({"metric": "roc_auc"}, "metric"),
    ],
)
def test_a_study_of_another_search_under_the_same_name_is_refused_and_left_alone(
    tmp_path, problem_of, database, change, said
):
    find(tmp_path / "search.journal", problem_of(), storage=database, study="mine", trials=2)
    before = load_study("mine", database, Path("no journal"))
    trials, attributes = before.trials, before.user_attrs
    with pytest.raises(InputError) as refused:
        find(tmp_path / "search.journal", problem_of(), storage=database, study="mine", **change)
    line = str(refused.value)
    assert line.startswith(f"search.study: 'mine' in {database} searches another {said}; give this search a name")
    assert "\n" not in line
    after = load_study("mine", database, Path("no journal"))
    assert (after.trials, after.user_attrs, after.direction) == (trials, attributes, before.direction)


def test_a_server_that_does_not_answer_is_one_line(tmp_path, problem_of):
    pytest.importorskip("psycopg")
    address = "postgresql://ada@127.0.0.1:1/studies"
    with pytest.raises(InputError) as refused:
        find(tmp_path / "search.journal", problem_of(), storage=address)
    assert str(refused.value).startswith(f"search.storage: {address} cannot be reached: ")
    assert "refused" in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_database_that_is_not_there_is_one_line(tmp_path, problem_of, server):
    with pytest.raises(InputError, match=r'cannot be reached: .*database "nowhere" does not exist') as refused:
        find(tmp_path / "search.journal", problem_of(), storage=f"{server}/nowhere")
    assert "\n" not in str(refused.value)


def test_a_password_in_the_address_is_refused_and_not_repeated(tmp_path, problem_of):
    with pytest.raises(InputError, match=r"search\.storage: .*carries a password.*PGPASSWORD") as refused:
        find(tmp_path / "search.journal", problem_of(), storage="postgresql://ada:s3cret@127.0.0.1:1/studies")
    assert "s3cret" not in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_missing_driver_is_named_with_the_extra_that_brings_it(tmp_path, problem_of, monkeypatch):
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(InputError, match=r"search\.storage: the PostgreSQL driver .* EXTRAS=postgresql` installs it$"):
        find(tmp_path / "search.journal", problem_of(), storage="postgresql://ada@127.0.0.1:1/studies")


def test_a_worker_that_is_killed_ends_the_search_in_one_line_and_it_goes_on_when_run_again(tmp_path, problem_of):
    others = set(multiprocessing.active_children())

    def kill_one() -> None:
        while not (children := set(multiprocessing.active_children()) - others):
            time.sleep(0.01)
        os.kill(children.pop().pid, signal.SIGKILL)

    killer = threading.Thread(target=kill_one)
    killer.start()
    with pytest.raises(
        InputError, match=r"^search\.workers: one of 2 ended with exit code -9; run it again"
    ) as refused:
        find(tmp_path / "search.journal", problem_of(), workers=2)
    killer.join()
    assert "\n" not in str(refused.value)
    assert set(multiprocessing.active_children()) <= others
    assert_whole(find(tmp_path / "search.journal", problem_of()))
