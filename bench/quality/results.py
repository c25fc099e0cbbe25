"""What was measured, kept run by run in a cache folder, so that a benchmark that was cut off goes on."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from bench.quality.comparison import Difference, difference, over_splits
from bench.quality.sets import Task


@dataclass(frozen=True)
class Result:
    """One system on one split.

    Parameters
    ----------
    set, split, system : what was measured
    budget : in seconds; None for a system without one
    task : of the set
    rows : of the whole set
    seconds, cpu, gib : wall clock, CPU and largest process of the fit; None where it failed
    scores : metric -> value on the test part
    failed : why there is no result
    """

    set: str
    split: int
    budget: int | None
    system: str
    task: Task
    rows: int
    seconds: float | None = None
    cpu: float | None = None
    gib: float | None = None
    scores: dict[str, float] | None = None
    failed: str | None = None

    @property
    def stem(self) -> str:
        """The name of its files in the cache."""
        return f"{self.set}-{self.split}-{self.budget or 'any'}-{self.system}"


class Cache:
    """A folder that holds each result's figures (.json) and its predictions of the test part (.npy).

    Parameters
    ----------
    folder : made when something is first kept; git is told to ignore it
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def keep(self, result: Result, actual: np.ndarray, predicted: np.ndarray | None) -> None:
        """Keep a result; its figures last, so that what was cut off is measured again."""
        self.folder.mkdir(parents=True, exist_ok=True)
        (self.folder / ".gitignore").write_text("*\n", encoding="utf-8")
        np.save(self._actual(result.set, result.split), actual)
        if predicted is not None:
            np.save(self.folder / f"{result.stem}.npy", predicted)
        partial = self.folder / f"{result.stem}.partial"
        partial.write_text(json.dumps(asdict(result), indent=1) + "\n", encoding="utf-8")
        partial.replace(self.folder / f"{result.stem}.json")

    def find(self, result: Result) -> Result | None:
        """Give what was measured earlier for the same set, split, budget and system; what failed is tried again."""
        path = self.folder / f"{result.stem}.json"
        known = Result(**json.loads(path.read_text(encoding="utf-8"))) if path.exists() else None
        return None if known is None or known.failed else known

    def all(self) -> "Measured":
        """Give everything that is kept."""
        paths = sorted(self.folder.glob("*.json"))
        return Measured([Result(**json.loads(path.read_text(encoding="utf-8"))) for path in paths], self)

    def actual(self, result: Result) -> np.ndarray:
        """Read the target of a result's test part."""
        return np.load(self._actual(result.set, result.split))

    def predicted(self, result: Result) -> np.ndarray:
        """Read a result's predictions of the test part."""
        return np.load(self.folder / f"{result.stem}.npy")

    def _actual(self, name: str, split: int) -> Path:
        return self.folder / f"{name}-{split}-actual.npy"


class Measured:
    """All results, looked up by set, budget and system; what has no budget counts for every budget."""

    def __init__(self, results: Iterable[Result], cache: Cache) -> None:
        self.results, self.cache = list(results), cache
        self._compared: dict[tuple[str, str, str], Difference] = {}

    @cached_property
    def budgets(self) -> list[int]:
        """The budgets in which something was measured, in rising order."""
        return sorted({each.budget for each in self.results if each.budget is not None})

    @cached_property
    def sets(self) -> list[str]:
        """The names of the sets, in alphabetical order."""
        return sorted({each.set for each in self.results})

    def of(self, name: str, budget: int, system: str) -> list[Result]:
        """Give the results of one system on one set in one budget, failures too, by split."""
        found = [each for each in self.results if (each.set, each.system) == (name, system)]
        return sorted((each for each in found if each.budget in (None, budget)), key=lambda each: each.split)

    def score(
        self, name: str, budget: int, system: str, metric: str, splits: Sequence[int] | None = None
    ) -> float | None:
        """Average a metric over the splits, all or the ones named; None where one is lacking or failed."""
        found = {each.split: each.scores[metric] for each in self.of(name, budget, system) if each.scores}
        wanted = sorted(found) if splits is None else splits
        return float(np.mean([found[split] for split in wanted])) if wanted and set(wanted) <= set(found) else None

    def difference(self, name: str, budget: int, first: str, second: str, metric: str) -> Difference | None:
        """Compare two systems on the splits that both have; None where there is none."""
        others = {each.split: each for each in self.of(name, budget, second) if each.scores}
        pairs = [
            (each, others[each.split]) for each in self.of(name, budget, first) if each.scores and each.split in others
        ]
        return over_splits([self._of_pair(metric, *pair) for pair in pairs]) if pairs else None

    def _of_pair(self, metric: str, first: Result, second: Result) -> Difference:
        key = (metric, first.stem, second.stem)
        if key not in self._compared:
            predicted = (self.cache.predicted(first), self.cache.predicted(second))
            self._compared[key] = difference(metric, self.cache.actual(first), *predicted)
        return self._compared[key]
