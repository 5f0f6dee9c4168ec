"""The one writer of a run: gives events their number and time, and sees that the log has them before anybody else.

``emit`` never waits: events gather while the log is busy and go to it together. It must not be called from another
thread, nor after ``aclose``.
"""

import asyncio
import time
from collections.abc import Callable
from typing import Any, TypeVar

import msgspec

from backend.errors import StorageError
from backend.runs.fitting import fit_frame
from backend.runs.live import LiveRun
from backend.runs.log import Entry, RunLog, RunSummary
from shared import events as ev

E = TypeVar("E", bound=ev.Event)


class RunWriter:
    """Appends the events of one run to ``log`` and shows them to the viewers of ``live``.

    ``on_failure`` is called once, with a StorageError, when the log can't be written: nothing reaches it after that.
    """

    def __init__(
        self, log: RunLog, live: LiveRun, summary: RunSummary, on_failure: Callable[[StorageError], None]
    ) -> None:
        self.summary = summary
        self.live = live
        self.failure: StorageError | None = None
        self._log = log
        self._on_failure = on_failure
        self._began = time.monotonic()
        self._seq = 0
        self._t = 0
        self._pending: list[Entry] = []
        self._news = asyncio.Event()
        self._closing = False

    @property
    def seq(self) -> int:
        """The number of the newest event."""
        return self._seq

    def elapsed_ms(self) -> int:
        """Milliseconds since the run began; never falls."""
        self._t = max(self._t, int((time.monotonic() - self._began) * 1000))
        return self._t

    def emit(self, kind: type[E], /, **fields: Any) -> E:
        """Number and time an event, and hand it on. Returns it as viewers will see it.

        Text that UTF-8 can't carry is cleaned and what is too large for a frame is cut. Raises TypeError for what isn't
        JSON and ValueError for rows that no frame can hold; the event takes no number then.
        """
        event, data = fit_frame(kind(seq=self._seq + 1, t=self.elapsed_ms(), **fields))
        self._seq = event.seq
        if isinstance(event, ev.RunFinished):
            self.summary = msgspec.structs.replace(self.summary, status=event.status, ms=event.ms)
        self._pending.append(Entry(self._seq, data))
        self._news.set()
        return event

    async def write(self) -> None:
        """Write what is emitted until ``aclose``: the body of a task that the run's owner starts."""
        while not (self._closing and not self._pending):
            await self._news.wait()
            self._news.clear()
            if self._pending:
                entries, self._pending = self._pending, []
                await self._append(entries)

    def close(self) -> None:
        """``write`` ends once everything emitted so far is written."""
        self._closing = True
        self._news.set()

    async def _append(self, entries: list[Entry]) -> None:
        if self.failure is None:
            summary = msgspec.structs.replace(self.summary, events=entries[-1].seq)
            try:
                await self._log.append(summary, entries)
            except StorageError as error:
                self.failure = error
                self._on_failure(error)
        # After a failure the viewers still hear how it ends, from memory; the log keeps what it had.
        self.live.publish(entries)
