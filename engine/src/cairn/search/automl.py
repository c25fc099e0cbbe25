"""AutoML: candidates of all families, compared on rows held out, and a weighted ensemble of the best of them.

The scheme follows the time that a fit takes. Candidates are first compared on as many folds as it takes to hold out a
few thousand rows: one for a large table, all for a small one. First each family's own parameters, then the `starts` of
the families that did best, then what Optuna proposes over all families at once. When half of the time is over, the best
are fitted on the other folds too, the heaviest first; so a member of the ensemble is the mean of its folds' models, and
its weight comes from predictions of rows that they had not seen.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import ceil, inf
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Any

import numpy as np

from cairn.errors import InputError
from cairn.models import estimators
from cairn.models.learners.protocol import Balance
from cairn.models.learners.threads import threads
from cairn.models.space import Space, suggest
from cairn.search.bagging import Bag, Chosen
from cairn.search.comparison import Candidate, Comparison, metric_of
from cairn.search.portfolio import (
    FAMILY,
    START,
    Nodes,
    add_balance_to_space,
    leading_families,
    next_start,
    node_changes,
    start_params,
    unite_spaces,
)
from cairn.search.progress import progress
from cairn.search.search import Found, check_budget
from cairn.search.study import complete_trials, find_equal_trial, finished_trials, make_sampler, open_study
from cairn.search.work import TRAINING_OVERHEAD, trial_row
from cairn.training.folds import Count, Fold, Problem, make_folds

if TYPE_CHECKING:
    import optuna

__all__ = ["automl"]

ENSEMBLE_FOLDS = 8
SCREENING_ROWS = 4000  # held-out rows that tell candidates apart well enough
PROPOSAL_SHARE = 0.5  # of the time left, for proposing candidates before the chosen are fitted on all folds
CANDIDATE_SHARE = 0.25  # of all the time, at most for one candidate
SAMPLE_ROWS = 2000  # training rows that the ensemble predicts, to see whether it learnt them by heart
LEADERS = 3  # families whose further starts are tried


def automl(
    *,
    candidates: dict[str, dict[str, Any] | None],
    trials: int | None = None,
    seconds: float | None = None,
    metric: str = "auto",
    folds: Count = "auto",
    rows: int = 200_000,
    members: int = 6,
    balances: Sequence[Balance] = ("none", "weights", "smote"),
    model: Mapping[str, Any],
    problem: Problem,
    journal: Path,
    known: Any = (),
    started: float | None = None,
) -> Found:
    """Search over model families and their parameters together, and build a weighted ensemble of the best.

    Parameters
    ----------
    candidates : family -> its node of conf/model; None removes it; one whose library is not installed is passed over
    trials, seconds, metric, problem, journal, started : as in `cairn.search.search`; model and known are not used
    folds : how many folds there are to fit on; 1: the validation part; `auto`: 8, where the order of rows allows it
    rows : at most this many rows are fitted on to find candidates; the ensemble's members take all
    members : how many different candidates the ensemble holds at most
    balances : the class balances to try if the metric is one of labels or ranks, such as `f1`; with a metric of
        probabilities none is tried, since a balance distorts them

    Raises
    ------
    InputError : a budget or metric that is not valid, or no candidate
    """
    check_budget(trials, seconds)
    families = _families(candidates)
    name, upwards = metric_of(metric, problem.task, problem.own_metrics)
    if problem.n_classes and upwards:
        families = add_balance_to_space(families, balances)
    full, screening = _make_folds(problem, folds, rows)
    start = monotonic() if started is None else started
    space = unite_spaces(families)
    study = open_study("journal", name=None, journal=journal, space=space, metric=name, greater_is_better=upwards)
    race = Race(
        families=families,
        space=space,
        screening=Comparison.on(screening, problem, name),
        bag=Bag(
            Comparison.on(full, problem, name),
            upwards,
            members,
            scale=len(full[0].fitted) / len(screening[0].fitted),
            sample=_sample(len(problem.train.y)),
            folder=beside(journal) / "models",
        ),
        trials=trials,
        start=start,
        end=inf if seconds is None else start + seconds - TRAINING_OVERHEAD,
        folder=beside(journal) / "predictions",
    )
    chosen = race.run(study)
    return Found({}, race.rows(study, chosen), chosen=chosen)


def _make_folds(problem: Problem, count: Count, rows: int) -> tuple[Sequence[Fold], Sequence[Fold]]:
    """Return all folds, and as many as tell candidates apart, each of these fitted on `rows` at most."""
    full = make_folds(problem, count=(1 if problem.ordered else ENSEMBLE_FOLDS) if count == "auto" else count)
    enough = max(threads(), ceil(SCREENING_ROWS / len(full[0].held_out)))
    if 2 * enough > len(full):  # with so few rows one more fold is worth more than one more candidate
        enough = len(full)
    smaller = len(full[0].fitted) > rows
    return full, (make_folds(problem, count=len(full), rows=rows) if smaller else full)[:enough]


def _sample(rows: int) -> np.ndarray:
    """Return the places of some 2,000 training rows, evenly spaced."""
    return np.arange(0, rows, max(1, rows // SAMPLE_ROWS))


def beside(journal: Path) -> Path:
    """Return the folder of a search's predictions and models, which is not needed once the search is over."""
    return journal.with_suffix(".fitted")


def _families(candidates: Mapping[str, Mapping[str, Any] | None]) -> dict[str, Mapping[str, Any]]:
    families = {name: node for name, node in candidates.items() if node}
    for name in [name for name, node in families.items() if not estimators.installed(node)]:
        del families[name]
        print(f"passed over {name}: not installed (make run EXTRAS=boosters installs it)")
    if not families:
        raise InputError("search.candidates: there is none to search")
    return families


@dataclass(kw_only=True)
class Race:
    """The candidates that were tried, with their scores and costs.

    Parameters
    ----------
    families, space : family -> its node of conf/model; their spaces as one
    screening : the folds on which candidates are compared
    bag : chooses among them, and fits the chosen on all folds
    trials, start, end : the budget; the clock is time.monotonic
    folder : where the predictions of each trial are written, for a search that resumes
    candidates, scores : those that were fitted, by the number of their trial
    excluded : families that cannot learn from these rows
    """

    families: Nodes
    space: Space
    screening: Comparison
    bag: Bag
    trials: int | None
    start: float
    end: float
    folder: Path
    candidates: dict[int, Candidate] = field(default_factory=dict)
    scores: dict[int, float] = field(default_factory=dict)
    excluded: set[str] = field(default_factory=set)

    def run(self, study: "optuna.Study") -> Chosen:
        """Propose candidates, choose among them and fit the chosen on all folds; repeat while there is time."""
        from optuna.pruners import PercentilePruner

        study.pruner = PercentilePruner(66, n_startup_trials=6)
        self._load_predictions(study)
        with progress(self.trials, None if self.end == inf else self.end) as show:
            while True:
                deadline = self._search_deadline()
                while not self._is_search_over(study, deadline):
                    self._try_next(study, deadline)
                    show(study)
                weights = self.bag.choose(self.candidates, list(range(len(self.screening.folds))))
                complete = self.bag.fit(weights, self.candidates, self.end)
                if not complete or self._is_search_over(study, self._search_deadline()):
                    return self.bag.ensemble()

    def _search_deadline(self) -> float:
        """Return the deadline for proposing candidates; the rest of the time fits the chosen ones on all folds.

        If candidates are compared on all folds, only the time to write the chosen ones is left.
        """
        if self.end == inf:
            return inf
        now, count = monotonic(), len(self.screening.folds)
        if not self.bag.written or count < len(self.bag.comparison.folds):
            return now + (self.end - now) * PROPOSAL_SHARE
        return self.end - self.bag.estimate_writing() * self.bag.members * count / threads()

    def rows(self, study: "optuna.Study", chosen: Chosen) -> list[dict[str, Any]]:
        """Return the trials as the reports write them, with the cost of each and its weight in the ensemble."""
        weights = {member.trial: member.weight for member in chosen.members}
        rows = []
        for number, trial in enumerate(finished_trials(study)):
            params = node_changes(self.families, trial, trial.params)
            row = {**trial_row(number, trial), "family": trial.params[FAMILY], "params": params}
            if candidate := self.candidates.get(trial.number):
                row["folds"] = len(candidate.predicted)
                row["fit_seconds"] = round(candidate.fit_seconds, 3)
                row["predict_seconds"] = float(f"{candidate.predict_seconds / candidate.rows * 1000:.4g}")
                row["weight"] = round(weights.get(trial.number, 0.0), 6)
            rows.append(row)
        return rows

    def _is_search_over(self, study: "optuna.Study", deadline: float) -> bool:
        done = finished_trials(study)
        if not done:
            return False
        if self.trials is not None and len(done) >= self.trials:
            return True
        losses = self._best_losses(study)
        families = self._remaining_families()
        if len(losses) >= len(families):
            families = {name: families[name] for name in leading_families(losses, LEADERS)}
        return deadline < inf and monotonic() + min(self._estimate_seconds(name) for name in families) >= deadline

    def _try_next(self, study: "optuna.Study", deadline: float) -> None:
        done = finished_trials(study)
        tried = {(trial.user_attrs[FAMILY], trial.user_attrs[START]) for trial in done if START in trial.user_attrs}
        best = leading_families(self._best_losses(study), LEADERS)
        leaders = [family for family in best if monotonic() + self._estimate_seconds(family) <= deadline]
        if start := next_start(self._remaining_families(), tried, leaders, self._budget_spent(done)):
            attributes = dict(zip((FAMILY, START), start, strict=True))
            study.enqueue_trial(start_params(self.families, *start), user_attrs=attributes)
        study.sampler = make_sampler("tpe", seed=self.screening.seed + len(done), space=self.space)
        study.optimize(lambda trial: self._objective(trial, deadline if done else self.end), n_trials=1)

    def _budget_spent(self, done: list["optuna.trial.FrozenTrial"]) -> dict[str, float]:
        """Return what each family has used of the budget: seconds, or trials if the seconds are not limited."""
        spent = dict.fromkeys(self.families, 0.0)
        for trial in done:
            cost = 1.0 if self.end == inf or trial.duration is None else trial.duration.total_seconds()
            spent[trial.params[FAMILY]] += cost
        return spent

    def _best_losses(self, study: "optuna.Study") -> dict[str, float]:
        best: dict[str, float] = {}
        for trial in complete_trials(study):
            loss = (trial.value or 0.0) * (-1 if self.bag.greater_is_better else 1)
            best[trial.params[FAMILY]] = min(loss, best.get(trial.params[FAMILY], loss))
        return {family: loss for family, loss in best.items() if family not in self.excluded}

    def _objective(self, trial: "optuna.Trial", latest: float) -> float:
        from optuna import TrialPruned

        drawn = suggest(trial, self._space_of(trial), {})
        if drawn[FAMILY] in self.excluded:
            raise TrialPruned
        if twin := find_equal_trial(trial.study, trial.params, **{START: trial.user_attrs.get(START)}):
            assert twin.value is not None
            return twin.value
        node = {**self.families[drawn[FAMILY]], **node_changes(self.families, trial, drawn)}
        candidate, several = Candidate(node), len(self.screening.folds) > 1

        def report(step: int, value: float) -> None:
            trial.report(value, step)
            if START not in trial.user_attrs and trial.should_prune():
                raise TrialPruned

        deadline = None if self.end == inf else min(latest, monotonic() + (self.end - self.start) * CANDIDATE_SHARE)
        try:
            score = self.screening.score(candidate, report if several else None, deadline)
        except InputError as error:
            self._exclude(drawn[FAMILY], error)
            raise TrialPruned from error
        if score != score:
            return -inf if self.bag.greater_is_better else inf
        trial.set_user_attr("rounds", candidate.rounds)
        self.candidates[trial.number], self.scores[trial.number] = candidate, score
        self._write_predictions(trial.number, candidate)
        self._drop_models()
        return score

    def _drop_models(self) -> None:
        """Drop all models but those of the best candidates and of the best of each family: forests fill gigabytes.

        A candidate that is chosen without its models is fitted again.
        """
        families = set()
        for rank, number in enumerate(sorted(self.scores, key=self._loss)):
            target = self.candidates[number].node["_target_"]
            if rank >= self.bag.members and target in families:
                self.candidates[number].models.clear()
            families.add(target)

    def _loss(self, number: int) -> float:
        return -self.scores[number] if self.bag.greater_is_better else self.scores[number]

    def _space_of(self, trial: "optuna.Trial") -> Space:
        """Return the part of the space to draw from: for a start only its own parameters.

        Values that the space cannot express, such as a penalty of 0, stay as the node has them.
        """
        if START not in trial.user_attrs:
            return self.space
        fixed = start_params(self.families, trial.user_attrs[FAMILY], trial.user_attrs[START])
        return {name: limits for name, limits in self.space.items() if name in fixed}

    def _exclude(self, family: str, error: InputError) -> None:
        """Continue without a family that cannot learn from these rows, if there is another."""
        self.excluded.add(family)
        if not self._remaining_families():
            raise error
        print(f"passed over {family}: {error}")

    def _remaining_families(self) -> Nodes:
        return {name: node for name, node in self.families.items() if name not in self.excluded}

    def _estimate_seconds(self, family: str) -> float:
        """Estimate the seconds of one more candidate of a family; 0 until one was tried."""
        target = self.families[family]["_target_"]
        durations = [
            candidate.fit_seconds / len(candidate.predicted)
            for candidate in self.candidates.values()
            if candidate.fit_seconds and candidate.node["_target_"] == target
        ]
        return float(np.median(durations)) * ceil(len(self.screening.folds) / threads()) if durations else 0.0

    def _write_predictions(self, number: int, candidate: Candidate) -> None:
        """Write a candidate's predictions; the file has its name only once it is complete."""
        self.folder.mkdir(parents=True, exist_ok=True)
        partial = self.folder / f"{number}.partial.npz"
        arrays: dict[str, Any] = {str(place): values for place, values in candidate.predicted.items()}
        np.savez(partial, **arrays, seconds=np.array([candidate.fit_seconds, candidate.predict_seconds]))
        partial.replace(self.folder / f"{number}.npz")

    def _load_predictions(self, study: "optuna.Study") -> None:
        """Load the predictions of a search that was killed; the models of the chosen are fitted once more."""
        for trial in finished_trials(study):
            path = self.folder / f"{trial.number}.npz"
            if not path.exists():
                continue
            node = {**self.families[trial.params[FAMILY]], **node_changes(self.families, trial, trial.params)}
            with np.load(path) as arrays:
                predicted = {int(name): arrays[name] for name in arrays.files if name != "seconds"}
                fit_seconds, predict_seconds = arrays["seconds"].tolist()
            self.candidates[trial.number] = Candidate(node, {}, predicted, fit_seconds, predict_seconds)
