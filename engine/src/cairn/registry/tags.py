"""Read the tags: which versions exist, and which one a stage pointed to, now or at a past time.

GTO reads the same tags; `gto show` and `gto history` print them. Its index takes seconds for a thousand tags, so only
its grammar of names is used here.
"""

from collections.abc import Iterable
from datetime import UTC, datetime
from functools import cached_property
from typing import NamedTuple

from cairn.registry.git import git

ARTIFACT = "model"  # the name under `artifacts:` in dvc.yaml

_FIELDS = ("refname:strip=2", "objecttype", "*objectname", "taggername", "taggeremail:trim", "taggerdate:unix")
_FORMAT = "%00".join(f"%({field})" for field in (*_FIELDS, "contents")) + "%00%00"


class Tag(NamedTuple):
    """One annotated tag.

    Parameters
    ----------
    name : such as `model@v1.0.0` or `model#prod#3`
    commit : what it points to
    at : when it was made, by its author's clock
    author, email : who made it
    message : why
    version : the version that it registers; None for a tag of a stage
    stage : the stage that it assigns; None for a tag of a version
    takes_back : whether it cancels the registration or the assignment (a name that ends with `!`)
    """

    name: str
    commit: str
    at: datetime
    author: str
    email: str
    message: str
    version: str | None
    stage: str | None
    takes_back: bool


class Promoted(NamedTuple):
    """The version that a stage points to; a commit without a version is named by its hash."""

    version: str
    commit: str


class Tags:
    """All tags of the model, oldest first, with the versions and stages that they define."""

    def __init__(self, tags: Iterable[Tag]) -> None:
        self.tags = sorted(tags, key=lambda tag: (tag.at, counter(tag.name)))

    def until(self, moment: datetime) -> "Tags":
        """Return the tags made up to a time."""
        return Tags(tag for tag in self.tags if tag.at <= moment)

    @cached_property
    def versions(self) -> dict[str, Tag]:
        """The registered versions, the newest number first."""
        from semver import Version

        found: dict[str, Tag] = {}
        for tag in self.tags:
            if tag.version and tag.takes_back:
                found.pop(tag.version, None)
            elif tag.version:
                found[tag.version] = tag
        return {name: found[name] for name in sorted(found, key=lambda name: Version.parse(name[1:]), reverse=True)}

    @cached_property
    def names(self) -> dict[str, str]:
        """The newest version of each registered commit."""
        return {tag.commit: name for name, tag in reversed(self.versions.items())}

    @cached_property
    def stages(self) -> dict[str, list[Tag]]:
        """The valid assignments of each stage, the current one last, at most one for a commit."""
        withdrawn = {tag.commit for tag in self.tags if tag.version and tag.takes_back} - self.names.keys()
        assigned: dict[str, list[Tag]] = {}
        for tag in self.tags:
            if tag.stage and tag.commit not in withdrawn:
                others = [other for other in assigned.get(tag.stage, []) if other.commit != tag.commit]
                assigned[tag.stage] = others if tag.takes_back else [*others, tag]
        return {stage: tags for stage, tags in assigned.items() if tags}

    def current(self, stage: str) -> Promoted | None:
        """Return the version that a stage points to, or None."""
        assigned = self.stages.get(stage)
        if not assigned:
            return None
        commit = assigned[-1].commit
        return Promoted(self.names.get(commit, commit), commit)


def read() -> Tags:
    """Read the tags of the repository that the working directory is in.

    Raises
    ------
    InputError : the working directory is in no git repository
    """
    from gto.constants import tag_re

    patterns = (f"refs/tags/{ARTIFACT}@*", f"refs/tags/{ARTIFACT}#*")
    tags = []
    for line in git("for-each-ref", f"--format={_FORMAT}", *patterns).split("\0\0\n"):
        name, kind, commit, author, email, at, message = line.split("\0") if line else ("",) * 7
        match = tag_re.match(name)
        # GTO reads annotated tags only, because only they have an author and a date
        if kind != "tag" or match is None or match["artifact"] != ARTIFACT or not (match["version"] or match["stage"]):
            continue
        when = datetime.fromtimestamp(int(at), UTC)
        tags.append(
            Tag(
                name,
                commit,
                when,
                author,
                email,
                message.strip(),
                match["version"],
                match["stage"],
                match["cancel"] == "!",
            )
        )
    return Tags(tags)


def promoted(stage: str) -> Promoted | None:
    """Return the version that a stage, such as `prod`, points to, or None.

    Raises
    ------
    InputError : the working directory is in no git repository
    """
    # importing GTO's grammar takes longer than this call of git
    return read().current(stage) if git("tag", "--list", f"{ARTIFACT}#{stage}#*").strip() else None


def counter(name: str) -> int:
    """Return the number that an assignment's name ends with; 0 for a version."""
    last = name.rsplit("#", 1)[-1]
    return int(last) if last.isdigit() else 0
