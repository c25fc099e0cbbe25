"""How many threads a fit may use: all cores, or one where several fits run at once."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

FIT_THREADS: ContextVar[int] = ContextVar("threads of a fit", default=0)

FEW_ROWS = 10_000  # waking a second thread takes longer than predicting this many rows

FEW_EXPLAINED = 200  # the same for contributions, which take some fifty times as long


def threads() -> int:
    """Give how many threads a fit may use: one of several fits at once has one, else OMP_NUM_THREADS or all cores."""
    said = os.environ.get("OMP_NUM_THREADS", "")
    return FIT_THREADS.get() or (int(said) if said.isdigit() else 0) or os.cpu_count() or 1


@contextmanager
def one_thread() -> Iterator[None]:
    """Let what this thread fits use no other, while further threads fit beside it."""
    from threadpoolctl import threadpool_limits

    token = FIT_THREADS.set(1)
    try:
        with threadpool_limits(1, "openmp"):
            yield
    finally:
        FIT_THREADS.reset(token)
