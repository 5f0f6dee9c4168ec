"""``http = "uvicorn"``: the same server, another protocol below. What that one doesn't bring by itself holds too."""

import asyncio
import contextlib
import socket
import sys
from collections.abc import AsyncIterator

import httpx
import pytest

pytest.importorskip("uvicorn")
pytest.importorskip("httptools")

from backend import uvicorn_connections
from backend.config import Config
from backend.errors import ConfigError
from backend.http import connection
from backend.server import new_event_loop
from shared import events as ev
from tests.busy import busy_pipeline
from tests.invariants import check_log
from tests.nodes import eventually
from tests.served import client, events_of, frames_of, running_server
from tests.tiny import tiny_pipeline

FOREVER = {"q": "forever and loud", "pipeline": "busy", "options": {"on_disconnect": "cancel"}}
REQUEST = b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"


@contextlib.asynccontextmanager
async def serving(**settings: object) -> AsyncIterator[tuple[httpx.AsyncClient, int]]:
    async with (
        running_server([tiny_pipeline(), busy_pipeline()], http="uvicorn", **settings) as url,
        client(url) as http,
    ):
        yield http, httpx.URL(url).port or 0


async def rest(reader: asyncio.StreamReader) -> bytes:
    """All that comes until the connection ends, however it does."""
    data = bytearray()
    with contextlib.suppress(ConnectionError):
        while piece := await asyncio.wait_for(reader.read(65536), 10):
            data += piece
    return bytes(data)


async def test_a_run_is_told_and_read_again_and_each_answer_has_its_date() -> None:
    async with serving() as (http, _):
        told = await http.post("/assist", json={"q": "one two three"})
        check_log(events_of(told.content))
        again = await http.get(f"/runs/{told.headers['windowseat-run']}/events")
        assert events_of(again.content) == events_of(told.content)
        assert "date" in again.headers
        assert "server" not in again.headers


async def test_a_stop_ends_open_streams_with_a_farewell() -> None:
    async with contextlib.AsyncExitStack() as server:
        url = await server.enter_async_context(running_server([tiny_pipeline()], http="uvicorn"))
        async with client(url) as http, http.stream("POST", "/assist", json={"q": "please wait"}) as response:
            received, stopping = b"", None
            async for chunk in response.aiter_raw():
                received += chunk
                stopping = stopping or asyncio.create_task(server.aclose())
        assert stopping is not None
        await stopping
    assert ev.decode_event(frames_of(received)[-1].data) == ev.StreamBye(reason="shutdown", retry_ms=2000)


async def test_a_reader_that_takes_nothing_is_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "LINGER_S", 0.1)
    async with serving(stall_s=0.2) as (http, port):
        with socket.socket() as sock:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            sock.setblocking(False)
            await asyncio.get_running_loop().sock_connect(sock, ("127.0.0.1", port))
            request = http.build_request("POST", "/assist", json={**FOREVER, "q": "forever and loud"})
            head = b"POST /assist HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
            await asyncio.get_running_loop().sock_sendall(sock, head % len(request.content) + request.content)

            async def sent_away() -> bool:
                return "windowseat_viewers_slow_total 1" in (await http.get("/metrics")).text

            await eventually(sent_away)


async def test_a_reader_that_leaves_is_noticed() -> None:
    async with serving() as (http, _):
        async with http.stream("POST", "/assist", json=FOREVER) as response:
            run = response.headers["windowseat-run"]
            await anext(response.aiter_raw())

        async def cancelled() -> bool:
            return bool((await http.get("/runs")).json()["runs"][0]["status"] == "cancelled")

        await eventually(cancelled)
        assert (await http.get("/runs")).json()["runs"][0]["run"] == run


@pytest.mark.parametrize("sent", [b"", REQUEST[:20], REQUEST + REQUEST[:20]])
async def test_a_head_that_does_not_come_in_ends_its_connection(sent: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uvicorn_connections, "HEAD_S", 0.1)
    async with serving() as (_, port):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(sent)
        told = await rest(reader)
        assert told.count(b"HTTP/1.1 200") == sent.count(REQUEST)
        writer.close()


async def test_a_head_without_end_is_refused() -> None:
    async with serving() as (_, port):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(REQUEST[:-2] + b"x-long: " + b"x" * uvicorn_connections.HEAD_BYTES)
        assert (await rest(reader)).startswith(b"HTTP/1.1 431 ")
        writer.close()


async def test_a_kept_connection_may_ask_more_than_one_head_holds() -> None:
    async with serving() as (_, port):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        padded = REQUEST[:-2] + b"x-long: " + b"x" * (uvicorn_connections.HEAD_BYTES // 4) + b"\r\n\r\n"
        for _ in range(6):
            writer.write(padded)
            assert b"HTTP/1.1 200" in await asyncio.wait_for(reader.readuntil(b'{"status":"ok"}'), 5)
        writer.close()


async def test_what_is_not_installed_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "backend.uvicorn_connections", None)
    monkeypatch.setitem(sys.modules, "uvloop", None)
    with pytest.raises(ConfigError, match=r"uvicorn.*windowseat\[fast\]"):
        async with serving():
            pass
    with pytest.raises(ConfigError, match=r"uvloop.*windowseat\[fast\]"):
        new_event_loop(Config(event_loop="uvloop"))
