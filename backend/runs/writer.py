"""The one writer of a run: gives events their number and time, and sees that the log has them before anybody else.

``emit`` never waits: events gather while the log is busy and go to it together. It must not be called from another
thread, nor after ``close``.
"""

import asyncio
import contextlib
import logging
import time
from collections.abc import Callable
from typing import Any, TypeVar

import msgspec

from backend.errors import StorageError
from backend.runs.fitting import fit_frame
from backend.runs.live import LiveRun
from backend.runs.log import ClaimTaken, Entry, EventsLost, LeaseLost, Origin, RunLog, RunSummary
from shared import events as ev

E = TypeVar("E", bound=ev.Event)

_log = logging.getLogger(__name__)

FIRST_TURNS = 4
"""Of the loop, from a run's first word in the log to the next that it is given: by then the first steps have said what
they say at once, and a run that they bring to its end has come to it."""


class RunWriter:
    """Appends the events of one run to ``log`` and shows them to the viewers of ``live``.

    ``on_failure`` is called once, with a StorageError, when the log can't be written; what comes after that is shown
    from memory, and kept in ``unwritten`` until ``write_rest`` finds the log well again. After a LeaseLost nothing is
    shown: another process has the run. ``origin`` goes with the first event. ``t`` is the time of event ``live.head``
    in ms since the run began, if another process wrote up to there.
    """

    def __init__(
        self,
        log: RunLog,
        live: LiveRun,
        summary: RunSummary,
        on_failure: Callable[[StorageError], None],
        *,
        origin: Origin | None = None,
        t: int = 0,
    ) -> None:
        self.summary = summary
        self.live = live
        self.failure: StorageError | ClaimTaken | None = None
        self.unwritten: list[Entry] = []
        self.emitted = 0
        self._birth: list[StorageError | ClaimTaken | None] = []
        self._awaited: list[asyncio.Future[None]] = []
        self._log = log
        self._on_failure = on_failure
        self._origin = origin
        self._began = time.monotonic() - t / 1000
        self._seq = live.head
        self._t = t
        self._pending: list[Entry] = []
        self._values: dict[str, bytes] = {}
        self._new_values: dict[str, bytes] = {}
        self._idle: asyncio.Future[None] | None = None
        self._closing = False
        self._muted = False

    @property
    def keeps_values(self) -> bool:
        """Whether another process may have to go on with this run."""
        return self._origin is not None and self._origin.recipe is not None

    async def may_run(self) -> bool:
        """Whether this run is the one for its key. Returns once the log has it, or couldn't take it."""
        with contextlib.suppress(StorageError, ClaimTaken):
            await self.born()
        return not isinstance(self.failure, ClaimTaken)

    async def born(self) -> None:
        """Return once the log has the run. Raises ClaimTaken and StorageError.

        Each who waits has a future of its own: through a shared, shielded one the news is two turns of the loop later.
        """
        if not self._birth:
            waiter = asyncio.get_running_loop().create_future()
            self._awaited.append(waiter)
            await waiter
        if self._birth[0] is not None:
            raise self._birth[0]

    def _tell_birth(self, error: StorageError | ClaimTaken | None = None) -> None:
        if not self._birth:
            self._birth.append(error)
            for waiter in self._awaited:
                if not waiter.done():
                    waiter.set_result(None)

    @property
    def seq(self) -> int:
        """The number of the newest event."""
        return self._seq

    def elapsed_ms(self) -> int:
        """Milliseconds since the run began; never falls."""
        t = int((time.monotonic() - self._began) * 1000)
        if t > self._t:
            self._t = t
        return self._t

    def emit(self, kind: type[E], /, **fields: Any) -> E:
        """Number and time an event, and hand it on. Returns it as viewers will see it.

        Text that UTF-8 can't carry is cleaned and what is too large for a frame is cut. Raises TypeError for what isn't
        JSON and ValueError for rows that no frame can hold; the event takes no number then.
        """
        event, data = fit_frame(kind(seq=self._seq + 1, t=self.elapsed_ms(), **fields))
        if self._muted:
            return event
        self._seq = event.seq
        self.emitted += 1
        if kind is ev.RunFinished and isinstance(event, ev.RunFinished):  # the first is a fifth of the second's time
            self.summary = msgspec.structs.replace(self.summary, status=event.status, ms=event.ms)
        self._pending.append(Entry(self._seq, data))
        self._wake()
        return event

    def keep(self, step: str, value: bytes) -> None:
        """Keep a step's value beside the log, in one append with the event that is emitted next."""
        self._new_values[step] = value

    def mute(self) -> None:
        """What is emitted from now on is nobody's: another process goes on with the run."""
        self._muted = True

    async def write(self) -> None:
        """Write what is emitted until ``close``: the body of a task that the run's owner starts."""
        try:
            if self._pending:
                await self._append_pending()  # the run's own first word: no step begins before the log has it
            for _ in range(FIRST_TURNS):
                await asyncio.sleep(0)
            while self._pending or not self._closing:
                if not self._pending:
                    self._idle = asyncio.get_running_loop().create_future()
                    await self._idle
                if self._pending:
                    await self._append_pending()
                    if self._pending:
                        await asyncio.sleep(0)  # who reads it goes first: the log's thread would be in the way
        finally:
            self._tell_birth(StorageError("the run was never written"))

    def close(self) -> None:
        """``write`` ends once everything emitted so far is written."""
        self._closing = True
        self._wake()

    def _wake(self) -> None:
        # Not an asyncio.Event, which takes 3 µs more of an event that comes alone.
        if self._idle is not None and not self._idle.done():
            self._idle.set_result(None)

    async def write_rest(self) -> None:
        """Write what couldn't be written when it came. Raises StorageError if it still can't."""
        await self._store(self.unwritten)
        self.unwritten = []

    async def tell_end(self) -> bool:
        """Tell viewers at other processes what ``unwritten`` holds; False if that can't be done."""
        if self.unwritten[0].seq == 1:  # a run that nobody else knows
            return True
        entries = [Entry(entry.seq, entry.data, self.live.forks) for entry in self.unwritten]
        try:
            await self._log.tell_end(self.summary.run, entries)
        except StorageError:
            return False
        return True

    async def _append_pending(self) -> None:
        entries, self._pending = self._pending, []
        await self._append(entries)

    async def _append(self, entries: list[Entry]) -> None:
        if self.failure is None:
            try:
                await self._store(entries)
            except (StorageError, ClaimTaken) as error:
                self._fail(error)
            else:
                self._tell_birth()
        if isinstance(self.failure, ClaimTaken | LeaseLost):
            return
        if self.failure is not None:
            self.unwritten += entries
            self.live.keeps_all = True
        # After a failure the viewers still hear how it ends, from memory; the log gets it when it can.
        last = self.summary.status != "running" and entries[-1].seq == self._seq
        self.live.publish(entries, last=last and not self.unwritten)
        if self.unwritten and last:
            await self.tell_end()

    def _fail(self, error: StorageError | ClaimTaken) -> None:
        self.failure = error
        if isinstance(error, ClaimTaken | LeaseLost):
            self.mute()
        self._tell_birth(error)
        if isinstance(error, StorageError):
            self._on_failure(error)

    async def _store(self, entries: list[Entry]) -> None:
        summary = msgspec.structs.replace(self.summary, events=entries[-1].seq)
        if entries[-1].seq < self._seq:  # the end is among those that come later
            summary = msgspec.structs.replace(summary, status="running", ms=None)
        new, self._new_values = self._new_values, {}
        self._values |= new
        first = entries[0].seq == 1
        try:
            await self._log.append(summary, entries, origin=self._origin if first else None, values=new)
        except EventsLost as lost:
            missing = self.live.entries_after(lost.head)
            if missing is None:
                raise
            # Nobody else has numbered an event meanwhile: what the store forgot is put back as everybody saw it.
            _log.warning("%s; it gets them again", lost)
            origin = self._origin if lost.head == 0 else None
            behind = [entry for entry in missing if entry.seq < entries[0].seq]
            await self._log.append(summary, [*behind, *entries], origin=origin, values=self._values)
