"""Limits on calls as services keep them: windows that are cleared, and buckets that leak. On the simulator's clock."""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final, Literal

from tests.simulators.clock import SimulatedClock

Span = Literal["second", "minute", "hour", "day", "month"]
SECONDS: Final[dict[Span, int]] = {"second": 1, "minute": 60, "hour": 3600, "day": 86400}


@dataclass
class CalendarWindows:
    """Counters by key that are cleared when the UTC minute, hour, day or month turns."""

    clock: SimulatedClock
    limits: dict[Span, float]
    _used: dict[tuple[str, Span, str], float] = field(default_factory=lambda: defaultdict(float))

    def exceeded(self, key: str) -> Span | None:
        """The first window that has nothing left for ``key``."""
        return next((span for span in self.limits if self.left(key, span) <= 0), None)

    def add(self, key: str, weight: float = 1) -> None:
        for span in self.limits:
            self._used[key, span, self._window(span)] += weight

    def left(self, key: str, span: Span) -> float:
        return self.limits[span] - self._used[key, span, self._window(span)]

    def use(self, key: str, span: Span, weight: float) -> None:
        """As if ``weight`` had been used in this window already."""
        self._used[key, span, self._window(span)] += weight

    def _window(self, span: Span) -> str:
        now = self.clock.now()
        return f"{now:%Y-%m}" if span == "month" else str(int(now.timestamp()) // SECONDS[span])


@dataclass
class FirstCallWindow:
    """``limit`` calls by key in the ``seconds`` that begin with a key's first call (ip-api)."""

    clock: SimulatedClock
    limit: int
    seconds: int = 60
    _began: dict[str, float] = field(default_factory=dict)
    _used: dict[str, int] = field(default_factory=dict)

    def take(self, key: str) -> tuple[bool, int, int]:
        """(allowed, calls left, whole seconds until the window ends)."""
        now = self.clock.seconds()
        if now >= self._began.get(key, float("-inf")) + self.seconds:
            self._began[key], self._used[key] = now, 0
        allowed = self._used[key] < self.limit
        self._used[key] += allowed
        return allowed, self.limit - self._used[key], self.seconds - int(now - self._began[key])


@dataclass
class LeakyBucket:
    """What ``limit`` per ``seconds`` leaves, refilled evenly: how the token limits of model services behave."""

    clock: SimulatedClock
    limit: float
    seconds: float
    _used: float = 0.0
    _at: float | None = None

    def used(self) -> float:
        now = self.clock.seconds()
        passed = 0.0 if self._at is None else max(now - self._at, 0.0)
        self._used, self._at = max(0.0, self._used - passed * self.limit / self.seconds), now
        return self._used

    def take(self, amount: float) -> float:
        """Takes ``amount`` and answers 0, or leaves all as it is and answers the seconds to wait for it."""
        over = self.used() + amount - self.limit
        if over > 1e-9:
            return over / self.limit * self.seconds
        self._used += amount
        return 0.0

    @property
    def left(self) -> float:
        return self.limit - self.used()

    @property
    def full_in_s(self) -> float:
        """Seconds until the whole limit is there again."""
        return self.used() / self.limit * self.seconds


def go_duration(seconds: float) -> str:
    """Seconds as Go prints a duration: ``2m52.8s``, ``7.66s``, ``547ms``."""
    if seconds < 1:
        return f"{_plain(seconds * 1000)}ms"
    whole = timedelta(seconds=round(seconds, 6))
    minutes, rest = divmod(whole.total_seconds(), 60)
    hours, minutes = divmod(int(minutes), 60)
    front = (f"{hours}h" if hours else "") + (f"{minutes}m" if hours or minutes else "")
    return f"{front}{_plain(rest)}s"


def _plain(number: float) -> str:
    return f"{number:.4f}".rstrip("0").rstrip(".") or "0"
