"""Score a candidate: fit it on each fold, measure it on the rows that were held out."""

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from threading import Lock
from time import monotonic
from typing import Any, Self

import numpy as np

from cairn.errors import InputError, did_you_mean
from cairn.evaluation import own_metrics
from cairn.evaluation.metrics import GREATER_IS_BETTER, MAIN, NAMES, figures, scorer
from cairn.models import estimators
from cairn.models.learners.threads import one_thread, threads
from cairn.tables.source import Task
from cairn.training.folds import Fold, Problem

__all__ = ["metric_of"]

REPORT_EVERY = 10  # rounds between two reports to the pruner: each is a line in the journal
WARM_UP_ROUNDS = 50  # rounds before a trial may be pruned

Report = Callable[[int, float], None]


@dataclass
class Candidate:
    """One candidate as far as it was fitted.

    Parameters
    ----------
    node : the node of conf/model, with the parameters that were drawn
    models : the fitted model of each fold
    predicted : its predictions for that fold's held-out rows
    fit_seconds, predict_seconds : of all folds together
    lock : held while a fold's model is added, since several are fitted at once
    """

    node: dict[str, Any]
    models: dict[int, estimators.Estimator] = field(default_factory=dict)
    predicted: dict[int, np.ndarray] = field(default_factory=dict)
    fit_seconds: float = 0.0
    predict_seconds: float = 0.0
    lock: Lock = field(default_factory=Lock)

    @property
    def rows(self) -> int:
        """How many rows were predicted."""
        return sum(len(predicted) for predicted in self.predicted.values())

    @property
    def rounds(self) -> int | None:
        """The mean rounds that the folds' models kept; None for a model without rounds."""
        kept = [model.rounds for model in self.models.values() if model.rounds is not None]
        return round(sum(kept) / len(kept)) if kept else None


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """How candidates are fitted and measured, the same for all.

    Parameters
    ----------
    folds : what to fit on and what to hold out
    task, n_classes, seed : as in `estimators.build`
    metric : one of the evaluation's, or of `own_metrics`
    own_metrics : the nodes of the project's own metrics
    """

    folds: Sequence[Fold]
    task: Task
    n_classes: int
    seed: int
    metric: str
    own_metrics: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    @classmethod
    def on(cls, folds: Sequence[Fold], problem: Problem, metric: str) -> Self:
        """Return the comparison on some folds of a problem's rows."""
        return cls(folds=folds, metric=metric, own_metrics=problem.own_metrics, **problem.about)

    def score(self, candidate: Candidate, report: Report | None = None, deadline: float | None = None) -> float:
        """Fit a candidate on every fold and measure it on all held-out rows.

        Parameters
        ----------
        candidate : filled in place
        report : called with a step and the score so far, by which a hopeless candidate is ended by raising: with one
            fold a step is a round, with several a step is a fold
        deadline : when fits end with what they have, on the clock of time.monotonic
        """
        if len(self.folds) == 1:
            self._fit(candidate, 0, report, deadline)
            return self.measure_folds(candidate.predicted)
        at_once = threads()
        for first in range(0, len(self.folds), at_once):
            places = range(first, min(first + at_once, len(self.folds)))
            self.fit([(candidate, place) for place in places], deadline)
            if report is not None:
                report(first, self.measure_folds(candidate.predicted))
        return self.measure_folds(candidate.predicted)

    def fit(self, pairs: Sequence[tuple[Candidate, int]], deadline: float | None = None) -> None:
        """Fit candidates, each on one fold, all at once and with a thread each.

        On some ten thousand rows that is several times as fast as one after the other with all threads, which
        wait for each other after every split.
        """
        with ThreadPoolExecutor(max(1, len(pairs))) as pool:
            for done in [pool.submit(self._fit_alone, candidate, place, deadline) for candidate, place in pairs]:
                done.result()

    def _fit_alone(self, candidate: Candidate, place: int, deadline: float | None) -> None:
        with one_thread():
            self._fit(candidate, place, None, deadline)

    def _fit(self, candidate: Candidate, place: int, report: Report | None, deadline: float | None) -> None:
        fold, node = self.folds[place], candidate.node
        model = estimators.build(node, task=self.task, n_classes=self.n_classes, seed=self.seed)
        with fold.lock:
            start = monotonic()
            estimators.fit(
                model,
                *fold.train,
                *fold.validation,
                balance=node.get("balance", "none"),
                on_round=self._callback(report, deadline),
                matrices=fold.matrices,
            )
        fitted = monotonic()
        predicted = estimators.predict(model, fold.validation.X)
        with candidate.lock:
            candidate.predicted[place] = predicted
            candidate.models[place] = model
            candidate.fit_seconds += fitted - start
            candidate.predict_seconds += monotonic() - fitted

    def actual(self, places: Sequence[int]) -> np.ndarray:
        """Return the labels of the rows that some folds hold out."""
        return np.concatenate([self.folds[place].validation.y for place in places])

    def measure_folds(self, predicted: Mapping[int, np.ndarray]) -> float:
        """Return the metric over the held-out rows of some folds; NaN if it is undefined."""
        places = sorted(predicted)  # whatever order they were fitted in
        pooled = np.concatenate([predicted[place] for place in places])
        return measure(self.metric, self.task, self.actual(places), pooled, self.own_metrics)

    def _callback(self, report: Report | None, deadline: float | None) -> Any:
        reported = f"validation/{MAIN[self.task]}" if self.metric == MAIN[self.task] else None

        def on_round(number: int, measured: Mapping[str, float]) -> bool:
            if report is not None and reported and reported in measured and number % REPORT_EVERY == 0:
                report(number, measured[reported])
            return deadline is not None and monotonic() > deadline

        return on_round


def measure(
    metric: str,
    task: Task,
    actual: np.ndarray,
    predicted: np.ndarray,
    own: Mapping[str, Mapping[str, Any]] | None = None,
) -> float:
    """Return one metric of some predictions; NaN if it is undefined."""
    scores = predicted[:, 1] if task == "binary" else predicted
    if own and metric in own:
        score = own_metrics.scorer({metric: own[metric]}, task, actual, scores, threshold=None)
    else:
        score = scorer(task, actual, scores, threshold=None)
    value = figures(score, len(actual))[metric]
    return float("nan") if value is None else value


def metric_of(name: str, task: Task, own: Mapping[str, Mapping[str, Any]] | None = None) -> tuple[str, bool]:
    """Return the metric to search by, and whether a greater value is better.

    Parameters
    ----------
    name : its name, or `auto`: log loss, or the root mean squared error
    task : what is predicted
    own : the nodes of the project's own metrics

    Raises
    ------
    InputError : the task has no such metric, or it needs what a search does not know (a threshold, money)
    """
    if name == "auto":
        return MAIN[task], False
    if own and name in own:
        return name, bool(own[name]["greater_is_better"])
    valid = [metric for metric in NAMES[task] if metric not in ("profit_per_1000", "coverage", "interval_score")]
    valid += own or {}
    if name not in valid:
        raise InputError(f"search.metric: {name!r} is not a metric to search a {task} by {did_you_mean(name, valid)}")
    return name, GREATER_IS_BETTER[name]
