"""HTTP/2 and WebSocket, which nobody has imported before somebody asks for one: refused as ever, in a fresh process."""

import asyncio
import subprocess
import sys
from pathlib import Path

import h2.connection
import h2.events
import httpx

from backend.http.lean_quart import LATER
from tests.server_process import server_process

ROOT = Path(__file__).resolve().parents[3]
WEBSOCKET = (
    b"GET / HTTP/1.1\r\nhost: x\r\nconnection: upgrade\r\nupgrade: websocket\r\n"
    b"sec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
)


async def status_by_http_2(url: httpx.URL) -> str:
    reader, writer = await asyncio.open_connection(url.host, url.port)
    client = h2.connection.H2Connection()
    client.initiate_connection()
    headers = [(":method", "GET"), (":path", "/"), (":scheme", "http"), (":authority", "x")]
    client.send_headers(client.get_next_available_stream_id(), headers, end_stream=True)
    writer.write(client.data_to_send())
    while True:
        for event in client.receive_data(await reader.read(65536)):
            if isinstance(event, h2.events.ResponseReceived):
                writer.close()
                return dict(event.headers or [])[b":status"].decode()


async def test_a_server_that_has_not_loaded_them_refuses_them_and_serves_on() -> None:
    async with server_process() as server, asyncio.timeout(20):
        url = httpx.URL(server.url)
        for _ in range(2):  # what stands for them, then they themselves
            assert await status_by_http_2(url) == "505"
            reader, writer = await asyncio.open_connection(url.host, url.port)
            writer.write(WEBSOCKET)
            assert (await reader.readuntil(b"\r\n")).startswith(b"HTTP/1.1 403 ")
            writer.close()
        async with httpx.AsyncClient() as http:
            assert (await http.get(url.join("/healthz"))).status_code == 200


def test_all_that_is_put_off_is_there_once_it_is_asked_for() -> None:
    code = f"""
import importlib, sys
import backend.http
assert not {set(LATER)!r} & set(sys.modules)
for name, called in {LATER!r}.items():
    module = importlib.import_module(name)
    assert all(callable(getattr(module, one)) for one in called)
    assert module.__spec__.name == name
import hypercorn.typing
assert hypercorn.typing.h2.events.RequestReceived.__module__ == "h2.events"
"""
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True)
