"""Who watches what: readers of the runs of this process, of other processes', and of those that are over."""

import asyncio
from collections.abc import Callable, Sequence

from backend.errors import Gone, NotFound
from backend.runs.follower import Follower
from backend.runs.forks import agree
from backend.runs.live import BLOCK_BYTES, LiveRun, Viewer
from backend.runs.log import Entry, RunLog, RunSummary
from backend.runs.writer import RunWriter


class Watching:
    """``attach`` viewers and ``release`` them. ``writer_of`` finds the writer of a run of this process."""

    def __init__(
        self, log: RunLog, follower: Follower, writer_of: Callable[[str], RunWriter | None], heartbeat_s: float
    ) -> None:
        self._log = log
        self._follower = follower
        self._writer_of = writer_of
        self._heartbeat_s = heartbeat_s
        self._viewers: set[Viewer] = set()

    @property
    def count(self) -> int:
        """How many viewers are here."""
        return len(self._viewers)

    async def attach(self, run: str, after: int = 0, forks: str = "") -> Viewer:
        """Watch a run after event ``after``, which was read under ``forks``, as far as one can know.

        Raises NotFound, and Gone for a number that the log doesn't have, or has only since it lost events: what was
        read under that number may have been another event.
        """
        if (viewer := self._attach_here(run, after, forks)) is not None:
            return viewer
        # At once: one way to the log and back, and what a viewer of a run that is over reads first is there already.
        reading = self._log.read(run, max(after - 1, 0), BLOCK_BYTES)
        summary, entries = await asyncio.gather(self.summary(run), reading)
        if after > summary.events or not entries or entries[0].seq != max(after, 1):
            raise _gone(run, after, entries[0].seq if entries else 1, summary.events)
        if not agree(forks, after, entries[0].forks):
            raise _forked(run, after, summary.events)
        if summary.status != "running":
            ahead = entries[1:] if after else entries
            return self.watch(run, None, after, summary.events, ahead, forks)
        last = await self._log.read(run, summary.events - 1, 1)
        if (viewer := self._attach_here(run, after, forks)) is not None:  # it became one of this process meanwhile
            return viewer
        if not last or not agree(forks, after, last[0].forks):  # the store isn't the one of a moment ago
            raise _forked(run, after, summary.events)
        live = self._follower.follow(run, last[0])
        viewer = self.watch(run, live, after, forks=forks)
        try:
            await self._follower.catch_up(live, after)
        except BaseException:
            self.release(viewer)
            raise
        return viewer

    def _attach_here(self, run: str, after: int, forks: str) -> Viewer | None:
        writer = self._writer_of(run)
        if writer is None:
            return None
        if after > writer.seq:
            raise _gone(run, after, 1, writer.seq)
        if not agree(forks, after, writer.live.forks):
            raise _forked(run, after, writer.seq)
        return self.watch(run, writer.live, after)

    def watch(
        self,
        run: str,
        live: LiveRun | None,
        after: int,
        length: int = 0,
        ahead: Sequence[Entry] = (),
        forks: str = "",
    ) -> Viewer:
        """A viewer of ``live``, or of a run that is over and has ``length`` events, some of them read ``ahead``."""
        viewer = Viewer(
            run,
            self._log,
            live=live,
            after=after,
            heartbeat_s=self._heartbeat_s,
            length=length,
            ahead=ahead,
            forks=forks,
        )
        self._viewers.add(viewer)
        return viewer

    def release(self, viewer: Viewer) -> None:
        """A viewer has left. Idempotent."""
        viewer.close()
        self._viewers.discard(viewer)

    def send_away(self, farewell: bytes) -> None:
        """End every stream."""
        for viewer in tuple(self._viewers):
            viewer.say_bye(farewell)

    async def summary(self, run: str) -> RunSummary:
        """Raises NotFound."""
        summary = await self._log.summary(run)
        if summary is None:
            raise NotFound(f"There is no run {run!r} here.", hint="`windowseat runs` lists those that there are.")
        return summary


def _gone(run: str, after: int, oldest: int, head: int) -> Gone:
    detail = f"Run {run} has events {oldest} to {head}; none can follow number {after}."
    return Gone(detail, hint="Read it from the start.", extra={"oldest": oldest, "head": head})


def _forked(run: str, after: int, head: int) -> Gone:
    detail = f"Run {run} went on from before event {after} when its log had lost events; number {after} may be another."
    return Gone(detail, hint="Read it from the start.", extra={"oldest": 1, "head": head})
