import stat
from pathlib import Path

import pytest

from tui.asked import KEPT, AskedBefore


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "state" / "asked.jsonl"


def test_questions_are_there_again_each_once_the_newest_last(file: Path) -> None:
    asked = AskedBefore(file)
    for question in ("one", "two", "one"):
        asked.add(question)
    assert asked.questions == AskedBefore(file).questions == ["two", "one"]


def test_only_the_owner_can_read_the_file(file: Path) -> None:
    AskedBefore(file).add("secret wish")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_without_a_file_they_live_as_long_as_the_session() -> None:
    asked = AskedBefore()
    asked.add("one")
    assert asked.questions == ["one"]
    assert not asked.is_new


def test_the_first_time_is_known(file: Path) -> None:
    assert AskedBefore(file).is_new
    AskedBefore(file).add("one")
    assert not AskedBefore(file).is_new


def test_runs_are_known_by_their_server(file: Path) -> None:
    asked = AskedBefore(file)
    asked.add("one", server="http://a", run="r1")
    asked.add("one", server="http://b", run="r2")
    assert asked.runs() == {"r1", "r2"}
    assert asked.runs("http://b") == {"r2"}


def test_what_somebody_else_wrote_there_does_no_harm(file: Path) -> None:
    file.parent.mkdir()
    file.write_bytes(b'{"q":"fine"}\nnot json\n\xff\xfe\n{"q":3}\n{"q":"\\u001b[2Jclean"}\n')
    assert AskedBefore(file).questions == ["fine", "clean"]


def test_a_place_that_cannot_be_written_is_no_trouble(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("a file where the folder should be")
    asked = AskedBefore(tmp_path / "state" / "asked.jsonl")
    asked.add("one")
    assert asked.questions == ["one"]


def test_the_file_never_grows_without_end(file: Path) -> None:
    asked = AskedBefore(file)
    for number in range(2 * KEPT + 1):
        asked.add(f"question {number}")
    again = AskedBefore(file)
    assert len(file.read_bytes().splitlines()) == KEPT
    assert again.questions[-1] == f"question {2 * KEPT}"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
