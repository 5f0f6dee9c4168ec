"""A thread that copies SQLite's write-ahead log into the database, so that no commit waits for the disk.

SQLite does it within the commit that comes after a thousand pages: two ``fdatasync``s, 20 to 100 ms, in front of every
event that is written then. A passive checkpoint beside the writer holds up neither it nor readers
(https://sqlite.org/c3ref/wal_checkpoint_v2.html); but only a moment at which all is copied lets the log begin anew, and
a writer that never rests leaves none. So SQLite's own stays as the limit of how far the log grows (``LIMIT_PAGES``),
and has little left to copy then.
"""

import contextlib
import logging
import queue
import sqlite3
import threading
from collections.abc import Callable

CHANGES = 2000
"""Rows written until the next checkpoint; each is a page or less, but for large events and long appends (4 pages)."""
LIMIT_PAGES = 32_768
"""128 MB at SQLite's page size."""

_log = logging.getLogger(__name__)


class Checkpoints:
    """``connect`` opens the database, in the thread. ``written`` is told how much has been; ``close`` waits for what is
    under way. Both from the writer's thread."""

    def __init__(self, connect: Callable[[], sqlite3.Connection]) -> None:
        self._connect = connect
        self._seen = 0
        self._due: queue.SimpleQueue[bool] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None

    def written(self, changes: int) -> None:
        """So many rows were changed by the writer in all."""
        if changes - self._seen < CHANGES:
            return
        self._seen = changes
        if self._thread is None:
            self._thread = threading.Thread(target=self._main, name="run-log-checkpoints", daemon=True)
            self._thread.start()
        if self._due.empty():  # what waits already copies this too
            self._due.put(True)

    def close(self) -> None:
        self._due.put(False)
        if self._thread is not None:
            self._thread.join()

    def _main(self) -> None:
        failing = False
        while self._due.get():
            try:
                with contextlib.closing(self._connect()) as connection:
                    self._copy(connection)
                    failing = False
                    while self._due.get():
                        self._copy(connection)
                    return
            except Exception as error:  # what the writer can't write it says itself
                if not failing:
                    _log.warning("the run log's checkpoints are left to its writer for now: %s", error)
                failing = True

    def _copy(self, connection: sqlite3.Connection) -> None:
        connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()
