"""One request on our connection of Quart's: a client that leaves ends it, who else cancels it is obeyed, and nothing
is left behind."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from quart import Quart, Response, request

from backend.http.asgi import Connection
from backend.http.inbox import Inbox

SCOPE: dict[str, Any] = {
    "type": "http", "asgi": {}, "http_version": "1.1", "method": "POST", "scheme": "http", "path": "/", "root_path": "",
    "query_string": b"", "headers": [(b"host", b"here")], "client": ("127.0.0.1", 1), "server": None, "extensions": {},
}  # fmt: skip


both = pytest.mark.parametrize("ours", [True, False], ids=["handed over", "asked for"])


class Client:
    """Both ends of one request: ``say`` is what the application hears, ``heard`` what it answered.

    ``ours``: messages are handed over, as our own server does it; otherwise they are asked for.
    """

    def __init__(self, app: Quart, *, ours: bool) -> None:
        said: asyncio.Queue[Any] = asyncio.Queue()
        inbox = Inbox()
        self.heard: asyncio.Queue[Any] = asyncio.Queue()
        self.say = inbox.put if ours else said.put
        self._before = asyncio.all_tasks()
        app.asgi_http_class = Connection
        self.task = asyncio.ensure_future(app(SCOPE, inbox if ours else said.get, self.heard.put))  # type: ignore[arg-type]

    async def next(self) -> Any:
        return await asyncio.wait_for(self.heard.get(), 5)

    async def left_behind(self) -> set[Any]:
        await asyncio.sleep(0)
        return asyncio.all_tasks() - self._before


def app_that_streams() -> tuple[Quart, asyncio.Event]:
    app, cleaned = Quart(__name__), asyncio.Event()

    @app.post("/")
    async def index() -> Response:
        body = await request.get_data(as_text=False)

        async def told() -> AsyncIterator[bytes]:
            try:
                yield b"read " + body  # type: ignore[operator]  # bytes, with as_text=False
                await asyncio.Event().wait()
            finally:
                cleaned.set()

        response = Response(told())
        response.timeout = None
        return response

    return app, cleaned


async def begun(client: Client) -> None:
    await client.say({"type": "http.request", "body": b"half", "more_body": True})
    await client.say({"type": "http.request", "body": b" and half", "more_body": False})
    assert (await client.next())["status"] == 200
    assert (await client.next())["body"] == b"read half and half"


@both
async def test_a_client_that_leaves_ends_the_response_and_no_more(ours: bool) -> None:
    app, cleaned = app_that_streams()
    client = Client(app, ours=ours)
    await begun(client)
    await client.say({"type": "http.disconnect"})
    await asyncio.wait_for(client.task, 5)
    assert cleaned.is_set()
    assert await client.left_behind() == set()


@both
async def test_who_cancels_the_request_is_obeyed(ours: bool) -> None:
    app, cleaned = app_that_streams()
    client = Client(app, ours=ours)
    await begun(client)
    client.task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asyncio.wait_for(client.task, 5)
    assert cleaned.is_set()
    assert await client.left_behind() == set()


@both
async def test_an_answer_that_ends_leaves_nobody_listening(ours: bool) -> None:
    app = Quart(__name__)

    @app.post("/")
    async def index() -> str:
        return "done"

    client = Client(app, ours=ours)
    await asyncio.wait_for(client.task, 5)
    assert [(await client.next()).get("body") for _ in range(3)] == [None, b"done", b""]
    assert await client.left_behind() == set()


async def test_what_goes_wrong_in_hearing_the_client_is_told() -> None:
    app, _ = app_that_streams()
    client = Client(app, ours=False)
    await client.say({"no": "type"})
    with pytest.raises(KeyError):
        await asyncio.wait_for(client.task, 5)
