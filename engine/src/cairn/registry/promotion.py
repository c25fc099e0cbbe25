"""Register versions and assign stages by annotated tags; of two people who promote at once, one wins.

The tags are made as objects without a name, pushed under their names in one atomic push, and only then named here.
So a refused or a killed promotion leaves no wrong tag behind.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Literal, NamedTuple

from cairn.errors import InputError, did_you_mean
from cairn.registry.git import git, run
from cairn.registry.tags import ARTIFACT, Tag, Tags, counter, read

Bump = Literal["major", "minor", "patch"]

PENDING, APPROVED, REJECTED = "pending", "approved", "rejected"
DECISIONS = {PENDING: "PendingManualApproval", APPROVED: "Approved", REJECTED: "Rejected"}  # SageMaker's words


@dataclass(frozen=True)
class Rules:
    """The settings of conf/registry.

    Parameters
    ----------
    stages : the stages to which a version can be assigned
    approval : the stages for which a second person must approve
    bump : the part of the version number that is increased
    remote : git's name of the shared repository; without such a remote, tags stay in this repository
    """

    stages: list[str] = field(default_factory=lambda: ["staging", "prod"])
    approval: list[str] = field(default_factory=list)
    bump: Bump = "patch"
    remote: str = "origin"

    def __post_init__(self) -> None:
        """Refuse a stage in `approval` that is not in `stages`."""
        for stage in self.approval:
            self.known(stage)

    def known(self, stage: str) -> str:
        """Return the stage; raise InputError if conf/registry does not list it."""
        if stage not in self.stages:
            raise InputError(f"registry.stages: no stage {stage!r} {did_you_mean(stage, self.stages)}")
        return stage


class Draft(NamedTuple):
    """A tag to be made.

    Parameters
    ----------
    name : of the tag
    commit : the commit that it points to
    message : why
    """

    name: str
    commit: str
    message: str


def fetch(remote: str) -> bool:
    """Fetch the shared tags, replacing local ones of the same name; return False if there is no such remote."""
    if remote not in git("remote").split():
        return False
    patterns = [f"+refs/tags/{ARTIFACT}{mark}*:refs/tags/{ARTIFACT}{mark}*" for mark in "@#"]
    git("fetch", "--quiet", "--no-tags", remote, *patterns)
    return True


def next_version(tags: Tags, bump: Bump) -> str:
    """Return the version after the highest ever registered, cancelled ones included; the first is v0.0.1, as in GTO."""
    from semver import Version

    taken = [Version.parse(tag.version[1:]) for tag in tags.tags if tag.version]
    return f"v{getattr(max(taken, default=Version(0, 0, 0)), f'bump_{bump}')()}"


def next_number(tags: Tags) -> int:
    """Return the number of the next assignment; all stages share one sequence, as in GTO."""
    return 1 + max((counter(tag.name) for tag in tags.tags), default=0)


def decision(tags: Tags, stage: str, commit: str) -> tuple[str, Tag] | None:
    """Return the latest decision on a commit for a stage that needs approval, and its tag; None if there is none."""
    kinds = {f"{stage}-{kind}": kind for kind in DECISIONS}
    decisions = [tag for tag in tags.tags if tag.stage in kinds and tag.commit == commit and not tag.takes_back]
    return (kinds[str(decisions[-1].stage)], decisions[-1]) if decisions else None


def publish(drafts: Sequence[Draft], tags: Tags, remote: str | None) -> None:
    """Make all tags or none.

    Parameters
    ----------
    drafts : in order
    tags : the tags that existed when these were drafted
    remote : git's name of the remote; None: the tags are made in this repository only

    Raises
    ------
    InputError : someone else was faster, the remote refuses, or git has no name and address of the tagger
    """
    # GTO orders tags by their times, so a new tag must not be older than the last one, even if two clocks differ.
    last = tags.tags[-1].at.timestamp() if tags.tags else 0
    first = max(int(datetime.now(UTC).timestamp()), int(last) + 1)
    made = {each.name: _object(each, first + place) for place, each in enumerate(drafts)}
    if remote is not None:
        pushed = run("push", "--porcelain", "--atomic", remote, *(f"{made[name]}:refs/tags/{name}" for name in made))
        if pushed.returncode:
            raise _refused(drafts, pushed.stdout + pushed.stderr, remote)
    # the remote has accepted the tags; now name them here as well
    git("update-ref", "--stdin", text="".join(f"update refs/tags/{name} {made[name]}\n" for name in made))


def _object(draft: Draft, at: int) -> str:
    tagger = git("var", "GIT_COMMITTER_IDENT", env={"GIT_COMMITTER_DATE": f"{at} +0000"}).strip()
    content = f"object {draft.commit}\ntype commit\ntag {draft.name}\ntagger {tagger}\n\n{draft.message}\n"
    return git("mktag", text=content).strip()


def _refused(drafts: Sequence[Draft], output: str, remote: str) -> InputError:
    """Distinguish a lost race, which the shared tags show, from a remote that cannot be reached."""
    lines = [line.strip() for line in output.splitlines()]
    raced = ("already exists", "reference already", "cannot lock ref", "failed to update ref", "fetch first")
    if any(word in line for line in lines for word in raced):
        fetch(remote)
        winner = next((tag for tag in reversed(read().tags) if tag.name in {each.name for each in drafts}), None)
        who = f"{winner.author} made {winner.name}" if winner else "someone else promoted"
        return InputError(f"{who} a moment before; nothing was changed: look at `cairn models`, then promote again")
    fatal = [line for line in lines if line.startswith(("fatal:", "error:", "remote:", "!"))]
    return InputError(f"git push {remote}: {'; '.join(fatal[:2]) or ' '.join(lines)}; nothing was changed")
