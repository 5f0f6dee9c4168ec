"""Properties 1 to 7 and 9 of PROTOCOL.md, over random pipelines, ends, viewers and cuts, on both kinds of log."""

import asyncio
import re
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Literal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from backend.runs import engine, live
from backend.runs.live import Viewer
from backend.runs.log import RunLog
from backend.runs.manager import Limits, RunManager
from backend.runs.sqlite import MEMORY, SQLiteRunLog
from shared.encoding import EventFrames
from shared.frames import FrameParser
from shared.judge import judge_log
from shared.view import fold_all
from tests.asked_runs import log_events, read_all, until
from tests.invariants import check_log
from tests.random_pipelines import QUESTION, Plan, build, plans
from tests.run_logs import a_store

Where = Literal["memory", "sqlite", "redis"]
_HEARTBEAT = re.compile(rb": hb \d+\n\n")


@dataclass(frozen=True)
class Guest:
    """A viewer: it comes after ``comes`` turns; each time that it has read ``patience`` blocks (None: it never leaves)
    its connection breaks ``lost`` bytes before what the server had sent, and it comes again."""

    comes: int
    patience: int | None
    lost: int
    pause: int


guests = st.builds(
    Guest, st.integers(0, 30), st.none() | st.integers(1, 3), st.integers(0, 400), st.integers(0, 3)
)  # fmt: skip
stops = st.none() | st.integers(0, 25)
deadlines = st.sampled_from([5.0, 5.0, 5.0, 0.02])
heartbeats = st.sampled_from([10.0, 0.05, 0.0005])
WHERE: list[Where] = ["memory", "memory", "sqlite"]
if shutil.which("redis-server"):  # elsewhere test_log.py tells that it is missing
    WHERE.append("redis")
sizes = st.sampled_from([(live.KEPT_BYTES, live.BLOCK_BYTES), (600, 400), (1, 1)])


@contextmanager
def a_place(where: Where) -> Iterator[Callable[[], Awaitable[RunLog]]]:
    """How to open a run log."""

    async def in_memory() -> RunLog:
        return SQLiteRunLog(MEMORY)

    if where == "memory":
        yield in_memory
        return
    with a_store(where) as store:
        yield store.open


@asynccontextmanager
async def a_manager(limits: Limits, where: Where) -> AsyncIterator[tuple[RunManager, RunLog]]:
    with a_place(where) as open_log:
        log = await open_log()
        manager = RunManager(log, limits, clock=lambda: datetime(2026, 11, 22, tzinfo=UTC))
        try:
            yield manager, log
        finally:
            await manager.aclose(5.0)
            await log.aclose()
    left = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
    assert not left, f"tasks left behind: {left}"


async def visit(manager: RunManager, run: str, guest: Guest) -> bytes:
    """All whole frames that ``guest`` received over its connections, as it has them at the end."""
    for _ in range(guest.comes):
        await asyncio.sleep(0)
    received, cursor = b"", 0
    patience = guest.patience
    while True:
        viewer = await manager.attach(run, cursor)
        data, ended = await read_some(viewer, patience, guest.pause)
        manager.release(viewer)
        if not ended:
            data = data[: max(0, len(data) - guest.lost)]
        parser = FrameParser()
        for frame in parser.feed(data):
            run_id, _, seq = frame.id.rpartition(".")
            assert run_id == run
            cursor = int(seq)
            received += b"id: %b\ndata: %b\n\n" % (frame.id.encode(), frame.data.encode())
        if ended:
            return received
        # What was lost grows no more once it would be all: each connection makes progress in the end.
        patience = None if patience is None else patience + 1


async def read_some(viewer: Viewer, patience: int | None, pause: int) -> tuple[bytes, bool]:
    data, blocks = b"", 0
    while patience is None or blocks < patience:
        block = await viewer.take()
        if block is None:
            return data, True
        blocks += 1
        data += block
        for _ in range(pause):
            await asyncio.sleep(0)
    return data, False


async def run_it(steps: list[Plan], stop_after: int | None, limits: Limits, invited: list[Guest], where: Where) -> None:
    async with a_manager(limits, where) as (manager, log):
        viewer = manager.start(build(steps), QUESTION)
        stalled = await manager.attach(viewer.run)  # never reads: it must delay nothing
        visits = [asyncio.create_task(visit(manager, viewer.run, guest)) for guest in invited]
        if stop_after is not None:
            for _ in range(stop_after):
                await asyncio.sleep(0)
            await manager.cancel(viewer.run)
        seen = await read_all(viewer)
        received = await asyncio.gather(*visits)
        await until(lambda: manager.running == 0)
        manager.release(viewer)
        events = await log_events(log, viewer.run)
        check_log(events)
        assert judge_log(events) == fold_all(events), "the judge of the product agrees"
        summary = await log.summary(viewer.run)
        assert summary is not None
        assert events[-1].status == summary.status  # type: ignore[union-attr]  # run.finished, as check_log proved
        whole = b"".join(
            EventFrames(viewer.run).encode(entry.seq, entry.data) for entry in await log.read(viewer.run, 0, 1 << 30)
        )
        assert _HEARTBEAT.sub(b"", seen) == whole, "7: who stayed received the log"
        assert all(each == whole for each in received), "7: who was cut off and came again received the log"
        assert _HEARTBEAT.sub(b"", await read_all(stalled)) == whole, "9: who didn't read loses nothing"
        manager.release(stalled)


@pytest.fixture(autouse=True)
def quick_retries(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "RETRY_BASE_S", 0.002)


@pytest.fixture(autouse=True)
def quiet_bugs(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("CRITICAL")


@given(
    plans(), stops, deadlines, heartbeats, st.lists(guests, max_size=3), sizes,
    st.sampled_from(WHERE),
)  # fmt: skip
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@pytest.mark.timeout(120)
def test_every_run_keeps_the_invariants_for_every_viewer(
    steps: list[Plan],
    stop_after: int | None,
    deadline_s: float,
    heartbeat_s: float,
    invited: list[Guest],
    size: tuple[int, int],
    where: Where,
) -> None:
    limits = Limits(deadline_s=deadline_s, heartbeat_s=heartbeat_s)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(live, "KEPT_BYTES", size[0])
        patch.setattr(live, "BLOCK_BYTES", size[1])
        asyncio.run(run_it(steps, stop_after, limits, invited, where))


def without_failures(steps: list[Plan]) -> list[Plan]:
    """The same graph with ends that don't depend on who is faster."""
    return [replace(step, outcome="degraded" if step.outcome == "degraded" else "ok") for step in steps]


@given(plans().map(without_failures))
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_viewer_that_does_not_read_changes_nothing_about_a_run(steps: list[Plan]) -> None:
    async def story(stalled: int) -> list[str]:
        async with a_manager(Limits(), where="memory") as (manager, log):
            viewer = manager.start(build(steps), QUESTION, on_disconnect="continue")
            idle = [await manager.attach(viewer.run) for _ in range(stalled)]
            async with asyncio.timeout(10):
                await manager._active[viewer.run].task
            kinds = [type(event).__name__ for event in await log_events(log, viewer.run)]
            for each in (viewer, *idle):
                assert each._cursor == 0, "nothing was handed to it"
                manager.release(each)
            return kinds

    assert asyncio.run(story(stalled=0)) == asyncio.run(story(stalled=5))


def test_the_random_pipelines_come_to_every_end(caplog: pytest.LogCaptureFixture) -> None:
    """The properties above would prove little if all runs ended alike."""
    ends: dict[str, int] = {}

    @given(plans())
    @settings(max_examples=100, deadline=None, derandomize=True, database=None)
    def collect(steps: list[Plan]) -> None:
        async def ask() -> None:
            async with a_manager(Limits(), where="memory") as (manager, log):
                viewer = manager.start(build(steps), QUESTION, on_disconnect="continue")
                await manager._active[viewer.run].task
                summary = await log.summary(viewer.run)
                assert summary is not None
                ends[summary.status] = ends.get(summary.status, 0) + 1
                manager.release(viewer)

        asyncio.run(ask())

    collect()
    assert all(ends.get(status, 0) >= 10 for status in ("ok", "partial", "failed")), ends
