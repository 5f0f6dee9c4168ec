"""Who starts, watches and ends runs. A run is a task of its own, beside every response and inside none of them.

A response that stalls or breaks off changes nothing for the run. When the last viewer has left, here and everywhere, a
run goes on for a grace time and is then cancelled, so that nobody's quota is spent for nobody.
"""

import asyncio
import base64
import logging
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal, TypeAlias

from backend.errors import Conflict, Gone, InvalidRequest, NotFound, StorageError, Unavailable
from backend.pipeline import Pipeline, Question
from backend.runs.counters import Counters
from backend.runs.engine import Execution
from backend.runs.farewells import bye
from backend.runs.follower import Follower
from backend.runs.grace import Grace
from backend.runs.live import LiveRun, Viewer
from backend.runs.log import Claim, ClaimTaken, LeaseLost, Origin, RunLog, RunSummary, Signal
from backend.runs.values import encode_recipe
from backend.runs.writer import RunWriter
from shared import events as ev

_log = logging.getLogger(__name__)

OnDisconnect: TypeAlias = Literal["grace", "continue", "cancel"]
_DISK = "Free some disk space, or start the server with another --data-dir; then ask again."


@dataclass(frozen=True, slots=True)
class Limits:
    """Seconds, but ``runs``: how many may be under way at once; and ``take_over``: whether to go on with repeatable
    runs of dead processes, rather than to end them."""

    runs: int = 200
    deadline_s: float = 120.0
    grace_s: float = 30.0
    heartbeat_s: float = 10.0
    take_over: bool = False


@dataclass(slots=True)
class _Active:
    live: LiveRun
    execution: Execution
    writer: RunWriter
    pipeline: Pipeline
    grace: Grace | None
    task: "asyncio.Task[None]"


class RunManager:
    """Owns the tasks of all runs of this process.

    ``resources`` are those of each pipeline, by its name; ``clock`` gives now in UTC.
    """

    def __init__(
        self,
        log: RunLog,
        limits: Limits | None = None,
        *,
        resources: Mapping[str, Mapping[Any, Any]] | None = None,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self.log = log
        self.limits = limits or Limits()
        self.draining = False
        self.counters = Counters()
        self.unwritten: dict[str, RunWriter] = {}
        self._resources = resources or {}
        self._clock = clock
        self._active: dict[str, _Active] = {}
        self._viewers: set[Viewer] = set()
        self._follower = Follower(log, self._on_signal)
        self._following: asyncio.Task[None] | None = None

    @property
    def running(self) -> int:
        """How many runs are under way here."""
        return len(self._active)

    @property
    def watching(self) -> int:
        """How many viewers are here."""
        return len(self._viewers)

    @property
    def full(self) -> bool:
        return len(self._active) >= self.limits.runs

    def is_active(self, run: str) -> bool:
        return run in self._active

    def listen(self) -> None:
        """Begin to hear what other processes write and want. Idempotent; ``aclose`` ends it."""
        if self._following is None:
            self._following = asyncio.create_task(self._follower.run(), name="follow other processes")

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
        if claim is not None and (seen is not None or self.full) and (found := await self.log.claimed(claim.key)):
            return await self._join(*found, claim, seen)
        if claim is not None and seen is not None:
            raise Gone(f"Run {seen[0]}, which was asked for with this key, isn't here any more.", hint="Ask anew.")
        viewer = self.start(pipeline, question, on_disconnect=on_disconnect, claim=claim)
        try:
            await asyncio.shield(self._active[viewer.run].writer.born)
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
        if self.draining:
            raise Unavailable("The server is stopping.", hint="Ask again in a moment.", headers={"Retry-After": "2"})
        if self.full:
            detail = f"The server has {self.limits.runs} runs under way, as many as it may."
            raise Unavailable(detail, hint="Ask again in a moment.", headers={"Retry-After": "5"})
        run = new_run_id()
        summary = RunSummary(
            run=run, pipeline=pipeline.name, question=question.text, started_at=_rfc3339(self._clock())
        )
        keep = pipeline.repeatable and self.limits.take_over
        origin = Origin(claim=claim, recipe=encode_recipe(question, on_disconnect) if keep else None)
        writer = RunWriter(self.log, LiveRun(run), summary, self._failing(run), origin=origin)
        execution = Execution(
            pipeline,
            question,
            writer,
            clock=self._clock,
            deadline_s=self._deadline_s(pipeline),
            resources=self._resources.get(pipeline.name),
        )
        self._begin(pipeline, execution, writer, on_disconnect)
        self.counters.started += 1
        return self._watch(run, writer.live, 0)

    def _deadline_s(self, pipeline: Pipeline) -> float:
        return min(self.limits.deadline_s, pipeline.deadline_s or self.limits.deadline_s)

    def _begin(self, pipeline: Pipeline, execution: Execution, writer: RunWriter, on_disconnect: OnDisconnect) -> None:
        run, live = writer.summary.run, writer.live
        grace = None
        if on_disconnect != "continue":
            grace_s = 0.0 if on_disconnect == "cancel" else self.limits.grace_s
            grace = Grace(grace_s, lambda: self.log.watched(run), lambda: self._abandon(run))
            live.on_viewers = grace.count
        task = asyncio.create_task(self._run(execution, writer), name=f"run {run}")
        self._active[run] = _Active(live, execution, writer, pipeline, grace, task)

    async def _run(self, execution: Execution, writer: RunWriter) -> None:
        run = writer.summary.run
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(writer.write(), name=f"write {run}")
                if await _may_run(writer):
                    await execution.run()
                writer.close()
        except Exception:
            _log.exception("run %s broke off", run)
        finally:
            active = self._active.pop(run)
            if active.grace is not None:
                active.grace.close()
            self._settle(active)

    def _settle(self, active: _Active) -> None:
        """The run's task is over: who follows it from here, and what is still to be written."""
        writer = active.writer
        if isinstance(writer.failure, LeaseLost):
            self._follower.keep(active.live)
            self.listen()
            return
        active.live.finish()
        if writer.unwritten and writer.unwritten[0].seq > 1:
            self.unwritten[writer.summary.run] = writer
        if not isinstance(writer.failure, ClaimTaken):
            self.counters.finished[writer.summary.status] += 1

    # ---- watching

    async def attach(self, run: str, after: int = 0) -> Viewer:
        """Watch a run after event ``after``. Raises NotFound, and Gone for a number that the log doesn't have."""
        if (viewer := self._attach_here(run, after)) is not None:
            return viewer
        summary = await self._summary(run)
        entries = await self.log.read(run, after, 1)
        if after > summary.events or (entries and entries[0].seq != after + 1):
            raise _gone(run, after, entries[0].seq if entries else 1, summary.events)
        if (viewer := self._attach_here(run, after)) is not None:  # it became one of this process meanwhile
            return viewer
        if summary.status != "running":
            return self._watch(run, None, after, summary.events)
        self.listen()
        return self._watch(run, self._follower.follow(run, summary.events), after)

    def _attach_here(self, run: str, after: int) -> Viewer | None:
        active, unwritten = self._active.get(run), self.unwritten.get(run)
        writer = active.writer if active is not None else unwritten
        if writer is None:
            return None
        if after > writer.seq:
            raise _gone(run, after, 1, writer.seq)
        return self._watch(run, writer.live, after)

    def _watch(self, run: str, live: LiveRun | None, after: int, length: int = 0) -> Viewer:
        heartbeat_s = self.limits.heartbeat_s
        viewer = Viewer(run, self.log, live=live, after=after, heartbeat_s=heartbeat_s, length=length)
        self._viewers.add(viewer)
        return viewer

    def release(self, viewer: Viewer) -> None:
        """A viewer has left."""
        viewer.close()
        self._viewers.discard(viewer)

    async def _summary(self, run: str) -> RunSummary:
        summary = await self.log.summary(run)
        if summary is None:
            raise NotFound(f"There is no run {run!r} here.", hint="`windowseat runs` lists those that there are.")
        return summary

    # ---- ending

    async def cancel(self, run: str, by: str = "you") -> bool:
        """Stop a run, whichever process has it; False if it was over. Raises NotFound. Idempotent."""
        active = self._active.get(run)
        if active is not None:
            active.execution.stop("cancelled", _cancelled(by))
            return True
        await self._summary(run)
        return await self.log.ask_cancel(run)

    async def delete(self, run: str) -> None:
        """Forget a finished run. Raises NotFound, and Conflict for one that is under way."""
        if not await self.log.delete(run):
            await self._summary(run)
            raise Conflict(f"Run {run} is still under way.", hint="Cancel it first.")

    def _on_signal(self, signal: Signal) -> None:
        active = self._active.get(signal.run)
        if active is None:
            return
        if signal.kind == "cancel":
            active.execution.stop("cancelled", _cancelled("you"))
        elif active.grace is not None and not active.live.viewers:
            active.grace.restart()

    def _abandon(self, run: str) -> None:
        if (active := self._active.get(run)) is not None:
            active.execution.stop("cancelled", "Nobody watches any more; the run is cancelled.")

    def _failing(self, run: str) -> Callable[[StorageError], None]:
        return lambda error: self._on_storage_failure(run, error)

    def _on_storage_failure(self, run: str, error: StorageError) -> None:
        active = self._active.get(run)
        if isinstance(error, LeaseLost):
            _log.warning("run %s: %s", run, error)
            if active is not None:
                active.execution.stop("elsewhere")
            return
        _log.error("run %s: %s", run, error)
        self.counters.storage_errors += 1
        if active is not None:
            message = "The server can't write its run log"
            info = ev.ErrorInfo(code="storage", message=message, hint=_DISK, retryable=True)
            active.execution.stop("storage", error=info)

    def drain(self, retry_ms: int = 2000) -> None:
        """Take no more runs and send every viewer away; ``aclose`` ends what still runs."""
        self.draining = True
        for viewer in tuple(self._viewers):
            viewer.say_bye(bye("shutdown", retry_ms))

    async def aclose(self, grace_s: float) -> None:
        """Give runs ``grace_s`` to end, then end them as ``interrupted``. The log stays open: it is the caller's."""
        self.drain()
        tasks = [active.task for active in self._active.values()]
        if tasks:
            await asyncio.wait(tasks, timeout=grace_s)
        for active in tuple(self._active.values()):
            active.execution.stop("interrupted", "The server is stopping.")
        if tasks:
            await asyncio.wait(tasks)
        if self._following is not None:
            self._following.cancel()
            await asyncio.wait([self._following])
            self._following = None


def _cancelled(by: str) -> str:
    return f"Cancelled by {by}; finishing up."


async def _may_run(writer: RunWriter) -> bool:
    """Whether this run is the one for its key: decided before any step costs anything."""
    if writer.needs_claim:
        await asyncio.wait([writer.born])
    return not isinstance(writer.failure, ClaimTaken)


def new_run_id() -> str:
    """128 random bits in 26 characters of a-z2-7: knowing an id is what allows to watch and to cancel a run."""
    return base64.b32encode(secrets.token_bytes(16)).decode().rstrip("=").lower()


def _gone(run: str, after: int, oldest: int, head: int) -> Gone:
    detail = f"Run {run} has events {oldest} to {head}; none can follow number {after}."
    return Gone(detail, hint="Read it from the start.", extra={"oldest": oldest, "head": head})


def _rfc3339(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
