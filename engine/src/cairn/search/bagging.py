"""Build an ensemble of candidates: choose the best, fit them on all folds, and weigh them by held-out predictions."""

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

FIT_MARGIN = 1.25  # times the mean of like fits that the next one may take


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
        """Move the members' folders into the folder of an ensemble; a member's models share its weight."""
        parts = [(path, member.weight / len(member.models)) for member in self.members for path in member.models]
        assemble(folder, parts)


class WrittenModel(NamedTuple):
    """A fold's model on disk: its folder, its predictions for the sample, and the seconds that both took."""

    folder: Path
    sampled: np.ndarray
    seconds: float


@dataclass
class Bag:
    """The candidates of an ensemble and the models that were fitted for it.

    Parameters
    ----------
    comparison : all folds, with all rows
    greater_is_better : of the metric
    members : how many different candidates at most
    scale : how many times the rows of a comparison a fold has; above 1, the chosen are fitted anew on all of them
    sample : places of the training rows that every model predicts
    folder : where a model is written as soon as it is chosen and fitted, so that this counts towards the time limit
    fitted : the candidates as they were fitted on all rows, by the number of their trial
    written : the models on disk, by the number of a trial and the place of a fold
    """

    comparison: Comparison
    greater_is_better: bool
    members: int
    scale: float
    sample: np.ndarray
    folder: Path
    fitted: dict[int, Candidate] = field(default_factory=dict)
    written: dict[tuple[int, int], WrittenModel] = field(default_factory=dict)

    @cached_property
    def sample_frame(self) -> "pd.DataFrame":
        """The rows of the sample."""
        return self.comparison.folds[0].pool.take(self.sample).X

    def choose(self, candidates: Mapping[int, Candidate], places: Sequence[int]) -> dict[int, float]:
        """Weigh candidates by their predictions on some folds; return the weights above 0, the heaviest first."""
        ready = {number: one for number, one in candidates.items() if set(places) <= one.predicted.keys()}
        predicted = [np.concatenate([one.predicted[place] for place in places]) for one in ready.values()]
        comparison = self.comparison
        actual, own = comparison.actual(places), comparison.own_metrics
        loss = loss_of(comparison.metric, self.greater_is_better, comparison.task, actual, own)
        weights = zip(ready, greedy(predicted, loss, members=self.members).tolist(), strict=True)
        return dict(sorted(((number, weight) for number, weight in weights if weight), key=lambda pair: -pair[1]))

    def fit(self, weights: Mapping[int, float], candidates: Mapping[int, Candidate], end: float) -> bool:
        """Fit the chosen on each fold that they lack, the heaviest first; True if there was time for all."""
        for number in weights:
            candidate = candidates[number]
            self.fitted.setdefault(number, candidate if self.scale == 1 else Candidate(candidate.node))
        # One fold after the other, as many as are fitted at once: two fits on the same fold wait for each other.
        places = range(len(self.comparison.folds))
        at_once = threads()
        turns = [(first, number) for first in places[::at_once] for number in weights]
        pairs = [(number, place) for first, number in turns for place in places[first : first + at_once]]
        waiting = [pair for pair in pairs if pair not in self.written]
        complete = True
        while waiting:
            now = monotonic()
            in_time = [pair for pair in waiting if now + self._estimate_seconds(candidates[pair[0]], *pair) <= end]
            complete = complete and len(in_time) == len(waiting)
            if not in_time and not any(number in weights for number, _ in self.written):
                in_time = waiting[:1]  # an ensemble needs at least one model
            self._fit_at_once(in_time[:at_once], end)
            waiting = in_time[at_once:]
        return complete

    def estimate_writing(self, target: str | None = None) -> float:
        """Estimate the seconds to write one model, of a class or of any; 0 until one was written."""
        durations = [
            model.seconds
            for (number, _), model in self.written.items()
            if target in (None, self.fitted[number].node["_target_"])
        ]
        return sum(durations) / len(durations) if durations else 0.0

    def _estimate_seconds(self, candidate: Candidate, number: int, place: int) -> float:
        """Estimate the seconds to fit a candidate on a fold and to write that model."""
        writing = self.estimate_writing(candidate.node["_target_"])
        if place in self.fitted[number].models:
            return writing
        return writing + FIT_MARGIN * self.scale * candidate.fit_seconds / max(1, len(candidate.predicted))

    def _fit_at_once(self, pairs: Sequence[tuple[int, int]], end: float) -> None:
        lacking = [(self.fitted[number], place) for number, place in pairs if place not in self.fitted[number].models]
        self.comparison.fit(lacking, None if end == inf else end)
        if monotonic() > end:
            self._drop_interrupted(lacking)
        with ThreadPoolExecutor(max(1, len(pairs))) as pool:
            for done in [pool.submit(self._write, *pair) for pair in pairs]:
                done.result()

    def _drop_interrupted(self, pairs: Sequence[tuple[Candidate, int]]) -> None:
        for candidate, place in pairs:
            if self.written or len(candidate.models) > 1:
                del candidate.models[place], candidate.predicted[place]

    def _write(self, number: int, place: int) -> None:
        start, model = monotonic(), self.fitted[number].models.get(place)
        if model is None:
            return
        folder = self.folder / f"{number}.{place}"
        remove(folder)
        folder.mkdir(parents=True)
        model.write(folder)
        with one_thread():
            sampled = model.predict(self.sample_frame)
        self.written[number, place] = WrittenModel(folder, sampled, monotonic() - start)
        del self.fitted[number].models[place]  # it is on the disk, and forests are large

    def ensemble(self) -> Chosen:
        """Weigh the written models once more by the folds that they share, and combine their predictions.

        A candidate with fewer than half as many folds as another is left out, or few folds would be shared.
        """
        folds: dict[int, list[int]] = {}
        for number, place in sorted(self.written):
            folds.setdefault(number, []).append(place)
        most = max(len(places) for places in folds.values())
        ready = {number: self.fitted[number] for number, places in folds.items() if 2 * len(places) >= most}
        shared = sorted(set.intersection(*(set(folds[number]) for number in ready)))
        final = self.choose(ready, shared)
        models = {number: [self.written[number, place] for place in folds[number]] for number in final}
        members = [
            Member(number, ready[number].node, weight, [model.folder for model in models[number]])
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
                weight * np.mean([model.sampled for model in models[number]], axis=0)
                for number, weight in final.items()
            ),
        )
