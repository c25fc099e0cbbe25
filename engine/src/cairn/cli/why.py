"""Print why a stage would run: which key, data, module or package changed since it last ran."""

import argparse
import hashlib
import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cairn import code, config, files, layout
from cairn.composition import compose_applied, query
from cairn.errors import InputError, did_you_mean
from cairn.repository import repository

HASH = re.compile(r"[0-9a-f]{32}")
UNSEEN = (
    "its result changed, but no file that it depends on (a package installed by hand, or an edit of dvc.yaml): "
    "run `dvc repro --force --single-item code` first"
)

if TYPE_CHECKING:
    from dvc.repo import Repo
    from dvc.stage import PipelineStage


def why(name: str | None = None) -> dict[str, list[str]]:
    """Return the reasons for which stages would run at the next `dvc repro`.

    Parameters
    ----------
    name : one stage; None for all of them

    Returns
    -------
    dict : stage -> reasons, in the graph's order; a stage that would not run has none

    Raises
    ------
    InputError : no DVC repository here, no such stage, or conf/ does not compose
    """
    with repository() as repo:
        stages = _in_order(repo)
        if name is not None and name not in stages:
            raise InputError(f"cairn why: no stage {name!r} {did_you_mean(name, stages)}")
        status = repo.status()
        params = _params_to_come(status.get("compose"))
        writers = {str(out): each for each in stages for out in stages[each].outs}
        lines_to_come = code.closures(params)
        reasons: dict[str, list[str]] = {}
        for each, stage in stages.items():
            reasons[each] = [
                *_changed_files(status.get(each, []), running=reasons, writers=writers),
                *_changed_code(repo, stage, lines_to_come.get(each, [])),
                *_changed_params(stage, params),
                *_changed_params_file(stage, params, status.get(each, [])),
                *_changed_query(stage, params),
                *_upstream(stage, running=reasons, writers=writers),
            ]
        _note_unwatched_packages(reasons, stages)
    return reasons if name is None else {name: reasons[name]}


def describe(reasons: Mapping[str, list[str]]) -> str:
    """Lay reasons out as text, a block for each stage that would run."""
    running = {name: lines for name, lines in reasons.items() if lines}
    if not running:
        one = next(iter(reasons)) if len(reasons) == 1 else None
        return f"Nothing changed: {one or 'no stage'} would {'not ' if one else ''}run."
    return "\n".join(f"{name}\n" + "\n".join(f"  - {line}" for line in lines) for name, lines in running.items())


def main(options: argparse.Namespace) -> None:
    """Run `cairn why`."""
    print(describe(why(options.stage)))


def _in_order(repo: "Repo") -> dict[str, "PipelineStage"]:
    """List the stages as dvc.yaml does, which is reading order: a stage after those that it reads from."""
    return {stage.name: stage for stage in repo.index.stages if getattr(stage, "name", None)}


def _params_to_come(compose_status: Any) -> dict[str, Any]:
    """Give the parameters that the stages will see: conf/ composed anew where `compose` would run."""
    if compose_status or not config.PARAMS.exists():
        return compose_applied()
    return config.read_yaml(config.PARAMS)


def _changed_code(repo: "Repo", stage: "PipelineStage", to_come: list[str]) -> list[str]:
    """Compare the code that a stage last ran with what it would run now: modules, files beside them and packages."""
    dependency = next((each for each in stage.deps if Path(str(each)).parent == layout.CODE), None)
    if dependency is None:
        return []
    if not dependency.hash_info.value:
        return ["code: never listed before"]
    recorded = _recorded(repo, dependency.hash_info.value, Path(str(dependency)))
    if recorded is None:
        same = dependency.hash_info.value == hashlib.md5(code.text(to_come).encode(), usedforsecurity=False).hexdigest()
        return [] if same else ["code: changed; what it was is no longer in DVC's cache"]
    before, now = _versions(recorded), _versions(to_come)
    lines = []
    for name in sorted(before.keys() | now.keys()):
        old, new = before.get(name), now.get(name)
        if old == new:
            continue
        if HASH.fullmatch(old or new or ""):
            lines.append(f"code {name}: {'added' if old is None else 'no longer used' if new is None else 'changed'}")
        else:
            lines.append(f"package {name} {old or '(not used)'} -> {new or '(not used)'}")
    return lines


def _recorded(repo: "Repo", md5: str, file: Path) -> list[str] | None:
    """Read what `code` had listed when a stage ran, from DVC's cache or from the file that it wrote last."""
    for path in (Path(repo.cache.local.oid_to_path(md5)), file):
        if path.exists() and files.md5(path) == md5:
            return path.read_text(encoding="utf-8").splitlines()
    return None


def _versions(lines: list[str]) -> dict[str, str]:
    """Map modules to their hashes, and packages to their versions."""
    pairs = (line.split(" ", 1) for line in lines)
    return dict((second, first) if HASH.fullmatch(first) else (first, second) for first, second in pairs)


def _note_unwatched_packages(reasons: dict[str, list[str]], stages: Mapping[str, "PipelineStage"]) -> None:
    """Add how to run what DVC does not see, such as a package that was installed without an edit of the lock file."""
    unseen = any(line.startswith(("code ", "package ")) for lines in reasons.values() for line in lines)
    if layout.CODE.name in stages and unseen and not reasons[layout.CODE.name]:
        reasons[layout.CODE.name] = [UNSEEN]


def _changed_files(status: list[Any], running: Mapping[str, list[str]], writers: Mapping[str, str]) -> list[str]:
    lines = []
    for entry in status:
        if entry == "changed command":
            lines.append("its command in dvc.yaml changed")
        elif isinstance(entry, Mapping):
            for path, change in entry.get("changed deps", {}).items():
                known = (
                    path == str(config.PARAMS) or Path(path).parent == layout.CODE
                )  # named key by key, and by module
                if not known and not running.get(writers.get(path, "")):
                    lines.append(f"{_kind(path)} {path}: {_said(change)}")
            for path, change in entry.get("changed outs", {}).items():
                lines.append(f"its output {path}: {_said(change)}")
    return lines


def _changed_params(stage: "PipelineStage", params: Mapping[str, Any]) -> list[str]:
    """Compare what dvc.lock recorded for a stage with the parameters to come."""
    lines = []
    for dependency in stage.params:
        if dependency.def_path != str(config.PARAMS):
            continue
        recorded = dependency.hash_info.value or {}
        names = dependency.params or [*params, *recorded]
        now = {key: value for key in names if (value := _lookup(params, key)) is not None}
        before = {key: value for key in names if (value := recorded.get(key)) is not None}
        if before or not stage.changed_stage():
            lines += [f"parameter {line}{_where(line)}" for line in config.differences(before, now)]
    return lines


def _changed_params_file(stage: "PipelineStage", params: Mapping[str, Any], status: list[Any]) -> list[str]:
    """Compare params.yaml as a whole, for a stage that reads all of it; `compose` writes it."""
    whole_files = [str(each) for each in stage.deps if each not in stage.params]  # keys count as a dependency, too
    if stage.name == "compose" or str(config.PARAMS) not in whole_files:
        return []
    modified = any(str(config.PARAMS) in each.get("changed deps", {}) for each in status if isinstance(each, Mapping))
    same = not modified and config.PARAMS.exists() and config.read_yaml(config.PARAMS) == params
    return [] if same else [f"parameters {config.PARAMS}: changed"]


def _changed_query(stage: "PipelineStage", params: Mapping[str, Any]) -> list[str]:
    """Compare the query that `compose` would hand on with the one that it handed on last."""
    handed_on = layout.FEATURES_SQL
    if str(handed_on) not in map(str, stage.deps) or not handed_on.exists():
        return []
    same = query(params) == handed_on.read_text(encoding="utf-8")
    return [] if same else [f"query features.sql: changed  ({config.CONF / 'features'}/)"]


def _upstream(stage: "PipelineStage", running: Mapping[str, list[str]], writers: Mapping[str, str]) -> list[str]:
    lines = []
    for dependency in stage.deps:
        if Path(str(dependency)).parent == layout.CODE:
            continue
        writer = writers.get(str(dependency)) or _writer_of_parent(str(dependency), writers)
        if writer and running.get(writer) and writer != "compose":
            lines.append(f"{dependency} may change: {writer} writes it anew")
    return lines


def _writer_of_parent(path: str, writers: Mapping[str, str]) -> str | None:
    return next((writers[str(parent)] for parent in Path(path).parents if str(parent) in writers), None)


def _lookup(params: Mapping[str, Any], key: str) -> Any:
    value: Any = params
    for part in key.split("."):
        if not isinstance(value, Mapping) or part not in value:
            return None
        value = value[part]
    return value


def _where(line: str) -> str:
    """Name the file of conf/ that a key most likely stands in."""
    group = line.split(".")[0].split(":")[0]
    folder = config.CONF / group
    return f"  ({folder}/)" if folder.is_dir() else f"  ({config.CONF}/config.yaml)"


def _kind(path: str) -> str:
    kinds = {str(config.CONF): "configuration", "requirements.lock": "packages", "vendor": "code"}
    return kinds.get(path, "code" if path.startswith(("src/", "engine/")) else "data")


def _said(change: str) -> str:
    return {"modified": "changed", "new": "never read before", "deleted": "missing", "not in cache": "missing"}.get(
        change, change
    )
