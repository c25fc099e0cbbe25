"""The endpoints: each takes a request, and answers it or says in one line why not."""

import asyncio
import gc
import hmac
import os
import time
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from cairn.rows.records import RowsError
from cairn.serving import bodies, metrics, responses
from cairn.serving.capture import GIB, Capture, Captured
from cairn.serving.errors import RequestError
from cairn.serving.loaded_model import Served
from cairn.serving.microbatch import Together
from cairn.serving.worker import Job, Queue

if TYPE_CHECKING:
    from cairn.rows.signature import Signature
    from cairn.serving.current_model import Current
    from cairn.serving.settings import Settings

KEY = "LIT_SERVER_API_KEY"  # the variable that LitServe reads too
HEADER = "X-API-Key"
INLINE = 2**20  # bytes of a body that may be read where it arrives
LOOK = 0.25  # seconds between two looks at which model is current
MIB = 2**20


class App:
    """What one process answers with.

    Parameters
    ----------
    settings : of conf/serve
    current : which model is to be served
    queue : where requests go that take long
    """

    def __init__(self, settings: "Settings", current: "Current", queue: Queue) -> None:
        self.settings, self.current, self.queue = settings, current, queue
        self.served: Served
        self.counts: metrics.Counts
        self.together = Together(settings.inline_rows)
        self.capture: Capture | None = None
        self._key = os.environ.get(KEY, "")
        self._tasks: list[asyncio.Task[None]] = []
        self._looking = asyncio.Lock()

    # what begins and ends with the process

    async def start(self) -> None:
        """Load the model, and begin to look whether it is still the current one."""
        self._stamp = self.current.stamp()
        self.served = self._loaded()
        self.counts = metrics.Counts()
        if share := self.settings.share:
            self.capture = Capture(Path(self.settings.capture_folder), share, self.settings.capture_gib * GIB)
        self._tasks = [asyncio.create_task(self._follow())]
        if self.settings.poll:
            self._tasks.append(asyncio.create_task(self._poll()))
        gc.freeze()  # else the collector looks through all libraries again and again, 100 ms each time

    async def stop(self) -> None:
        """Write what is still to be written; all requests are answered by now."""
        for task in self._tasks:
            task.cancel()
        if self.capture is not None:
            await asyncio.to_thread(self.capture.close)

    async def _follow(self) -> None:
        """Take over a new model as soon as it is there; one that does not load changes nothing."""
        while True:
            await asyncio.sleep(LOOK)
            await self.look()

    async def look(self) -> None:
        """Load the current model, if it is not the one that is served; it is when this returns."""
        async with self._looking:  # or one would return while another is still loading
            try:
                stamp = self.current.stamp()
                if stamp == self._stamp:
                    return
                self._stamp = stamp
                self.served = await asyncio.to_thread(self._loaded)
            except Exception as error:  # whatever it is, the old model goes on
                print(f"warning: {error}; {self.served.version} goes on", flush=True)

    async def _poll(self) -> None:
        while True:
            await asyncio.sleep(self.settings.poll)
            try:
                if self.current.leads():
                    await asyncio.to_thread(self.current.refresh)
            except Exception as error:  # whatever it is, the next look may do
                print(f"warning: the tags could not be looked at: {error}", flush=True)

    def _loaded(self) -> Served:
        return Served(self.current.read(), **self.settings.policies)

    # what is asked

    async def predict(self, request: Request) -> Response:
        """Answer `POST /predict` and `POST /invocations`."""
        return await self._answered(request, self._predict)

    async def health(self, request: Request) -> Response:
        """Say whether requests are answered, and what is wrong with a newer model."""
        trouble = self.current.trouble()
        return json_response(
            {"status": "degraded" if trouble else "ok", "model": self.served.named, "trouble": trouble}
        )

    async def ping(self, request: Request) -> Response:
        """Say to SageMaker that requests are answered."""
        return json_response({})

    async def info(self, request: Request) -> Response:
        """Describe the model: what it takes, what it gives, how good it is."""
        return json_response(
            {"model": self.served.named, "commit": self.served.source.commit, **self.served.described()}
        )

    async def metrics(self, request: Request) -> Response:
        """Give Prometheus what was counted."""
        now = metrics.Now(self.served, self.current.trouble())
        content, kind = await asyncio.to_thread(metrics.text, now)
        return Response(content, media_type=kind)

    async def reload(self, request: Request) -> Response:
        """Look at the tags at once."""
        return await self._answered(request, self._reload)

    async def _reload(self, request: Request, request_id: str) -> Response:
        before = self.served.named
        await asyncio.to_thread(self.current.refresh)
        if trouble := self.current.trouble():
            raise RequestError(503, trouble)
        await self.look()
        return json_response(
            {"model": self.served.named, "changed": self.served.named != before, "request_id": request_id}
        )

    async def _predict(self, request: Request, request_id: str) -> Response:
        began = time.perf_counter()
        kind = bodies.content_type(request.headers.get("content-type", ""))
        accept = request.headers.get("accept", "")
        body = await self._body(request)
        captured = self.capture is not None and self.capture.wanted()
        served = self.served
        opened = (
            bodies.opened(body, kind, served.signature, self.settings.max_rows) if self._inline(body, kind) else None
        )
        if opened is None or opened.explain or len(opened) > self.settings.inline_rows:
            return await self._by_worker(Job(body, kind, captured), accept, request_id, began)
        predicted = await self.together.predict(served, opened.coded(served))
        self.counts.predictions(served, predicted)
        content = {**served.told(predicted), "model": served.named, "request_id": request_id}
        response = _answer(content, accept)
        if captured:
            self._record(served.signature, opened.records(), content, began)
        return response

    def _inline(self, body: bytes, kind: str) -> bool:
        """Say whether a body may be read here: others wait as long."""
        wanted = self.settings.inline_rows > 0 and self.settings.max_batch_size == 1
        return wanted and len(body) <= INLINE and kind in (bodies.JSON, *bodies.ARROW)

    async def _by_worker(self, job: Job, accept: str, request_id: str, began: float) -> Response:
        """Let a worker do what would keep other requests waiting."""
        done = await self.queue.done(job)
        content = {**done.content, "request_id": request_id}
        response = _answer(content, accept, done.status)
        if done.signature is not None:
            self._record(done.signature, done.rows, content, began)
        return response

    def _record(self, signature: "Signature", rows: Sequence[Any], content: dict[str, Any], began: float) -> None:
        assert self.capture is not None
        now, seconds = datetime.now(UTC), time.perf_counter() - began
        version = content["model"]["version"]
        self.capture.take(Captured(content["request_id"], now, seconds, version, signature, rows, content))

    async def _body(self, request: Request) -> bytes:
        """Read the body, as long as it comes in time and is not too large."""
        try:
            async with asyncio.timeout(self.settings.timeout):
                return await self._whole(request)
        except TimeoutError:
            raise RequestError(408, f"the body did not come in {self.settings.timeout:g} s, serve.timeout") from None

    async def _whole(self, request: Request) -> bytes:
        """Read to the end even what is refused, without keeping it: a client that still sends does not hear."""
        limit = self.settings.max_body
        parts, size, more = [], 0, True
        while more:  # `request.stream` takes longer than it takes to read the JSON of a row
            message = await request.receive()
            if message["type"] == "http.disconnect":
                raise ClientDisconnect
            part, more = message.get("body", b""), message.get("more_body", False)
            size += len(part)
            if size <= limit * MIB:
                parts.append(part)
        if size > limit * MIB:
            raise RequestError(413, f"the body is too large; serve.max_body is {limit} MiB")
        return b"".join(parts)

    async def _answered(self, request: Request, handle: Callable[[Request, str], Awaitable[Response]]) -> Response:
        """Answer by `handle`, or with what is wrong with the request; and count it."""
        began = time.perf_counter()
        request_id = request.headers.get("x-request-id", "")[:128] or os.urandom(16).hex()
        try:
            self._authorize(request)
            response = await handle(request, request_id)
        except RowsError as refused:
            response = _refused(RequestError.of(refused), request_id)
        except RequestError as refusal:
            response = _refused(refusal, request_id)
        except ClientDisconnect:
            response = Response(status_code=499)  # nobody hears it; nginx counts such requests so
        except Exception as error:  # a fault of ours is told in the log, and never to the client
            print(f"error: request {request_id}: {type(error).__name__}: {error}", flush=True)
            response = _refused(RequestError(500, "the server could not answer; its log says why"), request_id)
        seconds = time.perf_counter() - began
        self.counts.request(request.url.path, self.served.version, response.status_code, seconds)
        return response

    @property
    def wants_key(self) -> bool:
        """Whether a request needs a key."""
        return bool(self._key)

    def _authorize(self, request: Request) -> None:
        if self._key and not hmac.compare_digest(request.headers.get(HEADER, "").encode(), self._key.encode()):
            raise RequestError(401, f"the header {HEADER} is missing, or holds another key")


def json_response(content: Any, status: int = 200) -> Response:
    """Give content as JSON."""
    return Response(orjson.dumps(content), status, media_type="application/json")


def _answer(content: dict[str, Any], accept: str, status: int = 200) -> Response:
    body, kind = responses.answer(content, accept)
    return Response(body, status, media_type=kind)


def _refused(refusal: RequestError, request_id: str) -> Response:
    return json_response(refusal.to_json(request_id), refusal.status)
