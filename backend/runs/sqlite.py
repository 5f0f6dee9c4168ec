"""The run log on SQLite: one file (WAL), no server to install, history that survives a restart.

All writing goes through one thread that commits what has gathered meanwhile as one transaction. ``synchronous=NORMAL``:
a killed process loses nothing, a power cut may lose the last moments
(https://sqlite.org/pragma.html#pragma_synchronous), so that after a boot a takeover is a fork (``forks.py``). Several
processes may share the file (``sqlite_shared.py``).
"""

import itertools
import sqlite3
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from backend.errors import StorageError
from backend.runs.log import ClaimTaken, Entry, EventsLost, LeaseLost, Origin, RunSummary
from backend.runs.sqlite_appends import Append
from backend.runs.sqlite_peers import boot_id
from backend.runs.sqlite_pieces import INSERT, lines, pieces
from backend.runs.sqlite_shared import COLUMNS, SharedFile, read_entries, select_runs
from backend.runs.sqlite_worker import MEMORY
from backend.runs.steady import SteadyClock

_FORGOTTEN_AT_ONCE = 50

__all__ = ["MEMORY", "SQLiteRunLog"]


class SQLiteRunLog(SharedFile):
    """A ``RunLog`` in ``folder/runs.sqlite``, or in memory for tests (``MEMORY``).

    Use from the event loop that made it. Raises StorageError when the file can't be opened or is of a newer version.
    """

    def __init__(self, folder: Path | str) -> None:
        super().__init__(folder)
        self._clock = SteadyClock()

    # ---- writing and reading

    async def append(
        self,
        summary: RunSummary,
        entries: Sequence[Entry],
        *,
        origin: Origin | None = None,
        values: Mapping[str, bytes] | None = None,
    ) -> None:
        def alone(connection: sqlite3.Connection) -> None:
            self._append(connection, summary, entries, origin, values or {})

        run = summary.run
        if _has_gap(entries):
            raise StorageError(f"run {run}: the numbers of new events have a gap")
        is_simple = entries[0].seq > 1 and summary.status == "running" and not values
        await self._writer.do(Append(run, entries, self._me, alone) if is_simple else alone)

    def _append(
        self,
        connection: sqlite3.Connection,
        summary: RunSummary,
        entries: Sequence[Entry],
        origin: Origin | None,
        values: Mapping[str, bytes],
    ) -> None:
        run = summary.run
        if entries[0].seq > 1:
            simple = self._goes_on(connection, summary, entries)
        else:
            simple = self._begins(connection, summary, len(entries), origin or Origin())
        if not simple:
            head = self._head(connection, run, entries)
            if head >= entries[-1].seq:
                return
            entries = [entry for entry in entries if entry.seq > head]
        for piece in pieces(entries):
            connection.execute(INSERT, (run, *piece))
        if values:
            connection.executemany(
                "INSERT OR REPLACE INTO kept_values (run, step, value) VALUES (?, ?, ?)",
                [(run, step, value) for step, value in values.items()],
            )
        if not simple or summary.status != "running":
            self._settle(connection, summary, entries[-1].seq)

    def _goes_on(self, connection: sqlite3.Connection, summary: RunSummary, entries: Sequence[Entry]) -> bool:
        """Whether these are simply the next events of a run of this process; counts them if so. One statement instead
        of two, and no index to change: a fifth of an append's cost."""
        counted = connection.execute(
            "UPDATE runs SET events = ? WHERE run = ? AND events = ? AND owner = ? AND status = 'running'",
            (entries[-1].seq, summary.run, entries[0].seq - 1, self._me),
        )
        return counted.rowcount == 1

    def _settle(self, connection: sqlite3.Connection, summary: RunSummary, events: int) -> None:
        run = summary.run
        is_over = summary.status != "running"
        further = ", recipe = NULL, cancelling = 0" if is_over else ""
        connection.execute(
            f"UPDATE runs SET status = ?, events = ?, ms = ?{further} WHERE run = ?",
            (summary.status, events, summary.ms, run),
        )
        if is_over:
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

    def _begins(self, connection: sqlite3.Connection, summary: RunSummary, events: int, origin: Origin) -> bool:
        """Whether this is a run that isn't there yet; creates it if so, with so many events. Raises ClaimTaken."""
        created = connection.execute(
            f"INSERT INTO runs ({COLUMNS}, owner, stored_at, folded, recipe, whole)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (run) DO NOTHING",
            (
                summary.run, summary.pipeline, summary.question, summary.started_at, summary.status, events, summary.ms,
                self._me, self._clock(), summary.question.casefold(), origin.recipe, boot_id(),
            ),
        )  # fmt: skip
        if created.rowcount != 1:
            return False
        if origin.claim is not None:
            taken = _claimed(connection, origin.claim.key)
            if taken is not None:
                raise ClaimTaken(*taken)
            connection.execute(
                "INSERT INTO claims (key, fingerprint, run) VALUES (?, ?, ?)",
                (origin.claim.key, origin.claim.fingerprint, summary.run),
            )
        return True

    async def read(self, run: str, after: int, limit_bytes: int) -> list[Entry]:
        return await self._reader.do(lambda connection: read_entries(connection, run, after, limit_bytes))

    async def summary(self, run: str) -> RunSummary | None:
        found = await self._reader.do(lambda connection: select_runs(connection, "WHERE run = ?", (run,)))
        return found[0] if found else None

    async def runs(self, limit: int, before: str | None = None, words: Sequence[str] = ()) -> list[RunSummary]:
        conditions = ["number < (SELECT number FROM runs WHERE run = ?)"] if before is not None else []
        conditions += ["instr(folded, ?) > 0"] * len(words)
        where = f"WHERE {' AND '.join(conditions)}" if conditions else ""
        values = [*([] if before is None else [before]), *(word.casefold() for word in words), limit]
        return await self._reader.do(lambda db: select_runs(db, f"{where} ORDER BY number DESC LIMIT ?", values))

    async def claimed(self, key: str) -> tuple[str, str] | None:
        return await self._reader.do(lambda connection: _claimed(connection, key))

    # ---- forgetting

    async def delete(self, run: str) -> bool:
        return bool(await self._writer.do(lambda connection: _forget(connection, "run = ?", (run,))))

    async def retain(self, days: float, runs: int) -> int:
        forgotten = 0
        tooold = ("stored_at < ?", (self._clock() - days * 86_400,))
        toomany = ("number <= (SELECT number FROM runs ORDER BY number DESC LIMIT 1 OFFSET ?)", (runs,))
        for condition, values in (tooold, toomany):
            # A few at a time, so that runs under way come to write in between.
            while count := await self._writer.do(lambda db, c=condition, v=values: _forget(db, c, v)):  # type: ignore[misc]  # defaults bind the loop's values
                forgotten += count
        await self._writer.do(self._tidy)
        return forgotten

    # ---- the file itself

    async def renew(self) -> None:
        """Nothing to do: the kernel holds this process's lock for as long as it lives."""

    async def check(self, size: int = 1) -> None:
        beat = "INSERT OR REPLACE INTO pulse VALUES (1, randomblob(?))"
        await self._write(beat, (size,))
        if size > 1:
            await self._write(beat, (1,))

    async def aclose(self) -> None:
        await self._writer.aclose()
        await self._reader.aclose()
        if self._peers is not None:
            self._peers.close()


def _has_gap(entries: Sequence[Entry]) -> bool:
    seq = entries[0].seq
    for entry in entries:
        if entry.seq != seq:
            return True
        seq += 1
    return False


def _stored(connection: sqlite3.Connection, run: str, first: int, last: int) -> list[Entry]:
    found = itertools.takewhile(lambda event: event[0] <= last, lines(connection, run, first - 1))
    return [Entry(*event) for event in found]


def _claimed(connection: sqlite3.Connection, key: str) -> tuple[str, str] | None:
    found = connection.execute("SELECT run, fingerprint FROM claims WHERE key = ?", (key,)).fetchone()
    return None if found is None else (found[0], found[1])


def _forget(connection: sqlite3.Connection, condition: str, values: Sequence[Any]) -> int:
    """Forget at most _FORGOTTEN_AT_ONCE finished runs that meet ``condition``, and say how many there were."""
    statement = f"SELECT run FROM runs WHERE status != 'running' AND {condition} LIMIT {_FORGOTTEN_AT_ONCE}"
    runs = connection.execute(statement, values).fetchall()
    for table in ("pieces", "events", "claims", "runs"):
        connection.executemany(f"DELETE FROM {table} WHERE run = ?", runs)
    return len(runs)
