"""Our application as Quart has it: nobody misses what it leaves out, and a request that is answered is let go of."""

import asyncio
import gc
import weakref
from collections.abc import AsyncIterator
from typing import Any

import pytest
from quart import (
    Blueprint,
    Response,
    after_this_request,
    has_app_context,
    has_request_context,
    request,
    session,
    signals,
    url_for,
)

from backend.http.application import Application, Request, current_request
from backend.http.asgi import Connection
from backend.http.inbox import Inbox


def scope(path: str = "/", method: str = "POST", host: bytes = b"here") -> dict[str, Any]:
    return {
        "type": "http", "asgi": {}, "http_version": "1.1", "method": method, "scheme": "http", "path": path,
        "root_path": "", "query_string": b"", "headers": [(b"host", host)], "client": ("127.0.0.1", 1), "server": None,
        "extensions": {},
    }  # fmt: skip


async def asked(app: Application, asking: dict[str, Any], *pieces: bytes) -> tuple[int, bytes]:
    """Status and body of the answer to a request, whose body comes in ``pieces``, the last of them empty."""
    app.asgi_http_class = Connection
    told: list[Any] = []

    async def send(message: Any) -> None:
        told.append(message)

    inbox = Inbox()
    answering = asyncio.ensure_future(app(asking, inbox, send))  # type: ignore[arg-type]  # ASGI's types are wider
    for piece in pieces:
        await inbox.put({"type": "http.request", "body": piece, "more_body": bool(piece)})
        await asyncio.sleep(0)
    await asyncio.wait_for(answering, 5)
    return told[0]["status"], b"".join(message.get("body", b"") for message in told)


def app_that_echoes() -> Application:
    app = Application(__name__)
    app.config["MAX_CONTENT_LENGTH"] = 10

    @app.post("/")
    async def index() -> Response:
        return Response(await request.get_data())

    return app


@pytest.mark.parametrize("pieces", [(b"all", b""), (b"", b""), (b"one", b" two", b"")])
async def test_a_body_is_read_whole_whenever_it_comes(pieces: tuple[bytes, ...]) -> None:
    assert await asked(app_that_echoes(), scope(), *pieces) == (200, b"".join(pieces))


async def test_a_body_that_came_at_once_is_read_without_a_task(monkeypatch: pytest.MonkeyPatch) -> None:
    app, inbox, sent = app_that_echoes(), Inbox(), asyncio.Event()
    app.asgi_http_class = Connection

    async def send(message: Any) -> None:
        if message.get("body"):
            sent.set()

    await inbox.put({"type": "http.request", "body": b"all", "more_body": False})
    before = asyncio.all_tasks()
    answering = asyncio.ensure_future(app(scope(), inbox, send))  # type: ignore[arg-type]  # ASGI's types are wider
    await asyncio.sleep(0)
    assert sent.is_set(), "answered within one turn of the loop"
    assert asyncio.all_tasks() <= {*before, answering}
    await answering


async def test_a_body_that_is_too_large_is_refused() -> None:
    assert (await asked(app_that_echoes(), scope(), b"x" * 11, b""))[0] == 413


async def test_a_body_read_without_a_cache_is_read_once() -> None:
    app = Application(__name__)

    @app.post("/")
    async def index() -> Response:
        first = await request.get_data(cache=False)
        return Response(first + await request.get_data())  # type: ignore[operator]  # bytes, unless asked for as text

    assert await asked(app, scope(), b"once", b"") == (200, b"once")


@pytest.mark.parametrize("host", [b"here", b"", b"a" * 200, b"..", "wörld".encode(), b"[::1]:80"])
async def test_a_view_is_found_whatever_name_the_server_was_called_by(host: bytes) -> None:
    assert await asked(app_that_echoes(), scope(host=host), b"all", b"") == (200, b"all")


async def test_paths_and_methods_are_told_apart() -> None:
    app = Application(__name__)

    @app.get("/runs/<run>")
    async def show(run: str) -> Response:
        return Response(f"{run} {url_for('show', run='other')}")

    assert await asked(app, scope("/runs/this", "GET"), b"") == (200, b"this /runs/other")
    assert (await asked(app, scope("/runs/this"), b""))[0] == 405
    assert (await asked(app, scope("/nothing", "GET"), b""))[0] == 404


async def test_there_is_a_session_that_nobody_can_write_to() -> None:
    app = Application(__name__)

    @app.post("/")
    async def index() -> Response:
        with pytest.raises(RuntimeError):
            session["a"] = 1
        return Response(str(len(session)))

    assert await asked(app, scope(), b"") == (200, b"0")


async def test_a_timer_that_a_view_began_does_not_keep_its_request() -> None:
    app, kept, timers = Application(__name__), [], []

    @app.post("/")
    async def index() -> Response:
        kept.append(weakref.ref(request._get_current_object()))  # type: ignore[attr-defined]  # of Werkzeug's proxies
        timers.append(asyncio.get_running_loop().call_later(60, str))

        async def told() -> AsyncIterator[bytes]:
            gc.collect()
            yield b"gone" if kept[0]() is None else b"kept"

        response = Response(told())
        response.timeout = None
        return response

    assert await asked(app, scope(), b"") == (200, b"gone")
    timers[0].cancel()


def plain_app() -> Application:
    app = Application(__name__)

    @app.post("/")
    async def index() -> Response:
        return Response("plain")

    return app


async def test_who_hooks_in_is_asked_and_told() -> None:
    app, told = plain_app(), []
    hooks: list[Any] = [app.before_request, app.after_request, app.teardown_request, app.teardown_appcontext]
    for hook in hooks:

        def heard(*said: Any, name: str = hook.__name__) -> Any:
            told.append(name)
            return said[0] if said else None

        hook(as_coroutine(heard))
    for _ in range(2):
        assert await asked(app, scope(), b"") == (200, b"plain")
    assert told == 2 * ["before_request", "after_request", "teardown_request", "teardown_appcontext"]


def as_coroutine(function: Any) -> Any:
    async def awaited(*said: Any) -> Any:
        return function(*said)

    return awaited


async def test_a_hook_of_a_blueprint_is_asked_for_its_requests() -> None:
    app, told, blueprint = plain_app(), [], Blueprint("more", __name__)

    @blueprint.after_request
    async def heard(response: Response) -> Response:
        told.append(request.path)
        return response

    @blueprint.post("/more")
    async def more() -> str:
        return "more"

    app.register_blueprint(blueprint)
    assert await asked(app, scope(), b"") == (200, b"plain")
    assert await asked(app, scope("/more"), b"") == (200, b"more")
    assert told == ["/more"]


@pytest.mark.parametrize(
    "name",
    ["appcontext_pushed", "request_started", "request_finished", "request_tearing_down", "appcontext_tearing_down",
     "appcontext_popped"],
)  # fmt: skip
async def test_who_listens_to_a_signal_hears_it(name: str) -> None:
    app, told = plain_app(), []

    async def heard(sender: Any, **_: Any) -> None:
        told.append(sender)

    with getattr(signals, name).connected_to(heard):
        assert await asked(app, scope(), b"") == (200, b"plain")
    assert told == [app]
    assert await asked(app, scope(), b"") == (200, b"plain")
    assert told == [app]


async def test_what_is_to_be_done_after_this_request_is_done() -> None:
    app = Application(__name__)

    @app.post("/")
    async def index() -> Response:
        @after_this_request
        async def instead(response: Any) -> Any:
            return Response("other")

        return Response("plain")

    assert await asked(app, scope(), b"") == (200, b"other")


async def test_an_error_is_handled_and_leads_to_no_detour(caplog: pytest.LogCaptureFixture) -> None:
    app = Application(__name__)

    @app.post("/handled")
    async def handled() -> Response:
        raise KeyError

    @app.post("/bug")
    async def bug() -> Response:
        raise ZeroDivisionError

    @app.errorhandler(KeyError)
    async def explain(_: KeyError) -> tuple[str, int]:
        return request.path, 418

    told: list[Any] = []

    async def heard(sender: Any, exception: BaseException) -> None:
        told.append(type(exception))

    with signals.got_request_exception.connected_to(heard):
        assert await asked(app, scope("/handled"), b"") == (418, b"/handled")
        assert (await asked(app, scope("/bug"), b""))[0] == 500
    assert told == [ZeroDivisionError]
    assert "Exception on request POST /bug" in caplog.text
    assert not any(app._hooks()), "what Quart looked for on the way hooks nobody in"


async def test_quarts_test_client_has_its_way() -> None:
    app = plain_app()
    async with app.test_client() as client:
        assert await (await client.post("/")).get_data() == b"plain"
        assert request.path == "/", "kept for whoever tests"


async def test_nothing_is_current_after_a_request() -> None:
    app = plain_app()
    app.asgi_http_class = Connection

    async def send(message: Any) -> None:
        """Nobody reads it."""

    inbox = Inbox()
    await inbox.put({"type": "http.request", "body": b"", "more_body": False})
    await app(scope(), inbox, send)  # type: ignore[arg-type]  # ASGI's types are wider
    assert not has_request_context()
    assert not has_app_context()


async def test_quart_makes_its_requests_with_our_headers() -> None:
    app = Application(__name__)

    @app.post("/")
    async def index() -> Response:
        found = [request.headers.get(name, "none") for name in ("host", "HOST", "Nothing")]
        return Response(f"{type(request.headers).__name__} {found} {request.headers.get('Host', type=len)}")

    assert await asked(app, scope(), b"") == (200, b"RequestHeaders ['here', 'here', 'none'] 4")
    oldest = {**scope(), "http_version": "1.0"}
    assert (await asked(app, oldest, b""))[1].startswith(b"Headers "), "Quart's own way, for what is rare"


@pytest.mark.parametrize("kind", ["Application/JSON; charset=utf-8", "text/plain", "", "x" * 300 + "/y; z=1"])
async def test_a_media_type_is_what_quart_reads(kind: str) -> None:
    app, found = Application(__name__), []

    @app.post("/")
    async def index() -> str:
        found.append((current_request().mimetype, super(Request, current_request()).mimetype))
        return ""

    for _ in range(2):
        await asked(app, {**scope(), "headers": [(b"content-type", kind.encode())]}, b"")
    assert len(found) == 2
    assert all(ours == theirs for ours, theirs in found)
