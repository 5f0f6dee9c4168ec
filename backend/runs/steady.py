"""The time of day for a server that runs: set once, when it starts."""

import time
from collections.abc import Callable


class SteadyClock:
    """Seconds since 1970 that never step: the wall clock's at the beginning, and what has passed since. Who sets the
    machine's clock moves no deadline of a process that runs; the next process starts from it."""

    def __init__(self, wall: Callable[[], float] | None = None, steady: Callable[[], float] = time.monotonic) -> None:
        self._steady = steady
        self._offset_s = (wall or time.time)() - steady()

    def __call__(self) -> float:
        return self._steady() + self._offset_s
