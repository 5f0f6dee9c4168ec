"""Chunks of a response's body, straight from the application to the connection.

For each, Hypercorn makes three objects, asks h11, whose state no chunk changes, and takes a lock: a quarter of what an
event that comes alone costs. Head and end of a response, and a connection that broke, are Hypercorn's as ever, but for
the headers that it needn't see (``heads.py``). Only ASGI's messages and our own writer are used for it, nothing of
Hypercorn's inside.
"""

from typing import Any

from hypercorn.typing import ASGISendCallable, Scope

from backend.gathering import GatheringWriter
from backend.heads import LeanConnection, as_lines, is_chunked
from backend.http.connection import LastChunk, chunk


def straight(
    scope: Scope, send: ASGISendCallable, writer: GatheringWriter, connection: LeanConnection
) -> ASGISendCallable:
    """``send`` for the request of ``scope``, whose chunks go to the ``writer`` of its ``connection``."""
    if scope["type"] == "http" and scope["http_version"] == "1.1" and scope["method"] != "HEAD":
        return _Response(send, writer, connection).send
    return send


class _Response:
    __slots__ = ("_chunked", "_connection", "_send", "_writer")

    def __init__(self, send: ASGISendCallable, writer: GatheringWriter, connection: LeanConnection) -> None:
        self._send, self._writer, self._connection = send, writer, connection
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
            await self._begin(message)
            return
        await self._send(message)

    async def _begin(self, message: Any) -> None:
        headers = message.get("headers", ())
        self._chunked = is_chunked(message["status"], headers)
        if self._chunked and (lines := as_lines(headers)):
            message, self._connection.lines = {**message, "headers": ()}, lines
        try:
            await self._send(message)
        finally:
            self._connection.lines = b""
