"""Following one run over as many connections as it takes.

The end of a stream proves nothing: only ``run.finished`` ends a run, anything else is resumed after the last event
received, a few times, with growing random pauses. Where even the first answer was lost, the same question is sent again
with the same key: a server runs it once.
"""

import asyncio
import random
import time
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Self

from shared.errors import WireError
from shared.frames import FrameParser
from shared.text import clean
from tui.connection import Connection, NotReachable, ProtocolViolation, Received, Refused, StreamCut
from tui.cursor import NOT_OURS, Cursor, Gap
from tui.lean_httpx import httpx
from tui.transport import ResponseLost, check_stream, reason, send

STALL_S = 30.0
"""How long a stream may be silent: three of the server's heartbeats."""

ATTEMPTS = 10
"""How often to try to go on: about half a minute, so that a server may restart, or another node take over."""

SETTLED_S = 15.0
"""A connection that lasted for so long was a good one: one and a half of the server's heartbeats."""

_AT_ONCE_S = 0.02
"""After a pause, what comes within this time had gathered."""

AT_A_TIME_BYTES = 1536
"""Of what has gathered so much, some seven events, is read in one turn of the loop."""

_END_S = 0.05
"""How long the end of an answer may take to come behind ``run.finished``; a new connection is cheaper than to wait."""

_LONGEST_PAUSE_S = 8.0
_LONGEST_RETRY_MS = 30_000
_GONE = 410


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """``attempts``: how often to try to go on without receiving any event before giving up. The pause before attempt n
    is random in 0 … ``pause_s`` · 2ⁿ⁻¹ (at most 8 s; full jitter), after the pause that the server asks for, if any.
    After a connection that lasted for ``settled_s``, though nothing happened, counting begins anew. ``gather_s``: how
    long to let events gather before they are read on, all of them at once.
    """

    attempts: int = ATTEMPTS
    pause_s: float = 0.5
    sleep: Callable[[float], Awaitable[object]] = asyncio.sleep
    settled_s: float = SETTLED_S
    gather_s: Callable[[], float] | None = None

    def pause_before(self, attempt: int, retry_ms: int | None) -> float:
        longest = min(_LONGEST_PAUSE_S, self.pause_s * 2.0 ** min(attempt - 1, 30))
        return random.uniform(0, longest) + min(retry_ms or 0, _LONGEST_RETRY_MS) / 1000


class Gathered:
    """The chunks of an answer, with a pause in which more of them gather, but never one before those that have.

    A chunk of HTTP is an event, and a server that has many to say sends many: one pause each would read on slower than
    they come. Those that are here already come without the event loop having turned. They are read a little at a time:
    all that have gathered would be the longest turn that a session takes.
    """

    def __init__(self, chunks: AsyncIterator[bytes], seconds: Callable[[], float]) -> None:
        self._chunks = chunks
        self._seconds = seconds
        self._has_begun = False
        self._has_turned = True
        self._all_here_until = 0.0
        self._left = b""
        self._read_bytes = 0

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> bytes:
        if self._read_bytes >= AT_A_TIME_BYTES:
            await self._breathe()
        if not self._left:
            if self._has_turned:
                await self._pause()
            self._left = await anext(self._chunks)
        piece, self._left = self._left[:AT_A_TIME_BYTES], self._left[AT_A_TIME_BYTES:]
        self._read_bytes += len(piece)
        return piece

    async def _pause(self) -> None:
        loop = asyncio.get_running_loop()
        if self._has_begun and loop.time() >= self._all_here_until and (seconds := self._seconds()):
            await asyncio.sleep(seconds)
            self._all_here_until = loop.time() + _AT_ONCE_S
            self._read_bytes = 0
        self._has_begun = True
        self._not_turned()

    async def _breathe(self) -> None:
        self._read_bytes = 0
        await asyncio.sleep(0)
        self._not_turned()  # what was here still is

    def _not_turned(self) -> None:
        self._has_turned = False
        asyncio.get_running_loop().call_soon(self._turn)

    def _turn(self) -> None:
        self._has_turned = True


class Following:
    """``requests`` makes the request that goes on from a cursor; ``tell`` hears of each change of the connection."""

    def __init__(
        self,
        http: httpx.AsyncClient,
        cursor: Cursor,
        requests: Callable[[Cursor], httpx.Request],
        patience: Patience,
        tell: Callable[[Connection], None],
    ) -> None:
        self._http = http
        self._cursor = cursor
        self._requests = requests
        self._patience = patience
        self._tell = tell
        self._arrived = False  # whether any request has reached the server
        self._began = False  # whether any event has come

    async def events(self) -> AsyncGenerator[Sequence[Received], None]:
        """The events to ``run.finished``, at each turn those that came together: never none, in one order.

        Raises NotReachable, Refused, StreamCut and ProtocolViolation.
        """
        cursor = self._cursor
        self._tell(Connection("connecting", run=cursor.run or ""))
        while True:
            request = self._requests(cursor)
            try:
                async with self._stream(request) as (chunks, parser):
                    async for chunk in self._gathered(chunks):
                        received: list[Received] = []
                        try:
                            cursor.receive(parser.feed(chunk), received)
                        finally:  # also before an error
                            if received:
                                self._began = True
                                yield received
                        if cursor.finished:
                            self._tell(Connection("ended", run=cursor.run or ""))
                            await _read_out(chunks)
                            return
                        if cursor.bye:
                            break
                why = cursor.bye or "the connection closed before the run ended"
            except (NotReachable, Refused, Gap, httpx.TransportError) as error:
                why = self._why(error)
            except WireError as error:
                raise ProtocolViolation(str(error), hint=NOT_OURS) from error
            await self._pause(why)

    def _gathered(self, chunks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
        seconds = self._patience.gather_s
        return chunks if seconds is None else Gathered(chunks, seconds)

    @asynccontextmanager
    async def _stream(self, request: httpx.Request) -> AsyncIterator[tuple[AsyncIterator[bytes], FrameParser]]:
        """The chunks of the answer, and who parses them: no generator around them, which would cost 0.5 µs a chunk."""
        cursor = self._cursor
        response = await send(self._http, request)
        self._arrived, connected_at = True, time.monotonic()
        parser = FrameParser()
        try:
            await check_stream(response)
            if cursor.seq == 0 and request.method == "POST":
                cursor.run = clean(response.headers.get("windowseat-run", "")) or None
            self._tell(Connection("connected", run=cursor.run or ""))
            yield _chunks(response), parser
        finally:
            if parser.retry is not None and not cursor.bye:
                cursor.retry_ms = parser.retry
            if time.monotonic() - connected_at >= self._patience.settled_s:
                cursor.tried = 0
            await response.aclose()

    def _why(self, error: Exception) -> str:
        """Why the stream must be taken up again; raises ``error``, or what it means, where that would be in vain."""
        if isinstance(error, Refused):
            self._heed(error)
        elif isinstance(error, ResponseLost):
            self._arrived = True
        elif isinstance(error, NotReachable) and not self._arrived:
            raise error
        return reason(error) if isinstance(error, httpx.TransportError) else str(error)

    def _heed(self, refused: Refused) -> None:
        cursor = self._cursor
        if refused.status == _GONE and cursor.run and not cursor.anew:
            cursor.begin_anew()
        elif not refused.passing and self._began:
            raise StreamCut(
                f"interrupted after event {cursor.seq}, and the run can't be resumed: {refused}",
                run=cursor.run,
                hint=refused.hint,
            ) from refused
        elif not refused.passing or (cursor.tried == 0 and not self._began and not _is_loss(refused)):
            raise refused
        if refused.retry_after_s is not None:
            cursor.retry_ms = round(refused.retry_after_s * 1000)

    async def _pause(self, why: str) -> None:
        cursor, attempts = self._cursor, self._patience.attempts
        cursor.tried += 1
        if cursor.tried > attempts:
            raise self._given_up(why)
        wait_s = self._patience.pause_before(cursor.tried, cursor.retry_ms)
        self._tell(Connection("reconnecting", cursor.tried, wait_s, why, attempts, cursor.run or ""))
        cursor.bye = None
        await self._patience.sleep(wait_s)

    def _given_up(self, why: str) -> StreamCut:
        cursor, attempts = self._cursor, self._patience.attempts
        if cursor.seq == 0:
            return StreamCut(
                f"interrupted before the run's first event came; {attempts} attempts to get it failed: {why}",
                run=cursor.run,
                hint="the server may have begun the run all the same: `windowseat runs` lists it then",
            )
        return StreamCut(
            f"interrupted after event {cursor.seq}; {attempts} attempts to resume the run failed: {why}",
            run=cursor.run,
            hint=f"it may go on at the server: `windowseat attach {cursor.run}`",
        )


def _chunks(response: httpx.Response) -> AsyncIterator[bytes]:
    # Asked not to, some proxies compress all the same.
    if response.headers.get("content-encoding", "identity") != "identity":
        return response.aiter_bytes()
    # What aiter_raw() reads: its own generator around it would be a tenth of all the time.
    assert isinstance(response.stream, httpx.AsyncByteStream)
    return aiter(response.stream)


async def _read_out(chunks: AsyncIterator[bytes]) -> None:
    """Read the end of an answer, right behind its last event, so that the next request has its connection."""
    with suppress(TimeoutError, httpx.TransportError):
        async with asyncio.timeout(_END_S):
            async for _ in chunks:
                pass


def _is_loss(refused: Refused) -> bool:
    """A proxy says so when the server broke off, or was silent, before its first byte."""
    return refused.status in (502, 504)
