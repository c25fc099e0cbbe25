"""Register versions and assign stages by annotated tags, so that of two people who promote at once one wins.

The tags are made as objects without a name, pushed under their names in one atomic push, and only then named here.
So a refused or a killed promotion leaves no tag behind that says what is not so.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Literal, NamedTuple

from cairn.errors import InputError, did_you_mean
from cairn.registry.git import git, run
from cairn.registry.tags import ARTIFACT, Tag, Tags, counter, read

__all__ = ["Rules"]

Bump = Literal["major", "minor", "patch"]

PENDING, APPROVED, REJECTED = "pending", "approved", "rejected"
DECISIONS = {PENDING: "PendingManualApproval", APPROVED: "Approved", REJECTED: "Rejected"}  # SageMaker's words


@dataclass(frozen=True)
class Rules:
    """What conf/registry says.

    Parameters
    ----------
    stages : where a version may be assigned to
    approval : those of them for which a second person has to approve
    bump : the part of the version number that grows
    remote : git's name of the repository that all share; one that is not there is no error: then tags stay here
    """

    stages: list[str] = field(default_factory=lambda: ["staging", "prod"])
    approval: list[str] = field(default_factory=list)
    bump: Bump = "patch"
    remote: str = "origin"

    def __post_init__(self) -> None:
        """Refuse a stage to approve that is none."""
        for stage in self.approval:
            self.known(stage)

    def known(self, stage: str) -> str:
        """Give the stage back, or refuse one that conf/registry does not know."""
        if stage not in self.stages:
            raise InputError(f"registry.stages: no stage {stage!r} {did_you_mean(stage, self.stages)}")
        return stage


class Draft(NamedTuple):
    """A tag to be made.

    Parameters
    ----------
    name : of the tag
    commit : what it shall point to
    message : why
    """

    name: str
    commit: str
    message: str


def fetch(remote: str) -> bool:
    """Take over the shared tags, also in place of own ones of the same names; False where there is no remote."""
    if remote not in git("remote").split():
        return False
    patterns = [f"+refs/tags/{ARTIFACT}{mark}*:refs/tags/{ARTIFACT}{mark}*" for mark in "@#"]
    git("fetch", "--quiet", "--no-tags", remote, *patterns)
    return True


def next_version(tags: Tags, bump: Bump) -> str:
    """Give the number after the highest that ever was, also of one that was taken back; GTO begins with v0.0.1."""
    from semver import Version

    taken = [Version.parse(tag.version[1:]) for tag in tags.tags if tag.version]
    return f"v{getattr(max(taken, default=Version(0, 0, 0)), f'bump_{bump}')()}"


def next_number(tags: Tags) -> int:
    """Give the number of the next assignment; GTO counts them through all stages."""
    return 1 + max((counter(tag.name) for tag in tags.tags), default=0)


def decision(tags: Tags, stage: str, commit: str) -> tuple[str, Tag] | None:
    """Give the last word about a commit and a stage that needs approval: its kind, and the tag that says it."""
    kinds = {f"{stage}-{kind}": kind for kind in DECISIONS}
    said = [tag for tag in tags.tags if tag.stage in kinds and tag.commit == commit and not tag.takes_back]
    return (kinds[str(said[-1].stage)], said[-1]) if said else None


def publish(drafts: Sequence[Draft], tags: Tags, remote: str | None) -> None:
    """Make all the tags, or none of them.

    Parameters
    ----------
    drafts : in order
    tags : what was known when they were drafted
    remote : git's name of it; None: the tags are made here alone

    Raises
    ------
    InputError : someone else was faster, the remote refuses, or git does not know who the tagger is
    """
    # GTO goes by the tags' times, so a new one is never older than the last, even where two clocks differ.
    last = tags.tags[-1].at.timestamp() if tags.tags else 0
    first = max(int(datetime.now(UTC).timestamp()), int(last) + 1)
    made = {each.name: _object(each, first + place) for place, each in enumerate(drafts)}
    if remote is not None:
        pushed = run("push", "--porcelain", "--atomic", remote, *(f"{made[name]}:refs/tags/{name}" for name in made))
        if pushed.returncode:
            raise _refused(drafts, pushed.stdout + pushed.stderr, remote)
    # what the remote has is so; here it is only said again
    git("update-ref", "--stdin", text="".join(f"update refs/tags/{name} {made[name]}\n" for name in made))


def _object(draft: Draft, at: int) -> str:
    tagger = git("var", "GIT_COMMITTER_IDENT", env={"GIT_COMMITTER_DATE": f"{at} +0000"}).strip()
    content = f"object {draft.commit}\ntype commit\ntag {draft.name}\ntagger {tagger}\n\n{draft.message}\n"
    return git("mktag", text=content).strip()


def _refused(drafts: Sequence[Draft], said: str, remote: str) -> InputError:
    """Tell a lost race, which the shared tags then show, from a remote that cannot be reached."""
    lines = [line.strip() for line in said.splitlines()]
    raced = ("already exists", "reference already", "cannot lock ref", "failed to update ref", "fetch first")
    if any(word in line for line in lines for word in raced):
        fetch(remote)
        winner = next((tag for tag in reversed(read().tags) if tag.name in {each.name for each in drafts}), None)
        who = f"{winner.author} made {winner.name}" if winner else "someone else promoted"
        return InputError(f"{who} a moment before; nothing was changed: look at `cairn models`, then promote again")
    fatal = [line for line in lines if line.startswith(("fatal:", "error:", "remote:", "!"))]
    return InputError(f"git push {remote}: {'; '.join(fatal[:2]) or ' '.join(lines)}; nothing was changed")
