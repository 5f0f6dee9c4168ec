"""Runs as they are watched: the frames of a run under way, and the viewers that follow them.

A frame is encoded once and kept once. A viewer is a cursor into those frames and a wake-up, so that one more viewer
costs its writes alone, a slow one buffers nothing, and none of them can delay the run. What has left the memory, or was
never in it (a finished run), is read from the log. Frames come from the run's writer, or, for a run of another process,
from the one reader that this process has (``follower.py``); a viewer can't tell.
"""

import asyncio
import math
from collections import deque
from collections.abc import Callable, Sequence

from backend.runs.forks import agree
from backend.runs.log import Entry, EventsLost, RunLog
from shared.encoding import EventFrames

BLOCK_BYTES = 32 * 1024
"""The most that is handed to the server at once, so that a replay lets others have their turn. A reader that stalls
holds several copies of it: 236 KiB in all, with 64 KiB it was 400; a long replay costs an eighth more CPU time."""
BEATS = 40
"""Heartbeats are sent at so many moments in the time between two: up to a fortieth early, never late."""
KEPT_BYTES = 4 * 1024 * 1024
"""How much of a live run stays in memory; older frames are read from the log."""


class LiveRun:
    """A run under way: its newest frames, up to event ``head``, whose data is ``last``, and who follows them. ``forks``
    are those of its log; ``news_at`` is when its follower last knew that all is well, by the loop's clock. With
    ``keeps_all`` no more frames leave the memory, since the log hasn't got what comes."""

    def __init__(self, run: str, head: int = 0, last: bytes | None = None, forks: str = "") -> None:
        self.run = run
        self.head = head
        self.last = last
        self.forks = forks
        self.news_at = 0.0
        self.finished = False
        self.keeps_all = False
        self.viewers: set[Viewer] = set()
        self.on_viewers: Callable[[int], None] = lambda count: None
        self._encode = EventFrames(run).encode
        self._frames: deque[bytes] = deque()
        self._kept_bytes = 0

    def publish(self, entries: Sequence[Entry], *, last: bool = False) -> None:
        """Show events that the log has, at least one. They continue at ``head + 1``; with ``last`` none follows them.

        Who waits for them is sent them here and now: to wake the response for each event is a tenth of what it costs.
        """
        frames = [self._encode(entry.seq, entry.data) for entry in entries]
        self._frames += frames
        self._kept_bytes += sum(map(len, frames))
        self.head, self.last = entries[-1].seq, entries[-1].data
        while self._kept_bytes > KEPT_BYTES and len(self._frames) > 1 and not self.keeps_all:
            self._kept_bytes -= len(self._frames.popleft())
        self.finished = self.finished or last
        for viewer in tuple(self.viewers):
            viewer.tell()

    def finish(self) -> None:
        """No event follows."""
        self.finished = True
        self.wake()

    def wake(self) -> None:
        for viewer in tuple(self.viewers):
            viewer.wake()

    def say_bye(self, farewell: bytes) -> None:
        """Send every viewer away."""
        for viewer in tuple(self.viewers):
            viewer.say_bye(farewell)

    def frames_after(self, seq: int) -> tuple[bytes, int] | None:
        """Up to BLOCK_BYTES of whole frames after event ``seq``, and the number of the last; None: ask the log."""
        skip = len(self._frames) - (self.head - seq)
        if skip < 0:
            return None
        if skip == 0 and self._kept_bytes <= BLOCK_BYTES:
            return b"".join(self._frames), max(self.head, seq)
        block: list[bytes] = []
        size = 0
        for index in range(skip, len(self._frames)):
            frame = self._frames[index]
            size += len(frame)
            if block and size > BLOCK_BYTES:
                break
            block.append(frame)
        return b"".join(block), seq + len(block)

    def entries_after(self, seq: int) -> list[Entry] | None:
        """The events after ``seq``, as they were published; None if some have left the memory."""
        first = self.head - len(self._frames) + 1
        if seq < first - 1:
            return None
        frames = list(self._frames)[seq - first + 1 :]
        return [Entry(seq + place, frame[frame.index(b"\ndata: ") + 7 : -2]) for place, frame in enumerate(frames, 1)]


class Viewer:
    """One reader of a run, after event ``after``. ``take`` until it returns None, and ``close`` in any case; ``over``:
    nothing comes behind what it returned last.

    ``live`` is None for a run that is over, whose log has ``length`` events; ``ahead`` are those after ``after`` that
    were read already. ``heartbeat_s``: seconds of silence after which a heartbeat is due. ``forks``: those up to
    ``after``. ``send`` sends bytes at once, while ``take`` waits, or returns False: then ``take`` returns them.
    """

    def __init__(
        self,
        run: str,
        log: RunLog,
        *,
        live: LiveRun | None,
        after: int,
        heartbeat_s: float,
        length: int = 0,
        forks: str = "",
        ahead: Sequence[Entry] = (),
    ) -> None:
        self.run = run
        self.closing: bytes | None = None
        self._cursor = after
        self._log = log
        self._live = live
        self._length = length
        self._ahead = ahead
        self._forks = forks
        self._step_s = heartbeat_s / BEATS
        self._silence_s = heartbeat_s - self._step_s
        self._loop = asyncio.get_running_loop()
        self._waiter: asyncio.Future[None] | None = None
        self._opened = False
        self.over = False
        self.send: Callable[[bytes], bool] = _not_now
        self._last_sent = self._loop.time()
        self._timer = self._next_beat(self._last_sent)
        if live is not None:
            live.viewers.add(self)
            live.on_viewers(len(live.viewers))

    @property
    def has_more(self) -> bool:
        """Whether ``take`` may return without having waited for anything."""
        live = self._live
        return not self.over and (live is None or live.finished or live.head > self._cursor or self.closing is not None)

    async def take(self) -> bytes | None:
        """The next bytes to send: whole frames, or a heartbeat; None when all was sent.

        Raises StorageError; EventsLost when the log lacks what comes after the cursor.
        """
        while not self.over:
            if self.closing is not None:
                farewell, self.closing = self.closing, b""
                return farewell or None
            block, ended = await self._next_block()
            if block or not self._opened:
                self._opened = True
                self._last_sent = self._loop.time()
                self.over = bool(block) and ended and self.closing is None
                return block or self._heartbeat()
            if ended and self.closing is None:
                return None
            if not await self._wait():
                self._last_sent = self._loop.time()
                return self._heartbeat()
        return None

    async def _next_block(self) -> tuple[bytes, bool]:
        """What is ready after the cursor, and whether nothing can follow it."""
        if self._live is None:
            block = await self._read_log()
            return block, not block or self._cursor >= self._length
        ready = self._live.frames_after(self._cursor)
        if ready is not None:
            block, self._cursor = ready
            return block, self._live.finished and self._cursor >= self._live.head
        block = await self._read_log()
        # In neither memory nor log: the store lost it. The stream ends like one that was cut.
        return block, self._live.finished and not block

    async def _read_log(self) -> bytes:
        entries = self._ahead or await self._log.read(self.run, self._cursor, BLOCK_BYTES)
        self._ahead = ()
        if self._live is not None:
            # Never ahead of what this process knows: should the store lose it, nobody could tell that it was seen.
            entries = [entry for entry in entries if entry.seq <= self._live.head]
        if entries:
            if entries[0].seq != self._cursor + 1 or not self._goes_on(entries[0], entries[-1]):
                raise EventsLost(self.run, self._cursor)
            self._cursor, self._forks = entries[-1].seq, entries[-1].forks
        encode = EventFrames(self.run).encode
        return b"".join([encode(entry.seq, entry.data) for entry in entries])

    def _goes_on(self, first: Entry, last: Entry) -> bool:
        """Whether these are of the log that was read up to here: the store may be another one by now."""
        if self._live is not None:
            return agree(last.forks, last.seq, self._live.forks)
        return agree(self._forks, self._cursor, first.forks)

    async def _wait(self) -> bool:
        """Sleep until there may be news (True) or a heartbeat is due (False)."""
        if self._live is None or self._live.finished or self.closing is not None:
            return True
        self._waiter = self._loop.create_future()
        try:
            await self._waiter
        finally:
            self._waiter = None
        return self._loop.time() < self._last_sent + self._silence_s or self.closing is not None

    def move(self, live: LiveRun) -> None:
        """Follow the same run where its frames come from now on."""
        if self._live is not None:
            self._live.viewers.discard(self)
        self._live = live
        live.viewers.add(self)
        live.on_viewers(len(live.viewers))
        self.wake()

    def wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    def tell(self) -> None:
        """There are new events: send them at once if nothing is in the way, else have ``take`` return them."""
        waiter, live = self._waiter, self._live
        if waiter is None or waiter.done() or live is None:
            return
        if live.finished or self.closing is not None:  # the response has an end to send, together with it
            waiter.set_result(None)
            return
        ready = live.frames_after(self._cursor)
        try:
            if ready is None or not self.send(ready[0]):
                waiter.set_result(None)
                return
        except Exception as error:
            waiter.set_exception(error)
            return
        self._cursor, self._last_sent = ready[1], self._loop.time()
        if self._cursor < live.head:
            waiter.set_result(None)

    def say_bye(self, farewell: bytes) -> None:
        """End this stream with ``farewell`` at the next occasion."""
        if self.closing is None:
            self.closing = farewell
            self.wake()

    def close(self) -> None:
        """The reader has left. Idempotent."""
        self._timer.cancel()
        if self._live is not None and self in self._live.viewers:
            self._live.viewers.discard(self)
            self._live.on_viewers(len(self._live.viewers))

    def _heartbeat(self) -> bytes:
        return b": hb %d\n\n" % max(self._cursor, self._live.head if self._live is not None else 0)

    def _on_timer(self) -> None:
        # One timer a viewer, moved lazily: a busy stream re-arms it once per heartbeat time, not once per event.
        silent_since = self._last_sent
        if self._loop.time() >= silent_since + self._silence_s:
            silent_since = self._loop.time()
            waits = self._waiter is not None and not self._waiter.done()
            if waits and self.send(self._heartbeat()):
                self._last_sent = silent_since  # nobody is woken for it: half of what a heartbeat costs
            else:
                self.wake()
        self._timer = self._next_beat(silent_since)

    def _next_beat(self, silent_since: float) -> asyncio.TimerHandle:
        """At a moment that many viewers share: one turn of an idle loop for all of them, not one for each."""
        due = silent_since + self._silence_s
        return self._loop.call_at(math.ceil(due / self._step_s) * self._step_s, self._on_timer)


def _not_now(data: bytes) -> bool:
    return False
