"""Accepts connections and has uvicorn's protocol, with httptools, speak HTTP/1.1 on each: half of Hypercorn's CPU time
for a replay, two thirds for an event that comes alone.

An option (``http = "uvicorn"``, ``pip install 'windowseat[fast]'``). Only uvicorn's protocol is used, which an event
loop serves like any other; its own ``Server`` doesn't end while a stream is open. What Hypercorn brings and this
protocol doesn't is here: a request's head has a limit and a time to come in.
"""

import asyncio
import email.utils
import logging
import socket
import time
from typing import Any

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.server import ServerState

from backend.http.connection import TRANSPORT

HEAD_S = 5.0
"""For a request's head to come in, and for the next request on a connection that is kept."""
HEAD_BYTES = 64 * 1024
_TOO_LARGE = b"HTTP/1.1 431 Request Header Fields Too Large\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"

_log = logging.getLogger(__name__)


class _State(ServerState):  # type: ignore[misc]  # uvicorn is an option: mypy doesn't look into it
    """What all connections share; each response has the time of day among its headers."""

    def __init__(self) -> None:
        self._date: tuple[int, list[tuple[bytes, bytes]]] = (0, [])
        super().__init__()

    @property
    def default_headers(self) -> list[tuple[bytes, bytes]]:
        now = int(time.time())
        if now != self._date[0]:
            self._date = (now, [(b"date", email.utils.formatdate(now, usegmt=True).encode())])
        return self._date[1]

    @default_headers.setter
    def default_headers(self, value: object) -> None:
        """``ServerState`` sets it once."""


class _Connection(HttpToolsProtocol):  # type: ignore[misc]  # as above
    """A connection whose responses can reach its transport, and that waits for no head for ever."""

    def connection_made(self, transport: asyncio.Transport) -> None:
        self._head_bytes = 0
        self._head_timer = self.loop.call_later(HEAD_S, transport.abort)
        super().connection_made(transport)

    def connection_lost(self, exc: Exception | None) -> None:
        self._head_timer.cancel()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        TRANSPORT.set(self.transport)  # for the task of the request that this data may begin
        self._head_bytes += len(data)
        super().data_received(data)
        if self._head_timer.cancelled():
            self._head_bytes = 0
        elif self._head_bytes > HEAD_BYTES and not self.transport.is_closing():
            self.transport.write(_TOO_LARGE)
            self.transport.close()

    def on_message_begin(self) -> None:
        super().on_message_begin()
        if self._head_timer.cancelled():
            self._head_timer = self.loop.call_later(HEAD_S, self.transport.abort)

    def on_headers_complete(self) -> None:
        self._head_timer.cancel()
        super().on_headers_complete()


class UvicornConnections:
    """Serves ``app`` on ``listening`` from ``open`` to ``close``, as ``Connections`` does."""

    def __init__(self, app: Any, listening: socket.socket, backlog: int) -> None:
        self._config = uvicorn.Config(
            app,
            http=_Connection,
            lifespan="off",
            ws="none",
            access_log=False,
            log_config=None,
            proxy_headers=False,  # whose word counts is decided by ClientAddresses
            timeout_keep_alive=int(HEAD_S),
        )
        self._config.load()
        self._listening = listening
        self._backlog = backlog
        self._state = _State()
        self._server: asyncio.Server | None = None

    async def open(self) -> None:
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(self._connection, sock=self._listening, backlog=self._backlog)

    def _connection(self) -> _Connection:
        return _Connection(config=self._config, server_state=self._state, app_state={})

    async def close(self, grace_s: float) -> None:
        """Accept no more, give responses ``grace_s`` seconds to end, then abort them."""
        if self._server is not None:
            self._server.close()
        for connection in tuple(self._state.connections):
            connection.shutdown()
        if self._state.tasks:
            await asyncio.wait(tuple(self._state.tasks), timeout=grace_s)
        for connection in tuple(self._state.connections):
            connection.transport.abort()
        for task in tuple(self._state.tasks):
            task.cancel()
        if self._state.tasks:
            await asyncio.wait(tuple(self._state.tasks), timeout=grace_s)
