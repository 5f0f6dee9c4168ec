"""Who starts, watches and ends runs. A run is a task of its own, beside every response and inside none of them.

A response that stalls or breaks off changes nothing for the run. When the last viewer has left, a run goes on for a
grace time and is then cancelled, so that nobody's quota is spent for nobody.
"""

import asyncio
import base64
import logging
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

from backend.errors import NotFound, StorageError, Unavailable
from backend.pipeline import Pipeline, Question
from backend.runs.engine import Execution
from backend.runs.live import LiveRun, Viewer
from backend.runs.log import RunLog, RunSummary
from backend.runs.writer import RunWriter
from shared import events as ev
from shared.encoding import encode_frame

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Limits:
    """Seconds, but ``runs``: how many may be under way at once."""

    runs: int = 200
    deadline_s: float = 120.0
    grace_s: float = 30.0
    heartbeat_s: float = 10.0


@dataclass(slots=True)
class _Active:
    live: LiveRun
    execution: Execution
    task: "asyncio.Task[None]"
    abandon: asyncio.TimerHandle | None = None


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
        self._resources = resources or {}
        self._clock = clock
        self._active: dict[str, _Active] = {}
        self._viewers: set[Viewer] = set()

    @property
    def running(self) -> int:
        """How many runs are under way here."""
        return len(self._active)

    def start(
        self, pipeline: Pipeline, question: Question, *, on_disconnect: Literal["grace", "continue", "cancel"] = "grace"
    ) -> Viewer:
        """Begin a run and watch it from its first event. Raises Unavailable when draining or full."""
        if self.draining:
            raise Unavailable("The server is stopping.", hint="Ask again in a moment.", headers={"Retry-After": "2"})
        if len(self._active) >= self.limits.runs:
            detail = f"The server has {self.limits.runs} runs under way, as many as it may."
            raise Unavailable(detail, hint="Ask again in a moment.", headers={"Retry-After": "5"})
        run = new_run_id()
        live = LiveRun(run)
        summary = RunSummary(
            run=run, pipeline=pipeline.name, question=question.text, started_at=_rfc3339(self._clock())
        )
        writer = RunWriter(self.log, live, summary, on_failure=lambda error: self._on_storage_failure(run, error))
        deadline_s = min(self.limits.deadline_s, pipeline.deadline_s or self.limits.deadline_s)
        execution = Execution(
            pipeline,
            question,
            writer,
            clock=self._clock,
            deadline_s=deadline_s,
            resources=self._resources.get(pipeline.name),
        )
        task = asyncio.create_task(self._run(execution, writer), name=f"run {run}")
        self._active[run] = _Active(live, execution, task)
        if on_disconnect != "continue":
            grace_s = 0.0 if on_disconnect == "cancel" else self.limits.grace_s
            live.on_viewers = lambda count: self._on_viewers(run, count, grace_s)
        return self._watch(run, live, 0)

    async def attach(self, run: str, after: int = 0) -> Viewer:
        """Watch a run after event ``after``. Raises NotFound, also for a number that the log hasn't reached."""
        active = self._active.get(run)
        head = active.live.head if active is not None else await self._length(run)
        if after > head:
            raise NotFound(f"Run {run} has {head} events so far, none after number {after}.")
        return self._watch(run, active.live if active else None, after)

    async def cancel(self, run: str, by: str = "you") -> bool:
        """Stop a run; False if it was over. Raises NotFound. Idempotent."""
        active = self._active.get(run)
        if active is None:
            await self._length(run)
            return False
        active.execution.stop("cancelled", f"Cancelled by {by}; finishing up.")
        return True

    def release(self, viewer: Viewer) -> None:
        """A viewer has left."""
        viewer.close()
        self._viewers.discard(viewer)

    def drain(self, retry_ms: int = 2000) -> None:
        """Take no more runs and send every viewer away; ``aclose`` ends what still runs."""
        self.draining = True
        bye = ev.encode_event(ev.StreamBye(reason="shutdown", retry_ms=retry_ms)).decode()
        for viewer in tuple(self._viewers):
            viewer.say_bye(encode_frame(bye, retry=retry_ms))

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

    async def _length(self, run: str) -> int:
        summary = await self.log.summary(run)
        if summary is None:
            raise NotFound(f"There is no run {run!r} here.", hint="`windowseat runs` lists those that there are.")
        return summary.events

    def _watch(self, run: str, live: LiveRun | None, after: int) -> Viewer:
        viewer = Viewer(run, self.log, live=live, after=after, heartbeat_s=self.limits.heartbeat_s)
        self._viewers.add(viewer)
        return viewer

    async def _run(self, execution: Execution, writer: RunWriter) -> None:
        run = writer.summary.run
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(writer.write(), name=f"write {run}")
                await execution.run()
                writer.close()
        except Exception:
            _log.exception("run %s broke off", run)
        finally:
            active = self._active.pop(run)
            if active.abandon is not None:
                active.abandon.cancel()
            active.live.finish()

    def _on_viewers(self, run: str, count: int, grace_s: float) -> None:
        active = self._active.get(run)
        if active is None:
            return
        if active.abandon is not None:
            active.abandon.cancel()
            active.abandon = None
        if count == 0:
            text = "Nobody watches any more; the run is cancelled."
            stop = active.execution.stop
            active.abandon = asyncio.get_running_loop().call_later(grace_s, stop, "cancelled", text)

    def _on_storage_failure(self, run: str, error: StorageError) -> None:
        _log.error("run %s: %s", run, error)
        if (active := self._active.get(run)) is not None:
            info = ev.ErrorInfo(
                code="storage",
                message="The server can't write its run log",
                hint="Free some disk space, or start the server with another --data-dir; then ask again.",
                retryable=True,
            )
            active.execution.stop("storage", error=info)


def new_run_id() -> str:
    """128 random bits in 26 characters of a-z2-7: knowing an id is what allows to watch and to cancel a run."""
    return base64.b32encode(secrets.token_bytes(16)).decode().rstrip("=").lower()


def _rfc3339(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
