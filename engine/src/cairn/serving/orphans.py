"""No process outlives the one that made it."""

import ctypes
import signal
import sys

PR_SET_PDEATHSIG = 1  # of prctl(2): which signal a process gets when the one that made it ends


def end_with_parent(number: signal.Signals) -> None:
    """Let the kernel end this process when the one that made it is gone, even by kill -9; Linux alone does that."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, int(number))
