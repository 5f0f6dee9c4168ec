"""AG-UI over random runs: brackets as its rules want them, patches that apply, a prelude that equals what it joins."""

import asyncio
import copy
from collections.abc import Sequence
from typing import Any

import pytest
from ag_ui.core import Event, EventType
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter

from backend.http.agui.mapping import AguiMapping
from backend.runs.manager import RunManager
from backend.runs.sqlite import MEMORY, SQLiteRunLog
from shared import events as ev
from tests.asked_runs import log_events, read_all
from tests.random_pipelines import QUESTION, Plan, build, plans

_EVENTS: TypeAdapter[Any] = TypeAdapter(Event)


class Reader:
    """What an AG-UI client holds. Raises AssertionError for what the protocol forbids."""

    def __init__(self) -> None:
        self.texts: dict[str, str] = {}
        self.activities: dict[str, Any] = {}
        self.state: Any = None
        self.open: set[str] = set()
        self.steps: set[str] = set()
        self.began = self.ended = False

    def read(self, event: dict[str, Any]) -> None:
        assert self.began != (event["type"] == EventType.RUN_STARTED), "RUN_STARTED is first, and once"
        assert not self.ended, "nothing follows the end"
        match event["type"]:
            case EventType.RUN_STARTED:
                self.began = True
            case EventType.STEP_STARTED:
                assert event["stepName"] not in self.steps
                self.steps.add(event["stepName"])
            case EventType.STEP_FINISHED:
                self.steps.remove(event["stepName"])
            case EventType.RUN_FINISHED | EventType.RUN_ERROR:
                assert not self.open, "every message is closed before the end"
                assert not self.steps, "every step is closed before the end"
                self.ended = True
            case _:
                self._read_content(event)

    def _read_content(self, event: dict[str, Any]) -> None:
        match event["type"]:
            case EventType.REASONING_START | EventType.REASONING_END:
                assert event["messageId"] not in self.open, "a span stands around its message"
            case EventType.TEXT_MESSAGE_START | EventType.REASONING_MESSAGE_START:
                assert event["messageId"] not in self.texts
                self.texts[event["messageId"]] = ""
                self.open.add(event["messageId"])
            case EventType.TEXT_MESSAGE_CONTENT | EventType.REASONING_MESSAGE_CONTENT:
                assert event["messageId"] in self.open
                self.texts[event["messageId"]] += event["delta"]
            case EventType.TEXT_MESSAGE_END | EventType.REASONING_MESSAGE_END:
                self.open.remove(event["messageId"])
            case EventType.STATE_SNAPSHOT:
                self.state = event["snapshot"]
            case EventType.STATE_DELTA:
                patched(self.state, event["delta"])
            case EventType.ACTIVITY_SNAPSHOT:
                self.activities[event["messageId"]] = event["content"]
            case EventType.ACTIVITY_DELTA:
                patched(self.activities[event["messageId"]], event["patch"])
            case other:
                raise AssertionError(other)


def patched(document: Any, patch: Sequence[dict[str, Any]]) -> None:
    """``patch`` (RFC 6902, add and remove) applied in place; a path that leads nowhere is an error."""
    for operation in patch:
        *parents, last = [part.replace("~1", "/").replace("~0", "~") for part in operation["path"].split("/")[1:]]
        target = document
        for part in parents:
            target = target[part]
        if operation["op"] == "remove":
            del target[last]
        elif isinstance(target, list):
            assert last == "-"
            target.append(operation["value"])
        else:
            target[last] = operation["value"]


def dumped(events: Sequence[Any]) -> list[dict[str, Any]]:
    """As the wire has them, each judged by the protocol's own models."""
    whole = [copy.deepcopy(event.model_dump(mode="json", by_alias=True)) for event in events]
    for event in whole:
        _EVENTS.validate_python(event)
    return whole


async def a_log(steps: list[Plan], cancel_after: int | None = None) -> list[ev.LogEvent]:
    log = SQLiteRunLog(MEMORY)
    manager = RunManager(log)
    viewer = manager.start(build(steps), QUESTION)
    if cancel_after is not None:
        for _ in range(cancel_after):
            await asyncio.sleep(0)
        await manager.cancel(viewer.run)
    await read_all(viewer)
    manager.release(viewer)
    events = await log_events(log, viewer.run)
    await manager.aclose(5.0)
    await log.aclose()
    return events


@pytest.mark.slow
@pytest.mark.timeout(120)
@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow])
@given(plans(), st.none() | st.integers(0, 25))
def test_any_run_reads_as_ag_ui_and_so_does_joining_it_after_any_event(
    steps: list[Plan], cancel_after: int | None
) -> None:
    events = asyncio.run(a_log(steps, cancel_after))
    whole, mapping = Reader(), AguiMapping("thread", "run")
    for event in events:
        for told in dumped(mapping.feed(event)):
            whole.read(told)
    assert whole.ended
    for cursor in range(1, len(events) + 1):
        joined, mapping = Reader(), AguiMapping("thread", "run")
        for event in events[:cursor]:
            mapping.feed(event)
        for told in dumped(mapping.prelude()):
            joined.read(told)
        for event in events[cursor:]:
            for told in dumped(mapping.feed(event)):
                joined.read(told)
        assert joined.ended
        assert joined.state == whole.state
        assert joined.activities == whole.activities
        assert joined.texts == whole.texts


def test_a_stream_that_breaks_off_closes_its_brackets_and_says_that_the_run_goes_on() -> None:
    mapping = AguiMapping("thread", "run")
    reader = Reader()
    plan = (ev.PlanStep(id="a", title="A"),)
    begin = ev.RunStarted(
        seq=1, t=0, v=1, run="r", pipeline="p", title="T", question="q", started_at="now", plan=plan, columns=()
    )
    told = [
        *mapping.feed(begin),
        *mapping.feed(ev.StepStarted(seq=2, t=1, step="a", attempt=1, say="A…")),
        *mapping.feed(ev.StepToken(seq=3, t=2, step="a", attempt=1, text="Hm", kind="reasoning")),
        *mapping.feed(ev.StepToken(seq=4, t=2, step="a", attempt=1, text="hal")),
        *mapping.broken("cut", "disconnected"),
    ]
    for event in dumped(told):
        reader.read(event)
    assert reader.ended
    assert told[-1].type == EventType.RUN_ERROR
    assert reader.texts == {"r:a:1:reasoning": "Hm", "r:a:1": "hal"}


def test_events_of_another_time_change_nothing() -> None:
    mapping = AguiMapping("thread", "run")
    begin = ev.RunStarted(
        seq=1, t=0, v=1, run="r", pipeline="p", title="T", question="q", started_at="now", plan=(), columns=()
    )
    assert mapping.prelude() == []
    assert len(mapping.feed(begin)) == 3
    assert mapping.feed(begin) == []
    assert mapping.feed(ev.UnknownEvent(type="run.sang", seq=2, t=3)) == []
