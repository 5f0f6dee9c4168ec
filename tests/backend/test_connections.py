"""Connections: what becomes of one whose protocol breaks."""

import asyncio
import contextlib
import logging
import socket
from typing import Any, cast

import pytest
from hypercorn.config import Config
from hypercorn.typing import ASGIFramework

from backend import connections, line


async def test_a_connection_whose_protocol_breaks_is_closed_and_told(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    class Broken:
        def __init__(self, *_: Any) -> None:
            """Takes what Hypercorn's takes."""

        async def handle(self, _: Any) -> None:
            raise RuntimeError("no protocol")

    async def app(*_: Any) -> None:
        """Never called."""

    monkeypatch.setattr(line, "ProtocolWrapper", Broken)
    caplog.set_level(logging.ERROR, "backend.line")
    with socket.create_server(("127.0.0.1", 0)) as listening:
        served = connections.Connections(cast(ASGIFramework, app), Config(), listening)
        await served.open()
        reader, writer = await asyncio.open_connection(*listening.getsockname())
        writer.write(b"GET / HTTP/1.1\r\n")
        with contextlib.suppress(ConnectionResetError):
            async with asyncio.timeout(5):
                assert await reader.read() == b""
        writer.close()
        await served.close(1.0)
    assert "a connection broke off" in caplog.text
