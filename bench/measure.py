"""Run whole processes, measured from outside, and set one beside another in one run."""

import os
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any, NamedTuple, Self

GIB = 2**30


class Run(NamedTuple):
    """What one command took, its child processes included: seconds, seconds of CPU, GiB of its largest process."""

    wall: float
    cpu: float
    peak: float

    def __add__(self, other: object) -> "Run":
        """Put one run after another."""
        assert isinstance(other, Run)
        return Run(self.wall + other.wall, self.cpu + other.cpu, max(self.peak, other.peak))

    @classmethod
    def median(cls, runs: Sequence[Self]) -> "Run":
        """Take the median of each figure by itself."""
        return Run(*(median(figures) for figures in zip(*runs, strict=True)))


@dataclass(frozen=True, kw_only=True)
class Row:
    """One line of the table.

    Parameters
    ----------
    what : what ours does
    beside : what it is compared with: a peer that was measured in turn with it, or a limit
    ours, peer : figures in `unit`; None where they could not be had, and `why` says why
    asked : the largest ratio that is good enough; None where nothing is asked
    runs : every single measurement, by side
    """

    what: str
    beside: str
    ours: float | None
    peer: float | None
    unit: str = "s"
    asked: float | None = None
    runs: dict[str, list[Run]] | None = None
    why: str = ""

    @classmethod
    def of(
        cls,
        what: str,
        runs: Mapping[str, Sequence[Run]],
        ours: str,
        peer: str,
        *,
        beside: str,
        asked: float | None = None,
    ) -> Self:
        """Compare two sides that ran in turn, by the median of their seconds."""
        pair = {"ours": list(runs[ours]), "peer": list(runs[peer])}
        medians = {side: Run.median(each).wall for side, each in pair.items()}
        return cls(what=what, beside=beside, ours=medians["ours"], peer=medians["peer"], asked=asked, runs=pair)

    @classmethod
    def limit(cls, what: str, runs: Sequence[Run], *, most: float, unit: str = "s") -> Self:
        """Hold the median of seconds, or the largest of GiB, against a limit."""
        ours = Run.median(runs).wall if unit == "s" else max(each.peak for each in runs)
        beside = f"at most {most:g} {unit}"
        return cls(what=what, beside=beside, ours=ours, peer=most, unit=unit, asked=1, runs={"ours": list(runs)})

    @property
    def ratio(self) -> float | None:
        """Ours to the peer's."""
        return self.ours / self.peer if self.ours is not None and self.peer else None

    @property
    def cpu_ratio(self) -> float | None:
        """Ours to the peer's in CPU seconds, which other work on the machine changes less; None for a limit."""
        if self.runs is None or "peer" not in self.runs:
            return None
        return Run.median(self.runs["ours"]).cpu / Run.median(self.runs["peer"]).cpu

    @property
    def held(self) -> bool | None:
        """Whether what was asked is held; None where nothing is asked, or nothing was measured."""
        return None if self.ratio is None or self.asked is None else self.ratio <= self.asked

    def to_json(self) -> dict[str, Any]:
        """Give plain JSON content."""
        runs = {side: [each._asdict() for each in runs] for side, runs in (self.runs or {}).items()}
        return asdict(self) | {
            "ratio": self.ratio,
            "cpu_ratio": self.cpu_ratio,
            "held": self.held,
            "runs": runs,
        }


class CommandError(Exception):
    """A measured command ended with an error, or did not do what it was measured for."""


def run(command: Sequence[str | Path], folder: Path, env: dict[str, str]) -> Run:
    """Run a command and measure it.

    Parameters
    ----------
    command : the program and its arguments
    folder : where it runs
    env : its whole environment

    Raises
    ------
    CommandError : it ended with an error
    """
    os.sync()  # so that no run waits for what the one before has left to be written
    log = folder / ".bench.log"
    with log.open("wb") as output:
        start = perf_counter()
        process = subprocess.Popen(command, cwd=folder, env=env, stdout=output, stderr=subprocess.STDOUT)
        _, status, usage = os.wait4(process.pid, 0)
        wall = perf_counter() - start
    process.returncode = os.waitstatus_to_exitcode(status)
    said = log.read_text(encoding="utf-8", errors="replace")
    log.unlink()
    if process.returncode:
        raise CommandError(f"{' '.join(map(str, command))} ended with {process.returncode}:\n{said[-2000:]}")
    kilobytes = usage.ru_maxrss / (1024 if sys.platform == "darwin" else 1)
    return Run(wall, usage.ru_utime + usage.ru_stime, kilobytes * 1024 / GIB)


def in_turn(sides: Mapping[str, Callable[[], Run]], times: int) -> dict[str, list[Run]]:
    """Measure A B A B ..., so that what else the machine does falls on all sides alike."""
    runs: dict[str, list[Run]] = {side: [] for side in sides}
    for number in range(times):
        for side, measured in sides.items():
            tell(f"  {side}, {number + 1} of {times}")
            runs[side].append(measured())
    return runs


def tell(text: str) -> None:
    """Show progress to a person who watches."""
    if sys.stderr.isatty():
        print(text, file=sys.stderr, flush=True)
