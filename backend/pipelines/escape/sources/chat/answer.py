"""What a model wrote to what it may mean: a closed schema, every value typed and bounded, the rest refused and said.

Out of here come days, degrees, hours, two enumerations and words of the question; nothing that names a host, a limit or
another run could, whatever the model was talked into.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Callable, Iterator
from typing import Any, Literal

import msgspec

from backend.pipelines.escape.models import Weather
from backend.upstream.decoding import Undecodable, decode_json

Weekday = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday", "weekend"]
Week = Literal["coming", "this", "next"]

COLDEST_C, HOTTEST_C = -60.0, 50.0
# Beyond them a figure is in another unit (the built-in reader takes 51 degrees and more as Fahrenheit, too).
_MOST_IGNORED, _LONGEST_WORDS = 12, 60
_MOST_OBJECTS = 20
_THOUGHT = re.compile(r"<think>.*?(?:</think>|\Z)", re.DOTALL)
_DATE = re.compile(r"(?:([0-9]{4})-)?([0-9]{1,2})-([0-9]{1,2})(?:T.*)?", re.ASCII | re.DOTALL)
# What small models write instead of the words that they were given.
_SAME = {"warm": "hot", "cool": "cold", "mild": "normal"}
_NOTHING = frozenset({"", "null", "none", "n/a", "unknown"})


class NotAnAnswer(ValueError):
    """The text holds no JSON object with any of the keys that were asked for; says why, for a person."""


class Date(msgspec.Struct, frozen=True):
    """A day of the calendar, in the next year that has it where ``year`` is None. It may not exist."""

    month: int
    day: int
    year: int | None = None


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """What a model understood; None is what the question doesn't say.

    At most one of ``days_ahead`` (from today), ``weekday`` and ``date`` is there. ``min_c`` and ``max_c`` are degrees
    Celsius within ``COLDEST_C`` and ``HOTTEST_C``, ``max_hours`` any positive number. ``origin`` and ``ignored`` are
    words that the model says are in the question: who uses them checks that.
    """

    days_ahead: int | None = None
    weekday: Weekday | None = None
    week: Week = "coming"
    date: Date | None = None
    weather: Weather | None = None
    min_c: float | None = None
    max_c: float | None = None
    max_hours: float | None = None
    origin: str | None = None
    ignored: tuple[str, ...] = ()


def decode_answer(text: str) -> tuple[Answer, tuple[str, ...]]:
    """The answer in ``text``, and sentences about what in it is not used. Raises NotAnAnswer. Linear in the text.

    What isn't used isn't repeated either: what the model wrote is there for who opens the step.
    Thinking, code fences and prose around the object are passed over; of several objects the last that fits counts.
    """
    rest = _THOUGHT.sub("", text).rpartition("</think>")[2]
    trees = [tree for tree in map(_decoded, objects(rest)) if tree is not None]
    if not trees:
        raise NotAnAnswer("no JSON object is in it" if rest.strip() else "it is empty")
    for tree in reversed(trees):
        if _READERS.keys() & tree.keys():
            return _answer(tree)
    raise NotAnAnswer("its JSON object has none of the keys that were asked for")


def objects(text: str) -> Iterator[str]:
    """The outermost ``{…}`` of a text, whole ones alone, at most ``_MOST_OBJECTS`` beginnings of one tried."""
    at = 0
    for _ in range(_MOST_OBJECTS):
        start = text.find("{", at)
        if start < 0:
            return
        end = _end_of_object(text, start)
        if end is not None:
            yield text[start:end]
        at = end or start + 1


def _end_of_object(text: str, start: int) -> int | None:
    depth = 0
    for part in _STRUCTURE.finditer(text, start):
        if part[0] in "{}":
            depth += 1 if part[0] == "{" else -1
        if depth == 0:
            return part.end()
    return None


# A string is one piece, also one that never ends: its braces don't count.
_STRUCTURE = re.compile(r'"[^"\\]*(?:\\.?[^"\\]*)*(?:"|\Z)|[{}]', re.DOTALL)


def _decoded(text: str) -> dict[str, Any] | None:
    try:
        tree = decode_json(text.encode("utf-8", "replace"))
    except Undecodable:
        return None
    return tree if isinstance(tree, dict) else None


def _answer(tree: dict[str, Any]) -> tuple[Answer, tuple[str, ...]]:
    values: dict[str, Any] = {}
    remarks: list[str] = []
    for key, reader in _READERS.items():
        raw = tree.get(key)
        if raw is None or (isinstance(raw, str) and raw.strip().casefold() in _NOTHING):
            continue
        value = reader(raw)
        if value is None:
            remarks.append(f"The model's “{key}” can't be used")
        else:
            values[key] = value
    unasked = sum(key not in _READERS for key in tree)
    if unasked:
        remarks.append(f"The model wrote {unasked} {'key' if unasked == 1 else 'keys'} that nobody asked for; not used")
    days = [key for key in ("date", "weekday", "days_ahead") if key in values]
    for key in days[1:]:
        del values[key]
        remarks.append(f"The model named the day in several ways; its “{key}” is not used")
    return Answer(**values), tuple(remarks)


def _number(raw: Any) -> float | None:
    if isinstance(raw, str):
        try:
            raw = float(raw.strip()) if len(raw) < 20 else None
        except ValueError:
            return None
    # A bool is an int in Python, and no number here.
    is_number = isinstance(raw, (int, float)) and not isinstance(raw, bool)
    return float(raw) if is_number and abs(raw) < 1e9 else None


def _whole(raw: Any) -> int | None:
    number = _number(raw)
    return int(number) if number is not None and number.is_integer() else None


def _celsius(raw: Any) -> float | None:
    number = _number(raw)
    return round(number, 1) if number is not None and COLDEST_C <= number <= HOTTEST_C else None


def _hours(raw: Any) -> float | None:
    number = _number(raw)
    return number if number is not None and number > 0 else None


def _one_of(*words: str) -> Callable[[Any], str | None]:
    def read(raw: Any) -> str | None:
        word = raw.strip().casefold() if isinstance(raw, str) else ""
        word = _SAME.get(word, word)
        return word if word in words else None

    return read


def _date(raw: Any) -> Date | None:
    found = _DATE.fullmatch(raw.strip()) if isinstance(raw, str) and len(raw) < 40 else None
    if found is None:
        return None
    year, month, day = found.groups()
    try:
        # A leap year for a day without one: 29 February is a day.
        datetime.date(int(year or 2024), int(month), int(day))
    except ValueError:
        return None
    return Date(int(month), int(day), int(year) if year else None)


def _words(raw: Any) -> str | None:
    words = " ".join(raw.split()) if isinstance(raw, str) else ""
    return words if 0 < len(words) <= _LONGEST_WORDS else None


def _list(raw: Any) -> tuple[str, ...] | None:
    if not isinstance(raw, list):
        raw = [raw]
    return tuple(words for one in raw[:_MOST_IGNORED] if (words := _words(one)) is not None)


_READERS: dict[str, Callable[[Any], Any]] = {
    "days_ahead": _whole,
    "weekday": _one_of("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday", "weekend"),
    "week": _one_of("coming", "this", "next"),
    "date": _date,
    "weather": _one_of("hot", "cold", "normal", "any"),
    "min_c": _celsius,
    "max_c": _celsius,
    "max_hours": _hours,
    "origin": _words,
    "ignored": _list,
}
