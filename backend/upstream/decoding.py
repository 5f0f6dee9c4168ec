"""Bytes from outside to values: the one place where JSON of an upstream is read.

Python's own decoder lets through what hurts later: NaN and numbers beyond every float, integers of thousands of digits,
nesting that ends in RecursionError, lone surrogates that fail where a text is sent on. Here all of them are either
repaired (text) or refused (numbers, depth), and every string is cleaned on the way.
"""

import json
import math
from collections.abc import Callable
from typing import Any, NoReturn

from shared.text import clean

MAX_DEPTH = 64
MAX_TEXT = 4096
_EXCERPT = 200
_REMEMBERED = 500
_PLAIN = frozenset((bool, int, float, type(None)))
_INT_CHARS = 18


class Undecodable(ValueError):
    """Not JSON that can be used; says why, for a person."""


def decode_json(body: bytes, redact: Callable[[str], str] = str) -> Any:
    """The values in ``body``, every string (keys too) through ``redact`` and cleaned. Raises Undecodable."""
    return _clean(parse_json(body.decode("utf-8-sig", "replace")), _Texts(redact), MAX_DEPTH)


def parse_json(text: str) -> Any:
    """The values in ``text``, its strings as they are: for pieces of a text, which are cleaned together, later.

    Raises Undecodable.
    """
    try:
        return _decoder.decode(text)
    except Undecodable:
        raise
    except RecursionError:
        raise Undecodable("it is nested too deeply") from None
    except ValueError as error:
        start = text.lstrip()[:1]
        why = "it is HTML" if start == "<" else "it is empty" if not start else "it isn't JSON"
        raise Undecodable(why) from error


def excerpt(body: bytes, redact: Callable[[str], str] = str) -> str:
    """The beginning of a body that is no JSON, fit to be shown."""
    return clean(redact(body[: 4 * _EXCERPT].decode("utf-8", "replace")), max_chars=_EXCERPT).strip()


class _Texts(dict[str, str]):
    """Texts and what becomes of them. Keys and words come again and again: most are looked up."""

    def __init__(self, redact: Callable[[str], str]) -> None:
        self._redact = redact

    def __missing__(self, text: str) -> str:
        cleaned = clean(self._redact(text), max_chars=MAX_TEXT)
        if len(self) < _REMEMBERED:
            self[text] = cleaned
        return cleaned


def _constant(name: str) -> NoReturn:
    raise Undecodable(f"it holds {name}, which is no number")


def _integer(text: str) -> int | float:
    # Beyond 64 bits no encoder of ours writes an integer; beyond 4,300 digits Python refuses to read one.
    return int(text) if len(text) <= _INT_CHARS else _float(text)


def _float(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise Undecodable("it holds a number that is too large")
    return value


_decoder = json.JSONDecoder(parse_constant=_constant, parse_int=_integer, parse_float=_float, strict=False)


def _clean(value: Any, texts: _Texts, depth: int) -> Any:
    if isinstance(value, str):
        return texts[value]
    if isinstance(value, (list, dict)) and depth == 0:
        raise Undecodable("it is nested too deeply")
    if isinstance(value, list):
        return [one if type(one) in _PLAIN else _clean(one, texts, depth - 1) for one in value]
    if isinstance(value, dict):
        return {texts[key]: one if type(one) in _PLAIN else _clean(one, texts, depth - 1) for key, one in value.items()}
    return value
