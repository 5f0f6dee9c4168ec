"""The language models that a server may ask, in order: the first that answers reads the wish."""

from __future__ import annotations

import datetime
import time
from dataclasses import dataclass
from urllib.parse import urlsplit

from backend.errors import SourceError
from backend.pipeline import Context
from backend.pipelines.escape.settings import EMBEDDED, EscapeSettings
from backend.pipelines.escape.sources.chat.presets import PRESETS, Preset
from backend.pipelines.escape.sources.chat.quota import read_quota
from backend.pipelines.escape.sources.chat.server import ChatServer, Understood
from backend.pipelines.escape.sources.chat.trouble import Trouble
from backend.pipelines.escape.sources.order import chosen
from backend.upstream import Spec, Upstreams

MAX_BODY_BYTES = 1 << 20
CONCURRENCY = 8


@dataclass(frozen=True, slots=True)
class ChatModels:
    """``servers`` are asked in turn, all of them together for at most ``whole_s`` seconds; none: the reader reads."""

    servers: tuple[ChatServer, ...] = ()
    whole_s: float = 15.0

    async def read(self, question: str, today: datetime.date | None, ctx: Context) -> Understood:
        """What the question means to the first that answers; ``today`` is the asker's day, where it is known.

        Raises SourceError (retryable at once: the built-in reader is ready) when none does. The step is ``degraded``
        where one failed and another answered.
        """
        deadline = min(time.monotonic() + self.whole_s, ctx.deadline)
        failed: list[Trouble] = []
        for server in self.servers:
            if failed and time.monotonic() >= deadline:
                break
            try:
                understood = await server.ask(question, today, ctx, deadline)
            except Trouble as trouble:
                failed.append(trouble)
                continue
            for earlier in failed:
                ctx.degraded(f"{earlier}; {understood.service} read the wish instead.{_hint(earlier)}")
            return understood
        first, *others = failed
        message = "; ".join(str(trouble) for trouble in (first, *others))
        raise SourceError(message, code=str(first.code), hint=first.hint, retryable=True, retry_in_s=0)


def chat_models_of(settings: EscapeSettings, upstreams: Upstreams, *, offline: bool = False) -> ChatModels:
    """The models that the settings ask for. What stands behind the built-in reader is never reached, and left out."""
    presets = {preset.id: preset for preset in PRESETS}
    servers: list[ChatServer] = []
    for source in chosen("wish", settings, offline=offline):
        if source.id == EMBEDDED:
            break
        servers.append(_server(presets[source.id], settings, upstreams))
    return ChatModels(tuple(servers), settings.llm_timeout_s)


def _server(preset: Preset, settings: EscapeSettings, upstreams: Upstreams) -> ChatServer:
    model = getattr(settings, f"{preset.id}_model")
    return ChatServer(preset, upstreams.open(spec(preset, settings)), model, first_s=settings.llm_first_token_s)


def spec(preset: Preset, settings: EscapeSettings) -> Spec:
    """How a service is called."""
    is_other = preset.id == "llm"
    url = settings.llm_base_url if is_other else getattr(settings, f"{preset.id}_url")
    return Spec(
        id=preset.id,
        # Any other service goes by its host.
        name=preset.name or urlsplit(url or "").netloc.rpartition("@")[2] or "The language model",
        base_url=url or "",
        key=settings.llm_api_key if is_other else getattr(settings, f"{preset.id}_api_key", None),
        needs_key=not preset.local,
        key_header="Authorization",
        key_prefix="Bearer ",
        key_hint=f"Check {preset.key}.",
        read_s=settings.llm_first_token_s,
        max_bytes=MAX_BODY_BYTES,
        concurrency=CONCURRENCY,
        read_quota=read_quota,
    )


def _hint(trouble: Trouble) -> str:
    return f" {trouble.hint}" if trouble.hint else ""
