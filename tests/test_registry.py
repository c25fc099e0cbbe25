"""What the git tags say is promoted."""

import subprocess

import pytest

from pipeline import registry
from pipeline.errors import InputError


@pytest.fixture
def repository(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    def git(*arguments: str) -> str:
        who = ["-c", "user.name=Test", "-c", "user.email=test@example.invalid"]
        return subprocess.run(["git", *who, *arguments], check=True, capture_output=True, text=True).stdout.strip()

    git("init", "--quiet")
    git("commit", "--quiet", "--allow-empty", "--message", "one")
    return git


def test_nothing_is_promoted_where_no_tag_says_so(repository):
    assert registry.promoted("prod") is None


def test_the_last_assignment_of_a_stage_counts(repository):
    first = repository("rev-parse", "HEAD")
    repository("tag", "--annotate", "model@v1.0.0", "--message", "first")
    repository("tag", "--annotate", "model#prod#1", "--message", "first")
    assert registry.promoted("prod") == ("v1.0.0", first)
    repository("commit", "--quiet", "--allow-empty", "--message", "two")
    second = repository("rev-parse", "HEAD")
    repository("tag", "--annotate", "model@v1.1.0", "--message", "second")
    repository("tag", "--annotate", "model#staging#2", "--message", "second")
    assert registry.promoted("prod") == ("v1.0.0", first)
    assert registry.promoted("staging") == ("v1.1.0", second)


def test_outside_a_repository_git_says_why_in_one_line(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    with pytest.raises(InputError, match=r"git tag --list .*not a git repository"):
        registry.promoted("prod")
