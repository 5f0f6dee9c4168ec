"""Settings as a dataclass: each field has a default, a flag, a TOML key and an environment variable.

``field_name`` is ``--field-name`` on the command line, ``field_name`` in the TOML table and ``WINDOWSEAT_FIELD_NAME``
in the environment; a flag wins over the environment, that over the file, that over the default. Pure: the caller
reads the file and the environment.

A field of type ``Secret`` is never shown. It can also be given as the path of a file that holds it: ``field_name_file``
in the table, ``…_FILE`` in the environment. On the command line it is given only so: everybody sees a command's words.
"""

import argparse
import dataclasses
import math
import types
import typing
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

from shared.secret import SHOWN, Secret

ENV_PREFIX = "WINDOWSEAT_"
_FILE = "_file"

C = TypeVar("C")


class SettingError(ValueError):
    """A setting has a value that it can't have: which, where it was set, what is allowed."""

    def __init__(self, where: str, value: object, expected: str) -> None:
        super().__init__(f"{where} is {value!r}, but must be {expected}")


class UnknownSetting(SettingError):
    """A key that no setting has. Its value isn't shown: it may be a secret whose name was misspelt."""

    def __init__(self, where: str) -> None:
        ValueError.__init__(self, f"{where}: there is no such setting")


def setting(
    default: Any,
    text: str,
    *,
    choices: Sequence[str] = (),
    minimum: float | None = None,
    maximum: float | None = None,
    env: Sequence[str] = (),
    metavar: str | None = None,
    secret: bool = False,
) -> Any:
    """A dataclass field that is a setting. ``text`` is its help; ``env`` names further variables that set it;
    ``metavar`` stands for its value in the help. ``secret``: a text that may hold one, as a URL does: it isn't shown.
    """
    metadata = {
        "text": text,
        "choices": tuple(choices),
        "minimum": minimum,
        "maximum": maximum,
        "env": tuple(env),
        "metavar": metavar,
        "secret": secret,
    }
    return dataclasses.field(default=default, metadata=metadata, repr=not secret)


def settings_of(cls: type) -> list["dataclasses.Field[Any]"]:
    """The fields of ``cls`` that are settings."""
    return [field for field in dataclasses.fields(cls) if "text" in field.metadata]


def add_flags(parser: argparse.ArgumentParser, cls: type, only: Sequence[str] | None = None) -> None:
    """One flag for each setting of ``cls``; a flag not given stays None, so that ``resolve`` can tell."""
    hints = typing.get_type_hints(cls)
    for field in settings_of(cls):
        if only is not None and field.name not in only:
            continue
        if _kind(hints[field.name]) is Secret:
            flag = "--" + (field.name + _FILE).replace("_", "-")
            parser.add_argument(flag, default=None, metavar="PATH", help=f"a file that holds {field.metadata['text']}")
            continue
        text = field.metadata["text"]
        usual = ",".join(field.default) if isinstance(field.default, tuple) else field.default
        default = "" if usual in (None, "", False) else f" (default: {usual})"
        flag = "--" + field.name.replace("_", "-")
        help_text = (text + default).replace("%", "%%")
        if _kind(hints[field.name]) is bool:
            parser.add_argument(flag, action=argparse.BooleanOptionalAction, default=None, help=help_text)
        else:
            kind, choices = _kind(hints[field.name]), field.metadata["choices"]
            metavar = field.metadata["metavar"] or (f"{{{','.join(choices)}}}" if choices else _METAVARS[kind])
            parser.add_argument(flag, default=None, metavar=metavar, help=help_text)


def overruled_by(cls: type, name: str, flags: Mapping[str, Any], env: Mapping[str, str]) -> str | None:
    """The flag or the variable whose value wins over the file's; None if neither is given."""
    if flags.get(name) is not None:
        return "--" + name.replace("_", "-")
    others = next(field.metadata["env"] for field in settings_of(cls) if field.name == name)
    return next((variable for variable in (ENV_PREFIX + name.upper(), *others) if env.get(variable)), None)


def resolve(
    cls: type[C],
    *,
    flags: Mapping[str, Any] | None = None,
    env: Mapping[str, str] | None = None,
    table: Mapping[str, Any] | None = None,
    file: str = "the configuration file",
    read: Callable[[Path], str] | None = None,
) -> C:
    """An instance of ``cls`` from flags, environment and TOML table, each checked.

    ``read`` gives the text of a file that holds a secret; what it raises as OSError or ValueError is told as a
    SettingError. Raises SettingError for a value that doesn't fit and for a TOML key that no setting has.
    """
    flags, env, table = flags or {}, env or {}, table or {}
    hints = typing.get_type_hints(cls)
    fields = {field.name: field for field in settings_of(cls)}
    secrets = {name for name in fields if _kind(hints[name]) is Secret}
    for key in table:
        if key not in fields and key.removesuffix(_FILE) not in secrets:
            raise UnknownSetting(f"{key} in {file}")
    values: dict[str, Any] = {}
    for name, field in fields.items():
        others = field.metadata["env"]
        if name in secrets:
            found = _find_secret(name, others, flags, env, table, file, read)
        else:
            found = _find(name, others, flags, env, table, file)
        if found is not None:
            values[name] = _convert(*found, hints[name], field.metadata)
    return cls(**values)


def _find(
    name: str,
    others: Sequence[str],
    flags: Mapping[str, Any],
    env: Mapping[str, str],
    table: Mapping[str, Any],
    file: str,
) -> tuple[str, Any] | None:
    if flags.get(name) is not None:
        return "--" + name.replace("_", "-"), flags[name]
    for variable in (ENV_PREFIX + name.upper(), *others):
        if env.get(variable):
            return variable, env[variable]
    if name in table:
        return f"{name} in {file}", table[name]
    return None


def _find_secret(
    name: str,
    others: Sequence[str],
    flags: Mapping[str, Any],
    env: Mapping[str, str],
    table: Mapping[str, Any],
    file: str,
    read: Callable[[Path], str] | None,
) -> tuple[str, Any] | None:
    levels: list[tuple[Mapping[str, Any], Mapping[str, str], Mapping[str, Any]]]
    levels = [(flags, {}, {}), ({}, env, {}), ({}, {}, table)]
    for level in levels:
        if level[0] is not flags and (found := _find(name, others, *level, file)) is not None:
            return found
        if (kept := _find(name + _FILE, (), *level, file)) is not None:
            return kept[0], _read_secret(*kept, read)
    return None


def _read_secret(where: str, path: Any, read: Callable[[Path], str] | None) -> str:
    try:
        if read is None or not isinstance(path, str | Path):
            raise ValueError("no path")
        return read(Path(path).expanduser()).strip()
    except (OSError, ValueError, RuntimeError) as error:
        why = getattr(error, "strerror", None) or "it can't be read as text"
        # Not even the path is shown: it may be the secret itself, put into the wrong setting.
        raise SettingError(where, SHOWN, f"the path of a file that holds the secret ({why})") from None


def _kind(hint: Any) -> type:
    if typing.get_origin(hint) in (typing.Union, types.UnionType):
        hint = next(part for part in typing.get_args(hint) if part is not types.NoneType)
    kind: type = typing.get_origin(hint) or hint
    return kind


_METAVARS = {str: "TEXT", int: "N", float: "N", tuple: "LIST", Path: "PATH"}
_TRUE, _FALSE = {"1", "true", "yes", "on"}, {"0", "false", "no", "off"}


class _Unfit(Exception):
    """Says what is allowed; the value itself may be a secret."""


def _convert(where: str, raw: Any, hint: Any, metadata: Mapping[str, Any]) -> Any:
    kind, choices = _kind(hint), metadata["choices"]
    try:
        value = (
            _READERS[kind](raw) if kind in _READERS else _number(raw, kind, metadata["minimum"], metadata["maximum"])
        )
        if choices:
            value = _choice(value, choices)
    except _Unfit as unfit:
        raise SettingError(where, SHOWN if kind is Secret or metadata["secret"] else raw, str(unfit)) from None
    return value


def _choice(value: Any, choices: Sequence[str]) -> str:
    """The choice that is meant: capitals and spaces around it make no difference."""
    meant = value.strip().casefold() if isinstance(value, str) else None
    for choice in choices:
        if choice.casefold() == meant:
            return choice
    raise _Unfit("one of " + ", ".join(choices))


def _secret(raw: Any) -> Secret:
    if isinstance(raw, Secret):
        return raw
    # It may become a header: what no header can carry is a slip of the hand, such as a second line.
    if not isinstance(raw, str) or not raw.strip() or not raw.strip().isprintable() or not raw.strip().isascii():
        raise _Unfit("one line of printable ASCII")
    return Secret(raw.strip())


def _text(raw: Any) -> str:
    if not isinstance(raw, str):
        raise _Unfit("a text")
    return raw


def _texts(raw: Any) -> tuple[str, ...]:
    if isinstance(raw, str):
        return tuple(raw.replace(",", " ").split())
    if not isinstance(raw, list) or not all(isinstance(part, str) for part in raw):
        raise _Unfit("a list of texts")
    return tuple(raw)


def _path(raw: Any) -> Path:
    if isinstance(raw, Path):
        return raw
    try:
        if isinstance(raw, str) and "\0" not in raw:
            return Path(raw).expanduser()
    except RuntimeError:  # ~somebody who doesn't exist
        pass
    raise _Unfit("a path")


def _boolean(raw: Any) -> bool:
    if isinstance(raw, bool):
        return raw
    word = raw.strip().lower() if isinstance(raw, str) else str(raw)
    if word in _TRUE | _FALSE:
        return word in _TRUE
    raise _Unfit("yes or no (1, 0, true, false, on, off)")


def _number(raw: Any, kind: type, minimum: float | None, maximum: float | None) -> int | float:
    unfit = _Unfit(("a whole number" if kind is int else "a number") + _range(minimum, maximum))
    if isinstance(raw, bool):
        raise unfit
    try:
        value: int | float = kind(raw)
        finite = math.isfinite(value)
    except (TypeError, ValueError, OverflowError):
        raise unfit from None
    if not finite or (isinstance(raw, float) and value != raw):
        raise unfit
    if (minimum is not None and value < minimum) or (maximum is not None and value > maximum):
        raise unfit
    return value


def _range(minimum: float | None, maximum: float | None) -> str:
    if minimum is not None and maximum is not None:
        return f" from {minimum:g} to {maximum:g}"
    if maximum is not None:
        return f" of at most {maximum:g}"
    return "" if minimum is None else f" of at least {minimum:g}"


_READERS: dict[type, Callable[[Any], Any]] = {
    str: _text,
    tuple: _texts,
    Path: _path,
    bool: _boolean,
    Secret: _secret,
}
