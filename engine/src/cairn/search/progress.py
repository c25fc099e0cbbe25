"""Show the progress of a search in a terminal: trials done, best so far, time left."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import monotonic
from typing import TYPE_CHECKING

from cairn.number_text import plain
from cairn.search.study import finished_trials

if TYPE_CHECKING:
    import optuna


@contextmanager
def progress(trials: int | None, end: float | None) -> Iterator[Callable[["optuna.Study"], None]]:
    """Yield a function that shows the state of a study; it prints nothing outside a terminal.

    Parameters
    ----------
    trials : how many there will be at most; None: unknown
    end : when the time is over, on the clock of time.monotonic; None: no limit
    """
    from tqdm import tqdm

    with tqdm(total=trials, desc="tune", unit="trial", disable=None) as bar:

        def show(study: "optuna.Study") -> None:
            done = finished_trials(study)
            scores = [trial.value for trial in done if trial.value is not None]
            best = max if study.direction.name == "MAXIMIZE" else min
            state = {"best": plain(best(scores))} if scores else {}
            if end is not None:
                state["left"] = f"{max(0, end - monotonic()):.0f} s"
            bar.set_postfix(state, refresh=False)
            bar.update(len(done) - bar.n)

        yield show
