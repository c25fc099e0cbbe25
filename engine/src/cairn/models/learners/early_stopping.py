"""Stop boosting when the validation part gains no more, and keep the best round."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from cairn.models.learners.protocol import OnRound
from cairn.tables.source import Task

METRICS: dict[Task, tuple[str, str]] = {  # what XGBoost calls it, and what we do
    "binary": ("logloss", "log_loss"),
    "multiclass": ("mlogloss", "log_loss"),
    "regression": ("rmse", "rmse"),
}


@dataclass
class Progress:
    """Follows boosting round by round: when it ends, and how many rounds are worth keeping.

    Parameters
    ----------
    patience : end when the watched figure has not fallen for so many rounds; None: keep every round
    on_round : told of every round; ends the fit where it gives True
    watched : the figure's name, such as `validation/log_loss`
    """

    patience: int | None
    on_round: OnRound | None
    watched: str
    done: int = 0
    kept: int = 0
    best: float = np.inf

    def ended(self, measured: dict[str, float]) -> bool:
        """Take in the figures of one more round, and say whether it was the last."""
        number, self.done = self.done, self.done + 1
        if self.patience is None or number == 0 or measured[self.watched] < self.best:
            self.kept, self.best = self.done, measured.get(self.watched, np.inf)
        asked = self.on_round is not None and self.on_round(number, measured) is True
        return asked or (self.patience is not None and self.done - self.kept >= self.patience)


def watched(parts: Iterable[str], matrices: dict[Any, Any] | None) -> list[str]:
    """Name the parts that are measured after each round: in a search the validation part alone, which saves time."""
    return [part for part in parts if part == "validation" or matrices is None]
