"""The sources of the escape pipeline, opened once per server. Steps ask for ``Sources`` by type."""

import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

from backend.config import Config
from backend.pipelines.escape.settings import EscapeSettings
from backend.pipelines.escape.sources.atlas_routes import AtlasNetworks
from backend.pipelines.escape.sources.chat import ChatModels, chat_models_of
from backend.pipelines.escape.sources.where import ChosenSource, where_sources
from backend.upstream import Upstreams, open_upstreams

MEMORY = Path(":memory:")


@dataclass(frozen=True, slots=True)
class Sources:
    """``upstreams`` opens (once) and holds every service; ``offline``: only what is embedded is to be used.

    ``where``: who places an address, in the order in which they are asked; ``models``: who reads the wish;
    ``networks``: the bundled non-stops, as far as they are worked out.
    """

    settings: EscapeSettings
    upstreams: Upstreams
    offline: bool = False
    where: tuple[ChosenSource, ...] = ()
    models: ChatModels = field(default_factory=ChatModels)
    networks: AtlasNetworks = field(default_factory=AtlasNetworks)


@contextlib.asynccontextmanager
async def open_sources(config: Config) -> AsyncIterator[Sources]:
    """The sources as ``config`` wants them."""
    folder = None if config.data_dir == MEMORY else config.data_dir
    async with open_upstreams(folder, offline=config.offline) as upstreams:
        settings, offline = config.of(EscapeSettings), config.offline
        yield Sources(
            settings=settings,
            upstreams=upstreams,
            offline=offline,
            where=where_sources(settings, upstreams, offline=offline),
            models=chat_models_of(settings, upstreams, offline=offline),
        )
