"""httpx's way to a server (``AsyncBaseTransport``) over connections of our own.

httpx's own makes its pool of connections itself, and has no way to say what they are made by; httpcore's pool has. This
is what is between the two, without proxies, which are left to httpx.
"""

import ssl
from collections.abc import AsyncIterable, AsyncIterator, Iterator
from contextlib import contextmanager

from tui.lean_httpx import httpcore, httpx
from tui.network import Network

_FAILURES = (
    httpcore.NetworkError,
    httpcore.ProtocolError,
    httpcore.ProxyError,
    httpcore.TimeoutException,
    httpcore.UnsupportedProtocol,
)


class Pool(httpx.AsyncBaseTransport):
    """Connections to where each request wants to go, used again within ``limits``."""

    def __init__(self, context: ssl.SSLContext, limits: httpx.Limits) -> None:
        self._connections = httpcore.AsyncConnectionPool(
            ssl_context=context,
            max_connections=limits.max_connections,
            max_keepalive_connections=limits.max_keepalive_connections,
            keepalive_expiry=limits.keepalive_expiry,
            network_backend=Network(),
        )

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        url = request.url
        with _in_terms_of_httpx():
            response = await self._connections.handle_async_request(
                httpcore.Request(
                    request.method,
                    httpcore.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path),
                    headers=request.headers.raw,
                    content=request.stream,
                    extensions=request.extensions,
                )
            )
        return httpx.Response(
            response.status, headers=response.headers, stream=_Body(response), extensions=response.extensions
        )

    async def aclose(self) -> None:
        await self._connections.aclose()


class _Body(httpx.AsyncByteStream):
    def __init__(self, response: httpcore.Response) -> None:
        self._response = response

    async def __aiter__(self) -> AsyncIterator[bytes]:
        pieces = self._response.stream
        assert isinstance(pieces, AsyncIterable)
        with _in_terms_of_httpx():
            async for piece in pieces:
                yield piece

    async def aclose(self) -> None:
        await self._response.aclose()


@contextmanager
def _in_terms_of_httpx() -> Iterator[None]:
    """httpcore's errors as those of the same names in httpx."""
    try:
        yield
    except _FAILURES as error:
        raise getattr(httpx, type(error).__name__)(str(error)) from error
