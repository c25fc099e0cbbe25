"""Say in words why a stage would run: which key, which data, which code changed since it last ran."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cairn import config, layout
from cairn.composition import compose_applied, query
from cairn.errors import InputError, did_you_mean
from cairn.repository import repository

if TYPE_CHECKING:
    from dvc.repo import Repo
    from dvc.stage import PipelineStage


def why(name: str | None = None) -> dict[str, list[str]]:
    """Give the reasons for which stages would run at the next `dvc repro`.

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
        reasons: dict[str, list[str]] = {}
        writers = {str(out): each for each in stages for out in stages[each].outs}
        for each, stage in stages.items():
            reasons[each] = [
                *_changed_files(status.get(each, []), running=reasons, writers=writers),
                *_changed_params(stage, params),
                *_changed_query(stage, params),
                *_upstream(stage, running=reasons, writers=writers),
            ]
    return reasons if name is None else {name: reasons[name]}


def describe(reasons: Mapping[str, list[str]]) -> str:
    """Lay reasons out as text, a block for each stage that would run."""
    running = {name: lines for name, lines in reasons.items() if lines}
    if not running:
        one = next(iter(reasons)) if len(reasons) == 1 else None
        return f"Nothing changed: {one or 'no stage'} would {'not ' if one else ''}run."
    return "\n".join(f"{name}\n" + "\n".join(f"  - {line}" for line in lines) for name, lines in running.items())


def _in_order(repo: "Repo") -> dict[str, "PipelineStage"]:
    """List the stages as dvc.yaml does, which is reading order: a stage after those that it reads from."""
    return {stage.name: stage for stage in repo.index.stages if getattr(stage, "name", None)}


def _params_to_come(compose_status: Any) -> dict[str, Any]:
    """Give the parameters that the stages will see: conf/ composed anew where `compose` would run."""
    if compose_status or not config.PARAMS.exists():
        return compose_applied()
    return config.read_yaml(config.PARAMS)


def _changed_files(status: list[Any], running: Mapping[str, list[str]], writers: Mapping[str, str]) -> list[str]:
    lines = []
    for entry in status:
        if entry == "changed command":
            lines.append("its command in dvc.yaml changed")
        elif isinstance(entry, Mapping):
            for path, change in entry.get("changed deps", {}).items():
                if path != str(config.PARAMS) and not running.get(writers.get(path, "")):
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
    if path == str(config.CONF):
        return "configuration"
    return "code" if path.startswith("src") else "data"


def _said(change: str) -> str:
    return {"modified": "changed", "new": "never read before", "deleted": "missing", "not in cache": "missing"}.get(
        change, change
    )
