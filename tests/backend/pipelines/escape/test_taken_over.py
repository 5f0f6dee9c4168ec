"""A run of the real pipeline, cut off after any of its events and gone on with by another server: the answer is the
same, and what had ended isn't done again."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import datetime

import msgspec
import pytest

from backend.config import Config
from backend.pipeline import Question
from backend.resources import open_resources
from backend.runs.log import Entry, Origin, RunSummary
from backend.runs.manager import Limits, RunManager
from backend.runs.sqlite import MEMORY, SQLiteRunLog
from shared import events as ev
from shared.view import RunView, fold_all
from tests.asked_runs import log_events, read_all, until
from tests.escape_runs import PIPELINE, SUNDAY_NOON
from tests.invariants import check_log

QUESTION = Question("somewhere hot tomorrow, under 5 hours, from New York", {"tz": "America/New_York"}, "192.0.2.7")
LIMITS = Limits(take_over=True)


class Remembering(SQLiteRunLog):
    """Knows what was appended, and what was kept with it."""

    def __init__(self) -> None:
        super().__init__(MEMORY)
        self.entries: list[Entry] = []
        self.values: list[tuple[int, str, bytes]] = []
        self.origin = Origin()

    async def append(
        self,
        summary: RunSummary,
        entries: Sequence[Entry],
        *,
        origin: Origin | None = None,
        values: Mapping[str, bytes] | None = None,
    ) -> None:
        self.origin = origin or self.origin
        for entry in entries:
            self.entries.append(entry)
            event = ev.decode_event(entry.data)
            if isinstance(event, ev.StepFinished) and event.step in (values or {}):
                self.values.append((entry.seq, event.step, (values or {})[event.step]))
        await super().append(summary, entries, origin=origin, values=values)


def clock() -> datetime:
    return SUNDAY_NOON


def answer(view: RunView) -> object:
    """What a person is told at the end: not how often a step began, nor how long it took."""
    steps = [(step.id, step.state, step.say) for step in view.steps]  # details name evidence, which is counted
    rows = {row.id: (row.cells, row.state, row.why) for row in view.rows}
    return view.state, view.say, view.order, steps, rows


@pytest.mark.timeout(120)
async def test_the_answer_is_the_same_wherever_it_was_cut_off() -> None:
    async with open_resources((PIPELINE,), Config(offline=True)) as resources:
        log = Remembering()
        manager = RunManager(log, LIMITS, resources=resources, clock=clock)
        viewer = manager.start(PIPELINE, QUESTION)
        await read_all(viewer)
        manager.release(viewer)
        await until(lambda: manager.running == 0)
        summary = await log.summary(viewer.run)
        assert summary is not None
        whole = fold_all(await log_events(log, viewer.run))
        assert {step for _, step, _ in log.values} == {step.id for step in PIPELINE.steps}
        for cut in range(1, len(log.entries)):
            there = msgspec.structs.replace(summary, status="running", events=cut, ms=None)
            values = {step: value for seq, step, value in log.values if seq <= cut}
            events = await taken_over(resources, there, log.entries[:cut], log.origin, values)
            check_log(events)
            begun = [event.step for event in events[cut:] if isinstance(event, ev.StepStarted)]
            assert not set(begun) & set(values), "what had ended isn't done again"
            assert answer(fold_all(events)) == answer(whole), f"cut off after event {cut}"
        await manager.aclose(0)
        await log.aclose()


async def taken_over(
    resources: Mapping[str, Mapping[object, object]],
    summary: RunSummary,
    entries: Sequence[Entry],
    origin: Origin,
    values: Mapping[str, bytes],
) -> list[ev.LogEvent]:
    log = SQLiteRunLog(MEMORY)
    await log.append(summary, entries, origin=origin, values=values)
    await log.hand_over(summary.run)
    manager = RunManager(log, LIMITS, pipelines=[PIPELINE], resources=resources, clock=clock)
    assert await manager.take_over() == [summary.run]
    async with asyncio.timeout(20):
        await asyncio.wait([active.task for active in manager._active.values()])
    events = await log_events(log, summary.run)
    await manager.aclose(0)
    await log.aclose()
    return events
