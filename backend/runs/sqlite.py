"""The run log on SQLite: one file (WAL), no server to install, history that survives a restart.

All writing goes through one thread that commits what has gathered meanwhile as one transaction, so that many runs share
a commit and the event loop never waits for the disk. ``synchronous=NORMAL``: a killed process loses nothing, a power
cut may lose the last moments (https://sqlite.org/pragma.html#pragma_synchronous). Several processes may share the file;
each holds a lock file for as long as it lives, which is how the others know whose runs were abandoned.
"""

import asyncio
import contextlib
import fcntl
import queue
import secrets
import sqlite3
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

from backend.errors import StorageError
from backend.runs.log import Entry, RunSummary

MEMORY = ":memory:"
_BUSY_S = 5.0
_SCHEMA_VERSION = 1
_SCHEMA = """
CREATE TABLE IF NOT EXISTS runs (
  number INTEGER PRIMARY KEY, run TEXT NOT NULL UNIQUE, pipeline TEXT NOT NULL, question TEXT NOT NULL,
  started_at TEXT NOT NULL, status TEXT NOT NULL, events INTEGER NOT NULL, ms INTEGER, owner TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS runs_open ON runs (status) WHERE status = 'running';
CREATE TABLE IF NOT EXISTS events (
  run TEXT NOT NULL, seq INTEGER NOT NULL, data BLOB NOT NULL, PRIMARY KEY (run, seq)
) WITHOUT ROWID;
"""
_COLUMNS = "run, pipeline, question, started_at, status, events, ms"

T = TypeVar("T")
_Job = tuple[Callable[[sqlite3.Connection], Any], "asyncio.Future[Any]"]


class SQLiteRunLog:
    """A ``RunLog`` in ``folder/runs.sqlite``, or in memory for tests (``MEMORY``).

    Use from the event loop that made it. Raises StorageError when the file can't be opened or is of a newer version.
    """

    def __init__(self, folder: Path | str) -> None:
        self._owner = secrets.token_hex(8)
        self._lock_file: Any = None
        if str(folder) == MEMORY:
            self._folder: Path | None = None
            self._writer = self._reader = _Worker(MEMORY)
        else:
            self._folder = Path(folder)
            try:
                owners = self._folder / "owners"
                self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)  # it holds what people asked
                owners.mkdir(exist_ok=True, mode=0o700)
                self._lock_file = (owners / self._owner).open("w")
                fcntl.flock(self._lock_file, fcntl.LOCK_EX)
                file = self._folder / "runs.sqlite"
                file.touch(mode=0o600)  # SQLite gives the files beside it the same mode
            except (OSError, ValueError) as error:  # ValueError: a NUL in the path
                raise StorageError(f"can't write to the data folder {self._folder}: {error}") from error
            self._writer, self._reader = _Worker(str(file)), _Worker(str(file))

    async def append(self, summary: RunSummary, entries: Sequence[Entry]) -> None:
        await self._writer.do(lambda connection: self._append(connection, summary, entries))

    def _append(self, connection: sqlite3.Connection, summary: RunSummary, entries: Sequence[Entry]) -> None:
        connection.executemany(
            "INSERT INTO events (run, seq, data) VALUES (?, ?, ?)",
            [(summary.run, entry.seq, entry.data) for entry in entries],
        )
        connection.execute(
            f"INSERT INTO runs ({_COLUMNS}, owner) VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (run) DO UPDATE "
            "SET status = excluded.status, events = excluded.events, ms = excluded.ms",
            (
                summary.run, summary.pipeline, summary.question, summary.started_at,
                summary.status, summary.events, summary.ms, self._owner,
            ),
        )  # fmt: skip

    async def read(self, run: str, after: int, limit_bytes: int) -> list[Entry]:
        def query(connection: sqlite3.Connection) -> list[Entry]:
            entries: list[Entry] = []
            size = 0
            rows = connection.execute(
                "SELECT seq, data FROM events WHERE run = ? AND seq > ? ORDER BY seq", (run, after)
            )
            for seq, data in rows:
                size += len(data)
                if entries and size > limit_bytes:
                    break
                entries.append(Entry(seq, data))
            return entries

        return await self._reader.do(query)

    async def summary(self, run: str) -> RunSummary | None:
        found = await self._select("WHERE run = ?", (run,))
        return found[0] if found else None

    async def runs(self, limit: int, before: str | None = None) -> list[RunSummary]:
        if before is None:
            return await self._select("ORDER BY number DESC LIMIT ?", (limit,))
        where = "WHERE number < (SELECT number FROM runs WHERE run = ?) ORDER BY number DESC LIMIT ?"
        return await self._select(where, (before, limit))

    async def abandoned(self) -> list[RunSummary]:
        folder = self._folder
        if folder is None:
            return []
        owners: list[str] = await self._reader.do(
            lambda connection: [
                owner for (owner,) in connection.execute("SELECT DISTINCT owner FROM runs WHERE status = 'running'")
            ]
        )
        gone = [owner for owner in owners if owner != self._owner and _is_gone(folder / "owners" / owner)]
        marks = ", ".join("?" * len(gone))
        return await self._select(f"WHERE status = 'running' AND owner IN ({marks})", gone) if gone else []

    async def _select(self, where: str, values: Sequence[Any]) -> list[RunSummary]:
        def query(connection: sqlite3.Connection) -> list[RunSummary]:
            rows = connection.execute(f"SELECT {_COLUMNS} FROM runs {where}", values)
            return [RunSummary(**dict(zip(_COLUMNS.split(", "), row, strict=True))) for row in rows]

        return await self._reader.do(query)

    async def aclose(self) -> None:
        await self._writer.aclose()
        await self._reader.aclose()
        if self._lock_file is not None and not self._lock_file.closed:
            assert self._folder is not None
            (self._folder / "owners" / self._owner).unlink(missing_ok=True)
            self._lock_file.close()


def _is_gone(lock: Path) -> bool:
    """Whether the process behind a lock file has ended: the kernel gave its lock back. Tidies the file away then."""
    try:
        with lock.open("r+") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            lock.unlink(missing_ok=True)
    except FileNotFoundError:
        return True
    except BlockingIOError:
        return False
    return True


class _Worker:
    """A thread with a connection of its own. Jobs that wait are done together, in one transaction."""

    def __init__(self, file: str) -> None:
        self._loop = asyncio.get_running_loop()
        self._jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._closed = False
        opened: asyncio.Future[None] = self._loop.create_future()
        self._thread = threading.Thread(target=self._main, args=(file, opened), name="run-log", daemon=True)
        opened.add_done_callback(asyncio.Future.exception)  # told to whoever asks; no complaint if nobody does
        self._opened = opened
        self._thread.start()

    async def do(self, job: Callable[[sqlite3.Connection], T]) -> T:
        """What ``job`` returns, done in the thread. A job once given is done, also when its caller is cancelled."""
        if self._closed:
            raise StorageError("the run log is closed")
        done: asyncio.Future[T] = self._loop.create_future()
        self._jobs.put((job, done))
        if not self._opened.done() or self._opened.exception():
            await asyncio.shield(self._opened)
        return await done

    async def aclose(self) -> None:
        if not self._closed:
            self._closed = True
            self._jobs.put(None)
        await asyncio.to_thread(self._thread.join)

    def _main(self, file: str, opened: "asyncio.Future[None]") -> None:
        try:
            connection = _connect(file)
        except Exception as error:
            self._resolve([(opened, None, _storage_error(error))])
            return
        self._resolve([(opened, None, None)])
        with contextlib.closing(connection):
            while batch := self._next_batch():
                self._resolve(_transaction(connection, batch))

    def _next_batch(self) -> list[_Job]:
        """All jobs that wait now, at least one; none when the worker is to end."""
        batch: list[_Job] = []
        job = self._jobs.get()
        while job is not None:
            batch.append(job)
            if self._jobs.empty():
                return batch
            job = self._jobs.get()
        if batch:
            self._jobs.put(None)
        return batch

    def _resolve(self, results: "list[tuple[asyncio.Future[Any], Any, Exception | None]]") -> None:
        def resolve() -> None:
            for future, value, error in results:
                if future.cancelled():
                    continue
                if error is None:
                    future.set_result(value)
                else:
                    future.set_exception(error)

        with contextlib.suppress(RuntimeError):  # the loop has closed: nobody waits any more
            self._loop.call_soon_threadsafe(resolve)


def _connect(file: str) -> sqlite3.Connection:
    give_up = time.monotonic() + _BUSY_S
    while True:
        connection = sqlite3.connect(file, isolation_level=None, timeout=_BUSY_S)
        try:
            _prepare(connection, file)
            return connection
        except sqlite3.OperationalError as error:
            connection.close()
            # SQLite waits by itself for a lock, but not for that of the change to WAL, nor while another connection
            # tidies the WAL away: https://sqlite.org/wal.html#sometimes_queries_return_sqlite_busy_in_wal_mode
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > give_up:
                raise
        except BaseException:
            connection.close()
            raise
        time.sleep(0.005)


def _prepare(connection: sqlite3.Connection, file: str) -> None:
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = NORMAL")
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if version > _SCHEMA_VERSION:
        raise StorageError(f"{file} was written by a newer Windowseat; update, or choose another --data-dir")
    if version < _SCHEMA_VERSION:
        connection.execute("BEGIN IMMEDIATE")
        for statement in filter(None, map(str.strip, _SCHEMA.split(";"))):
            connection.execute(statement)
        connection.execute(f"PRAGMA user_version = {_SCHEMA_VERSION}")
        connection.execute("COMMIT")


def _transaction(
    connection: sqlite3.Connection, batch: list[_Job]
) -> "list[tuple[asyncio.Future[Any], Any, Exception | None]]":
    """Do every job of ``batch`` and commit once; a job that fails takes back its own changes alone."""
    try:
        connection.execute("BEGIN")
        results = [_job_in_transaction(connection, job, done) for job, done in batch]
        connection.execute("COMMIT")
    except Exception as error:
        with contextlib.suppress(sqlite3.Error):
            connection.execute("ROLLBACK")
        return [(done, None, _storage_error(error)) for _, done in batch]
    return results


def _job_in_transaction(
    connection: sqlite3.Connection, job: Callable[[sqlite3.Connection], Any], done: "asyncio.Future[Any]"
) -> "tuple[asyncio.Future[Any], Any, Exception | None]":
    connection.execute("SAVEPOINT job")
    value, failure = None, None
    try:
        value = job(connection)
    except Exception as error:  # also what isn't SQLite's: nothing may end the thread, or everybody waits for ever
        if not connection.in_transaction:  # SQLite has taken the whole batch back
            raise
        connection.execute("ROLLBACK TO job")
        failure = _storage_error(error)
    connection.execute("RELEASE job")
    return done, value, failure


def _storage_error(error: Exception) -> StorageError:
    if isinstance(error, StorageError):
        return error
    return StorageError(f"the run log can't be used: {error}")
