"""Keep the overrides of an applied experiment as conf/experiment/NAME.yaml: `cairn keep`."""

import argparse
import re
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cairn import config, overrides
from cairn.errors import InputError
from cairn.files import written

CONFIG = config.CONF / "config.yaml"
RECIPES = config.CONF / "experiment"
NOT_A_NAME = {"null", "true", "false", "yes", "no", "on", "off", "y", "n", "nan", "inf"}  # YAML or Hydra read them


def keep(name: str, *, default: bool = False) -> str:
    """Write the overrides that conf/overrides.yaml lists as conf/experiment/NAME.yaml.

    The list then names the recipe in their place, or is empty if the recipe is the default, so that conf/ composes to
    the same params.yaml as before; a copy of conf/ proves it first.

    Parameters
    ----------
    name : of the new file
    default : also list it in conf/config.yaml, in place of an experiment that is listed there

    Returns
    -------
    str : what was written, and how to run it again

    Raises
    ------
    InputError : no overrides are applied, a name that is bad or taken, or a change that a file of conf/ cannot express
    """
    path = _path(name)
    listed = config.applied()
    if not listed:
        raise _refused(f"{config.OVERRIDES} lists no overrides; apply an experiment first, by `dvc exp apply`")
    params, _ = config.compose_applied()
    by_default = "experiment" in config.compose()[1]
    override = f"{'' if by_default else '+'}experiment={name}"
    text = _text(_recipe(params, bare=["~experiment"] if by_default else []))
    if listed == [override] and path.exists():
        text = path.read_text(encoding="utf-8")
    elif path.exists() and not overrides.same(config.read_yaml(path), config.parse_yaml(text)):
        raise _refused(f"{path} exists already with other content; give another name")
    config_text = _with_default(CONFIG.read_text(encoding="utf-8"), name) if default else None
    remaining = [] if default else [override]
    _prove(params, {path: text} | ({CONFIG: config_text} if config_text else {}), remaining)
    if not path.exists():
        _write(path, text)
    if config_text:
        _write(CONFIG, config_text)
    overrides.write(remaining)
    then = f"the default from now on, by {CONFIG}" if default else f"run it again with `dvc exp run -S {override}`"
    return f"{text}\n{path}: {then}"


def main(options: argparse.Namespace) -> None:
    """Run `cairn keep`."""
    print(keep(options.name, default=options.default))


def _path(name: str) -> Path:
    if not re.fullmatch(r"[A-Za-z][A-Za-z0-9_-]*", name) or name.lower() in NOT_A_NAME:
        raise _refused(f"{name!r} is not a valid name in {RECIPES}/: a letter, then letters, digits, - and _")
    return RECIPES / f"{name}.yaml"


def _recipe(params: Mapping[str, Any], bare: list[str]) -> dict[str, Any]:
    """Write the difference to conf/ as a file of conf/: choices in its defaults list, keys below."""
    difference = overrides.find(params, bare)
    swaps = [{f"override /{group}": name} for group, name in difference.choices.items()]
    return ({"defaults": swaps} if swaps else {}) | _changes(difference.composed, params)


def _changes(old: Mapping[str, Any], new: Mapping[str, Any], place: str = "") -> dict[str, Any]:
    for key in old:
        if key not in new:
            raise _refused(f"a file of {RECIPES}/ cannot take {place}{key} away, as the applied experiment does")
    changes: dict[str, Any] = {}
    for key, value in new.items():
        if isinstance(value, Mapping) and isinstance(old.get(key), Mapping):
            if below := _changes(old[key], value, f"{place}{key}."):
                changes[key] = below
        elif key not in old or not overrides.same(old[key], value):
            changes[key] = value
    return changes


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


def _prove(params: Mapping[str, Any], texts: Mapping[Path, str], remaining: list[str]) -> None:
    """Compose a copy of conf/ with the new texts, and refuse them if that does not give the applied parameters."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch) / config.CONF
        shutil.copytree(config.CONF, folder)
        for path, text in texts.items():
            (Path(scratch) / path).parent.mkdir(exist_ok=True)
            (Path(scratch) / path).write_text(text, encoding="utf-8")
        overrides.write(remaining, folder)
        composed, _ = config.compose_applied(folder=folder)
    if not overrides.same(composed, params):
        first = next(iter(config.differences(composed, params)), "a value of another type")
        raise _refused(f"a file of {RECIPES}/ cannot express this: {first}")


def _write(path: Path, text: str) -> None:
    with written(path) as partial:
        partial.write_text(text, encoding="utf-8")


def _refused(reason: str) -> InputError:
    return InputError(f"cairn keep: {reason}")
