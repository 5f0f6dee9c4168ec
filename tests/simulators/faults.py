"""What can go wrong with an answer, as a test scripts it: ``sim.faults.next(status=503)``, ``.always(never=True)``."""

import zlib
from collections import deque
from collections.abc import AsyncIterable, AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from tests.simulators.exchange import Seen

Body = bytes | AsyncIterable[bytes]
Match = Callable[[Seen], bool] | str | None


@dataclass(frozen=True, kw_only=True)
class Fault:
    """Each field that is set changes the answer; a fault with none set is a healthy answer.

    Replaced: ``status`` (without ``body``: the service's own error document), ``body``, ``content_type``, ``headers``.
    Paced, in seconds of real time: ``delay_s`` before the headers, ``body_delay_s`` after them, ``chunk_delay_s``
    between the pieces, ``drip_s`` between single bytes. ``chunks`` is the size of the pieces, or the sizes of the first
    ones; a piece is an HTTP chunk, so that it arrives as a piece. Broken: the body stops after ``cut_at`` bytes and the
    connection is closed (``reset``: with RST), or ``tail`` follows and all ends well; ``reset`` alone resets before
    any byte; ``never`` reads the request and never answers. Lies: ``content_length``. Packed: ``gzip`` the body, or
    send a ``gzip_bomb`` of so many bytes.
    """

    status: int | None = None
    body: Body | str | None = None
    content_type: str | None = None
    headers: dict[str, str] = field(default_factory=dict)
    delay_s: float = 0.0
    body_delay_s: float = 0.0
    chunk_delay_s: float = 0.0
    drip_s: float = 0.0
    chunks: int | Sequence[int] | None = None
    cut_at: int | None = None
    tail: bytes = b""
    reset: bool = False
    never: bool = False
    content_length: int | str | None = None
    gzip: bool = False
    gzip_bomb: int | None = None

    @property
    def replaces(self) -> bool:
        """Whether the service itself is never asked, so that the call counts against no quota."""
        alone = self.reset and self.cut_at is None
        return self.never or alone or not (self.status is None and self.body is None and self.gzip_bomb is None)


HEALTHY: Final = Fault()


@dataclass
class Faults:
    """The script of one simulator: the first of ``next`` that matches, else the newest of ``always`` that does.

    ``match`` is a part of the path or a predicate of the request.
    """

    _next: deque[tuple[Match, Fault]] = field(default_factory=deque)
    _always: list[tuple[Match, Fault]] = field(default_factory=list)

    def next(self, fault: Fault | None = None, *, times: int = 1, match: Match = None, **fields: Any) -> None:
        """For the next request (``times`` of them), after those already scripted."""
        self._next.extend([(match, fault or Fault(**fields))] * times)

    def always(self, fault: Fault | None = None, *, match: Match = None, **fields: Any) -> None:
        """For every request that no ``next`` is left for, until ``clear``."""
        self._always.insert(0, (match, fault or Fault(**fields)))

    def clear(self) -> None:
        self._next.clear()
        self._always.clear()

    @property
    def left(self) -> int:
        """How many of ``next`` no request has met yet."""
        return len(self._next)

    def take(self, request: Seen) -> Fault:
        """The fault that ``request`` meets."""
        for scripted in self._next:
            if _matches(scripted[0], request):
                self._next.remove(scripted)
                return scripted[1]
        return next((fault for match, fault in self._always if _matches(match, request)), HEALTHY)


def _matches(match: Match, request: Seen) -> bool:
    return match is None or (match in request.path if isinstance(match, str) else match(request))


MEGABYTE: Final = 1 << 20


async def gzip_bomb(size: int, filling: bytes = b" ") -> AsyncIterator[bytes]:
    """A valid gzip stream of ``size`` bytes of ``filling`` (a power of two long), about 1 kB for each megabyte of it.

    A block compressed after a full flush needs nothing before it, so that one is enough for all of them.
    """
    block = filling * (MEGABYTE // len(filling))
    packer = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    packed = packer.compress(block) + packer.flush(zlib.Z_FULL_FLUSH)
    yield b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\xff"
    check = 0
    for _ in range(size // MEGABYTE):
        check = zlib.crc32(block, check)
        yield packed
    rest = block[: size % MEGABYTE]
    packer = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    yield packer.compress(rest) + packer.flush()
    yield zlib.crc32(rest, check).to_bytes(4, "little") + (size & 0xFFFFFFFF).to_bytes(4, "little")


async def filled(size: int, filling: bytes = b" ", before: bytes = b"", after: bytes = b"") -> AsyncIterator[bytes]:
    """A body of about ``size`` bytes that is never in memory as a whole."""
    yield before
    block = filling * max(1, 65536 // len(filling))
    for _ in range(size // len(block)):
        yield block
    yield after


async def endless(piece: bytes) -> AsyncIterator[bytes]:
    """``piece`` for ever, or until the client leaves."""
    while True:
        yield piece
