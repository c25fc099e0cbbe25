"""The trials of one search, as each process that shares it makes them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import ceil, isfinite
from time import monotonic, sleep
from typing import TYPE_CHECKING, Any

from cairn.models.learners.threads import threads
from cairn.models.space import suggest
from cairn.search.comparison import WARM_UP_ROUNDS, Candidate, Comparison, Report
from cairn.search.progress import progress
from cairn.search.study import (
    REPEATS,
    Sampler,
    complete_trials,
    count_running,
    find_equal_trial,
    finished_trials,
    make_sampler,
)

if TYPE_CHECKING:
    import optuna

TRAINING_OVERHEAD = 4.0  # seconds in which the training stage imports, reads and saves
POLL_SECONDS = 0.1  # between two checks whether other processes have made the last trials
FINISH_SLOWDOWN = 1.7  # times that a fit takes after each of a model's last changes, such as half the learning rate
TRAINING_FITS = 2.2  # fits of the training stage: one to stop early and choose the threshold, one on all rows


class TrialBudgetReached(Exception):  # noqa: N818
    """Other processes have begun the last of the trials."""


@dataclass(frozen=True, kw_only=True)
class Work:
    """The search as each process that shares it needs it.

    Parameters
    ----------
    comparison : how a candidate is scored
    model : the node of conf/model
    sampler, trials, pruning : as in `best_parameters`
    end : when the training stage should be over, on the clock of time.monotonic; None: no limit
    scale : how many times the rows of a trial the training stage fits
    worker : the number of this process; 0 is the one that the others were started by
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
    def finish_changes(self) -> list[dict[str, Any]]:
        """The changes that the last trials make to the best parameters."""
        changes = self.model.get("finish") or []
        return changes if self.trials is None or self.trials > len(changes) else []

    def make_trials(self, study: "optuna.Study", alive: Callable[[], bool] = lambda: True) -> None:
        """Make trials until the budget is spent, less what the last changes and training will take.

        Each trial's sampler is seeded by the number of trials before it, so a search that was killed and resumed
        proposes what it would have proposed.
        """
        from optuna.pruners import MedianPruner, NopPruner

        warm_up = WARM_UP_ROUNDS if len(self.comparison.folds) == 1 else 0
        study.pruner = MedianPruner(n_startup_trials=4, n_warmup_steps=warm_up) if self.pruning else NopPruner()
        with progress(self.trials, self.end) as show:
            while alive() and self._has_budget(study):
                show(study)
                done, running = len(finished_trials(study)), count_running(study)
                if self.trials is not None and done + running >= self.trials - len(self.finish_changes):
                    sleep(POLL_SECONDS)
                    continue
                # Who shares a study must not draw the same: neither workers, nor machines that see each other's trials.
                seed = self.comparison.seed + done + 100_003 * self.worker + 1_009 * running
                study.sampler = make_sampler(self.sampler, seed=seed, space=self.model["space"])
                study.optimize(self._objective, n_trials=1, catch=(TrialBudgetReached,))
            show(study)

    def try_changes(self, study: "optuna.Study") -> None:
        """Try the best parameters with each of the model's last changes, while they help and time allows."""
        best = best_of(study, [trial for trial in complete_trials(study) if "finish" not in trial.user_attrs])
        if best is None:
            return
        for number in range(len(self.finish_changes)):
            needed = FINISH_SLOWDOWN ** (number + 1) * self._estimate_seconds(study, TRAINING_FITS)
            if self._seconds_left() < TRAINING_OVERHEAD + needed:
                return
            if find_equal_trial(study, best.params, finish=number) is None:
                study.add_trial(self._try_change(study, best, number))
            better = best_of(study, complete_trials(study))
            if better is None or better.user_attrs.get("finish") != number:
                return

    def _has_budget(self, study: "optuna.Study") -> bool:
        done, changes = finished_trials(study), len(self.finish_changes)
        if self.trials is not None and len(done) >= self.trials - changes:
            return False
        trials = sum(FINISH_SLOWDOWN**number for number in range(changes + 1))
        needed = self._estimate_seconds(study, TRAINING_FITS * FINISH_SLOWDOWN**changes, trials)
        return not done or self._seconds_left() > TRAINING_OVERHEAD + needed

    def _estimate_seconds(self, study: "optuna.Study", fits: float, trials: float = 1) -> float:
        """Estimate how long some fits of the training stage and some trials will take, from the complete trials."""
        durations = sorted(
            (trial.datetime_complete - trial.datetime_start).total_seconds()
            for trial in complete_trials(study)
            if trial.datetime_complete and trial.datetime_start and not {REPEATS, "finish"} & trial.user_attrs.keys()
        )
        median = durations[len(durations) // 2] if durations else 0.0
        rounds_of_folds = ceil(len(self.comparison.folds) / threads())
        return trials * median + fits * self.scale * median / rounds_of_folds

    def _seconds_left(self) -> float:
        return float("inf") if self.end is None else self.end - monotonic()

    def _objective(self, trial: "optuna.Trial") -> float:
        from optuna import TrialPruned

        drawn = suggest(trial, self.model["space"], self.model)
        if self._is_budget_reached(trial):
            raise TrialBudgetReached
        if twin := find_equal_trial(trial.study, trial.params, finish=None):
            trial.set_user_attr(REPEATS, twin.number)
            trial.set_user_attr("rounds", twin.user_attrs.get("rounds"))
            assert twin.value is not None
            return twin.value
        candidate = Candidate({**self.model, **drawn})

        def report(step: int, value: float) -> None:
            trial.report(value, step)
            if trial.should_prune():
                raise TrialPruned

        score = self._score(candidate, trial.study, report)
        trial.set_user_attr("rounds", candidate.rounds)
        return score

    def _try_change(
        self, study: "optuna.Study", best: "optuna.trial.FrozenTrial", number: int
    ) -> "optuna.trial.FrozenTrial":
        """Try the best parameters with one of the last changes; starts that no trial has taken stay in their queue."""
        from optuna.trial import create_trial

        candidate = Candidate({**self.model, **best.params, **self.finish_changes[number]})
        score = self._score(candidate, study)
        attributes = {"finish": number, "rounds": candidate.rounds}
        return create_trial(value=score, params=best.params, distributions=best.distributions, user_attrs=attributes)

    def _score(self, candidate: Candidate, study: "optuna.Study", report: Report | None = None) -> float:
        """Return a candidate's score; the worst possible if the metric is undefined."""
        score = self.comparison.score(candidate, report, None if self.end is None else self.end - TRAINING_OVERHEAD)
        return score if score == score else float("-inf" if study.direction.name == "MAXIMIZE" else "inf")

    def _is_budget_reached(self, trial: "optuna.Trial") -> bool:
        """Return True if other processes have begun the last of the trials in the meantime."""
        from optuna.trial import TrialState

        if self.trials is None:
            return False
        states = (TrialState.COMPLETE, TrialState.PRUNED, TrialState.RUNNING)
        others = trial.study.get_trials(deepcopy=False, states=states)
        return sum(other.number < trial.number for other in others) >= self.trials - len(self.finish_changes)


def best_of(study: "optuna.Study", trials: Sequence["optuna.trial.FrozenTrial"]) -> "optuna.trial.FrozenTrial | None":
    """Return the trial with the best score; None if there are none."""
    sign = -1 if study.direction.name == "MAXIMIZE" else 1
    return min(trials, key=lambda trial: sign * (trial.value or 0.0), default=None)


def trial_row(number: int, trial: "optuna.trial.FrozenTrial") -> dict[str, Any]:
    """Return a trial as the reports write it; the score of a pruned one is the last that it reported."""
    steps = trial.intermediate_values
    score = trial.value
    return {
        "trial": number,
        "state": trial.state.name.lower(),
        "score": score if score is not None and isfinite(score) else None,  # None: the metric is undefined
        "rounds": trial.user_attrs.get("rounds", max(steps, default=None)),
        "params": trial.params,
    }
