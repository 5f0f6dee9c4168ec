"""Settings from flags, environment and file: who wins, and what a wrong one is told."""

import argparse
import dataclasses
import pickle
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.secret import Secret
from shared.settings import SettingError, add_flags, resolve, setting


@dataclass(frozen=True)
class Settings:
    """One of each kind."""

    name: str = setting("default", "a text")
    count: int = setting(3, "a whole number", minimum=1)
    ratio: float = setting(0.5, "a number of 50 %")
    share: float = setting(0.0, "a number in a range", minimum=0, maximum=100)
    below: float = setting(0.0, "a number with an upper end", maximum=0)
    loud: bool = setting(False, "yes or no")
    folder: Path = setting(Path("here"), "a folder")
    sources: tuple[str, ...] = setting((), "several texts")
    order: tuple[str, ...] = setting(("one", "two"), "some texts")
    colour: str = setting("red", "one of some", choices=["red", "blue"])
    nick: str | None = setting(None, "a text that need not be", env=["OTHER_NICK"])
    key: Secret | None = setting(None, "a secret", env=["OTHER_KEY"])


def by_flag(key: str, value: Any) -> dict[str, Any]:
    return {"flags": {key: value}}


def by_env(key: str, value: Any) -> dict[str, Any]:
    return {"env": {f"WINDOWSEAT_{key.upper()}": value}}


def by_table(key: str, value: Any) -> dict[str, Any]:
    return {"table": {key: value}, "file": "some.toml"}


GOOD: list[tuple[str, Any, Any]] = [
    ("name", "x", "x"),
    ("name", "", ""),
    ("count", "7", 7),
    ("count", " 7 ", 7),
    ("ratio", "1e-3", 0.001),
    ("ratio", "-2", -2.0),
    *[("loud", word, True) for word in ("1", "true", "YES", "On", " on ")],
    *[("loud", word, False) for word in ("0", "false", "No", "OFF")],
    ("folder", "~/runs", Path.home() / "runs"),
    ("sources", "a,b c,, d", ("a", "b", "c", "d")),
    ("colour", "blue", "blue"),
]


@pytest.mark.parametrize(("key", "raw", "value"), GOOD)
def test_text_becomes_the_value_of_its_kind(key: str, raw: str, value: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(Path.home()))
    if key == "folder":
        value = Path.home() / "runs"
    assert getattr(resolve(Settings, **by_flag(key, raw)), key) == value
    if raw:
        assert getattr(resolve(Settings, **by_env(key, raw)), key) == value


@pytest.mark.parametrize(
    ("key", "raw", "value"),
    [
        ("count", 7, 7),
        ("ratio", 2, 2.0),
        ("loud", True, True),
        ("sources", ["a b", "c"], ("a b", "c")),
        ("count", 7.0, 7),
    ],
)
def test_toml_values_are_taken_as_they_are(key: str, raw: Any, value: Any) -> None:
    found = getattr(resolve(Settings, **by_table(key, raw)), key)
    assert found == value
    assert type(found) is type(value)


BAD_TEXT: list[tuple[str, str, str]] = [
    ("count", "many", "a whole number of at least 1"),
    ("count", "0", "a whole number of at least 1"),
    ("count", "-5", "a whole number of at least 1"),
    ("count", "2.5", "a whole number of at least 1"),
    ("count", "9" * 5000, "a whole number of at least 1"),
    ("count", "9" * 400, "a whole number of at least 1"),
    ("share", "101", "a number from 0 to 100"),
    ("share", "-0.1", "a number from 0 to 100"),
    ("below", "1", "a number of at most 0"),
    ("ratio", "half", "a number"),
    ("ratio", "nan", "a number"),
    ("ratio", "inf", "a number"),
    ("ratio", "1e999", "a number"),
    ("loud", "maybe", "yes or no (1, 0, true, false, on, off)"),
    ("colour", "green", "one of red, blue"),
    ("folder", "~nobody-of-this-name/x", "a path"),
]


@pytest.mark.parametrize("given", [by_flag, by_env, by_table])
@pytest.mark.parametrize(("key", "raw", "expected"), BAD_TEXT, ids=lambda value: str(value)[:20])
def test_a_value_that_does_not_fit_is_told_with_its_place_and_what_is_allowed(
    given: Any, key: str, raw: str, expected: str
) -> None:
    place = {by_flag: f"--{key}", by_env: f"WINDOWSEAT_{key.upper()}", by_table: f"{key} in some.toml"}[given]
    with pytest.raises(SettingError) as told:
        resolve(Settings, **given(key, raw))
    assert str(told.value) == f"{place} is {raw!r}, but must be {expected}"


@pytest.mark.parametrize(
    ("key", "raw"),
    [
        ("name", 5), ("name", True), ("name", ["a"]), ("name", {}), ("count", True), ("count", 2.5), ("count", [1]),
        ("count", {}), ("count", float("inf")), ("ratio", False), ("ratio", float("nan")), ("ratio", {}), ("loud", 2),
        ("loud", []), ("folder", 5), ("folder", True), ("folder", ["a"]), ("folder", "a\0b"), ("sources", 5),
        ("sources", True), ("sources", {}), ("sources", [1, 2]), ("sources", [["a"]]), ("colour", 1),
        ("colour", ["red"]),
    ],
    ids=repr,
)  # fmt: skip
def test_a_toml_value_of_another_kind_is_told_with_its_place(key: str, raw: Any) -> None:
    with pytest.raises(SettingError) as told:
        resolve(Settings, **by_table(key, raw))
    assert str(told.value).startswith(f"{key} in some.toml is ")


WORD = "s3cret-value"


def test_a_secret_is_itself_and_never_shown() -> None:
    found = resolve(Settings, env={"OTHER_KEY": f" {WORD}\n"})
    assert found.key == Secret(WORD)
    assert found.key is not None
    assert found.key.reveal() == WORD
    shown = [repr(found), str(found), f"{found.key}", f"{found.key!r:>20}", repr(dataclasses.asdict(found))]
    assert not [form for form in shown if WORD in form]
    with pytest.raises(TypeError):
        pickle.dumps(found.key)


@pytest.mark.parametrize(
    "raw", [[WORD], {"x": WORD}, f"{WORD}\nand more", f"{WORD}\x1b[2J", f"{WORD}é", "  "], ids=repr
)
@pytest.mark.parametrize("given", [by_env, by_table])
def test_a_secret_that_can_be_none_is_told_without_being_shown(given: Any, raw: Any) -> None:
    with pytest.raises(SettingError) as told:
        resolve(Settings, **given("key", raw))
    assert WORD not in str(told.value)
    assert "(secret)" in str(told.value)


def read(path: Path) -> str:
    if path.name == "missing":
        raise FileNotFoundError(2, "No such file or directory", str(path))
    return f"text of {path.name}\n"


@given(st.sets(st.sampled_from(["flag", "variable", "other", "variable file", "table", "table file"])))
def test_a_secret_may_be_in_a_file_and_the_nearest_place_wins(given: set[str]) -> None:
    env = {"variable": ("WINDOWSEAT_KEY", "variable"), "other": ("OTHER_KEY", "other"),
           "variable file": ("WINDOWSEAT_KEY_FILE", "variable file")}  # fmt: skip
    table = {"table": ("key", "table"), "table file": ("key_file", "table file")}
    found = resolve(
        Settings,
        flags={"key_file": "flag" if "flag" in given else None},
        env=dict(pair for name, pair in env.items() if name in given),
        table=dict(pair for name, pair in table.items() if name in given),
        read=read,
    )
    order = {"flag": "text of flag", "variable": "variable", "other": "other", "variable file": "text of variable file",
             "table": "table", "table file": "text of table file"}  # fmt: skip
    wanted = next((text for source, text in order.items() if source in given), None)
    assert (found.key.reveal() if found.key else None) == wanted


@pytest.mark.parametrize("reader", [read, None])
@pytest.mark.parametrize("path", [f"{WORD}/missing", 5])
def test_a_secret_put_where_its_path_belongs_is_not_shown(path: Any, reader: Any) -> None:
    with pytest.raises(SettingError) as told:
        resolve(Settings, table={"key_file": path}, file="some.toml", read=reader)
    assert str(told.value).startswith("key_file in some.toml is '(secret)', but must be the path of a file")
    assert WORD not in str(told.value)


def test_only_secrets_can_be_in_files() -> None:
    with pytest.raises(SettingError, match=r"name_file in some\.toml: there is no such setting"):
        resolve(Settings, table={"name_file": "x"}, file="some.toml", read=read)


def test_a_secret_has_no_flag_but_its_file_has() -> None:
    parser = argparse.ArgumentParser()
    add_flags(parser, Settings)
    assert vars(parser.parse_args(["--key-file", "x"]))["key_file"] == "x"
    assert "--key " not in parser.format_help()


def test_an_unknown_key_is_told_without_its_value_which_may_be_a_misspelt_secret() -> None:
    with pytest.raises(SettingError) as told:
        resolve(Settings, table={"kye": "s3cret-value"}, file="some.toml")
    assert "kye in some.toml" in str(told.value)
    assert "no such setting" in str(told.value)
    assert "s3cret-value" not in str(told.value)


@given(st.sets(st.sampled_from(["flag", "variable", "other variable", "table"])))
def test_a_flag_wins_over_the_environment_that_over_the_file_that_over_the_default(given: set[str]) -> None:
    env = {"WINDOWSEAT_NICK": "variable", "OTHER_NICK": "other variable"}
    found = resolve(
        Settings,
        flags={"nick": "flag" if "flag" in given else None},
        env={name: value for name, value in env.items() if value in given},
        table={"nick": "table"} if "table" in given else {},
    )
    order = ["flag", "variable", "other variable", "table"]
    assert found.nick == next((source for source in order if source in given), None)


def test_an_empty_variable_is_one_that_is_not_set() -> None:
    env = {"WINDOWSEAT_COUNT": "", "WINDOWSEAT_NICK": "", "OTHER_NICK": "x", "OTHER_KEY": "", "WINDOWSEAT_KEY_FILE": ""}
    assert resolve(Settings, env=env) == Settings(nick="x")


def test_no_setting_given_means_the_defaults() -> None:
    assert resolve(Settings) == Settings()


def test_flags_are_parsed_and_what_is_not_given_can_be_told_from_what_is() -> None:
    parser = argparse.ArgumentParser()
    add_flags(parser, Settings)
    assert set(vars(parser.parse_args([])).values()) == {None}
    flags = vars(parser.parse_args(["--count", "9", "--no-loud", "--folder", "x", "--sources", "a,b"]))
    assert resolve(Settings, flags=flags, env={"WINDOWSEAT_LOUD": "1"}) == Settings(
        count=9, loud=False, folder=Path("x"), sources=("a", "b")
    )


def test_flags_can_be_chosen() -> None:
    parser = argparse.ArgumentParser()
    add_flags(parser, Settings, only=["count"])
    assert vars(parser.parse_args([])) == {"count": None}


def test_help_shows_texts_and_defaults_and_survives_a_percent_sign() -> None:
    parser = argparse.ArgumentParser()
    add_flags(parser, Settings)
    text = " ".join(parser.format_help().split())
    assert "a number of 50 % (default: 0.5)" in text
    assert "a text (default: default)" in text
    assert "some texts (default: one,two)" in text
    assert "--loud, --no-loud" in text
    assert "(default: None)" not in text
