"""The overrides of the applied experiment: what params.yaml holds beyond conf/, kept in conf/overrides.yaml."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from cairn import config
from cairn.errors import InputError
from cairn.files import written

__all__ = ["describe", "write"]

HEADER = """# What the applied experiment changes, as `dvc exp run -S` takes it. `compose` writes this list under
# `dvc exp run` and composes with it otherwise. `cairn keep NAME` makes it a recipe, `cairn reset` empties it.
"""
WORD = re.compile(r"[A-Za-z_][\w./-]*", re.ASCII)  # text that Hydra reads as text without quotes
LITERALS = {"null", "true", "false", "nan", "inf"}  # unless it is one of these
KEY = re.compile(r"[A-Za-z_][\w-]*", re.ASCII)


class Difference(NamedTuple):
    """What differs between parameters and what conf/ composes to.

    Parameters
    ----------
    choices : group -> the file chosen instead
    composed : what conf/ composes to with these choices
    params : the parameters; they differ from `composed` in single keys
    """

    choices: dict[str, str]
    composed: dict[str, Any]
    params: Mapping[str, Any]

    def overrides(self) -> list[str]:
        """Return the difference as overrides in Hydra's grammar."""
        chosen = [f"{group}={name}" for group, name in self.choices.items()]
        return [*chosen, *_changed_keys(self.composed, self.params)]


def find(params: Mapping[str, Any], bare: Sequence[str] = ()) -> Difference:
    """Find the files that were swapped and, with those in place, the keys that differ.

    params.yaml does not name the file of a group: it is the one that leaves the fewest lines of difference.

    Parameters
    ----------
    params : composed parameters, before any parameter is taken out of the search space
    bare : overrides of what to compare with, such as `~experiment` to leave a default experiment out
    """
    composed, chosen = config.compose(bare)
    choices: dict[str, str] = {}
    for group in sorted(chosen, key=lambda group: group != "data"):  # a data set brings files of other groups along
        if name := _swapped(group, chosen[group], composed, params):
            choices[group] = name
            composed, chosen = config.compose([*bare, *(f"{key}={value}" for key, value in choices.items())])
    return Difference(choices, composed, params)


def infer(params: Mapping[str, Any]) -> tuple[list[str], dict[str, Any]]:
    """Return the overrides that conf/ needs to compose to given parameters, and what it composes to with them.

    Parameters
    ----------
    params : what DVC composed under an experiment

    Raises
    ------
    InputError : no list of overrides composes to them
    """
    difference = find(params)
    overrides, composed = difference.overrides(), difference.composed
    trouble = None
    try:
        composed = config.compose(overrides)[0] if overrides else composed
    except InputError as error:
        trouble = str(error)
    if trouble or not same(composed, params):
        trouble = trouble or next(iter(config.differences(composed, params)), "a value of another type")
        raise InputError(f"{config.OVERRIDES}: cannot list the overrides of this experiment: {trouble}")
    return overrides, composed


def require_choices(overrides: Sequence[str], params: Mapping[str, Any]) -> None:
    """Refuse an override of a key whose group has another choice in conf/ than when params.yaml was composed.

    Raises
    ------
    InputError : conf/config.yaml chooses another model, say, and `model.max_depth` is still overridden
    """
    before = (config.read_yaml(config.PARAMS) if config.PARAMS.exists() else None) or {}
    keys = {config.override_key(override): override for override in overrides}
    for key, override in keys.items():
        group, below, _ = key.partition(".")
        was, now = _target(before.get(group)), _target(params.get(group))
        if below and group not in keys and was and was != now:
            raise InputError(
                f"{config.OVERRIDES}: {override} was applied to {was}, and conf/ chooses {now} now; "
                f"edit it, or drop its overrides by `cairn reset`"
            )


def describe(before: Sequence[str], now: Sequence[str]) -> list[str]:
    """Describe the applied overrides in a line, and in another those that an experiment has dropped."""
    keys = {config.override_key(override) for override in now}
    dropped = [override for override in before if override not in now and config.override_key(override) not in keys]
    lines = []
    if dropped:
        remedy = "an experiment starts from conf/ without them, so repeat them by -S, or `cairn keep NAME --default`"
        lines.append(f"{config.OVERRIDES}: dropped {', '.join(dropped)} ({remedy} before it)")
    if now:
        lines.append(f"{config.OVERRIDES}: applied {', '.join(now)} (`cairn keep NAME` or `cairn reset` ends it)")
    return lines


def write(overrides: Sequence[str], folder: Path = config.CONF) -> None:
    """Write conf/overrides.yaml."""
    with written(folder / config.OVERRIDES.name) as partial:
        partial.write_text(HEADER + yaml.safe_dump(list(overrides), width=1000, allow_unicode=True), encoding="utf-8")


def same(one: Any, other: Any) -> bool:
    """Compare strictly: 1, 1.0 and true are three values."""
    return json.dumps(one, sort_keys=True, default=str) == json.dumps(other, sort_keys=True, default=str)


def _swapped(group: str, chosen: str, composed: Mapping[str, Any], params: Mapping[str, Any]) -> str | None:
    """Return the file of a group that is nearer to the parameters than the chosen one; None if there is none."""
    if group not in composed or group not in params or same(composed[group], params[group]):
        return None
    targets = [_target(params[group]), _target(composed[group])]
    lines = {
        path.stem: _count_lines(_node(group, path), params[group])
        for path in sorted((config.CONF / group).glob("*.yaml"))
        if path.stem != chosen and _target(config.read_yaml(path)) == targets[0]
    }
    best = min(lines, key=lines.__getitem__, default=None)
    if best and (targets[0] != targets[1] or lines[best] + 1 < _count_lines(composed[group], params[group])):
        return best
    return None


def _node(group: str, path: Path) -> Any:
    """Read a choice as Hydra composes it; a file without a defaults list and interpolations is plain YAML."""
    text = path.read_text(encoding="utf-8")
    if "${" in text or re.search(r"^defaults:", text, re.M):
        return config.compose([f"{group}={path.stem}"])[0].get(group)
    return config.parse_yaml(text)


def _target(node: Any) -> Any:
    return node.get("_target_") if isinstance(node, Mapping) else None


def _count_lines(old: Any, new: Any) -> int:
    """Count the lines of YAML that turn one node into another."""
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        gone = sum(key not in new for key in old)
        return gone + sum(_count_lines(old[key], value) if key in old else _lines(value) for key, value in new.items())
    return 0 if same(old, new) else _lines(new)


def _lines(value: Any) -> int:
    return len(config.dump({"value": value}).splitlines())


def _changed_keys(old: Mapping[str, Any], new: Mapping[str, Any], place: str = "") -> Iterator[str]:
    for key in old:
        if key not in new:
            yield f"~{place}{key}"
    for key, value in new.items():
        if key not in old:
            yield f"+{place}{key}={_spell(value)}"
        elif isinstance(value, Mapping) and isinstance(old[key], Mapping):
            changed = [name for name in {**old[key], **value} if not same(old[key].get(name), value.get(name))]
            if all(KEY.fullmatch(str(name)) for name in changed):
                yield from _changed_keys(old[key], value, f"{place}{key}.")
            else:  # a key with a space, say, can stand in a mapping alone
                yield f"++{place}{key}={_spell({name: value[name] for name in changed if name in value})}"
        elif not same(old[key], value):
            yield f"{place}{key}={_spell(value)}"


def _spell(value: Any) -> str:
    """Write a value in Hydra's override grammar."""
    from hydra.core.override_parser.types import Quote, QuotedString

    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, Mapping):
        return "{" + ",".join(f"{key}:{_spell(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ",".join(_spell(item) for item in value) + "]"
    if not isinstance(value, str):
        return repr(value)
    if WORD.fullmatch(value) and value.lower() not in LITERALS:
        return value
    return QuotedString(value.replace("${", r"\${"), Quote.single).with_quotes()
