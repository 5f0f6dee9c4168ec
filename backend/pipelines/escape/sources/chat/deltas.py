"""Pieces of a streamed chat completion to text: what each frame adds, thinking told apart, fit to be shown."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from typing import Any, NamedTuple

from shared.events import TokenKind
from shared.text import clean

DONE = "[DONE]"
_OPEN, _CLOSE = "<think>", "</think>"
_JOINERS = "\u200c\u200d"


class Delta(NamedTuple):
    """What one frame adds. ``end`` is why the model stopped, if it did; ``refusal`` its words where it won't answer."""

    answer: str = ""
    reasoning: str = ""
    refusal: str = ""
    end: str | None = None


class Piece(NamedTuple):
    kind: TokenKind
    text: str


def read_delta(tree: Any) -> Delta:
    """What a decoded frame adds; a frame of another shape adds nothing.

    Servers differ: no choices at all (usage), no delta, null for content, ``reasoning`` or ``reasoning_content``.
    """
    choices = tree.get("choices") if isinstance(tree, dict) else None
    choice = choices[0] if isinstance(choices, list) and choices else None
    if not isinstance(choice, dict):
        return Delta()
    # A server that doesn't stream after all puts the whole message where the delta would be.
    delta = next((part for key in ("delta", "message") if isinstance(part := choice.get(key), dict)), {})
    end = choice.get("finish_reason")
    return Delta(
        answer=_text(delta.get("content")),
        reasoning=_text(delta.get("reasoning")) or _text(delta.get("reasoning_content")),
        refusal=_text(delta.get("refusal")),
        end=end if isinstance(end, str) and end else None,
    )


def _text(value: Any) -> str:
    """A text, or the texts of a list of parts."""
    if isinstance(value, list):
        return "".join(_text(part.get("text")) for part in value if isinstance(part, dict))
    return value if isinstance(value, str) else ""


class ThinkSplitter:
    """Tells ``<think>…</think>`` inside an answer from the answer itself, wherever the pieces are cut."""

    def __init__(self) -> None:
        self._kind: TokenKind = "answer"
        self._held = ""

    def feed(self, text: str) -> Iterator[Piece]:
        """The pieces of ``text`` by kind. What may be half of a tag is held back for the next."""
        text = self._held + text
        while True:
            tag = _OPEN if self._kind == "answer" else _CLOSE
            before, found, text = text.partition(tag)
            if not found:
                break
            if before:
                yield Piece(self._kind, before)
            self._kind = "reasoning" if self._kind == "answer" else "answer"
        kept = next((n for n in range(min(len(tag) - 1, len(before)), 0, -1) if tag.startswith(before[-n:])), 0)
        self._held = before[len(before) - kept :]
        if kept < len(before):
            yield Piece(self._kind, before[: len(before) - kept])

    def end(self) -> Iterator[Piece]:
        """What was held back: no tag after all."""
        if self._held:
            yield Piece(self._kind, self._held)
        self._held = ""


class Cleaner:
    """Cleans a text that comes in pieces: together they are as clean as each of them.

    A piece alone may carry few marks and all of them many; so those at the end of the last piece are counted again. Of
    an escape sequence that is cut in two the introducer goes and the rest stays, as plain text.
    """

    def __init__(self) -> None:
        self._marks = ""

    def feed(self, text: str) -> str:
        """The next piece, cleaned; line ends and tabs stay."""
        cleaned = clean(self._marks + text, max_chars=1 << 20, keep_newlines=True)
        marks = _marks_at_the_end(cleaned)
        fresh, self._marks = cleaned[len(self._marks) :], marks
        return fresh


def _marks_at_the_end(text: str) -> str:
    start = len(text)
    while start and (text[start - 1] in _JOINERS or unicodedata.category(text[start - 1]).startswith("M")):
        start -= 1
    return text[start:]
