"""Accepts connections and has Hypercorn speak HTTP/1.1 on each. Ours instead of Hypercorn's own loop for three reasons:
a response can reach its transport, a stop aborts what doesn't end, and it doesn't wait for ever (Python 3.12 and later
wait for every open stream there).
"""

import asyncio
import logging
import socket
from collections.abc import Callable
from typing import Any, cast

from hypercorn.app_wrappers import ASGIWrapper
from hypercorn.asyncio.tcp_server import TCPServer
from hypercorn.asyncio.worker_context import WorkerContext
from hypercorn.config import Config
from hypercorn.typing import ASGIFramework

from backend.chunks import StraightChunks
from backend.gathering import GatheringWriter
from backend.http.connection import TRANSPORT

_log = logging.getLogger(__name__)


class IdleTimer:
    """Closes a connection on which no request is under way for ``after_s`` seconds.

    In place of Hypercorn's own ``SingleTask``, which begins and cancels two tasks for each request: a tenth of what one
    costs.
    """

    __slots__ = ("_after_s", "_close", "_loop", "_timer")

    def __init__(self, after_s: float, close: Callable[[], None]) -> None:
        self._after_s, self._close = after_s, close
        self._loop = asyncio.get_running_loop()
        self._timer: asyncio.TimerHandle | None = None

    async def restart(self, task_group: object, action: object) -> None:
        """The connection is idle from now on."""
        await self.stop()
        self._timer = self._loop.call_later(self._after_s, self._close)

    async def stop(self) -> None:
        """A request has come, or the connection is closed."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def close_if_idle(self) -> None:
        if self._timer is not None:
            self._close()


class _Connection:
    """What ``Connections`` knows of one: its task has made it by its first turn."""

    __slots__ = ("idle", "transport")

    def __init__(self, writer: asyncio.StreamWriter) -> None:
        self.transport = cast(asyncio.Transport, writer.transport)  # uvloop's is one without being called so
        self.idle: IdleTimer | None = None


class Connections:
    """Serves ``app`` on ``listening`` from ``open`` to ``close``."""

    def __init__(self, app: ASGIFramework, config: Config, listening: socket.socket) -> None:
        self._app = ASGIWrapper(app)
        self._config = config
        self._listening = listening
        self._context = WorkerContext(None)
        self._open: dict[asyncio.Task[None], _Connection] = {}
        self._server: asyncio.Server | None = None

    async def open(self) -> None:
        self._server = await asyncio.start_server(self._accept, sock=self._listening, backlog=self._config.backlog)

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connection = _Connection(writer)
        task = asyncio.create_task(self._serve(reader, connection), name="connection")
        self._open[task] = connection
        task.add_done_callback(self._forget)

    def _forget(self, task: "asyncio.Task[None]") -> None:
        connection = self._open.pop(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            _log.error("a connection broke off", exc_info=error)
            connection.transport.abort()

    async def _serve(self, reader: asyncio.StreamReader, connection: _Connection) -> None:
        TRANSPORT.set(connection.transport)
        writer = GatheringWriter(connection.transport, reader)
        app = StraightChunks(self._app, writer)
        server = TCPServer(app, asyncio.get_running_loop(), self._config, self._context, {}, reader, writer)
        server.idle_task = connection.idle = cast(Any, IdleTimer(self._config.keep_alive_timeout, writer.close))
        await server

    async def close(self, grace_s: float) -> None:
        """Accept no more, give responses ``grace_s`` seconds to end, then abort them."""
        if self._server is not None:
            self._server.close()
        await self._context.terminated.set()
        for connection in self._open.values():
            if connection.idle is not None:
                connection.idle.close_if_idle()
        if self._open:
            await asyncio.wait(self._open, timeout=grace_s)
        for task, connection in tuple(self._open.items()):
            connection.transport.abort()
            task.cancel()
        if self._open:
            await asyncio.wait(self._open, timeout=grace_s)
