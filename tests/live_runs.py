"""The escape pipeline asked with simulated services behind it: real HTTP on loopback, one invented world, one clock."""

from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from backend.config import Config
from backend.pipelines.escape.settings import EscapeSettings
from shared.secret import Secret
from tests.escape_runs import Answer, Asker, opened
from tests.simulators.addresses import CALLER
from tests.simulators.clock import MONDAY_MORNING, SimulatedClock
from tests.simulators.server import Simulator
from tests.simulators.upstreams import KEYS, Upstreams
from tests.simulators.world import World

MEMORY = Path(":memory:")
WEATHER = ("openweather", "open-meteo", "met-norway")
TRAVEL = ("airlabs", *WEATHER)
EVERY = ("ip-api", "ipwho.is", "groq", *TRAVEL)
"""By the ids of the settings."""
NAMES = {"ipwho.is": "ipwhois"}


@dataclass
class Live:
    """The simulators, and somebody to ask the pipeline that is set to use them."""

    up: Upstreams
    asker: Asker

    @property
    def world(self) -> World:
        return self.up.world

    @property
    def clock(self) -> SimulatedClock:
        return self.up.clock

    def service(self, source: str) -> Simulator:
        """The simulator of a source by its id in the settings."""
        return self.up.by_name[NAMES.get(source, source.replace("-", "_"))]

    def asked(self) -> dict[str, int]:
        """How many requests each of the services got, of those that got some."""
        counts = {source: len(self.service(source).requests) for source in EVERY}
        return {source: count for source, count in counts.items() if count}

    async def ask(self, text: str, options: dict[str, Any] | None = None, **more: Any) -> Answer:
        """Ask at the time of the simulators' clock."""
        return await self.asker.ask(text, options, now=self.clock.now(), **more)


def settings_of(up: Upstreams, only: Collection[str], **changed: Any) -> EscapeSettings:
    """``only`` these services are configured, each in the order of EVERY, with the embedded sources behind."""
    given: dict[str, Any] = {name: url for name, url in up.urls().items() if hasattr(EscapeSettings, name)}
    for source, (variable, key) in KEYS.items():
        given[variable.lower()] = Secret(key) if source in only else None
    orders = {"where": EVERY[:2], "wish": ("groq",), "route": ("airlabs",), "weather": WEATHER}
    for fact, sources in orders.items():
        given[f"{fact}_sources"] = (*(one for one in sources if one in only), "embedded")
    return EscapeSettings(**given | {"contact": "somebody@example.org"} | changed)


@asynccontextmanager
async def live(
    world: World | None = None,
    *,
    now: datetime = MONDAY_MORNING,
    only: Collection[str] = TRAVEL,
    data_dir: Path = MEMORY,
    up: Upstreams | None = None,
    **changed: Any,
) -> AsyncIterator[Live]:
    """``only``: the services that are configured. ``changed`` are settings of the pipeline. The clock runs on."""
    simulated = up or Upstreams(world, SimulatedClock(now))
    simulated.openweather.quota.limits["minute"] = 1000  # of a plan that is paid for, unless a test says otherwise
    async with simulated:
        config = Config(data_dir=data_dir, pipelines=(settings_of(simulated, only, **changed),))
        async with opened(config) as asker:
            yield Live(simulated, asker)


__all__ = ["CALLER", "EVERY", "TRAVEL", "WEATHER", "Live", "live", "settings_of"]
