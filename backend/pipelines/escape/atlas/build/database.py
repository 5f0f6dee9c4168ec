"""The schema of the bundled file, its making and its digests.

Same sources and same SQLite give the same bytes; with another SQLite, the same content digest.
"""

import hashlib
import sqlite3
from contextlib import closing
from pathlib import Path

import msgspec

from backend.pipelines.escape.atlas.build.conditions import write_addresses, write_climate
from backend.pipelines.escape.atlas.build.gazetteer import (
    read_cities,
    spelling_near,
    write_places,
    write_zones,
)
from backend.pipelines.escape.atlas.build.network import (
    write_airlines,
    write_airports,
    write_countries,
    write_departures,
)
from backend.pipelines.escape.atlas.build.sources import Sources
from backend.pipelines.escape.atlas.build.towns import Towns
from backend.pipelines.escape.atlas.database import APPLICATION_ID, SCHEMA_VERSION

_TABLES: dict[str, str] = {
    "zone": "id INTEGER PRIMARY KEY, tz TEXT NOT NULL UNIQUE, country TEXT, city INTEGER, lat REAL, lon REAL",
    "country": "id INTEGER PRIMARY KEY, code TEXT NOT NULL UNIQUE, name TEXT NOT NULL, continent TEXT NOT NULL",
    "airport": "id INTEGER PRIMARY KEY, iata TEXT NOT NULL, icao TEXT NOT NULL, name TEXT NOT NULL,"
    " city TEXT NOT NULL, city_code TEXT NOT NULL, country TEXT NOT NULL, lat INTEGER NOT NULL,"
    " lon INTEGER NOT NULL, elevation_m INTEGER, zone INTEGER NOT NULL, busyness INTEGER NOT NULL,"
    " busyness_basis TEXT NOT NULL, nonstops INTEGER NOT NULL",
    "airline": "code TEXT PRIMARY KEY, name TEXT NOT NULL",
    "former_airline": "code TEXT PRIMARY KEY, name TEXT NOT NULL",
    "departures": "airport INTEGER PRIMARY KEY, packed BLOB NOT NULL",
    "climate": "airport INTEGER PRIMARY KEY, months BLOB NOT NULL, quality TEXT NOT NULL,"
    " station TEXT NOT NULL, km REAL NOT NULL, dz_m INTEGER NOT NULL",
    "city": "id INTEGER PRIMARY KEY, cell INTEGER NOT NULL, name TEXT NOT NULL, country TEXT NOT NULL,"
    " admin1 TEXT NOT NULL, lat INTEGER NOT NULL, lon INTEGER NOT NULL, population INTEGER NOT NULL,"
    " zone INTEGER NOT NULL, weight INTEGER NOT NULL",
    "region": "country TEXT, admin1 TEXT, code TEXT NOT NULL, name TEXT NOT NULL, folded TEXT NOT NULL,"
    " PRIMARY KEY (country, admin1)",
    "name": "folded TEXT, kind INTEGER, ref INTEGER, form INTEGER NOT NULL, PRIMARY KEY (folded, kind, ref)",
    "spot": "id INTEGER PRIMARY KEY, country TEXT NOT NULL, lat INTEGER NOT NULL, lon INTEGER NOT NULL",
    "geoip": "octet INTEGER PRIMARY KEY, starts BLOB NOT NULL, spots BLOB NOT NULL",
    "meta": "key TEXT PRIMARY KEY, value TEXT NOT NULL",
}

# SQLite writes its own version into these bytes of the header.
_VERSION_BYTES = slice(96, 100)


def build(path: Path) -> str:
    """Write the atlas to ``path``, which must not exist; return its content digest. Raises SourceError."""
    sources = Sources()
    with closing(sqlite3.connect(path, isolation_level=None)) as out:
        out.executescript(
            "PRAGMA page_size = 4096; PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF;"
            "PRAGMA encoding = 'UTF-8';"
            f"PRAGMA application_id = {APPLICATION_ID}; PRAGMA user_version = {SCHEMA_VERSION};"
        )
        out.execute("BEGIN")
        for table, columns in _TABLES.items():
            rowid = "" if columns.startswith("id INTEGER PRIMARY") or "BLOB" in columns else " WITHOUT ROWID"
            out.execute(f"CREATE TABLE {table} ({columns}){rowid}")
        _fill(sources, out)
        out.execute("CREATE INDEX city_cell ON city (cell)")
        for name, digest in sorted(sources.digests.items()):
            out.execute("INSERT INTO meta VALUES (?, ?)", (f"sha256:{name}", digest))
        digest = content_digest(out)
        out.execute("INSERT INTO meta VALUES ('content_digest', ?)", (digest,))
        out.execute("COMMIT")
        out.execute("VACUUM")
    return digest


def _fill(sources: Sources, out: sqlite3.Connection) -> None:
    cities = read_cities(sources)
    zones = write_zones(sources, out, cities)
    towns = Towns(sources, spelling_near(cities))
    write_countries(sources, out)
    airports = write_airports(sources, out, zones, towns)
    write_airlines(sources, out)
    write_departures(sources, out, airports)
    write_climate(sources, out, airports)
    write_places(sources, out, cities, zones, airports, towns)
    write_addresses(sources, out)


def content_digest(database: sqlite3.Connection) -> str:
    """SHA-256 over the schema and every row but the digest's own, the same whatever SQLite wrote the file."""
    digest = hashlib.sha256()
    for table, columns in _TABLES.items():
        digest.update(f"{table}({columns})".encode())
        query = f"SELECT * FROM {table}" + (" WHERE key <> 'content_digest'" if table == "meta" else "")
        for row in database.execute(query + " ORDER BY 1, 2, 3" if table == "name" else query + " ORDER BY 1, 2"):
            digest.update(msgspec.msgpack.encode(row))
    return digest.hexdigest()


def same_bytes(one: Path, other: Path) -> bool:
    """Whether two atlas files are equal but for the SQLite version that wrote them."""
    first, second = bytearray(one.read_bytes()), bytearray(other.read_bytes())
    first[_VERSION_BYTES] = second[_VERSION_BYTES] = bytes(4)
    return first == second
