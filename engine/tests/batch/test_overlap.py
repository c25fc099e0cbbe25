import threading
from collections.abc import Iterator

import pytest

from cairn.batch.overlap import ahead


def test_items_come_in_order_and_are_made_in_another_thread() -> None:
    makers = set()

    def made() -> Iterator[int]:
        for number in range(100):
            makers.add(threading.current_thread())
            yield number

    assert list(ahead(made())) == list(range(100))
    assert makers.isdisjoint({threading.main_thread()})


def test_what_making_an_item_raised_comes_in_its_place() -> None:
    def made() -> Iterator[int]:
        yield 1
        raise ValueError("two")

    found = []
    with pytest.raises(ValueError, match="two"):
        found += [found.append(item) or item for item in ahead(made())]
    assert found == [1]


def test_who_leaves_early_leaves_no_thread_behind() -> None:
    closed = []

    def made() -> Iterator[int]:
        try:
            yield from range(10**9)
        finally:
            closed.append(True)

    before = threading.active_count()
    for item in ahead(ahead(made())):
        if item == 5:
            break
    items = ahead(made())
    next(items)
    items.close()  # type: ignore[attr-defined]
    assert closed == [True, True]
    assert threading.active_count() == before
