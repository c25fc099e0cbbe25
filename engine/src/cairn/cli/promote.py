"""Promote a model, decide on one that waits, and go back: `cairn promote` and `cairn rollback`."""

import argparse
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from cairn import config, layout
from cairn.composition import compose_applied
from cairn.errors import InputError, did_you_mean
from cairn.number_text import plain
from cairn.overrides import same
from cairn.registry import files, promotion, record, tags
from cairn.registry.git import commit_of, git, texts
from cairn.registry.promotion import APPROVED, PENDING, REJECTED, Draft, Rules
from cairn.registry.tags import ARTIFACT, Tags

FIGURES = 4  # of the model's figures stand in the tag's message; all of them stand in the commit


class _Shared(NamedTuple):
    rules: Rules
    tags: Tags
    remote: str | None


def promote(stage: str, *, version: str | None = None, revision: str = "HEAD", why: str | None = None) -> str:
    """Assign a stage to a version; a commit that has none is registered as the next one.

    Parameters
    ----------
    stage : one of registry.stages
    version : one that is registered; None: that of the commit
    revision : the commit whose model is promoted
    why : a sentence for those who read the tags later

    Returns
    -------
    str : what was done

    Raises
    ------
    InputError : the gates have not passed, the tree is not clean, the commit's params.yaml is not what its conf/
        composes to, the bytes cannot be had, or someone was faster
    """
    shared = _shared(stage)
    if version is None and revision == "HEAD":
        _refuse_changes()
    commit = _registered(shared.tags, version) if version else commit_of(revision)
    version, registers = _version(shared, commit, version)
    current = shared.tags.current(stage)
    if current and current.commit == commit:
        raise InputError(f"{version} is in {stage} already; nothing to do")
    _require_composed(commit)
    where = _ready(commit)
    drafts = [Draft(f"{ARTIFACT}@{version}", commit, why or f"{version} of the model")] if registers else []
    waits = stage in shared.rules.approval
    reason = _message(why or f"{version} to {stage}", version, commit)
    drafts += _numbered(shared.tags, [(f"{stage}-{PENDING}" if waits else stage, commit, reason)])
    promotion.publish(drafts, shared.tags, shared.remote)
    done = f"{version} waits for {stage}" if waits else f"{version} is in {stage}"
    then = f"\nanother person decides by `cairn promote {stage} --version {version} --approve` or --reject" * waits
    return f"{done} ({', '.join(draft.name for draft in drafts)}); its bytes are {where}{_unshared(shared)}{then}"


def decide(stage: str, *, approve: bool, version: str | None = None, why: str | None = None) -> str:
    """Approve or reject a version that waits for a stage, as a person other than the one who promoted it.

    Raises
    ------
    InputError : nothing waits, or it is one's own
    """
    shared = _shared(stage)
    waiting = {tag.commit: tag for tag in shared.tags.tags if tag.stage == f"{stage}-{PENDING}"}
    open_ = {commit: tag for commit, tag in waiting.items() if _kind(shared.tags, stage, commit) == PENDING}
    known = {shared.tags.names.get(commit, commit): commit for commit in open_}
    if not known or (version and version not in known):
        what = f"{version} does not wait" if version else "nothing waits"
        raise InputError(f"{what} for {stage}: `cairn models` shows what does")
    if version is None and len(known) > 1:
        raise InputError(f"{', '.join(known)} wait for {stage}: say which by --version")
    version = version or next(iter(known))
    commit = known[version]
    asked = open_[commit]
    if _own_address() == asked.email:
        raise InputError(f"{asked.author} <{asked.email}> asked for {version} in {stage}: another person has to decide")
    if not approve:
        _publish(shared, [(f"{stage}-{REJECTED}", commit, why or f"{version} is rejected for {stage}")])
        return f"{version} is rejected for {stage}{_unshared(shared)}"
    where = _ready(commit)
    reason = why or f"{version} is approved for {stage}"
    drafts = [(f"{stage}-{APPROVED}", commit, reason), (stage, commit, _message(reason, version, commit))]
    _publish(shared, drafts)
    return f"{version} is approved, and in {stage}; its bytes are {where}{_unshared(shared)}"


def rollback(stage: str, *, why: str | None = None) -> str:
    """Point a stage to the version before its current one, which is taken out of the stage.

    Raises
    ------
    InputError : there is none before, its bytes cannot be had, or someone was faster
    """
    shared = _shared(stage)
    held = shared.tags.stages.get(stage, [])
    if len(held) < 2:
        raise InputError(f"{stage}: no version was here before {_name(shared.tags, held)}; nothing to go back to")
    bad, good = held[-1].commit, held[-2].commit
    names = [shared.tags.names.get(commit, commit) for commit in (bad, good)]
    where = _ready(good)
    reason = why or f"back from {names[0]} to {names[1]}"
    # GTO falls back by itself once the newest is taken out; `dvc artifacts get` goes by the last tag, so that is good's
    _publish(shared, [(f"{stage}!", bad, reason), (stage, good, _message(reason, names[1], good))])
    return f"{stage} is back from {names[0]} to {names[1]}; its bytes are {where}{_unshared(shared)}"


def main(options: argparse.Namespace) -> None:
    """Run `cairn promote` or `cairn rollback`."""
    if options.command == "rollback":
        print(rollback(options.stage, why=options.message))
    elif options.approve or options.reject:
        print(decide(options.stage, approve=options.approve, version=options.version, why=options.message))
    else:
        print(promote(options.stage, version=options.version, revision=options.revision, why=options.message))


def _shared(stage: str) -> _Shared:
    """Read the rules and the tags that all share."""
    rules: Rules = config.call(config.read_yaml(config.PARAMS)["registry"])
    rules.known(stage)
    remote = rules.remote if promotion.fetch(rules.remote) else None
    return _Shared(rules, tags.read(), remote)


def _refuse_changes() -> None:
    changed = git("status", "--porcelain").splitlines()
    if changed:
        some = ", ".join(line[3:] for line in changed[:3]) + (", ..." if len(changed) > 3 else "")
        raise InputError(
            f"not committed: {some}; a version is what a commit says, so `git commit` or `git stash` first"
        )


def _require_composed(commit: str) -> None:
    """Refuse a commit whose params.yaml is not what its conf/ composes to, since `dvc repro` makes another model there.

    The commit's conf/ is composed in a temporary folder; neither the working tree nor any code of the commit is used.
    """
    names = git("ls-tree", "-r", "--name-only", "-z", commit, f"{config.CONF}/").split("\0")
    names = [name for name in names if name.endswith(".yaml")]
    *contents, recorded = texts([f"{commit}:{name}" for name in [*names, str(config.PARAMS)]])
    with tempfile.TemporaryDirectory() as scratch:
        for name, content in zip(names, contents, strict=True):
            (Path(scratch) / name).parent.mkdir(parents=True, exist_ok=True)
            (Path(scratch) / name).write_text(content or "", encoding="utf-8")
        try:
            composed = compose_applied(folder=Path(scratch) / config.CONF)
        except InputError as error:
            raise InputError(f"commit {commit[:7]}: {error}; `dvc repro`, and commit what it made") from error
    params = config.parse_yaml(recorded or "") or {}
    if not same(params, composed):
        first = next(iter(config.differences(params, composed)), "a value is of another type")
        raise InputError(
            f"commit {commit[:7]}: {config.PARAMS} is not what its {config.CONF}/ composes to ({first}), so its model "
            "could not be made again: write the change in conf/, `dvc repro`, and commit what it made"
        )


def _registered(known: Tags, version: str) -> str:
    name = version.removeprefix(f"{ARTIFACT}@")
    if name not in known.versions:
        raise InputError(f"no version {version!r} {did_you_mean(name, known.versions)}; `cairn models` shows them")
    return known.versions[name].commit


def _version(shared: _Shared, commit: str, version: str | None) -> tuple[str, bool]:
    """Give the commit's version, and whether it is a new one."""
    if version := version or shared.tags.names.get(commit):
        return version, False
    return promotion.next_version(shared.tags, shared.rules.bump), True


def _ready(commit: str) -> str:
    """Refuse a model whose gates have not passed; give where its bytes are."""
    record.passed(commit, model=layout.MODEL, trained=layout.TRAINED, gates=layout.GATES)
    return files.upload(commit, layout.MODEL)


def _message(why: str, version: str, commit: str) -> str:
    """Say why, and with which figures; who and when is said by the tag itself."""
    (figures,) = record.figures([commit], layout.METRICS)
    said = "\n".join(f"{name}: {plain(value)}" for name, value in list(figures.items())[:FIGURES])
    return f"{why}\n\nversion: {version}\n{said}".rstrip()


def _publish(shared: _Shared, assigned: Sequence[tuple[str, str, str]]) -> None:
    promotion.publish(_numbered(shared.tags, assigned), shared.tags, shared.remote)


def _numbered(known: Tags, assigned: Sequence[tuple[str, str, str]]) -> list[Draft]:
    first = promotion.next_number(known)
    return [Draft(f"{ARTIFACT}#{stage}#{first + place}", *rest) for place, (stage, *rest) in enumerate(assigned)]


def _kind(known: Tags, stage: str, commit: str) -> str | None:
    said = promotion.decision(known, stage, commit)
    return said[0] if said else None


def _name(known: Tags, held: Sequence[tags.Tag]) -> str:
    return known.names.get(held[-1].commit, held[-1].commit[:7]) if held else "now, nor is there one now"


def _own_address() -> str:
    return git("var", "GIT_COMMITTER_IDENT").split("<", 1)[1].split(">", 1)[0]


def _unshared(shared: _Shared) -> str:
    return "" if shared.remote else f"; its tags are here alone, since git has no remote {shared.rules.remote!r}"
