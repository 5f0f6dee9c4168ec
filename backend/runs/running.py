"""The runs under way in this process: a task for each, who writes it, how long it goes on for nobody, how it stops."""

import asyncio
import logging
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Literal, TypeAlias

import msgspec

from backend.errors import StorageError
from backend.pipeline import Pipeline, Question
from backend.runs.counters import Counters
from backend.runs.ending import STOPPING
from backend.runs.engine import Execution, Past
from backend.runs.farewells import LOST
from backend.runs.follower import Follower
from backend.runs.forks import agree
from backend.runs.grace import Grace
from backend.runs.live import LiveRun
from backend.runs.log import Adopted, LeaseLost, Origin, RunLog, RunSummary, Signal
from backend.runs.values import Recipe, encode_recipe
from backend.runs.writer import RunWriter
from shared import events as ev

_log = logging.getLogger(__name__)

OnDisconnect: TypeAlias = Literal["grace", "continue", "cancel"]
_LEAST_DEADLINE_S = 1.0


class Limits(msgspec.Struct, frozen=True):
    """Seconds, but ``runs``: how many may be under way at once; and ``take_over``: whether repeatable runs of a process
    that ended go on in another one, rather than end with it. ``stall_s`` is how long a viewer may take nothing."""

    runs: int = 200
    deadline_s: float = 120.0
    grace_s: float = 30.0
    heartbeat_s: float = 10.0
    stall_s: float = 30.0
    take_over: bool = False


class Active(msgspec.Struct):
    """A run under way."""

    execution: Execution
    writer: RunWriter
    pipeline: Pipeline
    grace: Grace | None
    task: "asyncio.Task[None]"

    @property
    def live(self) -> LiveRun:
        return self.writer.live


class Surroundings(msgspec.Struct, frozen=True):
    """What every run of a process needs: resources by the pipeline's name, and the time in UTC."""

    log: RunLog
    limits: Limits
    resources: Mapping[str, Mapping[Any, Any]]
    clock: Callable[[], datetime]


class Running:
    """Begins, keeps and stops runs. ``unwritten`` are those that are over, and whose log doesn't have their end yet;
    ``refused`` is whether the log has refused one since somebody last looked."""

    def __init__(self, around: Surroundings, follower: Follower, counters: Counters) -> None:
        self.active: dict[str, Active] = {}
        self.unwritten: dict[str, RunWriter] = {}
        self.refused = False
        self._around = around
        self._follower = follower
        self._counters = counters

    def writer_of(self, run: str) -> RunWriter | None:
        """The writer of a run whose newest events are in this process's memory."""
        active = self.active.get(run)
        return active.writer if active is not None else self.unwritten.get(run)

    def begin(
        self, pipeline: Pipeline, question: Question, summary: RunSummary, on_disconnect: OnDisconnect, origin: Origin
    ) -> LiveRun:
        """Begin a new run; ``origin`` gets a recipe if others may have to go on with it."""
        if pipeline.repeatable and self._around.limits.take_over:
            origin = Origin(claim=origin.claim, recipe=encode_recipe(question, on_disconnect))
        return self._begin(pipeline, Recipe(question, on_disconnect), LiveRun(summary.run), summary, origin).live

    def go_on(self, pipeline: Pipeline, recipe: Recipe, adopted: Adopted, past: Past) -> None:
        """Go on with a run that another process had begun; its viewers here follow this process from now on.

        Raises msgspec.MsgspecError or KeyError for a past that isn't one of this pipeline.
        """
        run = adopted.summary.run
        live = LiveRun(run, past.events[-1].seq, forks=adopted.forks)
        active = self._begin(pipeline, recipe, live, adopted.summary, Origin(recipe=adopted.recipe), past)
        if active.grace is not None:
            active.grace.wait_for_viewers(self._around.limits.grace_s)
        followed = self._follower.let_go(run)
        if followed is not None and not _has_all_of(past, adopted.forks, followed):
            followed.say_bye(LOST)
            followed.finish()
        for viewer in tuple(followed.viewers) if followed is not None and not followed.finished else ():
            viewer.move(live)
        self._counters.recovered += 1

    def _begin(
        self,
        pipeline: Pipeline,
        recipe: Recipe,
        live: LiveRun,
        summary: RunSummary,
        origin: Origin,
        past: Past | None = None,
    ) -> Active:
        run, limits, log = summary.run, self._around.limits, self._around.log
        deadline_s, spent_ms = min(limits.deadline_s, pipeline.deadline_s or limits.deadline_s), 0
        if past is not None:
            spent_ms = past.events[-1].t
            deadline_s = max(_LEAST_DEADLINE_S, deadline_s - spent_ms / 1000)
        writer = RunWriter(log, live, summary, self._on_failure(run), origin=origin, t=spent_ms)
        execution = Execution(
            pipeline,
            recipe.question,
            writer,
            clock=self._around.clock,
            deadline_s=deadline_s,
            resources=self._around.resources.get(pipeline.name),
            past=past,
        )
        grace = None
        if recipe.on_disconnect != "continue":
            grace_s = 0.0 if recipe.on_disconnect == "cancel" else limits.grace_s
            grace = Grace(grace_s, lambda: log.watched(run), lambda: self.abandon(run))
            live.on_viewers = grace.count
        task = asyncio.create_task(self._run(execution, writer), name=f"run {run}")
        self.active[run] = active = Active(execution, writer, pipeline, grace, task)
        return active

    async def _run(self, execution: Execution, writer: RunWriter) -> None:
        run = writer.summary.run
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(writer.write(), name=f"write {run}")
                if await execution.may_run():
                    self._counters.started += writer.seq == writer.emitted  # else another process had begun it
                    await execution.run()
                writer.close()
        except Exception:
            _log.exception("run %s broke off", run)
        finally:
            active = self.active.pop(run)
            if active.grace is not None:
                active.grace.close()
            self._settle(writer)

    def _settle(self, writer: RunWriter) -> None:
        """The run's task is over: who follows it from here, and what is still to be written."""
        self._counters.events += writer.emitted
        if isinstance(writer.failure, LeaseLost):
            self._follower.keep(writer.live)
            return
        writer.live.finish()
        if writer.unwritten and writer.unwritten[0].seq > 1:
            self.unwritten[writer.summary.run] = writer
        if writer.summary.status != "running":
            self._counters.finished[writer.summary.status] += 1

    # ---- stopping

    def stop(self, run: str, ending: Literal["cancelled", "elsewhere"], text: str | None = None) -> bool:
        """Stop a run; False if it isn't under way here."""
        active = self.active.get(run)
        if active is not None:
            active.execution.stop(ending, text)
        return active is not None

    def abandon(self, run: str) -> None:
        """Nobody watches a run any more, anywhere."""
        self.stop(run, "cancelled", "Nobody watches any more; the run is cancelled.")

    def stop_all(self, *, others: bool) -> list[str]:
        """End every run. Returns those that other processes may go on with: they end here without a word."""
        leaving = []
        for run, active in tuple(self.active.items()):
            if others and active.writer.keeps_values and not active.execution.stopping:
                leaving.append(run)
                active.execution.stop("elsewhere")
            else:
                active.execution.stop("interrupted", STOPPING)
        return leaving

    def on_signal(self, signal: Signal) -> None:
        """What another process wants of a run."""
        active = self.active.get(signal.run)
        if active is None:
            return
        if signal.kind == "cancel":
            active.execution.stop("cancelled", cancelled_by("you"))
        elif active.grace is not None and not active.live.viewers:
            active.grace.restart()

    def _on_failure(self, run: str) -> Callable[[StorageError], None]:
        def fail(error: StorageError) -> None:
            if isinstance(error, LeaseLost):
                _log.warning("run %s: %s", run, error)
                self.stop(run, "elsewhere")
                return
            _log.error("run %s: %s", run, error)
            self._counters.storage_errors += 1
            self.refused = True
            if (active := self.active.get(run)) is not None:
                info = ev.ErrorInfo(
                    code="storage",
                    message="The server can't write its run log",
                    hint="Whoever runs the server finds the reason in its own log. Ask again when it is mended.",
                    retryable=True,
                )
                active.execution.stop("storage", error=info)

        return fail


def _has_all_of(past: Past, forks: str, followed: LiveRun) -> bool:
    """Whether the log has what viewers have seen: a store may have lost it together with the process that wrote it."""
    if followed.head > len(past.events) or not agree(followed.forks, followed.head, forks):
        return False
    return followed.last is None or ev.decode_event(followed.last) == past.events[followed.head - 1]


def cancelled_by(whom: str) -> str:
    """What a run says when somebody cancels it."""
    return f"Cancelled by {whom}; finishing up."
