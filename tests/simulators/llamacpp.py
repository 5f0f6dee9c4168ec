"""llama.cpp's ``llama-server`` (http://localhost:8080/v1): one model whatever is asked for, ``/health``, integer codes.

``loading`` answers are "Loading model" (503) before it is ready. ``context`` is the context size in tokens. ``key``:
that of ``--api-key``. Reasoning comes as ``reasoning_content``.
"""

from collections.abc import Sequence
from typing import Any, ClassVar, Final

from tests.simulators.chat import ChatSimulator, Document
from tests.simulators.clock import SimulatedClock
from tests.simulators.exchange import Answer, Seen
from tests.simulators.replies import Model, Reply, prompt_tokens

KINDS: Final = {
    400: "invalid_request_error", 401: "authentication_error", 404: "not_found_error", 500: "server_error",
    503: "unavailable_error",
}  # fmt: skip


class LlamaCppSimulator(ChatSimulator):
    service: ClassVar[str] = "llamacpp"
    reasoning_field: ClassVar[str] = "reasoning_content"
    needs_model: ClassVar[bool] = False
    beside: ClassVar[tuple[str, ...]] = ("/health",)

    def __init__(
        self,
        *,
        clock: SimulatedClock | None = None,
        key: str | None = None,
        models: Sequence[str] = ("/models/small-q4.gguf",),
        model: Model | None = None,
        loading: int = 0,
        context: int = 4096,
        first_s: float = 0.0,
        whole_s: float = 0.0,
        latency_s: float = 0.0,
    ) -> None:
        super().__init__(
            clock=clock, key=key, models=models[:1], model=model, first_s=first_s, whole_s=whole_s, latency_s=latency_s
        )
        self.loading = loading
        self.context = context

    async def answer(self, request: Seen) -> Answer:
        if self.loading:
            self.loading -= 1
            return self.error(503, "Loading model")
        if request.path == "/health":
            return Answer.of_json({"status": "ok"})
        return await super().answer(request)

    def error(self, status: int, message: str, kind: str = "", code: Any = None, **more: Any) -> Answer:
        kind = kind or KINDS.get(status, "server_error")
        return Answer.of_json({"error": {"code": status, "message": message, "type": kind, **more}}, status)

    def check(self, body: Document) -> None:
        count = prompt_tokens(body)
        if count > self.context:
            message = "the request exceeds the available context size, try increasing it"
            raise self.refusal(
                400, message, "exceed_context_size_error", rule=True, n_prompt_tokens=count, n_ctx=self.context
            )

    def read(self, request: Seen) -> Document:
        """``model`` may be missing, and is ignored."""
        return super().read(request) | {"model": self.models[0]}

    def extras(self, body: Document, reply: Reply, *, last: bool) -> Document:
        timings = {"prompt_n": prompt_tokens(body), "prompt_ms": 12.5, "predicted_n": 9, "predicted_ms": 80.1}
        return {"system_fingerprint": "b6000-c0ffee", **({"timings": timings} if last else {})}
