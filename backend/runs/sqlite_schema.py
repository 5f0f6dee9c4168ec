"""The tables of the run log on SQLite, and how an older file becomes a newer one."""

import sqlite3

from backend.errors import StorageError

# One script a version. A script never changes once a release has it: a new version is a new script.
_VERSIONS = (
    """
    CREATE TABLE IF NOT EXISTS runs (
      number INTEGER PRIMARY KEY, run TEXT NOT NULL UNIQUE, pipeline TEXT NOT NULL, question TEXT NOT NULL,
      started_at TEXT NOT NULL, status TEXT NOT NULL, events INTEGER NOT NULL, ms INTEGER, owner TEXT NOT NULL
    );
    CREATE INDEX IF NOT EXISTS runs_open ON runs (status) WHERE status = 'running';
    CREATE TABLE IF NOT EXISTS events (
      run TEXT NOT NULL, seq INTEGER NOT NULL, data BLOB NOT NULL, PRIMARY KEY (run, seq)
    ) WITHOUT ROWID;
    """,
    # stored_at is in seconds since 1970, folded is the question for searching, recipe goes when the run ends.
    """
    ALTER TABLE runs ADD COLUMN stored_at REAL NOT NULL DEFAULT 0;
    ALTER TABLE runs ADD COLUMN folded TEXT NOT NULL DEFAULT '';
    ALTER TABLE runs ADD COLUMN recipe BLOB;
    ALTER TABLE runs ADD COLUMN cancelling INTEGER NOT NULL DEFAULT 0;
    UPDATE runs SET folded = casefold(question),
      stored_at = CAST(coalesce(strftime('%s', started_at), strftime('%s', 'now')) AS REAL);
    CREATE INDEX runs_stored ON runs (stored_at);
    CREATE TABLE claims (
      key TEXT PRIMARY KEY, fingerprint TEXT NOT NULL, run TEXT NOT NULL
    ) WITHOUT ROWID;
    CREATE INDEX claims_run ON claims (run);
    CREATE TABLE kept_values (
      run TEXT NOT NULL, step TEXT NOT NULL, value BLOB NOT NULL, PRIMARY KEY (run, step)
    ) WITHOUT ROWID;
    CREATE TABLE viewers (
      run TEXT NOT NULL, node TEXT NOT NULL, PRIMARY KEY (run, node)
    ) WITHOUT ROWID;
    CREATE TABLE signals (
      id INTEGER PRIMARY KEY AUTOINCREMENT, kind TEXT NOT NULL, run TEXT NOT NULL, sender TEXT NOT NULL
    );
    CREATE TABLE pulse (one INTEGER PRIMARY KEY CHECK (one = 1), beat BLOB NOT NULL);
    """,
    # whole is the boot of the machine that has had all of the run, forks are those of its log (forks.py).
    """
    ALTER TABLE runs ADD COLUMN whole TEXT NOT NULL DEFAULT '';
    ALTER TABLE runs ADD COLUMN forks TEXT NOT NULL DEFAULT '';
    """,
    # So many events as lines, seq the number of the first (sqlite_pieces.py). What is in the table events stays there.
    """
    CREATE TABLE pieces (
      id INTEGER PRIMARY KEY, run TEXT NOT NULL, seq INTEGER NOT NULL, events INTEGER NOT NULL, data BLOB NOT NULL
    );
    CREATE UNIQUE INDEX pieces_run ON pieces (run, seq);
    """,
)


def prepare(connection: sqlite3.Connection, file: str) -> None:
    """Make ``connection`` one to this version's tables. Raises StorageError for a file of a newer version."""
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = NORMAL")
    connection.create_function("casefold", 1, str.casefold, deterministic=True)
    if _version(connection, file) == len(_VERSIONS):
        return
    connection.execute("BEGIN IMMEDIATE")
    for number in range(_version(connection, file), len(_VERSIONS)):
        for statement in filter(None, map(str.strip, _VERSIONS[number].split(";"))):
            connection.execute(statement)
    connection.execute(f"PRAGMA user_version = {len(_VERSIONS)}")
    connection.execute("COMMIT")


def _version(connection: sqlite3.Connection, file: str) -> int:
    version: int
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if version > len(_VERSIONS):
        raise StorageError(f"{file} was written by a newer Windowseat; update, or choose another --data-dir")
    return version
