"""A thread with a connection to SQLite: the event loop never waits for the disk, and many jobs share a commit."""

import asyncio
import contextlib
import queue
import random
import sqlite3
import threading
import time
from collections.abc import Callable, Sequence
from typing import Any, Literal, TypeVar

from backend.errors import StorageError
from backend.runs.log import ClaimTaken
from backend.runs.sqlite_appends import Append, prepare_appends, together
from backend.runs.sqlite_checkpoints import LIMIT_PAGES, Checkpoints
from backend.runs.sqlite_schema import prepare

MEMORY = ":memory:"
LOCKED_S = 0.8
"""A file that somebody else holds locked for longer can't be written: viewers must hear of it within a second."""
OPENING_S = 5.0

T = TypeVar("T")
_Job = tuple[Callable[[sqlite3.Connection], Any], "asyncio.Future[Any]"]
_Result = tuple["asyncio.Future[Any]", Any, Exception | None]


class Worker:
    """Jobs that wait are done together, in one transaction; ``begin`` says which kind it is."""

    def __init__(self, file: str, begin: Literal["BEGIN", "BEGIN IMMEDIATE"]) -> None:
        self._loop = asyncio.get_running_loop()
        self._begin = begin
        self._jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._closed = False
        opened: asyncio.Future[None] = self._loop.create_future()
        self._thread = threading.Thread(target=self._main, args=(file, opened), name="run-log", daemon=True)
        opened.add_done_callback(asyncio.Future.exception)  # told to whoever asks; no complaint if nobody does
        self._opened = opened
        self._thread.start()

    async def do(self, job: Callable[[sqlite3.Connection], T]) -> T:
        """What ``job`` returns, done in the thread. A job once given is done, also when its caller is cancelled; it may
        be done twice, what the first time did being taken back."""
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
            # _start waits for the right to write, at its own pace.
            connection.execute(
                f"PRAGMA busy_timeout = {0 if self._begin == 'BEGIN IMMEDIATE' else LOCKED_S * 1000:.0f}"
            )
            connection.execute(f"PRAGMA wal_autocheckpoint = {LIMIT_PAGES}")
            if self._begin == "BEGIN IMMEDIATE" or file == MEMORY:  # else it reads
                # What a statement may have to take back isn't written to a file of its own.
                connection.execute("PRAGMA temp_store = MEMORY")
                prepare_appends(connection)
        except Exception as error:
            self._resolve([(opened, None, _storage_error(error))])
            return
        self._resolve([(opened, None, None)])
        checkpoints = Checkpoints(lambda: _connect(file))
        with contextlib.closing(connection), contextlib.closing(checkpoints):
            while batch := self._next_batch():
                self._resolve(_transaction(connection, self._begin, batch))
                if self._begin == "BEGIN IMMEDIATE":  # else it reads, or has no file
                    checkpoints.written(connection.total_changes)

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

    def _resolve(self, results: list[_Result]) -> None:
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
    give_up = time.monotonic() + OPENING_S
    while True:
        connection = sqlite3.connect(file, isolation_level=None, timeout=OPENING_S)
        try:
            prepare(connection, file)
            return connection
        except sqlite3.OperationalError as error:
            connection.close()
            # SQLite waits by itself for a lock, but not for that of the change to WAL, nor while another connection
            # tidies the WAL away: https://sqlite.org/wal.html#sometimes_queries_return_sqlite_busy_in_wal_mode
            if not _is_busy(error) or time.monotonic() > give_up:
                raise
        except BaseException:
            connection.close()
            raise
        time.sleep(0.005)


def _is_busy(error: sqlite3.OperationalError) -> bool:
    return error.sqlite_errorcode & 0xFF == sqlite3.SQLITE_BUSY


def _start(connection: sqlite3.Connection, statement: str, values: Sequence[Any] = ()) -> None:
    """Do what wants the right to write."""
    # Asked often and at random: SQLite's own waiting grows to a tenth of a second, in which others are always faster.
    give_up = time.monotonic() + LOCKED_S
    while True:
        try:
            connection.execute(statement, values)
            return
        except sqlite3.OperationalError as error:
            if not _is_busy(error) or time.monotonic() > give_up:
                raise
        time.sleep(random.uniform(0.0005, 0.005))


def _transaction(connection: sqlite3.Connection, begin: str, batch: list[_Job]) -> list[_Result]:
    """Do every job of ``batch`` and commit once; a job that fails takes back its own changes alone."""
    try:
        waiting = [job for job, _ in batch if type(job) is Append]
        appends = together(waiting)
        if len(appends) == 1 and len(waiting) == len(batch):
            try:
                _start(connection, *appends[0])
                return [(done, None, None) for _, done in batch]
            except sqlite3.IntegrityError:
                appends = []
        _start(connection, begin)
        try:
            # Nearly always all succeed: a savepoint for each costs as much as what it does.
            results = _each(connection, batch, appends)
        except Exception:
            if len(batch) == 1 and not appends:  # then the transaction is the job's
                raise
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            _start(connection, begin)
            results = [_job_in_transaction(connection, job, done) for job, done in batch]
        connection.execute("COMMIT")
    except Exception as error:
        with contextlib.suppress(sqlite3.Error):
            connection.execute("ROLLBACK")
        return [(done, None, _storage_error(error)) for _, done in batch]
    return results


def _each(connection: sqlite3.Connection, batch: list[_Job], appends: list[tuple[str, list[Any]]]) -> list[_Result]:
    """Do every job; the appends by the statements ``appends``, if there are any."""
    for one in appends:
        connection.execute(*one)
    return [(done, None if appends and type(job) is Append else job(connection), None) for job, done in batch]


def _job_in_transaction(
    connection: sqlite3.Connection, job: Callable[[sqlite3.Connection], Any], done: "asyncio.Future[Any]"
) -> _Result:
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


def _storage_error(error: Exception) -> Exception:
    if isinstance(error, StorageError | ClaimTaken):
        return error
    return StorageError(f"the run log can't be used: {error}")
