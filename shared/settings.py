"""Settings as a dataclass: each field has a default, a flag, a TOML key and an environment variable.

``field_name`` is ``--field-name`` on the command line, ``field_name`` in the TOML table and ``WINDOWSEAT_FIELD_NAME``
in the environment; a flag wins over the environment, that over the file, that over the default. Pure: the caller
reads the file and the environment.
"""

import argparse
import dataclasses
import math
import types
import typing
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

ENV_PREFIX = "WINDOWSEAT_"

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
    secret: bool = False,
    metavar: str | None = None,
) -> Any:
    """A dataclass field that is a setting. ``text`` is its help; ``env`` names further variables that set it;
    ``metavar`` stands for its value in the help."""
    metadata = {
        "text": text,
        "choices": tuple(choices),
        "minimum": minimum,
        "maximum": maximum,
        "env": tuple(env),
        "secret": secret,
        "metavar": metavar,
    }
    return dataclasses.field(default=default, metadata=metadata)


def add_flags(parser: argparse.ArgumentParser, cls: type, only: Sequence[str] | None = None) -> None:
    """One flag for each setting of ``cls``; a flag not given stays None, so that ``resolve`` can tell."""
    hints = typing.get_type_hints(cls)
    for field in dataclasses.fields(cls):
        if only is not None and field.name not in only:
            continue
        text = field.metadata["text"]
        default = "" if field.default in (None, "", False, ()) else f" (default: {field.default})"
        flag = "--" + field.name.replace("_", "-")
        help_text = (text + default).replace("%", "%%")
        if _kind(hints[field.name]) is bool:
            parser.add_argument(flag, action=argparse.BooleanOptionalAction, default=None, help=help_text)
        else:
            kind, choices = _kind(hints[field.name]), field.metadata["choices"]
            metavar = field.metadata["metavar"] or (f"{{{','.join(choices)}}}" if choices else _METAVARS[kind])
            parser.add_argument(flag, default=None, metavar=metavar, help=help_text)


def resolve(
    cls: type[C],
    *,
    flags: Mapping[str, Any] | None = None,
    env: Mapping[str, str] | None = None,
    table: Mapping[str, Any] | None = None,
    file: str = "the configuration file",
) -> C:
    """An instance of ``cls`` from flags, environment and TOML table, each checked.

    Raises SettingError for a value that doesn't fit and for a TOML key that no setting has.
    """
    flags, env, table = flags or {}, env or {}, table or {}
    hints = typing.get_type_hints(cls)
    names = {field.name for field in dataclasses.fields(cls)}  # type: ignore[arg-type]  # a dataclass, by contract
    for key in table:
        if key not in names:
            raise UnknownSetting(f"{key} in {file}")
    values: dict[str, Any] = {}
    for field in dataclasses.fields(cls):  # type: ignore[arg-type]  # as above
        found = _find(field, flags, env, table, file)
        if found is not None:
            where, raw = found
            values[field.name] = _convert(where, raw, hints[field.name], field.metadata)
    return cls(**values)


def _find(
    field: "dataclasses.Field[Any]",
    flags: Mapping[str, Any],
    env: Mapping[str, str],
    table: Mapping[str, Any],
    file: str,
) -> tuple[str, Any] | None:
    if flags.get(field.name) is not None:
        return "--" + field.name.replace("_", "-"), flags[field.name]
    for variable in (ENV_PREFIX + field.name.upper(), *field.metadata["env"]):
        if env.get(variable):
            return variable, env[variable]
    if field.name in table:
        return f"{field.name} in {file}", table[field.name]
    return None


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
        if choices and value not in choices:
            raise _Unfit("one of " + ", ".join(choices))
    except _Unfit as unfit:
        raise SettingError(where, "(secret)" if metadata["secret"] else raw, str(unfit)) from None
    return value


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


_READERS: dict[type, Callable[[Any], Any]] = {str: _text, tuple: _texts, Path: _path, bool: _boolean}
