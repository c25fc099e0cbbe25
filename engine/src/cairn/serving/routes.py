"""Which address is answered by what."""

from collections.abc import Awaitable, Callable
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from cairn.serving import openapi, pages
from cairn.serving.app import App, json_response

PREDICT = ("/predict", "/invocations")


class Application(Starlette):
    """Starlette, except that predictions go straight to their answer: its way there takes a quarter of their time.

    Parameters
    ----------
    predict : answers `POST /predict` and `POST /invocations`
    more : of Starlette
    """

    def __init__(self, predict: Callable[[Request], Awaitable[Response]], **more: Any) -> None:
        super().__init__(**more)
        self.predict = predict

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer."""
        if scope["type"] == "http" and scope["path"] in PREDICT and scope["method"] == "POST":
            response = await self.predict(Request(scope, receive))
            await response(scope, receive, send)
        else:
            await super().__call__(scope, receive, send)


def application(app: App, lifespan: Callable[[Any], Any]) -> Starlette:
    """Make the application of one server.

    Parameters
    ----------
    app : answers
    lifespan : what begins and ends with a process
    """

    async def document(request: Request) -> Response:
        return json_response(openapi.openapi(app.served, key=app.wants_key, **app.settings.policies))

    async def form(request: Request) -> Response:
        return HTMLResponse(pages.HTML)

    async def docs(request: Request) -> Response:
        return HTMLResponse(pages.DOCS)

    routes = [
        *(Route(path, app.predict, methods=["POST"]) for path in PREDICT),
        Route("/ping", app.ping),
        Route("/health", app.health),
        Route("/info", app.info),
        Route("/metrics", app.metrics),
        Route("/reload", app.reload, methods=["POST"]),
        Route("/", form),
        Route("/docs", docs),
        Route("/openapi.json", document),
    ]
    return Application(app.predict, routes=routes, lifespan=lifespan, exception_handlers={404: _unknown, 405: _unknown})


async def _unknown(request: Request, error: Any) -> Response:
    """Say in JSON, as all other refusals do, that nothing answers here."""
    response = json_response({"error": f"{request.method} {request.url.path}: {error.detail}"}, error.status_code)
    response.headers.update(error.headers or {})
    return response
