"""The clock that a simulator lives by: settable, and as deterministic as a test wishes.

Quota windows, forecast horizons and ``Expires`` are read off it. Delays (``delay_s``, ``latency_s``) pass in real time.
"""

import time
from datetime import UTC, datetime, timedelta
from typing import Final, Self

MONDAY_MORNING: Final = datetime(2026, 11, 23, 10, 0, 7, tzinfo=UTC)  # no window and no slot ends here


class SimulatedClock:
    """Starts at ``start`` (aware) and runs on with the real time, or stands still where ``ticking`` is false."""

    def __init__(self, start: datetime = MONDAY_MORNING, *, ticking: bool = True) -> None:
        self._ticking = ticking
        self.set(start)

    @classmethod
    def frozen(cls, start: datetime = MONDAY_MORNING) -> Self:
        """A clock that moves only by ``advance`` and ``set``."""
        return cls(start, ticking=False)

    @classmethod
    def wall(cls) -> Self:
        """The clock on the wall: for tests of a whole server, which has only that one."""
        return cls(datetime.now(UTC))

    def now(self) -> datetime:
        """The time, aware, in UTC."""
        return self._at + (timedelta(seconds=time.monotonic() - self._since) if self._ticking else timedelta())

    def seconds(self) -> float:
        """The time as seconds of the Unix epoch."""
        return self.now().timestamp()

    def set(self, at: datetime) -> None:
        """Jump to ``at``. Raises ValueError for a time without a zone."""
        if at.tzinfo is None:
            raise ValueError("the time needs a zone")
        self._at = at.astimezone(UTC)
        self._since = time.monotonic()

    def advance(self, **by: float) -> None:
        """Go on by ``seconds=``, ``minutes=``, ``hours=`` or ``days=``."""
        self.set(self.now() + timedelta(**by))
