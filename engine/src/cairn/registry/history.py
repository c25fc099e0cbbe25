"""List who did what to the models, and when, from git's tags and commits."""

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
    """One action on the registry.

    Parameters
    ----------
    time : when, by the author's clock
    event : registered, unregistered, asked, approved, rejected, promoted, rolled back, taken out, or retrained
    version : of the model; empty for a commit that was never registered
    stage : the stage concerned; empty if none
    who : name and address
    why : the first line of the message
    commit : the commit that made the model
    """

    time: datetime
    event: str
    version: str
    stage: str
    who: str
    why: str
    commit: str


def events(tags: Tags) -> list[Event]:
    """Return all events, the oldest first.

    Parameters
    ----------
    tags : all of the model
    """
    names = {tag.commit: tag.version or "" for tag in tags.tags if tag.version} | tags.names  # cancelled ones included
    before = [None, *tags.tags]
    from_tags = [_of_tag(last, tag, names) for last, tag in pairwise(before) if tag is not None]
    return sorted([*_retrained(names), *from_tags], key=lambda event: event.time)


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
    """Return whether `cairn rollback` made both tags: one took a version out, the next assigned an older one."""
    return last.takes_back and last.stage == tag.stage and counter(tag.name) == counter(last.name) + 1


def _retrained(names: dict[str, str]) -> Iterator[Event]:
    """Find the commits made by a retraining, on any branch, here or in a remote, or below a tag."""
    form = "%x00".join(["%H", "%ct", "%cn <%ce>", "%s", f"%(trailers:key={TRAILER},valueonly)"]) + "%x00%x00"
    found = git("log", "--branches", "--remotes", "--tags", f"--grep=^{TRAILER}: ", f"--format={form}")
    for line in found.split("\0\0\n"):
        commit, at, who, subject, marked = line.split("\0") if line else ("",) * 5
        if marked.strip():  # a message of a person may mention the trailer in its text
            time = datetime.fromtimestamp(int(at), UTC)
            yield Event(time, "retrained", names.get(commit, ""), "", who, subject.removeprefix("Retrain: "), commit)
