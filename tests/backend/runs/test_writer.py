"""The writer of a run: numbers without a gap, the log before the viewers, frames that fit, failures of the store."""

import asyncio
from collections.abc import Sequence
from typing import Any

import msgspec
import pytest

from backend.errors import StorageError
from backend.pipeline import Context, Step
from backend.runs import fitting
from backend.runs.live import KEPT_BYTES, LiveRun
from backend.runs.log import Entry, RunSummary
from backend.runs.sqlite import SQLiteRunLog
from backend.runs.writer import RunWriter
from shared import events as ev
from tests.asked_runs import QUESTION, First, frames_of, log_events, managed, pipeline_of, read_all, summary_of, until
from tests.invariants import check_log
from tests.served import events_of


class Store:
    """A run log that keeps what it gets, waits while told to, and fails at the ``fail_at``-th append."""

    def __init__(self, fail_at: int = 0) -> None:
        self.appended: list[tuple[RunSummary, list[Entry]]] = []
        self.calls = 0
        self.gate = asyncio.Event()
        self.gate.set()
        self._fail_at = fail_at

    async def append(self, summary: RunSummary, entries: Sequence[Entry], **also: Any) -> None:
        self.calls += 1
        await self.gate.wait()
        if self.calls == self._fail_at:
            raise StorageError("database or disk is full")
        self.appended.append((summary, list(entries)))


def notice(writer: RunWriter, text: str = "x") -> ev.RunNotice:
    return writer.emit(ev.RunNotice, kind="queued", text=text)


def writer_on(store: Any) -> tuple[RunWriter, LiveRun, list[StorageError]]:
    live, failures = LiveRun("r"), []  # type: LiveRun, list[StorageError]
    return RunWriter(store, live, summary_of("r"), failures.append), live, failures


async def test_events_wait_together_and_are_shown_only_when_the_log_has_them() -> None:
    store = Store()
    writer, live, _ = writer_on(store)
    store.gate.clear()
    writing = asyncio.create_task(writer.write())
    notice(writer)
    await until(lambda: store.calls == 1)
    for _ in range(10):
        notice(writer)
    assert (live.head, writer.seq) == (0, 11)
    store.gate.set()
    writer.close()
    await writing
    assert [[entry.seq for entry in entries] for _, entries in store.appended] == [[1], list(range(2, 12))]
    assert [summary.events for summary, _ in store.appended] == [1, 11]
    assert live.head == 11


async def test_the_summary_ends_with_the_run() -> None:
    store = Store()
    writer, _, _ = writer_on(store)
    notice(writer)
    writer.emit(ev.RunFinished, status="partial", say="Done", ms=12, events=2)
    writer.close()
    await writer.write()
    ((summary, _),) = store.appended
    assert (summary.status, summary.ms, summary.events) == ("partial", 12, 2)


@pytest.mark.parametrize(("fail_at", "is_told"), [(0, True), (1, False)], ids=["written", "not yet written"])
async def test_with_its_last_event_a_run_is_over_for_its_viewers_if_the_log_has_it(fail_at: int, is_told: bool) -> None:
    writer, live, _ = writer_on(Store(fail_at))
    told: list[bool] = []
    writer.tell_end = lambda: _told(told, live)  # type: ignore[method-assign]  # to see what it is then
    notice(writer)
    writer.emit(ev.RunFinished, status="ok", say="Done", ms=12, events=2)
    writer.close()
    await writer.write()
    assert live.finished is is_told
    assert told == ([] if is_told else [False]), "others are told of it first"


async def _told(told: list[bool], live: LiveRun) -> bool:
    told.append(live.finished)
    return True


async def test_time_never_falls() -> None:
    writer, _, _ = writer_on(Store())
    times = [notice(writer).t for _ in range(200)]
    assert times == sorted(times)
    assert times[0] >= 0


async def test_closing_without_an_event_ends_the_writer() -> None:
    store = Store()
    writer, _, _ = writer_on(store)
    writer.close()
    await writer.write()
    assert store.appended == []


ERROR = ev.ErrorInfo(code="x", message="m" * 200_000, hint="h" * 200_000, retryable=False)
CALL: dict[str, Any] = {"id": "c1", "source": "s", "operation": "o", "status": 200, "ms": 1}
ROWS = [str(number) * 20 for number in range(30_000)]
TOO_LARGE: list[tuple[type[ev.Event], dict[str, Any]]] = [
    (ev.StepFinished, {"status": "ok", "ms": 1, "say": "fine", "detail": {"a": "x" * 300_000}}),
    (ev.StepFinished, {"status": "ok", "ms": 1, "say": "fine", "detail": msgspec.Raw(b"[%b1]" % (b"1," * 150_000))}),
    (ev.StepFinished, {"status": "failed", "ms": 1, "say": "m" * 300_000, "error": ERROR}),
    (ev.StepLog, {"level": "info", "text": "ü" * 200_000}),
    (ev.StepLog, {"level": "info", "text": "t", "evidence": ev.Evidence(**CALL, excerpt="x" * 300_000)}),
    (ev.StepLog, {"level": "info", "text": "t", "evidence": ev.Evidence(**CALL, request={"q": ["x"] * 100_000})}),
    (ev.StepToken, {"text": "\u0001" * 300_000}),
]  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "fields"), TOO_LARGE, ids=["detail", "raw detail", "error", "text", "excerpt", "request", "token"]
)
async def test_what_is_too_large_for_a_frame_is_cut_and_says_so(kind: type[ev.Event], fields: dict[str, Any]) -> None:
    store = Store()
    writer, live, _ = writer_on(store)
    shown = writer.emit(kind, step="a", attempt=1, **fields)
    writer.close()
    await writer.write()
    (_, (entry,)) = store.appended[0]
    block = live.frames_after(0)
    assert block is not None
    assert len(block[0]) <= ev.MAX_FRAME_BYTES
    assert b"bytes are more than one event may have" in entry.data
    decoded = ev.decode_event(entry.data)
    assert decoded == shown
    if isinstance(decoded, ev.StepLog) and decoded.evidence is not None:
        assert (decoded.evidence.id, decoded.evidence.status) == ("c1", 200), "which call it was is kept"


async def test_the_end_of_a_run_is_told_however_many_rows_it_orders() -> None:
    writer, _, _ = writer_on(Store())
    ended = writer.emit(
        ev.RunFinished, status="failed", say="m" * 300_000, ms=1, events=1, error=ERROR, order=tuple(ROWS)
    )
    assert ended.order == tuple(ROWS[:1000])
    assert len(ev.encode_event(ended)) <= fitting.MAX_DATA_BYTES


async def test_what_just_fits_is_left_alone() -> None:
    writer, _, _ = writer_on(Store())
    empty = len(ev.encode_event(ev.StepToken(seq=1, t=0, step="a", attempt=1, text="")))
    text = "x" * (fitting.MAX_DATA_BYTES - empty - 10)
    assert writer.emit(ev.StepToken, step="a", attempt=1, text=text).text == text


async def test_what_cannot_be_told_takes_no_number() -> None:
    writer, _, _ = writer_on(Store())
    row = ev.RowUpsert(id="r", cells={"a": "x" * 300_000}, state="confirmed")
    with pytest.raises(ValueError, match="more than one event may have"):
        writer.emit(ev.RowsChanged, step="a", attempt=1, upsert=(row,))
    with pytest.raises(TypeError):
        writer.emit(ev.StepFinished, step="a", attempt=1, status="ok", ms=1, say="", detail=object())
    assert notice(writer).seq == 1


async def test_half_of_a_surrogate_pair_is_replaced_and_the_rest_is_told() -> None:
    writer, _, _ = writer_on(Store())
    detail = msgspec.Raw(b'{"kept":1}')
    event = writer.emit(ev.StepFinished, step="a", attempt=1, status="ok", ms=1, say="a\ud83db", detail=detail)
    assert (event.say, event.detail) == ("a\ufffdb", detail)


async def test_half_of_a_surrogate_pair_is_replaced_in_rows_too() -> None:
    writer, _, _ = writer_on(Store())
    row = ev.RowUpsert(id="r", cells={"city": "Pal\ud83dma", "tags": ["x\udfff"]}, state="confirmed")
    event = writer.emit(
        ev.RowsChanged, step="a", attempt=1, upsert=(row,), remove=(ev.RowRemoval(id="s", why="\ud800"),)
    )
    assert event.upsert[0].cells == {"city": "Pal\ufffdma", "tags": ["x\ufffd"]}
    assert event.remove == (ev.RowRemoval(id="s", why="\ufffd"),)


# ---- the store fails


@pytest.mark.parametrize("fail_at", [1, 2, 3])
async def test_a_store_that_fails_is_told_once_and_viewers_hear_the_rest_from_memory(fail_at: int) -> None:
    store = Store(fail_at)
    writer, live, failures = writer_on(store)
    writing = asyncio.create_task(writer.write())
    for number in range(1, 6):
        notice(writer)
        await until(lambda expected=number: live.head == expected)  # type: ignore[misc]  # a default binds the loop's value
    writer.close()
    await writing
    assert len(failures) == 1
    assert writer.failure is failures[0]
    assert store.calls == fail_at, "nothing is written after a failure: no gap in the log"
    ready = live.frames_after(0)
    assert ready is not None
    assert [event.seq for event in frames_of(ready[0]) if isinstance(event, ev.RunNotice)] == [1, 2, 3, 4, 5]


async def test_a_run_whose_log_fails_stops_and_its_viewers_hear_why() -> None:
    began = asyncio.Event()
    cleaned: list[str] = []

    async def work(ctx: Context) -> First:
        try:
            began.set()
            while True:
                ctx.log("still here")
                await asyncio.sleep(0)
        finally:
            cleaned.append("work")

    async with managed() as manager:
        viewer = manager.start(pipeline_of(Step("a", "A", work)), QUESTION)
        await began.wait()
        log = manager.log
        assert isinstance(log, SQLiteRunLog)
        await log._writer.do(lambda connection: connection.execute("PRAGMA query_only = 1"))
        events = frames_of(await read_all(viewer))
        manager.release(viewer)
        ended = events[-1]
        assert isinstance(ended, ev.RunFinished)
        assert ended.status == "failed"
        assert ended.error is not None
        assert ended.error.code == "storage"
        assert cleaned == ["work"]
        written = await log_events(log, viewer.run)
        assert written == events[: len(written)], "the log keeps what it had"
        await log._writer.do(lambda connection: connection.execute("PRAGMA query_only = 0"))


async def test_what_the_log_lacks_stays_in_memory_however_much_it_is() -> None:
    began, go = asyncio.Event(), asyncio.Event()
    count = 2 * KEPT_BYTES // 8_000

    async def work(ctx: Context) -> First:
        began.set()
        await go.wait()
        for _ in range(count):
            ctx.log("x" * 8_000)
        await asyncio.Event().wait()
        return First()

    async with managed() as manager:
        viewer = manager.start(pipeline_of(Step("a", "A", work)), QUESTION)
        await began.wait()
        log = manager.log
        assert isinstance(log, SQLiteRunLog)
        await log._writer.do(lambda connection: connection.execute("PRAGMA query_only = 1"))
        go.set()
        events = events_of(await read_all(viewer))
        manager.release(viewer)
        assert sum(isinstance(event, ev.StepLog) for event in events) == count
        assert isinstance(events[-1], ev.RunFinished)
        check_log(events)
        await log._writer.do(lambda connection: connection.execute("PRAGMA query_only = 0"))


async def test_a_run_whose_first_event_cannot_be_written_ends_too() -> None:
    async def work(ctx: Context) -> First:
        await asyncio.Event().wait()
        return First()

    async with managed() as manager:
        log = manager.log
        assert isinstance(log, SQLiteRunLog)
        await log._writer.do(lambda connection: connection.execute("PRAGMA query_only = 1"))
        viewer = manager.start(pipeline_of(Step("a", "A", work)), QUESTION)
        async with asyncio.timeout(5):
            ended = frames_of(await read_all(viewer))[-1]
        manager.release(viewer)
        assert isinstance(ended, ev.RunFinished)
        assert ended.error is not None
        assert ended.error.code == "storage"


@pytest.fixture
def appended(monkeypatch: pytest.MonkeyPatch) -> list[list[int]]:
    """The numbers of the events of each append, once the log has it."""
    appended: list[list[int]] = []
    append = SQLiteRunLog.append

    async def noted(self: SQLiteRunLog, summary: RunSummary, entries: Sequence[Entry], **also: Any) -> None:
        await append(self, summary, entries, **also)
        appended.append([entry.seq for entry in entries])

    monkeypatch.setattr(SQLiteRunLog, "append", noted)
    return appended


async def test_no_step_begins_before_the_log_has_the_run(appended: list[list[int]]) -> None:
    found: list[list[list[int]]] = []

    async def look(ctx: Context) -> First:
        found.append(list(appended))
        ctx.log("at once")
        await asyncio.Event().wait()
        return First()

    async with managed() as manager:
        viewer = manager.start(pipeline_of(Step("a", "A", look)), QUESTION)
        await until(lambda: len(appended) == 2)
        assert found == [[[1]]]
        assert appended == [[1], [2, 3]], "what the first steps say at once goes to the log together"
        manager.release(viewer)


async def test_a_run_that_ends_at_once_goes_to_the_log_in_two(appended: list[list[int]]) -> None:
    async def say(ctx: Context) -> First:
        ctx.log("at once")
        return First()

    async with managed() as manager:
        viewer = manager.start(pipeline_of(Step("a", "A", say)), QUESTION)
        told = events_of(await read_all(viewer))
        manager.release(viewer)
        assert appended == [[1], list(range(2, len(told) + 1))]


async def test_nothing_is_done_for_a_run_that_the_log_refuses() -> None:
    done: list[str] = []

    async def work() -> First:
        done.append("a")
        return First()

    async with managed() as manager:
        log = manager.log
        assert isinstance(log, SQLiteRunLog)
        await log._writer.do(lambda connection: connection.execute("PRAGMA query_only = 1"))
        with pytest.raises(StorageError):
            await manager.ask(pipeline_of(Step("a", "A", work)), QUESTION)
        await until(lambda: manager.running == 0)
        assert done == []


async def test_who_waits_for_a_run_to_be_written_hears_of_it_before_the_log_is_given_more() -> None:
    store, order = Store(), []  # type: Store, list[str]
    writer, _, _ = writer_on(store)
    store.gate.clear()
    writing = asyncio.create_task(writer.write())

    async def wait_for_it() -> None:
        await writer.born()
        order.append(f"heard after {store.calls}")

    waiting = [asyncio.create_task(wait_for_it()) for _ in range(2)]
    notice(writer)
    await until(lambda: store.calls == 1)
    notice(writer)
    store.gate.set()
    await asyncio.gather(*waiting)
    assert order == ["heard after 1"] * 2
    writer.close()
    await writing
    await writer.born()


async def test_of_those_who_wait_for_a_run_that_is_never_written_one_may_leave_and_the_others_are_told() -> None:
    writer, _, _ = writer_on(Store(fail_at=1))
    leaving, staying = (asyncio.create_task(writer.born()) for _ in range(2))
    await asyncio.sleep(0)
    leaving.cancel()
    notice(writer)
    writer.close()
    await writer.write()
    with pytest.raises(StorageError, match="full"):
        await staying
    with pytest.raises(StorageError, match="full"):
        await writer.born()


@pytest.mark.parametrize("raw", [b'{"a":\n 1}', b'{"a":\r\n 1}', b'{"a":\r1, "b": "\xe2\x80\xa8"}'])
def test_json_that_is_given_as_it_is_becomes_one_line(raw: bytes) -> None:
    """Otherwise its frame would end in the middle, for every reader."""
    call = ev.Evidence(id="c1", source="s", operation="o", status=200, ms=1, request={"body": msgspec.Raw(raw)})
    log = ev.StepLog(seq=3, t=1, step="wish", attempt=1, level="info", text="", evidence=call)
    _, data = fitting.fit_frame(log)
    assert not {10, 13} & set(data)
    assert "\u2028".encode() not in data
    decoded = ev.decode_event(data)
    assert isinstance(decoded, ev.StepLog)
    assert decoded.evidence is not None
    assert decoded.evidence.request == {"body": msgspec.json.decode(raw)}


def test_what_is_given_as_json_and_is_none_is_the_fault_of_the_step() -> None:
    ended = ev.StepFinished(seq=3, t=1, step="s", attempt=1, status="ok", ms=1, say="", detail=msgspec.Raw(b'{"a"\n'))
    with pytest.raises(ValueError, match="StepFinished: a part of it is no JSON"):
        fitting.fit_frame(ended)
