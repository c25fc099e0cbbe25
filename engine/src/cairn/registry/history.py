"""Who did what to the models, and when, as git's tags and commits say it."""

from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import pairwise
from typing import NamedTuple

from cairn.registry.git import git
from cairn.registry.promotion import APPROVED, PENDING, REJECTED
from cairn.registry.proposal import TRAILER
from cairn.registry.tags import Tag, Tags, counter

DECIDED = {PENDING: "asked", APPROVED: "approved", REJECTED: "rejected"}


class Event(NamedTuple):
    """Something that somebody did.

    Parameters
    ----------
    time : when, by the clock of whoever did it
    event : registered, unregistered, asked, approved, rejected, promoted, rolled back, taken out, or retrained
    version : of the model; a commit that was never registered has none
    stage : where it was promoted to, or taken out of; empty: none
    who : name and address
    why : the first line of what they wrote
    commit : that made the model
    """

    time: datetime
    event: str
    version: str
    stage: str
    who: str
    why: str
    commit: str


def events(tags: Tags) -> list[Event]:
    """Give what was done, the oldest first.

    Parameters
    ----------
    tags : all of the model
    """
    names = {tag.commit: tag.version or "" for tag in tags.tags if tag.version} | tags.names  # also those taken back
    before = [None, *tags.tags]
    told = [_of_tag(last, tag, names) for last, tag in pairwise(before) if tag is not None]
    return sorted([*_retrained(names), *told], key=lambda event: event.time)


def _of_tag(last: Tag | None, tag: Tag, names: dict[str, str]) -> Event:
    stage, event = tag.stage or "", "registered"
    if tag.version:
        event = "unregistered" if tag.takes_back else "registered"
    elif tag.takes_back:
        event = "taken out"
    elif (kind := stage.rpartition("-")[2]) in DECIDED:
        event, stage = DECIDED[kind], stage.rpartition("-")[0]
    else:
        event = "rolled back" if last is not None and _goes_back(last, tag) else "promoted"
    version = tag.version or names.get(tag.commit, "")
    why = next(iter(tag.message.splitlines()), "")
    return Event(tag.at, event, version, stage, f"{tag.author} <{tag.email}>", why, tag.commit)


def _goes_back(last: Tag, tag: Tag) -> bool:
    """Say whether `cairn rollback` made both: the one took a version out, and the next put an older one in."""
    return last.takes_back and last.stage == tag.stage and counter(tag.name) == counter(last.name) + 1


def _retrained(names: dict[str, str]) -> Iterator[Event]:
    """Find the commits that a retraining made, on any branch, here or in a remote, or below a tag."""
    form = "%x00".join(["%H", "%ct", "%cn <%ce>", "%s", f"%(trailers:key={TRAILER},valueonly)"]) + "%x00%x00"
    found = git("log", "--branches", "--remotes", "--tags", f"--grep=^{TRAILER}: ", f"--format={form}")
    for line in found.split("\0\0\n"):
        commit, at, who, subject, marked = line.split("\0") if line else ("",) * 5
        if marked.strip():  # a person's message may only speak of it
            time = datetime.fromtimestamp(int(at), UTC)
            yield Event(time, "retrained", names.get(commit, ""), "", who, subject.removeprefix("Retrain: "), commit)
