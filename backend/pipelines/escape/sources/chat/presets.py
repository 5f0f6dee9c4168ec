"""The services that speak the chat-completions dialect, and in what they differ."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, NamedTuple

import msgspec

MAX_TOKENS = 600
"""For an answer of about 100 tokens and some reasoning, which counts too. Always sent: of its minute's tokens, Cerebras
reserves a large default for each call that names none."""

# gpt-oss, OpenAI's gpt-5 and o series: they reason before they answer, and are told to keep it short.
_REASONS = re.compile(r"(?:^|/)(?:gpt-oss|gpt-5|o[1-9])", re.ASCII)
_JSON_MODE = re.compile(r"response.?format|json|structured")
_TUNING = re.compile(r"reasoning|temperature")
# Of what a server lists: no chat models.
_NO_CHAT = re.compile(
    r"whisper|tts|speech|audio|realtime|transcri|embed|guard|moderation|rerank|image|vision-preview|ocr|dall-e|sora"
    r"|orpheus|instruct-beta|davinci|babbage",
    re.IGNORECASE,
)


class Preset(msgspec.Struct, frozen=True, kw_only=True):
    """A kind of server. ``name`` is empty where its host names it.

    ``models`` are known to have been there in October 2026, in the order in which they are tried; what the server
    itself lists is tried after them, so that none is the only choice. ``limits`` are the fields that bound the answer's
    tokens: servers of one's own know ``max_tokens`` alone, or both. ``key`` and ``model`` are the settings (environment
    variables) that a person changes; ``local``: no key is needed. ``is_tuned``: it may be sent what not every server
    knows (``reasoning_effort``).
    """

    id: str
    name: str
    models: tuple[str, ...] = ()
    limits: tuple[str, ...] = ("max_completion_tokens",)
    key: str
    model: str
    local: bool = False
    is_tuned: bool = True


PRESETS = (
    Preset(
        id="groq",
        name="Groq",
        models=("openai/gpt-oss-20b", "openai/gpt-oss-120b", "qwen/qwen3.8-27b"),
        key="GROQ_API_KEY",
        model="GROQ_MODEL",
    ),
    Preset(
        id="cerebras",
        name="Cerebras",
        models=("gpt-oss-120b", "qwen-3.8-27b"),
        key="CEREBRAS_API_KEY",
        model="CEREBRAS_MODEL",
    ),
    Preset(
        id="openai",
        name="OpenAI",
        models=("gpt-5-mini", "gpt-4.1-mini", "gpt-4o-mini"),
        key="OPENAI_API_KEY",
        model="OPENAI_MODEL",
    ),
    Preset(
        id="ollama",
        name="Ollama",
        limits=("max_tokens", "max_completion_tokens"),
        key="",
        model="OLLAMA_MODEL",
        local=True,
        is_tuned=False,
    ),
    Preset(
        id="llamacpp",
        name="llama.cpp",
        models=("default",),  # it has one, and ignores the name
        limits=("max_tokens", "max_completion_tokens"),
        key="",
        model="WINDOWSEAT_LLAMACPP_MODEL",
        local=True,
        is_tuned=False,
    ),
    # Anything else: the most widely known field alone, since some servers refuse what they don't know.
    Preset(
        id="llm",
        name="",
        limits=("max_tokens",),
        key="WINDOWSEAT_LLM_API_KEY",
        model="WINDOWSEAT_LLM_MODEL",
        local=True,
        is_tuned=False,
    ),
)


class Form(NamedTuple):
    """What a request asks for beyond the dialect's core; what a model's server refused is left out from then on."""

    json_mode: bool = True
    tuned: bool = True
    limits: tuple[str, ...] | None = None

    def without(self, complaint: str, preset: Preset) -> Form | None:
        """A plainer form, after a server complained of this one; None where nothing is left to leave out."""
        complaint = complaint.casefold()
        if "max_completion_tokens" in complaint or "max_tokens" in complaint:
            limits = self.limits or preset.limits
            # OpenAI's newer models name the field to use instead; Mistral refuses the newer one.
            wanted = "max_completion_tokens" if limits == ("max_tokens",) else "max_tokens"
            return self._replace(limits=(wanted,)) if self.limits is None else None
        if self.json_mode and _JSON_MODE.search(complaint):
            return self._replace(json_mode=False)
        if self.tuned and _TUNING.search(complaint):
            return self._replace(tuned=False)
        if self.json_mode or self.tuned:
            return self._replace(json_mode=False, tuned=False)
        return None


def request_body(
    preset: Preset, model: str, conversation: Sequence[dict[str, Any]], form: Form, max_tokens: int = MAX_TOKENS
) -> dict[str, Any]:
    """The body of ``POST /chat/completions``.

    JSON mode (``json_object``), not a schema: Groq and Cerebras refuse a schema together with streaming, and what comes
    is checked here in any case.
    """
    body: dict[str, Any] = {"model": model, "messages": list(conversation), "stream": True}
    body.update(dict.fromkeys(form.limits or preset.limits, max_tokens))
    if form.json_mode:
        body["response_format"] = {"type": "json_object"}
    if form.tuned and _REASONS.search(model):
        if preset.is_tuned:
            body["reasoning_effort"] = "low"
    elif form.tuned:
        body["temperature"] = 0
    return body


def chat_models(listing: Any) -> list[str]:
    """Names in the answer of ``GET /models`` that may be models to chat with, in its order."""
    rows = listing.get("data") if isinstance(listing, dict) else None
    names = [row.get("id") for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []
    return [name for name in names if isinstance(name, str) and 0 < len(name) <= 200 and not _NO_CHAT.search(name)]
