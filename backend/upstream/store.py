"""What is kept of replies, and how many calls were made: one SQLite file beside the run log, or memory.

It holds cleaned values under hashed keys: no secret, no URL, no address of anybody. It may be lost at any time, and may
never hurt: whatever fails here (a full disk, a damaged file) is logged once, and is a reply that isn't kept.
"""

import asyncio
import logging
import sqlite3
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

import msgspec

FILE = "upstreams.sqlite"
MAX_BYTES = 64 << 20
"""What the kept replies may take up in all; the oldest go first."""
MAX_CLOCK_SKEW_S = 300.0
BROKEN_S = 60.0
_BUSY_S = 1.0
_VERSION = 1
_SCHEMA = """
CREATE TABLE IF NOT EXISTS replies (
  key BLOB PRIMARY KEY, reply BLOB NOT NULL, fetched_at REAL NOT NULL, size INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS replies_by_age ON replies (fetched_at);
CREATE TABLE IF NOT EXISTS calls (
  upstream TEXT NOT NULL, day TEXT NOT NULL, calls REAL NOT NULL, PRIMARY KEY (upstream, day)
) WITHOUT ROWID;
"""

T = TypeVar("T")
_log = logging.getLogger(__name__)


class Kept(msgspec.Struct, frozen=True, kw_only=True):
    """A reply as it is kept. Times are seconds since the epoch; ``data`` went through every scrubbing."""

    status: int
    headers: Mapping[str, str]
    data: Any
    bytes: int
    fetched_at: float
    fresh_until: float
    stale_until: float
    etag: str | None = None
    last_modified: str | None = None


class Store:
    """``folder`` None keeps everything in memory. Use from one event loop; ``aclose`` when done."""

    def __init__(self, folder: Path | None = None, *, max_bytes: int = MAX_BYTES) -> None:
        self._folder, self._max_bytes = folder, max_bytes
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="replies")
        self._connection: sqlite3.Connection | None = None
        self._size = 0
        self._broken_until = 0.0

    async def find(self, key: bytes, now: float) -> Kept | None:
        """What was kept under ``key`` and may still be of use at ``now``."""
        found = await self._do(lambda connection: self._find(connection, key))
        if found is None:
            return None
        usable = found.fetched_at <= now + MAX_CLOCK_SKEW_S and now < max(found.fresh_until, found.stale_until)
        return found if usable else None

    def keep(self, key: bytes, reply: Kept) -> "asyncio.Future[Any]":
        """Keep ``reply`` instead of what was there. Need not be awaited: who looks for it later finds it."""
        work: Callable[[sqlite3.Connection], None] = lambda connection: self._keep(connection, key, reply)  # noqa: E731
        return asyncio.get_running_loop().run_in_executor(self._thread, self._work, work)

    def count(self, upstream: str, day: str, calls: float) -> "asyncio.Future[Any]":
        """``calls`` more were made on ``day`` (ISO). Need not be awaited."""

        def work(connection: sqlite3.Connection) -> None:
            connection.execute(
                "INSERT INTO calls VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET calls = calls + excluded.calls",
                (upstream, day, calls),
            )

        return asyncio.get_running_loop().run_in_executor(self._thread, self._work, work)

    async def counted(self, since: str) -> Mapping[tuple[str, str], float]:
        """The calls made, by upstream and day, from the day ``since`` on."""
        found = await self._do(
            lambda connection: connection.execute(
                "SELECT upstream, day, calls FROM calls WHERE day >= ?", (since,)
            ).fetchall()
        )
        return {(upstream, day): calls for upstream, day, calls in found or ()}

    async def aclose(self) -> None:
        """Finish what was begun."""
        await asyncio.get_running_loop().run_in_executor(self._thread, self._close)
        self._thread.shutdown(wait=False)

    async def _do(self, work: Callable[[sqlite3.Connection], T]) -> T | None:
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._work, work)

    def _work(self, work: Callable[[sqlite3.Connection], T]) -> T | None:
        if time.monotonic() < self._broken_until:
            return None
        try:
            if self._connection is None:
                self._connection = self._open()
            return work(self._connection)
        except (sqlite3.Error, OSError, msgspec.MsgspecError, TypeError, ValueError, OverflowError) as error:
            _log.warning("replies are not kept for %g s: %s", BROKEN_S, error)
            self._broken_until = time.monotonic() + BROKEN_S
            self._close()
            if type(error) is sqlite3.DatabaseError and self._folder is not None:
                for suffix in ("", "-wal", "-shm"):  # no database any more: begin anew
                    (self._folder / (FILE + suffix)).unlink(missing_ok=True)
            return None

    def _open(self) -> sqlite3.Connection:
        place = ":memory:"
        if self._folder is not None:
            self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            file = self._folder / FILE
            file.touch(mode=0o600)
            place = str(file)
        connection = sqlite3.connect(place, timeout=_BUSY_S, isolation_level=None, check_same_thread=False)
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = OFF")  # a lost reply is fetched again
            if connection.execute("PRAGMA user_version").fetchone()[0] not in (0, _VERSION):
                connection.executescript("DROP TABLE IF EXISTS replies; DROP TABLE IF EXISTS calls;")
            connection.executescript(_SCHEMA + f"PRAGMA user_version = {_VERSION};")
            self._size = connection.execute("SELECT total(size) FROM replies").fetchone()[0]
        except BaseException:
            connection.close()
            raise
        return connection

    def _find(self, connection: sqlite3.Connection, key: bytes) -> Kept | None:
        row = connection.execute("SELECT reply FROM replies WHERE key = ?", (key,)).fetchone()
        return None if row is None else msgspec.json.decode(row[0], type=Kept)

    def _keep(self, connection: sqlite3.Connection, key: bytes, reply: Kept) -> None:
        packed = msgspec.json.encode(reply)
        connection.execute(
            "INSERT OR REPLACE INTO replies VALUES (?, ?, ?, ?)", (key, packed, reply.fetched_at, len(packed))
        )
        self._size += len(packed)
        if self._size > self._max_bytes:
            self._make_room(connection)

    def _make_room(self, connection: sqlite3.Connection) -> None:
        connection.execute("DELETE FROM replies WHERE json_extract(reply, '$.stale_until') < ?", (time.time(),))
        self._size = connection.execute("SELECT total(size) FROM replies").fetchone()[0]
        oldest = connection.execute("SELECT key, size FROM replies ORDER BY fetched_at").fetchall()
        for key, size in oldest:
            if self._size <= self._max_bytes * 3 // 4:
                break
            connection.execute("DELETE FROM replies WHERE key = ?", (key,))
            self._size -= size

    def _close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None
