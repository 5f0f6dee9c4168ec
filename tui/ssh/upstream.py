"""The server that is asked: another one's, or a local child, started again on the same port if it dies."""

import asyncio
import logging
import os
from collections.abc import Callable, Mapping

from tui.connection import LocalServerError
from tui.local_server import LocalServer

TRUSTED = "127.0.0.1,::1"
"""Who may name the traveller's address to the local server: this machine, which is us."""
_VARIABLE = "WINDOWSEAT_TRUSTED_PROXIES"
_LOOK_S = 1.0
_LEAVE_S = 1.5

log = logging.getLogger(__name__)


class Upstream:
    """``url`` given: that one. Else a local server with the settings ``server`` (names of variables to values)."""

    def __init__(self, url: str | None, server: Mapping[str, str]) -> None:
        self.url = url or ""
        self._server: LocalServer | None = None
        self._is_local = url is None
        self._moved: Callable[[str], None] = lambda url: None
        if self._is_local:
            os.environ.update(server)
            others = os.environ.get(_VARIABLE, "")
            os.environ[_VARIABLE] = f"{others},{TRUSTED}".lstrip(",")

    async def start(self, moved: Callable[[str], None]) -> None:
        """Begin to start it: the URL comes later, through ``moved``, each time that it changes."""
        self._moved = moved
        if self._is_local:
            self._server = LocalServer()
            self._server.start()

    async def reached(self) -> None:
        """Wait until it listens. Raises LocalServerError."""
        if self._server is None:
            return
        url = await asyncio.to_thread(self._server.url)
        if url != self.url:
            self.url = url
            self._moved(url)

    async def watch(self) -> None:
        """Start another server if this one dies; for ever, so cancel it."""
        pause_s = _LOOK_S
        while (server := self._server) is not None:
            try:
                await self.reached()
                pause_s = _LOOK_S
                while server.alive:  # noqa: ASYNC110  # a process that nobody awaits
                    await asyncio.sleep(_LOOK_S)
            except LocalServerError as error:
                log.error("%s", error)
            if self._server is None:
                return
            log.error("%s", server.obituary() or "the local server is started again")
            await asyncio.sleep(pause_s)
            pause_s = min(pause_s * 2, 30.0)
            await asyncio.to_thread(server.close)
            if self._server is not None:
                self._server = LocalServer(port=int(self.url.rpartition(":")[2] or 0))
                self._server.start()

    async def close(self) -> None:
        server, self._server = self._server, None
        if server is not None:
            await asyncio.to_thread(server.close, _LEAVE_S)
