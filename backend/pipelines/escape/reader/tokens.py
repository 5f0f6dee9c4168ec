"""Cuts a question into tokens: words, numbers, dates in figures, signs. One pass, linear in the text."""

from __future__ import annotations

import re
import unicodedata
from typing import NamedTuple

_TOKEN = re.compile(
    r"""
      (?P<iso>(?<![0-9])[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}(?![0-9]))
    | (?P<full>(?<![0-9])[0-9]{1,2}(?P<sep>[./-])[0-9]{1,2}(?P=sep)(?:[0-9]{4}|[0-9]{2})(?![0-9]))
    | (?P<dotted>(?<![0-9])[0-9]{1,2}\.[0-9]{1,2}\.(?![0-9]))
    | (?P<slashed>(?<![0-9])[0-9]{1,2}/[0-9]{1,2}(?![0-9/]))
    | (?P<clock>(?<![0-9])[0-9]{1,2}:[0-9]{2}(?![0-9]))
    | (?P<number>[0-9]+(?:[.,][0-9]+)?)
    | (?P<word>[^\W\d_]+)
    | (?P<dash>[-‐‑‒–—−]+)
    | (?P<apostrophe>['’ʼ`´])
    | (?P<sign>\S)
    """,
    re.VERBOSE,
)
# "Fri-Sun" is a range, "week-end" a word.
_DAY = r"(?:mon|tue|wed|thu|fri|sat|sun)"
_DAY_BEFORE = re.compile(rf"\b{_DAY}(?:[a-z]*day)?\s*$", re.IGNORECASE | re.ASCII)
_DAY_AFTER = re.compile(rf"\s*{_DAY}(?:[a-z]*day)?\b", re.IGNORECASE | re.ASCII)
_LONGEST_DAY = 12
_ABBREVIATED = frozenset({"st", "ste", "sta", "mt", "ft", "pt", "d", "c", "dr"})


class Token(NamedTuple):
    """A piece of the question: `key` is what the word tables are asked for, `start` and `end` are offsets."""

    kind: str
    key: str
    start: int
    end: int


def fold(word: str) -> str:
    """The word without case and accents: `Köln` and `KOLN` are both `koln`."""
    decomposed = unicodedata.normalize("NFKD", word.casefold())
    return "".join(char for char in decomposed if not unicodedata.combining(char))


def tokenize(text: str) -> list[Token]:
    """The tokens of `text`, in order. Hyphens and apostrophes in words only separate them."""
    tokens: list[Token] = []
    for found in _TOKEN.finditer(text):
        kind = found.lastgroup or "sign"
        start, end = found.span()
        if kind == "apostrophe":
            continue
        if kind == "dash":
            kind = _dash(text, start, end)
            if not kind:
                continue
            tokens.append(Token(kind, kind, start, end))
            continue
        if kind == "sign" and found[0] == "." and tokens and _is_abbreviation(tokens[-1], start):
            continue
        tokens.append(Token(kind, fold(found[0]), start, end))
    return tokens


def _is_abbreviation(last: Token, start: int) -> bool:
    return last.end == start and last.key in _ABBREVIATED


def _dash(text: str, start: int, end: int) -> str:
    """What a dash stands for: a `range` between figures or days, a `minus`, a `pause`, or nothing (in a word)."""
    before, after = text[max(0, start - 2) : start], text[end : end + 2]
    spaced = not before.strip() or before[-1].isspace()
    figure_follows = after.lstrip()[:1].isdigit()
    if figure_follows and before.rstrip()[-1:] and before.rstrip()[-1] in "0123456789°ºCFcf":
        return "range"
    if figure_follows and after[:1].isdigit() and (spaced or before[-1:] in "<>=≤≥("):
        return "minus"
    if _DAY_AFTER.match(text[end : end + _LONGEST_DAY]) and _DAY_BEFORE.search(
        text[max(0, start - _LONGEST_DAY) : start]
    ):
        return "range"
    return "pause" if spaced else ""
