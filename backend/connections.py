"""Accepts connections and has Hypercorn speak HTTP/1.1 on each. Ours instead of Hypercorn's own loop for three reasons:
a response can reach its transport, a stop aborts what doesn't end, and it doesn't wait for ever (Python 3.12 and later
wait for every open stream there).
"""

import asyncio
import logging
import socket
from typing import cast

from hypercorn.app_wrappers import ASGIWrapper
from hypercorn.asyncio.tcp_server import TCPServer
from hypercorn.asyncio.worker_context import WorkerContext
from hypercorn.config import Config
from hypercorn.typing import ASGIFramework

from backend.gathering import GatheringWriter
from backend.http.connection import TRANSPORT

_log = logging.getLogger(__name__)


class Connections:
    """Serves ``app`` on ``listening`` from ``open`` to ``close``."""

    def __init__(self, app: ASGIFramework, config: Config, listening: socket.socket) -> None:
        self._app = ASGIWrapper(app)
        self._config = config
        self._listening = listening
        self._context = WorkerContext(None)
        self._open: dict[asyncio.Task[None], asyncio.StreamWriter] = {}
        self._server: asyncio.Server | None = None

    async def open(self) -> None:
        self._server = await asyncio.start_server(self._accept, sock=self._listening, backlog=self._config.backlog)

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(self._serve(reader, writer), name="connection")
        self._open[task] = writer
        task.add_done_callback(self._forget)

    def _forget(self, task: "asyncio.Task[None]") -> None:
        writer = self._open.pop(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            _log.error("a connection broke off", exc_info=error)
            writer.transport.abort()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        transport = cast(asyncio.Transport, writer.transport)  # uvloop's is one without being called so
        TRANSPORT.set(transport)
        gathering = GatheringWriter(transport, reader)
        await TCPServer(self._app, asyncio.get_running_loop(), self._config, self._context, {}, reader, gathering)

    async def close(self, grace_s: float) -> None:
        """Accept no more, give responses ``grace_s`` seconds to end, then abort them."""
        if self._server is not None:
            self._server.close()
        await self._context.terminated.set()
        if self._open:
            await asyncio.wait(self._open, timeout=grace_s)
        for task, writer in tuple(self._open.items()):
            writer.transport.abort()
            task.cancel()
        if self._open:
            await asyncio.wait(self._open, timeout=grace_s)
