"""Chunks of a response's body, straight from the application to the connection.

For each, Hypercorn makes three objects, asks h11, whose state no chunk changes, and takes a lock: a quarter of what an
event that comes alone costs. Head and end of a response, and a connection that broke, are Hypercorn's as ever. Only
ASGI's messages and our own writer are used for it, nothing of Hypercorn's inside.
"""

from collections.abc import Iterable
from typing import Any

from hypercorn.typing import ASGISendCallable, Scope

from backend.gathering import GatheringWriter
from backend.http.connection import LastChunk, chunk

_FRAMED = (b"content-length", b"transfer-encoding")


def straight(scope: Scope, send: ASGISendCallable, writer: GatheringWriter) -> ASGISendCallable:
    """``send`` for the request of ``scope``, whose chunks go to the connection's ``writer``."""
    if scope["type"] == "http" and scope["http_version"] == "1.1" and scope["method"] != "HEAD":
        return _Response(send, writer).send
    return send


class _Response:
    __slots__ = ("_chunked", "_send", "_writer")

    def __init__(self, send: ASGISendCallable, writer: GatheringWriter) -> None:
        self._send, self._writer = send, writer
        self._chunked = False

    async def send(self, message: Any) -> None:
        body = message.get("body")
        if body and self._chunked and message.get("more_body") and not self._writer.is_closing():
            write = self._writer.hold if type(body) is LastChunk else self._writer.write
            write(chunk(body))  # kept in no name: a reader may stall on it
            if self._writer.is_clear:
                return
            try:
                await self._writer.drain()
            except ConnectionError:
                pass  # it broke: told to Hypercorn by what it is given to write
            else:
                return
        elif message["type"] == "http.response.start":
            self._chunked = is_chunked(message["status"], message.get("headers", ()))
        await self._send(message)


def is_chunked(status: int, headers: Iterable[tuple[bytes, bytes]]) -> bool:
    """Whether h11 says ``Transfer-Encoding: chunked`` for such a response to an HTTP/1.1 request."""
    return status >= 200 and status not in (204, 304) and not any(name.lower() in _FRAMED for name, _ in headers)
