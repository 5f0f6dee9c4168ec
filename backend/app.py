"""The ASGI application: wires the parts, nothing else. It stays plain ASGI, so that any server can run it."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import msgspec

from backend.errors import RequestError, to_problem
from backend.http import application, assist, contracts, pages, plain, probes, problems, runs, sources
from backend.http.agui import route as agui
from backend.http.asgi import Connection
from backend.http.client_address import ClientAddresses
from backend.pipeline import Pipeline
from backend.runs.manager import RunManager

if TYPE_CHECKING:
    from quart import Quart

MAX_BODY_BYTES = 64 * 1024
MAX_IMPORT_BYTES = 16 * 1024 * 1024
"""For a run that is brought in whole."""
BODY_TIMEOUT_S = 10

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[Any]]
Send = Callable[[Any], Awaitable[None]]
ASGIApp = Callable[[Any, Receive, Send], Awaitable[None]]


# A client of AG-UI sends the whole thread with each question.
_LARGER_BODIES = {runs.IMPORT_PATH: MAX_IMPORT_BYTES, agui.PATH: agui.MAX_THREAD_BYTES}


class Request(application.Request):
    """A request whose body may be as large as its path allows."""

    def __init__(self, method: str, scheme: str, path: str, *rest: Any, **fields: Any) -> None:
        if path in _LARGER_BODIES:
            fields["max_content_length"] = _LARGER_BODIES[path]
        super().__init__(method, scheme, path, *rest, **fields)


def create_app(
    manager: RunManager,
    pipelines: Sequence[Pipeline],
    addresses: ClientAddresses | None = None,
    resources: Mapping[str, Mapping[Any, Any]] | None = None,
) -> "Quart":
    """The application that serves ``pipelines`` with ``manager``'s runs, to clients known by ``addresses``.

    ``resources`` are those of each pipeline, by its name: what is checked when somebody asks how the sources fare.
    """
    app = application.Application("backend", static_folder=None, template_folder=None)
    app.request_class = Request
    app.asgi_http_class = Connection
    app.config["MAX_CONTENT_LENGTH"] = MAX_BODY_BYTES
    app.config["BODY_TIMEOUT"] = BODY_TIMEOUT_S
    app.extensions["manager"] = manager
    app.extensions["pipelines"] = tuple(pipelines)
    app.extensions["client_addresses"] = addresses or ClientAddresses()
    app.extensions["checks"] = sources.Checks(pipelines, resources or {})
    for module in (assist, runs, probes, sources, contracts, pages, plain, agui):
        app.register_blueprint(module.blueprint)
    problems.install(app)
    app.asgi_app = guard(app.asgi_app)  # type: ignore[method-assign, assignment]  # Quart's documented way to wrap it
    return app


def guard(inner: ASGIApp) -> ASGIApp:
    """Refuse what the server below lets through: HTTP/2, which Hypercorn serves without back-pressure for a stalled
    reader, and requests that give their length twice (RFC 9112, 6.1), which a proxy may read in another way."""

    def app(scope: Any, receive: Receive, send: Send) -> Awaitable[None]:
        if scope["type"] == "http" and (error := _refusal(scope)) is not None:
            return _refuse(error, send)
        if scope["type"] == "websocket":
            return send({"type": "websocket.close", "code": 1000})
        return inner(scope, receive, send)

    return app


def _refusal(scope: Scope) -> RequestError | None:
    if scope["http_version"] not in ("1.0", "1.1"):
        return RequestError("This server speaks HTTP/1.1 alone.", status=505, title="HTTP version not supported")
    names = {name.lower() for name, _ in scope["headers"]}
    if b"content-length" in names and b"transfer-encoding" in names:
        return RequestError("Content-Length and Transfer-Encoding exclude each other.")
    return None


async def _refuse(error: RequestError, send: Send) -> None:
    body = msgspec.json.encode(to_problem(error))
    headers = [(b"content-type", b"application/problem+json"), (b"content-length", b"%d" % len(body))]
    if error.status == 400:
        headers.append((b"connection", b"close"))
    await send({"type": "http.response.start", "status": error.status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
