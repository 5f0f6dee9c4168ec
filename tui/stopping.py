"""Ctrl+C and SIGTERM while a run is told: the first one lets the task tidy up, a second one kills."""

import asyncio
import signal
from contextlib import suppress
from typing import Any


class Stop:
    """The first SIGINT or SIGTERM cancels the task that entered; the handlers are then gone, so a second one kills."""

    def __init__(self) -> None:
        self.signum: int | None = None
        self._task: asyncio.Task[Any] | None = None
        self._handled: list[signal.Signals] = []

    def __enter__(self) -> None:
        self._task = asyncio.current_task()
        loop = asyncio.get_running_loop()
        for signum in (signal.SIGINT, signal.SIGTERM):
            if signal.getsignal(signum) is signal.SIG_IGN:
                continue  # a shell told a background job not to hear it
            with suppress(NotImplementedError, RuntimeError):  # not on Windows, not outside the main thread
                loop.add_signal_handler(signum, self._stop, signum)
                self._handled.append(signum)

    def __exit__(self, *_: object) -> None:
        self._release()

    def absorb(self) -> None:
        """Take back the cancellation, so that the task may go on and tidy up."""
        if self._task is not None:
            self._task.uncancel()

    def _stop(self, signum: signal.Signals) -> None:
        self.signum = signum.value
        self._release()
        if self._task is not None:
            self._task.cancel()

    def _release(self) -> None:
        loop = asyncio.get_running_loop()
        while self._handled:
            loop.remove_signal_handler(self._handled.pop())
