"""One request to a model, and what it writes, told as it comes."""

from __future__ import annotations

import asyncio
import time
from contextlib import aclosing
from typing import Any

from backend.pipeline import Call, Context
from backend.pipelines.escape.sources.chat.deltas import DONE, Cleaner, Delta, Piece, ThinkSplitter, read_delta
from backend.pipelines.escape.sources.chat.trouble import error_in_stream
from backend.upstream import EventStream, Undecodable, Upstream, UpstreamError, parse_json
from shared.events import TokenKind

MAX_ANSWER_CHARS = 8_000
"""An answer has some 300; what goes on and on is none, and isn't waited for."""
MAX_REASONING_CHARS = 24_000
MAX_BYTES = 4 << 20
"""Each piece of two letters comes in a frame of some 300 bytes."""
PATH = "chat/completions"


class Writing:
    """What a model has written: ``answer`` without its thinking, as it was sent; ``end`` is why it stopped, if it did.

    ``is_done``: its server said that this is all. ``first_ms``: when the first text came. ``frames`` have come.
    """

    def __init__(self, ctx: Context) -> None:
        self.answer = ""
        self.refusal = ""
        self.end: str | None = None
        self.is_done = False
        self.is_endless = False
        self.first_ms: int | None = None
        self.frames = 0
        self._ctx = ctx
        self._reasoned = 0
        self._splitter = ThinkSplitter()
        self._cleaners: dict[TokenKind, Cleaner] = {"answer": Cleaner(), "reasoning": Cleaner()}
        self._began = time.monotonic()

    def take(self, delta: Delta) -> None:
        """Tell what a frame added, and keep it."""
        for piece in (Piece("reasoning", delta.reasoning), *self._splitter.feed(delta.answer)):
            self._tell(piece)
        self.refusal += delta.refusal
        self.end = delta.end or self.end
        if len(self.answer) > MAX_ANSWER_CHARS or self._reasoned > MAX_REASONING_CHARS:
            self.is_endless = True

    def finish(self) -> None:
        """Nothing more comes."""
        for piece in self._splitter.end():
            self._tell(piece)

    def _tell(self, piece: Piece) -> None:
        if not piece.text:
            return
        if self.first_ms is None:
            self.first_ms = round((time.monotonic() - self._began) * 1000)
        if piece.kind == "answer":
            self.answer += piece.text
        else:
            self._reasoned += len(piece.text)
        shown = self._cleaners[piece.kind].feed(piece.text)
        if shown:
            self._ctx.token(shown, kind=piece.kind)


async def write(
    upstream: Upstream, body: dict[str, Any], writing: Writing, call: Call, *, first_s: float, deadline: float
) -> None:
    """Send ``body`` and follow what is written into ``writing``, up to its end, or to where it is too much.

    ``first_s`` seconds are given until the first text, ``deadline`` (``time.monotonic()``) to all of it. Raises
    UpstreamError; what was written before is in ``writing``.
    """
    began = time.monotonic()
    stream = upstream.post_stream(PATH, json=body, deadline=deadline, max_bytes=MAX_BYTES, call=call)
    try:
        async with stream as events:
            # The error is raised inside of the block: there it counts against the upstream.
            try:
                async with asyncio.timeout(max(0.0, began + first_s - time.monotonic())) as limit:
                    await _follow(events, writing, limit, upstream.name)
            except TimeoutError:
                said = f"{upstream.name} wrote nothing within {first_s:g} s"
                raise UpstreamError(upstream.name, "timeout", said, hint="Ask again, or allow it more time.") from None
    finally:
        writing.finish()


async def _follow(events: EventStream, writing: Writing, limit: asyncio.Timeout, name: str) -> None:
    async with aclosing(aiter(events)) as frames:
        async for data in frames:
            writing.frames += 1
            if data.strip() == DONE:
                writing.is_done = True
                return
            writing.take(_read(data, name))
            if writing.first_ms is not None:
                limit.reschedule(None)
            if writing.is_endless:
                return


def _read(data: str, name: str) -> Delta:
    try:
        tree = parse_json(data)
    except Undecodable as error:
        said = f"{name} streamed a frame that can't be read: {error}"
        raise UpstreamError(name, "bad_payload", said) from None
    if (failure := error_in_stream(name, tree)) is not None:
        raise failure
    return read_delta(tree)
