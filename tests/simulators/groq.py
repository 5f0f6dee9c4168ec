"""Groq (https://api.groq.com/openai/v1): rules, limits, headers and errors of its own on top of chat.py.

``validates_json``: an answer in JSON mode that is no JSON becomes ``json_validate_failed`` (in a stream: a last frame).
``shows_failed`` decides whether ``failed_generation`` has the text or is empty.
"""

import json
import math
from collections.abc import Sequence
from typing import Any, ClassVar, Final

from tests.simulators.chat import ChatSimulator, Document
from tests.simulators.clock import SimulatedClock
from tests.simulators.exchange import Answer
from tests.simulators.quota import LeakyBucket, go_duration
from tests.simulators.replies import Model, Reply, completion_tokens, prompt_tokens

KEY: Final = "gsk_c0ffee00groqcanary00000000"
MODELS: Final = ("openai/gpt-oss-20b", "openai/gpt-oss-120b", "openai/gpt-oss-safeguard-20b", "qwen/qwen3.8-27b")
DECOMMISSIONED: Final = ("llama-3.3-70b-versatile", "llama-3.1-8b-instant")
DAY_S: Final = 86400.0
KNOWN: Final = frozenset({
    "model", "messages", "temperature", "top_p", "stop", "seed", "stream", "stream_options", "max_completion_tokens",
    "max_tokens", "reasoning_effort", "reasoning_format", "include_reasoning", "response_format", "n", "user", "tools",
    "tool_choice", "service_tier", "frequency_penalty", "presence_penalty", "parallel_tool_calls",
})  # fmt: skip
INVALID: Final = "Failed to validate JSON. Please adjust your prompt. See 'failed_generation' for more details."
TOO_SHORT: Final = "max completion tokens reached before generating a valid document"


class GroqSimulator(ChatSimulator):
    """The limits are those of a free organisation, for all models together: requests and tokens by minute and day."""

    base: ClassVar[str] = "/openai/v1"
    service: ClassVar[str] = "Groq"

    def __init__(
        self,
        *,
        clock: SimulatedClock | None = None,
        key: str = KEY,
        models: Sequence[str] = MODELS,
        model: Model | None = None,
        tokens_a_minute: int = 8000,
        tokens_a_day: int = 200_000,
        requests_a_minute: int = 30,
        requests_a_day: int = 1000,
        validates_json: bool = True,
        shows_failed: bool = True,
        first_s: float = 0.0,
        whole_s: float = 0.0,
        latency_s: float = 0.0,
    ) -> None:
        super().__init__(
            clock=clock, key=key, models=models, model=model, first_s=first_s, whole_s=whole_s, latency_s=latency_s
        )
        self.validates_json = validates_json
        self.shows_failed = shows_failed
        self.requests_minute = LeakyBucket(self.clock, requests_a_minute, 60)
        self.requests_day = LeakyBucket(self.clock, requests_a_day, DAY_S)
        self.tokens_minute = LeakyBucket(self.clock, tokens_a_minute, 60)
        self.tokens_day = LeakyBucket(self.clock, tokens_a_day, DAY_S)

    def check(self, body: Document) -> None:
        name = body["model"]
        if name in DECOMMISSIONED:
            message = (
                f"The model `{name}` has been decommissioned and is no longer supported. Please refer to the docs."
            )
            raise self.refusal(400, message, code="model_decommissioned")
        super().check(body)
        for member in body:
            if member not in KNOWN:
                raise self.refusal(400, f"property '{member}' is unsupported", rule=True)
        effort = body.get("reasoning_effort")
        allowed = ("low", "medium", "high") if "gpt-oss" in name else ("none", "default") if "qwen" in name else ()
        if effort is not None and effort not in allowed:
            raise self.refusal(400, f"`reasoning_effort` must be one of {list(allowed)}", rule=True)
        kind = self.wants_json(body)
        if kind == "json_object" and not self.says_json(body):
            message = (
                "'messages' must contain the word 'json' in some form, to use 'response_format' of type 'json_object'."
            )
            raise self.refusal(400, message, rule=True)
        if kind == "json_schema":
            self._check_schema(body)

    def charge(self, body: Document) -> None:
        name, asked = body["model"], prompt_tokens(body) + (body.get("max_completion_tokens") or 0)
        if asked > self.tokens_minute.limit:
            message = (
                f"Request too large for model `{name}` in organization `org_01canary` service tier `on_demand` on "
                f"tokens per minute (TPM): Limit {self.tokens_minute.limit:g}, Requested {asked}, please reduce your "
                "message size and try again."
            )
            raise self.refusal(413, message, "tokens", code="rate_limit_exceeded", rule=True)
        buckets = (
            (self.requests_minute, 1, "requests", "requests per minute (RPM)"),
            (self.requests_day, 1, "requests", "requests per day (RPD)"),
            (self.tokens_minute, asked, "tokens", "tokens per minute (TPM)"),
            (self.tokens_day, asked, "tokens", "tokens per day (TPD)"),
        )
        for bucket, amount, kind, named in buckets:
            used = math.ceil(bucket.used())
            over_s = (used + amount - bucket.limit) / bucket.limit * bucket.seconds
            if over_s > 0:
                message = (
                    f"Rate limit reached for model `{name}` in organization `org_01canary` service tier `on_demand` on "
                    f"{named}: Limit {bucket.limit:g}, Used {used}, Requested {amount}. "
                    f"Please try again in {go_duration(over_s)}. Need more tokens? Upgrade to Dev Tier."
                )
                refused = self.refusal(429, message, kind, code="rate_limit_exceeded")
                refused.answer.headers |= {"retry-after": str(math.ceil(over_s)), **self.headers(body)}
                raise refused

    def spent(self, body: Document, reply: Reply) -> None:
        used = prompt_tokens(body) + (0 if reply.endless else completion_tokens(reply))
        self.requests_minute.take(1)
        self.requests_day.take(1)
        self.tokens_minute.take(used)
        self.tokens_day.take(used)

    def headers(self, body: Document) -> dict[str, str]:
        return {
            "x-ratelimit-limit-requests": f"{self.requests_day.limit:g}",
            "x-ratelimit-remaining-requests": str(int(self.requests_day.left)),
            "x-ratelimit-reset-requests": go_duration(self.requests_day.full_in_s),
            "x-ratelimit-limit-tokens": f"{self.tokens_minute.limit:g}",
            "x-ratelimit-remaining-tokens": str(int(self.tokens_minute.left)),
            "x-ratelimit-reset-tokens": go_duration(self.tokens_minute.full_in_s),
            "x-request-id": f"req_{len(self.requests):08d}",
        }

    def usage(self, body: Document, reply: Reply) -> Document:
        timed = {"queue_time": 0.012, "prompt_time": 0.009, "completion_time": 0.045, "total_time": 0.054}
        thoughts = sum(bool(piece.reasoning) for piece in reply.pieces())
        return {**super().usage(body, reply), **timed, "completion_tokens_details": {"reasoning_tokens": thoughts}}

    def extras(self, body: Document, reply: Reply, *, last: bool) -> Document:
        groq: Document = {"id": f"req_{len(self.requests):08d}"}
        if last and body.get("stream"):
            groq["usage"] = super().usage(body, reply)
            return {"system_fingerprint": "fp_0123456789", "x_groq": groq}
        if body.get("stream"):
            return {"system_fingerprint": "fp_0123456789"}
        return {
            "usage_breakdown": None, "system_fingerprint": "fp_0123456789", "x_groq": {**groq, "seed": 12345},
            "service_tier": "on_demand",
        }  # fmt: skip

    def delta(self, piece: Any) -> Document:
        found = super().delta(piece)
        return found | {"channel": "analysis"} if "reasoning" in found else found

    def unfit(self, body: Document, reply: Reply) -> Answer | None:
        kind = self.wants_json(body)
        if kind is None or not self.validates_json:
            return None
        schema = (
            ((body["response_format"].get("json_schema") or {}).get("schema") or {}) if kind != "json_object" else {}
        )
        if is_json_object(reply.content):
            if set(schema.get("required") or ()) <= set(json.loads(reply.content)):
                return None
            message = "Generated JSON does not match the expected schema. Please adjust your prompt."
        else:
            message = TOO_SHORT if reply.finish == "length" else INVALID
        failed = reply.content if self.shows_failed else ""
        return self.error(400, message, "invalid_request_error", "json_validate_failed", failed_generation=failed)

    def _check_schema(self, body: Document) -> None:
        """Where and how a schema may be asked for."""
        if body.get("stream") or body.get("tools"):
            raise self.refusal(
                400, "response_format `json_schema` cannot be combined with streaming or tools", rule=True
            )
        given = body["response_format"].get("json_schema") or {}
        supported = "gpt-oss" in body["model"] or ("qwen" in body["model"] and not given.get("strict"))
        if not supported:
            raise self.refusal(400, "This model does not support response format `json_schema`.", rule=True)
        if not given.get("name") or not isinstance(given.get("schema"), dict):
            raise self.refusal(400, "json_schema needs 'name' and 'schema'", rule=True)
        if given.get("strict") and (wrong := not_strict(given["schema"])):
            raise self.refusal(400, f"invalid JSON schema for response_format: {wrong}", rule=True)


def not_strict(schema: Any, at: str = "/") -> str | None:
    """Which rule of strict schemas a schema breaks: all required, nothing additional."""
    if not isinstance(schema, dict):
        return None
    if schema.get("type") == "object" or "properties" in schema:
        properties = schema.get("properties") or {}
        if schema.get("additionalProperties") is not False:
            return f"{at}: `additionalProperties:false` must be set on every object"
        if set(schema.get("required") or ()) != set(properties):
            return f"{at}: `required` must include every key in properties"
        for name, inner in properties.items():
            if wrong := not_strict(inner, f"{at}properties/{name}/"):
                return wrong
    return not_strict(schema.get("items"), f"{at}items/")


def is_json_object(text: str) -> bool:
    try:
        return isinstance(json.loads(text), dict)
    except (ValueError, RecursionError):
        return False
