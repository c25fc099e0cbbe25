"""Search for a model's parameters with Optuna, so that a killed search goes on where it was and ends the same."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import ceil, isfinite
from pathlib import Path
from time import monotonic, sleep
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from cairn.errors import InputError
from cairn.models import estimators
from cairn.models.learners.threads import threads
from cairn.models.space import combinations, suggest, within
from cairn.search.comparison import Candidate, Comparison, Report, metric_of
from cairn.search.progress import progress
from cairn.search.study import (
    REPEATS,
    Sampler,
    check_storage,
    complete,
    enqueue,
    finished,
    open_study,
    others,
    same_as,
    sampler_of,
)
from cairn.tables.source import Task
from cairn.training.folds import Count, Problem, parted

if TYPE_CHECKING:
    import optuna

    from cairn.search.bagging import Chosen

__all__ = ["best_parameters", "candidates", "none"]

KEYS = ("space", "starts", "finish")  # keys of a model's file that a search reads, and training does not
START_UP = 4.0  # seconds in which the training stage imports, reads and saves
PAUSE = 0.1  # seconds between two looks at whether other processes have made the last trials
SLOWER = 1.7  # times that a fit takes after each of a model's last changes, such as half the learning rate
FITS = 2.2  # fits of the training stage: one to stop early and choose the threshold, one on all rows

Start = Literal["own", "last", "champion"]


class Found(NamedTuple):
    """What a search gives.

    Parameters
    ----------
    params : to lay over the model's own
    trials : every trial that was made, in order
    rounds : how many rounds the best trial's model grew; None for a model without
    score : the best trial's
    chosen : the ensemble that AutoML built; None where one model is to be trained
    """

    params: dict[str, Any]
    trials: list[dict[str, Any]]
    rounds: int | None = None
    score: float | None = None
    chosen: "Chosen | None" = None


def none(
    *, model: Any = None, problem: Any = None, journal: Any = None, known: Any = None, started: Any = None
) -> Found:
    """Search nothing: the model's parameters stay as conf/model says them."""
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
    the last ones take the best parameters with each change of the model's `finish`. Each trial's sampler is seeded by
    the number of trials before it, so a search that was killed and goes on proposes what it would have proposed.

    Parameters
    ----------
    sampler : how parameters are drawn
    trials : how many sets are tried; None: as many as the seconds allow, or the whole grid
    seconds : wall-clock time of search and training together; None: no limit
    metric : what is compared, such as `roc_auc`; `auto`: log loss, or the root mean squared error
    folds : how many folds; 1: the validation part; `auto`: 5 where rows are few
    rows : at most this many rows are fitted on in a trial, drawn by the seed
    pruning : whether a trial is ended that is worse than the median of the others at the same round
    points : grid: how many values of a range without a step
    start : what else to begin with: `last`: the best of the last search; `champion`: what is promoted
    workers : how many processes share the work
    storage : `journal`: a file; or the address of a PostgreSQL database, which several machines may share
    study : its name in the database; None: one that stands for the data, the model, the search and the seed
    model : the node of conf/model, with its `space`
    problem : the rows
    journal : the file in which the study lives; a file that is there is gone on with
    known : parameters to begin with
    started : when the time began to count, on the clock of time.monotonic; None: now

    Raises
    ------
    InputError : a budget, metric, storage or space that makes no sense
    """
    check_budget(trials, seconds, endless=sampler != "grid")
    space = model.get("space") or {}
    if not space:
        return Found({}, [])
    name, greater_is_better = metric_of(metric, problem.task, problem.own_metrics)
    opened = open_study(
        storage, name=study, journal=journal, space=space, metric=name, greater_is_better=greater_is_better
    )
    if sampler == "grid":
        starts = _shuffled(combinations(space, points, model), problem.seed)
        size = len(starts) + len(model.get("finish") or ())
        trials = min(trials or size, size)
    else:
        starts = [within(space, each) for each in (model, *known, *(model.get("starts") or ()))]
    enqueue(opened, starts)
    work = Work(
        comparison=Comparison(
            folds=parted(problem, count=folds, rows=rows),
            task=problem.task,
            n_classes=problem.n_classes,
            seed=problem.seed,
            metric=name,
            own_metrics=problem.own_metrics,
        ),
        model=dict(model),
        sampler=sampler,
        trials=trials,
        pruning=pruning,
        end=None if seconds is None else (monotonic() if started is None else started) + seconds,
        scale=max(1.0, len(problem.train.y) / rows),
    )
    if workers > 1:
        from cairn.search.workers import share

        share(work, opened.study_name, storage, journal, workers)
    work.go_on(opened)
    work.finish(opened)
    return found(opened, work)


def check(
    node: Mapping[str, Any],
    task: Task | Literal["auto"] = "auto",
    own_metrics: Mapping[str, Mapping[str, Any]] | None = None,
) -> None:
    """Look whether a node of conf/search makes sense, beyond the types of its values.

    Parameters
    ----------
    node : of conf/search
    task : what is predicted; `auto`: not known yet
    own_metrics : the nodes of the project's own metrics

    Raises
    ------
    InputError : no budget, or one that is not above 0; a metric, storage or number of workers that there cannot be
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
        raise InputError(f"workers: {node['workers']} cannot search; 1 is this process alone")
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
    """Refuse a budget of nothing, and none at all where the search would be endless."""
    for key, value in (("trials", trials), ("seconds", seconds)):
        if value is not None and value <= 0:
            raise InputError(f"{key}: {value} is no budget; give more than 0, or search=none to search nothing")
    if trials is None and seconds is None and endless:
        raise InputError("trials: give trials or seconds, or the search would never end")


@dataclass(frozen=True, kw_only=True)
class Work:
    """What each process that shares a search does.

    Parameters
    ----------
    comparison : how a candidate is scored
    model : the node of conf/model
    sampler, trials, pruning : as in `best_parameters`
    end : when the training stage should be over, on the clock of time.monotonic; None: no limit
    scale : how many times the rows of a trial the training stage fits
    worker : which of the processes this is
    """

    comparison: Comparison
    model: dict[str, Any]
    sampler: Sampler
    trials: int | None
    pruning: bool
    end: float | None
    scale: float
    worker: int = 0

    @property
    def finishing(self) -> list[dict[str, Any]]:
        """The changes that the last trials make to the best parameters."""
        changes = self.model.get("finish") or []
        return changes if self.trials is None or self.trials > len(changes) else []

    def go_on(self, study: "optuna.Study", alive: Callable[[], bool] = lambda: True) -> None:
        """Make trials until the budget is spent, leaving what finishing and training will take."""
        from optuna.pruners import MedianPruner, NopPruner

        from cairn.search.comparison import WARM_UP

        space = self.model["space"]
        warm_up = WARM_UP if len(self.comparison.folds) == 1 else 0
        study.pruner = MedianPruner(n_startup_trials=4, n_warmup_steps=warm_up) if self.pruning else NopPruner()
        with progress(self.trials, self.end) as show:
            while alive() and self._more(study):
                show(study)
                done, running = len(finished(study)), others(study)
                if self.trials is not None and done + running >= self.trials - len(self.finishing):
                    sleep(PAUSE)
                    continue
                # Who shares a study must not draw the same: neither workers, nor machines that see each other's trials.
                seed = self.comparison.seed + done + 100_003 * self.worker + 1_009 * running
                study.sampler = sampler_of(self.sampler, seed=seed, space=space)
                study.optimize(self._try, n_trials=1, catch=(Superfluous,))
            show(study)

    def finish(self, study: "optuna.Study") -> None:
        """Take the best parameters with each of the model's last changes, as long as they help and time allows."""
        best = _best(study, [trial for trial in complete(study) if "finish" not in trial.user_attrs])
        if best is None:
            return
        for number in range(len(self.finishing)):
            if self._left() < START_UP + SLOWER ** (number + 1) * self._once(study, FITS):
                return
            if same_as(study, best.params, finish=number) is None:
                study.add_trial(self._changed(study, best, number))
            if (better := _best(study, complete(study))) is None or better.user_attrs.get("finish") != number:
                return

    def _more(self, study: "optuna.Study") -> bool:
        done = finished(study)
        if self.trials is not None and len(done) >= self.trials - len(self.finishing):
            return False
        changes = len(self.finishing)
        trials = sum(SLOWER**number for number in range(changes + 1))
        return not done or self._left() > START_UP + self._once(study, FITS * SLOWER**changes, trials)

    def _once(self, study: "optuna.Study", fits: float, trials: float = 1) -> float:
        """Guess how long some fits of the training stage, and some trials, will take, by those that nothing ended."""
        took = sorted(
            (trial.datetime_complete - trial.datetime_start).total_seconds()
            for trial in complete(study)
            if trial.datetime_complete and trial.datetime_start and not {REPEATS, "finish"} & trial.user_attrs.keys()
        )
        trial = took[len(took) // 2] if took else 0.0
        in_turn = ceil(len(self.comparison.folds) / threads())
        return trials * trial + fits * self.scale * trial / in_turn

    def _left(self) -> float:
        return float("inf") if self.end is None else self.end - monotonic()

    def _try(self, trial: "optuna.Trial") -> float:
        from optuna import TrialPruned

        drawn = suggest(trial, self.model["space"], self.model)
        if self._superfluous(trial):
            raise Superfluous
        if twin := same_as(trial.study, trial.params, finish=None):
            trial.set_user_attr(REPEATS, twin.number)
            trial.set_user_attr("rounds", twin.user_attrs.get("rounds"))
            assert twin.value is not None
            return twin.value
        candidate = Candidate({**self.model, **drawn})

        def report(step: int, value: float) -> None:
            trial.report(value, step)
            if trial.should_prune():
                raise TrialPruned

        score = self._measured(candidate, trial.study, report)
        trial.set_user_attr("rounds", candidate.rounds)
        return score

    def _changed(
        self, study: "optuna.Study", best: "optuna.trial.FrozenTrial", number: int
    ) -> "optuna.trial.FrozenTrial":
        """Try the best parameters with one of the last changes; starts that no trial has taken stay in their queue."""
        from optuna.trial import create_trial

        candidate = Candidate({**self.model, **best.params, **self.finishing[number]})
        score = self._measured(candidate, study)
        said = {"finish": number, "rounds": candidate.rounds}
        return create_trial(value=score, params=best.params, distributions=best.distributions, user_attrs=said)

    def _measured(self, candidate: Candidate, study: "optuna.Study", report: Report | None = None) -> float:
        """Give a candidate's score; the worst there is where the metric cannot be said."""
        score = self.comparison.score(candidate, report, None if self.end is None else self.end - START_UP)
        return score if score == score else float("-inf" if study.direction.name == "MAXIMIZE" else "inf")

    def _superfluous(self, trial: "optuna.Trial") -> bool:
        """Say whether other processes have begun the last of the trials in the meantime."""
        from optuna.trial import TrialState

        if self.trials is None:
            return False
        states = (TrialState.COMPLETE, TrialState.PRUNED, TrialState.RUNNING)
        before = [each for each in trial.study.get_trials(deepcopy=False, states=states) if each.number < trial.number]
        return len(before) >= self.trials - len(self.finishing)


class Superfluous(Exception):  # noqa: N818
    """A trial that another process has made meanwhile."""


def found(study: "optuna.Study", work: Work) -> Found:
    """Give the best trial's parameters, and every trial."""
    best = _best(study, complete(study))
    rows = [row(number, trial) for number, trial in enumerate(finished(study))]
    if best is None:
        return Found({}, rows)
    change = best.user_attrs.get("finish")
    params = best.params | ({} if change is None else work.finishing[change])
    return Found(params, rows, best.user_attrs.get("rounds"), best.value)


def row(number: int, trial: "optuna.trial.FrozenTrial") -> dict[str, Any]:
    """Give a trial as the reports write it: a pruned one has the score at which it was ended."""
    steps = trial.intermediate_values
    score = trial.value
    return {
        "trial": number,
        "state": trial.state.name.lower(),
        "score": score if score is not None and isfinite(score) else None,  # None: the metric cannot be said
        "rounds": trial.user_attrs.get("rounds", max(steps, default=None)),
        "params": trial.params,
    }


def _shuffled(sets: list[dict[str, Any]], seed: int) -> list[dict[str, Any]]:
    """Mix them, so that a search which time ends has seen all corners of the grid."""
    import numpy as np

    return [sets[place] for place in np.random.default_rng(seed).permutation(len(sets))]


def _best(study: "optuna.Study", trials: Sequence["optuna.trial.FrozenTrial"]) -> "optuna.trial.FrozenTrial | None":
    sign = -1 if study.direction.name == "MAXIMIZE" else 1
    return min(trials, key=lambda trial: sign * (trial.value or 0.0), default=None)
