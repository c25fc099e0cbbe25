"""Requests that arrived together are predicted together: a call of the model costs more than a row."""

import asyncio
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from cairn.rows.coded import Coded
from cairn.serving.loaded_model import Served


class Waiting(NamedTuple):
    """The rows of one request, converted already: what is wrong with them concerns no other request.

    Parameters
    ----------
    served : the model that was current when the request came
    coded : the rows
    predicted : what is to be told
    """

    served: Served
    coded: Coded
    predicted: "asyncio.Future[np.ndarray]"


class Together:
    """Predicts in one call what the event loop has at hand; nothing waits for more to arrive.

    A row's prediction is the same to the last bit whatever the rows beside it, so no answer changes.

    Parameters
    ----------
    most : rows of one call; a request with more has a call of its own
    """

    def __init__(self, most: int) -> None:
        self.most = most
        self._waiting: list[Waiting] = []

    async def predict(self, served: Served, coded: Coded) -> np.ndarray:
        """Give what `served.predict` gives."""
        loop = asyncio.get_running_loop()
        waiting = Waiting(served, coded, loop.create_future())
        if not self._waiting:
            loop.call_soon(self._predict)  # once the requests that are at hand now have come here too
        self._waiting.append(waiting)
        return await waiting.predicted

    def _predict(self) -> None:
        waiting, self._waiting = self._waiting, []
        while waiting:
            count = _fitting(waiting, self.most)
            _answer(waiting[:count])
            waiting = waiting[count:]


def _fitting(waiting: Sequence[Waiting], most: int) -> int:
    """Count the requests, at least one, that go into one call: for the same model, and not too many rows."""
    rows = 0
    for place, each in enumerate(waiting):
        rows += len(each.coded)
        if place and (rows > most or each.served is not waiting[0].served):
            return place
    return len(waiting)


def _answer(waiting: Sequence[Waiting]) -> None:
    first = waiting[0]
    coded = first.coded
    if len(waiting) > 1:
        coded = Coded(np.concatenate([each.coded.matrix for each in waiting]), coded.texts)
    try:
        predicted = first.served.predict(coded)
    except Exception as error:  # each request tells it as if it had been alone
        for each in waiting:
            if not each.predicted.done():
                each.predicted.set_exception(error)
        return
    start = 0
    for each in waiting:
        end = start + len(each.coded)
        if not each.predicted.done():  # by then the client may be gone
            each.predicted.set_result(predicted[start:end])
        start = end
