"""The sources of the escape pipeline, opened once per server. Steps ask for ``Sources`` by type."""

import contextlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from backend.config import Config
from backend.pipelines.escape.settings import EMBEDDED, EscapeSettings
from backend.pipelines.escape.sources import travel
from backend.pipelines.escape.sources.atlas_routes import AtlasNetworks
from backend.pipelines.escape.sources.order import chosen
from backend.pipelines.escape.sources.where import ChosenSource, where_sources
from backend.upstream import Upstreams, open_upstreams

if TYPE_CHECKING:
    from backend.pipelines.escape.sources.chat import ChatModels

MEMORY = Path(":memory:")


class Sources(msgspec.Struct, frozen=True):
    """``upstreams`` opens (once) and holds every service; ``offline``: only what is embedded is to be used.

    ``where``: who places an address, in the order in which they are asked; ``models``: who reads the wish, None where
    the built-in reader does; ``networks``: the bundled non-stops, as far as they are worked out.
    """

    settings: EscapeSettings
    upstreams: Upstreams
    offline: bool = False
    where: tuple[ChosenSource, ...] = ()
    models: "ChatModels | None" = None
    networks: AtlasNetworks = msgspec.field(default_factory=AtlasNetworks)


@contextlib.asynccontextmanager
async def open_sources(config: Config) -> AsyncIterator[Sources]:
    """The sources as ``config`` wants them."""
    folder = None if config.data_dir == MEMORY else config.data_dir
    async with open_upstreams(folder, offline=config.offline) as upstreams:
        settings, offline = config.of(EscapeSettings), config.offline
        travel.load(settings, offline=offline)
        yield Sources(
            settings=settings,
            upstreams=upstreams,
            offline=offline,
            where=where_sources(settings, upstreams, offline=offline),
            models=_models(settings, upstreams, offline=offline),
        )


def _models(settings: EscapeSettings, upstreams: Upstreams, *, offline: bool) -> "ChatModels | None":
    if chosen("wish", settings, offline=offline)[0].id == EMBEDDED:
        return None
    from backend.pipelines.escape.sources.chat import chat_models_of

    return chat_models_of(settings, upstreams, offline=offline)
