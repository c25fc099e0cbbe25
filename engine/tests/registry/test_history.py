"""Who did what, as tags and commits say it: made by the real commands, in real clones."""

import subprocess

import pytest

from cairn.cli.promote import decide, promote, rollback
from cairn.registry import history, tags

ANN, BOB = "Ann <ann@example.invalid>", "Bob <bob@example.invalid>"


def told() -> list[tuple[str, ...]]:
    return [(each.event, each.version, each.stage, each.who) for each in history.events(tags.read())]


def test_promotions_and_the_way_back_are_told_in_order(ann):
    promote("prod", why="The first model")
    second = ann.commit(2)
    promote("prod")
    rollback("prod", why="Complaints")
    assert told() == [
        ("registered", "v0.0.1", "", ANN),
        ("promoted", "v0.0.1", "prod", ANN),
        ("registered", "v0.0.2", "", ANN),
        ("promoted", "v0.0.2", "prod", ANN),
        ("taken out", "v0.0.2", "prod", ANN),
        ("rolled back", "v0.0.1", "prod", ANN),
    ]
    events = history.events(tags.read())
    assert [each.why for each in events] == ["The first model"] * 2 + ["v0.0.2 of the model", "v0.0.2 to prod"] + [
        "Complaints"
    ] * 2
    assert [each.commit == second for each in events] == [False, False, True, True, True, False]
    assert events == sorted(events, key=lambda event: event.time)


def test_a_version_that_is_promoted_again_later_is_no_way_back(ann):
    promote("prod")
    ann.run("env", "GIT_COMMITTER_DATE=2040-01-01T00:00:00Z", "git", "tag", "--annotate", "model#prod!#2", "-m", "out")
    promote("staging")
    promote("prod")
    assert [event for event, _, stage, _ in told() if stage == "prod"] == ["promoted", "taken out", "promoted"]


def test_who_asked_and_who_decided_are_told_apart(ann, monkeypatch):
    for name in ("params.yaml", "conf/registry/default.yaml"):
        path = ann.folder / name
        path.write_text(path.read_text().replace("approval: []", "approval: [prod]"))
    ann.commit(1)
    ann.git("push", "--quiet")
    promote("prod")
    monkeypatch.chdir(ann.clone("bob").folder)
    decide("prod", approve=False, why="Not yet")
    decisions = [each for each in told() if each[2] == "prod"]
    assert decisions == [("asked", "v0.0.1", "prod", ANN), ("rejected", "v0.0.1", "prod", BOB)]
    monkeypatch.chdir(ann.folder)
    promote("prod")
    monkeypatch.chdir(ann.folder.with_name("bob"))
    decide("prod", approve=True)
    assert [each for each in told() if each[2] == "prod"][2:] == [
        ("asked", "v0.0.1", "prod", ANN),
        ("approved", "v0.0.1", "prod", BOB),
        ("promoted", "v0.0.1", "prod", BOB),
    ]


MARKED = "Retrain: drift of age\n\nAlarm: drift of age\nRetrained-by: Ann <ann@example.invalid>\n"


def test_a_retraining_is_found_on_branches_here_and_in_the_remote_and_below_tags(ann):
    ann.git("switch", "--quiet", "--create", "retrain/one")
    ann.git("commit", "--quiet", "--allow-empty", "--message", MARKED)
    ann.git("push", "--quiet", "origin", "retrain/one")
    ann.git("switch", "--quiet", "main")
    ann.git("branch", "--quiet", "-D", "retrain/one")
    (event,) = history.events(tags.read())
    assert (event.event, event.who, event.why, event.version) == ("retrained", ANN, "drift of age", "")
    ann.git("tag", "--annotate", "model@v0.0.1", "origin/retrain/one", "--message", "by hand")
    ann.git("push", "--quiet", "origin", ":retrain/one")
    ann.git("fetch", "--quiet", "--prune")
    assert [each[:2] for each in told()] == [("retrained", "v0.0.1"), ("registered", "v0.0.1")]


@pytest.mark.parametrize(
    "message",
    ["Retrained-by: hand\n\nas a test\n", "Speak of it\n\nRetrained-by: is the mark\nof a retraining.\n\nMore.\n"],
)
def test_a_message_that_only_speaks_of_it_is_no_retraining(ann, message):
    ann.git("commit", "--quiet", "--allow-empty", "--message", message)
    assert told() == []


def test_where_nothing_was_done_there_is_nothing_to_tell(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    subprocess.run(["git", "init", "--quiet"], check=True)
    assert told() == []
