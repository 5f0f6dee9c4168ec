"""Cerebras (https://api.cerebras.ai/v1): flat errors, windows with names, tokens reserved before anything runs.

``json_streams`` false refuses JSON mode together with streaming, as older documents say of reasoning models;
``strict_params`` refuses the parameters that they call unsupported; ``busy`` is the shared queue being full.
"""

from collections.abc import Sequence
from typing import Any, ClassVar, Final

from tests.simulators.chat import ChatRefused, ChatSimulator, Document
from tests.simulators.clock import SimulatedClock
from tests.simulators.exchange import Answer
from tests.simulators.groq import not_strict
from tests.simulators.quota import SECONDS, CalendarWindows, Span
from tests.simulators.replies import Model, Reply, completion_tokens, prompt_tokens

KEY: Final = "csk-c0ffee00cerebrascanary000000"
MODELS: Final = ("gpt-oss-120b", "qwen-3.8-27b")
ARCHIVED: Final = ("llama-3.3-70b", "qwen-3-32b", "llama3.1-8b", "zai-glm-4.7")
RESERVED_BY_DEFAULT: Final = 32_768
UNSUPPORTED: Final = ("frequency_penalty", "presence_penalty", "logit_bias", "parallel_tool_calls", "service_tier")
REQUESTS_A_MINUTE: Final = {"gpt-oss-120b": 5, "qwen-3.8-27b": 15}
TOKENS: Final[dict[Span, float]] = {"minute": 30_000, "hour": 1_000_000, "day": 1_000_000}


class CerebrasSimulator(ChatSimulator):
    """The limits are those of a free organisation, by model."""

    service: ClassVar[str] = "Cerebras"

    def __init__(
        self,
        *,
        clock: SimulatedClock | None = None,
        key: str = KEY,
        models: Sequence[str] = MODELS,
        model: Model | None = None,
        requests_a_minute: int | None = None,
        json_streams: bool = True,
        strict_params: bool = True,
        first_s: float = 0.0,
        whole_s: float = 0.0,
        latency_s: float = 0.0,
    ) -> None:
        super().__init__(
            clock=clock, key=key, models=models, model=model, first_s=first_s, whole_s=whole_s, latency_s=latency_s
        )
        self.json_streams = json_streams
        self.strict_params = strict_params
        self.busy = False
        self.requests_a_minute = requests_a_minute
        self.tokens = CalendarWindows(self.clock, TOKENS)
        self._requests: dict[str, CalendarWindows] = {}

    def error(self, status: int, message: str, kind: str = "", code: Any = None, **more: Any) -> Answer:
        kind = kind or ("invalid_request_error" if status < 500 else "server_error")
        return Answer.of_json({"message": message, "type": kind, "param": more.get("param"), "code": code}, status)

    def authorise(self, request: Any) -> None:
        if request.bearer != self.key:
            raise self.refusal(401, "Wrong API Key", code="wrong_api_key", param="api_key")

    def no_model(self, name: str) -> ChatRefused:
        if name in ARCHIVED:
            message = f"Model {name} is archived and unavailable for the organization."
            return self.refusal(404, message, "model_archived_error", param="model")
        message = f"Model {name} does not exist or you do not have access to it."
        return self.refusal(404, message, "not_found_error", code="model_not_found", param="model")

    def check(self, body: Document) -> None:
        super().check(body)
        for member in UNSUPPORTED if self.strict_params else ():
            if member in body:
                raise self._wrong_format(f"property '{member}' is unsupported")
        kind = self.wants_json(body)
        if kind and body.get("stream") and not self.json_streams and "gpt-oss" in body["model"]:
            raise self._wrong_format("streaming is not supported with response_format on reasoning models")
        given = (body.get("response_format") or {}).get("json_schema") or {}
        if kind == "json_schema" and given.get("strict") and (wrong := not_strict(given.get("schema"))):
            raise self._wrong_format(f"invalid schema: {wrong}")

    def charge(self, body: Document) -> None:
        if self.busy:
            message = "We're experiencing high traffic right now! Please try again soon."
            raise self._over("minute", message, "too_many_requests_error", "queue_exceeded")
        requests = self._requests_of(body["model"])
        span = requests.exceeded("all")
        if span is not None:
            message = f"Requests per {span} limit exceeded - too many requests sent."
            raise self._over(span, message, "too_many_requests_error", "request_quota_exceeded")
        most = body.get("max_completion_tokens") or body.get("max_tokens") or RESERVED_BY_DEFAULT
        reserved = prompt_tokens(body) + most
        for one in TOKENS:
            if reserved > self.tokens.left(body["model"], one):
                message = f"Tokens per {one} limit exceeded - too many tokens processed."
                rule = "Cerebras: no max_completion_tokens" if reserved > self.tokens.limits[one] else None
                raise self._over(one, message, "too_many_tokens_error", "token_quota_exceeded", rule)

    def spent(self, body: Document, reply: Reply) -> None:
        self._requests_of(body["model"]).add("all")
        self.tokens.add(body["model"], prompt_tokens(body) + (0 if reply.endless else completion_tokens(reply)))

    def headers(self, body: Document) -> dict[str, str]:
        windows = self._requests_of(body["model"])
        found = {"inference-id": f"inf-{len(self.requests):08d}"}
        for what, quota, key in (("requests", windows, "all"), ("tokens", self.tokens, body["model"])):
            for span, limit in quota.limits.items():
                found[f"x-ratelimit-limit-{what}-{span}"] = f"{limit:g}" if limit < 1e6 else str(int(limit))
                found[f"x-ratelimit-remaining-{what}-{span}"] = str(int(max(0, quota.left(key, span))))
                found[f"x-ratelimit-reset-{what}-{span}"] = f"{self._resets_s(span):.6f}"
        return found

    def usage(self, body: Document, reply: Reply) -> Document:
        thoughts = sum(bool(piece.reasoning) for piece in reply.pieces())
        details = {
            "prompt_tokens_details": {"cached_tokens": 0},
            "completion_tokens_details": {"reasoning_tokens": thoughts},
        }
        return super().usage(body, reply) | details

    def extras(self, body: Document, reply: Reply, *, last: bool) -> Document:
        if not last:
            return {"system_fingerprint": "fp_cerebras"}
        timed = {"queue_time": 0.001, "prompt_time": 0.002, "completion_time": 0.02, "total_time": 0.025}
        found: Document = {
            "system_fingerprint": "fp_cerebras",
            "time_info": {**timed, "created": self.clock.seconds()},
        }
        return found | {"usage": self.usage(body, reply)} if body.get("stream") else found

    def completion(self, body: Document, reply: Reply) -> Document:
        """``content`` is absent where there is none."""
        found = super().completion(body, reply)
        message = found["choices"][0]["message"]
        if not message["content"]:
            del message["content"]
        return found

    def _requests_of(self, model: str) -> CalendarWindows:
        minute = self.requests_a_minute or REQUESTS_A_MINUTE.get(model, 5)
        return self._requests.setdefault(
            model, CalendarWindows(self.clock, {"minute": minute, "hour": minute * 60, "day": minute * 480})
        )

    def _resets_s(self, span: Span) -> float:
        return SECONDS[span] - self.clock.seconds() % SECONDS[span]

    def _wrong_format(self, message: str) -> ChatRefused:
        return self.refusal(400, message, code="wrong_api_format", rule=True)

    def _over(self, span: Span, message: str, kind: str, code: str, rule: str | None = None) -> ChatRefused:
        refused = self.refusal(429, message, kind, code=code, param="quota")
        refused.rule = rule
        refused.answer.headers["retry-after"] = str(86399 if span == "day" else 3600 if span == "hour" else 60)
        return refused
