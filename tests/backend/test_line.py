"""One connection: what comes in pieces or all at once, who leaves or says no more, and an application that fails."""

import asyncio
import logging
from typing import Any

import h11
import pytest

from backend.heads import LeanConnection
from tests.asked_runs import until
from tests.backend.test_chunks import Send, answered, asking, served, streaming

KEPT = asking().replace(b"Connection: close\r\n", b"")
POSTED = b"POST / HTTP/1.1\r\nHost: here\r\nTransfer-Encoding: chunked\r\n\r\n"


async def telling_path(scope: Any, receive: Any, send: Send) -> None:
    """Answers with the path of the request, after a few turns of the loop."""
    for _ in range(3):
        await asyncio.sleep(0)
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": scope["path"].encode(), "more_body": True})
    await send({"type": "http.response.body", "body": b"", "more_body": False})


async def test_a_head_that_comes_byte_by_byte_is_one_request() -> None:
    async with served(telling_path) as (_, address), asyncio.timeout(5):
        reader, writer = await asyncio.open_connection(*address)
        for byte in asking():
            writer.write(bytes((byte,)))
            await asyncio.sleep(0)
        assert (await reader.read()).endswith(b"1\r\n/\r\n0\r\n\r\n")
        writer.close()


async def test_requests_that_come_at_once_are_answered_one_after_the_other() -> None:
    paths = [b"/%d" % number for number in range(10, 30)]
    async with served(telling_path) as (_, address), asyncio.timeout(5):
        reader, writer = await asyncio.open_connection(*address)
        writer.write(b"".join(KEPT.replace(b" / ", b" %b " % path) for path in paths))
        told = [(await reader.readuntil(b"0\r\n\r\n")).split(b"\r\n")[-4] for _ in paths]
        writer.close()
    assert told == paths


async def test_who_leaves_with_a_request_in_waiting_leaves_nothing_behind() -> None:
    begun, left = asyncio.Event(), asyncio.Event()

    async def app(scope: Any, receive: Any, send: Send) -> None:
        begun.set()
        while (await receive())["type"] != "http.disconnect":
            pass
        left.set()

    async with served(app) as (connections, address), asyncio.timeout(5):
        _, writer = await asyncio.open_connection(*address)
        writer.write(KEPT + KEPT)
        await begun.wait()
        [line] = connections._open
        await until(lambda: line._handling is not None)  # Hypercorn has the second request, and waits
        line._transport.abort()  # as the kernel reports a peer that is gone: reading has paused
        await left.wait()
        await until(lambda: not connections._open)
        writer.close()


async def test_who_says_no_more_has_left_and_the_connection_is_closed() -> None:
    left = asyncio.Event()

    async def app(scope: Any, receive: Any, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"begun", "more_body": True})
        while (await receive())["type"] != "http.disconnect":
            pass
        left.set()

    async with served(app) as (connections, address), asyncio.timeout(5):
        reader, writer = await asyncio.open_connection(*address)
        writer.write(KEPT)
        await reader.readuntil(b"begun\r\n")
        writer.write_eof()
        assert await reader.read() == b""
        assert left.is_set()
        assert not connections._open
        writer.close()


async def test_half_a_request_is_told_that_it_is_half() -> None:
    async with served(telling_path) as (_, address), asyncio.timeout(5):
        reader, writer = await asyncio.open_connection(*address)
        writer.write(POSTED[:20])
        writer.write_eof()
        assert (await reader.read()).startswith(b"HTTP/1.1 400 ")
        writer.close()


async def test_a_body_that_nobody_reads_waits_with_the_client() -> None:
    read, size = asyncio.Event(), 0

    async def app(scope: Any, receive: Any, send: Send) -> None:
        nonlocal size
        await read.wait()
        while True:
            message = await receive()
            size += len(message["body"])
            if not message["more_body"]:
                break
        await telling_path(scope, receive, send)

    async with served(app) as (connections, address), asyncio.timeout(10):
        reader, writer = await asyncio.open_connection(*address)
        writer.write(POSTED + b"2710\r\n%b\r\n" % (b"x" * 10_000) * 1000 + b"0\r\n\r\n")
        await until(lambda: bool(connections._open))
        [line] = connections._open
        await until(lambda: line._handling is not None)
        assert not line._transport.is_reading()
        read.set()
        assert (await reader.readuntil(b"0\r\n\r\n")).startswith(b"HTTP/1.1 200 ")
        writer.close()
    assert size == 10_000_000


async def test_an_application_that_fails_is_told_as_500_and_logged(caplog: pytest.LogCaptureFixture) -> None:
    async def app(scope: Any, receive: Any, send: Send) -> None:
        raise ValueError("a bug")

    caplog.set_level(logging.ERROR)
    async with served(app) as (_, address), asyncio.timeout(5):
        reader, writer = await asyncio.open_connection(*address)
        writer.write(KEPT)
        assert (await reader.read()).startswith(b"HTTP/1.1 500 ")
        writer.close()


async def test_a_stop_cancels_what_does_not_end() -> None:
    begun, cancelled = asyncio.Event(), asyncio.Event()

    async def app(scope: Any, receive: Any, send: Send) -> None:
        begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            cancelled.set()

    async with served(app) as (connections, address), asyncio.timeout(5):
        reader, writer = await asyncio.open_connection(*address)
        writer.write(KEPT)
        await begun.wait()
        await connections.close(0.05)
        assert cancelled.is_set()
        assert not connections._open
        assert await reader.read() == b""
        writer.close()


async def test_a_streamed_answer_is_whole() -> None:
    pieces = [b"x" * size for size in range(1, 2000, 7)]
    async with served(streaming(*pieces)) as (_, address), asyncio.timeout(5):
        reader, writer = await asyncio.open_connection(*address)
        writer.write(asking())
        body = (await reader.read()).partition(b"\r\n\r\n")[2]
        writer.close()
    assert body == b"".join(b"%x\r\n%b\r\n" % (len(piece), piece) for piece in pieces) + b"0\r\n\r\n"


async def test_an_application_that_answers_unheard_leaves_nobody_waiting_with_the_rest() -> None:
    async def app(scope: Any, receive: Any, send: Send) -> None:
        await send({"type": "http.response.start", "status": 400, "headers": [(b"content-length", b"0")]})
        await send({"type": "http.response.body", "body": b""})

    async with served(app) as (connections, address), asyncio.timeout(5):
        reader, writer = await asyncio.open_connection(*address)
        writer.write(POSTED + b"1\r\nx\r\n" * 100)
        assert (await reader.read()).startswith(b"HTTP/1.1 400 ")
        writer.close()
        await until(lambda: not connections._open)


async def test_a_head_that_is_too_large_is_refused_though_it_comes_at_once() -> None:
    async with served(telling_path) as (_, address), asyncio.timeout(5):
        reader, writer = await asyncio.open_connection(*address)
        writer.write(asking().replace(b"\r\n\r\n", b"\r\nMore: %b\r\n\r\n" % (b"x" * 100_000)))
        assert (await reader.read(65536)).startswith(b"HTTP/1.1 431 ")
        writer.close()


async def test_hypercorn_makes_heads_with_our_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    statuses: list[int] = []
    send = LeanConnection.send

    def noted(self: LeanConnection, event: Any) -> Any:
        if isinstance(event, h11.Response):
            statuses.append(event.status_code)
        return send(self, event)

    monkeypatch.setattr(LeanConnection, "send", noted)
    await answered(streaming(b"one"), asking())
    assert statuses == [200], "Hypercorn's name for its connection is another one now?"
