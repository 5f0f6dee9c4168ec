"""The server's settings: each has a flag, a key, a variable and a help text; each wrong one is told with its place."""

import argparse
import dataclasses
import re
from pathlib import Path
from typing import Any, get_type_hints

import pytest

from backend.config import Config, config_file, load_config
from backend.errors import ConfigError
from shared.settings import add_flags

FIELDS = {field.name: field for field in dataclasses.fields(Config)}
HINTS = get_type_hints(Config)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "config.toml"
    path.write_text("")
    return path


def another(name: str) -> tuple[str, Any]:
    """A text for setting ``name`` that isn't its default, and what it means."""
    kind = HINTS[name]
    if kind is bool:
        return ("0", False) if FIELDS[name].default else ("1", True)
    if kind is Path:
        return "/somewhere/else", Path("/somewhere/else")
    if kind in (str, str | None):
        return "something", "something"
    default: Any = FIELDS[name].default
    value = (default or 0) + 1
    return str(value), value


def partner(name: str) -> dict[str, str]:
    """The environment in which ``name`` can be set alone."""
    return {"demo_lat": {"DEMO_LON": "0"}, "demo_lon": {"DEMO_LAT": "0"}}.get(name, {})


@pytest.mark.parametrize("name", FIELDS)
def test_every_setting_has_a_flag_a_variable_and_a_key_in_this_order(name: str, file: Path) -> None:
    text, value = another(name)
    parser = argparse.ArgumentParser()
    add_flags(parser, Config)
    flag = "--" + name.replace("_", "-")
    words = [flag if value is not False else "--no" + flag[1:]] if isinstance(value, bool) else [flag, text]
    flags = vars(parser.parse_args(words))
    env = partner(name)
    assert getattr(load_config(flags, env, file), name) == value
    assert getattr(load_config({}, env | {"WINDOWSEAT_" + name.upper(): text}, file), name) == value
    quoted = text if isinstance(value, int | float) and not isinstance(value, bool) else f'"{text}"'
    file.write_text(f"[server]\n{name} = {quoted}\n")
    assert getattr(load_config({}, env, file), name) == value
    wins = load_config(flags, env | {"WINDOWSEAT_" + name.upper(): str(FIELDS[name].default or "")}, file)
    assert getattr(wins, name) == value


@pytest.mark.parametrize("name", FIELDS)
def test_every_setting_says_what_it_is_and_helps(name: str) -> None:
    text = FIELDS[name].metadata.get("text", "")
    assert len(text) > 10
    assert not text.endswith(".")
    parser = argparse.ArgumentParser()
    add_flags(parser, Config)
    assert text.split(";")[0] in re.sub(r"\s+", " ", parser.format_help())


def test_a_secret_setting_would_be_marked_as_one() -> None:
    suspicious = [name for name in FIELDS if re.search("key|token|secret|password", name)]
    assert all(FIELDS[name].metadata["secret"] for name in suspicious)


def test_the_traveller_of_a_demo_is_placed_by_plain_variables(file: Path) -> None:
    config = load_config({}, {"DEMO_LAT": "39.47", "DEMO_LON": "-0.38", "DEMO_CITY": "Valencia"}, file)
    assert (config.demo_lat, config.demo_lon, config.demo_city) == (39.47, -0.38, "Valencia")
    wins = load_config({}, {"DEMO_LAT": "1", "DEMO_LON": "2", "WINDOWSEAT_DEMO_LAT": "3"}, file)
    assert (wins.demo_lat, wins.demo_lon) == (3.0, 2.0)


WRONG: list[tuple[dict[str, str], str]] = [
    ({"WINDOWSEAT_PORT": "http"}, "WINDOWSEAT_PORT is 'http', but must be a whole number from 0 to 65535"),
    ({"WINDOWSEAT_PORT": "-1"}, "WINDOWSEAT_PORT"),
    ({"WINDOWSEAT_PORT": "65536"}, "WINDOWSEAT_PORT"),
    ({"WINDOWSEAT_DEADLINE_S": "0"}, "WINDOWSEAT_DEADLINE_S"),
    ({"WINDOWSEAT_GRACE_S": "nan"}, "WINDOWSEAT_GRACE_S"),
    ({"WINDOWSEAT_HEARTBEAT_S": "0"}, "WINDOWSEAT_HEARTBEAT_S"),
    ({"WINDOWSEAT_MAX_RUNS": "0"}, "WINDOWSEAT_MAX_RUNS"),
    ({"WINDOWSEAT_OFFLINE": "perhaps"}, "WINDOWSEAT_OFFLINE is 'perhaps', but must be yes or no"),
    ({"WINDOWSEAT_DATA_DIR": "~nobody-of-this-name"}, "WINDOWSEAT_DATA_DIR"),
    ({"DEMO_LAT": "north", "DEMO_LON": "0"}, "DEMO_LAT is 'north'"),
    ({"DEMO_LAT": "39.5"}, "demo_lat and demo_lon go together"),
    ({"DEMO_LON": "39.5"}, "demo_lat and demo_lon go together"),
    ({"DEMO_LAT": "90.1", "DEMO_LON": "0"}, "DEMO_LAT is '90.1', but must be a number from -90 to 90"),
    ({"DEMO_LAT": "0", "DEMO_LON": "-181"}, "DEMO_LON is '-181', but must be a number from -180 to 180"),
    ({"WINDOWSEAT_COLD_MAX_C": "30"}, "cold_max_c must not be above hot_min_c"),
]


@pytest.mark.parametrize(("env", "message"), WRONG, ids=lambda value: str(value)[:50])
def test_a_wrong_setting_is_told_by_its_name(env: dict[str, str], message: str, file: Path) -> None:
    with pytest.raises(ConfigError, match=re.escape(message)):
        load_config({}, env, file)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[server]\nprot = 1\n", "prot in {file}: there is no such setting"),
        ("[server]\nport = 'x'\n", "port in {file} is 'x', but must be a whole number"),
        ("[server]\nport = 80.5\n", "port in {file} is 80.5"),
        ("[server]\nhost = 5\n", "host in {file} is 5, but must be a text"),
        ("[server]\ndata_dir = 5\n", "data_dir in {file} is 5, but must be a path"),
        ("server = 5\n", "server in {file} must be a table"),
        ("[[server]]\nport = 1\n", "server in {file} must be a table"),
        ("[server\n", "{file} can't be read"),
        ("[server]\nport = 1\nport = 2\n", "{file} can't be read"),
        (b"\xff\xfe", "{file} can't be read"),
    ],
    ids=repr,
)
def test_a_wrong_file_is_told_by_its_name(text: str | bytes, message: str, file: Path) -> None:
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(ConfigError, match=re.escape(message.format(file=file))):
        load_config({}, {}, file)


def test_other_tables_of_the_file_are_not_ours(file: Path) -> None:
    file.write_text("[tui]\ntheme = 'dark'\n")
    assert load_config({}, {}, file) == Config()


def test_a_file_that_was_named_must_exist_and_the_usual_one_need_not(tmp_path: Path) -> None:
    missing = tmp_path / "none.toml"
    for env, file in (({}, missing), ({"WINDOWSEAT_CONFIG": str(missing)}, None)):
        with pytest.raises(ConfigError, match="there is no configuration file"):
            load_config({}, env, file)
    assert load_config({}, {}) == Config()


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="can't be read"):
        load_config({}, {}, tmp_path)


def test_the_usual_file_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    usual = config_file({})
    assert usual.name == "config.toml"
    usual.parent.mkdir(parents=True, exist_ok=True)
    usual.write_text("[server]\nport = 9\n")
    assert load_config({}, {}).port == 9
    assert config_file({"WINDOWSEAT_CONFIG": "~/x.toml"}) == Path.home() / "x.toml"
