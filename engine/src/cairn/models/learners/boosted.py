"""What gradient boosted trees have in common, whichever library grows them."""

from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np

from cairn.errors import InputError
from cairn.models.learners.class_weights import weights
from cairn.models.learners.contributions import Contributions, from_margins
from cairn.models.learners.early_stopping import LOSSES, Progress
from cairn.models.learners.extra import require
from cairn.models.learners.protocol import Balance, FitOptions, Part, empty_predictions, first_line, shares
from cairn.models.learners.threads import FEW_EXPLAINED, FEW_ROWS, threads
from cairn.rows.coded import Coded
from cairn.tables.source import Task

if TYPE_CHECKING:
    import pandas as pd


@dataclass(kw_only=True)
class Boosted(ABC):
    """Gradient boosted trees with native categories and early stopping.

    Parameters
    ----------
    params : the library's own parameters
    n_estimators : rounds at most
    early_stopping_rounds : stop when the validation loss has not improved for this many rounds; None: never
    task, n_classes : what is predicted; `n_classes` is 0 for a regression
    booster : the library's fitted model, up to the best round
    columns : what it was fitted on, in order
    """

    params: dict[str, Any]
    n_estimators: int
    early_stopping_rounds: int | None
    task: Task
    n_classes: int
    booster: Any = None
    columns: list[str] = field(default_factory=list)

    FILE: ClassVar[str]  # the one file of a saved model
    LIBRARY: ClassVar[str]  # the module to import
    NAME: ClassVar[str]  # what people call it

    @classmethod
    def from_arguments(cls, arguments: dict[str, Any]) -> Self:
        """Make an estimator from the arguments of a model family: all that no field takes is the library's own."""
        fields = ("n_estimators", "early_stopping_rounds", "task", "n_classes")
        params = {name: value for name, value in arguments.items() if name not in fields}
        return cls(params=params, **{name: arguments[name] for name in fields})

    @classmethod
    def read(cls, path: Path, *, task: Task, n_classes: int, columns: list[str]) -> Self:
        """Read the file that `write` wrote.

        Raises
        ------
        InputError : the library cannot read it or is not installed, or it was made for another number of columns
        """
        require(cls.LIBRARY)
        try:
            booster, width = cls._load(path)
        except (cls._library_error(), ValueError) as error:  # the message may quote the broken bytes
            raise InputError(f"{path}: broken, {cls.NAME} cannot read it; fetch or train the model anew") from error
        if width != len(columns):
            raise InputError(f"{path}: made for {width} columns; the signature has {len(columns)}")
        return cls(
            params={},
            n_estimators=cls._count_rounds(booster),
            early_stopping_rounds=None,
            task=task,
            n_classes=n_classes,
            booster=booster,
            columns=columns,
        )

    @property
    def rounds(self) -> int | None:
        """The rounds of trees that are kept."""
        return None if self.booster is None else self._count_rounds(self.booster)

    def fit(self, train: Part, validation: Part | None, options: FitOptions) -> Self:
        """Grow trees until the validation loss stops falling, and keep those up to the best round."""
        cache = {} if options.matrices is None else options.matrices
        key = (self.LIBRARY, self.params.get("max_bin"), options.balance, validation is None)
        if key not in cache:
            cache[key] = self._datasets(train, validation, options.balance)
        patience = None if validation is None or options.rounds else self.early_stopping_rounds
        progress = Progress(patience, options.on_round, f"validation/{LOSSES[self.task]}")
        all_parts = options.matrices is None  # in a search, figures of the training part would only cost time
        measured = [part for part in cache[key] if part == "validation" or all_parts]
        try:
            self.booster = self._train(cache[key], options.rounds or self.n_estimators, progress, measured)
        except self._library_error() as error:
            raise InputError(f"model: {first_line(error)}") from error
        self.columns = list(train[0].columns)
        return self

    def predict(self, X: "pd.DataFrame | Coded") -> np.ndarray:
        """Return probabilities of shape (n_rows, n_classes), or values of shape (n_rows,)."""
        if not len(X):
            return empty_predictions(self.n_classes)
        predicted = self._raw_predict(X, 1 if len(X) <= FEW_ROWS else threads())
        return np.stack([1 - predicted, predicted], axis=1) if self.n_classes and predicted.ndim == 1 else predicted

    def contributions(self, X: "pd.DataFrame | Coded", background: Coded | None) -> Contributions:
        """Return exact contributions, by the trees' own paths (Lundberg et al., 2020); the background is not needed."""
        margins = self._raw_contributions(X, 1 if len(X) <= FEW_EXPLAINED else threads())
        return from_margins(margins, self.n_classes)

    def importances(self) -> dict[str, float]:
        """Return each column's share of the gain of all splits, or of what the library measures in its place."""
        return shares(self.columns, self._sizes())

    @abstractmethod
    def write(self, folder: Path) -> None:
        """Write the library's own format, equal bytes for equal trees."""

    def _datasets(self, train: Part, validation: Part | None, balance: Balance) -> dict[str, Any]:
        """Return the parts as the library takes them, the validation part binned as the training part."""
        first, second = weights(train[1], None if validation is None else validation[1], balance)
        grown = self._dataset(train, first, None)
        return {"train": grown} | (
            {} if validation is None else {"validation": self._dataset(validation, second, grown)}
        )

    @abstractmethod
    def _dataset(self, part: Part, weight: np.ndarray | None, reference: Any) -> Any:
        """Return one part as the library takes it; `reference` is the training part's, whose bins it shares."""

    @abstractmethod
    def _train(self, datasets: dict[str, Any], rounds: int, progress: Progress, measured: list[str]) -> Any:
        """Return the library's fitted model, up to the best round; `measured` are the parts to measure each round."""

    @abstractmethod
    def _raw_predict(self, X: "pd.DataFrame | Coded", count: int) -> np.ndarray:
        """Predict with so many threads: float64, for two classes of shape (n_rows, 2) or the second one's (n_rows,)."""

    @abstractmethod
    def _raw_contributions(self, X: "pd.DataFrame | Coded", count: int) -> np.ndarray:
        """Return contributions to the margins, of shape (n_rows, n_outputs, n_columns + 1), the base last."""

    @abstractmethod
    def _sizes(self) -> list[float]:
        """Return the importance of each column, on any scale."""

    @classmethod
    @abstractmethod
    def _load(cls, path: Path) -> tuple[Any, int]:
        """Read the library's model and how many columns it takes; ValueError if the file is not whole."""

    @staticmethod
    @abstractmethod
    def _count_rounds(booster: Any) -> int:
        """Count the rounds of trees in the library's model."""

    @staticmethod
    @abstractmethod
    def _library_error() -> type[Exception]:
        """Return the class of the library's own errors."""
