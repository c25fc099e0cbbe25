"""Search for a model's parameters with Optuna; a search that was killed resumes, and ends with the same result.

Every search that a file of conf/search names has some of these parameters:

trials : how many candidates are tried; None: as many as the seconds allow
seconds : wall-clock time of search and training together; None: no limit
metric : what is compared, such as `roc_auc`; `auto`: log loss, or the root mean squared error
model : the node of conf/model, with its `space`
problem : the rows
journal : the file of the study; a search resumes from a file that exists
known : further parameters to begin with
started : when `seconds` began, on the clock of time.monotonic; None: now
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import numpy as np

from cairn.errors import InputError
from cairn.models import estimators
from cairn.models.space import combinations, within
from cairn.search.bagging import Chosen
from cairn.search.comparison import Comparison, metric_of
from cairn.search.study import Sampler, Start, check_storage, complete_trials, enqueue, finished_trials, open_study
from cairn.search.work import Work, best_of, trial_row
from cairn.tables.source import Task
from cairn.training.folds import Count, Problem, make_folds

if TYPE_CHECKING:
    import optuna

__all__ = ["best_parameters", "candidates", "none"]

KEYS = ("space", "starts", "finish")  # keys of a model's file that a search reads, and training does not


class Found(NamedTuple):
    """The result of a search.

    Parameters
    ----------
    params : those that replace the model's own
    trials : every trial that was made, in order
    rounds : how many rounds the best trial's model grew; None for a model without
    score : the best trial's
    chosen : the ensemble that AutoML built; None if one model is to be trained
    """

    params: dict[str, Any]
    trials: list[dict[str, Any]]
    rounds: int | None = None
    score: float | None = None
    chosen: Chosen | None = None


def none(
    *, model: Any = None, problem: Any = None, journal: Any = None, known: Any = None, started: Any = None
) -> Found:
    """Return an empty result: the model keeps the parameters of conf/model."""
    return Found({}, [])


def best_parameters(
    *,
    sampler: Sampler = "tpe",
    trials: int | None = None,
    seconds: float | None = None,
    metric: str = "auto",
    folds: Count = "auto",
    rows: int = 50_000,
    pruning: bool = True,
    points: int = 5,
    start: Start = "own",
    workers: int = 1,
    storage: str = "journal",
    study: str | None = None,
    model: Mapping[str, Any],
    problem: Problem,
    journal: Path,
    known: Sequence[Mapping[str, Any]] = (),
    started: float | None = None,
) -> Found:
    """Try parameter sets from the model's `space`, and stop hopeless ones early.

    The first trials take the model's own parameters and its `starts`, so the search never ends worse than it began;
    the last ones take the best parameters with each change of the model's `finish`.

    Parameters
    ----------
    sampler : how parameters are drawn; a `grid` without `trials` is tried as a whole
    trials, seconds, metric, model, problem, journal, known, started : as in every search (see the module)
    folds : how many folds; 1: the validation part; `auto`: 5 where rows are few
    rows : at most this many rows are fitted on in a trial, drawn by the seed
    pruning : whether a trial is ended that is worse than the median of the others at the same round
    points : grid: how many values of a range without a step
    start : what else to begin with: `last`: the best of the last search; `champion`: what is promoted
    workers : how many processes share the work
    storage : `journal`: a file; or the address of a PostgreSQL database, which several machines may share
    study : its name in the database; None: one that stands for the data, the model, the search and the seed

    Raises
    ------
    InputError : a budget, metric, storage or space that is not valid
    """
    check_budget(trials, seconds, endless=sampler != "grid")
    space = model.get("space")
    if not space:
        return Found({}, [])
    name, upwards = metric_of(metric, problem.task, problem.own_metrics)
    opened = open_study(storage, name=study, journal=journal, space=space, metric=name, greater_is_better=upwards)
    sets, trials = _first_sets(sampler, points, trials, model, known, problem.seed)
    enqueue(opened, sets)
    work = Work(
        comparison=Comparison.on(make_folds(problem, count=folds, rows=rows), problem, name),
        model=dict(model),
        sampler=sampler,
        trials=trials,
        pruning=pruning,
        end=None if seconds is None else (monotonic() if started is None else started) + seconds,
        scale=max(1.0, len(problem.train.y) / rows),
    )
    return _search(work, opened, storage, journal, workers)


def check(
    node: Mapping[str, Any],
    task: Task | Literal["auto"] = "auto",
    own_metrics: Mapping[str, Mapping[str, Any]] | None = None,
) -> None:
    """Check a node of conf/search, beyond the types of its values.

    Parameters
    ----------
    node : of conf/search
    task : what is predicted; `auto`: not known yet
    own_metrics : the nodes of the project's own metrics

    Raises
    ------
    InputError : no budget, or one that is not above 0; a metric, storage or number of workers that is not valid
    """
    if "trials" in node or "seconds" in node:
        check_budget(node.get("trials"), node.get("seconds"), endless=node.get("sampler") != "grid")
    for name, candidate in node.get("candidates", {}).items():
        try:
            if candidate is not None:
                estimators.check(candidate)
        except InputError as error:
            raise InputError(f"candidates.{name}.{error}") from error
    if node.get("workers", 1) < 1:
        raise InputError(f"workers: must be at least 1, not {node['workers']}")
    check_storage(node.get("storage", "journal"))
    if task != "auto":
        try:
            metric_of(node.get("metric", "auto"), task, own_metrics)
        except InputError as error:
            raise InputError(str(error).removeprefix("search.")) from error


def candidates(node: Mapping[str, Any], model: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Return the nodes of conf/model that a search may choose: its own candidates, or the project's one model.

    Parameters
    ----------
    node : of conf/search
    model : of conf/model
    """
    if "candidates" not in node:
        return [model]
    return [each for each in node["candidates"].values() if each and estimators.installed(each)]


def check_budget(trials: int | None, seconds: float | None, *, endless: bool = True) -> None:
    """Check the budget of a search.

    Parameters
    ----------
    trials, seconds : the budget; None: no limit
    endless : whether the search would never end without one

    Raises
    ------
    InputError : a budget that is not above 0, or none for a search that would never end
    """
    for key, value in (("trials", trials), ("seconds", seconds)):
        if value is not None and value <= 0:
            raise InputError(f"{key}: must be above 0, not {value}; search=none searches nothing")
    if trials is None and seconds is None and endless:
        raise InputError("trials: give trials or seconds, or the search would never end")


def _first_sets(
    sampler: Sampler,
    points: int,
    trials: int | None,
    model: Mapping[str, Any],
    known: Sequence[Mapping[str, Any]],
    seed: int,
) -> tuple[list[dict[str, Any]], int | None]:
    """Return the parameter sets to try first, and how many trials there are; a grid has no others."""
    space = model["space"]
    if sampler != "grid":
        return [within(space, params) for params in (model, *known, *(model.get("starts") or ()))], trials
    sets = _shuffle(combinations(space, points, model), seed)
    size = len(sets) + len(model.get("finish") or ())
    return sets, min(trials or size, size)


def _search(work: Work, study: "optuna.Study", storage: str, journal: Path, workers: int) -> Found:
    if workers > 1:
        from cairn.search.workers import share  # multiprocessing would slow down `compose`

        share(work, study.study_name, storage, journal, workers)
    work.make_trials(study)
    work.try_changes(study)
    return _result(study, work)


def _result(study: "optuna.Study", work: Work) -> Found:
    best = best_of(study, complete_trials(study))
    rows = [trial_row(number, trial) for number, trial in enumerate(finished_trials(study))]
    if best is None:
        return Found({}, rows)
    change = best.user_attrs.get("finish")
    params = best.params | ({} if change is None else work.finish_changes[change])
    return Found(params, rows, best.user_attrs.get("rounds"), best.value)


def _shuffle(sets: list[dict[str, Any]], seed: int) -> list[dict[str, Any]]:
    """Shuffle parameter sets, so that a search which time ends has tried all corners of the grid."""
    return [sets[place] for place in np.random.default_rng(seed).permutation(len(sets))]
