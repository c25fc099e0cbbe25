"""What is shown of a search: its course, what mattered, and the candidates, best first."""

import math
import subprocess
import sys

import numpy as np
import pytest

from cairn.search import history


def trial(number: int, score: float | None, state: str = "complete", **more) -> dict:
    return {"trial": number, "state": state, "score": score, "rounds": 10, "params": {}} | more


@pytest.fixture(scope="module")
def searched() -> list[dict]:
    """Trials whose score depends on one parameter, hardly on a second, and not on a third."""
    draw = np.random.default_rng(0)
    found = []
    for number in range(40):
        depth, share, balance = int(draw.integers(2, 10)), float(draw.random()), ["none", "weights"][number % 2]
        score = 0.3 + 0.01 * abs(depth - 5) + 0.0005 * share
        found.append(trial(number, score, params={"depth": depth, "share": share, "balance": balance}))
    return found


def test_the_best_so_far_is_of_complete_trials():
    trials = [trial(0, 0.5), trial(1, 0.2, "pruned"), trial(2, 0.4), trial(3, math.inf), trial(4, None, "failed")]
    rows = history.plots(trials)["history"]
    assert [row["best"] for row in rows] == [0.5, 0.5, 0.4, 0.4, 0.4]
    assert [row["score"] for row in rows] == [0.5, 0.2, 0.4, None, None]
    assert [row["state"] for row in rows] == ["complete", "pruned", "complete", "complete", "failed"]
    assert history.plots(trials[1:2])["history"][0]["best"] is None


def test_where_greater_is_better_the_greatest_score_is_the_best():
    trials = [trial(0, 0.7), trial(1, 0.9, "pruned"), trial(2, 0.8), trial(3, 0.6)]
    rows = history.plots(trials, greater_is_better=True)["history"]
    assert [row["best"] for row in rows] == [0.7, 0.7, 0.8, 0.8]
    ranked = history.leaderboard(trials, greater_is_better=True).splitlines()[2:]
    assert [line.split("|")[2].strip() for line in ranked] == ["2", "0", "3"]


def test_the_parameter_that_decides_is_the_most_important(searched):
    rows = history.plots(searched)["importances"]
    assert rows[0]["parameter"] == "depth" and rows[0]["share"] > 0.9
    assert {row["parameter"] for row in rows} == {"depth", "share", "balance"}
    assert sum(row["share"] for row in rows) == pytest.approx(1, abs=1e-4)
    assert rows == history.plots(searched)["importances"]


def test_few_trials_or_equal_ones_have_no_importances(searched):
    assert history.plots(searched[:7])["importances"] == []
    assert history.plots([{**each, "score": 1.0} for each in searched])["importances"] == []
    assert history.plots([{**each, "params": {"depth": 3}} for each in searched])["importances"] == []
    assert history.plots([]) == {"history": [], "importances": [], "slices": []}


def test_families_are_compared_and_their_parameters_told_apart():
    trials = [
        trial(n, 0.3 + (n % 2) * 0.1 + 0.001 * n, family=["tree", "linear"][n % 2], params={"ab"[n % 2]: 1.0 + n})
        for n in range(20)
    ]
    rows = history.plots(trials)
    assert rows["importances"][0]["parameter"] == "model"
    assert {row["parameter"] for row in rows["importances"]} == {"model", "tree.a", "linear.b"}
    assert sum(row["parameter"] == "tree.a" for row in rows["slices"]) == 10


def test_a_slice_has_a_row_for_each_complete_trial_that_has_the_parameter():
    trials = [
        trial(0, 0.5, params={"C": 0.01, "kind": "l1"}),
        trial(1, 0.4, params={"C": 10.0}),
        trial(2, 0.1, "pruned", params={"C": 1.0}),
    ]
    assert history.plots(trials)["slices"] == [
        {"parameter": "C (log10)", "value": 0.01, "place": -2.0, "kind": "number", "score": 0.5, "trial": 0},
        {"parameter": "C (log10)", "value": 10.0, "place": 1.0, "kind": "number", "score": 0.4, "trial": 1},
        {"parameter": "kind", "value": "l1", "place": "l1", "kind": "category", "score": 0.5, "trial": 0},
    ]


def test_trials_are_logged_byte_for_byte_the_same(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    trials = [trial(0, 0.5), trial(1, 0.6, "pruned"), trial(2, None, "failed"), trial(3, 0.25)]
    for name in ("one", "two"):
        history.log(trials, tmp_path / name)
    files = sorted(path.relative_to(tmp_path / "one") for path in (tmp_path / "one").rglob("*") if path.is_file())
    assert [(tmp_path / "one" / each).read_bytes() for each in files] == [
        (tmp_path / "two" / each).read_bytes() for each in files
    ]
    metrics = tmp_path / "one" / "plots" / "metrics"
    assert (metrics / "score.tsv").read_text().split() == ["step", "score", "0", "0.5", "1", "0.6", "3", "0.25"]
    assert (metrics / "best.tsv").read_text().split() == [
        "step",
        "best",
        "0",
        "0.5",
        "1",
        "0.5",
        "2",
        "0.5",
        "3",
        "0.25",
    ]


def test_logging_makes_no_commit_and_no_experiment(tmp_path, monkeypatch):
    def git(*words: str) -> str:
        identity = ["-c", "user.name=a", "-c", "user.email=a@b"]
        return subprocess.run(["git", *identity, *words], check=True, capture_output=True, text=True).stdout

    monkeypatch.chdir(tmp_path)
    git("init", "-q")
    subprocess.run([sys.executable, "-m", "dvc", "init", "-q"], check=True)
    git("add", "-A")
    git("commit", "-q", "-m", "begin")
    history.log([trial(0, 0.5)], tmp_path / "log")
    assert git("status", "--porcelain").split() == ["??", "log/"]
    assert len(git("for-each-ref").splitlines()) == 1


def test_the_leaderboard_is_ranked_and_says_only_what_is_known():
    trials = [
        trial(0, 0.5, family="linear", fit_seconds=0.5, params={"C": 1.0}),
        trial(1, 0.1, "pruned", family="xgboost", params={}),
        trial(2, 0.3125, family="xgboost", weight=0.75, fit_seconds=12.0, params={"max_depth": 4, "kind": "a|b"}),
    ]
    for each in trials:
        del each["rounds"]
    assert history.leaderboard(trials, {"linear": {"C": 1.0}, "xgboost": {"max_depth": 6}}).splitlines() == [
        "| rank | model | trial | score | weight | fit, s | parameters |",
        "| --: | :-- | --: | --: | --: | --: | :-- |",
        "| 1 | xgboost | 2 | 0.3125 | 0.75 | 12 | max_depth 4, kind a\\|b |",
        "| 2 | linear | 0 | 0.5 |  | 0.5 | its own |",
    ]


def test_a_leaderboard_of_one_family_shows_milliseconds_and_no_family():
    trials = [trial(0, 0.5, folds=5, predict_seconds=0.0125, params={"depth": 3})]
    assert history.leaderboard(trials).splitlines()[::2] == [
        "| rank | trial | score | folds | predict 1,000 rows, ms | rounds | parameters |",
        "| 1 | 0 | 0.5 | 5 | 12.5 | 10 | depth 3 |",
    ]
