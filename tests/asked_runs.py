"""Runs in tests: a pipeline asked through a real manager and a real log, and what was seen of it."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from backend.pipeline import Pipeline, Question, Step
from backend.runs.live import Viewer
from backend.runs.log import Entry, RunLog, RunSummary
from backend.runs.manager import Limits, RunManager
from backend.runs.sqlite import MEMORY, SQLiteRunLog
from shared import events as ev
from shared.frames import FrameParser
from shared.view import RunView, fold_all
from tests.invariants import check_log

E = TypeVar("E", bound=ev.Event)
QUESTION = Question("what now?")
COLUMNS = (ev.Column(key="n", label="n", kind="integer"),)


@dataclass(frozen=True)
class First:
    """A value that a step returns; so are the other two."""

    n: int = 0


@dataclass(frozen=True)
class Second:
    n: int = 0


@dataclass(frozen=True)
class Third:
    n: int = 0


def pipeline_of(*steps: Step, name: str = "test", **fields: Any) -> Pipeline:
    return Pipeline(name=name, title="Test", columns=COLUMNS, steps=steps, **fields)


@dataclass(frozen=True)
class Story:
    """A run that is over: the bytes that its viewer got, the events of its log and its summary."""

    seen: bytes
    events: list[ev.LogEvent]
    summary: RunSummary

    def all(self, kind: type[E]) -> list[E]:
        return [event for event in self.events if isinstance(event, kind)]

    def ends(self, step: str) -> list[ev.StepFinished]:
        """How the attempts of ``step`` ended."""
        return [event for event in self.all(ev.StepFinished) if event.step == step]

    @property
    def finished(self) -> ev.RunFinished:
        (event,) = self.all(ev.RunFinished)
        return event

    @property
    def view(self) -> RunView:
        return fold_all(self.events)


def frames_of(data: bytes) -> list[ev.WireEvent]:
    """The events in a stream, heartbeats left out."""
    return [ev.decode_event(frame.data) for frame in FrameParser().feed(data)]


async def read_all(viewer: Viewer) -> bytes:
    """All that a viewer gets, up to its end."""
    seen = b""
    while (block := await viewer.take()) is not None:
        seen += block
    return seen


async def log_events(log: RunLog, run: str) -> list[ev.LogEvent]:
    events: list[ev.LogEvent] = []
    for entry in await log.read(run, 0, 1 << 30):
        event = ev.decode_event(entry.data)
        assert not isinstance(event, ev.StreamSnapshot | ev.StreamBye)
        events.append(event)
    return events


@contextlib.asynccontextmanager
async def managed(
    limits: Limits | None = None,
    *,
    folder: Path | str = MEMORY,
    resources: Mapping[str, Mapping[Any, Any]] | None = None,
) -> AsyncIterator[RunManager]:
    """A manager on a log of its own; nothing of either may be left when the block ends."""
    before = asyncio.all_tasks()
    log = SQLiteRunLog(folder)
    manager = RunManager(log, limits, resources=resources)
    try:
        yield manager
    finally:
        await manager.aclose(0.0)
        await log.aclose()
        left = asyncio.all_tasks() - before
        assert not left, f"tasks left behind: {left}"


async def ask(
    pipeline: Pipeline,
    limits: Limits | None = None,
    *,
    resources: Mapping[Any, Any] | None = None,
    meanwhile: Callable[[RunManager, str], Any] | None = None,
) -> Story:
    """Run ``pipeline`` to its end, check PROTOCOL.md's invariants, and tell. ``meanwhile`` is awaited once it runs."""
    async with managed(limits, resources={pipeline.name: resources or {}}) as manager:
        viewer = manager.start(pipeline, QUESTION)
        if meanwhile is not None:
            await meanwhile(manager, viewer.run)
        seen = await read_all(viewer)
        manager.release(viewer)
        await until(lambda: manager.running == 0)
        events = await log_events(manager.log, viewer.run)
        summary = await manager.log.summary(viewer.run)
        assert summary is not None
        check_log(events)
        assert frames_of(seen) == events, "a viewer sees what the log has"
        return Story(seen, events, summary)


async def until(condition: Callable[[], bool], turns: int = 100_000) -> None:
    """Give others their turn until ``condition`` holds."""
    for _ in range(turns):
        if condition():
            return
        await asyncio.sleep(0)
    raise AssertionError("it never came to that")


def entries(count: int, first: int = 1, size: int = 2) -> list[Entry]:
    """Entries of a log whose content doesn't matter."""
    return [Entry(seq, b"{" + b" " * (size - 2) + b"}") for seq in range(first, first + count)]


def summary_of(run: str, events: int = 0, status: str = "running") -> RunSummary:
    return RunSummary(
        run=run, pipeline="test", question="q", started_at="2026-11-22T00:00:00.000Z", status=status, events=events
    )


def numbers(found: Sequence[Entry]) -> list[int]:
    return [entry.seq for entry in found]
