"""The one reader that a process has for what other processes write: news of their runs, and signals to this one.

However many viewers follow however many runs, the store is asked once. Viewers get a ``LiveRun``, as they do for a run
of this process.
"""

import asyncio
import contextlib
import logging
import random
from collections.abc import Callable

from backend.errors import StorageError
from backend.runs.farewells import LOST, STORE_DOWN
from backend.runs.forks import agree
from backend.runs.live import LiveRun
from backend.runs.log import Entry, RunLog, Signal

_log = logging.getLogger(__name__)

DOWN_S = 0.9
"""Viewers of other processes' runs are told when the store has been silent for so long."""
LOOK_AGAIN_S = 5.0
STILL_S = 0.6
"""Where nothing came for so long, is it that nothing can be written?"""
LOOK_S = 0.25
_PAUSE_S, _LONGEST_PAUSE_S = 0.05, 1.0
_LATE_S = 0.2
_CATCH_UP_BYTES = 1 << 20
_END = b'{"type":"run.finished"'


class Follower:
    """``follow`` runs of other processes; ``on_signal`` hears what those want of this one. ``run`` is a task's body."""

    def __init__(self, log: RunLog, on_signal: Callable[[Signal], None]) -> None:
        self._log = log
        self._on_signal = on_signal
        self._lives: dict[str, LiveRun] = {}
        self._present: set[str] = set()
        self._told: asyncio.Queue[tuple[str, bool]] = asyncio.Queue()
        self._alarm = asyncio.get_running_loop().call_later(0, lambda: None)

    def follow(self, run: str, last: Entry) -> LiveRun:
        """The frames of ``run`` after its event ``last``, for as long as somebody watches it."""
        live = self._lives.get(run)
        if live is not None and not _is_of(live, last):
            self._lose(live)
            live = None
        if live is None:
            live = LiveRun(run, last.seq, last.data, last.forks)
            self.keep(live)
        return live

    async def catch_up(self, live: LiveRun, head: int) -> None:
        """Know what other processes know: a reader comes who has seen event ``head``. Raises StorageError."""
        while live.head < head and (entries := await self._log.read(live.run, live.head, _CATCH_UP_BYTES)):
            self._publish(live.run, entries)
            if self._lives.get(live.run) is not live:
                return

    def keep(self, live: LiveRun) -> None:
        """Another process writes this run from now on."""
        self._lives[live.run] = live
        live.news_at = asyncio.get_running_loop().time()
        live.on_viewers = lambda count: self._on_viewers(live, count)
        if live.viewers:
            self._say_present(live.run, True)
        self._log.wake()

    def let_go(self, run: str) -> LiveRun | None:
        """This process writes ``run`` from now on: who followed it, if anybody does."""
        live = self._lives.pop(run, None)
        if live is not None:
            live.on_viewers = lambda count: None
            self._say_present(run, False)
        return live

    def _on_viewers(self, live: LiveRun, count: int) -> None:
        if not count:
            self._lives.pop(live.run, None)
        self._say_present(live.run, count > 0)

    def _say_present(self, run: str, present: bool) -> None:
        if present != (run in self._present):
            self._told.put_nowait((run, present))
            (self._present.add if present else self._present.discard)(run)

    async def run(self) -> None:
        """Read and tell until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._tell(), name="tell who watches")
            group.create_task(self._read(), name="follow other processes")
            group.create_task(self._hear_ends(), name="hear ends that can't be written")
            group.create_task(self._look_again(), name="look again at what is followed")
            group.create_task(self._try_to_write(), name="can others write?")

    async def _tell(self) -> None:
        while True:
            run, present = await self._told.get()
            try:
                await self._log.watch(run, present)
            except StorageError as error:
                _log.warning("can't tell who watches run %s: %s", run, error)

    async def _read(self) -> None:
        failing, pause_s = False, _PAUSE_S
        self._expect_news()
        try:
            while True:
                try:
                    news = await self._log.news({run: live.head for run, live in self._lives.items()})
                    if failing:
                        await self._verify()
                except Exception as error:  # whatever it is: those who watch from here have no other reader
                    if not isinstance(error, StorageError):
                        _log.exception("a bug in following other processes")
                    elif not failing:
                        _log.warning("can't follow the runs of other processes: %s", error)
                    failing = True
                    await asyncio.sleep(random.uniform(pause_s / 2, pause_s))
                    pause_s = min(2 * pause_s, _LONGEST_PAUSE_S)
                    continue
                failing, pause_s = False, _PAUSE_S
                self._expect_news()
                for run, entries in news.entries.items():
                    self._publish(run, entries)
                for signal in news.signals:
                    self._on_signal(signal)
        finally:
            self._alarm.cancel()

    def _expect_news(self) -> None:
        loop = asyncio.get_running_loop()
        self._alarm.cancel()
        self._alarm = loop.call_later(DOWN_S, self._on_silence, loop.time() + DOWN_S)

    def _on_silence(self, due: float) -> None:
        loop = asyncio.get_running_loop()
        if loop.time() - due > _LATE_S:  # it was this process that slept: the news may be waiting
            self._expect_news()
            return
        for live in tuple(self._lives.values()):
            live.say_bye(STORE_DOWN)
        self._alarm = loop.call_later(DOWN_S, self._on_silence, loop.time() + DOWN_S)

    def _publish(self, run: str, entries: list[Entry]) -> None:
        live = self._lives.get(run)
        if live is None:
            return
        entries = [entry for entry in entries if entry.seq > live.head]
        if not entries:
            return
        if entries[0].seq != live.head + 1 or not agree(live.forks, live.head, entries[0].forks):
            self._lose(live)
            return
        live.news_at, live.forks = asyncio.get_running_loop().time(), entries[-1].forks
        is_over = entries[-1].data.startswith(_END)
        live.publish(entries, last=is_over)
        if is_over:
            self.let_go(run)

    async def _hear_ends(self) -> None:
        """How runs end whose writer can't write: from its memory to the viewers here."""
        while True:
            try:
                run, entries = await self._log.told_end()
                if (live := self._lives.get(run)) is not None:
                    await self.catch_up(live, entries[0].seq - 1)
                    self._publish(run, entries)
            except StorageError:  # who reads the events says so
                await asyncio.sleep(random.uniform(_LONGEST_PAUSE_S / 2, _LONGEST_PAUSE_S))
            except Exception:
                _log.exception("a bug in hearing how runs end")
                await asyncio.sleep(_LONGEST_PAUSE_S)

    async def _look_again(self) -> None:
        """A run may be gone altogether, and then no news come of it."""
        while True:
            await asyncio.sleep(LOOK_AGAIN_S)
            with contextlib.suppress(StorageError):
                await self._verify()

    async def _try_to_write(self) -> None:
        """A full store can be read: who writes a run has its end in memory, and if that isn't told, or not heard, its
        readers here would see silence."""
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(LOOK_S)
            still = [live for live in self._lives.values() if loop.time() - live.news_at > STILL_S]
            if not still:
                continue
            try:
                await self._log.check()
                for live in still:
                    live.news_at = loop.time()
            except StorageError as error:
                _log.warning("what other processes run can't be written: %s", error)
                for live in still:
                    live.say_bye(STORE_DOWN)

    async def _verify(self) -> None:
        """Does the store still have what viewers have seen? After an outage it may not, and another process may have
        written other events under the same numbers."""
        for run, live in tuple(self._lives.items()):
            head, last = live.head, live.last
            found = await self._log.read(run, head - 1, 1)
            same = found and found[0].seq == head and (last is None or found[0].data == last)
            if not (same and agree(live.forks, head, found[0].forks)) and self._lives.get(run) is live:
                self._lose(live)

    def _lose(self, live: LiveRun) -> None:
        _log.warning("run %s: the store lost events that viewers have seen", live.run)
        self.let_go(live.run)
        live.say_bye(LOST)
        live.finish()


def _is_of(live: LiveRun, last: Entry) -> bool:
    """Whether what viewers have seen and a log that ends with ``last`` are one."""
    if live.head <= last.seq:
        return agree(live.forks, live.head, last.forks)
    return agree(last.forks, last.seq, live.forks)
