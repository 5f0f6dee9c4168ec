"""Finds phrases: word tables give every token its possible readings, rules are short sequences of readings.

The same rules serve all languages, since the tables translate words to the same tags. At each token the longest rule
wins, and what it covers is used up. Rules have no repetition, so the cost is linear in the number of tokens.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from backend.pipelines.escape.reader.tokens import Token, tokenize

Value = float | str
# tag -> value -> phrases separated by " | "
Table = Mapping[str, Mapping[Value, str]]


class Reading(NamedTuple):
    """One meaning of the tokens that begin here: `length` tokens mean `tag`, with a `value`."""

    tag: str
    value: Value
    length: int


class Rule(NamedTuple):
    """`kind` names what a match means. `pattern` is made of tags; `a|b` is a choice, `a?` optional, `<x>` a macro,
    and `~n` skips up to n tokens that carry no meaning of their own."""

    kind: str
    pattern: str


class Finding(NamedTuple):
    """A rule that matched the tokens from `start` to before `end`; `parts` are the readings it used, in order."""

    kind: str
    start: int
    end: int
    parts: tuple[Reading, ...]

    def first(self, tag: str) -> Value | None:
        """The value of the first reading with this tag."""
        return next((part.value for part in self.parts if part.tag == tag), None)

    def number(self, tag: str = "number") -> float | None:
        """As `first`, for a tag whose values are figures."""
        value = self.first(tag)
        return value if isinstance(value, float | int) else None

    def has(self, tag: str) -> bool:
        return any(part.tag == tag for part in self.parts)


class Lexicon:
    """All phrases of all tables, by their first word."""

    def __init__(self, tables: Iterable[Table]) -> None:
        self._phrases: dict[str, list[tuple[tuple[str, ...], str, Value]]] = {}
        entries = ((tag, value, text) for table in tables for tag, by in table.items() for value, text in by.items())
        for tag, value, text in entries:
            for phrase in text.split(" | "):
                keys = tuple(token.key for token in tokenize(phrase))
                known = self._phrases.setdefault(keys[0], [])
                if (keys, tag, value) not in known:
                    known.append((keys, tag, value))
        for known in self._phrases.values():
            known.sort(key=lambda entry: -len(entry[0]))

    def readings(self, tokens: list[Token], at: int) -> Iterator[Reading]:
        """What the tokens from `at` on can mean, the longest phrases first."""
        for keys, tag, value in self._phrases.get(tokens[at].key, ()):
            if all(at + i < len(tokens) and tokens[at + i].key == key for i, key in enumerate(keys)):
                yield Reading(tag, value, len(keys))


Step = frozenset[str] | int
Steps = tuple[Step, ...]


class Grammar:
    """Rules, ready to be matched."""

    def __init__(self, rules: Iterable[Rule], macros: Mapping[str, tuple[str, ...]]) -> None:
        self._by_first: dict[str, list[tuple[Steps, str]]] = {}
        for rule in rules:
            for steps in _expand(rule.pattern, macros):
                assert isinstance(steps[0], frozenset), rule  # a gap at the front would match everywhere
                for tag in steps[0]:
                    self._by_first.setdefault(tag, []).append((steps, rule.kind))

    def findings(self, readings: list[list[Reading]], gaps: list[bool]) -> list[Finding]:
        """What the rules find, left to right, not overlapping. `gaps` tells which tokens a `~n` may skip."""
        found: list[Finding] = []
        at = 0
        while at < len(readings):
            best = self._longest(readings, gaps, at)
            if best is None:
                at += 1
            else:
                found.append(best)
                at = best.end
        return found

    def _longest(self, readings: list[list[Reading]], gaps: list[bool], at: int) -> Finding | None:
        best: Finding | None = None
        for tag in {reading.tag: None for reading in readings[at]}:
            for steps, kind in self._by_first.get(tag, ()):
                parts = _match(steps, readings, gaps, at, 0)
                if parts is None:
                    continue
                end = parts[0]
                if best is None or end > best.end:
                    best = Finding(kind, at, end, tuple(parts[1]))
        return best


def _match(
    steps: Steps, readings: list[list[Reading]], gaps: list[bool], at: int, step: int
) -> tuple[int, list[Reading]] | None:
    if step == len(steps):
        return at, []
    if at >= len(readings):
        return None
    wanted = steps[step]
    if isinstance(wanted, int):
        rest = _match(steps, readings, gaps, at, step + 1)
        if rest is not None or wanted == 0 or not gaps[at]:
            return rest
        return _match((*steps[:step], wanted - 1, *steps[step + 1 :]), readings, gaps, at + 1, step)
    for reading in readings[at]:
        if reading.tag in wanted:
            rest = _match(steps, readings, gaps, at + reading.length, step + 1)
            if rest is not None:
                return rest[0], [reading, *rest[1]]
    return None


def _expand(pattern: str, macros: Mapping[str, tuple[str, ...]]) -> Iterator[Steps]:
    """All sequences that a pattern stands for, without options and macros."""
    choices: list[list[Steps]] = []
    for word in pattern.split():
        optional = word.endswith("?")
        word = word.rstrip("?")
        if word.startswith("<"):
            options = [steps for text in macros[word[1:-1]] for steps in _expand(text, macros)]
        elif word.startswith("~"):
            options = [(int(word[1:]),)]
        else:
            options = [(frozenset(word.split("|")),)]
        choices.append([*options, ()] if optional else options)
    for combination in itertools.product(*choices):
        yield tuple(itertools.chain.from_iterable(combination))
