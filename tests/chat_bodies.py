"""Streamed chat completions as bytes, and a service that sends them: for tests of what is made of them."""

import json
from collections.abc import AsyncIterable, Iterable
from typing import Any

from tests.simulators.exchange import Answer, Seen
from tests.simulators.server import Simulator

GOOD: dict[str, Any] = {
    "days_ahead": 2, "weekday": None, "week": None, "date": None, "weather": "cold", "min_c": None, "max_c": 12,
    "max_hours": 3, "origin": None, "ignored": [],
}  # fmt: skip
DONE = b"data: [DONE]\n\n"


def frame(**choice: Any) -> bytes:
    """One frame of a stream: ``delta`` and ``finish_reason`` of its only choice."""
    chunk = {"id": "chatcmpl-1", "object": "chat.completion.chunk", "model": "m", "choices": [{"index": 0, **choice}]}
    return raw_frame(chunk)


def raw_frame(value: Any) -> bytes:
    return b"data: " + json.dumps(value, ensure_ascii=False).encode() + b"\n\n"


def streamed(
    answer: Any = GOOD, *, reasoning: str = "", pieces: int = 4, end: str | None = "stop", done: bool = True
) -> bytes:
    """A whole stream. ``answer`` is a text, or a value that is written as JSON; ``pieces`` is how many letters each
    frame has."""
    text = answer if isinstance(answer, str) else json.dumps(answer)
    frames = [frame(delta={"role": "assistant", "content": ""})]
    frames += [frame(delta={"reasoning": part}) for part in _cut(reasoning, pieces)]
    frames += [frame(delta={"content": part}) for part in _cut(text, pieces)]
    frames += [frame(delta={}, finish_reason=end)] if end is not None else []
    return b"".join([*frames, DONE] if done else frames)


def _cut(text: str, size: int) -> Iterable[str]:
    return (text[start : start + size] for start in range(0, len(text), size))


class Chat(Simulator):
    """A service that answers every completion with ``body``, and lists ``models``."""

    base = "/v1"

    def __init__(self, body: bytes | AsyncIterable[bytes] | None = None, models: Iterable[str] = ("m",)) -> None:
        super().__init__()
        self.body = streamed() if body is None else body
        self.models = tuple(models)

    async def answer(self, request: Seen) -> Answer:
        if request.path == "/models":
            return Answer.of_json({"object": "list", "data": [{"id": model} for model in self.models]})
        return Answer(200, self.body, {"Content-Type": "text/event-stream"})

    def failure(self, status: int) -> Answer:
        error = {"message": f"told to fail with {status}", "type": "server_error", "code": None}
        return Answer.of_json({"error": error}, status)

    @property
    def asked(self) -> list[Any]:
        """The bodies of the completions that were asked for."""
        return [seen.json for seen in self.requests if seen.path == "/chat/completions"]
