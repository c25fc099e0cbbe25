"""LitServe with what a service needs beside: processes that are replaced when they die, one way to end, no orphans."""

import contextlib
import copy
import multiprocessing
import os
import signal
import socket
import sys
import tempfile
import threading
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

import litserve
import uvicorn

from cairn.registry.model_source import ModelSelector, ModelSource
from cairn.serving import metrics, routes
from cairn.serving.app import App
from cairn.serving.current_model import Current
from cairn.serving.orphans import end_with_parent
from cairn.serving.settings import Settings
from cairn.serving.worker import Queue, Worker

LOOK = 0.5  # seconds between two looks whether all processes live


def serve(source: ModelSource, selector: ModelSelector, settings: Settings) -> None:
    """Serve a model until SIGTERM or Ctrl-C; returns when every accepted request is answered.

    Parameters
    ----------
    source : the model to begin with
    selector : by which a newer model is found later
    settings : of conf/serve
    """
    with tempfile.TemporaryDirectory(prefix="cairn-serve-") as scratch:
        metrics.prepare(Path(scratch) / "counts")
        current = Current(Path(scratch), selector)
        current.write(source)
        Server(settings, current).serve()


class Server(litserve.LitServer):  # type: ignore[misc]
    """LitServe, whose processes answer short requests themselves and hand long ones to its workers.

    Parameters
    ----------
    settings : of conf/serve
    current : which model is to be served
    """

    def __init__(self, settings: Settings, current: Current) -> None:
        super().__init__(
            Worker(settings, current),
            accelerator="cpu",
            workers_per_device=settings.workers,
            timeout=settings.timeout,
            restart_workers=True,
        )
        self.settings = settings
        self.answers = App(settings, current, Queue(self, settings.timeout))
        # LitServe's own application answers each request by way of its queue; this one does where it can without.
        self.app = routes.application(self.answers, self.lifespan)

    def serve(self) -> None:
        """Serve until a signal says to end."""
        os.register_at_fork(after_in_child=lambda: end_with_parent(signal.SIGKILL))
        signal.signal(signal.SIGTERM, _interrupt)
        self.run(
            host=self.settings.host,
            port=self.settings.port,
            num_api_servers=self.settings.processes,
            generate_client_file=False,
            log_level="warning",
            access_log=False,
            server_header=False,
            proxy_headers=False,  # nothing here asks where a request came from
        )

    @asynccontextmanager
    async def lifespan(self, app: Any) -> AsyncIterator[None]:
        """Begin and end with a process that answers."""
        async with super().lifespan(app):
            await self.answers.start()
            try:
                yield
            finally:
                await self.answers.stop()

    # What LitServe does otherwise, or not at all (0.2.19)

    def _init_manager(self, num_api_servers: int) -> Any:
        with _ignored(signal.SIGTERM):  # or its process, which keeps the queues, would be the first to go
            return super()._init_manager(num_api_servers)

    def verify_worker_status(self) -> None:
        """Do not wait for the workers: short requests are answered without them."""

    def _start_server(
        self, port: int, num_uvicorn_servers: int, log_level: str, sockets: list[socket.socket], kind: str, **more: Any
    ) -> dict[int, BaseProcess]:
        def start(number: int) -> BaseProcess:
            self.app.response_queue_id = number  # type: ignore[attr-defined]
            config = uvicorn.Config(
                copy.copy(self.app),
                log_level=log_level,
                timeout_graceful_shutdown=self.uvicorn_graceful_timeout,
                **more,
            )
            process = multiprocessing.get_context("fork").Process(target=_answer, args=(config, sockets))
            process.start()
            return process

        self._start = start
        return {number: start(number) for number in range(num_uvicorn_servers)}

    def _start_worker_monitoring(self, manager: Any, uvicorn_workers: dict[int, BaseProcess]) -> None:
        super()._start_worker_monitoring(manager, uvicorn_workers)
        threading.Thread(target=self._replace_the_dead, args=(uvicorn_workers,), daemon=True).start()

    def _replace_the_dead(self, processes: dict[int, BaseProcess]) -> None:
        while not self._shutdown_event.is_set():
            for number, process in processes.items():
                if not process.is_alive() and not self._shutdown_event.is_set():
                    print(f"warning: process {process.pid} died ({process.exitcode}), and is replaced", file=sys.stderr)
                    metrics.forget(process.pid)
                    processes[number] = self._start(number)
            time.sleep(LOOK)

    def _perform_graceful_shutdown(
        self, manager: Any, uvicorn_workers: dict[int, BaseProcess], shutdown_reason: str = "normal"
    ) -> None:
        """End those that answer once they have; then the workers, which have nothing left to do."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, signal.SIG_IGN)
        # by a thread of its own: the signal came while this one waits for that very event, and so does its connection
        ending = threading.Thread(target=self._shutdown_event.set)
        ending.start()
        ending.join()
        for process in uvicorn_workers.values():
            process.terminate()
        for process in uvicorn_workers.values():
            process.join(self.uvicorn_graceful_timeout + 1)
        for process in (*uvicorn_workers.values(), *self.inference_workers):
            process.kill()
            process.join()
        manager.shutdown()


def _answer(config: uvicorn.Config, sockets: list[socket.socket]) -> None:
    """Answer requests, as a process of its own, until a signal says to end."""
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    end_with_parent(signal.SIGTERM)
    with contextlib.suppress(KeyboardInterrupt):
        uvicorn.Server(config).run(sockets)


def _interrupt(*_: Any) -> None:
    raise KeyboardInterrupt


@contextmanager
def _ignored(number: signal.Signals) -> Iterator[None]:
    before = signal.signal(number, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(number, before)
