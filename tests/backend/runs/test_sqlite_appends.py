"""Appends that wait are one statement, and each of them is judged as if it were alone."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from backend.errors import StorageError
from backend.runs import sqlite_pieces
from backend.runs.log import Entry, EventsLost, LeaseLost
from backend.runs.sqlite import SQLiteRunLog
from backend.runs.sqlite_appends import ROWS
from tests.asked_runs import entries, summary_of, until
from tests.backend.runs.test_sqlite import held_up, in_writer


@pytest.fixture
async def log(tmp_path: Path) -> AsyncIterator[SQLiteRunLog]:
    log = SQLiteRunLog(tmp_path)
    yield log
    await log.aclose()


async def begun(log: SQLiteRunLog, *runs: str) -> None:
    for run in runs:
        await log.append(summary_of(run, 1), entries(1))


async def at_once(log: SQLiteRunLog, *appends: tuple[str, Sequence[Entry]]) -> tuple[list[Any], list[str]]:
    """What each comes to, made while the writer is busy, and the statements of the writer."""
    statements: list[str] = []
    await in_writer(log, lambda connection: connection.set_trace_callback(statements.append))
    async with held_up(log):
        tasks = [asyncio.create_task(log.append(summary_of(run, new[-1].seq), new)) for run, new in appends]
        await until(lambda: log._writer._jobs.qsize() == len(tasks))
        statements.clear()
    outcomes = await asyncio.gather(*tasks, return_exceptions=True)
    return outcomes, statements


def appended(statements: list[str]) -> int:
    """How many statements appended. Each is told of once more for each trigger that it sets off."""
    return len({one for one in statements if one.startswith("INSERT INTO appended")})


async def test_the_next_events_of_many_runs_are_one_statement(log: SQLiteRunLog) -> None:
    runs = [f"r{number}" for number in range(20)]
    await begun(log, *runs)
    outcomes, statements = await at_once(log, *((run, entries(3, first=2)) for run in runs))
    assert outcomes == [None] * len(runs)
    assert appended(statements) == 1
    assert statements[0] == "COMMIT", "of what held it up"
    assert "COMMIT" not in statements[1:]
    for run in runs:
        assert await log.read(run, 0, 1 << 20) == [*entries(1), *entries(3, first=2)]
        found = await log.summary(run)
        assert found is not None
        assert found.events == 4


async def test_a_long_append_among_short_ones_is_one_statement_with_them(log: SQLiteRunLog) -> None:
    lengths = {"a": 98, "b": 1, "c": 1, "d": 7}
    await begun(log, *lengths)
    outcomes, statements = await at_once(log, *((run, entries(count, first=2)) for run, count in lengths.items()))
    assert outcomes == [None] * len(lengths)
    assert appended(statements) == 1
    assert statements.count("COMMIT") == 1, "of what held it up"
    for run, count in lengths.items():
        assert await log.read(run, 1, 1 << 20) == entries(count, first=2)


async def test_more_than_a_statement_holds_are_several_in_one_transaction(
    log: SQLiteRunLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite_pieces, "PIECE_BYTES", 1)  # a row for each event
    await begun(log, "a", "b")
    new = entries(ROWS, first=2)
    outcomes, statements = await at_once(log, ("a", new), ("b", new))
    assert outcomes == [None, None]
    assert appended(statements) == 2
    assert statements.count("COMMIT") == 2, "of what held it up, and of both"
    assert await log.read("b", 0, 1 << 20) == [*entries(1), *new]


async def test_whatever_an_event_holds_is_read_as_it_was_written(log: SQLiteRunLog) -> None:
    await begun(log, "a")
    new = [Entry(2, b""), Entry(3, b"0"), Entry(4, b"\n\n"), Entry(5, b""), Entry(6, b"{\n}"), Entry(7, b"{}")]
    await log.append(summary_of("a", 7), new)
    for after in range(1, 8):
        assert await log.read("a", after, 1 << 20) == new[after - 1 :]


async def test_what_begins_a_run_goes_with_what_goes_on(log: SQLiteRunLog) -> None:
    await begun(log, "a")
    outcomes, statements = await at_once(log, ("a", entries(1, first=2)), ("b", entries(1)))
    assert outcomes == [None, None]
    assert statements.count("COMMIT") == 2
    assert {run.run: run.events for run in await log.runs(10)} == {"a": 2, "b": 1}


@pytest.mark.parametrize(
    ("wrong", "error"),
    [
        (entries(1, first=9), EventsLost),
        ([Entry(1, b"another")], StorageError),
        ([Entry(2, b"another"), Entry(3, b"one")], StorageError),
    ],
    ids=["a gap", "a number that is taken", "numbers of which one is taken"],
)
async def test_one_that_has_no_place_fails_alone(
    log: SQLiteRunLog, wrong: list[Entry], error: type[StorageError]
) -> None:
    await begun(log, "a", "b", "c")
    await log.append(summary_of("b", 2), entries(1, first=2))
    outcomes, _ = await at_once(log, ("a", entries(2, first=2)), ("b", wrong), ("c", entries(1, first=2)))
    assert [type(one) for one in outcomes] == [type(None), error, type(None)]
    assert len(await log.read("a", 0, 100)) == 3
    assert await log.read("b", 0, 100) == entries(2)
    assert len(await log.read("c", 0, 100)) == 2


async def test_one_that_was_made_already_changes_nothing(log: SQLiteRunLog) -> None:
    await begun(log, "a", "b")
    await log.append(summary_of("a", 3), entries(2, first=2))
    outcomes, _ = await at_once(log, ("a", entries(3, first=2)), ("b", entries(1, first=2)))
    assert outcomes == [None, None], "its last event is new"
    assert await log.read("a", 0, 100) == entries(4)


async def test_a_run_that_is_another_process_es_by_now_is_written_no_more(log: SQLiteRunLog) -> None:
    await begun(log, "a", "b")
    await in_writer(log, lambda db: db.execute("UPDATE runs SET owner = 'another' WHERE run = 'a'"))
    outcomes, _ = await at_once(log, ("a", entries(1, first=2)), ("b", entries(1, first=2)))
    assert isinstance(outcomes[0], LeaseLost)
    assert outcomes[1] is None
    assert await log.read("a", 0, 100) == entries(1)


async def test_a_file_that_another_holds_locked_for_a_moment_is_waited_for(log: SQLiteRunLog, tmp_path: Path) -> None:
    await begun(log, "a")
    other = sqlite3.connect(tmp_path / "runs.sqlite", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    appending = asyncio.create_task(log.append(summary_of("a", 2), entries(1, first=2)))
    await asyncio.sleep(0.05)
    assert not appending.done()
    other.execute("COMMIT")
    other.close()
    await appending
    assert await log.read("a", 0, 100) == entries(2)


@given(st.lists(st.lists(st.integers(1, 70), min_size=1, max_size=5), min_size=1, max_size=4))
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_however_they_come_together_each_run_has_its_own(tmp_path_factory: Any, rounds: list[list[int]]) -> None:
    async def check() -> None:
        log = SQLiteRunLog(tmp_path_factory.mktemp("runs"))
        heads: dict[str, int] = {}
        for counts in rounds:
            fresh = {f"r{place}": count for place, count in enumerate(counts)}
            new = {run: entries(count, first=heads.get(run, 0) + 1) for run, count in fresh.items()}
            await asyncio.gather(*(log.append(summary_of(run, one[-1].seq), one) for run, one in new.items()))
            heads |= {run: one[-1].seq for run, one in new.items()}
        for run, head in heads.items():
            assert await log.read(run, 0, 1 << 20) == entries(head)
        await log.aclose()

    asyncio.run(check())
