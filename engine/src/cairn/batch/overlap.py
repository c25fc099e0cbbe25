"""Read, score and write at the same time, each a few blocks ahead of the next."""

import queue
import threading
from collections.abc import Iterable, Iterator
from typing import Any, TypeVar

Item = TypeVar("Item")
DEPTH = 2  # items that wait; more would only hold memory


def ahead(items: Iterable[Item], depth: int = DEPTH) -> Iterator[Item]:
    """Give the same items, made in a thread while the caller works on those before.

    Parameters
    ----------
    items : whatever makes them should release the interpreter's lock, as Arrow and XGBoost do
    depth : how many may wait for the caller

    Raises
    ------
    Exception : what making an item has raised, in its place
    """
    waiting: queue.Queue[tuple[bool, Any]] = queue.Queue(depth)
    left = threading.Event()  # the caller has gone, and takes no more
    thread = threading.Thread(target=_fill, args=(items, waiting, left), daemon=True)
    thread.start()
    try:
        while True:
            is_item, content = waiting.get()
            if is_item:
                yield content
            elif content is None:
                return
            else:
                raise content
    finally:
        left.set()
        while thread.is_alive():
            _emptied(waiting)
            thread.join(0.01)


def _fill(items: Iterable[Any], waiting: "queue.Queue[tuple[bool, Any]]", left: threading.Event) -> None:
    end: BaseException | None = None
    made = iter(items)
    try:
        for item in made:
            waiting.put((True, item))
            if left.is_set():
                break
    except BaseException as error:  # whatever it is, the caller shall see it
        end = error
    finally:
        if close := getattr(made, "close", None):
            close()
        waiting.put((False, end))


def _emptied(waiting: "queue.Queue[tuple[bool, Any]]") -> None:
    while not waiting.empty():
        waiting.get_nowait()
