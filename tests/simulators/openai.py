"""The dialect as OpenAI (https://api.openai.com/v1) speaks it, and as any server that only says it is compatible.

``OpenAISimulator()`` has its rules; ``OpenAISimulator.compatible()`` is a server of somebody's own: no key, no rules.
"""

import re
from collections.abc import Sequence
from typing import ClassVar, Final, Self

from tests.simulators.chat import ChatSimulator, Document
from tests.simulators.clock import SimulatedClock
from tests.simulators.exchange import Seen
from tests.simulators.replies import Model

KEY: Final = "sk-c0ffee00openaicanary00000000"
MODELS: Final = ("gpt-5-mini", "gpt-4.1-mini", "gpt-4o-mini")
REASONS: Final = re.compile(r"gpt-5|o\d")


class OpenAISimulator(ChatSimulator):
    """``rules``: whether requests are checked as OpenAI does. ``credit`` false: 429 ``insufficient_quota``."""

    service: ClassVar[str] = "OpenAI"

    def __init__(
        self,
        *,
        clock: SimulatedClock | None = None,
        key: str | None = KEY,
        models: Sequence[str] = MODELS,
        model: Model | None = None,
        rules: bool = True,
        credit: bool = True,
        first_s: float = 0.0,
        whole_s: float = 0.0,
        latency_s: float = 0.0,
    ) -> None:
        super().__init__(
            clock=clock, key=key, models=models, model=model, first_s=first_s, whole_s=whole_s, latency_s=latency_s
        )
        self.rules = rules
        self.credit = credit

    @classmethod
    def compatible(cls, models: Sequence[str] = ("small",), model: Model | None = None) -> Self:
        """A server that speaks the dialect and asks for nothing."""
        return cls(key=None, models=models, model=model, rules=False)

    def authorise(self, request: Seen) -> None:
        if self.key is not None and request.bearer is None:
            raise self.refusal(401, "You didn't provide an API key.", rule=True)
        if self.key is not None and request.bearer != self.key:
            shown = f"{(request.bearer or '')[:7]}***"
            raise self.refusal(401, f"Incorrect API key provided: {shown}.", code="invalid_api_key", param=None)

    def check(self, body: Document) -> None:
        super().check(body)
        if not self.rules:
            return
        if REASONS.match(body["model"]):
            if "max_tokens" in body:
                raise self._unsupported("parameter", "max_tokens", " Use 'max_completion_tokens' instead.")
            if body.get("temperature", 1) != 1:
                raise self._unsupported("value", "temperature", " Only the default (1) value is supported.")
        elif "reasoning_effort" in body:
            raise self._unsupported("parameter", "reasoning_effort", "")
        if self.wants_json(body) == "json_object" and not self.says_json(body):
            message = (
                "'messages' must contain the word 'json' in some form, to use 'response_format' of type 'json_object'."
            )
            raise self.refusal(400, message, rule=True, param="messages")

    def charge(self, body: Document) -> None:
        if not self.credit:
            message = "You exceeded your current quota, please check your plan and billing details."
            raise self.refusal(429, message, "insufficient_quota", code="insufficient_quota", param=None)

    def _unsupported(self, what: str, name: str, help_text: str) -> Exception:
        message = f"Unsupported {what}: '{name}' is not supported with this model.{help_text}"
        return self.refusal(400, message, code=f"unsupported_{what}", param=name, rule=True)
