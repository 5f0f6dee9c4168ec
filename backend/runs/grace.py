"""How long a run goes on for nobody: the last viewer, here or at any other process, starts the clock."""

import asyncio
from collections.abc import Awaitable, Callable

from backend.errors import StorageError

LOOK_AGAIN_S = 5.0
"""How often to see whether other processes' viewers are still there: a process that died said no farewell."""


class Grace:
    """Calls ``abandon`` once nobody has watched for ``grace_s`` seconds.

    ``watched`` asks whether other processes have viewers.
    """

    def __init__(self, grace_s: float, watched: Callable[[], Awaitable[bool]], abandon: Callable[[], None]) -> None:
        self.grace_s = grace_s
        self._watched = watched
        self._abandon = abandon
        self._here = 0
        self._timer: asyncio.TimerHandle | None = None
        self._look: asyncio.Task[None] | None = None
        self._closed = False

    @property
    def counting(self) -> bool:
        """Whether the clock runs."""
        return self._timer is not None

    def count(self, here: int) -> None:
        """So many viewers are here now."""
        self._here = here
        self.restart()

    def wait_for_viewers(self, at_least_s: float) -> None:
        """Nobody has come yet: they get ``at_least_s`` to do so."""
        self._stop()
        self._start(max(self.grace_s, at_least_s))

    def restart(self) -> None:
        """Somebody came or went: if nobody is here, the clock begins anew."""
        self._stop()
        if not self._here and not self._closed:
            self._start(self.grace_s)

    def close(self) -> None:
        self._closed = True
        self._stop()

    def _start(self, after_s: float) -> None:
        self._timer = asyncio.get_running_loop().call_later(after_s, self._expire)

    def _stop(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._look is not None:
            self._look.cancel()
            self._look = None

    def _expire(self) -> None:
        self._timer = None
        self._look = asyncio.create_task(self._ask_others(), name="does anybody watch?")

    async def _ask_others(self) -> None:
        try:
            watched = await self._watched()
        except StorageError:
            watched = True  # who can't be asked may be there
        self._look = None
        if watched:
            self._start(max(self.grace_s, LOOK_AGAIN_S))
        else:
            self._abandon()
