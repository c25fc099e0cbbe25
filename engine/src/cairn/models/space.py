"""The search space as YAML says it: ranges, choices, and parameters that are there only when another has some value."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from cairn.errors import InputError, did_you_mean

if TYPE_CHECKING:
    from optuna.distributions import BaseDistribution
    from optuna.trial import Trial

RANGE = ("low", "high", "log", "step", "choices", "when")  # what may be said of one parameter
Space = Mapping[str, Mapping[str, Any]]


def check(space: Space, arguments: Sequence[str]) -> None:
    """Look whether a space can be searched.

    Parameters
    ----------
    space : parameter -> `low` and `high` (with `log` or `step`), or `choices`; and `when`: other parameter -> the
        value, or the list of values, for which this one is there at all
    arguments : the names that there are

    Raises
    ------
    InputError : an unknown name, a range that is none, or a `when` that looks at nothing said before
    """
    before: list[str] = []
    for name, said in space.items():
        where = f"space.{name}"
        if name not in arguments:
            raise InputError(f"{where}: no such parameter {did_you_mean(name, arguments)}")
        for key in said:
            if key not in RANGE:
                raise InputError(f"{where}: no such key {key!r} {did_you_mean(key, RANGE)}")
        if "choices" not in said and not {"low", "high"} <= set(said):
            raise InputError(f"{where}: give low and high, or choices")
        if "choices" not in said and said["low"] > said["high"]:
            raise InputError(f"{where}: low {said['low']} is above high {said['high']}")
        for other in said.get("when", {}):
            if other not in before and (other in space or other not in arguments):
                raise InputError(f"{where}: when.{other} is no parameter that stands above it in this space")
        distribution(name, said)
        before.append(name)


def suggest(trial: "Trial", space: Space, own: Mapping[str, Any]) -> dict[str, Any]:
    """Draw a value for each parameter that is there, in the order of the space.

    Parameters
    ----------
    trial : what draws
    space : as in `check`
    own : the model's own parameters, at which a `when` looks for what is not searched
    """
    drawn: dict[str, Any] = {}
    for name, said in space.items():
        if holds(said, {**own, **drawn}):
            drawn[name] = _draw(trial, name, said)
    return drawn


def holds(said: Mapping[str, Any], values: Mapping[str, Any]) -> bool:
    """Say whether a parameter is there, with the others as they are."""
    return all(
        values.get(other) in (wanted if isinstance(wanted, list) else [wanted])
        for other, wanted in said.get("when", {}).items()
    )


def within(space: Space, values: Mapping[str, Any]) -> dict[str, Any]:
    """Take from some values those that the space could have drawn."""
    return {name: values[name] for name, said in space.items() if name in values and _contains(said, values[name])}


def grid(space: Space, points: int) -> dict[str, list[Any]]:
    """Give the values of a grid search: every choice and step, and `points` values of a range without steps."""
    return {name: _values(said, points) for name, said in space.items()}


def combinations(space: Space, points: int, own: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Give every combination of a grid's values; `own` as in `suggest`, a parameter that is not there has none."""
    found: list[dict[str, Any]] = [{}]
    for name, values in grid(space, points).items():
        there = [each for each in found if holds(space[name], {**own, **each})]
        longer = [{**each, name: value} for each in there for value in values]
        found = longer + [each for each in found if each not in there]
    return found


def distribution(name: str, said: Mapping[str, Any]) -> "BaseDistribution":
    """Give Optuna's distribution for what is said of one parameter.

    Raises
    ------
    InputError : Optuna cannot draw from it
    """
    from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

    drawn = {key: value for key, value in said.items() if key != "when"}
    whole = isinstance(drawn.get("low"), int) and isinstance(drawn.get("high"), int)
    try:
        if "choices" in drawn:
            return CategoricalDistribution(drawn["choices"])
        return (IntDistribution if whole else FloatDistribution)(**drawn)
    except (TypeError, ValueError) as error:
        raise InputError(f"space.{name}: {' '.join(str(error).split())}") from error


def _draw(trial: "Trial", name: str, said: Mapping[str, Any]) -> Any:
    drawn = {key: value for key, value in said.items() if key != "when"}
    if "choices" in drawn:
        return trial.suggest_categorical(name, drawn["choices"])
    whole = isinstance(drawn["low"], int) and isinstance(drawn["high"], int)
    return (trial.suggest_int if whole else trial.suggest_float)(name, **drawn)


def _contains(said: Mapping[str, Any], value: Any) -> bool:
    if "choices" in said:
        return value in said["choices"]
    return isinstance(value, int | float) and not isinstance(value, bool) and said["low"] <= value <= said["high"]


def _values(said: Mapping[str, Any], points: int) -> list[Any]:
    if "choices" in said:
        return list(said["choices"])
    low, high = said["low"], said["high"]
    whole = isinstance(low, int) and isinstance(high, int)
    if said.get("step"):
        return [low + place * said["step"] for place in range(int((high - low) / said["step"] + 1e-9) + 1)]
    shares = [place / (points - 1) for place in range(points)] if points > 1 else [0.5]
    if said.get("log"):
        values = [low * (high / low) ** share for share in shares]
    else:
        values = [low + (high - low) * share for share in shares]
    values = [min(max(value, low), high) for value in values]
    return sorted({round(value) for value in values}) if whole else values
