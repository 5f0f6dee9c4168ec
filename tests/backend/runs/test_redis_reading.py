"""Reading from Redis costs as few round trips as it can, brings little that is too much, and is parsed in C."""

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence
from typing import Any

import pytest
from redis.utils import HIREDIS_AVAILABLE

from backend.errors import StorageError
from backend.runs.live import BLOCK_BYTES
from backend.runs.redis import RedisRunLog
from backend.runs.redis_store import READ_AT_ONCE
from tests.asked_runs import entries, summary_of
from tests.redis_process import RedisProcess, redis_process

pytestmark = pytest.mark.needs("redis-server")


@pytest.fixture(scope="module")
def process() -> Iterator[RedisProcess]:
    with redis_process("--appendfsync", "no") as process:
        yield process


@pytest.fixture
async def log(process: RedisProcess) -> AsyncIterator[RedisRunLog]:
    process.ask("FLUSHALL")
    log = RedisRunLog(process.url)
    await log.open()
    yield log
    await log.aclose()


@pytest.fixture
def trips(log: RedisRunLog, monkeypatch: pytest.MonkeyPatch) -> list[list[tuple[Any, ...]]]:
    """The commands of each round trip from now on."""
    found: list[list[tuple[Any, ...]]] = []
    send = log._store._commands

    async def noted(commands: Sequence[tuple[Any, ...]]) -> list[Any]:
        found.append(list(commands))
        return await send(commands)

    monkeypatch.setattr(log._store, "_commands", noted)
    return found


def test_answers_are_parsed_in_c() -> None:
    """redis-py takes hiredis for it where that is there; by its own parser a replay takes more than twice as long."""
    assert HIREDIS_AVAILABLE


async def test_a_replay_of_a_usual_run_is_one_round_trip(log: RedisRunLog, trips: list[list[Any]]) -> None:
    await log.append(summary_of("r", 100), entries(100, size=200))
    trips.clear()
    summary, found = await asyncio.gather(log.summary("r"), log.read("r", 0, BLOCK_BYTES))
    assert (summary, found) == (summary_of("r", 100), entries(100, size=200))
    assert [[command[0] for command in commands] for commands in trips] == [["HMGET", "XRANGE"]]


async def test_who_reads_at_the_same_time_shares_round_trips(log: RedisRunLog, trips: list[list[Any]]) -> None:
    await log.append(summary_of("r", 3), entries(3))
    trips.clear()
    found = await asyncio.gather(*(log.read("r", n % 3, BLOCK_BYTES) for n in range(2 * READ_AT_ONCE + 1)))
    assert [len(commands) for commands in trips] == [READ_AT_ONCE, READ_AT_ONCE, 1]
    assert found == [entries(3)[n % 3 :] for n in range(2 * READ_AT_ONCE + 1)]


async def test_of_large_events_hardly_more_are_fetched_than_fit(log: RedisRunLog, trips: list[list[Any]]) -> None:
    await log.append(summary_of("r", 200), entries(200, size=5_000))
    await log.read("r", 0, BLOCK_BYTES)
    trips.clear()
    found = await log.read("r", 0, BLOCK_BYTES)
    asked = sum(command[-1] for commands in trips for command in commands)
    assert len(found) == BLOCK_BYTES // 5_000
    assert len(found) <= asked <= len(found) + 2


async def test_small_events_behind_large_ones_come_together_again(log: RedisRunLog, trips: list[list[Any]]) -> None:
    await log.append(summary_of("large", 50), entries(50, size=5_000))
    await log.append(summary_of("small", 100), entries(100, size=200))
    await log.read("large", 0, BLOCK_BYTES)
    trips.clear()
    assert len(await log.read("small", 0, BLOCK_BYTES)) == 100
    assert len(trips) == 2


async def test_a_reader_that_is_cancelled_harms_none_that_reads_with_it(log: RedisRunLog) -> None:
    await log.append(summary_of("r", 3), entries(3))
    reading = [asyncio.create_task(log.read("r", 0, BLOCK_BYTES)) for _ in range(4)]
    await asyncio.sleep(0)
    reading[0].cancel()
    reading[2].cancel()
    await asyncio.wait(reading)
    assert [one.cancelled() for one in reading] == [True, False, True, False]
    assert reading[1].result() == reading[3].result() == entries(3)


async def test_a_command_that_is_refused_is_told_to_who_gave_it_alone(log: RedisRunLog) -> None:
    await log.append(summary_of("r", 1), entries(1))
    asked = (log._store.read("XRANGE", "windowseat:runs", "-", "+"), log.summary("r"))
    refused, summary = await asyncio.gather(*asked, return_exceptions=True)
    assert isinstance(refused, StorageError)
    assert "WRONGTYPE" in str(refused)
    assert summary == summary_of("r", 1)
