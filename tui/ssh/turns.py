"""The loop of a worker: its sessions take turns, who has typed comes first, and the sockets are heard in between.

asyncio runs all that is ready before it looks at its sockets again. Frames of several sessions that fall together are a
long time in which no key is even read; and a key is painted after four turns of the loop (the app's, the prompt's, the
screen's), each of them behind all frames that have become ready meanwhile. Here what the tasks of sessions do next
stands in a line of its own, of which a little is done at a time. Within a session the order stays what it was.
"""

import asyncio
from bisect import insort
from collections import deque
from collections.abc import Callable
from contextvars import Context, ContextVar
from itertools import count
from typing import NamedTuple, TypeVarTuple

SLICE_S = 0.0004
"""After so long the sockets are looked at again, at the end of the turn that is on."""
HURRY_S = 0.1
"""Who has typed goes first for so long: by then it is painted, or the machine has too much to do for anybody."""


class Seat:
    """The place of one session in the line. Its tasks are those made where ``SEAT`` is set to it."""

    __slots__ = ("since", "turns")

    def __init__(self) -> None:
        self.since: float | None = None
        """Since when somebody has waited for what it does next, by the loop's clock."""
        self.turns = 0
        """How many it has in the line."""

    @property
    def is_quiet(self) -> bool:
        """Whether its tasks have done all that they could, and wait for something. To be asked by none of them."""
        return self.turns == 0 and isinstance(asyncio.get_running_loop(), TurnsLoop)

    def hurry(self) -> None:
        """Somebody waits, also for what it has to do already."""
        loop = asyncio.get_running_loop()
        self.since = loop.time()
        if isinstance(loop, TurnsLoop):
            loop.bring_forward(self)

    def rest(self) -> None:
        """They have what they waited for."""
        self.since = None


_Ts = TypeVarTuple("_Ts")

SEAT: ContextVar[Seat] = ContextVar("SEAT")


class _Turn(NamedTuple):
    """Those of who has waited longest come first, each session's in their order."""

    since: float
    number: int
    seat: Seat
    handle: asyncio.Handle


class TurnsLoop(asyncio.SelectorEventLoop):
    """What is done in the name of no session, and what sockets and timers cause at once, is done as asyncio does it."""

    def __init__(self) -> None:
        super().__init__()
        self._hurried: list[_Turn] = []
        self._waiting: deque[_Turn] = deque()
        self._nobody = Context()
        self._numbers = count()
        self._is_called = False

    def call_soon(
        self, callback: Callable[[*_Ts], object], *args: *_Ts, context: Context | None = None
    ) -> asyncio.Handle:
        seat = SEAT.get(None) if context is None else context.get(SEAT)
        if seat is None:
            return super().call_soon(callback, *args, context=context)
        handle = asyncio.Handle(callback, args, self, context)
        seat.turns += 1
        since = seat.since
        if since is not None and since + HURRY_S > self.time():
            insort(self._hurried, _Turn(since, next(self._numbers), seat, handle))
        else:
            self._waiting.append(_Turn(0.0, next(self._numbers), seat, handle))
        if not self._is_called:
            self._call_again()
        return handle

    def bring_forward(self, seat: Seat) -> None:
        """What waits for this session is done before what waits for others."""
        if seat.since is not None and any(turn.seat is seat for turn in self._waiting):
            for turn in self._waiting:
                if turn.seat is seat:
                    insort(self._hurried, turn._replace(since=seat.since))
            self._waiting = deque(turn for turn in self._waiting if turn.seat is not seat)

    def close(self) -> None:
        self._hurried.clear()
        self._waiting.clear()
        super().close()

    def _call_again(self, what: Callable[[], None] | None = None) -> None:
        self._is_called = True
        super().call_soon(what or self._take_turns, context=self._nobody)

    def _take_turns(self) -> None:
        until = self.time() + SLICE_S
        try:
            while self._hurried or self._waiting:
                turn = self._hurried.pop(0) if self._hurried else self._waiting.popleft()
                turn.seat.turns -= 1
                if not turn.handle.cancelled():
                    turn.handle._run()
                if self.time() >= until:
                    break
        finally:
            self._is_called = False
            if self._hurried or self._waiting:
                # What the sockets have comes behind what stands in asyncio's own line already: so wait there twice.
                self._call_again(self._call_again)
