"""What every learner does: fit, predict, explain, and write itself to a folder.

A learner's prediction for a row is the same to the last bit whatever the rows beside it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol, Self

import numpy as np

from cairn.rows.coded import Coded

if TYPE_CHECKING:
    import pandas as pd

    from cairn.models.learners.contributions import Contributions

Balance = Literal["none", "weights", "smote"]
OnRound = Callable[[int, dict[str, float]], bool | None]
Part = tuple["pd.DataFrame", np.ndarray]  # a prepared frame and its labels


@dataclass(frozen=True, kw_only=True)
class FitOptions:
    """How an estimator is fitted.

    Parameters
    ----------
    balance : `weights`: every class of the training part weighs the same, in both parts; `smote`: the training part
        has new rows of the rare classes already
    on_round : called after every round, or every few trees; True ends the fit
    matrices : what fits on the same rows share, so that they are binned once; None: nothing is shared
    rounds : exactly this many rounds, or trees of a forest; None: by the model's own settings
    """

    balance: Balance = "none"
    on_round: OnRound | None = None
    matrices: dict[Any, Any] | None = None
    rounds: int | None = None


class Estimator(Protocol):
    """What a model family returns.

    Parameters
    ----------
    n_classes : 0 for a regression
    columns : what it was fitted on, in order
    rounds : the trees, or rounds of trees, that it keeps; None before the fit, and for what has none
    """

    @property
    def n_classes(self) -> int: ...

    @property
    def columns(self) -> list[str]: ...

    @property
    def rounds(self) -> int | None: ...

    def fit(self, train: Part, validation: Part | None, options: FitOptions) -> Self: ...

    def predict(self, X: "pd.DataFrame | Coded") -> np.ndarray: ...

    def contributions(self, X: "pd.DataFrame | Coded", background: Coded | None) -> "Contributions": ...

    def importances(self) -> dict[str, float]: ...

    def write(self, folder: Path) -> None: ...


def shares(columns: list[str], sizes: list[float]) -> dict[str, float]:
    """Scale sizes so that they add up to one, the largest first."""
    total = sum(sizes) or 1.0
    parts = {name: size / total for name, size in zip(columns, sizes, strict=True)}
    return dict(sorted(parts.items(), key=lambda part: (-part[1], part[0])))


def empty_predictions(n_classes: int) -> np.ndarray:
    """Return the predictions for a table without rows."""
    return np.empty((0, n_classes) if n_classes else 0)


def first_line(error: Exception) -> str:
    """Return the line of a library's error that has the reason, without the library's time, source file and stack."""
    line = str(error).strip().splitlines()[0]
    return line.rpartition("Check failed: ")[2] if line.startswith("[") else line
