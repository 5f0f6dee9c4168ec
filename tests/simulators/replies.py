"""What a language model says, as a test scripts it."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

PIECE: Final = re.compile(r"\s*\S{1,6}|\s+")
"""A token, roughly: up to six characters with the space before them."""


@dataclass(frozen=True)
class Delta:
    """One frame's addition, after ``delay_s``. ``raw`` are bytes sent in place of a frame."""

    content: str | None = None
    reasoning: str | None = None
    refusal: str | None = None
    delay_s: float = 0.0
    raw: bytes | None = None


@dataclass(frozen=True)
class Reply:
    """``text`` (after ``reasoning``) is cut into deltas, or ``deltas`` are sent as they are (a str is content).

    ``finish`` is the reason given at the end (None: no last frame), ``error`` an object sent as a frame where the end
    would be, ``done`` whether ``[DONE]`` follows. ``endless`` repeats the last delta for ever.
    """

    text: str = ""
    reasoning: str = ""
    deltas: Sequence[Delta | str] = ()
    finish: str | None = "stop"
    error: Any = None
    done: bool = True
    endless: bool = False

    def pieces(self) -> list[Delta]:
        if self.deltas:
            return [Delta(one) if isinstance(one, str) else one for one in self.deltas]
        thoughts = [Delta(reasoning=piece) for piece in in_pieces(self.reasoning)]
        return thoughts + [Delta(piece) for piece in in_pieces(self.text)]

    @property
    def content(self) -> str:
        """All that is not reasoning, in one."""
        return "".join(piece.content or "" for piece in self.pieces())


def in_pieces(text: str) -> list[str]:
    """A text by tokens, or by 2,000 characters where it is long."""
    if len(text) > 4000:
        return [text[start : start + 2000] for start in range(0, len(text), 2000)]
    return PIECE.findall(text)


Model = Callable[[Any], Reply | str]
"""Answers the body of a request, decoded."""


def tokens(text: str) -> int:
    """A rough count: four characters each."""
    return max(1, -(-len(text) // 4))


def prompt_tokens(body: Any) -> int:
    return sum(4 + tokens(str(message.get("content", ""))) for message in body["messages"])


def limited(reply: Reply, most: int | None) -> Reply:
    """The reply of a model that may write ``most`` tokens, reasoning counted too."""
    if most is None or reply.endless:
        return reply
    kept: list[Delta] = []
    used = 0
    for piece in reply.pieces():
        used += tokens((piece.content or "") + (piece.reasoning or ""))
        if used > most:
            return Reply(deltas=kept or [Delta("")], finish="length", done=reply.done)
        kept.append(piece)
    return reply


def completion_tokens(reply: Reply) -> int:
    return sum(tokens((piece.content or "") + (piece.reasoning or "")) for piece in reply.pieces())
