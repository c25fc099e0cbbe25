"""The families that AutoML searches: their spaces united into one, and each trial turned back into a model's node."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from cairn.models.space import Space, within

if TYPE_CHECKING:
    import optuna

FAMILY, START = "family", "start"
Nodes = Mapping[str, Mapping[str, Any]]


def unite_spaces(families: Nodes) -> Space:
    """Unite the spaces of all families, each family's parameters under the condition that it is drawn."""
    space: dict[str, dict[str, Any]] = {FAMILY: {"choices": list(families)}}
    for family, node in families.items():
        for name, limits in (node.get("space") or {}).items():
            inner = {f"{family}.{other}": wanted for other, wanted in limits.get("when", {}).items()}
            space[f"{family}.{name}"] = {**limits, "when": {FAMILY: family, **inner}}
    return space


def add_balance_to_space(families: Nodes, choices: Sequence[str]) -> dict[str, Mapping[str, Any]]:
    """Add the class-balance choice to the spaces of families that do not define it."""
    balance = {"balance": {"choices": list(choices)}}
    return {family: {**node, "space": balance | (node.get("space") or {})} for family, node in families.items()}


def starts(node: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Return the changes to try first, in order of promise: none, and those in the node's `starts`."""
    return [{}, *(node.get("starts") or [])]


def start_params(families: Nodes, family: str, number: int) -> dict[str, Any]:
    """Return a start as the parameters of a trial; values outside the space follow from its number."""
    node = families[family]
    inside = within(node.get("space") or {}, {**node, **starts(node)[number]})
    return {FAMILY: family} | {f"{family}.{key}": value for key, value in inside.items()}


def node_changes(
    families: Nodes, trial: "optuna.Trial | optuna.trial.FrozenTrial", drawn: Mapping[str, Any]
) -> dict[str, Any]:
    """Return what a trial changes in its family's node: its start, and the values drawn."""
    family, number = drawn[FAMILY], trial.user_attrs.get(START)
    start = {} if number is None else starts(families[family])[number]
    return {**start, **{key.removeprefix(f"{family}."): value for key, value in drawn.items() if key != FAMILY}}


def leading_families(losses: Mapping[str, float], count: int) -> list[str]:
    """Return the families with the least losses, the best first."""
    return sorted(losses, key=lambda family: losses[family])[:count]


def next_start(
    families: Nodes, tried: set[tuple[str, int]], leaders: Sequence[str], spent: Mapping[str, float]
) -> tuple[str, int] | None:
    """Choose the start to try next.

    Parameters
    ----------
    families : family -> its node, in order of promise
    tried : the starts that were tried, as family and number
    leaders : the families whose further starts are tried, the best first
    spent : the share of the budget that each of those has used so far

    Returns
    -------
    tuple : a family that was not tried at all and 0, or the next start of the leading one that used least; None: none
        is left
    """
    for family in families:
        if (family, 0) not in tried:
            return family, 0
    waiting = [
        (family, number)
        for family in sorted(leaders, key=lambda family: spent[family])
        for number in range(len(starts(families[family])))
        if (family, number) not in tried
    ]
    return waiting[0] if waiting else None
