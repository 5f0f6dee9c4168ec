"""Settings that are changed while the app runs, and the file that keeps them."""

import os
import tomllib
from pathlib import Path

import pytest

from shared.settings import SettingError
from tui.config import ClientSettings, load
from tui.preferences import CHANGEABLE, NotKept, Preferences, keep, key_of

FILE = """\
# my own words
[app]   # the app
theme = "ansi-dark"   # as my terminal
bell = false

[keys]
steps.toggle = "t"   # t for toggle

[escape]
units = [1,
  2]  # of another program
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "config.toml"
    path.write_text(FILE)
    return path


def test_one_value_is_changed_and_every_other_character_stays(file: Path) -> None:
    keep(file, "theme", "nord")
    assert file.read_text() == FILE.replace('"ansi-dark"', '"nord"')
    keep(file, "expand", "always")
    assert load({}, {}, file) == ClientSettings(
        theme="nord", bell=False, expand="always", keys=("steps.toggle=t",)
    )  # fmt: skip
    keep(file, "expand", None)
    keep(file, "theme", "ansi-dark")
    assert file.read_text() == FILE


def test_lines_that_end_as_on_windows_stay_so(file: Path) -> None:
    file.write_bytes(FILE.replace("\n", "\r\n").encode())
    keep(file, "bell", True)
    assert file.read_bytes() == FILE.replace("bell = false", "bell = true").replace("\n", "\r\n").encode()


def test_a_file_that_is_not_there_is_made_with_its_folder(tmp_path: Path) -> None:
    path = tmp_path / "new" / "config.toml"
    keep(path, "motion", "none")
    assert tomllib.loads(path.read_text()) == {"app": {"motion": "none"}}


def test_a_link_stays_a_link_and_a_file_keeps_who_may_read_it(file: Path, tmp_path: Path) -> None:
    file.chmod(0o600)
    link = tmp_path / "link.toml"
    link.symlink_to(file)
    keep(link, "theme", "nord")
    assert link.is_symlink()
    assert 'theme = "nord"' in file.read_text()
    assert file.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    "text", ["[app\ntheme = 1", 'app = "text"', "\udcff"], ids=["no TOML", "app is no table", "no UTF-8"]
)
def test_a_file_that_is_not_understood_is_left_as_it_is(file: Path, text: str) -> None:
    file.write_bytes(text.encode(errors="surrogateescape"))
    with pytest.raises(NotKept, match=r"config\.toml"):
        keep(file, "theme", "nord")
    assert file.read_bytes() == text.encode(errors="surrogateescape")


def test_a_read_only_file_is_left_as_it_is(file: Path) -> None:
    file.chmod(0o444)
    with pytest.raises(NotKept, match="read-only"):
        keep(file, "theme", "nord")
    assert file.read_text() == FILE


def test_a_full_disk_leaves_the_file_and_nothing_beside_it(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(NotKept, match="No space left"):
        keep(file, "theme", "nord")
    assert [path.name for path in file.parent.iterdir()] == ["config.toml"]
    assert file.read_text() == FILE


def test_a_change_acts_and_is_kept_and_the_default_takes_it_out(file: Path) -> None:
    preferences = Preferences(load({}, {}, file), path=file)
    assert (preferences.source("theme"), preferences.source("motion")) == ("config.toml", "default")
    preferences.change("motion", "none")
    assert (preferences.settings.motion, preferences.source("motion")) == ("none", "config.toml")
    preferences.change("theme", None)
    assert (preferences.settings.theme, preferences.source("theme")) == (ClientSettings().theme, "default")
    assert load({}, {}, file) == preferences.settings


def test_what_a_flag_or_a_variable_says_wins_and_the_file_still_gets_the_value(file: Path) -> None:
    flags, env = {"theme": "nord", "origin": "BCN"}, {"WINDOWSEAT_MOTION": "none"}
    preferences = Preferences(load(flags, env, file), flags, env, file)
    assert [preferences.overruled_by(name) for name in ("theme", "motion", "origin", "bell")] == [
        "--theme", "WINDOWSEAT_MOTION", "--from", None
    ]  # fmt: skip
    preferences.change("theme", "gruvbox")
    preferences.change("origin", "VLC")
    assert (preferences.settings.theme, preferences.settings.origin) == ("nord", "BCN")
    assert (load({}, {}, file).theme, load({}, {}, file).origin) == ("gruvbox", "VLC")


def test_a_value_that_cannot_be_changes_nothing(file: Path) -> None:
    preferences = Preferences(load({}, {}, file), path=file)
    for name, value in (("tz", "Atlantis/Nowhere"), ("expand", "sometimes"), ("bell", "perhaps")):
        with pytest.raises(SettingError):
            preferences.change(name, value)
    assert file.read_text() == FILE
    assert preferences.settings == load({}, {}, file)


def test_without_a_file_a_change_acts_for_the_session(tmp_path: Path) -> None:
    preferences = Preferences()
    preferences.change("theme", "nord")
    assert (preferences.settings.theme, preferences.source("theme")) == ("nord", "this session")
    unwritable = Preferences(path=tmp_path / "config.toml" / "config.toml")
    (tmp_path / "config.toml").write_text("")
    with pytest.raises(NotKept):
        unwritable.change("theme", "nord")
    assert unwritable.settings.theme == "nord"


def test_every_setting_that_can_be_changed_is_one_that_the_file_knows(tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    for name in CHANGEABLE:
        value = {"theme": "nord", "motion": "none", "expand": "never", "origin": "VLC", "tz": "Europe/Madrid"}
        keep(file, name, value.get(name, False))
        assert key_of(name) in tomllib.loads(file.read_text())["app"]
        assert getattr(load({}, {}, file), name) == value.get(name, False)
