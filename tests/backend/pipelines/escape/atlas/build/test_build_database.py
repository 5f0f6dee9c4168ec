import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from backend.pipelines.escape.atlas import Atlas
from backend.pipelines.escape.atlas.build import __main__ as command
from backend.pipelines.escape.atlas.build.__main__ import BUNDLED, main
from backend.pipelines.escape.atlas.build.database import build, content_digest, same_bytes
from backend.pipelines.escape.atlas.build.sources import SourceError, Sources

pytestmark = [pytest.mark.slow, pytest.mark.timeout(180)]


def _sqlite_version(path: Path) -> int:
    return int.from_bytes(path.read_bytes()[96:100], "big")


def _digest(path: Path) -> str:
    with closing(sqlite3.connect(path)) as database:
        return content_digest(database)


@pytest.fixture(scope="module")
def rebuilt(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("atlas") / "atlas.sqlite"
    build(path)
    return path


def test_the_bundled_file_is_what_its_sources_give(rebuilt: Path) -> None:
    assert _digest(BUNDLED) == _digest(rebuilt)
    if _sqlite_version(BUNDLED) == _sqlite_version(rebuilt):
        assert BUNDLED.read_bytes() == rebuilt.read_bytes()


def test_the_file_tells_its_own_digest_and_those_of_its_sources(atlas: Atlas, rebuilt: Path) -> None:
    meta = atlas.meta()
    assert meta["content_digest"] == _digest(rebuilt)
    sources = Sources()
    for _ in sources.rows("routes.csv"):
        pass
    assert meta["sha256:routes.csv"] == sources.digests["routes.csv"]


def test_one_changed_value_changes_the_digest_and_fails_the_check(
    rebuilt: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    changed = tmp_path / "changed.sqlite"
    shutil.copy(rebuilt, changed)
    monkeypatch.setattr(command, "build", lambda path: _digest(rebuilt))
    assert main(["--check", "--output", str(changed)]) == 0
    with closing(sqlite3.connect(changed, isolation_level=None)) as database:
        database.execute("UPDATE climate SET dz_m = dz_m + 1 WHERE airport = 7")
    assert not same_bytes(rebuilt, changed)
    assert main(["--check", "--output", str(changed)]) == 1
    assert "rebuild it without --check" in capsys.readouterr().err


def test_only_the_sqlite_version_may_differ_in_the_bytes(rebuilt: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.sqlite"
    data = bytearray(rebuilt.read_bytes())
    data[96:100] = b"\x00\x2e\x00\x01"
    other.write_bytes(data)
    assert same_bytes(rebuilt, other)
    data[-1] ^= 1
    other.write_bytes(data)
    assert not same_bytes(rebuilt, other)


def test_a_broken_source_is_reported_and_leaves_the_file_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    target = tmp_path / "atlas.sqlite"
    target.write_bytes(b"as it was")

    def broken(path: Path) -> str:
        raise SourceError("routes.csv is not among the bundled sources")

    monkeypatch.setattr(command, "build", broken)
    assert main(["--output", str(target)]) == 1
    assert target.read_bytes() == b"as it was"
    assert "routes.csv" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == [target]


def test_a_file_that_is_no_database_fails_the_check(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(command, "build", lambda path: "digest")
    (tmp_path / "atlas.sqlite").write_bytes(b"nonsense" * 1000)
    assert main(["--check", "--output", str(tmp_path / "atlas.sqlite")]) == 1
    assert "can't be read" in capsys.readouterr().err


def test_the_unsettled_timetables_are_nowhere_in_the_sources() -> None:
    folder = BUNDLED.parent / "data"
    assert not list(folder.glob("*hk_kr_no*"))
    sources = Sources()
    assert {row["source"] for row in sources.rows("block_times.csv")} == {"US15", "NYC13", "SEA15", "BAY19"}
    assert {row["source"] for row in sources.rows("timetable_us.csv")} == {"US15", "NYC13", "SEA15", "BAY19"}
    assert not [row for row in sources.rows("airlines.csv") if "hk_kr_no" in row["status"]]


def test_a_source_that_is_not_there_is_named() -> None:
    with pytest.raises(SourceError, match=r"unheard_of\.csv"):
        list(Sources().rows("unheard_of.csv"))
