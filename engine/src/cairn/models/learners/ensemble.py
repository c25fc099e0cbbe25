"""Combine fitted models into one by the weighted mean of their predictions."""

import math
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import numpy as np

from cairn.errors import InputError
from cairn.files import write_json
from cairn.models.learners.contributions import Contributions, sampled
from cairn.models.learners.protocol import Estimator, shares
from cairn.rows.coded import Coded

if TYPE_CHECKING:
    import pandas as pd

FILE, MEMBERS = "ensemble.json", "members"


@dataclass
class Ensemble:
    """A weighted mean of fitted models; it is assembled, not fitted.

    Parameters
    ----------
    members : fitted on the same columns, for the same task; none of them an ensemble
    weights : one for each member; not negative, and together 1

    Raises
    ------
    InputError : weights that are not valid, or members of different columns or classes
    """

    members: list[Estimator]
    weights: list[float]

    def __post_init__(self) -> None:
        check(self.weights, len(self.members))
        if any(isinstance(member, Ensemble) for member in self.members):
            raise InputError("ensemble: a member is an ensemble itself; give its members, with the product of weights")
        if any(member.columns != self.columns or member.n_classes != self.n_classes for member in self.members):
            raise InputError("ensemble: the members were fitted on different columns or classes")

    @property
    def columns(self) -> list[str]:
        """What the members were fitted on, in order."""
        return self.members[0].columns

    @property
    def n_classes(self) -> int:
        """How many classes there are; 0 for a regression."""
        return self.members[0].n_classes

    @property
    def rounds(self) -> None:
        """An ensemble has no rounds of its own."""
        return None

    def fit(self, *_: Any, **__: Any) -> NoReturn:
        """Raise a TypeError: the members are fitted, each by itself."""
        raise TypeError("an ensemble is assembled from members that are fitted already")

    def predict(self, X: "pd.DataFrame | Coded") -> np.ndarray:
        """Return probabilities of shape (n_rows, n_classes), or values of shape (n_rows,)."""
        pairs = [pair for pair in zip(self.members, self.weights, strict=True) if pair[1]]
        total: np.ndarray = pairs[0][1] * pairs[0][0].predict(X)
        for member, weight in pairs[1:]:
            total += weight * member.predict(X)
        return total

    def contributions(self, X: "pd.DataFrame | Coded", background: Coded | None) -> Contributions:
        """Return the weighted sum of the members' contributions to a value, and an estimate for probabilities.

        A mean of probabilities is not a sum of log-odds, so the estimate is of the ensemble as a whole.
        """
        if self.n_classes:
            return sampled(self.predict, X, background, self.n_classes)
        pairs = [pair for pair in zip(self.members, self.weights, strict=True) if pair[1]]
        parts = [(member.contributions(X, background), weight) for member, weight in pairs]
        values = np.asarray(sum(weight * part.values for part, weight in parts))
        base = np.asarray(sum(weight * part.base for part, weight in parts))
        return Contributions(values, base, "target unit", all(part.exact for part, _ in parts))

    def importances(self) -> dict[str, float]:
        """Return the weighted mean of the members' shares; members without importances are left out."""
        pairs = [(member.importances(), weight) for member, weight in zip(self.members, self.weights, strict=True)]
        pairs = [(parts, weight) for parts, weight in pairs if parts and weight]
        if not pairs:
            return {}
        return shares(self.columns, [sum(weight * parts[name] for parts, weight in pairs) for name in self.columns])

    def write(self, folder: Path) -> None:
        """Write the weights, and each member into a folder of its own."""
        for member, place in zip(self.members, places(len(self.members)), strict=True):
            (folder / MEMBERS / place).mkdir(parents=True)
            member.write(folder / MEMBERS / place)
        _write_weights(self.weights, folder)


def assemble(folder: Path, members: Sequence[tuple[Path, float]]) -> None:
    """Move the folders of members that are written already into a new ensemble's folder, and write their weights."""
    (folder / MEMBERS).mkdir(parents=True)
    for (path, _), place in zip(members, places(len(members)), strict=True):
        shutil.move(path, folder / MEMBERS / place)
    _write_weights([weight for _, weight in members], folder)


def _write_weights(weights: Sequence[float], folder: Path) -> None:
    write_json({"weights": dict(zip(places(len(weights)), weights, strict=True))}, folder / FILE)


def places(count: int) -> list[str]:
    """Return the names of the members' folders: 00, 01 and so on."""
    return [f"{place:02d}" for place in range(count)]


def read_weights(content: Any) -> list[float]:
    """Read the weights from the content of ensemble.json, in the members' order.

    Raises
    ------
    InputError : the content has anything but weights, or they are not valid
    """
    weights = content.get("weights") if isinstance(content, Mapping) and set(content) == {"weights"} else None
    if not isinstance(weights, Mapping) or list(weights) != places(len(weights)):
        raise InputError('not of the form {"weights": {"00": 0.5, "01": 0.5}}')
    check(list(weights.values()), len(weights))
    return list(weights.values())


def check(weights: Sequence[Any], count: int) -> None:
    """Check that weights make a mean.

    Raises
    ------
    InputError : one is not finite or negative, they do not sum to 1, or are not as many as the members
    """
    if not count or len(weights) != count:
        raise InputError(f"ensemble: {len(weights)} weights for {count} members")
    numbers = all(isinstance(weight, int | float) and not isinstance(weight, bool) for weight in weights)
    if not numbers or not all(math.isfinite(weight) and weight >= 0 for weight in weights):
        raise InputError("ensemble: every weight must be a finite number of at least 0")
    if not math.isclose(math.fsum(weights), 1, abs_tol=1e-9):
        raise InputError(f"ensemble: the weights sum to {math.fsum(weights):g} and must sum to 1")
