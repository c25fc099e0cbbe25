"""Experiments that DVC's queue ends and loses: how it happens, and that `recover` brings them back."""

import os
import re
import subprocess
from pathlib import Path

import pytest
from engine.tests.queues import wait_until_ended
from engine.tests.small_project import Project

from cairn.cli.recover import recover
from cairn.errors import InputError

GRAPH = """stages:
  copy:
    cmd: cp params.yaml copied.yaml
    deps: [params.yaml]
    outs: [copied.yaml]
"""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    """Give a DVC project of one stage, which has run, with the working directory in it."""
    for name in os.environ:
        if name.startswith(("GIT_", "DVC_")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("DVC_NO_ANALYTICS", "1")
    monkeypatch.setenv("DVC_SITE_CACHE_DIR", str(tmp_path / "site"))
    folder = tmp_path / "project"
    folder.mkdir()
    monkeypatch.chdir(folder)
    (folder / "dvc.yaml").write_text(GRAPH)
    (folder / "params.yaml").write_text("value: 1\n")
    project = Project(folder)
    project.git("init", "--quiet")
    project.git("config", "user.name", "Ann")
    project.git("config", "user.email", "ann@example.invalid")
    project.run("dvc", "init", "--quiet")
    project.run("dvc", "repro", "--quiet")
    project.git("add", "--all")
    project.git("commit", "--quiet", "--message", "Begun")
    return project


def lost(project: Project, *queued: list[str]) -> list[str]:
    """Let a worker run experiments, and fetch each while another worker fetches; give their names."""
    told = [project.run("dvc", "exp", "run", "--queue", *each) for each in queued]
    names = [re.search(r"Queued experiment '(.+?)'", each)[1] for each in told]
    others = project.folder / ".git" / "shallow.lock"
    others.touch()
    try:
        with (project.folder.parent / "worker.txt").open("w") as said:  # the worker holds it for as long as it lives
            subprocess.run(["dvc", "queue", "start"], stdout=said, stderr=said, check=True)
        status = wait_until_ended(len(queued), state_of_the_queue)
    finally:
        project.run("dvc", "queue", "stop", "--kill")
        others.unlink()
    assert status.count("Success") == len(queued), status
    assert experiments(project) == [], "DVC loses none any more, so nobody needs `cairn recover`"
    return names


def state_of_the_queue() -> str:
    return subprocess.run(["dvc", "queue", "status"], capture_output=True, text=True, check=False).stdout


def experiments(project: Project) -> list[str]:
    return project.run("dvc", "exp", "list", "--name-only").split()


@pytest.mark.slow
def test_what_two_workers_lose_when_they_fetch_at_once_comes_back(project):
    (name,) = lost(project, ["-S", "value=2"])
    assert recover() == f"Brought back 1 of the 1 that ended well in the queue: {name}"
    assert experiments(project) == [name]
    project.run("dvc", "exp", "apply", name)
    assert (project.folder / "copied.yaml").read_text() == "value: 2\n"
    assert recover() == "Nothing is lost of the 1 that ended well in the queue."


@pytest.mark.slow
def test_one_whose_commit_cannot_be_told_is_named_and_the_others_come_back(project):
    name, own = lost(project, ["-S", "value=2"], ["-S", "value=3", "--message", "In my words"])
    with pytest.raises(InputError, match=rf"no commit of {own}; queue it again.*; brought back: {name}$"):
        recover()
    assert experiments(project) == [name]


def test_a_queue_that_has_ended_nothing_has_lost_nothing(project):
    assert recover() == "Nothing is lost of the 0 that ended well in the queue."


def test_outside_of_a_project_one_line_says_so(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError, match="no DVC repository here; go into the project's folder"):
        recover()
