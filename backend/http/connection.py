"""The TCP connection behind a response, and what to do with a reader that takes nothing from it."""

import asyncio
from collections.abc import Callable
from contextvars import ContextVar

TRANSPORT: ContextVar[asyncio.Transport | None] = ContextVar("TRANSPORT", default=None)
"""Set by the server for each connection (``backend.connections``); None under any other ASGI server."""

LINGER_S = 2.0
"""How long a reader that stalled has to take its farewell before its connection is aborted."""


class LastChunk(bytes):
    """A chunk behind which the response ends, at once: our own server writes both together, for any other these are
    bytes."""


def chunk(data: bytes) -> bytes:
    """``data``, not empty, as HTTP/1.1 frames it where a response is ``Transfer-Encoding: chunked`` (RFC 9112, 7.1)."""
    return b"%x\r\n%b\r\n" % (len(data), data)


class StallWatch:
    """Watches one response: ``begin`` before each write, ``end`` when the kernel and the buffer have taken it.

    After ``stall_s`` seconds in between, ``on_stall`` is called, and what it returns is sent behind whatever waits;
    ``LINGER_S`` later the connection is aborted, unless it was all taken meanwhile. ``has_body`` is False for a
    response that is a head alone.
    """

    def __init__(self, stall_s: float, on_stall: Callable[[], bytes], *, chunked: bool, has_body: bool = True) -> None:
        self._transport = TRANSPORT.get()
        self._stall_s = stall_s
        self._on_stall = on_stall
        self._chunked, self._has_body = chunked, has_body
        self._loop = asyncio.get_running_loop()
        self._since: float | None = None
        self._timer = self._loop.call_later(stall_s, self._look)

    def begin(self) -> None:
        self._since = self._loop.time()

    def end(self) -> None:
        self._since = None

    def close(self) -> None:
        self._timer.cancel()

    def write_now(self, encode: Callable[[bytes], bytes], data: bytes) -> bool:
        """Send what ``encode`` makes of ``data`` past the application server, between two writes of the response; False
        where something else still waits to be sent: then ``encode``, which may remember things, isn't asked either."""
        transport = self._transport
        if transport is None or transport.is_closing() or transport.get_write_buffer_size() or not self._has_body:
            return False
        if encoded := encode(data):
            transport.write(self._framed(encoded))
        return True

    def _framed(self, data: bytes) -> bytes:
        return chunk(data) if self._chunked else data

    def _look(self) -> None:
        # One timer a response, moved lazily, as for heartbeats.
        due = self._loop.time() if self._since is None else self._since
        due += self._stall_s
        if self._since is None or self._loop.time() < due:
            self._timer = self._loop.call_at(due, self._look)
            return
        farewell = self._on_stall()
        if self._transport is None or self._transport.is_closing():
            return
        if farewell:
            self._transport.write(self._framed(farewell))
        self._timer = self._loop.call_later(LINGER_S, self._transport.abort)
