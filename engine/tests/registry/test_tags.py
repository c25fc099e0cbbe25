"""What the git tags say is promoted."""

import subprocess

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cairn.errors import InputError
from cairn.registry import tags


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
    assert tags.promoted("prod") is None


def test_the_last_assignment_of_a_stage_counts(repository):
    first = repository("rev-parse", "HEAD")
    repository("tag", "--annotate", "model@v1.0.0", "--message", "first")
    repository("tag", "--annotate", "model#prod#1", "--message", "first")
    assert tags.promoted("prod") == ("v1.0.0", first)
    repository("commit", "--quiet", "--allow-empty", "--message", "two")
    second = repository("rev-parse", "HEAD")
    repository("tag", "--annotate", "model@v1.1.0", "--message", "second")
    repository("tag", "--annotate", "model#staging#2", "--message", "second")
    assert tags.promoted("prod") == ("v1.0.0", first)
    assert tags.promoted("staging") == ("v1.1.0", second)


def test_outside_a_repository_git_says_why_in_one_line(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    with pytest.raises(InputError, match=r"git for-each-ref|git tag --list .*not a git repository"):
        tags.promoted("prod")


def test_a_version_that_is_assigned_again_is_the_current_one(repository):
    first = repository("rev-parse", "HEAD")
    repository("tag", "--annotate", "model@v1.0.0", "--message", "first")
    repository("commit", "--quiet", "--allow-empty", "--message", "two")
    repository("tag", "--annotate", "model@v1.1.0", "--message", "second")
    for number, target in enumerate([first, "HEAD", first], 1):
        repository("tag", "--annotate", f"model#prod#{number}", target, "--message", "again")
    assert tags.promoted("prod") == ("v1.0.0", first)


# What happens to a registry: a version is registered or taken back, a stage is assigned or taken from a version.
EVENTS = st.lists(
    st.tuples(st.sampled_from(["register", "deregister", "assign", "unassign"]), st.integers(0, 3), st.booleans()),
    max_size=12,
)


@pytest.mark.slow
@given(events=EVENTS)
@settings(max_examples=40, deadline=None, derandomize=True)
def test_the_stages_are_those_that_gto_reads(events, tmp_path_factory):
    import gto.api

    folder = tmp_path_factory.mktemp("registry")
    subprocess.run(["git", "init", "--quiet", folder], check=True)
    text = "".join(
        f"commit refs/heads/main\nmark :{number + 1}\ncommitter A <a@b> {number} +0000\ndata 1\nc\n"
        for number in range(4)
    )
    taken: set[str] = set()
    for place, (what, number, prod) in enumerate(events):
        stage = "prod" if prod else "staging"
        version = f"v0.{number}.0"
        name = {
            "register": f"model@{version}",
            "deregister": f"model@{version}!",
            "assign": f"model#{stage}#{place + 1}",
            "unassign": f"model#{stage}!#{place + 1}",
        }[what]
        registered = f"model@{version}" in taken and f"model@{version}!" not in taken
        if name in taken or (what in ("deregister", "unassign") and not registered):
            continue  # git has one tag of a name; GTO takes back what is registered, and nothing from another commit
        taken.add(name)
        text += f"tag {name}\nfrom :{number + 1}\ntagger A <a@b> {1000 + place} +0000\ndata 3\nwhy\n"
    subprocess.run(["git", "fast-import", "--quiet"], input=text.encode(), cwd=folder, check=True)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        ours = {stage: tags.read().current(stage) for stage in ("prod", "staging")}
    theirs = gto.api.show(folder).get("model", {}).get("stage", {}) if events else {}
    assert {stage: found.version for stage, found in ours.items() if found} == theirs
