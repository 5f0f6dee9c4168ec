"""All upstreams of a server, and what they share: the network, what is remembered, what must not be shown.

What speaks HTTP is loaded beside the event loop from when the first upstream is opened: httpx, and the certificates of
who is trusted, are a fifth of what a server takes to start. Who asks before that is there waits for it.
"""

import asyncio
import contextlib
import functools
import logging
import ssl
from collections.abc import AsyncIterator
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from backend.upstream.errors import UpstreamError
from backend.upstream.memory import Memory
from backend.upstream.proxy import proxy_for
from backend.upstream.redaction import Redactor
from backend.upstream.store import Store
from backend.upstream.upstream import Upstream
from backend.upstream.usage import Usage, today
from backend.upstream.values import Spec

if TYPE_CHECKING:
    from backend.upstream.client import Client
    from backend.upstream.exchange import Exchange
    from backend.upstream.network import Network

_HINT = "Check SSL_CERT_FILE and SSL_CERT_DIR, and start the server anew."
# At INFO httpx logs whole URLs, keys included; at DEBUG httpcore logs headers.
_TALKATIVE = ("httpx", "httpcore")


class Upstreams:
    """Opens upstreams. Made by ``open_upstreams``, which closes them all."""

    def __init__(self, disk: Store, private: Store, usage: Usage, *, offline: bool = False) -> None:
        self.offline = offline
        self._memory, self._usage = Memory(disk, private), usage
        self._redact = Redactor()
        self._loading: asyncio.Task[ssl.SSLContext] | None = None
        self._network: Network | None = None
        self._hosts: list[tuple[str, int]] = []
        self._clients: list[Client] = []
        self._exchanges: dict[str, Exchange] = {}
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
            self._know(url.hostname, url.port or (443 if url.scheme == "https" else 80))
            self._load()
        exchange = functools.partial(self._exchange, spec, proxy)
        upstream = Upstream(spec, exchange, self._redact, self._memory, self._usage, offline=self.offline)
        self._upstreams[spec.id] = upstream
        return upstream

    def look_again(self) -> None:
        """Forget that there was no network: somebody wants to know now."""
        if self._network is not None:
            self._network.look_again()

    async def aclose(self) -> None:
        """End every call and close every connection."""
        await asyncio.gather(*(upstream.aclose() for upstream in self._upstreams.values()))
        if self._loading is not None:
            await asyncio.wait([self._loading])
        await asyncio.gather(*(client.aclose() for client in self._clients))
        if self._network is not None:
            await self._network.aclose()

    def _know(self, host: str, port: int) -> None:
        self._hosts.append((host, port))
        if self._network is not None:
            self._network.know(host, port)

    def _load(self) -> "asyncio.Task[ssl.SSLContext]":
        if self._loading is None:
            self._loading = asyncio.create_task(asyncio.to_thread(_tls), name="load what speaks HTTP")
        return self._loading

    async def _exchange(self, spec: Spec, proxy: str | None) -> "Exchange":
        """What speaks with the upstream of ``spec``. Raises UpstreamError."""
        try:
            tls = await asyncio.shield(self._load())
        except OSError as error:  # ssl.SSLError is one
            said = f"{spec.name} can't be called: the certificates of who is trusted can't be read ({error})"
            raise UpstreamError(spec.name, "connect", said, hint=_HINT, unasked=True) from None
        if spec.id not in self._exchanges:
            from backend.upstream.client import Client
            from backend.upstream.exchange import Exchange

            client = Client(spec.concurrency, self._reached(), tls, proxy)
            self._clients.append(client)
            self._exchanges[spec.id] = Exchange(spec, client, self._redact)
        return self._exchanges[spec.id]

    def _reached(self) -> "Network":
        from backend.upstream.network import Network

        if self._network is None:
            self._network = Network()
            for host, port in self._hosts:
                self._network.know(host, port)
        return self._network


@functools.cache
def _tls() -> ssl.SSLContext:
    """Who is trusted: made once, since reading all the certificates takes tens of milliseconds. With it all is loaded
    that an exchange needs."""
    from backend.upstream import exchange  # noqa: F401  # that it is loaded
    from backend.upstream.lean_httpx import httpx

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
