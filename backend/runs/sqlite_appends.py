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
"""The most rows of a statement, by their width. Each number of them is a text of its own, which sqlite3 keeps compiled,
128 of them: 4 MB where all are in use."""
_COMMON = ("run", "seq", "last", "owner")
_ABSENT = 0
"""Where a row has room left: an integer, since sqlite3 looks for an adapter for each None (0.35 µs)."""


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
        values: list[Any] = []
        for start in range(0, len(self.entries), width):
            some = self.entries[start : start + width]
            values += (self.run, some[0].seq, some[-1].seq, self.owner)
            values += [one.data for one in some]
            values += [_ABSENT] * (width - len(some))
        return values


def prepare_appends(connection: sqlite3.Connection) -> None:
    """What ``together`` needs, for as long as the connection lasts."""
    for width in WIDTHS:
        columns = ", ".join(f"data AS {place}" for place in _places(width))
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
    if width == 1:  # 2 µs less for a lone event than by the other
        return "VALUES (NEW.run, NEW.seq, NEW.data0)"
    each = [f"SELECT NEW.seq + {number} AS seq, NEW.{place} AS data" for number, place in enumerate(_places(width))]
    return f"SELECT NEW.run, seq, data FROM ({' UNION ALL '.join(each)}) WHERE data IS NOT {_ABSENT}"


def together(appends: Sequence[Append]) -> list[tuple[str, list[Any]]]:
    """The statements that make all of them, mostly one, and their values.

    sqlite3.IntegrityError comes of it where one of them isn't simply what comes next in its run.
    """
    if not appends:
        return []
    width = _width(sum([len(append.entries) for append in appends]) / len(appends))
    values: list[Any] = []
    for append in appends:
        if width == 1:  # then each has one
            one = append.entries[0]
            values += (append.run, one.seq, one.seq, append.owner, one.data)
        else:
            values += append.rows(width)
    columns = len(_COMMON) + width
    step = ROWS[width] * columns
    return [
        (_insert(width, len(some) // columns), some)
        for some in (values[start : start + step] for start in range(0, len(values), step))
    ]


def _width(mean: float) -> int:
    """Of rows for appends of so many events: where one is long among many that are short, it is several rows."""
    for width in WIDTHS:
        if mean <= width:
            return width
    return WIDTHS[-1]


@functools.cache
def _insert(width: int, rows: int) -> str:
    columns = (*_COMMON, *_places(width))
    row = f"({', '.join('?' * len(columns))})"
    return f"INSERT INTO appended{width} ({', '.join(columns)}) VALUES {', '.join([row] * rows)}"


def _places(width: int) -> list[str]:
    return [f"data{number}" for number in range(width)]
