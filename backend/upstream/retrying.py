"""When to try again, and when: full jitter, the server's own word within reason, and a budget for all of it."""

import random
import time
from collections.abc import Callable

from backend.upstream.errors import UpstreamError
from backend.upstream.http_date import read_http_date

MAX_RETRIES = 2
BASE_S, CAP_S = 0.2, 2.0
MAX_RETRY_AFTER_S = 5.0
"""Who asks for more patience than this gets none: a person is waiting."""
SHARE = 0.2
"""Retries may add this much to the calls, however bad things are: a struggling service isn't helped by more."""
RESERVE = 4.0


class RetryBudget:
    """Each call earns ``SHARE`` of a retry, up to ``RESERVE``; each retry spends a whole one."""

    def __init__(self) -> None:
        self._left = RESERVE / 2

    def earn(self) -> None:
        """A call was made."""
        self._left = min(RESERVE, self._left + SHARE)

    def spend(self) -> bool:
        """Whether a retry is allowed; if so, it is counted."""
        if self._left < 1.0:
            return False
        self._left -= 1.0
        return True


def wait_before_retry(
    error: UpstreamError, retries: int, deadline: float, draw: Callable[[], float] = random.random
) -> float | None:
    """Seconds to wait before retry number ``retries`` + 1, or None for no further try.

    ``deadline`` is on ``time.monotonic()``; ``draw`` gives 0 to 1. A wait that would pass the deadline is not begun.
    """
    if not error.retryable or retries >= MAX_RETRIES:
        return None
    wait_s = min(CAP_S, BASE_S * 2**retries) * draw()
    if error.retry_after_s is not None:
        if error.retry_after_s > MAX_RETRY_AFTER_S:
            return None
        wait_s += error.retry_after_s
    return wait_s if time.monotonic() + wait_s < deadline else None


def retry_after(value: str | None, now: float) -> float | None:
    """Seconds that ``Retry-After`` asks to wait; it may be seconds or a date (RFC 9110, 10.2.3). None: it says nothing.

    ``now`` is the time in seconds since the epoch.
    """
    if value is None:
        return None
    text = value.strip()
    if text.isascii() and text.replace(".", "", 1).isdigit():
        return float(text) if len(text) < 12 else None
    moment = read_http_date(text)
    return None if moment is None else max(0.0, moment - now)
