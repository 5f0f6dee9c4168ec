"""How events lie in the file: those of an append, a line each, are one row of ``pieces``. Its rows are in the order in
which they came, whatever run they are of; an index finds those of a run.

A table in the order of its runs has a page for each run that writes, which is moved about whenever it is full, and a
row for each event: four times the work for ten events of twenty runs at once. Such was ``events``, which files of
earlier versions still have.
"""

import sqlite3
from collections.abc import Iterator, Sequence

from backend.runs.log import Entry

PIECE_BYTES = 1 << 14
"""The most bytes of a row with several events: who reads from the middle reads all of it."""
INSERT = "INSERT INTO pieces (run, seq, events, data) VALUES (?, ?, ?, ?)"


def pieces(entries: Sequence[Entry]) -> list[tuple[int, int, bytes]]:
    """The rows of an append: the number of the first event, how many they are, and their lines."""
    count = len(entries)
    data = b"\n".join([entry.data for entry in entries])
    # What isn't one line has a row of its own.
    if count > 1 and (len(data) > PIECE_BYTES or data.count(b"\n") >= count):
        return pieces(entries[: count // 2]) + pieces(entries[count // 2 :])
    return [(entries[0].seq, count, data)]


def lines(connection: sqlite3.Connection, run: str, after: int) -> Iterator[tuple[int, bytes]]:
    """The events of a run after number ``after``, in order."""
    rows = connection.execute(
        "SELECT seq, events, data FROM pieces WHERE run = ?1 AND seq + events > ?2 AND seq >= coalesce("
        "(SELECT max(seq) FROM pieces WHERE run = ?1 AND seq <= ?2), 0) ORDER BY seq",
        (run, after + 1),
    )
    row = rows.fetchone()
    if row is None or row[0] > after + 1:
        yield from _of_earlier_versions(connection, run, after)
    while row is not None:
        first, events, data = row
        for seq, line in enumerate(data.split(b"\n") if events > 1 else (data,), first):
            if seq > after:
                yield seq, line
        row = rows.fetchone()


def _of_earlier_versions(connection: sqlite3.Connection, run: str, after: int) -> Iterator[tuple[int, bytes]]:
    yield from connection.execute("SELECT seq, data FROM events WHERE run = ? AND seq > ? ORDER BY seq", (run, after))
