"""How a process takes over the model that is current."""

import asyncio
import threading

from engine.tests.models.test_saved import MODELS, trained

from cairn.models import saved
from cairn.registry.model_source import Asked, Source
from cairn.serving import app as module
from cairn.serving.app import App
from cairn.serving.current_model import Current
from cairn.serving.loaded_model import Served
from cairn.serving.settings import Settings


def test_a_look_returns_when_the_model_that_another_look_loads_is_served(tmp_path, monkeypatch):
    model, seen = trained(MODELS["linear"], "bought")
    saved.save(tmp_path / "model", model, seen, {})
    current = Current(tmp_path, Asked("models/model", "models/trained", "gates.json", "metrics.json"))
    current.write(Source(str(tmp_path / "model"), version="v0.0.1"))
    loading, go_on = threading.Event(), threading.Event()

    def slowly(source, **policies):
        if source.version == "v0.0.2":
            loading.set()
            assert go_on.wait(60)
        return Served(source, **policies)

    monkeypatch.setattr(module, "Served", slowly)

    async def looked() -> str | None:
        app = App(Settings(poll=0), current, queue=None)
        await app.start()
        current.write(Source(str(tmp_path / "model"), version="v0.0.2"))
        first = asyncio.create_task(app.look())
        await asyncio.to_thread(loading.wait, 60)
        second = asyncio.create_task(app.look())
        await asyncio.wait([second], timeout=0.1)  # time to return too early in
        go_on.set()
        await second
        version = app.served.version
        await first
        await app.stop()
        return version

    assert asyncio.run(looked()) == "v0.0.2"
