"""The HTTP client of one upstream: its own pool of connections, larger than it needs, and watched.

httpcore can lose a slot of its pool when a request is cancelled while it waits for one
(https://github.com/encode/httpcore/issues/1093), and cancelling is what people do here. So: each upstream has a pool of
its own, four times as large as its concurrency, a short wait for a slot, and a look after every request: when more
connections are busy than there are requests, the client is swapped for a new one, and closed once its requests have
ended.
"""

import asyncio
import contextlib
import logging
import ssl
from collections.abc import AsyncIterator, Coroutine
from typing import Any

import httpcore

from backend.upstream.lean_httpx import httpx

_log = logging.getLogger(__name__)

SLOTS_PER_CALL = 4
KEEP_ALIVE_S = 5.0


class Transport(httpx.AsyncHTTPTransport):
    """httpx's transport on a pool that dials through ``network``; httpx itself has no way to pass that on."""

    def __init__(
        self, slots: int, network: httpcore.AsyncNetworkBackend, context: ssl.SSLContext, proxy: str | None
    ) -> None:
        super().__init__(verify=context, trust_env=False)
        options: dict[str, Any] = {
            "ssl_context": context,
            "max_connections": slots,
            "max_keepalive_connections": slots,
            "keepalive_expiry": KEEP_ALIVE_S,
            "network_backend": network,
        }
        if proxy is None:
            self._pool = httpcore.AsyncConnectionPool(**options)
        else:
            known = httpx.Proxy(proxy)
            self._pool = httpcore.AsyncHTTPProxy(proxy_url=str(known.url), proxy_auth=known.raw_auth, **options)

    @property
    def busy(self) -> int:
        """Connections that some request holds, or that the pool believes held."""
        return sum(not (one.is_idle() or one.is_closed()) for one in self._pool.connections)


class Client:
    """One pool after another; ``swaps`` counts how often it had to be renewed. ``proxy`` is the URL of one to go
    through."""

    def __init__(
        self,
        concurrency: int,
        network: httpcore.AsyncNetworkBackend,
        context: ssl.SSLContext,
        proxy: str | None = None,
    ) -> None:
        self._slots, self._network, self._context = SLOTS_PER_CALL * concurrency, network, context
        self._proxy = proxy
        self._current = self._renewed()
        self._closing: set[asyncio.Task[None]] = set()
        self.swaps = 0

    @contextlib.asynccontextmanager
    async def use(self) -> AsyncIterator[httpx.AsyncClient]:
        """The client for one request, which must have ended when the block does."""
        pool = self._current
        pool.requests += 1
        try:
            yield pool.client
        finally:
            pool.requests -= 1
            self._look_at(pool)

    async def close(self, response: httpx.Response) -> None:
        """Close a response, also when cancelled meanwhile, and cancelled again: else its connection were lost."""
        await asyncio.shield(self._adopt(response.aclose()))

    async def aclose(self) -> None:
        """Close every connection."""
        await self._current.client.aclose()
        while self._closing:
            await asyncio.wait(self._closing)

    def _look_at(self, pool: "_Pool") -> None:
        if pool is self._current and pool.transport.busy > pool.requests:
            _log.warning("a pool of connections lost %d slots", pool.transport.busy - pool.requests)
            self.swaps += 1
            self._current = self._renewed()
        if pool is not self._current and pool.requests == 0:
            self._adopt(pool.client.aclose())

    def _adopt(self, closing: Coroutine[Any, Any, None]) -> "asyncio.Task[None]":
        task = asyncio.create_task(closing)
        self._closing.add(task)
        task.add_done_callback(self._closed)
        return task

    def _closed(self, task: "asyncio.Task[None]") -> None:
        self._closing.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            _log.info("a connection was closed roughly: %s", type(error).__name__)

    def _renewed(self) -> "_Pool":
        return _Pool(Transport(self._slots, self._network, self._context, self._proxy))


class _Pool:
    def __init__(self, transport: Transport) -> None:
        self.transport = transport
        # No redirects: a base URL comes from the settings, and nothing an upstream says leads elsewhere.
        self.client = httpx.AsyncClient(transport=transport, follow_redirects=False, trust_env=False)
        self.requests = 0
