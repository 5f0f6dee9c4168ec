"""Properties 1 to 6 of PROTOCOL.md, over random pipelines, ends and logs."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from backend.runs import engine
from backend.runs.log import Entry, RunSummary
from backend.runs.manager import Limits, RunManager
from backend.runs.sqlite import MEMORY, SQLiteRunLog
from shared import events as ev
from tests.invariants import check_log
from tests.random_pipelines import QUESTION, Plan, build, plans


async def read_log(log: SQLiteRunLog, run: str) -> tuple[RunSummary, list[ev.WireEvent]]:
    summary = await log.summary(run)
    assert summary is not None
    return summary, [ev.decode_event(entry.data) for entry in await log.read(run, 0, 1 << 30)]


async def run_it(steps: list[Plan], stop_after_turns: int | None, deadline_s: float) -> None:
    log = SQLiteRunLog(MEMORY)
    manager = RunManager(log, Limits(deadline_s=deadline_s), clock=lambda: datetime(2026, 11, 22, tzinfo=UTC))
    viewer = manager.start(build(steps), QUESTION)
    if stop_after_turns is not None:
        for _ in range(stop_after_turns):
            await asyncio.sleep(0)
        await manager.cancel(viewer.run)
    seen = b""
    while (block := await viewer.take()) is not None:
        seen += block
    manager.release(viewer)
    await manager.aclose(5.0)
    summary, events = await read_log(log, viewer.run)
    check_log([event for event in events if not isinstance(event, ev.StreamBye | ev.StreamSnapshot)])
    assert events[-1].status == summary.status  # type: ignore[union-attr]  # run.finished, as check_log proved
    replay = manager_replay(await log.read(viewer.run, 0, 1 << 30), viewer.run)
    assert b"\n\n".join(part for part in seen.split(b"\n\n") if not part.startswith(b": hb")) == replay
    await log.aclose()
    left = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
    assert not left, f"tasks left behind: {left}"


def manager_replay(entries: Sequence[Entry], run: str) -> bytes:
    return b"".join(b"id: %b.%d\ndata: %b\n\n" % (run.encode(), seq, data) for seq, data in entries)


@pytest.fixture(autouse=True)
def quick_retries(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "RETRY_BASE_S", 0.002)


@pytest.fixture(autouse=True)
def quiet_bugs(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("CRITICAL")


@given(plans(), st.none() | st.integers(0, 25), st.sampled_from([5.0, 5.0, 5.0, 0.02]))
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_every_run_keeps_the_invariants(steps: list[Plan], stop: int | None, deadline_s: float) -> None:
    asyncio.run(run_it(steps, stop, deadline_s))
