"""What the kit says of a server: a verdict for each rule, as a table or as JSON."""

from collections.abc import Sequence
from typing import NamedTuple

import msgspec

from tui.cells import one_line

_LONGEST = 300


class Broken(Exception):
    """A rule doesn't hold; the message says where and how."""


class Verdict(NamedTuple):
    """``text`` is the rule; ``detail`` how it is broken, or what was seen where it holds."""

    rule: str
    text: str
    holds: bool
    detail: str = ""


class Report(NamedTuple):
    """``question`` is what was asked of ``url``."""

    url: str
    question: str
    verdicts: tuple[Verdict, ...]

    @property
    def holds(self) -> bool:
        """Whether every rule holds."""
        return all(verdict.holds for verdict in self.verdicts)


def to_table(report: Report) -> str:
    """A line for each rule, one more for each that is broken, and a count."""
    width = max(len(verdict.rule) for verdict in report.verdicts)
    lines = [f"{report.url}  asked: {_short(report.question)}"]
    for verdict in report.verdicts:
        lines.append(f"{'holds ' if verdict.holds else 'BROKEN'}  {verdict.rule:<{width}}  {verdict.text}")
        if verdict.detail:
            lines.append(f"{'':<{width + 10}}{'' if verdict.holds else '> '}{_short(verdict.detail)}")
    return "".join(line.rstrip() + "\n" for line in [*lines, _count(report.verdicts)])


def to_json(report: Report) -> str:
    """An object: ``url``, ``question``, ``holds``, and ``rules``: ``rule``, ``text``, ``holds``, ``detail`` of each."""
    rules = [verdict._asdict() for verdict in report.verdicts]
    tree = {"url": report.url, "question": report.question, "holds": report.holds, "rules": rules}
    return msgspec.json.format(msgspec.json.encode(tree), indent=2).decode() + "\n"


def _count(verdicts: Sequence[Verdict]) -> str:
    broken = sum(not verdict.holds for verdict in verdicts)
    if not broken:
        return f"all {len(verdicts)} rules hold"
    return f"{len(verdicts)} rules: {len(verdicts) - broken} hold, {broken} {'is' if broken == 1 else 'are'} broken"


def _short(text: str) -> str:
    text = one_line(text)
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"
