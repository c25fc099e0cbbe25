"""What the settings of an audit leave out, and which mean nothing; looked at before there is a model."""

from collections.abc import Mapping, Sequence
from typing import Any

from cairn.bias.catalogue import CLASSES
from cairn.errors import InputError

__all__ = ["left_out", "require_settings"]

FLIPS = ("neighbours", "rows", "others")


def left_out(node: Mapping[str, Any] | None, task: str, sensitive: Sequence[str]) -> dict[str, str]:
    """Say which measures are not taken, or `all`, and why.

    Parameters
    ----------
    node : the arguments of cairn.bias.audit.audit; None: bias is left out
    task : binary, multiclass or regression
    sensitive : the columns that make facets
    """
    if node is None:
        return {"all": "report.bias is null"}
    if not sensitive:
        return {"all": "data.sensitive names no column"}
    if task == "regression":
        return {}
    missing = {"strata": "condition", "said_strata": "condition", "neighbours": "fliptest"}
    unset = {name: missing[each.takes] for name, each in CLASSES.items() if each.takes in missing}
    return {name: f"report.bias.{key} is null" for name, key in unset.items() if node.get(key) is None}


def require_settings(node: Mapping[str, Any]) -> None:
    """Refuse numbers that mean nothing.

    Parameters
    ----------
    node : some arguments of cairn.bias.audit.audit

    Raises
    ------
    InputError : one is too small, or the fliptest's keys are not its own
    """
    least = {"max_groups": 1, "bins": 2, "min_rows": 2, "resamples": 0}
    for key, lowest in least.items():
        if node.get(key, lowest) < lowest:
            raise InputError(f"{key}: {node[key]} is too small; choose {lowest} or more")
    if not 0 < node.get("confidence", 0.95) < 1:
        raise InputError(f"confidence: {node['confidence']} is not between 0 and 1")
    flips = node.get("fliptest")
    if flips is not None and (set(flips) != set(FLIPS) or min(flips.values()) < 1):
        raise InputError(f"fliptest: {dict(flips)} is not understood; give {', '.join(FLIPS)}, each 1 or more, or null")
