"""Stop boosting when the validation loss stops falling, and keep the best round."""

from dataclasses import dataclass

import numpy as np

from cairn.models.learners.protocol import OnRound
from cairn.tables.source import Task

LOSSES: dict[Task, str] = {"binary": "log_loss", "multiclass": "log_loss", "regression": "rmse"}


@dataclass
class Progress:
    """Boosting round by round: when it ends, and how many rounds to keep.

    Parameters
    ----------
    patience : end when the watched figure has not fallen for this many rounds; None: keep every round
    on_round : called after every round; True ends the fit
    watched : the figure's name, such as `validation/log_loss`
    """

    patience: int | None
    on_round: OnRound | None
    watched: str
    done: int = 0
    kept: int = 0
    best: float = np.inf

    @property
    def is_needed(self) -> bool:
        """Whether anything depends on the figures of each round."""
        return self.patience is not None or self.on_round is not None

    def add(self, measured: dict[str, float]) -> bool:
        """Add the figures of one more round; True if it is the last."""
        number, self.done = self.done, self.done + 1
        if self.patience is None or number == 0 or measured[self.watched] < self.best:
            self.kept, self.best = self.done, measured.get(self.watched, np.inf)
        stop = self.on_round is not None and self.on_round(number, measured) is True
        return stop or (self.patience is not None and self.done - self.kept >= self.patience)
