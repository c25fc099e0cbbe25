"""AutoML: candidates of all families, compared on rows held out, and a weighted ensemble of the best of them.

The scheme follows the time that a fit takes. Candidates are first compared on as many folds as it takes to hold out a
few thousand rows: on one where rows are many, on all where they are few. First each family's own parameters, then the
`starts` of the families that did best, then what Optuna proposes over all families at once. When half of the time is
over, the best are fitted on the other folds too, the heaviest first; so a member of the ensemble is the mean of its
folds' models, and its weight comes from predictions of rows that they had not seen.
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
from cairn.search.portfolio import FAMILY, START, Nodes, balanced, changes, enqueued, leading, next_start, united
from cairn.search.progress import progress
from cairn.search.search import START_UP, Found, check_budget, row
from cairn.search.study import complete, finished, open_study, same_as, sampler_of
from cairn.training.folds import Count, Fold, Problem, parted

if TYPE_CHECKING:
    import optuna

__all__ = ["automl"]

FOLDS = 8
HELD_OUT = 4000  # rows that tell candidates apart well enough
SEARCHED = 0.5  # share of the time left that goes into finding candidates, before the chosen are fitted on all folds
LONGEST = 0.25  # share of the time that one candidate may take
SAMPLE = 2000  # training rows that the ensemble is asked about, to see whether it learnt them by heart
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
    candidates : family -> its node of conf/model; None takes it out; one whose library is not installed is passed over
    trials : how many candidates are tried; None: as many as the seconds allow
    seconds : wall-clock time of search and training together; None: no limit
    metric : what is compared, such as `roc_auc`; `auto`: log loss, or the root mean squared error
    folds : how many folds there are to fit on; 1: the validation part; `auto`: 8, where the order of rows allows it
    rows : at most this many rows are fitted on to find candidates; the ensemble's members take all
    members : how many different candidates the ensemble holds at most
    balances : what is tried with rare classes where the metric is of labels or ranks, such as `f1`; not where it is
        of probabilities, which no longer are those of the data then
    model, known : not used, since the candidates stand in their place
    problem : the rows
    journal : the file in which the study lives, and which a killed search goes on with; `beside` it is what it fitted
    started : when the time began to count, on the clock of time.monotonic; None: now

    Raises
    ------
    InputError : a budget or metric that makes no sense, or no candidate
    """
    check_budget(trials, seconds)
    families = _families(candidates)
    name, greater_is_better = metric_of(metric, problem.task, problem.own_metrics)
    if problem.n_classes and greater_is_better:
        families = balanced(families, balances)
    if folds == "auto":
        folds = 1 if problem.ordered else FOLDS
    full = parted(problem, count=folds)
    screened = _screened(problem, full, rows)
    start = monotonic() if started is None else started
    folder = beside(journal)
    space = united(families)
    study = open_study(
        "journal", name=None, journal=journal, space=space, metric=name, greater_is_better=greater_is_better
    )
    alike: dict[str, Any] = {"task": problem.task, "n_classes": problem.n_classes, "seed": problem.seed, "metric": name}
    alike["own_metrics"] = problem.own_metrics
    race = Race(
        families=families,
        space=space,
        screening=Comparison(folds=screened, **alike),
        bag=Bag(
            Comparison(folds=full, **alike),
            greater_is_better,
            members,
            scale=len(full[0].fitted) / len(screened[0].fitted),
            sample=np.arange(0, len(problem.train.y), max(1, len(problem.train.y) // SAMPLE)),
            folder=folder / "models",
        ),
        trials=trials,
        start=start,
        end=inf if seconds is None else start + seconds - START_UP,
        folder=folder / "predictions",
    )
    chosen = race.run(study)
    return Found({}, race.rows(study, chosen), chosen=chosen)


def _screened(problem: Problem, full: Sequence[Fold], rows: int) -> Sequence[Fold]:
    """Give as many folds as tell candidates apart, each fitted on `rows` at most."""
    enough = max(threads(), ceil(HELD_OUT / len(full[0].held_out)))
    if 2 * enough > len(full):  # so few rows that one more fold tells more than one more candidate
        enough = len(full)
    smaller = len(full[0].fitted) > rows
    return (parted(problem, count=len(full), rows=rows) if smaller else full)[:enough]


def beside(journal: Path) -> Path:
    """Give the folder of a search's predictions and models, which is of no use once the search is over."""
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
    """The candidates as they are tried, and what is known of them.

    Parameters
    ----------
    families, space : family -> its node of conf/model; their spaces as one
    screening : the folds on which candidates are compared
    bag : what chooses among them, and fits the chosen on all folds
    trials, start, end : the budget; the clock is time.monotonic
    folder : where the predictions of each trial are kept, for a search that goes on
    candidates, scores : those that were fitted, by the number of their trial
    passed_over : families that cannot learn from these rows
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
    passed_over: set[str] = field(default_factory=set)

    def run(self, study: "optuna.Study") -> Chosen:
        """Find candidates, choose among them and fit the chosen on all folds, and again while there is time."""
        from optuna.pruners import PercentilePruner

        study.pruner = PercentilePruner(66, n_startup_trials=6)
        self._recall(study)
        with progress(self.trials, None if self.end == inf else self.end) as show:
            while True:
                until = self._until()
                while not self._enough(study, until):
                    self._next(study, until)
                    show(study)
                weights = self.bag.choose(self.candidates, list(range(len(self.screening.folds))))
                complete = self.bag.fit(weights, self.candidates, self.end)
                if not complete or self._enough(study, self._until()):
                    return self.bag.ensemble()

    def _until(self) -> float:
        """Say when to stop finding: at half of the time, or where no folds wait, in time to keep the chosen."""
        if self.end == inf:
            return inf
        now, count = monotonic(), len(self.screening.folds)
        if not self.bag.kept or count < len(self.bag.comparison.folds):
            return now + (self.end - now) * SEARCHED
        return self.end - self.bag.keeping() * self.bag.members * count / threads()

    def rows(self, study: "optuna.Study", chosen: Chosen) -> list[dict[str, Any]]:
        """Give the trials as the reports write them, with what each cost and what it weighs in the ensemble."""
        weights = {member.trial: member.weight for member in chosen.members}
        said = []
        for number, trial in enumerate(finished(study)):
            params = changes(self.families, trial, trial.params)
            one = {**row(number, trial), "family": trial.params[FAMILY], "params": params}
            if candidate := self.candidates.get(trial.number):
                one["folds"] = len(candidate.predicted)
                one["fit_seconds"] = round(candidate.fit_seconds, 3)
                one["predict_seconds"] = float(f"{candidate.predict_seconds / candidate.rows * 1000:.4g}")
                one["weight"] = round(weights.get(trial.number, 0.0), 6)
            said.append(one)
        return said

    def _enough(self, study: "optuna.Study", until: float) -> bool:
        done = finished(study)
        if not done:
            return False
        if self.trials is not None and len(done) >= self.trials:
            return True
        losses = self._losses(study)
        going_on = self._going_on()
        if len(losses) >= len(going_on):
            going_on = {name: going_on[name] for name in leading(losses, LEADERS)}
        return until < inf and monotonic() + min(self._cost(family) for family in going_on) >= until

    def _next(self, study: "optuna.Study", until: float) -> None:
        done = finished(study)
        tried = {(trial.user_attrs[FAMILY], trial.user_attrs[START]) for trial in done if START in trial.user_attrs}
        leaders = [each for each in leading(self._losses(study), LEADERS) if monotonic() + self._cost(each) <= until]
        if proposed := next_start(self._going_on(), tried, leaders, self._spent(done)):
            attributes = dict(zip((FAMILY, START), proposed, strict=True))
            study.enqueue_trial(enqueued(self.families, *proposed), user_attrs=attributes)
        study.sampler = sampler_of("tpe", seed=self.screening.seed + len(done), space=self.space)
        study.optimize(lambda trial: self._try(trial, until if done else self.end), n_trials=1)

    def _spent(self, done: list["optuna.trial.FrozenTrial"]) -> dict[str, float]:
        """Give what each family had of the budget: seconds, or trials where the seconds are not limited."""
        spent = dict.fromkeys(self.families, 0.0)
        for trial in done:
            took = 1.0 if self.end == inf or trial.duration is None else trial.duration.total_seconds()
            spent[trial.params[FAMILY]] += took
        return spent

    def _losses(self, study: "optuna.Study") -> dict[str, float]:
        best: dict[str, float] = {}
        for trial in complete(study):
            loss = (trial.value or 0.0) * (-1 if self.bag.greater_is_better else 1)
            best[trial.params[FAMILY]] = min(loss, best.get(trial.params[FAMILY], loss))
        return {family: loss for family, loss in best.items() if family not in self.passed_over}

    def _try(self, trial: "optuna.Trial", until: float) -> float:
        from optuna import TrialPruned

        drawn = suggest(trial, self._space(trial), {})
        if drawn[FAMILY] in self.passed_over:
            raise TrialPruned
        if twin := same_as(trial.study, trial.params, **{START: trial.user_attrs.get(START)}):
            assert twin.value is not None
            return twin.value
        node = {**self.families[drawn[FAMILY]], **changes(self.families, trial, drawn)}
        candidate, several = Candidate(node), len(self.screening.folds) > 1

        def report(step: int, value: float) -> None:
            trial.report(value, step)
            if START not in trial.user_attrs and trial.should_prune():
                raise TrialPruned

        deadline = None if self.end == inf else min(until, monotonic() + (self.end - self.start) * LONGEST)
        try:
            score = self.screening.score(candidate, report if several else None, deadline)
        except InputError as error:
            self._pass_over(drawn[FAMILY], error)
            raise TrialPruned from error
        if score != score:
            return -inf if self.bag.greater_is_better else inf
        trial.set_user_attr("rounds", candidate.rounds)
        self.candidates[trial.number], self.scores[trial.number] = candidate, score
        self._keep(trial.number, candidate)
        self._drop_models()
        return score

    def _drop_models(self) -> None:
        """Keep the models of the best candidates and of the best of each family; of forests, all would fill gigabytes.

        What is chosen without its models is fitted again.
        """
        families = set()
        for rank, number in enumerate(sorted(self.scores, key=self._loss)):
            target = self.candidates[number].node["_target_"]
            if rank >= self.bag.members and target in families:
                self.candidates[number].models.clear()
            families.add(target)

    def _loss(self, number: int) -> float:
        return -self.scores[number] if self.bag.greater_is_better else self.scores[number]

    def _space(self, trial: "optuna.Trial") -> Space:
        """Draw nothing beside a start: what the space cannot give, such as a penalty of 0, stays as its node says."""
        if START not in trial.user_attrs:
            return self.space
        held = enqueued(self.families, trial.user_attrs[FAMILY], trial.user_attrs[START])
        return {name: said for name, said in self.space.items() if name in held}

    def _pass_over(self, family: str, error: InputError) -> None:
        """Go on without a family that cannot learn from these rows, as long as another can."""
        self.passed_over.add(family)
        if not self._going_on():
            raise error
        print(f"passed over {family}: {error}")

    def _going_on(self) -> Nodes:
        return {name: node for name, node in self.families.items() if name not in self.passed_over}

    def _cost(self, family: str) -> float:
        """Guess the seconds of one more candidate of a family; 0 as long as none was tried."""
        target = self.families[family]["_target_"]
        took = [
            each.fit_seconds / len(each.predicted)
            for each in self.candidates.values()
            if each.fit_seconds and each.node["_target_"] == target
        ]
        return float(np.median(took)) * ceil(len(self.screening.folds) / threads()) if took else 0.0

    def _keep(self, number: int, candidate: Candidate) -> None:
        """Write a candidate's predictions down, under a name that says whether they are whole."""
        self.folder.mkdir(parents=True, exist_ok=True)
        partial = self.folder / f"{number}.partial.npz"
        kept: dict[str, Any] = {str(place): values for place, values in candidate.predicted.items()}
        np.savez(partial, **kept, seconds=np.array([candidate.fit_seconds, candidate.predict_seconds]))
        partial.replace(self.folder / f"{number}.npz")

    def _recall(self, study: "optuna.Study") -> None:
        """Take up the predictions of a search that was killed; the models of the chosen are fitted once more."""
        for trial in finished(study):
            path = self.folder / f"{trial.number}.npz"
            if not path.exists():
                continue
            node = {**self.families[trial.params[FAMILY]], **changes(self.families, trial, trial.params)}
            with np.load(path) as kept:
                predicted = {int(name): kept[name] for name in kept.files if name != "seconds"}
                fit_seconds, predict_seconds = kept["seconds"].tolist()
            self.candidates[trial.number] = Candidate(node, {}, predicted, fit_seconds, predict_seconds)
