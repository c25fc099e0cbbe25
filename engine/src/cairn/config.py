"""Compose conf/ into params.yaml, check it, and hand it to the stages; the one place that knows Hydra."""

import dataclasses
import importlib
import inspect
import os
import re
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from cairn.errors import InputError, did_you_mean
from cairn.files import written

__all__ = [
    "CONF",
    "PARAMS",
    "applied",
    "call",
    "compose",
    "differences",
    "load",
    "locate",
    "read_yaml",
    "run",
    "write",
]

CONF = Path("conf")
PARAMS = Path("params.yaml")
OVERRIDES = CONF / "overrides.yaml"
SETTINGS = {"seed", "trusted", "signature", "training", "evaluation"}  # keys of conf/config.yaml beside the choices
RESERVED = {"model": {"balance", "space", "starts", "finish"}}  # keys of a node that are not its function's arguments


def load() -> dict[str, Any]:
    """Read params.yaml, or compose conf/ anew with the Hydra overrides that stand on the command line."""
    if overrides := sys.argv[1:]:
        params, choices = compose_applied(overrides)
        check(params, choices)
        return params
    if not PARAMS.exists():
        raise InputError(f"{PARAMS}: not there yet; `dvc repro compose` writes it from {CONF}/")
    return read_yaml(PARAMS)


def compose(overrides: Sequence[str] = (), folder: Path = CONF) -> tuple[dict[str, Any], dict[str, str]]:
    """Compose conf/ as Hydra does.

    Parameters
    ----------
    overrides : in Hydra's grammar, such as `model=random_forest` or `model.max_depth=3`
    folder : a copy of conf/ to compose instead, for one who tries a change of it

    Returns
    -------
    tuple : the parameters, and the file chosen for each group, such as `{"model": "xgboost"}`

    Raises
    ------
    InputError : a choice that is no file, a key that is not there, YAML that does not parse
    """
    import hydra
    from hydra.errors import HydraException
    from omegaconf import OmegaConf
    from omegaconf.errors import OmegaConfBaseException
    from yaml import YAMLError

    try:
        with hydra.initialize_config_dir(str(folder.resolve()), version_base=None):
            config = hydra.compose("config", overrides=list(overrides), return_hydra_config=True)
        choices = {group: name for group, name in config.hydra.runtime.choices.items() if "/" not in group}
        OmegaConf.set_struct(config, False)
        del config["hydra"]
        params = OmegaConf.to_container(config, resolve=True)
    except (HydraException, OmegaConfBaseException, YAMLError) as error:
        raise InputError(_hydra_says(error, overrides)) from error
    return params, choices  # type: ignore[return-value]


def compose_applied(given: Sequence[str] = (), folder: Path = CONF) -> tuple[dict[str, Any], dict[str, str]]:
    """Compose conf/ with the overrides of the applied experiment, which conf/overrides.yaml lists.

    Parameters
    ----------
    given : further overrides; of two for one key they win
    folder : a copy of conf/ to compose instead

    Returns
    -------
    tuple : the parameters, and the file chosen for each group

    Raises
    ------
    InputError : conf/ does not compose, or an override no longer fits it
    """
    listed = applied(folder)
    try:
        return compose(combine(listed, given, folder), folder)
    except InputError as error:
        if not listed:
            raise
        compose(given, folder)  # where this fails too, the fault is not in the listed overrides
        raise InputError(f"{OVERRIDES}: {error}; edit it, or drop its overrides by `cairn reset`") from error


def applied(folder: Path = CONF) -> list[str]:
    """Return the overrides of the applied experiment, in Hydra's grammar; none if there is no such file.

    Raises
    ------
    InputError : conf/overrides.yaml is not a list of overrides
    """
    from yaml import YAMLError

    path = folder / OVERRIDES.name
    try:
        listed = (read_yaml(path) if path.exists() else None) or []
    except YAMLError as error:
        raise InputError(f"{OVERRIDES}: {' '.join(str(error).split())}") from error
    if not isinstance(listed, list) or not all(isinstance(item, str) for item in listed):
        raise InputError(
            f"{OVERRIDES}: must be a list of overrides such as `- model.max_depth=4`; `cairn reset` empties it"
        )
    return listed


def combine(listed: Sequence[str], given: Sequence[str], folder: Path = CONF) -> list[str]:
    """Add overrides to others: they replace those for the same key, and a new choice those for keys of the old one."""
    if not listed or not given:
        return [*listed, *given]
    keys = {override_key(override) for override in given}
    groups = tuple(f"{key}." for key in keys if (folder / key).is_dir())
    kept = [each for each in listed if (key := override_key(each)) not in keys and not key.startswith(groups)]
    return [*kept, *given]


def override_key(override: str) -> str:
    """Return the group or the dotted key that an override sets: `model` of `model=linear`.

    Raises
    ------
    InputError : it is not in Hydra's grammar
    """
    from hydra.core.override_parser.overrides_parser import OverridesParser
    from hydra.errors import HydraException

    try:
        return OverridesParser.create().parse_override(override).key_or_group
    except HydraException as error:
        raise InputError(_hydra_says(error, [override])) from error


def dump(params: Mapping[str, Any]) -> str:
    """Spell parameters exactly as DVC spells what it composes, so that both write the same params.yaml."""
    from omegaconf import OmegaConf

    return OmegaConf.to_yaml(OmegaConf.create(dict(params)))


def write(params: Mapping[str, Any]) -> None:
    """Write params.yaml."""
    with written(PARAMS) as partial:
        partial.write_text(dump(params), encoding="utf-8")


def differences(old: Mapping[str, Any], new: Mapping[str, Any], prefix: str = "") -> list[str]:
    """Say which keys differ, as `model.max_depth: 6 -> 8`."""
    lines = []
    for key in dict.fromkeys([*old, *new]):
        before, after = old.get(key), new.get(key)
        if before == after:
            continue
        if isinstance(before, Mapping) and isinstance(after, Mapping):
            lines += differences(before, after, f"{prefix}{key}.")
        else:
            lines.append(f"{prefix}{key}: {_short(before)} -> {_short(after)}")
    return lines


def read_yaml(path: Path) -> Any:
    """Read a file of plain YAML, as DVC reads params.yaml."""
    return parse_yaml(path.read_text(encoding="utf-8"))


def parse_yaml(text: str) -> Any:
    """Read plain YAML."""
    import yaml

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # the same in C, where it is built
    return yaml.load(text, Loader=loader)  # noqa: S506


def check(
    params: Mapping[str, Any],
    choices: Mapping[str, str],
    closer: Mapping[str, Callable[[Mapping[str, Any]], object]] | None = None,
) -> None:
    """Hold every node against the signature of the function or class that it names.

    Parameters
    ----------
    params : what conf/ composed to
    choices : the file chosen for each group, for the message
    closer : group -> what else looks at its node, and raises InputError

    Raises
    ------
    InputError : an unknown or missing key, a value of the wrong type, or a `_target_` that is not there
    """
    known = SETTINGS | {path.name for path in CONF.iterdir() if path.is_dir() and any(path.glob("*.yaml"))}
    for key in params:
        if key == "experiment":
            file = f"conf/experiment/{choices.get('experiment', '*')}.yaml"
            raise InputError(f"{file}: write `# @package _global_` as the first line, or nothing sees its keys")
        if key not in known:
            raise InputError(f"{_place(key, '', choices)}: no such key {did_you_mean(key, known)}")
    for key in sorted(known - {"experiment"}):
        if key not in params:
            raise InputError(f"conf/config.yaml: {key} is missing")
    if trouble := type_trouble(int, params["seed"]):
        raise InputError(f"conf/config.yaml: seed: {trouble}")
    for group, node in params.items():
        if not isinstance(node, Mapping):
            continue
        for name, inner in {"": node, **node}.items():  # a group may be one node, or hold several, as conf/report does
            if isinstance(inner, Mapping) and "_target_" in inner:
                _check_node(group, inner, choices, inside=f"{name}." if name else "")
    for group, look in (closer or {}).items():
        try:
            look(params[group])
        except InputError as error:
            raise InputError(f"{_file_of(group, choices)}: {error}") from error


def own_values(group: str, node: Mapping[str, Any], folder: Path = CONF) -> dict[str, Any]:
    """Return a node as its file in conf/ has it, before any override; empty if no file names its `_target_`.

    Of several such files it is the one that differs least.
    """
    contents = [read_yaml(path) for path in sorted((folder / group).glob("*.yaml"))]
    alike = [each for each in contents if isinstance(each, dict) and each.get("_target_") == node["_target_"]]
    return min(alike, key=lambda each: len(differences(each, node)), default={})


def call(node: Mapping[str, Any], **given: Any) -> Any:
    """Call the function, or make the object, that a node names, with the node's keys as keyword arguments.

    Parameters
    ----------
    node : a mapping with `_target_`
    **given : arguments that only the caller has, such as the table; they win over the node's
    """
    target = locate(node["_target_"])
    return target(**{key: value for key, value in node.items() if key != "_target_"} | given)


def locate(name: str) -> Callable[..., Any]:
    """Find the function or class with a dotted name.

    Raises
    ------
    InputError : no such module, or nothing of that name in it
    """
    module_name, _, attribute = name.rpartition(".")
    try:
        module = importlib.import_module(module_name)
    except (ImportError, ValueError) as error:
        raise InputError(f"_target_: cannot import {name!r}: {error}") from error
    if not hasattr(module, attribute):
        names = [each for each in vars(module) if not each.startswith("_")]
        raise InputError(f"_target_: nothing named {attribute!r} in {module_name} {did_you_mean(attribute, names)}")
    return getattr(module, attribute)


def run(main: Callable[[], None]) -> None:
    """Run a stage or a command; an expected error becomes one line on standard error and exit code 1."""
    # Threads that wait should sleep: spinning, they take the cores from those that work, ten times over when shared.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    try:
        main()
    except InputError as error:
        sys.exit(f"error: {error}")
    except FileNotFoundError as error:
        sys.exit(f"error: {error.filename}: no such file; `dvc repro` runs the stages that make it")
    except BrokenPipeError:  # the reader, such as `head`, has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)


def type_trouble(annotation: Any, value: Any) -> str | None:
    """Say why a value is not of the annotated type, or None; what is not annotated is not checked."""
    from pydantic import ConfigDict, TypeAdapter, ValidationError

    if annotation is inspect.Parameter.empty or isinstance(annotation, str):
        return None
    try:
        TypeAdapter(annotation, config=ConfigDict(arbitrary_types_allowed=True)).validate_python(value, strict=True)
    except ValidationError as error:
        troubles = error.errors()
        expected = " ".join(str(trouble.get("ctx", {}).get("expected", "")) for trouble in troubles)
        options = re.findall(r"'([^']*)'", expected)
        if options and isinstance(value, str):
            return f"{value!r} is none of {', '.join(options)} {did_you_mean(value, options)}"
        message = troubles[0]["msg"]
        return f"{value!r}: {message[0].lower()}{message[1:]}"
    return None


def _check_node(group: str, node: Mapping[str, Any], choices: Mapping[str, str], inside: str) -> None:
    def complain(key: str, trouble: str) -> InputError:
        return InputError(f"{_place(group, inside + key, choices)}: {trouble}")

    try:
        target = locate(node["_target_"])
    except InputError as error:
        raise complain("_target_", str(error).removeprefix("_target_: ")) from error
    parameters = inspect.signature(target).parameters
    open_ended = any(each.kind is inspect.Parameter.VAR_KEYWORD for each in parameters.values())
    keys = {key: value for key, value in node.items() if key not in {"_target_", *RESERVED.get(group, ())}}
    for key, value in keys.items():
        if key not in parameters and not open_ended:
            raise complain(key, f"no such key for {node['_target_']} {did_you_mean(key, parameters)}")
        if key in parameters and (trouble := type_trouble(parameters[key].annotation, value)):
            raise complain(key, trouble)
    if dataclasses.is_dataclass(target):
        try:
            target(**keys)
        except (InputError, TypeError) as error:
            raise InputError(f"{_file_of(group, choices)}: {error}") from error


def _file_of(group: str, choices: Mapping[str, str]) -> str:
    if group in SETTINGS:
        return str(CONF / "config.yaml")
    return str(CONF / group / f"{choices[group]}.yaml" if group in choices else PARAMS)


def _place(group: str, key: str, choices: Mapping[str, str]) -> str:
    """Name the file of conf/ in which a person would look for a key, and the key as it stands there."""
    recipe = CONF / "experiment" / f"{choices.get('experiment')}.yaml"
    said = read_yaml(recipe) or {} if recipe.exists() else {}
    if group in said and (not key or _has(said[group], key)):
        return f"{recipe}: {group}{'.' if key else ''}{key}"
    if not key:
        return f"{CONF / 'config.yaml'}: {group}"
    own = CONF / group / f"{choices.get(group)}.yaml"
    for path, spelled in ((own, key), (CONF / "config.yaml", f"{group}.{key}")):
        if choices and path.exists() and _has(read_yaml(path), spelled):
            return f"{path}: {spelled if group in choices else key}"
    return f"{PARAMS}: {group}.{key}"  # of an override


def _has(content: Any, key: str) -> bool:
    """Say whether a mapping holds a dotted key."""
    for part in key.split("."):
        if not isinstance(content, Mapping) or part not in content:
            return False
        content = content[part]
    return True


def _lister(group: str, name: str) -> Path:
    """Find the file of conf/ whose defaults list names a choice."""
    entry = re.compile(rf"^ *- +(?:override +)?/?{group}(?:@[\w.]+)?: *{re.escape(name)}\b", re.M)
    paths = (path for path in sorted(CONF.rglob("*.yaml")) if entry.search(path.read_text(encoding="utf-8")))
    return next(paths, CONF / "config.yaml")


def _short(value: Any) -> str:
    text = "unset" if value is None else " ".join(str(value).split())
    return text if len(text) <= 60 else f"{text[:57]}..."


def _hydra_says(error: Exception, overrides: Sequence[str]) -> str:
    """Turn what Hydra, OmegaConf or YAML raised into one line that names the file and the nearest choice."""
    from hydra.errors import MissingConfigException

    if isinstance(error, MissingConfigException) and error.missing_cfg_file and error.options:
        group, _, name = error.missing_cfg_file.rpartition("/")
        said = next((each for each in overrides if each.lstrip("+") == f"{group}={name}"), None)
        where = f"override {said}" if said else f"{_lister(group, name)}: {group}"
        return f"{where}: no file conf/{group}/{name}.yaml {did_you_mean(name, error.options)}"
    if found := re.match(r"Could not override '(.+?)'", str(error)):
        return f"override {found[1]}: conf/ has no such key"
    if mark := getattr(error, "problem_mark", None):
        parts = Path(mark.name).parts  # of a copy of conf/ too
        file = CONF.joinpath(*parts[len(parts) - parts[::-1].index(CONF.name) :])
        return f"{file}: line {mark.line + 1}: {getattr(error, 'problem', 'not YAML')}"
    return "conf: " + " ".join(str(error).split("\nSee https")[0].split())
