"""Chunks of HTTP that came together are made one before httpcore sees them.

Many servers, and proxies, send each event as a chunk of its own, and each costs a turn of h11's state machine and of
six generators, four fifths of what a client takes for an event. How a body is cut into chunks means nothing (RFC 9112,
7.1), so it may be cut another way: 0.4 µs a chunk.

What has been handed on is at any moment the beginning of the same answer, and nothing is kept back. What isn't surely
a chunk passes as it is, and h11 judges it as ever.
"""

import re
from typing import Final

_END_OF_HEAD: Final = re.compile(rb"\n\r?\n").search  # as h11 finds it
_CHUNKED: Final = re.compile(rb"\ntransfer-encoding: ?chunked\r?\n", re.IGNORECASE).search
_SIZE: Final = re.compile(rb"([0-9A-Fa-f]{1,8})\r\n").match  # without extensions, which nobody sends
_BEGUN: Final = re.compile(rb"[0-9A-Fa-f]{0,8}\r?").fullmatch


class Chunks:
    """What comes by one connection that speaks HTTP/1.1."""

    __slots__ = ("_begun", "_expects_head", "_next")

    def __init__(self) -> None:
        self.expect_answer()

    def expect_answer(self) -> None:
        """A request was sent."""
        self._expects_head = True
        self._next: int | None = None  # where in what comes next the next chunk begins, if that is known
        self._begun = b""  # what has been handed on of the line with its size, if it isn't for that

    def joined(self, piece: bytes) -> bytes:
        """``piece``, which comes next, with fewer chunks in it."""
        at = self._next
        if at is None:
            at = self._first(piece)
            if at is None:
                return piece
        elif at == 0 and (size := _SIZE(piece)):
            start, length = size.end(), len(piece)
            if start + 2 < length == start + int(size[1], 16) + 2:
                return piece  # one chunk by itself, as an event has it that comes alone
        first, found, length = at, [], len(piece)
        while at < length and (size := _SIZE(piece, at)):
            start = size.end()
            end = start + int(size[1], 16)
            if end == start or piece[end : end + 2] != b"\r\n":
                break  # the last one, or one that hasn't come whole
            found.append(piece[start:end])
            at = end + 2
        behind = at if at >= length else self._end(piece, at)
        self._next = None if behind is None else max(0, behind - length)
        if len(found) < 2:
            return piece
        data = b"".join(found)
        return b"%b%x\r\n%b\r\n%b" % (piece[:first], len(data), data, piece[at:])

    def _first(self, piece: bytes) -> int | None:
        """Where in ``piece``, or how far behind its start, a chunk begins that nothing has been handed on of."""
        if self._expects_head:
            self._expects_head = False
            end = _END_OF_HEAD(piece)
            # An answer whose head comes in parts, or behind another one, is left as it is.
            if end and piece.startswith(b"HTTP/1.1 200 ") and _CHUNKED(piece, 0, end.start() + 1):
                return end.end()
            return None
        if not self._begun:
            return None
        handed_on = len(self._begun)
        behind = self._end(self._begun + piece, 0)
        return None if behind is None else behind - handed_on

    def _end(self, piece: bytes, at: int) -> int | None:
        """Where the chunk ends that begins there, if that is known and it isn't the last one."""
        size, begun = _SIZE(piece, at), _BEGUN(piece, at)
        self._begun = begun[0] if begun else b""
        if size is None or not (count := int(size[1], 16)):
            return None
        return size.end() + count + 2
