"""What every learner is, and what it sees: a matrix of numbers, categories as their codes and NaN where missing.

Every learner gives a row the same prediction to the last bit whatever the rows beside it.
"""

import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol, Self

import numpy as np

from pipeline.data.source import Task
from pipeline.errors import InputError

if TYPE_CHECKING:
    import pandas as pd

    from pipeline.modeling.learners.contributions import Contributions

Balance = Literal["none", "weights", "smote"]
OnRound = Callable[[int, dict[str, float]], bool | None]
Part = tuple["pd.DataFrame", np.ndarray]

METRICS: dict[Task, tuple[str, str]] = {  # what XGBoost calls it, and what we do
    "binary": ("logloss", "log_loss"),
    "multiclass": ("mlogloss", "log_loss"),
    "regression": ("rmse", "rmse"),
}
ALONE: ContextVar[int] = ContextVar("threads of a fit", default=0)
FEW_ROWS = 10_000  # waking a second thread takes longer than predicting this many rows
FEW_EXPLAINED = 200  # the same for contributions, which take some fifty times as long


@dataclass(frozen=True)
class Coded:
    """A prepared table as numbers, as a server makes it from a request, with no frame in between.

    Parameters
    ----------
    matrix : float64 of shape (n_rows, n_columns): categories as codes, NaN where missing
    texts : the places of the columns that hold categories
    """

    matrix: np.ndarray
    texts: list[int]

    def __len__(self) -> int:
        """Count the rows."""
        return len(self.matrix)


class Estimator(Protocol):
    """What a model family makes: something that fits, predicts and can be kept in a file.

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

    def fit(
        self,
        train: Part,
        validation: Part | None,
        *,
        balance: Balance,
        on_round: OnRound | None,
        matrices: dict[Any, Any] | None,
        rounds: int | None,
    ) -> Self: ...

    def predict(self, X: "pd.DataFrame | Coded") -> np.ndarray: ...

    def contributions(self, X: "pd.DataFrame | Coded", background: Coded | None) -> "Contributions": ...

    def importances(self) -> dict[str, float]: ...

    def write(self, folder: Path) -> None: ...


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


def threads() -> int:
    """Give how many threads a fit may use: one of several fits at once has one, else OMP_NUM_THREADS or all cores."""
    said = os.environ.get("OMP_NUM_THREADS", "")
    return ALONE.get() or (int(said) if said.isdigit() else 0) or os.cpu_count() or 1


@contextmanager
def one_thread() -> Iterator[None]:
    """Let what this thread fits use no other, while further threads fit beside it."""
    from threadpoolctl import threadpool_limits

    token = ALONE.set(1)
    try:
        with threadpool_limits(1, "openmp"):
            yield
    finally:
        ALONE.reset(token)


def watched(parts: Iterable[str], matrices: dict[Any, Any] | None) -> list[str]:
    """Name the parts that are measured after each round: in a search the validation part alone, which saves time."""
    return [part for part in parts if part == "validation" or matrices is None]


def codes(X: "pd.DataFrame | Coded", dtype: str = "float32") -> np.ndarray:
    """Give a prepared table as a matrix of shape (n_rows, n_columns): categories as codes, NaN where missing."""
    if isinstance(X, Coded):
        return X.matrix.astype(dtype, copy=False)
    matrix = np.empty(X.shape, dtype=dtype)
    for place, (_, values) in enumerate(X.items()):
        if values.dtype == "category":
            levels = values.cat.codes.to_numpy()
            matrix[:, place] = levels
            matrix[levels < 0, place] = np.nan
        else:
            matrix[:, place] = values.to_numpy()
    return matrix


def categories(X: "pd.DataFrame") -> list[int]:
    """Give the places of the columns that hold categories."""
    return [place for place, dtype in enumerate(X.dtypes) if dtype == "category"]


def weights(train_y: np.ndarray, other_y: np.ndarray | None, balance: Balance) -> Any:
    """Weigh rows so that every class of the training part weighs the same; the mean weight there is one.

    Returns
    -------
    tuple : weights of shape (n_train,) and (n_other,); None for what is not there or not balanced
    """
    if balance != "weights":
        return None, None
    if not np.issubdtype(train_y.dtype, np.integer):
        raise InputError("model.balance: weights are for classes, and a regression has none; say balance: none")
    other = np.zeros(0, dtype=int) if other_y is None else other_y
    counts = np.bincount(train_y, minlength=int(max(train_y.max(), other.max(initial=0))) + 1)
    each = len(train_y) / (np.count_nonzero(counts) * np.maximum(counts, 1))
    return each[train_y], None if other_y is None else each[other_y]


def shares(columns: list[str], sizes: list[float]) -> dict[str, float]:
    """Scale sizes so that they add up to one, the largest first."""
    total = sum(sizes) or 1.0
    parts = {name: size / total for name, size in zip(columns, sizes, strict=True)}
    return dict(sorted(parts.items(), key=lambda part: (-part[1], part[0])))


def nothing(n_classes: int) -> np.ndarray:
    """Give the predictions for no rows."""
    return np.empty((0, n_classes) if n_classes else 0)


def first_line(error: Exception) -> str:
    """Give the line that says what is wrong, without the library's time, source file and stack."""
    line = str(error).strip().splitlines()[0]
    return line.rpartition("Check failed: ")[2] if line.startswith("[") else line
