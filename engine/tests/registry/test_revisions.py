"""What a person may call a commit."""

import subprocess

import pytest

from cairn.errors import InputError
from cairn.registry import revisions


@pytest.fixture
def git(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    def run(*arguments: str) -> str:
        who = ["-c", "user.name=Test", "-c", "user.email=test@example.invalid"]
        return subprocess.run(["git", *who, *arguments], check=True, capture_output=True, text=True).stdout.strip()

    run("init", "--quiet", "--initial-branch=main")
    for message in ("one", "two", "three"):
        run("commit", "--quiet", "--allow-empty", "--message", message)
    return run


def test_a_stage_a_version_an_experiment_and_a_revision_are_found(git):
    one, two, three = git("rev-list", "--reverse", "HEAD").split()
    git("tag", "--annotate", "model@v0.0.3", two, "--message", "why")
    git("tag", "--annotate", "model#prod#1", two, "--message", "why")
    git("update-ref", f"refs/exps/{three[:2]}/{three[2:]}/shallow", one)
    for said in ("prod", "v0.0.3", "model@v0.0.3", "model#prod#1", "HEAD~1", two[:8]):
        assert revisions.find(said) == two
    assert revisions.find("shallow") == one
    assert revisions.find("main") == three


def test_a_name_that_nobody_knows_gets_the_nearest_one(git):
    head = git("rev-parse", "HEAD")
    git("update-ref", f"refs/exps/{head[:2]}/{head[2:]}/shallow", head)
    with pytest.raises(InputError, match=r"--rev shalow: no stage, .* \(did you mean 'shallow'\?\)"):
        revisions.find("shalow")
    with pytest.raises(InputError, match="--rev --all"):
        revisions.find("--all")


def test_two_experiments_of_one_name_are_not_guessed_between(git):
    for base in git("rev-list", "HEAD").split()[:2]:
        git("update-ref", f"refs/exps/{base[:2]}/{base[2:]}/deep", base)
    with pytest.raises(InputError, match="2 experiments have this name"):
        revisions.find("deep")
