"""Compose conf/ into params.yaml and check every node against the function that it names."""

from collections.abc import Mapping
from typing import Any

from cairn import config
from cairn.evaluation import gates
from cairn.features.sql import resolve_sql
from cairn.models import estimators
from cairn.report import settings
from cairn.search import search
from cairn.training import rules
from cairn.validation.expectations import suites


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
    closer = {
        "expectations": lambda node: suites(node["tables"]),
        "gates": lambda node: gates.check(node["gates"], params["data"]["task"], params["data"]["sensitive"]),
        "model": estimators.check,
        "search": lambda node: search.check(node, params["data"]["task"]),
        "rules": rules.require_limits,
        "report": settings.check,
    }
    config.check(params, choices, closer)


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
