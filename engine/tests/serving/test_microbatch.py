import asyncio

import numpy as np
import pytest

from cairn.rows.coded import Coded
from cairn.serving.microbatch import Together


class Model:
    """Doubles a number, and remembers how many rows each call had."""

    def __init__(self, factor=2.0):
        self.factor, self.calls = factor, []

    def predict(self, coded):
        self.calls.append(len(coded))
        if np.isinf(coded.matrix).any():
            raise ZeroDivisionError
        return coded.matrix[:, 0] * self.factor


def coded(*numbers):
    return Coded(np.array(numbers, dtype="float64").reshape(-1, 1), [])


def ask(together, *asked):
    async def all_of_them():
        waiting = [together.predict(model, coded(*numbers)) for model, numbers in asked]
        return await asyncio.gather(*waiting, return_exceptions=True)

    return asyncio.run(all_of_them())


def test_requests_that_are_there_at_once_are_one_call_and_each_gets_its_own_rows():
    model = Model()
    found = ask(Together(100), (model, [1]), (model, [2, 3]), (model, []), (model, [4]))
    assert [each.tolist() for each in found] == [[2], [4, 6], [], [8]]
    assert model.calls == [4]


def test_a_call_has_no_more_rows_than_are_allowed_unless_one_request_has():
    model = Model()
    found = ask(Together(3), (model, [1, 2]), (model, [3, 4]), (model, range(5)), (model, [9]))
    assert [len(each) for each in found] == [2, 2, 5, 1]
    assert model.calls == [2, 2, 5, 1]


def test_requests_before_and_after_a_change_of_models_are_answered_each_by_its_own():
    old, new = Model(2), Model(10)
    assert [each.tolist() for each in ask(Together(100), (old, [1]), (new, [1]), (old, [3]))] == [[2], [10], [6]]


def test_a_model_that_fails_is_told_to_every_request_of_the_call():
    model = Model()
    found = ask(Together(100), (model, [1]), (model, [np.inf]))
    assert [type(each) for each in found] == [ZeroDivisionError, ZeroDivisionError]


@pytest.mark.parametrize("later", [1, 50])
def test_a_client_that_went_away_costs_the_others_nothing(later):
    together, model = Together(100), Model()

    async def one_goes():
        gone = asyncio.ensure_future(together.predict(model, coded(1)))
        stays = [asyncio.ensure_future(together.predict(model, coded(2))) for _ in range(later)]
        asyncio.get_running_loop().call_soon(gone.cancel)
        return await asyncio.gather(*stays)

    assert [each.tolist() for each in asyncio.run(one_goes())] == [[4]] * later
