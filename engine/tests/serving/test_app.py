"""How a process takes over the model that is current, and whom it answers; in this process, without a server."""

import asyncio
import json
import threading

import pytest
from engine.tests.models.test_saved import MODELS, trained

from cairn.models import saved
from cairn.registry.model_source import ModelSelector, ModelSource
from cairn.serving import app as module
from cairn.serving import metrics, routes
from cairn.serving.app import App
from cairn.serving.current_model import Current
from cairn.serving.loaded_model import Served
from cairn.serving.settings import Settings


@pytest.fixture(scope="module")
def counts() -> metrics.Counts:
    return metrics.Counts()


@pytest.fixture(autouse=True)
def registered_once(counts: metrics.Counts, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let all applications of this process share what Prometheus takes once a process."""
    monkeypatch.setattr(metrics, "Counts", lambda: counts)


def test_a_look_returns_when_the_model_that_another_look_loads_is_served(tmp_path, monkeypatch):
    model, seen = trained(MODELS["linear"], "bought")
    saved.save(tmp_path / "model", model, seen, {})
    current = Current(tmp_path, ModelSelector("models/model", "models/trained", "gates.json", "metrics.json"))
    current.write(ModelSource(str(tmp_path / "model"), version="v0.0.1"))
    loading, go_on = threading.Event(), threading.Event()

    def slowly(source, **policies):
        if source.version == "v0.0.2":
            loading.set()
            assert go_on.wait(240)
        return Served(source, **policies)

    monkeypatch.setattr(module, "Served", slowly)

    async def looked() -> str | None:
        app = App(Settings(poll=0), current, queue=None)
        await app.start()
        current.write(ModelSource(str(tmp_path / "model"), version="v0.0.2"))
        first = asyncio.create_task(app.look())
        await asyncio.to_thread(loading.wait, 240)
        second = asyncio.create_task(app.look())
        await asyncio.wait([second], timeout=0.1)  # time to return too early in
        go_on.set()
        await second
        version = app.served.version
        await first
        await app.stop()
        return version

    assert asyncio.run(looked()) == "v0.0.2"


async def status_of(application, method: str, path: str, body: bytes = b"", **headers: bytes) -> int:
    """Send a request to an ASGI application; give the status of its answer."""
    named = [(name.replace("_", "-").encode(), value) for name, value in headers.items()]
    scope = {"type": "http", "method": method, "path": path, "headers": named, "query_string": b""}
    sent = []

    async def receive():
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message):
        sent.append(message)

    await application(scope, receive, send)
    return sent[0]["status"]


def test_a_key_is_asked_for_where_one_is_set(tmp_path, monkeypatch):
    monkeypatch.setenv(module.KEY, "secret")
    model, seen = trained(MODELS["linear"], "bought")
    saved.save(tmp_path / "model", model, seen, {})
    current = Current(tmp_path, ModelSelector("models/model", "models/trained", "gates.json", "metrics.json"))
    current.write(ModelSource(str(tmp_path / "model"), version="v0.0.1"))
    row = json.dumps({"instances": [{"age": 40, "income": 3.0, "city": "Rome"}]}).encode()
    cases = [
        ("POST", "/predict", {}, 401),
        ("POST", "/predict", {"x_api_key": b"secrets"}, 401),
        ("POST", "/predict", {"x_api_key": "sécret".encode("latin1")}, 401),
        ("POST", "/reload", {}, 401),
        ("POST", "/predict", {"x_api_key": b"secret"}, 200),
        ("GET", "/health", {}, 200),
    ]

    async def answered() -> list[int]:
        app = App(Settings(poll=0), current, queue=None)
        await app.start()
        application = routes.application(app, lifespan=None)
        found = [
            await status_of(application, method, path, row, content_type=b"application/json", **key)
            for method, path, key, _ in cases
        ]
        await app.stop()
        return found

    assert asyncio.run(answered()) == [status for *_, status in cases]
