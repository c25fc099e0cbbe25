"""Wait for DVC's queue of experiments."""

import re
import time
from collections.abc import Callable

PATIENCE = 300  # seconds without an experiment that ends, until a queue is called stuck


def wait_until_ended(queued: int, status: Callable[[], str]) -> str:
    """Wait until so many experiments have ended, well or not, and give the queue's last status.

    Not until none is queued or running: one that a worker has just taken is neither for a moment. A status may be
    empty, while a worker writes what DVC reads.
    """
    ended, deadline = -1, 0.0
    while (found := len(re.findall("Success|Failed", said := status()))) < queued:
        if found > ended:
            ended, deadline = found, time.monotonic() + PATIENCE
        assert time.monotonic() < deadline, said
        time.sleep(1)
    return said
