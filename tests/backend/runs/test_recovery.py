"""Ends for runs that a dead process left behind."""

import asyncio
from pathlib import Path

import pytest

from backend.errors import StorageError
from backend.pipeline import Context, Step
from backend.runs.log import Entry, RunSummary
from backend.runs.recovery import read_view
from backend.runs.sqlite import SQLiteRunLog
from backend.runs.takeover import interrupt_abandoned
from shared import events as ev
from tests.asked_runs import First, ask, entries, log_events, managed, pipeline_of, summary_of
from tests.invariants import check_log
from tests.log_processes import log_process, wait_ready


async def a_log() -> list[ev.LogEvent]:
    """A run with one of each: ended, retrying, under way, waiting (cut anywhere below)."""

    async def run(ctx: Context) -> First:
        ctx.log("working")
        ctx.rows([ev.RowUpsert(id="r", cells={"n": 1}, state="confirmed")])
        return First(1)

    return (await ask(pipeline_of(Step("a", "A", run)))).events


def retrying() -> list[ev.LogEvent]:
    plan = (
        ev.PlanStep(id="a", title="A"),
        ev.PlanStep(id="b", title="B"),
        ev.PlanStep(id="c", title="C", needs=("b",)),
    )
    error = ev.ErrorInfo(code="x", message="x", retryable=True)
    return [
        ev.RunStarted(
            seq=1, t=0, v=1, run="r", pipeline="p", title="P", question="q", started_at="", plan=plan, columns=()
        ),
        ev.StepStarted(seq=2, t=1, step="a", attempt=1, say="…"),
        ev.StepStarted(seq=3, t=1, step="b", attempt=1, say="…"),
        ev.StepFinished(seq=4, t=3, step="b", attempt=1, status="failed", ms=2, say="x", error=error, retry_in_ms=10),
    ]


async def leave_behind(folder: Path, events: list[ev.LogEvent], run: str = "r") -> None:
    log = SQLiteRunLog(folder)
    data = [Entry(event.seq, ev.encode_event(event)) for event in events if not isinstance(event, ev.UnknownEvent)]
    await log.append(summary_of(run, len(data)), data)
    await log.aclose()


@pytest.mark.parametrize("length", [1, 2, 3, 4])
async def test_a_run_cut_off_anywhere_gets_an_end_that_keeps_the_invariants(tmp_path: Path, length: int) -> None:
    await leave_behind(tmp_path, retrying()[:length])
    log = SQLiteRunLog(tmp_path)
    assert await interrupt_abandoned(log) == ["r"]
    assert await interrupt_abandoned(log) == []
    events = await log_events(log, "r")
    check_log(events)
    assert events[:length] == retrying()[:length]
    summary = await log.summary("r")
    assert summary is not None
    assert (summary.status, summary.events, summary.ms) == ("interrupted", len(events), events[-1].t)
    view = await read_view(log, "r")
    assert (view.state, view.upto) == ("interrupted", len(events))
    await log.aclose()


@pytest.mark.parametrize("length", range(1, 6))
async def test_a_real_run_cut_off_anywhere_too(tmp_path: Path, length: int) -> None:
    events = await a_log()
    assert len(events) == 6
    await leave_behind(tmp_path, events[:length])
    log = SQLiteRunLog(tmp_path)
    await interrupt_abandoned(log)
    check_log(await log_events(log, "r"))
    await log.aclose()


async def test_two_servers_that_start_at_once_give_a_run_one_end(tmp_path: Path) -> None:
    for number in range(5):
        await leave_behind(tmp_path, retrying(), f"r{number}")
    logs = [SQLiteRunLog(tmp_path) for _ in range(3)]
    seen_by_all = asyncio.Barrier(len(logs))

    class Together:
        """A log that says what is abandoned only when all have asked."""

        def __init__(self, log: SQLiteRunLog) -> None:
            self.append, self.read, self.adopt = log.append, log.read, log.adopt
            self._log = log

        async def abandoned(self) -> list[RunSummary]:
            found = await self._log.abandoned()
            await seen_by_all.wait()
            return found

    ended = await asyncio.gather(*(interrupt_abandoned(Together(log)) for log in logs))  # type: ignore[arg-type]  # enough of it
    assert sorted(run for runs in ended for run in runs) == [f"r{number}" for number in range(5)]
    for number in range(5):
        check_log(await log_events(logs[0], f"r{number}"))
    for log in logs:
        await log.aclose()


async def test_a_run_that_cannot_be_read_is_told_and_left_alone_and_the_others_end(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    log = SQLiteRunLog(tmp_path)
    await log.append(summary_of("bad", 1), entries(1))
    await log.aclose()
    await leave_behind(tmp_path, retrying(), "good")
    log = SQLiteRunLog(tmp_path)
    assert await interrupt_abandoned(log) == ["good"]
    assert "bad" in caplog.text
    await log.aclose()


async def test_a_log_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    await leave_behind(tmp_path, retrying())
    log = SQLiteRunLog(tmp_path)
    await log._writer.do(lambda connection: connection.execute("PRAGMA query_only = 1"))
    with pytest.raises(StorageError, match="readonly"):
        await interrupt_abandoned(log)
    await log.aclose()


async def test_a_run_of_a_live_process_is_not_touched(tmp_path: Path) -> None:
    with log_process(tmp_path, "open", "alive") as process:
        wait_ready(process)
        async with managed(folder=tmp_path) as manager:
            assert await interrupt_abandoned(manager.log) == []
            assert (await manager.log.summary("alive")) == summary_of("alive", 2)


async def test_the_view_of_a_run_is_read_page_by_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("backend.runs.recovery._PAGE_BYTES", 10)
    await leave_behind(tmp_path, retrying())
    log = SQLiteRunLog(tmp_path)
    view = await read_view(log, "r")
    assert (view.upto, view.question) == (4, "q")
    assert (await read_view(log, "nobody")).upto == 0
    await log.aclose()
