"""Split the rows of a search: training against the validation part, or folds of both."""

import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from math import ceil
from threading import Lock
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import numpy as np

from cairn.errors import InputError
from cairn.tables.source import Task

if TYPE_CHECKING:
    import pandas as pd

AUTO_FOLDS = 5
AUTO_HELD_OUT = 10_000  # held-out rows that tell candidates apart; a small table needs several folds for them

Count = int | Literal["auto"]


class Rows(NamedTuple):
    """One part as a model sees it: a signature's frame of shape (n_rows, n_columns) and labels of shape (n_rows,)."""

    X: "pd.DataFrame"
    y: np.ndarray

    def take(self, places: np.ndarray) -> "Rows":
        """Return the rows at some places, in that order."""
        return Rows(self.X.take(places), self.y[places])


@dataclass(frozen=True, kw_only=True)
class Problem:
    """What a search works on.

    Parameters
    ----------
    train, validation : the two parts; no row of the test part is among them
    task, n_classes, seed : as in `estimators.build`
    groups : of shape (n_train + n_validation,): rows of one group are in one fold; None: each row is its own group
    ordered : whether validation rows must not be fitted on, such as when they come later in time
    own_metrics : the nodes of the project's own metrics
    """

    train: Rows
    validation: Rows
    task: Task
    n_classes: int
    seed: int
    groups: np.ndarray | None = None
    ordered: bool = False
    own_metrics: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    @property
    def about(self) -> dict[str, Any]:
        """What `estimators.build` takes beside a node."""
        return {"task": self.task, "n_classes": self.n_classes, "seed": self.seed}


@dataclass
class Fold:
    """One split of the rows; its tables are made when they are first used.

    Parameters
    ----------
    pool : the training rows, and then the validation rows
    fitted, held_out : places in the pool
    matrices : the rows as the learners' libraries bin them, kept from one fit to the next
    lock : held by a fit, since not every library allows two fits on one matrix at once
    """

    pool: Rows
    fitted: np.ndarray
    held_out: np.ndarray
    matrices: dict[Any, Any] = field(default_factory=dict)
    lock: Lock = field(default_factory=Lock)

    def __reduce__(self) -> tuple[Any, ...]:
        """Leave out the tables and the lock: a worker process makes its own."""
        return Fold, (self.pool, self.fitted, self.held_out)

    @cached_property
    def train(self) -> Rows:
        """The rows to fit on."""
        return self.pool.take(self.fitted)

    @cached_property
    def validation(self) -> Rows:
        """The rows to measure."""
        return self.pool.take(self.held_out)


def together(train: Rows, validation: Rows) -> Rows:
    """Concatenate the training and the validation rows; both have the same levels of categories."""
    import pandas as pd

    return Rows(pd.concat([train.X, validation.X], ignore_index=True), np.concatenate([train.y, validation.y]))


def make_folds(problem: Problem, *, count: Count, rows: int | None = None) -> list[Fold]:
    """Make the folds on which candidates are compared.

    Parameters
    ----------
    problem : the rows
    count : how many folds; 1: fit on the training part and compare by the validation part; `auto`: as many
        of 5 folds as it takes to hold out 10,000 rows, but 1 if the rows are ordered. Classes are spread evenly, groups
        are kept together
    rows : at most this many rows are fitted on, drawn by the seed

    Raises
    ------
    InputError : folds of ordered rows, fewer than 2 rows a fold, or fewer groups than folds
    """
    train, validation = problem.train, problem.validation
    total = len(train.y) + len(validation.y)
    used = None
    if count == "auto":
        used = ceil(AUTO_HELD_OUT * AUTO_FOLDS / total)
        count = 1 if problem.ordered or used == 1 else AUTO_FOLDS
    if count < 1 or count * 2 > total:
        raise InputError(f"search.folds: {count} is not valid for {total:,} rows; 1 compares by the validation part")
    if problem.ordered and count > 1:
        raise InputError("search.folds: with this split folds could learn from what comes later; use 1")
    pool = together(train, validation)
    if count == 1:
        places = np.arange(total)
        pairs = [(places[: len(train.y)], places[len(train.y) :])]
    else:
        pairs = _cross_validate(pool, count, problem)[:used]
    return [Fold(pool, _sample(fitted, rows, problem.seed), held_out) for fitted, held_out in pairs]


def _cross_validate(pool: Rows, count: int, problem: Problem) -> list[tuple[np.ndarray, np.ndarray]]:
    from sklearn.model_selection import GroupKFold, KFold, StratifiedKFold

    groups, seeded = problem.groups, {"shuffle": True, "random_state": problem.seed}
    if groups is not None:
        if (n_groups := len(set(groups.tolist()))) < count:
            raise InputError(f"search.folds: {count} folds need at least as many groups; there are {n_groups}")
        splitter: Any = GroupKFold(count, **seeded)
    elif problem.n_classes and np.bincount(pool.y).max() >= count:
        splitter = StratifiedKFold(count, **seeded)
    else:
        splitter = KFold(count, **seeded)
    with warnings.catch_warnings():  # a class with fewer rows than folds is missing in some of them
        warnings.simplefilter("ignore", UserWarning)
        return list(splitter.split(np.zeros((len(pool.y), 1)), pool.y, groups))


def _sample(places: np.ndarray, rows: int | None, seed: int) -> np.ndarray:
    if rows is None or len(places) <= rows:
        return places
    return np.sort(np.random.default_rng(seed).choice(places, rows, replace=False))
