"""Who starts, watches and ends runs. A run is a task of its own, beside every response and inside none of them.

A response that stalls or breaks off changes nothing for the run. When the last viewer has left, here and everywhere, a
run goes on for a grace time and is then cancelled, so that nobody's quota is spent for nobody.
"""

import asyncio
import contextlib
import secrets
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from backend.errors import Conflict, Gone, InvalidRequest, StorageError, Unavailable
from backend.pipeline import Pipeline, Question
from backend.runs.counters import Counters
from backend.runs.farewells import SLOW, bye
from backend.runs.follower import Follower
from backend.runs.keeping import Keeper
from backend.runs.live import Viewer
from backend.runs.log import Claim, ClaimTaken, Origin, RunLog, RunSummary
from backend.runs.running import Limits, OnDisconnect, Running, Surroundings, cancelled_by
from backend.runs.takeover import TakeOver
from backend.runs.watching import Watching

ROOM_FOR_A_RUN = 64 * 1024
"""A disk that is full often still takes a word."""
_LETTERS = b"abcdefghijklmnopqrstuvwxyz234567" * 8
"""What each byte becomes in a run's id: 32 letters, each for as many bytes."""


class RunManager:
    """Owns the tasks of all runs of this process.

    ``pipelines`` are those whose runs may be taken over; ``resources`` are those of each, by its name; ``clock`` gives
    now in UTC.
    """

    def __init__(
        self,
        log: RunLog,
        limits: Limits | None = None,
        *,
        pipelines: Sequence[Pipeline] = (),
        resources: Mapping[str, Mapping[Any, Any]] | None = None,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self.log = log
        self.limits = limits or Limits()
        self.draining = False
        self.counters = Counters()
        self._clock = clock
        self._follower = Follower(log, lambda signal: self._runs.on_signal(signal))
        around = Surroundings(log, self.limits, resources or {}, clock)
        self._runs = Running(around, self._follower, self.counters)
        self._active = self._runs.active
        self._watching = Watching(log, self._follower, self._runs.writer_of, self.limits.heartbeat_s)
        by_name = {pipeline.name: pipeline for pipeline in pipelines}
        self._takeover = TakeOver(log, by_name, self._runs.go_on, lambda run: self._runs.writer_of(run) is not None)
        self._background: list[asyncio.Task[None]] = []
        self.attach = self._watching.attach
        self.release = self._watching.release
        self.summary = self._watching.summary

    @property
    def running(self) -> int:
        """How many runs are under way here."""
        return len(self._active)

    @property
    def viewers(self) -> int:
        """How many viewers are here."""
        return self._watching.count

    @property
    def events(self) -> int:
        """How many events this process has numbered."""
        return self.counters.events + sum(active.writer.emitted for active in self._active.values())

    @property
    def unwritten(self) -> int:
        """How many runs are over whose log doesn't have their end yet."""
        return len(self._runs.unwritten)

    @property
    def full(self) -> bool:
        return len(self._active) >= self.limits.runs

    async def open(self, *, retain_days: float, retain_runs: int) -> None:
        """Take over what is abandoned, and begin to listen to other processes and to keep house. Raises StorageError.
        ``aclose`` ends it."""
        await self.log.renew()
        keeper = Keeper(self.log, self._runs, self.take_over, retain_days=retain_days, retain_runs=retain_runs)
        self._background = [
            asyncio.create_task(self._follower.run(), name="follow other processes"),
            asyncio.create_task(keeper.run(), name="keep house"),
        ]
        await self.take_over()

    async def take_over(self) -> list[str]:
        """End, or go on with, runs whose process is gone. Returns their ids."""
        if self.draining:
            return []
        return await self._takeover.sweep(may_go_on=self.limits.take_over)

    # ---- beginning

    async def ask(
        self,
        pipeline: Pipeline,
        question: Question,
        *,
        on_disconnect: OnDisconnect = "grace",
        claim: Claim | None = None,
        seen: tuple[str, int] | None = None,
    ) -> Viewer:
        """Begin a run, or join the one that was asked for with the same ``claim``, after the event that the reader has
        ``seen``. Returns once the log has the run.

        Raises Conflict (another question has that key), Unavailable, Gone, InvalidRequest, StorageError.
        """
        self._refuse_when_draining()
        if claim is not None and (seen is not None or self.full) and (found := await self.log.claimed(claim.key)):
            return await self._join(*found, claim, seen)
        if claim is not None and seen is not None:
            raise Gone(f"Run {seen[0]}, which was asked for with this key, isn't here any more.", hint="Ask anew.")
        viewer = self.start(pipeline, question, on_disconnect=on_disconnect, claim=claim)
        try:
            await self._active[viewer.run].writer.born()
        except ClaimTaken as taken:
            self.release(viewer)
            assert claim is not None
            return await self._join(taken.run, taken.fingerprint, claim, seen)
        except BaseException:
            self.release(viewer)
            raise
        return viewer

    async def _join(self, run: str, fingerprint: str, claim: Claim, seen: tuple[str, int] | None) -> Viewer:
        if fingerprint != claim.fingerprint:
            detail = "This Idempotency-Key was used for another question."
            raise Conflict(detail, hint="Send a new key with each new question.")
        if seen is not None and seen[0] != run:
            raise InvalidRequest("The Last-Event-ID isn't one of the run that was asked for with this key.")
        self.counters.joined += 1
        return await self.attach(run, seen[1] if seen else 0)

    def start(
        self,
        pipeline: Pipeline,
        question: Question,
        *,
        on_disconnect: OnDisconnect = "grace",
        claim: Claim | None = None,
    ) -> Viewer:
        """Begin a run and watch it from its first event. Raises Unavailable when draining or full."""
        self._refuse_when_draining()
        if self.full:
            detail = f"The server has {self.limits.runs} runs under way, as many as it may."
            raise Unavailable(detail, hint="Ask again in a moment.", headers={"Retry-After": "5"})
        summary = RunSummary(
            run=new_run_id(), pipeline=pipeline.name, question=question.text, started_at=_rfc3339(self._clock())
        )
        live = self._runs.begin(pipeline, question, summary, on_disconnect, Origin(claim=claim))
        return self._watching.watch(summary.run, live, 0)

    def _refuse_when_draining(self) -> None:
        if self.draining:
            raise Unavailable("The server is stopping.", hint="Ask again in a moment.", headers={"Retry-After": "2"})

    async def watch(self, run: str, after: int = 0, forks: str = "") -> Viewer:
        """``attach`` for a stream: raises Unavailable when draining, besides."""
        self._refuse_when_draining()
        return await self.attach(run, after, forks)

    async def check(self) -> None:
        """Raises StorageError unless the log can be written; once it has refused a run, as much as a run needs."""
        await self.log.check(ROOM_FOR_A_RUN if self._runs.refused else 1)
        self._runs.refused = False

    # ---- ending

    async def cancel(self, run: str, by: str = "you") -> bool:
        """Stop a run, whichever process has it; False if it was over. Raises NotFound. Idempotent."""
        if self._runs.stop(run, "cancelled", cancelled_by(by)):
            return True
        await self.summary(run)
        return await self.log.ask_cancel(run)

    async def delete(self, run: str) -> None:
        """Forget a finished run. Raises NotFound, and Conflict for one that is under way."""
        if not await self.log.delete(run):
            await self.summary(run)
            raise Conflict(f"Run {run} is still under way.", hint="Cancel it first.")

    def give_up(self, viewer: Viewer) -> bytes:
        """A viewer takes nothing: the farewell to send it. It gets nothing else."""
        self.counters.slow += 1
        viewer.say_bye(b"")
        return SLOW

    def drain(self, retry_ms: int = 2000) -> None:
        """Take no more runs and send every viewer away; ``aclose`` ends what still runs."""
        self.draining = True
        self._watching.send_away(bye("shutdown", retry_ms))

    async def aclose(self, grace_s: float) -> None:
        """Give runs ``grace_s`` to end, then hand over those that another process can go on with and end the others as
        ``interrupted``. The log stays open: it is the caller's."""
        self.drain()
        tasks = [active.task for active in self._active.values()]
        if tasks:
            await asyncio.wait(tasks, timeout=grace_s)
        leaving = self._runs.stop_all(others=await self._others_live())
        if tasks:
            await asyncio.wait(tasks)
        for run in leaving:
            with contextlib.suppress(StorageError):  # then its lease runs out
                await self.log.hand_over(run)
                self.counters.handed_over += 1
        for task in self._background:
            task.cancel()
        if self._background:
            await asyncio.wait(self._background)
        self._background = []

    async def _others_live(self) -> bool:
        if not self._active or not self.limits.take_over:
            return False
        try:
            return await self.log.others() > 0
        except StorageError:
            return False


def new_run_id() -> str:
    """130 random bits in 26 characters of a-z2-7: knowing an id is what allows to watch and to cancel a run."""
    return secrets.token_bytes(26).translate(_LETTERS).decode()


def _rfc3339(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


__all__ = ["Limits", "RunManager", "new_run_id"]
