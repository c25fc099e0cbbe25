"""From candidates to an ensemble: choose the best, fit them on all folds, weigh them, and keep what was held out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import inf
from time import monotonic
from typing import Any, NamedTuple

import numpy as np

from pipeline.modeling.comparison import Candidate, Comparison
from pipeline.modeling.learners.ensemble import Ensemble
from pipeline.modeling.learners.matrix import Estimator, threads
from pipeline.modeling.selection import greedy, loss_of

MARGIN = 1.25  # how much longer than its like a fit may take


class Member(NamedTuple):
    """A candidate in the ensemble: the number of its trial, its node, its weight, and a model for each fold."""

    trial: int
    node: dict[str, Any]
    weight: float
    models: list[Estimator]


class Chosen(NamedTuple):
    """An ensemble.

    Parameters
    ----------
    members : those with a weight above 0
    places : of rows in the pool of training and validation rows that were held out
    predicted : the ensemble's predictions for them, by models that had not seen them
    """

    members: list[Member]
    places: np.ndarray
    predicted: np.ndarray

    def ensemble(self) -> Ensemble:
        """Put the members together: each one's models share its weight."""
        models = [(model, each.weight / len(each.models)) for each in self.members for model in each.models]
        return Ensemble([model for model, _ in models], [weight for _, weight in models])


@dataclass
class Bag:
    """What makes an ensemble of candidates.

    Parameters
    ----------
    comparison : all folds, with all rows
    greater_is_better : of the metric
    members : how many different candidates there may be
    scale : how many times the rows of a comparison a fold has; above 1, the chosen are fitted anew on all of them
    fitted : the candidates as they were fitted on all rows, by the number of their trial
    """

    comparison: Comparison
    greater_is_better: bool
    members: int
    scale: float
    fitted: dict[int, Candidate] = field(default_factory=dict)

    def choose(self, candidates: Mapping[int, Candidate], places: Sequence[int]) -> dict[int, float]:
        """Weigh candidates by their predictions on some folds, and give those that weigh something, heaviest first."""
        known = {number: each for number, each in candidates.items() if set(places) <= each.predicted.keys()}
        predicted = [np.concatenate([each.predicted[place] for place in places]) for each in known.values()]
        how = self.comparison
        loss = loss_of(how.metric, self.greater_is_better, how.task, how.actual(places))
        weights = zip(known, greedy(predicted, loss, members=self.members).tolist(), strict=True)
        return dict(sorted(((number, each) for number, each in weights if each), key=lambda pair: -pair[1]))

    def fit(self, weights: Mapping[int, float], candidates: Mapping[int, Candidate], end: float) -> bool:
        """Fit the chosen on each fold that they lack, the heaviest first, and say whether time sufficed for all."""
        for number in weights:
            known = candidates[number]
            self.fitted.setdefault(number, known if self.scale == 1 else Candidate(known.node))
        waiting = [
            (number, place)
            for place in range(len(self.comparison.folds))
            for number in weights
            if place not in self.fitted[number].models
        ]
        complete = True
        while waiting:
            now = monotonic()
            in_time = [pair for pair in waiting if now + MARGIN * self._cost(candidates[pair[0]]) <= end]
            complete = complete and len(in_time) == len(waiting)
            if not in_time and not any(candidates[number].models or self.fitted[number].models for number in weights):
                in_time = waiting[:1]  # of a search that was killed nothing else is left
            at_once, waiting = in_time[: threads()], in_time[threads() :]
            pairs = [(self.fitted[number], place) for number, place in at_once]
            self.comparison.fit(pairs, None if end == inf else end)
            if monotonic() > end:
                self._drop_cut_short(pairs)
        return complete

    def _cost(self, candidate: Candidate) -> float:
        return self.scale * candidate.fit_seconds / max(1, len(candidate.predicted))

    def _drop_cut_short(self, pairs: Sequence[tuple[Candidate, int]]) -> None:
        for candidate, place in pairs:
            if len(candidate.models) > 1:
                del candidate.models[place], candidate.predicted[place]

    def ensemble(self, weights: Mapping[int, float], candidates: Mapping[int, Candidate]) -> Chosen:
        """Weigh the chosen once more by all folds that they share, and put their held-out predictions together."""
        ready = {
            number: self.fitted[number] if self.fitted[number].models else candidates[number] for number in weights
        }
        ready = {number: each for number, each in ready.items() if each.models}
        shared = sorted(set.intersection(*(set(each.models) for each in ready.values())))
        final = self.choose(ready, shared)
        members = [
            Member(
                number,
                ready[number].node,
                weight,
                [ready[number].models[place] for place in sorted(ready[number].models)],
            )
            for number, weight in final.items()
        ]
        predicted = [
            sum(weight * ready[number].predicted[place] for number, weight in final.items()) for place in shared
        ]
        places = np.concatenate([self.comparison.folds[place].held_out for place in shared])
        return Chosen(members, places, np.concatenate(predicted))
