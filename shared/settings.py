"""Settings as a dataclass: each field has a default, a flag, a TOML key and an environment variable.

``field_name`` is ``--field-name`` on the command line, ``field_name`` in the TOML table and ``WINDOWSEAT_FIELD_NAME``
in the environment; a flag wins over the environment, that over the file, that over the default. Pure: the caller
reads the file and the environment.
"""

import argparse
import dataclasses
import types
import typing
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

ENV_PREFIX = "WINDOWSEAT_"

C = TypeVar("C")


class SettingError(ValueError):
    """A setting has a value that it can't have: which, where it was set, what is allowed."""

    def __init__(self, where: str, value: object, expected: str) -> None:
        super().__init__(f"{where} is {value!r}, but must be {expected}")


def setting(
    default: Any,
    text: str,
    *,
    choices: Sequence[str] = (),
    minimum: float | None = None,
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
            raise SettingError(f"{key} in {file}", table[key], "left out: there is no such setting")
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


def _convert(where: str, raw: Any, hint: Any, metadata: Mapping[str, Any]) -> Any:
    shown = "(secret)" if metadata["secret"] else raw
    kind = _kind(hint)
    value: Any
    if kind is bool:
        value = _boolean(where, raw)
    elif kind in (int, float):
        value = _number(where, raw, kind, metadata["minimum"])
    elif kind is tuple:
        value = tuple(raw.replace(",", " ").split() if isinstance(raw, str) else [str(part) for part in raw])
    elif kind is Path:
        value = Path(str(raw)).expanduser()
    else:
        if not isinstance(raw, str):
            raise SettingError(where, shown, "a text")
        value = raw
    choices = metadata["choices"]
    if choices and value not in choices:
        raise SettingError(where, shown, "one of " + ", ".join(choices))
    return value


def _boolean(where: str, raw: Any) -> bool:
    if isinstance(raw, bool):
        return raw
    word = str(raw).strip().lower()
    if word in _TRUE | _FALSE:
        return word in _TRUE
    raise SettingError(where, raw, "yes or no (1, 0, true, false, on, off)")


def _number(where: str, raw: Any, kind: type, minimum: float | None) -> int | float:
    name = "a whole number" if kind is int else "a number"
    expected = name if minimum is None else f"{name} of at least {minimum:g}"
    if isinstance(raw, bool):
        raise SettingError(where, raw, expected)
    try:
        value: int | float = kind(raw)
    except (TypeError, ValueError, OverflowError):
        raise SettingError(where, raw, expected) from None
    if value != value or value in (float("inf"), float("-inf")) or (minimum is not None and value < minimum):
        raise SettingError(where, raw, expected)
    return value
