"""The search space of conf/model: ranges, choices, and parameters that depend on the value of another."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from cairn.errors import InputError, did_you_mean

if TYPE_CHECKING:
    from optuna.distributions import BaseDistribution
    from optuna.trial import Trial

LIMITS = ("low", "high", "log", "step", "choices", "when")  # the keys of one parameter
Space = Mapping[str, Mapping[str, Any]]


def check(space: Space, arguments: Sequence[str]) -> None:
    """Check that a space can be searched.

    Parameters
    ----------
    space : parameter -> `low` and `high` (with `log` or `step`), or `choices`; and `when`: other parameter -> the
        value, or the list of values, for which this one is drawn
    arguments : the names of the model's arguments

    Raises
    ------
    InputError : an unknown name, a range that is not valid, or a `when` that names no parameter above it
    """
    before: list[str] = []
    for name, limits in space.items():
        where = f"space.{name}"
        if name not in arguments:
            raise InputError(f"{where}: no such parameter {did_you_mean(name, arguments)}")
        for key in limits:
            if key not in LIMITS:
                raise InputError(f"{where}: no such key {key!r} {did_you_mean(key, LIMITS)}")
        if "choices" not in limits and not {"low", "high"} <= set(limits):
            raise InputError(f"{where}: give low and high, or choices")
        if "choices" not in limits and limits["low"] > limits["high"]:
            raise InputError(f"{where}: low {limits['low']} is above high {limits['high']}")
        for other in limits.get("when", {}):
            if other not in before and (other in space or other not in arguments):
                raise InputError(f"{where}: when.{other} must be a parameter above it in this space")
        distribution(name, limits)
        before.append(name)


def suggest(trial: "Trial", space: Space, own: Mapping[str, Any]) -> dict[str, Any]:
    """Draw a value for each parameter whose condition holds, in the order of the space.

    Parameters
    ----------
    trial : Optuna's trial, which draws
    space : as in `check`
    own : the model's own parameters, for a `when` that names one that is not searched
    """
    drawn: dict[str, Any] = {}
    for name, limits in space.items():
        if is_active(limits, {**own, **drawn}):
            drawn[name] = _draw(trial, name, limits)
    return drawn


def is_active(limits: Mapping[str, Any], values: Mapping[str, Any]) -> bool:
    """Return True if a parameter's condition holds for the values of the others."""
    return all(
        values.get(other) in (wanted if isinstance(wanted, list) else [wanted])
        for other, wanted in limits.get("when", {}).items()
    )


def within(space: Space, values: Mapping[str, Any]) -> dict[str, Any]:
    """Return those of some values that the space could have drawn."""
    return {name: values[name] for name, limits in space.items() if name in values and _contains(limits, values[name])}


def grid(space: Space, points: int) -> dict[str, list[Any]]:
    """Return the values of a grid search: every choice and step, and `points` values of a range without steps."""
    return {name: _values(limits, points) for name, limits in space.items()}


def combinations(space: Space, points: int, own: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return every combination of a grid's values, without parameters whose condition fails; `own` as in `suggest`."""
    sets: list[dict[str, Any]] = [{}]
    for name, values in grid(space, points).items():
        active = [params for params in sets if is_active(space[name], {**own, **params})]
        extended = [{**params, name: value} for params in active for value in values]
        sets = extended + [params for params in sets if params not in active]
    return sets


def distribution(name: str, limits: Mapping[str, Any]) -> "BaseDistribution":
    """Return Optuna's distribution of one parameter.

    Raises
    ------
    InputError : Optuna cannot draw from it
    """
    from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

    drawn = {key: value for key, value in limits.items() if key != "when"}
    whole = isinstance(drawn.get("low"), int) and isinstance(drawn.get("high"), int)
    try:
        if "choices" in drawn:
            return CategoricalDistribution(drawn["choices"])
        return (IntDistribution if whole else FloatDistribution)(**drawn)
    except (TypeError, ValueError) as error:
        raise InputError(f"space.{name}: {' '.join(str(error).split())}") from error


def _draw(trial: "Trial", name: str, limits: Mapping[str, Any]) -> Any:
    drawn = {key: value for key, value in limits.items() if key != "when"}
    if "choices" in drawn:
        return trial.suggest_categorical(name, drawn["choices"])
    whole = isinstance(drawn["low"], int) and isinstance(drawn["high"], int)
    return (trial.suggest_int if whole else trial.suggest_float)(name, **drawn)


def _contains(limits: Mapping[str, Any], value: Any) -> bool:
    if "choices" in limits:
        return value in limits["choices"]
    return isinstance(value, int | float) and not isinstance(value, bool) and limits["low"] <= value <= limits["high"]


def _values(limits: Mapping[str, Any], points: int) -> list[Any]:
    if "choices" in limits:
        return list(limits["choices"])
    low, high = limits["low"], limits["high"]
    whole = isinstance(low, int) and isinstance(high, int)
    if limits.get("step"):
        return [low + place * limits["step"] for place in range(int((high - low) / limits["step"] + 1e-9) + 1)]
    shares = [place / (points - 1) for place in range(points)] if points > 1 else [0.5]
    if limits.get("log"):
        values = [low * (high / low) ** share for share in shares]
    else:
        values = [low + (high - low) * share for share in shares]
    values = [min(max(value, low), high) for value in values]
    return sorted({round(value) for value in values}) if whole else values
