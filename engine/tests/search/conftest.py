"""A clock for a budget of seconds that does not depend on how busy the machine is."""

from collections.abc import Callable

import pytest

from cairn.models import estimators
from cairn.search import automl, bagging, comparison, search

A_FIT, A_LOOK = 0.25, 0.001  # seconds


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Callable[[], float]:
    """Replace the clock of a search by one that moves by a quarter of a second a fit, and a little at every look."""
    fit, now = estimators.fit, [1000.0]

    def look() -> float:
        now[0] += A_LOOK
        return now[0]

    def timed(*args, **kwargs):
        now[0] += A_FIT
        return fit(*args, **kwargs)

    monkeypatch.setattr(estimators, "fit", timed)
    for module in (automl, bagging, comparison, search):
        monkeypatch.setattr(module, "monotonic", look)
    return lambda: now[0]
