"""Files of older versions: what is in them stays, and can be used like any other."""

import sqlite3
from pathlib import Path

from backend.runs.log import Entry
from backend.runs.sqlite import SQLiteRunLog
from tests.asked_runs import entries, summary_of

VERSION_1 = """
CREATE TABLE runs (
  number INTEGER PRIMARY KEY, run TEXT NOT NULL UNIQUE, pipeline TEXT NOT NULL, question TEXT NOT NULL,
  started_at TEXT NOT NULL, status TEXT NOT NULL, events INTEGER NOT NULL, ms INTEGER, owner TEXT NOT NULL
);
CREATE INDEX runs_open ON runs (status) WHERE status = 'running';
CREATE TABLE events (
  run TEXT NOT NULL, seq INTEGER NOT NULL, data BLOB NOT NULL, PRIMARY KEY (run, seq)
) WITHOUT ROWID;
INSERT INTO runs VALUES (1, 'old', 'test', 'Somewhere HOT from Kraków', '2026-11-22T00:00:00.000Z', 'ok', 2, 7, 'gone');
INSERT INTO runs VALUES (2, 'open', 'test', 'q', '2026-11-22T00:00:00.000Z', 'running', 1, NULL, 'gone');
INSERT INTO events VALUES ('old', 1, x'7b7d'), ('old', 2, x'7b7d'), ('open', 1, x'7b7d');
PRAGMA user_version = 1;
"""


async def test_a_file_of_version_1_is_read_searched_and_written(tmp_path: Path) -> None:
    connection = sqlite3.connect(tmp_path / "runs.sqlite")
    connection.executescript(VERSION_1)
    connection.close()
    for _ in range(2):
        log = SQLiteRunLog(tmp_path)
        assert await log.read("old", 0, 100) == entries(2)
        assert [run.run for run in await log.runs(10, words=["hot", "KRAKÓW"])] == ["old"]
        assert await log.retain(36_500, 1000) == 0
        await log.aclose()
    log = SQLiteRunLog(tmp_path)
    assert [run.run for run in await log.abandoned()] == ["open"]
    assert await log.adopt("open") is not None
    await log.append(summary_of("open", 3), entries(2, first=2))
    await log.append(summary_of("open", 4, "interrupted"), [Entry(4, b"{}")])
    for after in range(5):
        found = [Entry(entry.seq, entry.data) for entry in await log.read("open", after, 100)]
        assert found == entries(4)[after:], "some of it where older versions had it"
    await log.append(summary_of("open", 4, "interrupted"), entries(4)[1:])
    assert await log.retain(0, 1000) == 2, "its age counts from when it began"
    await log.aclose()
