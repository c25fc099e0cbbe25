"""What the tags say: which versions there are, and which one a stage pointed to, now or on a day.

GTO reads the same tags; `gto show` and `gto history` print them. It takes seconds for a thousand of them, so its
grammar of names is used here, and its index is not.
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
    at : when it was made, by the clock of whoever made it
    author, email : who made it
    message : why
    version : what it registers; None: it says something of a stage
    stage : what it assigns; None: it says something of a version
    takes_back : whether it takes the registration or the assignment back (a name with `!`)
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
    """The version that a stage points to; a commit that no version names goes by its hash."""

    version: str
    commit: str


class Tags:
    """All tags of the model, oldest first, and what follows from them."""

    def __init__(self, tags: Iterable[Tag]) -> None:
        self.tags = sorted(tags, key=lambda tag: (tag.at, counter(tag.name)))

    def until(self, moment: datetime) -> "Tags":
        """Give the tags that had been made by then."""
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
        """The newest version that each registered commit goes by."""
        return {tag.commit: name for name, tag in reversed(self.versions.items())}

    @cached_property
    def stages(self) -> dict[str, list[Tag]]:
        """The assignments that hold, a list a stage, the current one last; one a commit."""
        withdrawn = {tag.commit for tag in self.tags if tag.version and tag.takes_back} - self.names.keys()
        found: dict[str, list[Tag]] = {}
        for tag in self.tags:
            if tag.stage and tag.commit not in withdrawn:
                others = [each for each in found.get(tag.stage, []) if each.commit != tag.commit]
                found[tag.stage] = others if tag.takes_back else [*others, tag]
        return {stage: held for stage, held in found.items() if held}

    def current(self, stage: str) -> Promoted | None:
        """Give the version that a stage points to; None where it points to none."""
        held = self.stages.get(stage)
        if not held:
            return None
        commit = held[-1].commit
        return Promoted(self.names.get(commit, commit), commit)


def read() -> Tags:
    """Read the tags of the repository that the working directory is in.

    Raises
    ------
    InputError : there is no repository
    """
    from gto.constants import tag_re

    patterns = (f"refs/tags/{ARTIFACT}@*", f"refs/tags/{ARTIFACT}#*")
    tags = []
    for line in git("for-each-ref", f"--format={_FORMAT}", *patterns).split("\0\0\n"):
        name, kind, commit, author, email, at, message = line.split("\0") if line else ("",) * 7
        match = tag_re.match(name)
        # GTO looks at annotated tags alone, since only they say who and when
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
    """Find the version that a stage, such as `prod`, points to; None where it points to none.

    Raises
    ------
    InputError : there is no repository
    """
    # importing GTO's grammar takes longer than asking git
    return read().current(stage) if git("tag", "--list", f"{ARTIFACT}#{stage}#*").strip() else None


def counter(name: str) -> int:
    """Give the number that an assignment's name ends with; 0 for a version."""
    last = name.rsplit("#", 1)[-1]
    return int(last) if last.isdigit() else 0
