"""Which of the other processes still renew their leases, by the steady clock of this one.

No two clocks are compared, and no wall clock is asked how long ago something was: that of the store's machine may be
set while runs are under way, and every lease that ends at a time of day would then end at once, or never.
"""

import time
from collections.abc import Callable, Mapping

from backend.runs.log import LEASE_S

_LONGEST_S = 3.0
"""More than this doesn't count between two looks: it was this process that slept, perhaps all of them."""
_SAME_MS = 50
"""What a store says of one lease twice may differ by its rounding; a renewal moves it by seconds."""


class Leases:
    """``look`` at what each process has renewed to; ``clock`` gives seconds and never steps."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._looked_at = clock()
        self._known: dict[str, tuple[int, float]] = {}  # to what it had renewed, and for how long it hasn't since

    def look(self, renewed: Mapping[str, int]) -> list[str]:
        """Those that haven't renewed for LEASE_S seconds. ``renewed`` has a number for each process that has a lease,
        in ms, which each renewal changes."""
        now = self._clock()
        passed_s, self._looked_at = min(now - self._looked_at, _LONGEST_S), now
        known, self._known = self._known, {}
        for process, number in renewed.items():
            before, still_s = known.get(process, (number, -passed_s))
            same = abs(number - before) <= _SAME_MS
            self._known[process] = (before, still_s + passed_s) if same else (number, 0.0)
        return [process for process, (_, still_s) in self._known.items() if still_s >= LEASE_S]
