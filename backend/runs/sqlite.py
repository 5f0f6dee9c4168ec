"""The run log on SQLite: one file (WAL), no server to install, history that survives a restart.

All writing goes through one thread that commits what has gathered meanwhile as one transaction. ``synchronous=NORMAL``:
a killed process loses nothing, a power cut may lose the last moments
(https://sqlite.org/pragma.html#pragma_synchronous). Several processes may share the file; what they want of each other
goes through tables, asked for news ten times a second while there is another process.
"""

import asyncio
import sqlite3
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from backend.errors import StorageError
from backend.runs.log import NEWS_S, Adopted, ClaimTaken, Entry, EventsLost, LeaseLost, News, Origin, RunSummary, Signal
from backend.runs.sqlite_peers import Peers
from backend.runs.sqlite_worker import Worker

MEMORY = ":memory:"
POLL_S = 0.1
SIGNALS_KEPT = 1000
_FORGOTTEN_AT_ONCE = 50
_NEWS_BYTES = 1 << 20
_COLUMNS = "run, pipeline, question, started_at, status, events, ms"


class SQLiteRunLog:
    """A ``RunLog`` in ``folder/runs.sqlite``, or in memory for tests (``MEMORY``).

    Use from the event loop that made it. Raises StorageError when the file can't be opened or is of a newer version.
    """

    def __init__(self, folder: Path | str) -> None:
        self._peers: Peers | None = None
        self._woken = asyncio.Event()
        self._signals_seen: int | None = None
        if str(folder) == MEMORY:
            self._writer = self._reader = Worker(MEMORY, "BEGIN")
            self._me = "memory"
            return
        self._peers = Peers(Path(folder))
        self._me = self._peers.me
        file = Path(folder) / "runs.sqlite"
        try:
            file.touch(mode=0o600)  # SQLite gives the files beside it the same mode
        except OSError as error:
            self._peers.close()
            raise StorageError(f"can't write to the data folder {folder}: {error}") from error
        self._writer, self._reader = Worker(str(file), "BEGIN IMMEDIATE"), Worker(str(file), "BEGIN")

    # ---- writing and reading

    async def append(
        self,
        summary: RunSummary,
        entries: Sequence[Entry],
        *,
        origin: Origin | None = None,
        values: Mapping[str, bytes] | None = None,
    ) -> None:
        await self._writer.do(lambda connection: self._append(connection, summary, entries, origin, values or {}))

    def _append(
        self,
        connection: sqlite3.Connection,
        summary: RunSummary,
        entries: Sequence[Entry],
        origin: Origin | None,
        values: Mapping[str, bytes],
    ) -> None:
        run, first = summary.run, entries[0].seq
        if [entry.seq for entry in entries] != list(range(first, first + len(entries))):
            raise StorageError(f"run {run}: the numbers of new events have a gap")
        head = self._head(connection, run, entries)
        if head >= entries[-1].seq:
            return
        if head == 0:
            self._create(connection, summary, origin or Origin())
        entries = [entry for entry in entries if entry.seq > head]
        connection.executemany(
            "INSERT INTO events (run, seq, data) VALUES (?, ?, ?)", [(run, entry.seq, entry.data) for entry in entries]
        )
        connection.executemany(
            "INSERT OR REPLACE INTO kept_values (run, step, value) VALUES (?, ?, ?)",
            [(run, step, value) for step, value in values.items()],
        )
        connection.execute(
            "UPDATE runs SET status = ?, events = ?, ms = ? WHERE run = ?",
            (summary.status, entries[-1].seq, summary.ms, run),
        )
        if summary.status != "running":
            connection.execute("UPDATE runs SET recipe = NULL, cancelling = 0 WHERE run = ?", (run,))
            connection.execute("DELETE FROM kept_values WHERE run = ?", (run,))
            connection.execute("DELETE FROM viewers WHERE run = ?", (run,))

    def _head(self, connection: sqlite3.Connection, run: str, entries: Sequence[Entry]) -> int:
        """The number of the run's last event, which may be one of these very entries. Raises StorageError where they
        have no place."""
        found = connection.execute("SELECT status, events, owner FROM runs WHERE run = ?", (run,)).fetchone()
        status, head, owner = found or ("running", 0, self._me)
        if owner != self._me:
            raise LeaseLost(f"another process writes run {run} now")
        first, last = entries[0].seq, entries[-1].seq
        if head < first - 1:
            raise EventsLost(run, head)
        there = [entry for entry in entries if entry.seq <= head]
        is_over = status != "running" and head < last
        if is_over or (there and _stored(connection, run, first, there[-1].seq) != there):
            raise StorageError(f"run {run} has {head} events and is {status}: the new ones are not its next")
        return int(head)

    def _create(self, connection: sqlite3.Connection, summary: RunSummary, origin: Origin) -> None:
        if origin.claim is not None:
            taken = _claimed(connection, origin.claim.key)
            if taken is not None:
                raise ClaimTaken(*taken)
            connection.execute(
                "INSERT INTO claims (key, fingerprint, run) VALUES (?, ?, ?)",
                (origin.claim.key, origin.claim.fingerprint, summary.run),
            )
        connection.execute(
            f"INSERT INTO runs ({_COLUMNS}, owner, stored_at, folded, recipe) VALUES (?, ?, ?, ?, ?, 0, ?, ?, ?, ?, ?)",
            (
                summary.run, summary.pipeline, summary.question, summary.started_at, summary.status, summary.ms,
                self._me, time.time(), summary.question.casefold(), origin.recipe,
            ),
        )  # fmt: skip

    async def read(self, run: str, after: int, limit_bytes: int) -> list[Entry]:
        return await self._reader.do(lambda connection: _read(connection, run, after, limit_bytes))

    async def summary(self, run: str) -> RunSummary | None:
        found = await self._reader.do(lambda connection: _select(connection, "WHERE run = ?", (run,)))
        return found[0] if found else None

    async def runs(self, limit: int, before: str | None = None, words: Sequence[str] = ()) -> list[RunSummary]:
        conditions = ["number < (SELECT number FROM runs WHERE run = ?)"] if before is not None else []
        conditions += ["instr(folded, ?) > 0"] * len(words)
        where = f"WHERE {' AND '.join(conditions)}" if conditions else ""
        values = [*([] if before is None else [before]), *(word.casefold() for word in words), limit]
        return await self._reader.do(lambda db: _select(db, f"{where} ORDER BY number DESC LIMIT ?", values))

    async def claimed(self, key: str) -> tuple[str, str] | None:
        return await self._reader.do(lambda connection: _claimed(connection, key))

    # ---- forgetting

    async def delete(self, run: str) -> bool:
        return bool(await self._writer.do(lambda connection: _forget(connection, "run = ?", (run,))))

    async def retain(self, days: float, runs: int) -> int:
        forgotten = 0
        tooold = ("stored_at < ?", (time.time() - days * 86_400,))
        toomany = ("number <= (SELECT number FROM runs ORDER BY number DESC LIMIT 1 OFFSET ?)", (runs,))
        for condition, values in (tooold, toomany):
            # A few at a time, so that runs under way come to write in between.
            while count := await self._writer.do(lambda db, c=condition, v=values: _forget(db, c, v)):  # type: ignore[misc]  # defaults bind the loop's values
                forgotten += count
        await self._writer.do(self._tidy)
        return forgotten

    def _tidy(self, connection: sqlite3.Connection) -> None:
        connection.execute(
            "DELETE FROM signals WHERE id <= (SELECT coalesce(max(id), 0) FROM signals) - ?", (SIGNALS_KEPT,)
        )
        for (node,) in connection.execute("SELECT DISTINCT node FROM viewers").fetchall():
            if not self._alive(node):
                connection.execute("DELETE FROM viewers WHERE node = ?", (node,))

    # ---- between processes

    def _alive(self, owner: str) -> bool:
        return owner == self._me or (owner != "" and self._peers is not None and self._peers.alive(owner))

    async def abandoned(self) -> list[RunSummary]:
        def query(connection: sqlite3.Connection) -> list[RunSummary]:
            owners = connection.execute("SELECT DISTINCT owner FROM runs WHERE status = 'running'").fetchall()
            gone = [owner for (owner,) in owners if not self._alive(owner)]
            marks = ", ".join("?" * len(gone))
            return _select(connection, f"WHERE status = 'running' AND owner IN ({marks}) ORDER BY number", gone)

        return await self._reader.do(query)

    async def adopt(self, run: str) -> Adopted | None:
        def take(connection: sqlite3.Connection) -> Adopted | None:
            columns = "owner, recipe, cancelling"
            found = connection.execute(f"SELECT {columns} FROM runs WHERE run = ? AND status = 'running'", (run,))
            row = found.fetchone()
            if row is None or self._alive(row[0]):
                return None
            connection.execute("UPDATE runs SET owner = ? WHERE run = ?", (self._me, run))
            kept = connection.execute("SELECT step, value FROM kept_values WHERE run = ?", (run,)).fetchall()
            (summary,) = _select(connection, "WHERE run = ?", (run,))
            return Adopted(summary=summary, recipe=row[1], values=dict(kept), cancelling=bool(row[2]))

        return await self._writer.do(take)

    async def hand_over(self, run: str) -> None:
        statement = "UPDATE runs SET owner = '' WHERE run = ? AND owner = ? AND status = 'running'"
        await self._write(statement, (run, self._me))

    async def others(self) -> int:
        return 0 if self._peers is None else len(await asyncio.to_thread(self._peers.others))

    async def ask_cancel(self, run: str) -> bool:
        def ask(connection: sqlite3.Connection) -> bool:
            statement = "UPDATE runs SET cancelling = 1 WHERE run = ? AND status = 'running'"
            if not connection.execute(statement, (run,)).rowcount:
                return False
            self._signal(connection, "cancel", run)
            return True

        return await self._writer.do(ask)

    async def cancelling(self, run: str) -> bool:
        statement = "SELECT 1 FROM runs WHERE run = ? AND cancelling = 1"
        return await self._reader.do(lambda connection: connection.execute(statement, (run,)).fetchone() is not None)

    async def watch(self, run: str, present: bool) -> None:
        def tell(connection: sqlite3.Connection) -> None:
            if present:
                connection.execute("INSERT OR IGNORE INTO viewers (run, node) VALUES (?, ?)", (run, self._me))
            else:
                connection.execute("DELETE FROM viewers WHERE run = ? AND node = ?", (run, self._me))
            self._signal(connection, "viewers", run)

        await self._writer.do(tell)

    async def watched(self, run: str) -> bool:
        def ask(connection: sqlite3.Connection) -> bool:
            nodes = connection.execute("SELECT node FROM viewers WHERE run = ? AND node != ?", (run, self._me))
            return any(self._alive(node) for (node,) in nodes.fetchall())

        return await self._reader.do(ask)

    def _signal(self, connection: sqlite3.Connection, kind: str, run: str) -> None:
        connection.execute("INSERT INTO signals (kind, run, sender) VALUES (?, ?, ?)", (kind, run, self._me))

    async def news(self, heads: Mapping[str, int]) -> News:
        loop = asyncio.get_running_loop()
        give_up = loop.time() + NEWS_S
        self._woken.clear()
        while True:
            news = News({}, [])
            if self._peers is not None:
                news = await self._reader.do(lambda connection: self._news(connection, heads))
            left = give_up - loop.time()
            if news.entries or news.signals or left <= 0 or self._woken.is_set():
                return news
            try:
                async with asyncio.timeout(min(left, POLL_S if await self.others() else NEWS_S)):
                    await self._woken.wait()
            except TimeoutError:
                continue

    def _news(self, connection: sqlite3.Connection, heads: Mapping[str, int]) -> News:
        if self._signals_seen is None:  # what was said before this process began is for others
            (self._signals_seen,) = connection.execute("SELECT coalesce(max(id), 0) FROM signals").fetchone()
        statement = "SELECT id, kind, run, sender FROM signals WHERE id > ? ORDER BY id"
        signals = connection.execute(statement, (self._signals_seen,)).fetchall()
        if signals:
            self._signals_seen = signals[-1][0]
        entries = {run: _read(connection, run, head, _NEWS_BYTES) for run, head in heads.items()}
        return News(
            {run: found for run, found in entries.items() if found},
            [Signal(kind, run) for _, kind, run, sender in signals if sender != self._me],
        )

    def wake(self) -> None:
        self._woken.set()

    # ---- the file itself

    async def renew(self) -> None:
        """Nothing to do: the kernel holds this process's lock for as long as it lives."""

    async def check(self, size: int = 1) -> None:
        beat = "INSERT OR REPLACE INTO pulse VALUES (1, randomblob(?))"
        await self._write(beat, (size,))
        if size > 1:
            await self._write(beat, (1,))

    async def _write(self, statement: str, values: Sequence[Any] = ()) -> int:
        """How many rows the statement changed."""
        return await self._writer.do(lambda connection: connection.execute(statement, values).rowcount)

    async def aclose(self) -> None:
        await self._writer.aclose()
        await self._reader.aclose()
        if self._peers is not None:
            self._peers.close()


def _read(connection: sqlite3.Connection, run: str, after: int, limit_bytes: int) -> list[Entry]:
    entries: list[Entry] = []
    size = 0
    rows = connection.execute("SELECT seq, data FROM events WHERE run = ? AND seq > ? ORDER BY seq", (run, after))
    for seq, data in rows:
        size += len(data)
        if entries and size > limit_bytes:
            break
        entries.append(Entry(seq, data))
    return entries


def _stored(connection: sqlite3.Connection, run: str, first: int, last: int) -> list[Entry]:
    rows = connection.execute(
        "SELECT seq, data FROM events WHERE run = ? AND seq BETWEEN ? AND ? ORDER BY seq", (run, first, last)
    )
    return [Entry(*row) for row in rows]


def _select(connection: sqlite3.Connection, where: str, values: Sequence[Any]) -> list[RunSummary]:
    rows = connection.execute(f"SELECT {_COLUMNS} FROM runs {where}", values)
    return [RunSummary(**dict(zip(_COLUMNS.split(", "), row, strict=True))) for row in rows]


def _claimed(connection: sqlite3.Connection, key: str) -> tuple[str, str] | None:
    found = connection.execute("SELECT run, fingerprint FROM claims WHERE key = ?", (key,)).fetchone()
    return None if found is None else (found[0], found[1])


def _forget(connection: sqlite3.Connection, condition: str, values: Sequence[Any]) -> int:
    """Forget at most _FORGOTTEN_AT_ONCE finished runs that meet ``condition``, and say how many there were."""
    statement = f"SELECT run FROM runs WHERE status != 'running' AND {condition} LIMIT {_FORGOTTEN_AT_ONCE}"
    runs = connection.execute(statement, values).fetchall()
    for table in ("events", "claims", "runs"):
        connection.executemany(f"DELETE FROM {table} WHERE run = ?", runs)
    return len(runs)
