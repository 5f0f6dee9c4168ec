"""All upstreams of a server, and what they share: the network, what must not be shown, whether they may be asked."""

import contextlib
import logging
import ssl
from collections.abc import AsyncIterator
from pathlib import Path

import httpcore
import httpx

from backend.upstream.client import Client
from backend.upstream.exchange import Exchange
from backend.upstream.redaction import Redactor
from backend.upstream.upstream import Upstream
from backend.upstream.values import Spec

# At INFO httpx logs whole URLs, keys included; at DEBUG httpcore logs headers.
_TALKATIVE = ("httpx", "httpcore")


class Upstreams:
    """Opens upstreams and closes them all. ``folder`` is where replies are kept (None: in memory alone);
    ``offline``: every call fails at once."""

    def __init__(self, folder: Path | None = None, *, offline: bool = False) -> None:
        for name in _TALKATIVE:
            logging.getLogger(name).setLevel(logging.WARNING)
        self.offline = offline
        self._folder = folder
        self._redact = Redactor()
        self._network: httpcore.AsyncNetworkBackend = httpcore.AnyIOBackend()
        self._context: ssl.SSLContext | None = None
        self._clients: list[Client] = []
        self._upstreams: dict[str, Upstream] = {}

    def open(self, spec: Spec) -> Upstream:
        """An upstream; with the same id as one before, that one. Its clients are closed by ``aclose``."""
        if spec.id in self._upstreams:
            return self._upstreams[spec.id]
        if spec.key is not None:
            self._redact.add(spec.key)
        if self._context is None:
            self._context = httpx.create_ssl_context()
        client = Client(spec.concurrency, self._network, self._context)
        self._clients.append(client)
        upstream = Upstream(spec, Exchange(spec, client, self._redact), self._redact, offline=self.offline)
        self._upstreams[spec.id] = upstream
        return upstream

    async def aclose(self) -> None:
        """Close every connection."""
        for client in self._clients:
            await client.aclose()


@contextlib.asynccontextmanager
async def open_upstreams(folder: Path | None = None, *, offline: bool = False) -> AsyncIterator[Upstreams]:
    """``Upstreams`` for as long as the block runs."""
    upstreams = Upstreams(folder, offline=offline)
    try:
        yield upstreams
    finally:
        await upstreams.aclose()
