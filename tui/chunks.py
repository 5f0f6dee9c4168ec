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

    __slots__ = ("_begun", "_expects_head", "_is_chunked", "_left")

    def __init__(self) -> None:
        self.expect_answer()

    def expect_answer(self) -> None:
        """A request was sent."""
        self._expects_head, self._is_chunked = True, False
        self._left = 0  # bytes of a chunk that has been handed on in part
        self._begun = b""  # what has been handed on of the line with a chunk's size

    def joined(self, piece: bytes) -> bytes:
        """``piece``, which comes next, with fewer chunks in it."""
        at = self._first(piece) if self._expects_head or self._begun else self._left
        if not self._is_chunked:
            return piece
        first, found, length = at, [], len(piece)
        while at < length:
            size = _SIZE(piece, at)
            if size is None:
                break
            start = size.end()
            end = start + int(size[1], 16)
            if end == start or piece[end : end + 2] != b"\r\n":
                break  # the last one, or one that hasn't come whole
            found.append(piece[start:end])
            at = end + 2
        self._left = at - length if at >= length else max(0, self._behind(piece, at))
        if len(found) < 2:
            return piece
        data = b"".join(found)
        return b"%b%x\r\n%b\r\n%b" % (piece[:first], len(data), data, piece[at:])

    def _first(self, piece: bytes) -> int:
        """Where in ``piece``, or how far behind its start, a chunk begins that nothing has been handed on of."""
        if self._expects_head:
            self._expects_head = False
            end = _END_OF_HEAD(piece)
            # An answer whose head comes in parts, or behind another one, is left as it is.
            if end and piece.startswith(b"HTTP/1.1 200 ") and _CHUNKED(piece, 0, end.start() + 1):
                self._is_chunked = True
                return end.end()
            return 0
        return len(piece) + self._behind(self._begun + piece, 0)

    def _behind(self, piece: bytes, at: int) -> int:
        """How far behind the end of ``piece`` the chunk ends that begins there, as far as that is known."""
        size = _SIZE(piece, at)
        if size is None:
            begun = _BEGUN(piece, at)
            self._is_chunked = begun is not None
            self._begun = begun[0] if begun else b""
            return 0
        self._begun = b""
        count = int(size[1], 16)
        self._is_chunked = count > 0  # else it is the last one, before the trailer
        return size.end() + count + 2 - len(piece)
