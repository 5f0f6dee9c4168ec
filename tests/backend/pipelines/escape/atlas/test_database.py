import sqlite3
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import date
from pathlib import Path

import pytest

from backend.pipelines.escape.atlas import Atlas, AtlasError
from backend.pipelines.escape.atlas.build.__main__ import BUNDLED


def test_a_missing_file_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(AtlasError, match=r"nowhere\.sqlite.*install Windowseat again"):
        Atlas.open(tmp_path / "nowhere.sqlite")


def test_a_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "atlas.sqlite"
    path.write_bytes(b"not a database" * 100)
    with pytest.raises(AtlasError, match="can't be used"):
        Atlas.open(path)


def test_a_database_of_something_else_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "other.sqlite"
    with closing(sqlite3.connect(path)) as other:
        other.execute("CREATE TABLE t (x)")
    with pytest.raises(AtlasError, match="version"):
        Atlas.open(path)


def test_a_damaged_file_says_so_when_the_damage_is_met(tmp_path: Path) -> None:
    path = tmp_path / "damaged.sqlite"
    data = bytearray(BUNDLED.read_bytes())
    with closing(sqlite3.connect(BUNDLED)) as bundled:
        root = bundled.execute("SELECT rootpage FROM sqlite_schema WHERE name = 'departures'").fetchone()[0]
    data[(root - 1) * 4096 : root * 4096] = b"\xff" * 4096
    path.write_bytes(data)
    with Atlas.open(path) as atlas, pytest.raises(AtlasError, match="damaged"):
        atlas.routes_from("VLC")


def test_a_path_with_odd_characters_opens(tmp_path: Path) -> None:
    path = tmp_path / "a ?#%20ö.sqlite"
    path.symlink_to(BUNDLED)
    with Atlas.open(path) as atlas:
        assert atlas.airport("VLC") is not None


def test_a_closed_atlas_says_so_and_closes_twice() -> None:
    atlas = Atlas.open()
    atlas.close()
    atlas.close()
    with pytest.raises(AtlasError, match="closed"):
        atlas.routes_from("VLC")


def test_opening_leaves_no_files_beside_the_bundled_one() -> None:
    before = set(BUNDLED.parent.iterdir())
    with Atlas.open() as atlas:
        atlas.find_place("Valencia")
        assert {path.name for path in set(BUNDLED.parent.iterdir()) - before} <= {"__pycache__"}


def test_many_threads_get_the_answers_that_one_gets(atlas: Atlas) -> None:
    names = ["Valencia", "London", "Paris", "Köln", "IST", "Portland, Maine", "Tokyo", "St. Louis"]
    hubs = ["LHR", "ATL", "VLC", "HND", "IST", "JFK", "SYD", "GRU"]

    def ask(number: int) -> tuple[object, ...]:
        routes = atlas.routes_from(hubs[number % 8])
        climates = atlas.climates([route.to.iata for route in routes], date(2026, 1 + number % 12, 3))
        return (
            routes,
            climates,
            atlas.find_place(names[number % 8]),
            atlas.place_of_ip(f"{number % 200 + 11}.8.8.8"),
        )

    alone = [ask(number) for number in range(48)]
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(ask, range(48))) == alone
