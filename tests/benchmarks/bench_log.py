"""The run log on SQLite beside bare ``executemany``, and on Redis beside ``XADD`` in pipelines: 20 runs at once, ten
200-byte events an append.

Run: ``python -m tests.benchmarks.bench_log [--rounds N]``. CPU time of the process, the log's thread included. The
limit commits each append, or as seldom as the log does when all runs write at once; on Redis it is a pipeline for each
append, or one for those of all runs, through the same client, and what Redis itself takes is a row of its own.
``longest turn``: how long one turn of the event loop took meanwhile, in its own CPU time.
"""

import asyncio
import shutil
import sqlite3
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from backend.runs.log import Entry, RunLog, RunSummary
from backend.runs.sqlite import SQLiteRunLog
from tests.benchmarks.harness import Options, Row, alone, cpu_of, interleaved, ratio
from tests.redis_process import redis_process

RUNS, APPENDS, AT_ONCE = 20, 25, 10
EVENTS = RUNS * APPENDS * AT_ONCE
DATA = b'{"type":"step.log","seq":1,"t":1,"step":"go","attempt":1,"level":"info","text":"' + b"x" * 118 + b'"}'


async def through_the_log(log: RunLog) -> tuple[float, float]:
    """CPU seconds of all appends, and of the longest turn of the event loop among them. Closes the log."""
    longest = 0.0
    run = asyncio.Handle._run

    def timed(handle: asyncio.Handle) -> None:
        nonlocal longest
        began = time.thread_time()
        run(handle)
        longest = max(longest, time.thread_time() - began)

    async def one(name: str) -> None:
        for start in range(1, APPENDS * AT_ONCE, AT_ONCE):
            entries = [Entry(seq, DATA) for seq in range(start, start + AT_ONCE)]
            summary = RunSummary(
                run=name, pipeline="bench", question="?", started_at="2026-11-28T12:00:00.000Z", events=entries[-1].seq
            )
            await log.append(summary, entries)

    await log.runs(1)
    asyncio.Handle._run = timed  # type: ignore[method-assign,assignment]  # measured from outside of what is measured
    began = time.process_time()
    try:
        async with asyncio.TaskGroup() as group:
            for number in range(RUNS):
                group.create_task(one(f"run{number}"))
        took = time.process_time() - began
    finally:
        asyncio.Handle._run = run  # type: ignore[method-assign]  # as above
    await log.aclose()
    return took, longest


async def on_sqlite(folder: Path) -> tuple[float, float]:
    return await through_the_log(SQLiteRunLog(folder))


async def on_redis(url: str) -> tuple[float, float]:
    from backend.runs.redis import RedisRunLog

    log = RedisRunLog(url, retain_days=1)
    await log.open()
    return await through_the_log(log)


async def pipelined(url: str, appends_a_pipeline: int) -> float:
    """CPU seconds of the same events as bare entries of streams, so many appends in a pipeline."""
    from redis.asyncio import Redis

    client = Redis.from_url(url)
    began = time.process_time()
    for start in range(1, APPENDS * AT_ONCE, AT_ONCE):
        for first in range(0, RUNS, appends_a_pipeline):
            pipeline = client.pipeline(transaction=False)
            for number in range(first, first + appends_a_pipeline):
                for seq in range(start, start + AT_ONCE):
                    pipeline.xadd(f"run{number}", {b"d": DATA}, id=f"{seq}-0")
            await pipeline.execute()
    took = time.process_time() - began
    await client.aclose()
    return took


def redis_rows(rounds: int) -> Iterator[Row]:
    with redis_process("--appendfsync", "everysec") as redis:
        pid = redis.pid
        theirs: dict[str, list[float]] = {"log": [], "each": [], "limit": []}

        def side(name: str, run: Callable[[], float]) -> Callable[[], float]:
            def measured() -> float:
                redis.ask("FLUSHALL")
                before = cpu_of(pid)
                took = run()
                theirs[name].append((cpu_of(pid) - before) / EVENTS)
                return took / EVENTS

            return measured

        turns: list[float] = []

        def ours() -> float:
            took, longest = asyncio.run(on_redis(redis.url))
            turns.append(longest)
            return took

        found = interleaved(
            {
                "log": side("log", ours),
                "each": side("each", lambda: asyncio.run(pipelined(redis.url, 1))),
                "limit": side("limit", lambda: asyncio.run(pipelined(redis.url, RUNS))),
            },
            rounds,
        )
    told: dict[str, Any] = {"target": 2.0, "scale": 1e6, "each": "µs/event"}
    yield ratio("log append, Redis / XADD, a pipeline each", found["log"], found["each"], **told)
    yield ratio("log append, Redis / XADD, 20 appends a pipeline", found["log"], found["limit"], **told)
    yield ratio("log append, what Redis takes / XADD", theirs["log"][1:], theirs["limit"][1:], **told)
    yield Row(name="log append, Redis, longest turn of the loop", value=max(turns) * 1000, unit="ms", target=5.0)


def bare(folder: Path, appends_a_commit: int) -> float:
    """CPU seconds of the same events with executemany, a row each in the order of the runs, so many appends in a
    transaction."""
    connection = sqlite3.connect(folder / "bare.sqlite", isolation_level=None)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = NORMAL")
    connection.execute(
        "CREATE TABLE events (run TEXT NOT NULL, seq INTEGER NOT NULL, data BLOB NOT NULL, PRIMARY KEY (run, seq)) "
        "WITHOUT ROWID"
    )
    appends = [
        [(f"run{number}", seq, DATA) for seq in range(start, start + AT_ONCE)]
        for start in range(1, APPENDS * AT_ONCE, AT_ONCE)
        for number in range(RUNS)
    ]
    began = time.process_time()
    for start in range(0, len(appends), appends_a_commit):
        connection.execute("BEGIN")
        for rows in appends[start : start + appends_a_commit]:
            connection.executemany("INSERT INTO events VALUES (?, ?, ?)", rows)
        connection.execute("COMMIT")
    took = time.process_time() - began
    connection.close()
    return took


def rows(options: Options) -> Iterator[Row]:
    turns: list[float] = []

    def ours() -> float:
        with tempfile.TemporaryDirectory() as folder:
            took, longest = asyncio.run(on_sqlite(Path(folder)))
        turns.append(longest)
        return took / EVENTS

    def limit(appends_a_commit: int) -> float:
        with tempfile.TemporaryDirectory() as folder:
            return bare(Path(folder), appends_a_commit) / EVENTS

    found = interleaved({"ours": ours, "each": lambda: limit(1), "gathered": lambda: limit(RUNS)}, options.rounds)
    yield ratio(
        "log append, SQLite / executemany, a commit each", found["ours"], found["each"],
        target=2.0, scale=1e6, each="µs/event",
    )  # fmt: skip
    yield ratio(
        "log append, SQLite / executemany, 20 a commit", found["ours"], found["gathered"],
        target=2.0, scale=1e6, each="µs/event",
    )  # fmt: skip
    yield Row(name="log append, longest turn of the loop", value=max(turns) * 1000, unit="ms", target=5.0)
    if shutil.which("redis-server"):
        yield from redis_rows(options.rounds)


if __name__ == "__main__":
    alone(rows)
