"""Who starts, watches and ends runs: limits, grace, cancelling, draining."""

import asyncio
import logging
import re
from collections.abc import Sequence
from typing import Any

import pytest

from backend.errors import Gone, NotFound, Unavailable
from backend.pipeline import Context, Pipeline, Step
from backend.runs.live import Viewer
from backend.runs.log import Entry, RunSummary
from backend.runs.manager import Limits, RunManager, new_run_id
from backend.runs.sqlite import MEMORY, SQLiteRunLog
from shared import events as ev
from tests.asked_runs import QUESTION, First, frames_of, managed, pipeline_of, read_all, until
from tests.invariants import check_log


class Endless:
    """A pipeline that goes on until it is stopped, and tells whether it was, or until it may end."""

    def __init__(self) -> None:
        self.may_end = asyncio.Event()
        self.stopped = 0

    @property
    def pipeline(self) -> Pipeline:
        async def run(ctx: Context) -> First:
            try:
                await self.may_end.wait()
            except asyncio.CancelledError:
                self.stopped += 1
                raise
            return First()

        return pipeline_of(Step("a", "A", run))


async def story(manager: RunManager, run: str) -> list[Any]:
    """The events of a run, from the log, when it is over."""
    await until(lambda: run not in manager._active)
    viewer = await manager.attach(run)
    events = frames_of(await read_all(viewer))
    manager.release(viewer)
    check_log(events)  # type: ignore[arg-type]  # no event of a connection among them
    return events


async def test_run_ids_are_long_random_and_plain() -> None:
    ids = {new_run_id() for _ in range(1000)}
    assert len(ids) == 1000
    assert all(re.fullmatch("[a-z2-7]{26}", run) for run in ids)


async def test_several_viewers_read_the_same_run() -> None:
    endless = Endless()
    async with managed() as manager:
        first = manager.start(endless.pipeline, QUESTION)
        viewers = [first, *[await manager.attach(first.run) for _ in range(3)]]
        endless.may_end.set()
        seen = await asyncio.gather(*map(read_all, viewers))
        for viewer in viewers:
            manager.release(viewer)
        plain = [re.sub(rb": hb \d+\n\n", b"", data) for data in seen]
        assert len(set(plain)) == 1
        after = await manager.attach(first.run, 2)
        assert await read_all(after) == plain[0].split(b"\n\n", 2)[2]
        manager.release(after)


# ---- viewers that leave


async def test_a_run_that_nobody_watches_is_cancelled_after_its_grace_time() -> None:
    endless = Endless()
    async with managed(Limits(grace_s=0.01)) as manager:
        viewer = manager.start(endless.pipeline, QUESTION)
        manager.release(viewer)
        assert manager.running == 1, "not at once"
        events = await story(manager, viewer.run)
        assert events[-1].status == "cancelled"
        assert [event.text for event in events if isinstance(event, ev.RunNotice)] == [
            "Nobody watches any more; the run is cancelled."
        ]
        assert endless.stopped == 1


async def test_a_viewer_that_returns_in_time_keeps_the_run_going() -> None:
    endless = Endless()
    async with managed(Limits(grace_s=1000)) as manager:
        viewer = manager.start(endless.pipeline, QUESTION)
        active = manager._active[viewer.run]
        manager.release(viewer)
        assert active.grace is not None
        assert active.grace.counting
        again = await manager.attach(viewer.run)
        assert not active.grace.counting
        endless.may_end.set()
        assert frames_of(await read_all(again))[-1].status == "ok"
        manager.release(again)
        assert endless.stopped == 0


async def test_one_viewer_of_two_that_leaves_changes_nothing() -> None:
    endless = Endless()
    async with managed(Limits(grace_s=0.0)) as manager:
        first = manager.start(endless.pipeline, QUESTION)
        second = await manager.attach(first.run)
        manager.release(first)
        manager.release(first)
        grace = manager._active[first.run].grace
        assert grace is not None
        assert not grace.counting
        endless.may_end.set()
        assert (await story(manager, first.run))[-1].status == "ok"
        manager.release(second)


async def test_on_disconnect_cancel_does_not_wait() -> None:
    endless = Endless()
    async with managed(Limits(grace_s=1000)) as manager:
        viewer = manager.start(endless.pipeline, QUESTION, on_disconnect="cancel")
        await viewer.take()
        manager.release(viewer)
        assert (await story(manager, viewer.run))[-1].status == "cancelled"


async def test_on_disconnect_continue_runs_for_nobody() -> None:
    endless = Endless()
    async with managed(Limits(grace_s=0.0)) as manager:
        viewer = manager.start(endless.pipeline, QUESTION, on_disconnect="continue")
        manager.release(viewer)
        assert manager._active[viewer.run].grace is None
        endless.may_end.set()
        assert (await story(manager, viewer.run))[-1].status == "ok"


async def test_a_grace_time_is_over_when_its_run_is() -> None:
    endless = Endless()
    async with managed(Limits(grace_s=1000)) as manager:
        viewer = manager.start(endless.pipeline, QUESTION)
        active = manager._active[viewer.run]
        manager.release(viewer)
        grace = active.grace
        assert grace is not None
        assert grace.counting
        endless.may_end.set()
        await story(manager, viewer.run)
        assert not grace.counting


# ---- limits and errors


async def test_a_full_server_refuses_and_takes_more_when_a_run_is_over() -> None:
    endless = Endless()
    async with managed(Limits(runs=2)) as manager:
        viewers = [manager.start(endless.pipeline, QUESTION) for _ in range(2)]
        with pytest.raises(Unavailable, match="2 runs under way") as full:
            manager.start(endless.pipeline, QUESTION)
        assert (full.value.status, full.value.headers) == (503, {"Retry-After": "5"})
        endless.may_end.set()
        await until(lambda: manager.running == 0)
        viewers.append(manager.start(endless.pipeline, QUESTION))
        for viewer in viewers:
            manager.release(viewer)


async def test_an_unknown_run_is_not_found_and_a_number_not_reached_yet_is_gone() -> None:
    endless = Endless()
    async with managed() as manager:
        with pytest.raises(NotFound, match="no run 'nobody'"):
            await manager.attach("nobody")
        with pytest.raises(NotFound, match="no run 'nobody'"):
            await manager.cancel("nobody")
        viewer = manager.start(endless.pipeline, QUESTION)
        with pytest.raises(Gone, match="none can follow number 99"):
            await manager.attach(viewer.run, 99)
        endless.may_end.set()
        await until(lambda: manager.running == 0)
        with pytest.raises(Gone, match="none can follow number 99"):
            await manager.attach(viewer.run, 99)
        manager.release(viewer)


async def test_cancelling_is_idempotent_and_says_when_the_run_was_over() -> None:
    endless = Endless()
    async with managed() as manager:
        viewer = manager.start(endless.pipeline, QUESTION)
        assert await manager.cancel(viewer.run) is True
        assert await manager.cancel(viewer.run) is True
        events = await story(manager, viewer.run)
        assert events[-1].status == "cancelled"
        assert await manager.cancel(viewer.run) is False
        assert await story(manager, viewer.run) == events
        manager.release(viewer)


async def test_cancelling_after_the_last_step_does_not_change_the_end() -> None:
    endless = Endless()
    endless.may_end.set()
    async with managed() as manager:
        viewer = manager.start(endless.pipeline, QUESTION)
        execution = manager._active[viewer.run].execution
        await until(lambda: execution._over)
        await manager.cancel(viewer.run)
        assert (await story(manager, viewer.run))[-1].status == "ok"
        manager.release(viewer)


# ---- the server stops


async def test_draining_sends_every_viewer_away_and_takes_no_more_runs() -> None:
    endless = Endless()
    async with managed() as manager:
        viewer = manager.start(endless.pipeline, QUESTION)
        other = await manager.attach(viewer.run)
        await viewer.take()
        manager.drain(retry_ms=1234)
        for each in (viewer, other):
            assert await last_block(each) == (
                b'retry: 1234\ndata: {"type":"stream.bye","reason":"shutdown","retry_ms":1234}\n\n'
            )
            manager.release(each)
        with pytest.raises(Unavailable, match="stopping") as stopping:
            manager.start(endless.pipeline, QUESTION)
        assert stopping.value.headers == {"Retry-After": "2"}
        manager.drain()
        assert manager.running == 1


async def last_block(viewer: Viewer) -> bytes:
    blocks = []
    while (block := await viewer.take()) is not None:
        blocks.append(block)
    return blocks[-1]


async def test_closing_lets_runs_end_by_themselves_within_the_grace_time() -> None:
    endless = Endless()
    async with managed() as manager:
        viewer = manager.start(endless.pipeline, QUESTION)
        closing = asyncio.create_task(manager.aclose(1000))
        await until(lambda: manager.draining)
        endless.may_end.set()
        await closing
        assert (await story(manager, viewer.run))[-1].status == "ok"
        manager.release(viewer)


async def test_closing_interrupts_what_does_not_end() -> None:
    endless = Endless()
    async with managed() as manager:
        viewers = [manager.start(endless.pipeline, QUESTION) for _ in range(3)]
        await manager.aclose(0.01)
        assert manager.running == 0
        for viewer in viewers:
            events = await story(manager, viewer.run)
            assert events[-1].status == "interrupted"
            assert events[-1].say == "Interrupted: the server stopped before the run was done"
            summary = await manager.log.summary(viewer.run)
            assert summary is not None
            assert summary.status == "interrupted"
            manager.release(viewer)
        assert endless.stopped == 3


async def test_closing_without_runs_is_nothing() -> None:
    async with managed() as manager:
        await manager.aclose(1000)
        await manager.aclose(1000)


async def test_a_run_is_ended_in_order_when_its_task_is_cancelled_from_outside() -> None:
    endless = Endless()
    async with managed() as manager:
        viewer = manager.start(endless.pipeline, QUESTION)
        active = manager._active[viewer.run]
        await until(lambda: active.live.head > 0)
        active.task.cancel()
        assert (await story(manager, viewer.run))[-1].status == "interrupted"
        manager.release(viewer)


async def test_a_run_may_be_cancelled_before_the_log_has_it() -> None:
    endless = Endless()
    async with managed() as manager:
        viewer = manager.start(endless.pipeline, QUESTION)
        await asyncio.sleep(0)  # its task waits for the log
        assert await manager.cancel(viewer.run)
        events = await story(manager, viewer.run)
        assert events[-1].status == "cancelled"
        assert not any(isinstance(event, ev.StepStarted) for event in events)
        manager.release(viewer)


async def test_nothing_of_a_good_run_is_logged_as_an_error(caplog: pytest.LogCaptureFixture) -> None:
    endless = Endless()
    endless.may_end.set()
    with caplog.at_level(logging.DEBUG, logger="backend"):
        async with managed() as manager:
            viewer = manager.start(endless.pipeline, QUESTION)
            await read_all(viewer)
            manager.release(viewer)
    assert caplog.records == []


async def test_a_bug_in_the_log_ends_the_run_and_its_streams_and_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    class Broken(SQLiteRunLog):
        async def append(self, summary: RunSummary, entries: Sequence[Entry], **also: Any) -> None:
            raise RuntimeError("a bug")

    endless = Endless()
    log = Broken(MEMORY)
    manager = RunManager(log)
    viewer = manager.start(endless.pipeline, QUESTION)
    async with asyncio.timeout(5):
        assert frames_of(await read_all(viewer)) == [], "cut, and no end pretended"
    manager.release(viewer)
    await until(lambda: manager.running == 0)
    assert "a bug" in caplog.text
    assert endless.stopped <= 1
    await manager.aclose(0)
    await log.aclose()
