"""Progress of a search, for a person who watches: trials done, best so far, time left."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import monotonic
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import optuna


@contextmanager
def progress(trials: int | None, end: float | None) -> Iterator[Callable[["optuna.Study"], None]]:
    """Give what shows a study as it stands, on a terminal alone.

    Parameters
    ----------
    trials : how many there will be at most; None: unknown
    end : when the time is over, on the clock of time.monotonic; None: no limit
    """
    from tqdm import tqdm

    from cairn.search.study import finished

    with tqdm(total=trials, desc="tune", unit="trial", disable=None) as bar:

        def show(study: "optuna.Study") -> None:
            done = finished(study)
            scores = [trial.value for trial in done if trial.value is not None]
            best = max if study.direction.name == "MAXIMIZE" else min
            said = {"best": f"{best(scores):.4g}"} if scores else {}
            if end is not None:
                said["left"] = f"{max(0, end - monotonic()):.0f} s"
            bar.set_postfix(said, refresh=False)
            bar.update(len(done) - bar.n)

        yield show
