"""Check the settings of an audit, before there is a model."""

from collections.abc import Mapping, Sequence
from typing import Any

from cairn.bias.catalogue import CLASSES
from cairn.errors import InputError

__all__ = ["left_out", "require_settings"]

FLIPS = ("neighbours", "rows", "others")


def left_out(node: Mapping[str, Any] | None, task: str, sensitive: Sequence[str]) -> dict[str, str]:
    """Return the measures that are left out, or `all`, each with the reason.

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
    needed = {name: missing[measure.takes] for name, measure in CLASSES.items() if measure.takes in missing}
    return {name: f"report.bias.{key} is null" for name, key in needed.items() if node.get(key) is None}


def require_settings(node: Mapping[str, Any]) -> None:
    """Check the numbers of an audit.

    Parameters
    ----------
    node : arguments of cairn.bias.audit.audit

    Raises
    ------
    InputError : a number is too small, or the keys of `fliptest` are wrong
    """
    least = {"max_groups": 1, "bins": 2, "min_rows": 2, "resamples": 0}
    for key, lowest in least.items():
        if node.get(key, lowest) < lowest:
            raise InputError(f"{key}: must be at least {lowest}; got {node[key]}")
    if not 0 < node.get("confidence", 0.95) < 1:
        raise InputError(f"confidence: must be between 0 and 1; got {node['confidence']}")
    fliptest = node.get("fliptest")
    if fliptest is not None and (set(fliptest) != set(FLIPS) or min(fliptest.values()) < 1):
        raise InputError(f"fliptest: {dict(fliptest)} must be null or have {', '.join(FLIPS)}, each at least 1")
