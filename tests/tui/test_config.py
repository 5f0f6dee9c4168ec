import os
from pathlib import Path

import pytest

from shared.settings import SettingError
from tui.config import ClientSettings, config_path, load, local_zone


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "config.toml"


def test_without_anything_the_defaults_hold(file: Path) -> None:
    file.write_text("")
    assert load({}, {}, file) == ClientSettings()


def test_a_flag_wins_over_the_environment_that_over_the_file(file: Path) -> None:
    file.write_text('[app]\nexpand = "always"\nfrom = "MAD"\ntz = "Europe/Madrid"\n[server]\nanything = 1\n')
    env = {"WINDOWSEAT_EXPAND": "never", "WINDOWSEAT_FROM": "BCN"}
    settings = load({"origin": "VLC"}, env, file)
    assert (settings.origin, settings.expand, settings.tz) == ("VLC", "never", "Europe/Madrid")
    assert load({}, {}, file).origin == "MAD"


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("[app]\nmotion = 'wild'", "motion in {file} is 'wild', but must be one of full, none"),
        ("[app]\nfrom = 3", "from in {file} is 3, but must be a text"),
        ("[app]\norigin = 'VLC'", "but must be called from"),
        ("[app]\ncolour = 'auto'", "there is no such setting"),
        ("[app]\nplain = 'perhaps'", "yes or no"),
        ("[app]\nurl = 'ftp://x'", "url in {file} is 'ftp://x'"),
        ("[app]\ntz = 'Europe/Valencia'", "tz in {file} is 'Europe/Valencia'"),
        ("theme = 'x'", "inside a table, such as [app]"),
        ("[apps]\n", "inside a table, such as [app]"),
        ("[app", "TOML: "),
    ],
)
def test_what_is_wrong_in_the_file_is_named_with_its_place(file: Path, text: str, complaint: str) -> None:
    file.write_text(text)
    with pytest.raises(SettingError) as caught:
        load({}, {}, file)
    assert complaint.format(file=file) in str(caught.value)


@pytest.mark.parametrize(
    "url", ["", "localhost:8765", "http://", "http://x:99999", "http://x?y", "http://x\n", "file:///x"]
)
def test_an_address_that_is_none_is_refused_where_it_was_set(file: Path, url: str) -> None:
    file.write_text("")
    with pytest.raises(SettingError, match=r"^--url is "):
        load({"url": url}, {}, file)


@pytest.mark.parametrize("url", ["http://127.0.0.1:8765", "https://example.org/windowseat/", "http://[::1]:80"])
def test_addresses_of_servers_are_taken(file: Path, url: str) -> None:
    file.write_text("")
    assert load({}, {"WINDOWSEAT_URL": url}, file).url == url


def test_a_file_that_was_asked_for_must_exist(tmp_path: Path) -> None:
    missing = tmp_path / "none.toml"
    with pytest.raises(SettingError, match="a file that exists"):
        load({}, {}, missing)
    with pytest.raises(SettingError, match="a file that exists"):
        load({}, {"WINDOWSEAT_CONFIG": str(missing)}, None)


def test_the_usual_file_may_be_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    monkeypatch.setenv("HOME", str(tmp_path))
    assert config_path(None, {}).name == "config.toml"
    assert tmp_path in config_path(None, {}).parents
    assert load({}, {}, None) == ClientSettings()


def test_a_file_that_cannot_be_read_says_why(tmp_path: Path) -> None:
    with pytest.raises(SettingError, match="readable: "):
        load({}, {}, tmp_path)


def test_the_zone_is_the_one_of_tz_or_of_localtime(tmp_path: Path) -> None:
    zoneinfo = tmp_path / "zoneinfo" / "Europe"
    zoneinfo.mkdir(parents=True)
    (zoneinfo / "Madrid").touch()
    localtime = tmp_path / "localtime"
    localtime.symlink_to(zoneinfo / "Madrid")
    assert local_zone({"TZ": "Asia/Tokyo"}, localtime) == "Asia/Tokyo"
    assert local_zone({"TZ": ":Asia/Tokyo"}, localtime) == "Asia/Tokyo"
    assert local_zone({"TZ": "../../etc/passwd"}, localtime) == "Europe/Madrid"
    assert local_zone({}, localtime) == "Europe/Madrid"


def test_devnull_is_a_configuration_without_settings() -> None:
    assert load({}, {"WINDOWSEAT_CONFIG": os.devnull}, None) == ClientSettings()


def test_tables_of_pipelines_are_the_servers_business(file: Path) -> None:
    file.write_text("[escape]\nairlabs_api_key = 'x'\n[server]\nport = 1\n[app]\ntheme = 'nord'\n")
    assert load({}, {}, file).theme == "nord"
