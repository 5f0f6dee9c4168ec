"""Tokens whose meaning their neighbours decide: codes that are words (SUN, SEA), minutes without a unit (5 h 22)."""

from __future__ import annotations

from collections.abc import Sequence

from backend.pipelines.escape.reader.grammar import Reading
from backend.pipelines.escape.reader.tokens import Token

Readings = Sequence[Sequence[Reading]]

# After these a place stands; after "leaving" or "departing" a day does just as well.
_PREPOSITIONS = frozenset({"from", "of", "ex", "in", "at", "ab", "von", "aus", "desde", "de", "d", "en", "depuis", "a"})
# What a code may be as a word. Articles and numbers in capitals are only stressed: "from THE beach".
_WORDS = frozenset(
    {"weekday", "shortday", "month", "softmonth", "weather", "soft", "activity", "extra", "companion", "people"}
)
_DAYS = frozenset({"weekday", "shortday", "month", "softmonth", "offset"})
_MOODS = frozenset({"weather", "soft", "activity"})
# What "from HOT …" goes on with where it is no airport.
_NOUNS = frozenset({"weather", "climate", "place", "places", "country", "countries", "city", "days", "temperatures"})
# What a number counts or belongs to, if it stands before one of these.
_COUNTED = frozenset(
    {"degrees", "minutes", "hours", "number", "people", "bags", "money", "kilometres", "companion", "days", "nights"}
    | {"month", "softmonth", "ordinal", "oclock", "plus", "atleast", "plushalf", "half", "range"}
)
_MINUTES_IN_AN_HOUR = 60
_DAYS_IN_A_MONTH = 31
_LONGEST_PHRASE = 6


def is_code_after_from(tokens: Sequence[Token], readings: Readings, at: int) -> bool:
    """Whether three capitals at `at` are an airport although they are a word too.

    They are after a preposition of leaving, but not where a day is the likelier meaning (`from SAT to MON`,
    `from MAR 3`) or where a noun follows a word of weather (`from HOT places`).
    """
    tags = _tags(readings, at)
    before = _tags_ending_at(readings, at)
    if (
        not tags & _WORDS
        or not tags - _WORDS <= {"filler", "dateday"}
        or "from" not in before
        or tokens[at - 1].key not in _PREPOSITIONS
    ):
        return False
    following, next_but_one = _tags(readings, at + 1), _tags(readings, at + 2)
    is_range = bool(following & {"to", "range", "and"} and next_but_one & _DAYS)
    if tags & _DAYS and (is_range or following & {"number", "day"}):
        return False
    if tags & _MOODS and "escape" in before:
        return False
    if not tags & _MOODS or at + 1 >= len(tokens) or tokens[at + 1].kind != "word":
        return True
    return bool(following) and tokens[at + 1].key not in _NOUNS


def is_tail(readings: Readings, at: int, value: float, following: set[str] | None) -> bool:
    """Whether a number behind hours is their minutes: `5 h 22`, `2 heures 30`, but not `3 h 25 degrees`.

    `following` is what the next token can mean: None where the question, or a part of it, ends.
    """
    if not (value.is_integer() and 0 <= value < _MINUTES_IN_AN_HOUR) or "hours" not in _tags(readings, at - 1):
        return False
    return following is None or bool(following and not following & _COUNTED)


def is_day_figure(readings: Readings, at: int, value: float, following: set[str]) -> bool:
    """Whether a number behind a weekday is the day of a month: `el viernes 27`, but not `viernes 3 horas`."""
    is_day = value.is_integer() and 1 <= value <= _DAYS_IN_A_MONTH
    return is_day and "weekday" in _tags(readings, at - 1) and not following & _COUNTED


def _tags(readings: Readings, at: int) -> set[str]:
    return {reading.tag for reading in readings[at]} if 0 <= at < len(readings) else set()


def _tags_ending_at(readings: Readings, at: int) -> set[str]:
    """What the words right before `at` can mean, up to the longest phrases."""
    starts = range(max(0, at - _LONGEST_PHRASE), at)
    return {reading.tag for i in starts for reading in readings[i] if i + reading.length == at}
