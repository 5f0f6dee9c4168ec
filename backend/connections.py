"""Accepts connections and has Hypercorn speak HTTP/1.1 on each. Ours instead of Hypercorn's own loop for three reasons:
a response can reach its transport, a stop aborts what doesn't end, and it doesn't wait for ever (Python 3.12 and later
wait for every open stream there).
"""

import asyncio
import contextlib
import socket
from typing import Any, cast

from hypercorn.asyncio.worker_context import WorkerContext
from hypercorn.config import Config
from hypercorn.typing import ASGIFramework

from backend.line import Gate, Line


class _Context(WorkerContext):
    event_class = Gate


class Connections:
    """Serves ``app`` on ``listening`` from ``open`` to ``close``."""

    def __init__(self, app: ASGIFramework, config: Config, listening: socket.socket) -> None:
        self._app = app
        self._config = config
        self._listening = listening
        self._context = _Context(None)
        self._open: set[Line] = set()
        self._none_open = asyncio.Event()
        self._server: asyncio.Server | None = None

    async def open(self) -> None:
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(self._accept, sock=self._listening, backlog=self._config.backlog)

    def _accept(self) -> Line:
        line = Line(self._app, self._config, cast(Any, self._context), self._forget)
        self._open.add(line)
        return line

    def _forget(self, line: Line) -> None:
        self._open.discard(line)
        if not self._open:
            self._none_open.set()

    async def close(self, grace_s: float) -> None:
        """Accept no more, give responses ``grace_s`` seconds to end, then abort them."""
        if self._server is not None:
            self._server.close()
        await self._context.terminated.set()
        for line in tuple(self._open):
            line.close_if_idle()
        await self._all_closed(grace_s)
        for line in tuple(self._open):
            line.abort()
        await self._all_closed(grace_s)

    async def _all_closed(self, within_s: float) -> None:
        self._none_open.clear()
        if self._open:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(within_s):
                    await self._none_open.wait()
