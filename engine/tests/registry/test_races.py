"""Two people promote at the same moment, each in a clone of one bare repository."""

import multiprocessing
import os
from pathlib import Path
from typing import Any

import pytest
from engine.tests.small_project import ROOT

from cairn.registry import tags

RACES = 100


def runs(folder: Path, commits: list[str], start: Any, told: Any) -> None:
    """Promote one commit after the other, each when the other person does."""
    os.chdir(folder)
    from cairn.cli.promote import promote
    from cairn.errors import InputError

    for commit in commits:
        start.wait()
        try:
            told.put((folder.name, promote("prod", revision=commit)))
        except InputError as error:
            told.put((folder.name, f"error: {error}"))


@pytest.mark.slow
def test_of_two_who_promote_at_once_one_wins_and_nothing_is_left_of_the_other(ann, monkeypatch):
    """One hundred races; in each both begin at the same instant, with models of their own."""
    monkeypatch.syspath_prepend(ROOT)  # for the two processes, which find this module by its name
    first = ann.git("rev-parse", "HEAD")
    ann.run("dvc", "push", "--quiet")
    bob = ann.clone("bob")
    commits = {"ann": [], "bob": []}
    for person in (ann, bob):
        for _ in range(RACES):  # the same model each time, since the race is about tags
            person.git("commit", "--quiet", "--allow-empty", "--message", person.folder.name)
            commits[person.folder.name].append(person.git("rev-parse", "HEAD"))
    context = multiprocessing.get_context("spawn")
    start, told = context.Barrier(2), context.Queue()
    both = [
        context.Process(target=runs, args=(person.folder, commits[person.folder.name], start, told))
        for person in (ann, bob)
    ]
    for process in both:
        process.start()
    said = [told.get(timeout=300) for _ in range(2 * RACES)]
    for process in both:
        process.join(timeout=60)
        assert process.exitcode == 0
    won = [text for _, text in said if " is in prod " in text]
    lost = [text for _, text in said if " a moment before; nothing was changed" in text]
    assert len(won) + len(lost) == 2 * RACES, [text for _, text in said if text not in won + lost]
    assert len(lost) > 0
    shared = ann.git("ls-remote", "--tags", "origin", "model#prod#*", "model@*").splitlines()
    assert len([line for line in shared if not line.endswith("^{}")]) == 2 * len(won)
    for person in (ann, bob):
        os.chdir(person.folder)
        local = person.git(
            "for-each-ref", "--format=%(objectname)\trefs/tags/%(refname:strip=2)", "refs/tags"
        ).splitlines()
        assert set(local) <= set(shared)  # no tag of one's own that the others do not have
    person.git("fetch", "--tags", "--quiet")
    assert first not in {tag.commit for tag in tags.read().tags}
