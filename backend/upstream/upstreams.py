"""All upstreams of a server, and what they share: the network, what is remembered, what must not be shown."""

import asyncio
import contextlib
import functools
import logging
import ssl
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import urlsplit

from backend.upstream.client import Client
from backend.upstream.exchange import Exchange
from backend.upstream.lean_httpx import httpx
from backend.upstream.memory import Memory
from backend.upstream.network import Network
from backend.upstream.proxy import proxy_for
from backend.upstream.redaction import Redactor
from backend.upstream.store import Store
from backend.upstream.upstream import Upstream
from backend.upstream.usage import Usage, today
from backend.upstream.values import Spec

# At INFO httpx logs whole URLs, keys included; at DEBUG httpcore logs headers.
_TALKATIVE = ("httpx", "httpcore")


class Upstreams:
    """Opens upstreams. Made by ``open_upstreams``, which closes them all."""

    def __init__(self, disk: Store, private: Store, usage: Usage, *, offline: bool = False) -> None:
        self.offline = offline
        self._memory, self._usage = Memory(disk, private), usage
        self._redact = Redactor()
        self._network = Network()
        self._clients: list[Client] = []
        self._upstreams: dict[str, Upstream] = {}

    def open(self, spec: Spec) -> Upstream:
        """An upstream; with the same id as one before, that one."""
        if spec.id in self._upstreams:
            return self._upstreams[spec.id]
        if spec.key is not None:
            self._redact.add(spec.key)
        proxy = proxy_for(spec.base_url)
        url = urlsplit(proxy or spec.base_url)
        if url.hostname and not self.offline:
            self._network.know(url.hostname, url.port or (443 if url.scheme == "https" else 80))
        client = Client(spec.concurrency, self._network, _tls(), proxy)
        self._clients.append(client)
        exchange = Exchange(spec, client, self._redact)
        upstream = Upstream(spec, exchange, self._redact, self._memory, self._usage, offline=self.offline)
        self._upstreams[spec.id] = upstream
        return upstream

    def look_again(self) -> None:
        """Forget that there was no network: somebody wants to know now."""
        self._network.look_again()

    async def aclose(self) -> None:
        """End every call and close every connection."""
        await asyncio.gather(*(upstream.aclose() for upstream in self._upstreams.values()))
        await asyncio.gather(*(client.aclose() for client in self._clients))
        await self._network.aclose()


@functools.cache
def _tls() -> ssl.SSLContext:
    """Who is trusted: made once, since reading all the certificates takes tens of milliseconds."""
    return httpx.create_ssl_context()


@contextlib.asynccontextmanager
async def open_upstreams(folder: Path | None = None, *, offline: bool = False) -> AsyncIterator[Upstreams]:
    """``Upstreams`` for as long as the block runs.

    ``folder`` is where replies are kept (None: in memory alone). ``offline``: every call fails at once.
    """
    for name in _TALKATIVE:
        logging.getLogger(name).setLevel(logging.WARNING)
    disk, private = Store(folder), Store()
    upstreams = None
    try:
        usage = Usage(disk, await disk.counted(today()[:8] + "01"))
        upstreams = Upstreams(disk, private, usage, offline=offline)
        yield upstreams
    finally:
        if upstreams is not None:
            await upstreams.aclose()
        await asyncio.gather(disk.aclose(), private.aclose())
