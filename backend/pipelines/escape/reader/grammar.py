"""Finds phrases: word tables give every token its possible readings, rules are short sequences of readings.

The same rules serve all languages, since the tables translate words to the same tags. At each token the
longest rule wins, and what it covers is used up. Rules don't repeat, so the cost is linear in the tokens.
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
    """A `pattern` of tags, and the `kind` of thing that it means.

    `a|b` is a choice, `a?` optional, `<x>` a macro; `~n` skips up to n tokens without a meaning of their own.
    """

    kind: str
    pattern: str


class Finding(NamedTuple):
    """A rule matched the tokens from `start` to before `end`; `parts` are the readings it used, in order."""

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


class _Node:
    """A place in the tree of all rules: what may follow, and the kind of rule that may end here."""

    def __init__(self) -> None:
        self.kind: str | None = None
        self.by_step: dict[Step, _Node] = {}
        self.by_tag: dict[str, list[_Node]] = {}
        self.gaps: list[tuple[int, _Node]] = []

    def follow(self, step: Step) -> _Node:
        """The node behind a step, made where it is new."""
        node = self.by_step.get(step)
        if node is None:
            node = self.by_step[step] = _Node()
            if isinstance(step, int):
                self.gaps.append((step, node))
            else:
                for tag in step:
                    self.by_tag.setdefault(tag, []).append(node)
        return node


class Grammar:
    """Rules, ready to be matched: rules that begin alike share the work."""

    def __init__(self, rules: Iterable[Rule], macros: Mapping[str, tuple[str, ...]]) -> None:
        self._root = _Node()
        for rule in rules:
            for steps in _expand(rule.pattern, macros):
                node = self._root
                for step in steps:
                    node = node.follow(step)
                node.kind = node.kind or rule.kind

    def findings(self, readings: list[list[Reading]], gaps: list[bool]) -> list[Finding]:
        """What the rules find, left to right, not overlapping. `gaps` tells which tokens a `~n` may skip."""
        found: list[Finding] = []
        at = 0
        while at < len(readings):
            best: Finding | None = None
            for kind, end, parts in _walk(self._root, readings, gaps, at, ()):
                if best is None or end > best.end:
                    best = Finding(kind, at, end, parts)
            if best is not None:
                found.append(best)
            at = best.end if best is not None else at + 1
        return found


def _walk(
    node: _Node, readings: list[list[Reading]], gaps: list[bool], at: int, parts: tuple[Reading, ...]
) -> Iterator[tuple[str, int, tuple[Reading, ...]]]:
    """All ends of rules that can be reached from `node` with the tokens from `at` on."""
    if node.kind is not None:
        yield node.kind, at, parts
    if at >= len(readings):
        return
    for reading in readings[at]:
        for child in node.by_tag.get(reading.tag, ()):
            yield from _walk(child, readings, gaps, at + reading.length, (*parts, reading))
    for most, child in node.gaps:
        skipped = 0
        yield from _walk(child, readings, gaps, at, parts)
        while skipped < most and at + skipped < len(readings) and gaps[at + skipped]:
            skipped += 1
            yield from _walk(child, readings, gaps, at + skipped, parts)


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
