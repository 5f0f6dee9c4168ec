"""Whether an upstream may be asked now: what it said itself, how it fared lately, and how often it was asked.

It is left alone while it is paused (it named a time, its quota is used up, it refused the key), while its circuit is
open (it failed ``FAILURES`` times in a row, or didn't even take the call), and while a window of calls is full.
"""

import asyncio
import time
from collections import deque
from collections.abc import Callable, Sequence
from typing import Literal

from backend.upstream.errors import UpstreamError
from backend.upstream.values import Quota, Window

FAILURES = 3
OPEN_S, OPEN_MAX_S = 15.0, 240.0
"""How long a circuit stays open; twice as long each time that the trial after it fails."""
REFUSED_KEY_S = 60.0
MAX_PAUSE_S = 86400.0
UNTIL_ASKED_AGAIN_S = 3600.0
"""A quota that is used up, and nobody says until when."""
MAX_WAIT_S = 2.0
"""A window that is full for no longer than this is waited for."""

Circuit = Literal["closed", "open", "half_open"]
_FAULTS = ("connect", "timeout", "http_5xx", "truncated", "bad_payload", "too_large")


class Guard:
    """Ask ``admit`` before each request, and tell it of every end: ``succeeded``, ``failed`` or ``gave_up``.

    ``clock`` is monotonic.
    """

    def __init__(self, name: str, windows: Sequence[Window] = (), clock: Callable[[], float] = time.monotonic) -> None:
        self._name, self._clock = name, clock
        self._windows = [_SlidingWindow(window) for window in windows]
        self._failures = self._opened = 0
        self._open_until = 0.0
        self._trying = False
        self._pause: UpstreamError | None = None
        self._pause_until = 0.0

    @property
    def circuit(self) -> Circuit:
        if self._open_until == 0.0:
            return "closed"
        return "open" if self._clock() < self._open_until else "half_open"

    @property
    def paused_s(self) -> float | None:
        """For how many seconds more it is left alone, whatever for; None when it isn't."""
        left = max(self._pause_until, self._open_until) - self._clock()
        return left if left > 0 else None

    async def admit(self, weight: float, deadline: float) -> None:
        """Return when a request may be sent, which is counted then. Raises UpstreamError if that is not soon.

        ``deadline`` is on ``time.monotonic()``.
        """
        self._check_pause()
        self._check_circuit()
        while (wait_s := max((window.wait_s(weight, self._clock()) for window in self._windows), default=0.0)) > 0:
            if wait_s > MAX_WAIT_S or time.monotonic() + wait_s > deadline:
                said = f"{self._name} is not asked: as many calls as it allows were made"
                raise UpstreamError(self._name, "budget", said, retry_after_s=wait_s, unasked=True)
            await asyncio.sleep(wait_s)
            self._check_pause()
        self._trying = self.circuit == "half_open"
        for window in self._windows:
            window.count(weight, self._clock())

    def succeeded(self) -> None:
        """It answered; also that something is not found."""
        self._failures = self._opened = 0
        self._open_until, self._trying = 0.0, False

    def failed(self, error: UpstreamError) -> None:
        """A request failed. Those that were never sent say nothing of the upstream."""
        if error.unasked:
            return
        trying, self._trying = self._trying, False
        self._pause_after(error)
        if error.kind not in _FAULTS:
            if error.status is not None:  # it refused, so it is there
                self.succeeded()
            return
        if self.circuit == "open":
            return
        self._failures += 1
        # A host that takes no call costs seconds each time, and nothing is learned by a second one.
        hopeless = error.kind == "connect" and not error.retryable
        if trying or hopeless or self._failures >= FAILURES:
            self._open_until = self._clock() + min(OPEN_MAX_S, OPEN_S * 2**self._opened)
            self._opened += 1

    def gave_up(self) -> None:
        """It ended without a verdict: the caller left, or will try again."""
        self._trying = False

    def note(self, quota: Quota) -> None:
        """What is left of its quota."""
        if quota.left > 0:
            return
        left_s = quota.resets_in_s if quota.resets_in_s is not None else UNTIL_ASKED_AGAIN_S
        said = f"The quota of {self._name} is used up"
        self._pause_for(UpstreamError(self._name, "quota", said, retry_after_s=left_s), left_s)

    def _pause_after(self, error: UpstreamError) -> None:
        if error.kind == "refused_key":
            self._pause_for(error, REFUSED_KEY_S)
        elif error.kind == "quota":
            self._pause_for(error, UNTIL_ASKED_AGAIN_S if error.retry_after_s is None else error.retry_after_s)
        elif error.retry_after_s is not None and error.kind in ("rate_limited", "http_5xx"):
            self._pause_for(error, error.retry_after_s)

    def _pause_for(self, error: UpstreamError, seconds: float) -> None:
        until = self._clock() + min(seconds, MAX_PAUSE_S)
        if until > self._pause_until:
            self._pause, self._pause_until = error, until

    def _check_pause(self) -> None:
        left_s = self._pause_until - self._clock()
        if self._pause is not None and left_s > 0:
            error = self._pause
            raise UpstreamError(
                self._name,
                error.kind,
                f"{error}; it is left alone for {in_words(left_s)}",
                status=error.status,
                retry_after_s=left_s,
                hint=error.hint,
                detail=error.detail,
                unasked=True,
            ) from error

    def _check_circuit(self) -> None:
        circuit = self.circuit
        if circuit == "open" or (circuit == "half_open" and self._trying):
            left_s = max(1.0, self._open_until - self._clock())
            said = f"{self._name} failed just now; it is left alone for {in_words(left_s)}"
            raise UpstreamError(self._name, "circuit_open", said, retry_after_s=left_s, unasked=True)


class _SlidingWindow:
    def __init__(self, window: Window) -> None:
        self._window = window
        self._counted: deque[tuple[float, float]] = deque()
        self._sum = 0.0

    def wait_s(self, weight: float, now: float) -> float:
        """Seconds until a call of ``weight`` fits; one heavier than the whole window fits into an empty one."""
        self._forget(now)
        over = self._sum + weight - self._window.calls
        if over <= 0 or not self._counted:
            return 0.0
        for at, counted in self._counted:
            over -= counted
            if over <= 0:
                return at + self._window.seconds - now
        return self._counted[-1][0] + self._window.seconds - now

    def count(self, weight: float, now: float) -> None:
        self._counted.append((now, weight))
        self._sum += weight

    def _forget(self, now: float) -> None:
        while self._counted and self._counted[0][0] + self._window.seconds <= now:
            self._sum -= self._counted.popleft()[1]


def in_words(seconds: float) -> str:
    """ "4 s", "12 min", "5 h": for a sentence."""
    if seconds < 90:
        return f"{max(1, round(seconds))} s"
    return f"{round(seconds / 60)} min" if seconds < 5400 else f"{round(seconds / 3600)} h"
