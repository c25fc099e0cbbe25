"""Choose the threads of a fit: all cores, or one if several fits run at once."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

FIT_THREADS: ContextVar[int] = ContextVar("threads of a fit", default=0)
FEW_ROWS = 10_000  # waking a second thread takes longer than predicting this many rows
FEW_EXPLAINED = 200  # the same for contributions, which take some fifty times as long


def threads() -> int:
    """Return the threads that a fit may use: one inside `one_thread`, else OMP_NUM_THREADS or all cores."""
    limit = os.environ.get("OMP_NUM_THREADS", "")
    return FIT_THREADS.get() or (int(limit) if limit.isdigit() else 0) or os.cpu_count() or 1


@contextmanager
def one_thread() -> Iterator[None]:
    """Fit with this thread alone, while further threads fit beside it."""
    from threadpoolctl import threadpool_limits

    token = FIT_THREADS.set(1)
    try:
        with threadpool_limits(1, "openmp"):
            yield
    finally:
        FIT_THREADS.reset(token)
