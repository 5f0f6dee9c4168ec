"""A question cut into tokens, and what the rules find in it. Nothing here depends on today."""

from __future__ import annotations

import re
import unicodedata
from functools import cache, lru_cache
from typing import NamedTuple

from backend.pipelines.escape.reader.ambiguous import is_code_after_from, is_day_figure, is_tail
from backend.pipelines.escape.reader.follow_rules import FOLLOW_RULES
from backend.pipelines.escape.reader.grammar import Finding, Grammar, Lexicon, Reading
from backend.pipelines.escape.reader.rules import MACROS, RULES
from backend.pipelines.escape.reader.tokens import Token, tokenize
from backend.pipelines.escape.reader.words import TABLES, following

_SKIPPED_BY_GAPS = frozenset(
    {"filler", "article", "too", "its", "number", "ordinal", "here", "haul", "on", "leave", "this"}
)
_SKIPPED_SIGNS = frozenset({":", "="})
_DATE_KINDS = frozenset({"iso", "full", "dotted", "slashed"})
_LONGEST_NUMBER = 7
_QUESTIONS_KEPT = 32
# Words of one language that name the day of a month before a bare figure: "el 24", "le 24", "am 24."
_BEFORE_DAY = frozenset({"el", "le", "am"})
# What a word means only beside others, so that it may be a name all the same: "Fr 27.11.", but also "Mo i Rana".
_NO_WORDS = frozenset({"dateday"})
_THOUSANDS = re.compile(r"[0-9]{1,3}[.,][0-9]{3}")


class Language(NamedTuple):
    """The words that are known, and the rules for what they mean together."""

    lexicon: Lexicon
    grammar: Grammar


class Question:
    """`tokens[i]` may mean any of `readings[i]`; `findings` are what the rules made of them, in order.

    In a shouted question (`is_shouted`: all in capitals) a capital means nothing, and in one without capitals
    (`is_whispered`) a small letter means nothing. Nothing changes a question once it is made: `parsed` shares it.
    """

    def __init__(self, text: str, language: Language | None = None) -> None:
        self._lexicon, grammar = language or _language()
        self.text = unicodedata.normalize("NFC", text)
        self.tokens = tokenize(self.text)
        self.is_shouted = self.text.isupper() and sum(token.kind == "word" for token in self.tokens) > 1
        self.is_whispered = self.text.islower()
        self.readings = [self._readings(i) for i in range(len(self.tokens))]
        for i in range(1, len(self.tokens)):
            self._settle(i)
        self._phrased = {
            at + i
            for at, readings in enumerate(self.readings)
            for reading in readings
            if reading.tag in {"filler", "neutral"}
            for i in range(reading.length)
        }
        self.findings = grammar.findings(self.readings, [self._is_gap(i) for i in range(len(self.tokens))])
        self.claimed: list[Finding | None] = [None] * len(self.tokens)
        for finding in self.findings:
            self.claimed[finding.start : finding.end] = [finding] * (finding.end - finding.start)

    def slice(self, start: int, end: int) -> str:
        """The words from token `start` to before `end` as they were typed, on one line."""
        return " ".join(self.text[self.tokens[start].start : self.tokens[end - 1].end].split())

    def typed(self, at: int) -> str:
        return self.slice(at, at + 1)

    def tags(self, at: int) -> set[str]:
        """What the token can mean; nothing past the end."""
        return {reading.tag for reading in self.readings[at]} if at < len(self.tokens) else set()

    def is_known(self, at: int) -> bool:
        """Whether a table knows the token, alone or inside a phrase that says nothing."""
        return any(reading.tag not in _NO_WORDS for reading in self.readings[at]) or at in self._phrased

    def is_code(self, at: int) -> bool:
        """Whether the word has the shape of an IATA airport code: three capitals."""
        word = self.typed(at)
        return len(word) == 3 and word.isascii() and word.isalpha() and word.isupper() and not self.is_shouted

    def is_glued(self, at: int) -> bool:
        """Whether no space stands between this token and the one before."""
        between = self.text[self.tokens[at - 1].end : self.tokens[at].start] if at else " "
        return not any(char.isspace() for char in between)

    def _readings(self, at: int) -> list[Reading]:
        token = self.tokens[at]
        if token.kind in {"word", "sign", "pause"}:
            readings = list(self._lexicon.readings(self.tokens, at))
            if token.key in _BEFORE_DAY:
                readings.append(Reading("onday", "", 1))
            if token.key in {".", ","}:
                readings.append(Reading("dot" if token.key == "." else "comma", "", 1))
            return readings
        if token.kind == "number":
            return self._number(at, token)
        if token.kind in _DATE_KINDS:
            return [*self._lexicon.readings(self.tokens, at), Reading("date", token.key, 1)]
        if token.kind == "clock":
            hours, _, minutes = token.key.partition(":")
            return [Reading("clock", int(hours) + int(minutes) / 60, 1)]
        return [Reading(token.kind, "", 1)] if token.kind in {"range", "minus"} else []

    def _number(self, at: int, token: Token) -> list[Reading]:
        if len(token.key) > _LONGEST_NUMBER:
            return []
        value = float(token.key.replace(",", ".")) * (1000 if _THOUSANDS.fullmatch(token.key) else 1)
        readings = list(self._lexicon.readings(self.tokens, at))
        readings.append(Reading("number", value, 1))
        if value.is_integer() and 1 <= value <= 31 and len(token.key) <= 2:
            readings.append(Reading("day", value, 1))
        if len(token.key) == 4 and 1900 <= value < 2200:
            readings.append(Reading("year", value, 1))
        if len(token.key) == 2 and at and self.is_glued(at) and self.tokens[at - 1].key == "h":
            readings.append(Reading("tail", value, 1))
        if 4 <= len(token.key) <= 5 and token.key[-3] == ".":
            readings.append(Reading("daymonth", token.key, 1))
        return readings

    def _settle(self, at: int) -> None:
        """Let the neighbours of an ambiguous token decide what it means."""
        token = self.tokens[at]
        if self.is_code(at) and is_code_after_from(self.tokens, self.readings, at):
            self.readings[at] = []
        elif token.kind == "number" and len(token.key) <= 2:
            ends = at + 1 == len(self.tokens) or self.tokens[at + 1].kind in {"sign", "pause"}
            following = self.tags(at + 1) - {"dot", "comma"}
            if following & {"to", "range", "or"}:
                following |= self.tags(at + 2)
            value = float(token.key)
            if is_tail(self.readings, at, value, following if following or not ends else None):
                self.readings[at].append(Reading("tail", value, 1))
            if is_day_figure(self.readings, at, value, following):
                self.readings[at].append(Reading("figure", value, 1))

    def _is_gap(self, at: int) -> bool:
        """Whether a `~n` may skip this token: it has no meaning that changes what stands around it."""
        token = self.tokens[at]
        if token.kind == "sign":
            return token.key in _SKIPPED_SIGNS
        if "to" in self.tags(at) and at + 1 < len(self.tokens) and "infinitive" in self.tags(at + 1):
            return True
        blocked = {"but", "to", "not", "weather", "activity", "soft", "from", "escape"} & self.tags(at)
        return (
            token.kind == "word" and not blocked and (not self.readings[at] or bool(_SKIPPED_BY_GAPS & self.tags(at)))
        )


@lru_cache(maxsize=_QUESTIONS_KEPT)
def parsed(text: str) -> Question:
    """The question, cut and understood once for the steps that ask about it at about the same time."""
    return Question(text)


@lru_cache(maxsize=_QUESTIONS_KEPT)
def parsed_follow_up(text: str) -> Question:
    """As `parsed`, with the words that refer to an earlier question."""
    return Question(text, _language_of_follow_ups())


@cache
def _language() -> Language:
    return Language(Lexicon(TABLES), Grammar(RULES, MACROS))


@cache
def _language_of_follow_ups() -> Language:
    # What stands first wins where both would fit: "too hot" is about the answer before, not about where one is.
    return Language(Lexicon((*following.TABLES, *TABLES)), Grammar((*FOLLOW_RULES, *RULES), MACROS))
