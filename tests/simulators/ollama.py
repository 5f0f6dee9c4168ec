"""Ollama (http://localhost:11434/v1): no key, ``code`` null, the role in every delta, models that must be pulled first.

``load_s``: how long the first answer of a model takes longer. Native paths: ``/``, ``/api/tags``, ``/api/version``.
"""

import asyncio
from collections.abc import Sequence
from typing import Any, ClassVar

from tests.simulators.chat import ChatRefused, ChatSimulator, Document
from tests.simulators.clock import SimulatedClock
from tests.simulators.exchange import Answer, Seen
from tests.simulators.replies import Delta, Model, Reply


class OllamaSimulator(ChatSimulator):
    service: ClassVar[str] = "library"
    beside: ClassVar[tuple[str, ...]] = ("/", "/api/tags", "/api/version")

    def __init__(
        self,
        *,
        clock: SimulatedClock | None = None,
        models: Sequence[str] = ("llama3.2:latest", "qwen3:4b"),
        model: Model | None = None,
        load_s: float = 0.0,
        first_s: float = 0.0,
        whole_s: float = 0.0,
        latency_s: float = 0.0,
    ) -> None:
        super().__init__(clock=clock, models=models, model=model, first_s=first_s, whole_s=whole_s, latency_s=latency_s)
        self.load_s = load_s
        self._loaded: set[str] = set()

    async def answer(self, request: Seen) -> Answer:
        if request.inside:
            return await super().answer(request)
        if request.path == "/":
            return Answer.of_text("Ollama is running")
        if request.path == "/api/version":
            return Answer.of_json({"version": "0.12.6"})
        return Answer.of_json({"models": [{"name": name, "model": name, "size": 1} for name in self.models]})

    def error(self, status: int, message: str, kind: str = "", code: Any = None, **more: Any) -> Answer:
        kinds = {400: "invalid_request_error", 404: "not_found_error"}
        error = {"message": message, "type": kinds.get(status, "api_error"), "param": None, "code": None}
        return Answer.of_json({"error": error}, status)

    def check(self, body: Document) -> None:
        """A name without a tag is that with ``:latest``."""
        if body["model"] not in self.models and f"{body['model']}:latest" not in self.models:
            raise self.no_model(body["model"])

    def no_model(self, name: str) -> ChatRefused:
        return self.refusal(404, f'model "{name}" not found, try pulling it first')

    def extras(self, body: Document, reply: Reply, *, last: bool) -> Document:
        return {"system_fingerprint": "fp_ollama"}

    def delta(self, piece: Delta) -> Document:
        return {"role": "assistant", "content": "", **super().delta(piece)}

    async def _completed(self, body: Document) -> Answer:
        if body["model"] not in self._loaded:
            self._loaded.add(body["model"])
            await asyncio.sleep(self.load_s)
        return await super()._completed(body)
