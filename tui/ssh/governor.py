"""How often everybody may paint: less often while the event loop is late, so that keys are still heard."""

import asyncio
import time

from tui.ssh import garbage
from tui.ssh.turns import SEAT, Seat

LEAST_S, MOST_S = 0.1, 4.0
_BEAT_S = 0.05
_WEIGHT = 0.2
_IDLE_S = 0.002
"""Less late than that, the loop has nothing else to do."""
_PER_LATE_S = 15.0
"""Each millisecond that the loop is late makes the pause between frames so many milliseconds longer."""


class Governor:
    """``period_s``: seconds between two frames of a session whose user isn't typing."""

    def __init__(self) -> None:
        self.period_s = LEAST_S
        self.late_s = 0.0

    async def run(self) -> None:
        """Watch the loop, in line as a session is; for ever, so cancel it."""
        SEAT.set(Seat())
        while True:
            expected = time.monotonic() + _BEAT_S
            await asyncio.sleep(_BEAT_S)
            late_s = max(0.0, time.monotonic() - expected)
            self.note(late_s)
            if late_s < _IDLE_S:
                garbage.sweep()

    def note(self, late_s: float) -> None:
        """Up at once, down slowly: a frame too few is better than a key too late."""
        weight = 0.5 if late_s > self.late_s else _WEIGHT
        self.late_s += weight * (late_s - self.late_s)
        self.period_s = min(MOST_S, LEAST_S + _PER_LATE_S * self.late_s)
