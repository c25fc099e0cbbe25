"""Compose conf/ into params.yaml and check every node against the function that it names."""

import copy
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from cairn import config, overrides
from cairn.bias.catalogue import MEASURES
from cairn.errors import InputError
from cairn.evaluation import gates, own_metrics
from cairn.evaluation.metrics import NAMES
from cairn.features import table
from cairn.features.sql import resolve_sql
from cairn.models import estimators
from cairn.report import settings
from cairn.search import search
from cairn.training import rules
from cairn.validation.expectations import suites

__all__ = ["check", "compose", "compose_applied", "query"]

TAKEN = {name for names in [*NAMES.values(), *MEASURES.values()] for name in names}  # metrics that the engine has


def compose(given: Sequence[str] = ()) -> tuple[dict[str, Any], list[str]]:
    """Compose conf/ and check it, for the stage `compose`; nothing is written.

    Under `dvc exp run` DVC has composed params.yaml from conf/ and the overrides of -S alone: what it holds beyond
    conf/ is the new list of overrides. Otherwise conf/ is composed with the list that is in conf/overrides.yaml.

    Parameters
    ----------
    given : overrides to add to the applied ones, outside an experiment

    Returns
    -------
    tuple : what params.yaml has to hold, and what conf/overrides.yaml has to list

    Raises
    ------
    InputError : conf/ does not compose, a key or value is wrong, or an override no longer fits conf/
    """
    if "DVC_EXP_NAME" in os.environ and config.PARAMS.exists():
        params = config.read_yaml(config.PARAMS)
        check(params, {})
        listed = config.applied()
        composed = _compose_listed(listed, params) if listed else None
        if composed is None:
            listed, composed = overrides.infer(params)
        if listed and not config.OVERRIDES.exists():
            remedy = "`cairn reset` writes it, then `git add` it, so that git keeps what the experiment changed"
            raise InputError(f"{config.OVERRIDES}: no such file; {remedy}")
        fix_overridden_params(composed["model"])
        return composed, listed
    params, choices = config.compose_applied(given)
    check(params, choices)
    listed = config.combine(config.applied(), given)
    overrides.require_choices(listed, params)
    fix_overridden_params(params["model"])
    return params, listed


def check(params: Mapping[str, Any], choices: Mapping[str, str]) -> None:
    """Check composed parameters: every key and value against its function's signature, and what only a room knows.

    Parameters
    ----------
    params : what conf/ composed to
    choices : the file chosen for each group, for the message

    Raises
    ------
    InputError : the first key or value that is wrong, with its file
    """
    task, metrics = params["data"]["task"], params["evaluation"]["metrics"]
    closer = {
        "trusted": _check_trusted,
        "evaluation": lambda node: own_metrics.check(node["metrics"], task, TAKEN),
        "expectations": lambda node: suites(node["tables"]),
        "features": table.check,
        "gates": lambda node: _check_gates(node["gates"], params),
        "model": estimators.check,
        "search": lambda node: search.check(node, task, metrics),
        "rules": rules.require_limits,
        "report": settings.check,
    }
    config.check(params, choices, closer)


def _check_trusted(names: Any) -> None:
    if trouble := config.type_trouble(list[str], names):
        raise InputError(f"trusted: {trouble}; it must be a list of dotted names, such as [pipeline.models.Mine]")
    for name in names:
        try:
            config.locate(name)
        except InputError as error:
            raise InputError(f"trusted: {name}: {str(error).removeprefix('_target_: ')}") from error


def _check_gates(questions: Any, params: Mapping[str, Any]) -> None:
    data, own = params["data"], own_metrics.directions(params["evaluation"]["metrics"])
    gates.check(questions, data["task"], data["sensitive"], own=own)


def query(params: Mapping[str, Any]) -> str:
    """Return the SQL text that the features stage runs."""
    return resolve_sql(params["features"], config.CONF / "features") or "-- the one raw table, as it is\n"


def compose_applied(given: Sequence[str] = (), folder: Path = config.CONF) -> dict[str, Any]:
    """Compose conf/ with its applied overrides to what params.yaml holds.

    Parameters
    ----------
    given : further overrides; of two for one key they win
    folder : a copy of conf/ to compose instead

    Raises
    ------
    InputError : conf/ does not compose, or an override no longer fits it
    """
    params, _ = config.compose_applied(given, folder)
    fix_overridden_params(params["model"], folder)
    return params


def fix_overridden_params(model: dict[str, Any], folder: Path = config.CONF) -> None:
    """Take a parameter that an override sets out of the search space, or the search would replace it."""
    own = config.own_values("model", model, folder)
    searched = [model.get("space") or {}, *(model.get("starts") or []), *(model.get("finish") or [])]
    for key in [key for key in model if key in own and own[key] != model[key] and key not in search.KEYS]:
        for each in searched:
            each.pop(key, None)
    if model.get("finish"):
        model["finish"] = [change for change in model["finish"] if change]


def _compose_listed(listed: Sequence[str], params: Mapping[str, Any]) -> dict[str, Any] | None:
    """Compose conf/ with listed overrides; None if that does not give the parameters."""
    try:
        composed, _ = config.compose(listed)
    except InputError:
        return None
    fixed = [copy.deepcopy({**each}) for each in (composed, params)]
    for each in fixed:
        fix_overridden_params(each["model"])
    return composed if overrides.same(*fixed) else None
