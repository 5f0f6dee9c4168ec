"""Checkpoints beside the writer: what is written comes into the database, and nobody waits for it."""

import contextlib
import queue
import sqlite3
import threading
from pathlib import Path
from typing import Any

import pytest

from backend.runs import sqlite_checkpoints
from backend.runs.log import Entry
from backend.runs.sqlite import SQLiteRunLog
from backend.runs.sqlite_checkpoints import CHANGES, Checkpoints
from tests.asked_runs import summary_of, until


async def test_what_is_written_comes_into_the_database_while_the_log_is_open(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite_checkpoints, "CHANGES", 10)
    log = SQLiteRunLog(tmp_path)
    for seq in range(1, 21):
        await log.append(summary_of("r", seq), [Entry(seq, b"event %d" % seq)])
    await until(lambda: b"event 20" in (tmp_path / "runs.sqlite").read_bytes())
    await log.aclose()
    assert not (tmp_path / "runs.sqlite-wal").exists(), "the last connection to close tidies up"


class Scripted:
    """In place of a connection: each checkpoint takes its turn from ``turns``; an exception there is raised."""

    def __init__(self) -> None:
        self.turns: queue.SimpleQueue[Exception | None] = queue.SimpleQueue()
        self.begun: queue.SimpleQueue[str] = queue.SimpleQueue()

    def execute(self, statement: str) -> "Scripted":
        self.begun.put(statement)
        if (error := self.turns.get(timeout=5)) is not None:
            raise error
        return self

    def fetchall(self) -> list[Any]:
        return []

    def close(self) -> None:
        """Nothing to do."""


def checkpoints_on(connection: Scripted) -> Checkpoints:
    return Checkpoints(lambda: connection)  # type: ignore[arg-type, return-value]  # as much of one as is needed


def test_a_writer_that_goes_on_waits_for_no_checkpoint_and_few_follow_a_slow_one() -> None:
    connection = Scripted()
    checkpoints = checkpoints_on(connection)
    with contextlib.closing(checkpoints):
        for changes in range(0, 50 * CHANGES, CHANGES // 2):
            checkpoints.written(changes)
        assert connection.begun.get(timeout=5) == "PRAGMA wal_checkpoint(PASSIVE)"
        connection.turns.put(None)
        connection.turns.put(None)
    assert connection.begun.qsize() <= 1


def test_after_one_that_failed_the_next_is_tried(caplog: pytest.LogCaptureFixture) -> None:
    connection = Scripted()
    checkpoints = checkpoints_on(connection)
    for number, turn in enumerate((sqlite3.OperationalError("disk I/O error"), OSError("no"), None), 1):
        connection.turns.put(turn)
        checkpoints.written(number * CHANGES)
        connection.begun.get(timeout=5)
    checkpoints.close()
    assert caplog.text.count("left to its writer") == 1, "an outage is told once"


def test_a_log_that_is_hardly_written_has_no_thread_for_it() -> None:
    checkpoints = checkpoints_on(Scripted())
    checkpoints.written(CHANGES - 1)
    checkpoints.close()
    assert not any(thread.name == "run-log-checkpoints" for thread in threading.enumerate())
