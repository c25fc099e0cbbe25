"""Compose conf/ into params.yaml and check every node against the function that it names."""

from collections.abc import Mapping
from typing import Any

from cairn import config
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

__all__ = ["check", "fix_overridden_params", "query"]

TAKEN = {name for names in [*NAMES.values(), *MEASURES.values()] for name in names}  # metrics that the engine has


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


def fix_overridden_params(model: dict[str, Any]) -> None:
    """Take a parameter that an override sets out of the search space, or the search would replace it."""
    own = config.own_values("model", model)
    searched = [model.get("space") or {}, *(model.get("starts") or []), *(model.get("finish") or [])]
    for key in [key for key in model if key in own and own[key] != model[key] and key not in search.KEYS]:
        for each in searched:
            each.pop(key, None)
    if model.get("finish"):
        model["finish"] = [change for change in model["finish"] if change]
