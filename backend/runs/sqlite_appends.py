"""Appends of runs under way, as one statement for all that wait.

Each statement that a thread gives to SQLite gives the interpreter back, and the thread waits for it again beside an
event loop that is busy: up to a switch interval each time, and a switch of threads always. So the rules of an append
are a trigger on a view of this connection alone: ten runs' events are one statement instead of 22, in the transaction
that any lone statement is.

A row of the view is several events of a run, so that the rules are asked once for them, and what they have in common is
said once: half of what SQLite takes for ten events.
"""

import functools
import sqlite3
from collections.abc import Callable, Sequence
from typing import Any

from backend.runs.log import Entry

WIDTHS = (1, 4, 16)
"""Events that a row has room for, each with a view of its own."""
ROWS = {1: 64, 4: 32, 16: 32}
"""The most rows of a statement, by their width. Each number of them is a text of its own, which sqlite3 keeps compiled
(``TEXTS`` in all): 4 MB where all have been used."""
TEXTS = sum(ROWS.values())
_COMMON = ("run", "seq", "last", "owner")
_ABSENT = 0
"""Where a row has room left: an integer, since sqlite3 looks for an adapter for each None (0.35 µs)."""
_ROOM: list[Any] = [_ABSENT] * WIDTHS[-1]


class Append:
    """The next events of a run under way, and nothing else. ``alone`` does it by itself, whatever the log holds."""

    __slots__ = ("alone", "entries", "owner", "run")

    def __init__(
        self, run: str, entries: Sequence[Entry], owner: str, alone: Callable[[sqlite3.Connection], None]
    ) -> None:
        self.run, self.entries, self.owner, self.alone = run, entries, owner, alone

    def __call__(self, connection: sqlite3.Connection) -> None:
        self.alone(connection)

    def rows(self, width: int) -> list[Any]:
        """The values of its rows, one behind the other."""
        run, owner, entries = self.run, self.owner, self.entries
        if len(entries) == width == 1:
            one = entries[0]
            return [run, one.seq, one.seq, owner, one.data]
        if len(entries) <= width:
            data = [one.data for one in entries]
            return [run, entries[0].seq, entries[-1].seq, owner, *data, *_ROOM[: width - len(data)]]
        values: list[Any] = []
        for start in range(0, len(entries), width):
            some = entries[start : start + width]
            values += (run, some[0].seq, some[-1].seq, owner)
            values += [one.data for one in some]
        return values + _ROOM[: -len(entries) % width]


def prepare_appends(connection: sqlite3.Connection) -> None:
    """What ``together`` needs, for as long as the connection lasts."""
    for width in WIDTHS:
        columns = ", ".join(f"data AS {place}" for place in _places(width))
        # A table of the file's in it: else SQLite takes a schema that another process has changed for the newest one.
        connection.execute(
            f"CREATE TEMP VIEW appended{width} AS SELECT run, seq, seq AS last, '' AS owner, {columns} FROM events"
        )
        connection.execute(
            f"""
            CREATE TEMP TRIGGER append{width} INSTEAD OF INSERT ON appended{width} BEGIN
              UPDATE runs SET events = NEW.last
                WHERE run = NEW.run AND events = NEW.seq - 1 AND owner = NEW.owner AND status = 'running';
              SELECT RAISE(ABORT, 'not the next event') WHERE changes() = 0;
              INSERT INTO events (run, seq, data) {_events(width)};
            END
            """
        )


def _events(width: int) -> str:
    """What a row of this width holds."""
    if width == 1:  # 2 µs less than by the other
        return "VALUES (NEW.run, NEW.seq, NEW.data0)"
    return " UNION ALL ".join(
        f"SELECT NEW.run, NEW.seq + {number}, NEW.{place} WHERE NEW.{place} IS NOT {_ABSENT}"
        for number, place in enumerate(_places(width))
    )


def together(appends: Sequence[Append]) -> list[tuple[str, list[Any]]]:
    """The statements that make all of them, mostly one, and their values.

    sqlite3.IntegrityError comes of it where one of them isn't simply what comes next in its run.
    """
    if not appends:
        return []
    width = _width(sum([len(append.entries) for append in appends]) / len(appends))
    values: list[Any] = []
    for append in appends:
        values += append.rows(width)
    columns = len(_COMMON) + width
    step = ROWS[width] * columns
    return [
        (_insert(width, len(some) // columns), some)
        for some in (values[start : start + step] for start in range(0, len(values), step))
    ]


def _width(mean: float) -> int:
    """Of the rows for appends of so many events. Where one is long among many that are short, it is several rows: each
    row costs 2 µs, and each place of it 0.1 to 0.2."""
    if mean < 1.5:
        return 1
    return 4 if mean <= 4 else 16


@functools.cache
def _insert(width: int, rows: int) -> str:
    columns = (*_COMMON, *_places(width))
    row = f"({', '.join('?' * len(columns))})"
    return f"INSERT INTO appended{width} ({', '.join(columns)}) VALUES {', '.join([row] * rows)}"


def _places(width: int) -> list[str]:
    return [f"data{number}" for number in range(width)]
