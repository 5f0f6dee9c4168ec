"""The run log on SQLite beside bare ``executemany``: 20 runs at once, 200-byte events, ten an append, in a file.

Run: ``python -m tests.benchmarks.bench_log [--rounds N]``. CPU time of the process, the log's thread included. The
limit commits each append, or as seldom as the log does when all runs write at once. ``longest turn``: how long one turn
of the event loop took meanwhile, in its own CPU time.
"""

import asyncio
import sqlite3
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from backend.runs.log import Entry, RunSummary
from backend.runs.sqlite import SQLiteRunLog
from tests.benchmarks.harness import Options, Row, alone, interleaved, ratio

RUNS, APPENDS, AT_ONCE = 20, 25, 10
EVENTS = RUNS * APPENDS * AT_ONCE
DATA = b'{"type":"step.log","seq":1,"t":1,"step":"go","attempt":1,"level":"info","text":"' + b"x" * 118 + b'"}'


async def through_the_log(folder: Path) -> tuple[float, float]:
    """CPU seconds of all appends, and of the longest turn of the event loop among them."""
    log = SQLiteRunLog(folder)
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


def bare(folder: Path, appends_a_commit: int) -> float:
    """CPU seconds of the same rows with executemany, so many appends in a transaction."""
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
            took, longest = asyncio.run(through_the_log(Path(folder)))
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


if __name__ == "__main__":
    alone(rows)
