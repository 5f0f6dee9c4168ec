"""Runs as they are watched: the frames of a live run, and the viewers that follow them.

A frame is encoded once and kept once. A viewer is a cursor into those frames and a wake-up, so that one more viewer
costs its writes alone, a slow one buffers nothing, and none of them can delay the run. What has left the memory, or was
never in it (a finished run, a run of another process), is read from the log.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Iterable

from backend.runs.log import Entry, RunLog
from shared.encoding import encode_event_frame

BLOCK_BYTES = 32 * 1024
"""The most that is handed to the server at once, so that a replay lets others have their turn. A reader that stalls
holds several copies of it: 236 KiB in all, with 64 KiB it was 400; a long replay costs an eighth more CPU time."""
KEPT_BYTES = 4 * 1024 * 1024
"""How much of a live run stays in memory; older frames are read from the log."""
POLL_S = 0.5
"""How often the log is asked for news of a run that another process writes."""


def encode_entry(run: str, entry: Entry) -> bytes:
    """The frame of an event (PROTOCOL.md): ``id: <run>.<seq>``, ``data: <JSON>``, an empty line."""
    return encode_event_frame(b"%b.%d" % (run.encode(), entry.seq), entry.data)


class LiveRun:
    """A run whose writer lives in this process: its newest frames, and who follows them."""

    def __init__(self, run: str) -> None:
        self.run = run
        self.head = 0
        self.finished = False
        self.viewers: set[Viewer] = set()
        self.on_viewers: Callable[[int], None] = lambda count: None
        self._frames: deque[bytes] = deque()
        self._kept_bytes = 0

    def publish(self, entries: Iterable[Entry]) -> None:
        """Show events that the log has. Entries continue at ``head + 1``."""
        for entry in entries:
            frame = encode_entry(self.run, entry)
            self._frames.append(frame)
            self._kept_bytes += len(frame)
            self.head = entry.seq
        while self._kept_bytes > KEPT_BYTES and len(self._frames) > 1:
            self._kept_bytes -= len(self._frames.popleft())
        self.wake()

    def finish(self) -> None:
        """No event follows."""
        self.finished = True
        self.wake()

    def wake(self) -> None:
        for viewer in tuple(self.viewers):
            viewer.wake()

    def frames_after(self, seq: int) -> tuple[bytes, int] | None:
        """Up to BLOCK_BYTES of whole frames after event ``seq``, and the number of the last; None: ask the log."""
        skip = len(self._frames) - (self.head - seq)
        if skip < 0:
            return None
        if skip == 0 and self._kept_bytes <= BLOCK_BYTES:
            return b"".join(self._frames), self.head
        block: list[bytes] = []
        size = 0
        for index in range(skip, len(self._frames)):
            frame = self._frames[index]
            size += len(frame)
            if block and size > BLOCK_BYTES:
                break
            block.append(frame)
        return b"".join(block), seq + len(block)


class Viewer:
    """One reader of a run, after event ``after``. ``take`` until it returns None, and ``close`` in any case.

    ``heartbeat_s``: seconds of silence after which a heartbeat is due.
    """

    def __init__(self, run: str, log: RunLog, *, live: LiveRun | None, after: int, heartbeat_s: float) -> None:
        self.run = run
        self.closing: bytes | None = None
        self._cursor = after
        self._log = log
        self._live = live
        self._heartbeat_s = heartbeat_s
        self._loop = asyncio.get_running_loop()
        self._waiter: asyncio.Future[None] | None = None
        self._opened = False
        self._last_sent = self._loop.time()
        self._timer = self._loop.call_at(self._last_sent + heartbeat_s, self._on_timer)
        if live is not None:
            live.viewers.add(self)
            live.on_viewers(len(live.viewers))

    async def take(self) -> bytes | None:
        """The next bytes to send: whole frames, or a heartbeat; None when all was sent. Raises StorageError."""
        while True:
            if self.closing is not None:
                farewell, self.closing = self.closing, b""
                return farewell or None
            block, ended = await self._next_block()
            if block or not self._opened:
                self._opened = True
                self._last_sent = self._loop.time()
                return block or self._heartbeat()
            if ended:
                return None
            if not await self._wait():
                self._last_sent = self._loop.time()
                return self._heartbeat()

    async def _next_block(self) -> tuple[bytes, bool]:
        """What is ready after the cursor, and whether nothing can follow it."""
        if self._live is None:
            summary = await self._log.summary(self.run)  # before the read: what it counts can be read then
            block = await self._read_log()
            return block, summary is not None and summary.status != "running" and self._cursor >= summary.events
        ready = self._live.frames_after(self._cursor)
        if ready is not None:
            block, self._cursor = ready
            return block, self._live.finished and self._cursor >= self._live.head
        block = await self._read_log()
        # In neither memory nor log: the log couldn't be written. The stream ends like one that was cut.
        return block, self._live.finished and not block

    async def _read_log(self) -> bytes:
        entries = await self._log.read(self.run, self._cursor, BLOCK_BYTES)
        if entries:
            self._cursor = entries[-1].seq
        return b"".join(encode_entry(self.run, entry) for entry in entries)

    async def _wait(self) -> bool:
        """Sleep until there may be news (True) or a heartbeat is due (False)."""
        if self._live is None:
            due = self._last_sent + self._heartbeat_s - self._loop.time()
            await asyncio.sleep(min(POLL_S, max(0.0, due)))
            return due > POLL_S or self.closing is not None
        if self._live.finished or self.closing is not None:
            return True
        self._waiter = self._loop.create_future()
        try:
            await self._waiter
        finally:
            self._waiter = None
        return self._loop.time() < self._last_sent + self._heartbeat_s or self.closing is not None

    def wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

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
        return b": hb %d\n\n" % (self._live.head if self._live is not None else self._cursor)

    def _on_timer(self) -> None:
        # One timer a viewer, moved lazily: a busy stream re-arms it once per heartbeat time, not once per event.
        due = self._last_sent + self._heartbeat_s
        if self._loop.time() >= due:
            self.wake()
            due = self._loop.time() + self._heartbeat_s
        self._timer = self._loop.call_at(due, self._on_timer)
