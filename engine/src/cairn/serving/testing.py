"""Ask the server's handlers without a server: no socket, no other process."""

import asyncio
import json
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import asynccontextmanager
from functools import cache
from pathlib import Path
from typing import Any

from cairn.registry.model_source import ModelSelector, ModelSource
from cairn.serving import metrics
from cairn.serving.app import App
from cairn.serving.current_model import Current
from cairn.serving.routes import application
from cairn.serving.settings import Settings

__all__ = ["ask"]


def ask(model: Path, bodies: Sequence[Any], *, trusted: Sequence[str] = ()) -> list[dict[str, Any]]:
    """Return what `POST /predict` answers to each body.

    Parameters
    ----------
    model : a model's folder
    bodies : JSON content, such as `{"instances": [{"age": 41, "city": "Rome"}]}`
    trusted : dotted names of the project's own types that the model may hold

    Returns
    -------
    list of dict : `predictions`, and `probabilities` of classes; `error` where a body is refused
    """
    source = ModelSource(str(model.resolve()), trusted=tuple(trusted))
    with tempfile.TemporaryDirectory() as folder:
        current = Current(Path(folder), ModelSelector("", "", "", "", path=source.folder))
        current.write(source)
        return asyncio.run(_answers(_App(Settings(poll=0), current, queue=None), bodies))  # type: ignore[arg-type]


class _App(App):
    """The server's answers, without what a server does beside them."""

    async def start(self) -> None:
        """Load the model."""
        self.served, self.counts = self._loaded(), _counts()


@cache
def _counts() -> metrics.Counts:
    """Return the counters of this process, which Prometheus registers once."""
    return metrics.Counts()


async def _answers(app: App, bodies: Sequence[Any]) -> list[dict[str, Any]]:
    @asynccontextmanager
    async def lifespan(_: Any) -> Any:
        yield

    server = application(app, lifespan)
    await app.start()
    try:
        return [await _post(server, json.dumps(body).encode()) for body in bodies]
    finally:
        await app.stop()


async def _post(server: Any, body: bytes) -> dict[str, Any]:
    scope = {
        "type": "http",
        "method": "POST",
        "path": "/predict",
        "query_string": b"",
        "headers": [(b"content-type", b"application/json")],
    }
    parts: list[bytes] = []

    async def receive() -> Mapping[str, Any]:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: Mapping[str, Any]) -> None:
        parts.append(message.get("body", b""))

    await server(scope, receive, send)
    answer: dict[str, Any] = json.loads(b"".join(parts))
    return answer
