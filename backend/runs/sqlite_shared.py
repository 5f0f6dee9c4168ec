"""A file of runs that several processes use: who of them lives, whose runs are abandoned, what they want of each other.

What they tell each other goes through tables, asked for news ten times a second while there is another process.
"""

import asyncio
import secrets
import sqlite3
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from backend.errors import StorageError
from backend.runs.forks import forks_upto
from backend.runs.log import NEWS_S, Adopted, Entry, News, RunSummary, Signal
from backend.runs.sqlite_peers import Peers, boot_id
from backend.runs.sqlite_pieces import lines
from backend.runs.sqlite_worker import MEMORY, Worker

POLL_S = 0.1
SIGNALS_KEPT = 1000
_NEWS_BYTES = 1 << 20
COLUMNS = "run, pipeline, question, started_at, status, events, ms"


class SharedFile:
    """The part of ``SQLiteRunLog`` that is about other processes, and the connections of all of it."""

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

    def _alive(self, owner: str) -> bool:
        return owner == self._me or (owner != "" and self._peers is not None and self._peers.alive(owner))

    async def abandoned(self) -> list[RunSummary]:
        def query(connection: sqlite3.Connection) -> list[RunSummary]:
            owners = connection.execute("SELECT DISTINCT owner FROM runs WHERE status = 'running'").fetchall()
            gone = [owner for (owner,) in owners if not self._alive(owner)]
            marks = ", ".join("?" * len(gone))
            return select_runs(connection, f"WHERE status = 'running' AND owner IN ({marks}) ORDER BY number", gone)

        return await self._reader.do(query)

    async def adopt(self, run: str) -> Adopted | None:
        def take(connection: sqlite3.Connection) -> Adopted | None:
            columns = "owner, recipe, cancelling, whole, forks, events"
            found = connection.execute(f"SELECT {columns} FROM runs WHERE run = ? AND status = 'running'", (run,))
            row = found.fetchone()
            if row is None or self._alive(row[0]):
                return None
            forks, here = row[4], boot_id()
            if row[3] != here:  # a power cut may have taken what was shown
                forks = f"{forks} {row[5] + 1}.{secrets.token_hex(8)}".strip()
            statement = "UPDATE runs SET owner = ?, whole = ?, forks = ? WHERE run = ?"
            connection.execute(statement, (self._me, here, forks, run))
            kept = connection.execute("SELECT step, value FROM kept_values WHERE run = ?", (run,)).fetchall()
            (summary,) = select_runs(connection, "WHERE run = ?", (run,))
            return Adopted(summary=summary, recipe=row[1], values=dict(kept), cancelling=bool(row[2]), forks=forks)

        return await self._writer.do(take)

    async def hand_over(self, run: str) -> None:
        statement = "UPDATE runs SET owner = '' WHERE run = ? AND owner = ? AND status = 'running'"
        await self._write(statement, (run, self._me))

    async def others(self) -> int:
        try:
            return 0 if self._peers is None else len(await asyncio.to_thread(self._peers.others))
        except OSError as error:
            raise StorageError(f"the data folder can't be used: {error}") from error

    async def _write(self, statement: str, values: Sequence[Any] = ()) -> int:
        """How many rows the statement changed."""
        return await self._writer.do(lambda connection: connection.execute(statement, values).rowcount)

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
        entries = {run: read_entries(connection, run, head, _NEWS_BYTES) for run, head in heads.items()}
        return News(
            {run: found for run, found in entries.items() if found},
            [Signal(kind, run) for _, kind, run, sender in signals if sender != self._me],
        )

    def wake(self) -> None:
        self._woken.set()

    async def tell_end(self, run: str, entries: Sequence[Entry]) -> None:
        """Nobody hears it: these processes have nothing in common but the file, and are told to come back."""

    async def told_end(self) -> tuple[str, list[Entry]]:
        never: asyncio.Future[tuple[str, list[Entry]]] = asyncio.get_running_loop().create_future()
        return await never

    def _tidy(self, connection: sqlite3.Connection) -> None:
        connection.execute(
            "DELETE FROM signals WHERE id <= (SELECT coalesce(max(id), 0) FROM signals) - ?", (SIGNALS_KEPT,)
        )
        for (node,) in connection.execute("SELECT DISTINCT node FROM viewers").fetchall():
            if not self._alive(node):
                connection.execute("DELETE FROM viewers WHERE node = ?", (node,))


def read_entries(connection: sqlite3.Connection, run: str, after: int, limit_bytes: int) -> list[Entry]:
    entries: list[Entry] = []
    size = 0
    (forks,) = connection.execute("SELECT forks FROM runs WHERE run = ?", (run,)).fetchone() or ("",)
    for seq, data in lines(connection, run, after):
        size += len(data)
        if entries and size > limit_bytes:
            break
        entries.append(Entry(seq, data, forks_upto(forks, seq)))
    return entries


def select_runs(connection: sqlite3.Connection, where: str, values: Sequence[Any]) -> list[RunSummary]:
    rows = connection.execute(f"SELECT {COLUMNS} FROM runs {where}", values)
    return [RunSummary(**dict(zip(COLUMNS.split(", "), row, strict=True))) for row in rows]
