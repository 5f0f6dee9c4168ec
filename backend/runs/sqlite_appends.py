"""Appends of runs under way, as one statement for all that wait.

Each statement that a thread gives to SQLite gives the interpreter back, and the thread waits for it again beside an
event loop that is busy: up to a switch interval each time, and a switch of threads always. So the rules of an append
are a trigger on a view of this connection alone: ten runs' events are one statement instead of 22, in the transaction
that any lone statement is.
"""

import functools
import sqlite3
from collections.abc import Callable, Sequence
from typing import Any

from backend.runs.log import Entry
from backend.runs.sqlite_pieces import pieces

ROWS = 64
"""The most rows of a statement; each number of them is a text of its own, which sqlite3 keeps compiled."""
_WIDTH = 5

# It names a table of the file: else SQLite takes a schema that another process has changed since for the newest.
_VIEW = (
    "CREATE TEMP VIEW appended AS SELECT run, '' AS owner, seq, events, data FROM pieces",
    """
    CREATE TEMP TRIGGER append INSTEAD OF INSERT ON appended BEGIN
      UPDATE runs SET events = events + NEW.events
        WHERE run = NEW.run AND events = NEW.seq - 1 AND owner = NEW.owner AND status = 'running';
      SELECT RAISE(ABORT, 'not the next event') WHERE changes() = 0;
      INSERT INTO pieces (run, seq, events, data) VALUES (NEW.run, NEW.seq, NEW.events, NEW.data);
    END
    """,
)


class Append:
    """The next events of a run under way, and nothing else. ``alone`` does it by itself, whatever the log holds."""

    __slots__ = ("alone", "values")

    def __init__(
        self, run: str, entries: Sequence[Entry], owner: str, alone: Callable[[sqlite3.Connection], None]
    ) -> None:
        self.alone = alone
        self.values: list[Any] = []
        for piece in pieces(entries):
            self.values += (run, owner, *piece)

    def __call__(self, connection: sqlite3.Connection) -> None:
        self.alone(connection)


def prepare_appends(connection: sqlite3.Connection) -> None:
    """What ``together`` needs, for as long as the connection lasts."""
    for statement in _VIEW:
        connection.execute(statement)


def together(appends: Sequence[Append]) -> list[tuple[str, list[Any]]]:
    """The statements that make all of them, mostly one, and their values.

    sqlite3.IntegrityError comes of it where one of them isn't simply what comes next in its run.
    """
    values: list[Any] = []
    for append in appends:
        values += append.values
    step = ROWS * _WIDTH
    return [
        (_insert(len(some) // _WIDTH), some)
        for some in (values[start : start + step] for start in range(0, len(values), step))
    ]


@functools.cache
def _insert(rows: int) -> str:
    return f"INSERT INTO appended (run, owner, seq, events, data) VALUES {', '.join(['(?, ?, ?, ?, ?)'] * rows)}"
