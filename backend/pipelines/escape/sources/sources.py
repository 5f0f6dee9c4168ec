"""The sources of the escape pipeline, opened once per server. Steps ask for ``Sources`` by type."""

import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

from backend.config import Config
from backend.pipelines.escape.settings import EscapeSettings
from backend.pipelines.escape.sources.chat import ChatModels, chat_models_of
from backend.upstream import Upstreams, open_upstreams

MEMORY = Path(":memory:")


@dataclass(frozen=True, slots=True)
class Sources:
    """``upstreams`` opens (once) and holds every service; ``offline``: only what is embedded is to be used. ``models``
    are the language models that may be asked."""

    settings: EscapeSettings
    upstreams: Upstreams
    offline: bool = False
    models: ChatModels = field(default_factory=ChatModels)


@contextlib.asynccontextmanager
async def open_sources(config: Config) -> AsyncIterator[Sources]:
    """The sources as ``config`` wants them."""
    folder = None if config.data_dir == MEMORY else config.data_dir
    async with open_upstreams(folder, offline=config.offline) as upstreams:
        settings = config.of(EscapeSettings)
        models = chat_models_of(settings, upstreams, offline=config.offline)
        yield Sources(settings, upstreams, config.offline, models)
