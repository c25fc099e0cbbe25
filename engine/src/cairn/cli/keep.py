"""Keep what an applied experiment changed as conf/experiment/NAME.yaml, so that the next composing does not lose it."""

import copy
import json
import math
import re
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from cairn import config
from cairn.composition import fix_overridden_params
from cairn.errors import InputError
from cairn.files import written
from cairn.search import search

CONFIG = config.CONF / "config.yaml"
RECIPES = config.CONF / "experiment"
NOT_A_NAME = {"null", "true", "false", "yes", "no", "on", "off", "y", "n", "nan", "inf"}  # YAML or Hydra read them


def keep(name: str, *, default: bool = False) -> str:
    """Write the difference between params.yaml and what conf/ composes to as conf/experiment/NAME.yaml.

    Composing with `+experiment=NAME` then gives params.yaml again; a copy of conf/ proves it first.

    Parameters
    ----------
    name : of the new file
    default : also list it in conf/config.yaml, in place of an experiment that is listed there

    Returns
    -------
    str : what was written, and how to run it again

    Raises
    ------
    InputError : nothing changed, a name that is bad or taken, no params.yaml, or a change that conf/ cannot express
    """
    path = _path(name)
    applied = _applied()
    composed, choices = _composed()
    listed = "experiment" in choices
    if _same(composed, applied):
        raise _refused(f"nothing changed, since {config.PARAMS} is what conf/ composes to; apply an experiment first")
    recipe = _recipe(applied, bare=["~experiment"] if listed else [])
    text = _text(recipe)
    if path.exists() and not _same(config.read_yaml(path), recipe):
        raise _refused(f"{path} is there already and says something else; give another name")
    config_text = _with_default(CONFIG.read_text(encoding="utf-8"), name) if default else None
    override = f"{'' if listed else '+'}experiment={name}"
    _prove(applied, {path: text} | ({CONFIG: config_text} if config_text else {}), [] if default else [override])
    if not path.exists():
        _write(path, text)
    if config_text:
        _write(CONFIG, config_text)
    then = f"the default from now on, by {CONFIG}" if default else f"run it again with `dvc exp run -S {override}`"
    return f"{text}\n{path}: {then}"


def _path(name: str) -> Path:
    if not re.fullmatch(r"[A-Za-z][A-Za-z0-9_-]*", name) or name.lower() in NOT_A_NAME:
        raise _refused(f"{name!r} is no name for a file of {RECIPES}/: a letter, then letters, digits, - and _")
    return RECIPES / f"{name}.yaml"


def _applied() -> dict[str, Any]:
    if not config.PARAMS.exists():
        raise _refused(f"no {config.PARAMS} here; `dvc exp apply EXPERIMENT` brings an experiment's")
    return config.read_yaml(config.PARAMS)


def _composed(overrides: Sequence[str] = (), folder: Path = config.CONF) -> tuple[dict[str, Any], dict[str, str]]:
    """Compose as the stage does, which takes what was said out of the space."""
    params, choices = config.compose(overrides, folder)
    fix_overridden_params(params["model"])
    return params, choices


def _recipe(applied: Mapping[str, Any], bare: Sequence[str]) -> dict[str, Any]:
    """Find the files that were swapped and, with those in place, the keys that differ.

    params.yaml does not tell which file a group came from: it is the one that leaves the least to be said.
    """
    overrides, swaps = list(bare), []
    composed, choices = config.compose(bare)
    for group in choices:  # data first, which may bring files of other groups along
        if name := _swap(group, composed, applied, overrides):
            overrides.append(f"{group}={name}")
            swaps.append({f"override /{group}": name})
            composed, _ = config.compose(overrides)
    return ({"defaults": swaps} if swaps else {}) | _changes(composed, applied)


def _swap(group: str, composed: Mapping[str, Any], applied: Mapping[str, Any], overrides: Sequence[str]) -> str | None:
    """Name the file of a group that leaves less to be said about the applied node than the chosen one; None if none."""
    now = _left(group, composed, applied) if group in applied else 0
    if now == 0:
        return None
    names = [path.stem for path in sorted((config.CONF / group).glob("*.yaml")) if _may_be(path, applied[group])]
    lines = {name: _left(group, config.compose([*overrides, f"{group}={name}"])[0], applied) for name in names}
    best = min(names, key=lines.__getitem__, default="")
    return best if best and lines[best] + 1 < now else None


def _left(group: str, composed: Mapping[str, Any], applied: Mapping[str, Any]) -> float:
    """Count the lines that are still to be said about a group; infinite where a key would have to be taken away."""
    try:
        changes = _changes({group: composed[group]}, {group: applied[group]})
    except InputError:
        return math.inf
    return len(config.dump(changes).splitlines()) - 1 if changes else 0


def _may_be(path: Path, node: Any) -> bool:
    targets = [each.get("_target_") if isinstance(each, Mapping) else None for each in (config.read_yaml(path), node)]
    return targets[0] == targets[1]


def _changes(composed: Mapping[str, Any], applied: Mapping[str, Any]) -> dict[str, Any]:
    """Give what of `applied` stands otherwise in `composed`; what was said is not in the applied model's space."""
    if isinstance(model := composed.get("model"), Mapping):
        applied_keys = {key: value for key, value in applied["model"].items() if key not in search.KEYS}
        said = copy.deepcopy(dict(model)) | applied_keys
        fix_overridden_params(said)
        composed = {**composed, "model": {**model, **{key: said[key] for key in search.KEYS if key in model}}}
    return _differing(composed, applied)


def _differing(old: Mapping[str, Any], new: Mapping[str, Any], place: str = "") -> dict[str, Any]:
    for key in old:
        if key not in new:
            raise _refused(f"{config.PARAMS} has no {place}{key}, and a file of {RECIPES}/ cannot take a key away")
    changes: dict[str, Any] = {}
    for key, value in new.items():
        if isinstance(value, Mapping) and isinstance(old.get(key), Mapping):
            if below := _differing(old[key], value, f"{place}{key}."):
                changes[key] = below
        elif key not in old or not _same(old[key], value):
            changes[key] = value
    return changes


def _same(one: Any, other: Any) -> bool:
    """Compare strictly: 1, 1.0 and true are three values."""
    return json.dumps(one, sort_keys=True, default=str) == json.dumps(other, sort_keys=True, default=str)


def _text(recipe: Mapping[str, Any]) -> str:
    return "# @package _global_\n# Kept from an experiment by `cairn keep`.\n" + config.dump(recipe)


def _with_default(text: str, name: str) -> str:
    """List the experiment in the text of conf/config.yaml: in place of the one listed there, or as the last entry."""
    listed = re.compile(r"^( *- +experiment *: *)[^\s#]+", re.M)
    if listed.search(text):
        return listed.sub(lambda found: found[1] + name, text, count=1)
    block = re.search(r"^defaults: *(?:#.*)?\n((?: *#.*\n| *\n| *- .*\n)+)", text, re.M)
    entries = list(re.finditer(r"^( *)- .*\n", block[1], re.M)) if block else []
    if not block or not entries:
        raise _refused(f"{CONFIG}: the defaults list must have one entry a line")
    end = block.start(1) + entries[-1].end()
    return f"{text[:end]}{entries[-1][1]}- experiment: {name}\n{text[end:]}"


def _prove(applied: Mapping[str, Any], texts: Mapping[Path, str], overrides: Sequence[str]) -> None:
    """Compose a copy of conf/ with the new texts, and refuse them where that does not give the applied parameters."""
    with tempfile.TemporaryDirectory() as scratch:
        shutil.copytree(config.CONF, Path(scratch) / config.CONF)
        for path, text in texts.items():
            (Path(scratch) / path).parent.mkdir(exist_ok=True)
            (Path(scratch) / path).write_text(text, encoding="utf-8")
        composed, _ = _composed(overrides, Path(scratch) / config.CONF)
    if not _same(composed, applied):
        first = next(iter(config.differences(composed, applied)), "a value of another type")
        raise _refused(f"{RECIPES}/ cannot say this: {first}")


def _write(path: Path, text: str) -> None:
    with written(path) as partial:
        partial.write_text(text, encoding="utf-8")


def _refused(reason: str) -> InputError:
    return InputError(f"cairn keep: {reason}")
