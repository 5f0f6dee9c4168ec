"""How long a missing network may hold anybody up: ``PATIENCE_S`` in total, however many upstreams are tried.

Without a network every connection attempt hangs for its own time-out, one upstream after the other. So all attempts
draw on one account: time during which at least one of them waits is spent, and once it is used up without any success
the network is down. For a while after, attempts fail at once. A success (or a refusal: somebody answered) fills it up.
"""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable

PATIENCE_S = 1.5
SECOND_OPINION_S = 0.6
"""A host that hasn't answered for so long may be down alone: others are tried beside it."""
DOWN_S, DOWN_MAX_S = 60.0, 120.0
"""For how long it is remembered that the network is down; twice as long each time in a row."""


class NetworkDown(Exception):
    """Nobody can be reached; told without trying when that is known already. ``retry_after_s``: until when."""

    def __init__(self, retry_after_s: float) -> None:
        super().__init__("the network can't be reached")
        self.retry_after_s = retry_after_s


class Patience:
    """The account. ``on_doubt`` is called once in a wait that has become suspicious: it may find out who can be reached
    and call ``proven``. ``clock`` is monotonic."""

    def __init__(self, on_doubt: Callable[[], None], clock: Callable[[], float] = time.monotonic) -> None:
        self._on_doubt, self._clock = on_doubt, clock
        self._left = PATIENCE_S
        self._waiting = 0
        self._since = self._proven_at = self._used_at = self._down_until = -1e9
        self._outages = 0
        self._doubt: asyncio.TimerHandle | None = None

    @property
    def down_for_s(self) -> float:
        """For how many seconds more nobody is tried; 0 when the network isn't known to be down."""
        return max(0.0, self._down_until - self._clock())

    @contextlib.asynccontextmanager
    async def waiting(self) -> AsyncIterator[None]:
        """A connection attempt. Raises NetworkDown; TimeoutError when only this attempt got nowhere."""
        if self.down_for_s > 0:
            raise NetworkDown(self.down_for_s)
        began = self._clock()
        self._begin(began)
        try:
            async with asyncio.timeout(max(0.0, self._since + self._left - began)) as limit:
                yield
        except TimeoutError:
            if limit.expired() and self._proven_at < began:
                self._fall()
                raise NetworkDown(self.down_for_s) from None
            raise
        finally:
            self._end()

    def renew(self) -> None:
        """Somebody asks for it: try again, whatever is remembered."""
        self._left, self._down_until = PATIENCE_S, -1e9

    def proven(self) -> None:
        """Somebody answered: there is a network."""
        self._proven_at = self._since = self._clock()
        self._left, self._down_until, self._outages = PATIENCE_S, -1e9, 0
        if self._waiting:
            self._arm()

    def _begin(self, now: float) -> None:
        if self._waiting == 0:
            if now - self._used_at > DOWN_S:
                self._left = PATIENCE_S
            self._since = now
            self._arm()
        self._waiting += 1

    def _arm(self) -> None:
        self._disarm()
        self._doubt = asyncio.get_running_loop().call_later(SECOND_OPINION_S, self._on_doubt)

    def _disarm(self) -> None:
        if self._doubt is not None:
            self._doubt.cancel()
            self._doubt = None

    def _end(self) -> None:
        self._waiting -= 1
        if self._waiting == 0:
            self._used_at = self._clock()
            self._left -= self._used_at - self._since
            self._disarm()

    def _fall(self) -> None:
        if self.down_for_s == 0:
            self._down_until = self._clock() + min(DOWN_MAX_S, DOWN_S * 2**self._outages)
            self._outages += 1
