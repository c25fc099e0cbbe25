"""Serving what is promoted: found by its tag, brought from the remote, followed while it changes."""

import shutil
import subprocess
import sys
import threading
from pathlib import Path

import pandas as pd
import pytest
from engine.tests.serving.conftest import table, until
from engine.tests.small_project import Project, copied, make
from engine.tests.stages import run_cairn

from cairn.models import estimators, saved
from cairn.rows import signature

ROW = {"instances": [{"age": 40, "city": "Rome"}]}
TRAIN = """
import shutil
from pathlib import Path
number = Path("number.txt").read_text().removeprefix("-")
shutil.rmtree("models/trained", ignore_errors=True)
shutil.copytree(f"../models/{number}", "models/trained")
"""


@pytest.fixture(scope="module")
def candidates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Keep three models that differ, and one that is broken."""
    folder, seen = tmp_path_factory.mktemp("candidates"), table()
    about = signature.describe(seen, features=["age", "city"], target="bought", task="binary", classes=[False, True])
    for number, strength in enumerate((0.001, 0.1, 10.0), 1):
        node = {"_target_": "sklearn.linear_model.LogisticRegression", "C": strength, "balance": "none"}
        estimator = estimators.build(node, task="binary", n_classes=2, seed=0)
        estimators.fit(estimator, about.frame(seen), about.labels(seen), balance="none")
        saved.save(folder / str(number), estimator, about, {})
    shutil.copytree(folder / "1", folder / "4")
    (folder / "4" / "model.skops").write_bytes(b"broken")
    return folder


@pytest.fixture(scope="module")
def made(candidates: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a project whose first model is in prod."""
    home = tmp_path_factory.mktemp("promoted") / "all"
    shutil.copytree(candidates, home / "models")
    promoted(make(home, TRAIN))
    return home


@pytest.fixture
def ann(made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    """Give a fresh copy of it, and a cache of its own."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return copied(made, tmp_path, monkeypatch)


def promoted(project: Project, *more: str) -> None:
    done = run_cairn("promote", "prod", *more, cwd=project.folder)
    assert done.returncode == 0, done.stderr
    project.git("push", "--quiet", "origin", "main")


def cairn(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "cairn.cli.main", *arguments]


def expected(candidates: Path, number: int) -> list[list[float]]:
    return saved.load(candidates / str(number)).predict_proba(pd.DataFrame(ROW["instances"])).tolist()


def test_a_clone_serves_what_is_in_prod(ann, start, candidates):
    bob = ann.clone("bob")
    bob.run("dvc", "remote", "list")
    server = start("--stage", "prod", folder=bob.folder)
    answer = server.ask("/predict", ROW).body
    assert answer["probabilities"] == expected(candidates, 1)
    assert answer["model"] == {"name": "model", "version": "v0.0.1", "stage": "prod"}
    about = server.ask("/info").body
    assert about["commit"] == ann.git("rev-parse", "HEAD")
    assert about["metrics"] == {"roc_auc": pytest.approx(0.801)}


@pytest.mark.slow
def test_a_bare_clone_serves_it_too(ann, start, candidates):
    ann.run("dvc", "remote", "modify", "store", "url", ann.folder.parent / "store")  # a bare clone has no place
    ann.git("commit", "--quiet", "--all", "--message", "Name the remote by its whole path")
    promoted(ann)
    bare = ann.folder.parent / "bare"
    subprocess.run(["git", "clone", "--quiet", "--bare", ann.folder.parent / "shared.git", bare], check=True)
    server = start("--version", "v0.0.2", folder=bare)
    answer = server.ask("/predict", ROW).body
    assert (answer["probabilities"], answer["model"]["version"]) == (expected(candidates, 1), "v0.0.2")


@pytest.mark.slow
def test_a_promotion_is_followed_without_a_failed_request(ann, start, candidates):
    server = start("--stage", "prod", "-S", "poll=0.5", folder=ann.clone("bob").folder)
    answers, over = [], threading.Event()

    def ask() -> None:
        while not over.is_set():
            answers.append(server.ask("/predict", ROW))

    threads = [threading.Thread(target=ask) for _ in range(2)]
    for thread in threads:
        thread.start()
    for number in (2, 3):
        ann.commit(number)
        promoted(ann)
        assert until(lambda n=number: server.ask("/predict", ROW).body["model"]["version"] == f"v0.0.{n}")
    ann.run(*cairn("rollback", "prod"))
    assert until(lambda: server.ask("/predict", ROW).body["model"]["version"] == "v0.0.2")
    over.set()
    for thread in threads:
        thread.join()
    assert {answer.status for answer in answers} == {200}
    known = {f"v0.0.{number}": expected(candidates, number) for number in (1, 2, 3)}
    assert all(answer.body["probabilities"] == known[answer.body["model"]["version"]] for answer in answers)
    assert {answer.body["model"]["version"] for answer in answers} == set(known)


@pytest.mark.slow
def test_reload_looks_at_once_and_what_cannot_be_served_leaves_the_old_one(ann, start, candidates):
    server = start("--stage", "prod", "-S", "poll=0", folder=ann.clone("bob").folder)
    ann.commit(4)
    promoted(ann)
    answer = server.ask("/reload", b"")
    assert (answer.status, "model.skops: broken" in answer.body["error"]) == (503, True)
    assert server.ask("/predict", ROW).body["probabilities"] == expected(candidates, 1)
    health = server.ask("/health").body
    assert (health["status"], "model.skops: broken" in health["trouble"]) == ("degraded", True)
    assert b"\ncairn_degraded 1.0\n" in server.ask("/metrics").body
    ann.commit(2)
    promoted(ann)
    assert server.ask("/reload", b"").body["model"]["version"] == "v0.0.3"
    assert server.ask("/health").body["status"] == "ok"
    serves = b'\ncairn_model_info{model="model",stage="prod",version="v0.0.3"} 1.0\n'
    assert until(lambda: serves in server.ask("/metrics").body)  # another process looks a moment later
    assert b"\ncairn_degraded 0.0\n" in server.ask("/metrics").body
    assert "model.skops: broken" in server.end()


@pytest.mark.slow
def test_a_tag_made_by_hand_is_served_and_refused_as_any_other(ann, start, monkeypatch):
    monkeypatch.setenv("GIT_COMMITTER_DATE", "2090-01-01T00:00:00Z")  # tags go by their times, and clocks may go back
    ann.commit(2)
    ann.git("tag", "-a", "model@v0.0.2", "-m", "by hand")
    ann.git("tag", "-a", "model#prod#2", "-m", "by hand")
    assert start("--stage", "prod", folder=ann.folder).ask("/info").body["model"]["version"] == "v0.0.2"
    ann.commit(-1)
    ann.git("tag", "-a", "model@v0.0.3", "-m", "by hand")
    ann.git("tag", "-a", "model#prod#3", "-m", "by hand")
    with pytest.raises(AssertionError, match=r"error: .*gates failed"):
        start("--stage", "prod", folder=ann.folder)


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        (["--stage", "staging"], "nothing is in staging; `cairn promote staging` promotes"),
        (["--stage", "prd"], "registry.stages: no stage 'prd' (did you mean 'prod'?)"),
        (["--version", "v9.9.9"], "no version 'v9.9.9'"),
        (["--stage", "prod", "-S", "prot=1"], "-S prot: no such setting (did you mean 'port'?)"),
        (["--stage", "prod", "-S", "port=abc"], "-S port='abc': input should be a valid integer"),
        (["--stage", "prod", "-S", "processes=0"], "serve.processes: 0 is below 1"),
    ],
)
def test_what_cannot_be_served_is_one_line(ann, asked, told):
    done = run_cairn("serve", *asked, cwd=ann.folder)
    assert done.returncode == 1
    assert done.stderr.startswith("error: ")
    assert told in done.stderr
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.slow
def test_bytes_that_are_not_those_of_the_commit_are_fetched_anew(ann, start, candidates, tmp_path):
    assert start("--stage", "prod", folder=ann.folder).end() is not None
    (kept,) = (tmp_path / "cache" / "cairn" / "models").iterdir()
    shutil.copy(candidates / "2" / "model.skops", kept)
    assert start("--stage", "prod", folder=ann.folder).ask("/predict", ROW).body["probabilities"] == expected(
        candidates, 1
    )


@pytest.mark.slow
def test_what_nobody_approved_is_not_served(ann, start):
    path = ann.folder / "params.yaml"
    path.write_text(path.read_text().replace("approval: []", "approval: [prod]"))
    ann.git("commit", "--quiet", "--all", "--message", "Let a second person approve")
    with pytest.raises(
        AssertionError, match=r"v0\.0\.1 is in prod, and nobody approved it: `cairn promote --approve` does"
    ):
        start("--stage", "prod", folder=ann.folder)
