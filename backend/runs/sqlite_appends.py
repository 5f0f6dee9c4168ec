"""Appends of runs under way, as one statement for all that wait.

Each statement that a thread gives to SQLite gives the interpreter back, and the thread waits for it again beside an
event loop that is busy: up to a switch interval each time, and a switch of threads always. So the rules of an append
are a trigger on a view of this connection alone: ten runs' events are one statement instead of 22, in the transaction
that any lone statement is.
"""

import sqlite3
from collections.abc import Callable, Sequence
from typing import Any

from backend.runs.log import Entry

ROWS = 64
"""The most events of a statement; each number of them is a text of its own, which sqlite3 keeps compiled."""
_INSERT = "INSERT INTO appended (run, seq, data, last, owner) VALUES "
_PLACES, _WIDTH = "(?, ?, ?, ?, ?)", 5

# ``last`` is the number of the append's last event, with its first alone.
_VIEW = (
    "CREATE TEMP VIEW appended AS SELECT run, seq, data, 0 AS last, '' AS owner FROM events",
    """
    CREATE TEMP TRIGGER goes_on INSTEAD OF INSERT ON appended WHEN NEW.last IS NOT NULL BEGIN
      UPDATE runs SET events = NEW.last
        WHERE run = NEW.run AND events = NEW.seq - 1 AND owner = NEW.owner AND status = 'running';
      SELECT RAISE(ABORT, 'not the next event') WHERE changes() = 0;
    END
    """,
    """
    CREATE TEMP TRIGGER keep INSTEAD OF INSERT ON appended BEGIN
      INSERT INTO events (run, seq, data) VALUES (NEW.run, NEW.seq, NEW.data);
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
        last: int | None = entries[-1].seq
        for entry in entries:
            self.values += (run, entry.seq, entry.data, last, owner)
            last = None

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
    values = [value for append in appends for value in append.values]
    step = ROWS * _WIDTH
    return [
        (_INSERT + ", ".join([_PLACES] * (len(some) // _WIDTH)), some)
        for some in (values[start : start + step] for start in range(0, len(values), step))
    ]
