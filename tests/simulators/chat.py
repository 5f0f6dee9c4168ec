"""The chat-completions dialect, as far as its speakers agree; groq.py, cerebras.py, openai.py … have the rest.

``sim.say("…", Reply(...))`` scripts the next answers; without one ``sim.model(body)`` answers, which is the little
model of wishes.py unless a test puts its own there. ``first_s`` and ``whole_s`` pace an answer: when its first token
and its last are written, in real time after the headers. Faults may cut the stream at any byte:
``sim.faults.next(chunks=1)``, ``sim.faults.next(cut_at=300)``.
"""

import asyncio
import json
from collections import deque
from collections.abc import AsyncGenerator, Sequence
from typing import Any, ClassVar, Final

from tests.simulators.clock import SimulatedClock
from tests.simulators.exchange import Answer, Seen
from tests.simulators.replies import Delta, Model, Reply, completion_tokens, limited, prompt_tokens
from tests.simulators.server import Simulator
from tests.simulators.wishes import wish_as_json

Document = dict[str, Any]
DONE: Final = b"data: [DONE]\n\n"


class ChatRefused(Exception):
    """An error answer; ``rule`` is the documented rule that the client broke, if it broke one."""

    def __init__(self, answer: Answer, rule: str | None = None) -> None:
        super().__init__(rule)
        self.answer = answer
        self.rule = rule


class ChatSimulator(Simulator):
    """``key``: the one that works (None: no key is looked at). ``models``: those that are there, the default first."""

    base: ClassVar[str] = "/v1"
    service: ClassVar[str] = "chat"
    reasoning_field: ClassVar[str] = "reasoning"
    needs_model: ClassVar[bool] = True

    def __init__(
        self,
        *,
        clock: SimulatedClock | None = None,
        key: str | None = None,
        models: Sequence[str] = ("small",),
        model: Model | None = None,
        first_s: float = 0.0,
        whole_s: float = 0.0,
        latency_s: float = 0.0,
    ) -> None:
        super().__init__(clock=clock, latency_s=latency_s)
        self.key = key
        self.models = list(models)
        self.model: Model = model or wish_as_json
        self.replies: deque[Reply | str] = deque()
        self.first_s = first_s
        self.whole_s = whole_s

    def say(self, *replies: Reply | str) -> None:
        """What the model says to the next requests."""
        self.replies.extend(replies)

    @property
    def prompts(self) -> list[Document]:
        """The bodies of the completions asked for so far."""
        return [seen.json for seen in self.requests if seen.path == "/chat/completions"]

    async def answer(self, request: Seen) -> Answer:
        try:
            self.authorise(request)
            if request.path == "/models" and request.method == "GET":
                return Answer.of_json(self.model_list())
            if request.path != "/chat/completions" or request.method != "POST":
                raise self.refusal(404, f"Unknown request URL: {request.method} {request.path}", rule=True)
            body = self.read(request)
            self.check(body)
            self.charge(body)
            return await self._completed(body)
        except ChatRefused as refused:
            refused.answer.refusal = refused.rule
            return refused.answer

    # What differs from one service to the other.

    def error(self, status: int, message: str, kind: str = "", code: Any = None, **more: Any) -> Answer:
        """An error document."""
        kind = kind or ("invalid_request_error" if status < 500 else "server_error")
        return Answer.of_json({"error": {"message": message, "type": kind, "code": code, **more}}, status)

    def authorise(self, request: Seen) -> None:
        """Raises ChatRefused for a wrong key."""
        if self.key is not None and request.bearer != self.key:
            raise self.refusal(401, "Invalid API Key", code="invalid_api_key")

    def check(self, body: Document) -> None:
        """Raises ChatRefused for a request that breaks a rule of the service."""
        if body["model"] not in self.models:
            raise self.no_model(body["model"])

    def charge(self, body: Document) -> None:
        """Raises ChatRefused where a limit is exceeded."""

    def spent(self, body: Document, reply: Reply) -> None:
        """Called when it is known what the answer takes."""

    def unfit(self, body: Document, reply: Reply) -> Answer | None:
        """The error in place of an answer that isn't what ``response_format`` asks for."""
        return None

    def headers(self, body: Document) -> dict[str, str]:
        """Of a successful answer."""
        return {}

    def extras(self, body: Document, reply: Reply, *, last: bool) -> Document:
        """Members of a completion, or of a chunk (``last``: the one with the finish reason)."""
        return {}

    def usage(self, body: Document, reply: Reply) -> Document:
        prompt, completion = prompt_tokens(body), completion_tokens(reply)
        return {"prompt_tokens": prompt, "completion_tokens": completion, "total_tokens": prompt + completion}

    def model_list(self) -> Document:
        rows = [
            {"id": name, "object": "model", "created": 1790000000, "owned_by": self.service} for name in self.models
        ]
        return {"object": "list", "data": rows}

    def no_model(self, name: str) -> ChatRefused:
        message = f"The model `{name}` does not exist or you do not have access to it."
        return self.refusal(404, message, code="model_not_found")

    # What they share.

    def failure(self, status: int) -> Answer:
        return self.error(status, f"Something went wrong ({status})")

    def refusal(
        self, status: int, message: str, kind: str = "", *, code: Any = None, rule: bool = False, **more: Any
    ) -> ChatRefused:
        """To be raised. ``rule``: the client broke a rule."""
        return ChatRefused(
            self.error(status, message, kind, code, **more), f"{self.service}: {message}" if rule else None
        )

    def read(self, request: Seen) -> Document:
        try:
            body = request.json
        except ValueError:
            raise self.refusal(400, "We could not parse the JSON body of your request.", rule=True) from None
        has_both = isinstance(body, dict) and (isinstance(body.get("model"), str) or not self.needs_model)
        messages = body.get("messages") if has_both else None
        if not messages or not all(isinstance(one, dict) and "role" in one and "content" in one for one in messages):
            raise self.refusal(400, "'model' and 'messages' are required", rule=True)
        if not isinstance(body.get("response_format") or {}, dict):
            raise self.refusal(400, "'response_format' must be an object", rule=True)
        return dict(body)

    def wants_json(self, body: Document) -> str | None:
        """The type of ``response_format``, ``json_object`` or ``json_schema``."""
        kind = (body.get("response_format") or {}).get("type")
        return kind if kind in ("json_object", "json_schema") else None

    def says_json(self, body: Document) -> bool:
        """Whether any message mentions JSON, which JSON mode needs."""
        return any("json" in str(message["content"]).lower() for message in body["messages"])

    async def _completed(self, body: Document) -> Answer:
        said = self.replies.popleft() if self.replies else self.model(body)
        reply = Reply(said) if isinstance(said, str) else said
        reply = limited(reply, body.get("max_completion_tokens") or body.get("max_tokens"))
        self.spent(body, reply)
        headers = self.headers(body)
        if body.get("stream"):
            streamed = {"Content-Type": "text/event-stream", "Cache-Control": "no-cache"}
            return Answer(200, self._stream(body, reply), headers | streamed)
        await asyncio.sleep(self.whole_s)
        unfit = self.unfit(body, reply)
        return unfit or Answer.of_json(self.completion(body, reply), headers=headers)

    def completion(self, body: Document, reply: Reply) -> Document:
        """A whole answer."""
        message: Document = {"role": "assistant", "content": reply.content}
        thoughts = "".join(piece.reasoning or "" for piece in reply.pieces())
        refusal = "".join(piece.refusal or "" for piece in reply.pieces())
        message |= {self.reasoning_field: thoughts} if thoughts else {}
        message |= {"refusal": refusal} if refusal else {}
        choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": reply.finish}
        return {
            **self._head("chat.completion", body),
            "choices": [choice],
            "usage": self.usage(body, reply),
            **self.extras(body, reply, last=True),
        }

    def _head(self, kind: str, body: Document) -> Document:
        created = int(self.clock.seconds())
        return {"id": f"chatcmpl-{len(self.requests)}", "object": kind, "created": created, "model": body["model"]}

    def chunk(self, body: Document, reply: Reply, delta: Document, finish: str | None = None) -> bytes:
        """A frame of a stream."""
        choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}
        extras = self.extras(body, reply, last=finish is not None)
        return frame({**self._head("chat.completion.chunk", body), "choices": [choice], **extras})

    def delta(self, piece: Delta) -> Document:
        found: Document = {}
        if piece.reasoning is not None:
            found[self.reasoning_field] = piece.reasoning
        if piece.content is not None:
            found["content"] = piece.content
        if piece.refusal is not None:
            found["refusal"] = piece.refusal
        return found

    async def _stream(self, body: Document, reply: Reply) -> AsyncGenerator[bytes, None]:
        yield self.chunk(body, reply, {"role": "assistant", "content": ""})
        pieces = reply.pieces()
        gap = max(self.whole_s - self.first_s, 0) / max(len(pieces) - 1, 1)
        for number, piece in enumerate(pieces):
            await asyncio.sleep(piece.delay_s + (gap if number else self.first_s))
            yield self.chunk(body, reply, self.delta(piece)) if piece.raw is None else piece.raw
        while reply.endless:
            yield self.chunk(body, reply, self.delta(pieces[-1]))
        error = reply.error or (self._error_of_stream(body, reply) if reply.finish else None)
        if error is not None:
            yield frame(error)
        elif reply.finish is not None:
            yield self.chunk(body, reply, {}, reply.finish)
            if (body.get("stream_options") or {}).get("include_usage"):
                yield frame(
                    {**self._head("chat.completion.chunk", body), "choices": [], "usage": self.usage(body, reply)}
                )
        if reply.done:
            yield DONE

    def _error_of_stream(self, body: Document, reply: Reply) -> Any:
        unfit = self.unfit(body, reply)
        return None if unfit is None or not isinstance(unfit.body, bytes) else json.loads(unfit.body)


def frame(value: Any) -> bytes:
    """A value as an event of a stream."""
    return b"data: " + json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode() + b"\n\n"
