"""What our connections put on the wire, whichever way a chunk takes, and when they close what is idle."""

import asyncio
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any
from unittest.mock import patch

import pytest
from hypercorn.config import Config
from hypercorn.utils import UnexpectedMessageError

from backend.connections import Connections
from backend.http.connection import LastChunk
from backend.line import Line

Send = Callable[[Any], Any]
App = Callable[[Any, Any, Send], Any]


def streaming(*pieces: bytes, headers: tuple[tuple[bytes, bytes], ...] = ()) -> App:
    """An application that answers with these chunks, a turn of the loop between them."""

    async def app(scope: Any, receive: Any, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": list(headers)})
        for piece in pieces:
            await send({"type": "http.response.body", "body": piece, "more_body": True})
            if type(piece) is not LastChunk:
                await asyncio.sleep(0)
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    return app


@asynccontextmanager
async def served(app: Any, idle_s: float = 5.0) -> AsyncIterator[tuple[Connections, Any]]:
    config = Config()
    config.keep_alive_timeout = idle_s
    config.include_server_header = config.include_date_header = False
    with socket.create_server(("127.0.0.1", 0)) as listening:
        connections = Connections(app, config, listening)
        await connections.open()
        yield connections, listening.getsockname()
        await connections.close(1.0)


async def answered(app: App, request: bytes) -> bytes:
    async with served(app) as (_, address):
        reader, writer = await asyncio.open_connection(*address)
        writer.write(request)
        async with asyncio.timeout(5):
            found = await reader.read()
        writer.close()
    return found


def asking(method: str = "GET", version: str = "1.1") -> bytes:
    return f"{method} / HTTP/{version}\r\nHost: here\r\nConnection: close\r\n\r\n".encode()


async def test_chunks_come_as_they_were_given() -> None:
    head, _, body = (await answered(streaming(b"one", b"", b"two" * 9), asking())).partition(b"\r\n\r\n")
    assert b"transfer-encoding: chunked" in head.lower()
    assert body == b"3\r\none\r\n1b\r\n" + b"two" * 9 + b"\r\n0\r\n\r\n"


@pytest.mark.parametrize(
    ("request_bytes", "headers", "body"),
    [
        (asking("HEAD"), (), b""),
        (asking(version="1.0"), (), b"onetwo"),
        (asking(), ((b"content-length", b"6"),), b"onetwo"),
    ],
    ids=["HEAD", "HTTP/1.0", "a length"],
)
async def test_what_is_not_chunked_has_no_chunks(
    request_bytes: bytes, headers: tuple[tuple[bytes, bytes], ...], body: bytes
) -> None:
    app = streaming(b"one", b"two", headers=headers)
    assert (await answered(app, request_bytes)).partition(b"\r\n\r\n")[2] == body


@pytest.mark.parametrize(
    "headers",
    [
        ((b"content-type", b"text/event-stream; charset=utf-8"), (b"windowseat-run", b"abc234"), (b"X-Other", b"")),
        ((b"one", b"1"), (b"one", b"2")),
        ((b"one", b" 1 "), (b"two", b"\xe9")),
        ((b"one", b"1"), (b"connection", b"close")),
        ((b"one", b"1"), (b"Content-Length", b"6")),
    ],
    ids=["a stream", "twice", "spaces", "the last", "a length"],
)
async def test_a_head_is_what_hypercorn_and_h11_make_of_it(headers: tuple[tuple[bytes, bytes], ...]) -> None:
    app = streaming(b"one", b"two", headers=headers)
    with patch("backend.chunks.as_lines", lambda headers: None):
        theirs = await answered(app, asking())
    assert await answered(app, asking()) == theirs


async def test_what_is_no_header_is_not_sent() -> None:
    for bad in ((b"a b", b"c"), (b"a", b"b\r\nc: d"), (b":path", b"abc")):
        assert b" 200 " not in await answered(streaming(b"one", headers=((b"one", b"1"), bad)), asking())


async def test_headers_of_a_response_that_was_begun_twice_are_in_no_other() -> None:
    async def app(scope: Any, receive: Any, send: Send) -> None:
        start = {"type": "http.response.start", "status": 200}
        await send({**start, "headers": [(b"x-path", scope["raw_path"])]})
        with pytest.raises(UnexpectedMessageError):
            await send({**start, "headers": [(b"x-again", scope["raw_path"])]})
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    told = await answered(app, b"GET /one HTTP/1.1\r\nHost: here\r\n\r\n" + asking())
    assert told.count(b"x-path: ") == 2
    assert b"x-again" not in told


async def test_an_answer_that_is_known_to_end_is_one_write() -> None:
    writes: list[bytes] = []
    made = Line.connection_made

    def noted(self: Line, transport: Any) -> None:
        write = transport.write

        def written(data: bytes) -> None:
            writes.append(data)
            write(data)

        transport.write = written
        made(self, transport)

    with patch.object(Line, "connection_made", noted):
        await answered(streaming(LastChunk(b"all of it")), asking())
    assert len(writes) == 1
    assert writes[0].endswith(b"\r\n\r\n9\r\nall of it\r\n0\r\n\r\n")


async def test_an_application_waits_for_a_reader_that_takes_nothing_and_ends_when_it_has_gone() -> None:
    sent, ended = 0, asyncio.Event()

    async def flood(scope: Any, receive: Any, send: Send) -> None:
        nonlocal sent
        await receive()
        await send({"type": "http.response.start", "status": 200, "headers": []})
        sending = asyncio.create_task(go_on(send))
        assert (await receive())["type"] == "http.disconnect"
        sending.cancel()
        ended.set()

    async def go_on(send: Send) -> None:
        nonlocal sent
        while True:
            await send({"type": "http.response.body", "body": b"x" * 10_000, "more_body": True})
            sent += 10_000
            await asyncio.sleep(0)

    async with served(flood) as (_, address), asyncio.timeout(10):
        _, writer = await asyncio.open_connection(*address, limit=1000)
        writer.write(asking())
        before = -1
        while sent != before or not sent:
            before = sent
            for _ in range(100):
                await asyncio.sleep(0)
        assert sent < 20_000_000
        writer.transport.abort()
        await ended.wait()


async def test_an_idle_connection_is_closed_in_time_and_one_that_streams_is_not() -> None:
    say, closing = asyncio.Event(), asyncio.Event()

    async def app(scope: Any, receive: Any, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"begun", "more_body": True})
        await say.wait()
        await send({"type": "http.response.body", "body": b"", "more_body": False})
        closing.set()

    async with served(app, idle_s=0.05) as (_, address), asyncio.timeout(5):
        idle, idle_writer = await asyncio.open_connection(*address)
        streaming_reader, writer = await asyncio.open_connection(*address)
        writer.write(asking().replace(b"Connection: close\r\n", b""))
        await streaming_reader.readuntil(b"begun\r\n")
        assert await idle.read() == b"", "nothing was ever asked on it"
        say.set()
        assert await streaming_reader.read() == b"0\r\n\r\n", "the stream outlived the other, and was closed when idle"
        assert closing.is_set()
        for one in (idle_writer, writer):
            one.close()


async def test_a_stop_closes_idle_connections_at_once() -> None:
    async with served(streaming(b"one"), idle_s=60) as (connections, address), asyncio.timeout(5):
        reader, writer = await asyncio.open_connection(*address)
        writer.write(asking().replace(b"Connection: close\r\n", b""))
        await reader.readuntil(b"0\r\n\r\n")
        began = asyncio.get_running_loop().time()
        await connections.close(4.0)
        assert await reader.read() == b""
        assert asyncio.get_running_loop().time() - began < 2
        writer.close()
