"""From candidates to an ensemble: choose the best, fit them on all folds, weigh them, and keep what was held out."""

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import cached_property
from math import inf
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from cairn.files import remove
from cairn.models.learners.ensemble import assemble
from cairn.models.learners.threads import one_thread, threads
from cairn.search.comparison import Candidate, Comparison
from cairn.search.selection import greedy, loss_of

if TYPE_CHECKING:
    import pandas as pd

MARGIN = 1.25  # how much longer than its like a fit may take


class Member(NamedTuple):
    """A candidate in the ensemble: its trial's number, its node, its weight, and the folder of each fold's model."""

    trial: int
    node: dict[str, Any]
    weight: float
    models: list[Path]


class Chosen(NamedTuple):
    """An ensemble.

    Parameters
    ----------
    members : those with a weight above 0
    places : of rows in the pool of training and validation rows that were held out
    predicted : the ensemble's predictions for them, by models that had not seen them
    sample : places of some training rows
    sampled : the ensemble's predictions for them, by models most of which had seen them
    """

    members: list[Member]
    places: np.ndarray
    predicted: np.ndarray
    sample: np.ndarray
    sampled: np.ndarray

    def move_to(self, folder: Path) -> None:
        """Make the folder of an ensemble of the members' folders: each one's models share its weight."""
        parts = [(path, each.weight / len(each.models)) for each in self.members for path in each.models]
        assemble(folder, parts)


class Kept(NamedTuple):
    """A fold's model as it was written down: where, what it says of the sample, and how long both took."""

    folder: Path
    sampled: np.ndarray
    seconds: float


@dataclass
class Bag:
    """What makes an ensemble of candidates.

    Parameters
    ----------
    comparison : all folds, with all rows
    greater_is_better : of the metric
    members : how many different candidates there may be
    scale : how many times the rows of a comparison a fold has; above 1, the chosen are fitted anew on all of them
    sample : places of the training rows that every model is asked about
    folder : where a model is written as soon as it is chosen and fitted, so that the clock sees what this takes
    fitted : the candidates as they were fitted on all rows, by the number of their trial
    kept : what was written, by the number of a trial and the place of a fold
    """

    comparison: Comparison
    greater_is_better: bool
    members: int
    scale: float
    sample: np.ndarray
    folder: Path
    fitted: dict[int, Candidate] = field(default_factory=dict)
    kept: dict[tuple[int, int], Kept] = field(default_factory=dict)

    @cached_property
    def asked(self) -> "pd.DataFrame":
        """The rows of the sample."""
        return self.comparison.folds[0].pool.take(self.sample).X

    def choose(self, candidates: Mapping[int, Candidate], places: Sequence[int]) -> dict[int, float]:
        """Weigh candidates by their predictions on some folds, and give those that weigh something, heaviest first."""
        known = {number: each for number, each in candidates.items() if set(places) <= each.predicted.keys()}
        predicted = [np.concatenate([each.predicted[place] for place in places]) for each in known.values()]
        how = self.comparison
        loss = loss_of(how.metric, self.greater_is_better, how.task, how.actual(places), how.own_metrics)
        weights = zip(known, greedy(predicted, loss, members=self.members).tolist(), strict=True)
        return dict(sorted(((number, each) for number, each in weights if each), key=lambda pair: -pair[1]))

    def fit(self, weights: Mapping[int, float], candidates: Mapping[int, Candidate], end: float) -> bool:
        """Fit the chosen on each fold that they lack, the heaviest first, and say whether time sufficed for all."""
        for number in weights:
            known = candidates[number]
            self.fitted.setdefault(number, known if self.scale == 1 else Candidate(known.node))
        # One fold after the other, as many as are fitted at once: two fits on the same fold wait for each other.
        places = range(len(self.comparison.folds))
        at_once = threads()
        turns = [(first, number) for first in places[::at_once] for number in weights]
        every = [(number, place) for first, number in turns for place in places[first : first + at_once]]
        waiting = [pair for pair in every if pair not in self.kept]
        complete = True
        while waiting:
            now = monotonic()
            in_time = [pair for pair in waiting if now + self._cost(candidates[pair[0]], *pair) <= end]
            complete = complete and len(in_time) == len(waiting)
            if not in_time and not any(number in weights for number, _ in self.kept):
                in_time = waiting[:1]  # nothing else is left to make an ensemble of
            self._fit_at_once(in_time[:at_once], end)
            waiting = in_time[at_once:]
        return complete

    def keeping(self, target: str | None = None) -> float:
        """Guess the seconds of keeping one model, of a class or of any; 0 as long as none was kept."""
        took = [
            kept.seconds
            for (number, _), kept in self.kept.items()
            if target in (None, self.fitted[number].node["_target_"])
        ]
        return sum(took) / len(took) if took else 0.0

    def _cost(self, candidate: Candidate, number: int, place: int) -> float:
        """Guess the seconds of fitting a candidate on a fold, and of keeping that model."""
        keeping = self.keeping(candidate.node["_target_"])
        if place in self.fitted[number].models:
            return keeping
        return keeping + MARGIN * self.scale * candidate.fit_seconds / max(1, len(candidate.predicted))

    def _fit_at_once(self, pairs: Sequence[tuple[int, int]], end: float) -> None:
        lacking = [(self.fitted[number], place) for number, place in pairs if place not in self.fitted[number].models]
        self.comparison.fit(lacking, None if end == inf else end)
        if monotonic() > end:
            self._drop_cut_short(lacking)
        with ThreadPoolExecutor(max(1, len(pairs))) as pool:
            for done in [pool.submit(self._keep, *pair) for pair in pairs]:
                done.result()

    def _drop_cut_short(self, pairs: Sequence[tuple[Candidate, int]]) -> None:
        for candidate, place in pairs:
            if self.kept or len(candidate.models) > 1:
                del candidate.models[place], candidate.predicted[place]

    def _keep(self, number: int, place: int) -> None:
        begun, model = monotonic(), self.fitted[number].models.get(place)
        if model is None:
            return
        folder = self.folder / f"{number}.{place}"
        remove(folder)
        folder.mkdir(parents=True)
        model.write(folder)
        with one_thread():
            sampled = model.predict(self.asked)
        self.kept[number, place] = Kept(folder, sampled, monotonic() - begun)
        del self.fitted[number].models[place]  # it is on the disk, and forests are large

    def ensemble(self) -> Chosen:
        """Weigh all that were kept once more by the folds that they share, and put their predictions together.

        One that time left without half as many folds as another has is passed over, or few folds would be shared.
        """
        folds: dict[int, list[int]] = {}
        for number, place in sorted(self.kept):
            folds.setdefault(number, []).append(place)
        most = max(len(places) for places in folds.values())
        ready = {number: self.fitted[number] for number, places in folds.items() if 2 * len(places) >= most}
        shared = sorted(set.intersection(*(set(folds[number]) for number in ready)))
        final = self.choose(ready, shared)
        kept = {number: [self.kept[number, place] for place in folds[number]] for number in final}
        members = [
            Member(number, ready[number].node, weight, [each.folder for each in kept[number]])
            for number, weight in final.items()
        ]
        predicted = [
            sum(weight * ready[number].predicted[place] for number, weight in final.items()) for place in shared
        ]
        return Chosen(
            members=members,
            places=np.concatenate([self.comparison.folds[place].held_out for place in shared]),
            predicted=np.concatenate(predicted),
            sample=self.sample,
            sampled=sum(
                weight * np.mean([each.sampled for each in kept[number]], axis=0) for number, weight in final.items()
            ),
        )
