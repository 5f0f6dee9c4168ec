"""The run log on SQLite, in one process: what is read is what was written, and one bad call harms no other."""

import asyncio
import contextlib
import gc
import logging
import os
import sqlite3
import threading
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from backend.errors import StorageError
from backend.runs.log import Entry
from backend.runs.sqlite import MEMORY, SQLiteRunLog
from tests.asked_runs import entries, numbers, summary_of, until


@pytest.fixture(params=["memory", "file"])
async def log(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[SQLiteRunLog]:
    log = SQLiteRunLog(MEMORY if request.param == "memory" else tmp_path / "data")
    yield log
    await log.aclose()


async def in_writer(log: SQLiteRunLog, job: Callable[[sqlite3.Connection], Any]) -> None:
    """Reach for the connection that the log writes with, to set up what a test needs."""
    await log._writer.do(job)


async def test_what_is_read_is_what_was_written_byte_for_byte(log: SQLiteRunLog) -> None:
    written = [Entry(1, b'{"a": "\xc3\xa9\\u2028"}'), Entry(2, b""), Entry(3, bytes(range(256)))]
    await log.append(summary_of("r", 3), written)
    assert await log.read("r", 0, 1 << 20) == written


@given(st.lists(st.lists(st.binary(max_size=40), min_size=1, max_size=4), min_size=1, max_size=6), st.integers(0, 200))
@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_reading_in_pages_gives_the_log_however_it_was_written(batches: list[list[bytes]], page: int) -> None:
    async def check() -> None:
        log = SQLiteRunLog(MEMORY)
        written: list[Entry] = []
        for batch in batches:
            added = [Entry(len(written) + place, data) for place, data in enumerate(batch, start=1)]
            written += added
            await log.append(summary_of("r", len(written)), added)
        found: list[Entry] = []
        while more := await log.read("r", len(found), page):
            assert len(more) == 1 or sum(len(entry.data) for entry in more) <= page
            found += more
        assert found == written
        await log.aclose()

    asyncio.run(check())


@pytest.mark.parametrize(
    ("after", "limit_bytes", "expected"),
    [
        (0, 1000, [1, 2, 3, 4]),
        (0, 0, [1]),
        (0, 20, [1, 2]),
        (0, 29, [1, 2]),
        (2, 30, [3, 4]),
        (4, 100, []),
        (99, 100, []),
    ],
)
async def test_a_read_is_limited_in_bytes_and_never_empty_while_there_is_more(
    log: SQLiteRunLog, after: int, limit_bytes: int, expected: list[int]
) -> None:
    await log.append(summary_of("r", 4), entries(4, size=10))
    assert numbers(await log.read("r", after, limit_bytes)) == expected


async def test_an_unknown_run_has_no_summary_and_no_events(log: SQLiteRunLog) -> None:
    assert await log.summary("nobody") is None
    assert await log.read("nobody", 0, 100) == []


async def test_the_newest_runs_come_first_and_before_pages_on(log: SQLiteRunLog) -> None:
    for number in range(5):
        await log.append(summary_of(f"r{number}", 1), entries(1))
    await log.append(summary_of("r1", 2), entries(1, first=2))  # news of an old run doesn't make it new
    assert [run.run for run in await log.runs(3)] == ["r4", "r3", "r2"]
    assert [run.run for run in await log.runs(3, before="r2")] == ["r1", "r0"]
    assert await log.runs(3, before="r0") == []
    assert await log.runs(3, before="nobody") == []
    assert await log.runs(0) == []


async def test_the_last_summary_counts_and_what_began_a_run_stays(log: SQLiteRunLog) -> None:
    await log.append(summary_of("r", 1), entries(1))
    await log.append(summary_of("r", 3, "ok"), entries(2, first=2))
    assert await log.summary("r") == summary_of("r", 3, "ok")


async def test_a_number_that_exists_is_refused_and_harms_nothing_else(log: SQLiteRunLog) -> None:
    await log.append(summary_of("a", 2), entries(2))
    outcomes = await asyncio.gather(
        log.append(summary_of("b", 1), entries(1)),
        log.append(summary_of("a", 9), [*entries(2, first=3), *entries(1, first=2)]),
        log.append(summary_of("c", 1), entries(1)),
        log.append(summary_of("a", 3), entries(1, first=3)),
        return_exceptions=True,
    )
    assert [type(outcome) for outcome in outcomes] == [type(None), StorageError, type(None), type(None)]
    assert numbers(await log.read("a", 0, 1000)) == [1, 2, 3]
    assert numbers(await log.read("b", 0, 1000)) == numbers(await log.read("c", 0, 1000)) == [1]
    assert (await log.summary("a")) == summary_of("a", 3)


@pytest.mark.parametrize(
    "call",
    [
        lambda log: log.read("r", 2**70, 100),
        lambda log: log.read("\ud800", 0, 100),
        lambda log: log.summary("\ud800"),
        lambda log: log.runs(2**70),
        lambda log: log.append(summary_of("\ud800", 1), entries(1)),
        lambda log: log.append(summary_of("r", 1), [Entry(2**70, b"")]),
        lambda log: log.append(summary_of("r", 1), [Entry(1, object())]),  # type: ignore[arg-type]  # on purpose
    ],
    ids=["large number", "surrogate", "summary", "large limit", "append surrogate", "append number", "append object"],
)
async def test_a_call_that_sqlite_cannot_take_fails_alone(log: SQLiteRunLog, call: Callable[[Any], Any]) -> None:
    async with asyncio.timeout(5):
        outcomes = await asyncio.gather(
            log.append(summary_of("before", 1), entries(1)),
            call(log),
            log.append(summary_of("after", 1), entries(1)),
            return_exceptions=True,
        )
        assert isinstance(outcomes[1], StorageError)
        assert [run.run for run in await log.runs(10)] == ["after", "before"]


@contextlib.asynccontextmanager
async def held_up(log: SQLiteRunLog) -> AsyncIterator[None]:
    """The writing thread is busy until the block ends."""
    busy, release = threading.Event(), threading.Event()

    def job(connection: sqlite3.Connection) -> None:
        busy.set()
        release.wait(10)

    task = asyncio.create_task(in_writer(log, job))
    try:
        await until(busy.is_set)
        yield
    finally:
        release.set()
        await task


async def test_appends_that_wait_share_one_transaction(log: SQLiteRunLog) -> None:
    statements: list[str] = []
    await in_writer(log, lambda connection: connection.set_trace_callback(statements.append))
    async with held_up(log):
        appends = [asyncio.create_task(log.append(summary_of(f"r{n}", 1), entries(1))) for n in range(50)]
        await until(lambda: log._writer._jobs.qsize() == 50)
        statements.clear()
    await asyncio.gather(*appends)
    assert statements.count("COMMIT") == 2, "one of what held it up, one of all fifty"
    assert sum(statement.startswith("INSERT INTO pieces") for statement in statements) == 50


async def test_a_caller_that_is_cancelled_leaves_its_entries_written_and_others_unharmed(log: SQLiteRunLog) -> None:
    async with held_up(log):
        impatient = asyncio.create_task(log.append(summary_of("a", 1), entries(1)))
        patient = asyncio.create_task(log.append(summary_of("b", 1), entries(1)))
        await until(lambda: log._writer._jobs.qsize() == 2)
        impatient.cancel()
    with pytest.raises(asyncio.CancelledError):
        await impatient
    await patient
    assert {run.run for run in await log.runs(10)} == {"a", "b"}


async def test_a_closed_log_refuses_and_leaves_no_thread(tmp_path: Path) -> None:
    before = set(threading.enumerate())
    log = SQLiteRunLog(tmp_path)
    last = asyncio.create_task(log.append(summary_of("r", 1), entries(1)))
    await asyncio.sleep(0)
    await log.aclose()
    await log.aclose()
    await last
    assert not [thread for thread in set(threading.enumerate()) - before if thread.name == "run-log"]
    assert list((tmp_path / "owners").iterdir()) == []
    for call in (
        log.append(summary_of("r", 2), entries(1, first=2)),
        log.read("r", 0, 100),
        log.summary("r"),
        log.runs(1),
    ):
        with pytest.raises(StorageError, match="closed"):
            await call


async def test_what_was_given_before_closing_is_written(tmp_path: Path) -> None:
    log = SQLiteRunLog(tmp_path)
    appends = [asyncio.create_task(log.append(summary_of(f"r{n}", 1), entries(1))) for n in range(20)]
    await asyncio.sleep(0)
    await log.aclose()
    await asyncio.gather(*appends)
    again = SQLiteRunLog(tmp_path)
    assert len(await again.runs(100)) == 20
    await again.aclose()


# ---- files that can't be used


async def test_a_file_of_a_newer_version_is_left_alone(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with sqlite3.connect(tmp_path / "runs.sqlite") as connection:
        connection.execute("PRAGMA user_version = 99")
    connection.close()

    async def use_it() -> None:
        log = SQLiteRunLog(tmp_path)
        for _ in range(2):
            with pytest.raises(StorageError, match="newer Windowseat"):
                await log.runs(1)
        await log.aclose()
        await asyncio.sleep(0)

    await use_it()
    gc.collect()
    assert caplog.records == [], "told once, to who asked: no 'exception was never retrieved' besides"


async def test_a_file_that_is_no_database_is_said_to_be_none(tmp_path: Path) -> None:
    (tmp_path / "runs.sqlite").write_bytes(b"not a database at all" * 100)
    log = SQLiteRunLog(tmp_path)
    with pytest.raises(StorageError, match="not a database"):
        await log.append(summary_of("r", 1), entries(1))
    await log.aclose()
    assert (tmp_path / "runs.sqlite").read_bytes() == b"not a database at all" * 100


@pytest.mark.parametrize("folder", ["a file/data", "/proc/nowhere", "a\0b"], ids=["under a file", "not ours", "NUL"])
async def test_a_folder_that_cannot_be_written_is_a_clear_error(tmp_path: Path, folder: str) -> None:
    (tmp_path / "a file").write_text("")
    with pytest.raises(StorageError, match="can't write to the data folder"):
        SQLiteRunLog(tmp_path / folder)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
async def test_a_read_only_folder_is_a_clear_error(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)  # noqa: ASYNC240  # a test may wait
    with pytest.raises(StorageError, match="can't write to the data folder"):
        SQLiteRunLog(tmp_path)


async def test_a_log_that_became_read_only_refuses_writes_and_goes_on_reading(log: SQLiteRunLog) -> None:
    await log.append(summary_of("r", 1), entries(1))
    await in_writer(log, lambda connection: connection.execute("PRAGMA query_only = 1"))
    with pytest.raises(StorageError, match="readonly"):
        await log.append(summary_of("r", 2), entries(1, first=2))
    assert numbers(await log.read("r", 0, 100)) == [1]


async def test_a_full_disk_refuses_what_is_too_large_says_so_and_keeps_the_rest(log: SQLiteRunLog) -> None:
    await log.append(summary_of("r", 1), entries(1))
    (pages,) = await log._writer.do(lambda connection: connection.execute("PRAGMA page_count").fetchone())
    await in_writer(log, lambda connection: connection.execute(f"PRAGMA max_page_count = {pages + 4}"))
    outcomes = await asyncio.gather(
        log.append(summary_of("small", 1), entries(1)),
        log.append(summary_of("large", 1), entries(1, size=200_000)),
        log.append(summary_of("tiny", 1), entries(1)),
        return_exceptions=True,
    )
    assert isinstance(outcomes[1], StorageError)
    assert "full" in str(outcomes[1])
    assert numbers(await log.read("r", 0, 100)) == [1]
    assert await log.summary("large") is None
    assert await log.read("large", 0, 100) == []
    for name, outcome in zip(("small", "tiny"), (outcomes[0], outcomes[2]), strict=True):
        assert (await log.summary(name) is not None) == (outcome is None), "an append that returned is written"
    await log.append(summary_of("later", 1), entries(1))


async def test_nobody_listening_any_more_is_no_error(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG, logger="backend"):
        log = SQLiteRunLog(tmp_path)
        await log.aclose()
    assert caplog.records == []
