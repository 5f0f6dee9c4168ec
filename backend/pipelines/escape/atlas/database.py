"""The bundled file as a read-only SQLite connection. It never writes, and never waits for another process."""

import sqlite3
import threading
from collections.abc import Sequence
from contextlib import ExitStack
from importlib.resources import as_file, files
from pathlib import Path
from typing import Any

APPLICATION_ID = 0x57534154
SCHEMA_VERSION = 1


class AtlasError(Exception):
    """The bundled atlas can't be used; the installation is at fault, not the question."""


class Database:
    """One connection shared by every thread, a lock around each query.

    A query takes well under a millisecond and the lock is never held while records are built, so threads
    hardly meet at it; and no statement of the connection's cache is ever used by two threads at once.
    """

    def __init__(self, path: Path | None = None) -> None:
        """Open ``path``, or the bundled file. Raises AtlasError if it is missing or of another version."""
        self._lock = threading.Lock()
        self._held = ExitStack()
        if path is None:
            path = self._held.enter_context(as_file(files(__package__) / "atlas.sqlite"))
        try:
            uri = f"{path.absolute().as_uri()}?mode=ro&immutable=1"
            self._connection = sqlite3.connect(uri, uri=True, check_same_thread=False, cached_statements=32)
        except sqlite3.Error as error:
            self._held.close()
            raise AtlasError(_unusable(path, error)) from error
        self._held.callback(self._connection.close)
        try:
            self._check(path)
        except BaseException:
            self._held.close()
            raise

    def _check(self, path: Path) -> None:
        try:
            application = self._connection.execute("PRAGMA application_id").fetchone()[0]
            version = self._connection.execute("PRAGMA user_version").fetchone()[0]
        except sqlite3.Error as error:
            raise AtlasError(_unusable(path, error)) from error
        if (application, version) != (APPLICATION_ID, SCHEMA_VERSION):
            raise AtlasError(_unusable(path, f"it isn't an atlas of version {SCHEMA_VERSION}"))

    def rows(self, sql: str, parameters: Sequence[object] = ()) -> list[Any]:
        """All rows of a query, as tuples. Raises AtlasError after ``close`` and for a damaged file."""
        with self._lock:
            try:
                return self._connection.execute(sql, parameters).fetchall()
            except sqlite3.ProgrammingError as error:
                raise AtlasError(f"the atlas was asked after it was closed, or wrongly: {error}") from error
            except sqlite3.Error as error:
                raise AtlasError(f"the atlas is damaged ({error}); install Windowseat again") from error

    def close(self) -> None:
        """Close the file; safe to call twice."""
        with self._lock:
            self._held.close()


def _unusable(path: Path, why: object) -> str:
    return (
        f"the bundled atlas {path} can't be used ({why}); install Windowseat again, or rebuild the file with "
        "`python -m backend.pipelines.escape.atlas.build`"
    )
