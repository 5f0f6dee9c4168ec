"""Our application as Quart has it: nobody misses what it leaves out, and a request that is answered is let go of."""

import asyncio
import gc
import weakref
from collections.abc import AsyncIterator
from typing import Any

import pytest
from quart import Response, request, session, url_for

from backend.http.application import Application
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
