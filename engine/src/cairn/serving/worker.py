"""What takes long goes by LitServe's queue to its workers, so that short requests do not wait behind it."""

import asyncio
import signal
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

import litserve
import numpy as np
from litserve.utils import LitAPIStatus, ResponseBufferItem

from cairn.rows.coded import Coded
from cairn.rows.records import RowsError
from cairn.rows.signature import Signature
from cairn.serving import bodies
from cairn.serving.current_model import Current
from cairn.serving.errors import RequestError
from cairn.serving.loaded_model import Served
from cairn.serving.metrics import Counts
from cairn.serving.orphans import end_with_parent
from cairn.serving.settings import Settings

PATH = "/queue"  # the name of LitServe's queue; nothing answers under it
LOOK = 0.5  # seconds between two looks whether the worker that holds a request still lives
LOST = 2  # looks in a row that find nobody who holds it; after one its sign may be on the way


class Job(NamedTuple):
    """A request for a worker.

    Parameters
    ----------
    body : as it came
    kind : its media type
    captured : whether its rows are to be recorded
    """

    body: bytes
    kind: str
    captured: bool


class Done(NamedTuple):
    """What a worker says of a job: an answer, or a refusal.

    Parameters
    ----------
    status : of HTTP
    content : of the answer
    signature, rows : of the model and the request, where they are to be recorded
    """

    status: int
    content: dict[str, Any]
    signature: Signature | None = None
    rows: Sequence[Mapping[str, Any]] = ()


class Ready(NamedTuple):
    """A job whose rows can be predicted."""

    job: Job
    opened: bodies.Rows | bodies.Table
    coded: Coded


class Worker(litserve.LitAPI):  # type: ignore[misc]
    """One of LitServe's workers: a process of its own, with the model in its memory.

    Parameters
    ----------
    settings : of conf/serve
    current : which model is to be served
    """

    def __init__(self, settings: Settings, current: Current) -> None:
        super().__init__(
            api_path=PATH, max_batch_size=settings.max_batch_size, batch_timeout=float(settings.batch_timeout)
        )
        self.settings, self.served_by = settings, current

    def setup(self, device: str) -> None:
        """Load the model, in the worker's process."""
        end_with_parent(signal.SIGKILL)
        for number in (signal.SIGINT, signal.SIGTERM):  # the server ends its workers, once all requests are answered
            signal.signal(number, signal.SIG_IGN)
        self.counts = Counts()
        self._load()

    def _load(self) -> None:
        self._stamp = self.served_by.stamp()
        self.served = Served(self.served_by.read(), **self.settings.policies)

    def predict(self, x: Job | list[Job]) -> Done | list[Done]:
        """Do a job, or all of a batch at once, by the model that is current now."""
        if self.served_by.stamp() != self._stamp:
            self._load()
        jobs = x if isinstance(x, list) else [x]
        looked_at = [self._tried(self._ready, job) for job in jobs]
        self.counts.batch(self.served.version, len(jobs))
        predicted = iter(self._predicted([each.coded for each in looked_at if isinstance(each, Ready)]))
        done = [
            each if isinstance(each, Done) else self._tried(self._done, each, next(predicted)) for each in looked_at
        ]
        return done if isinstance(x, list) else done[0]

    def _tried(self, do: Callable[..., Any], *given: Any) -> Any:
        """Give what a step gives, or the refusal that it ends in."""
        try:
            return do(*given)
        except RowsError as refused:
            refusal = RequestError.of(refused)
        except RequestError as known:
            refusal = known
        return Done(refusal.status, refusal.to_json(""))

    def _ready(self, job: Job) -> Ready:
        opened = bodies.opened(job.body, job.kind, self.served.signature, self.settings.max_rows)
        return Ready(job, opened, opened.coded(self.served))

    def _predicted(self, coded: list[Coded]) -> list[np.ndarray]:
        """Predict all rows at once; a row's prediction does not depend on those beside it."""
        if len(coded) < 2:
            return [self.served.predict(each) for each in coded]
        together = Coded(np.concatenate([each.matrix for each in coded]), coded[0].texts)
        return np.split(self.served.predict(together), np.cumsum([len(each) for each in coded[:-1]]))

    def _done(self, ready: Ready, predicted: np.ndarray) -> Done:
        self.counts.predictions(self.served, predicted)
        content = {**self.served.told(predicted), "model": self.served.named}
        if ready.opened.explain:
            content["explanations"] = self.served.explained(ready.coded, predicted)
        if not ready.job.captured:
            return Done(200, content)
        return Done(200, content, self.served.signature, ready.opened.records())


class Queue:
    """The way from a process that answers requests to the workers.

    Parameters
    ----------
    server : LitServe's, in the process that answers
    timeout : seconds that a request may take
    """

    def __init__(self, server: litserve.LitServer, timeout: float) -> None:
        self.server, self.timeout = server, timeout

    async def done(self, job: Job) -> Done:
        """Hand over a job, and wait for it.

        Raises
        ------
        RequestError : 503, the worker that held it died; 504, it took too long
        """
        uid, item = str(uuid.uuid4()), ResponseBufferItem(asyncio.Event())
        self.server.response_buffer[uid] = item
        try:
            queue = self.server._get_request_queue(PATH)
            await asyncio.to_thread(queue.put, (self.server.app.response_queue_id, uid, time.monotonic(), job))
            async with asyncio.timeout(self.timeout):
                await self._answered(item, queue)
            content, status = item.response
        except TimeoutError:
            raise RequestError(504, f"no answer in {self.timeout:g} s; serve.timeout is that long") from None
        finally:
            self.server.response_buffer.pop(uid, None)
        if status != LitAPIStatus.OK:
            raise RequestError(503, "the worker could not answer; try again")
        return Done(*content)

    async def _answered(self, item: ResponseBufferItem, queue: Any) -> None:
        """Wait for the answer, as long as there is a worker that can give it."""
        lost = 0
        while not item.event.is_set():
            with suppress(TimeoutError):
                await asyncio.wait_for(item.event.wait(), LOOK)
                return
            lost = lost + 1 if await self._lost(item, queue) else 0
            if lost == LOST:
                raise RequestError(503, "the worker that held this request died, and is replaced; try again")

    async def _lost(self, item: ResponseBufferItem, queue: Any) -> bool:
        """Say whether nobody has the request: it left the queue, and the worker that took it does not live."""
        if item.worker_id is None:  # a worker says so as soon as it took one
            return await asyncio.to_thread(queue.empty)
        name = f"{Path(PATH).name}_{item.worker_id}"
        state = await asyncio.to_thread(self.server.workers_setup_status.get, name)
        return state != litserve.utils.WorkerSetupStatus.READY
