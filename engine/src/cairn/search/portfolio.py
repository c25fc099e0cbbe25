"""The families that AutoML searches: their spaces as one, and each trial as the node of a model again."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from cairn.models.space import Space, within

if TYPE_CHECKING:
    import optuna

FAMILY, START = "family", "start"
Nodes = Mapping[str, Mapping[str, Any]]


def united(families: Nodes) -> Space:
    """Put the spaces of all families into one, in which a family's parameters are there only when it is drawn."""
    space: dict[str, dict[str, Any]] = {FAMILY: {"choices": list(families)}}
    for family, node in families.items():
        for name, said in (node.get("space") or {}).items():
            inner = {f"{family}.{other}": wanted for other, wanted in said.get("when", {}).items()}
            space[f"{family}.{name}"] = {**said, "when": {FAMILY: family, **inner}}
    return space


def balanced(families: Nodes, choices: Sequence[str]) -> dict[str, Mapping[str, Any]]:
    """Let it be searched too how rare classes are balanced, where a family's space does not say."""
    balance = {"balance": {"choices": list(choices)}}
    return {family: {**node, "space": balance | (node.get("space") or {})} for family, node in families.items()}


def starts(node: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Give what a family is tried with first, in order of promise: its own parameters, and the changes in `starts`."""
    return [{}, *(node.get("starts") or [])]


def enqueued(families: Nodes, family: str, number: int) -> dict[str, Any]:
    """Give a start as the parameters of a trial; what the space does not hold follows from its number."""
    node = families[family]
    inside = within(node.get("space") or {}, {**node, **starts(node)[number]})
    return {FAMILY: family} | {f"{family}.{key}": value for key, value in inside.items()}


def changes(
    families: Nodes, trial: "optuna.Trial | optuna.trial.FrozenTrial", drawn: Mapping[str, Any]
) -> dict[str, Any]:
    """Give what a trial changes in its family's node: its start, and what was drawn."""
    family, number = drawn[FAMILY], trial.user_attrs.get(START)
    start = {} if number is None else starts(families[family])[number]
    return {**start, **{key.removeprefix(f"{family}."): value for key, value in drawn.items() if key != FAMILY}}


def leading(losses: Mapping[str, float], count: int) -> list[str]:
    """Name the families with the least losses, the best first."""
    return sorted(losses, key=lambda family: losses[family])[:count]


def next_start(
    families: Nodes, tried: set[tuple[str, int]], leaders: Sequence[str], spent: Mapping[str, float]
) -> tuple[str, int] | None:
    """Name the start to try next.

    Parameters
    ----------
    families : family -> its node, in order of promise
    tried : the starts that were tried, as family and number
    leaders : the families that go on, the best first
    spent : what each of those has had of the budget so far

    Returns
    -------
    tuple : a family that was not tried at all and 0, or the next start of the leading one that had least; None: none
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
