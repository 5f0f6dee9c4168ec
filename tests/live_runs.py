"""The escape pipeline asked with simulated services behind it: real HTTP on loopback, one invented world, one clock."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from backend.config import Config
from backend.pipelines.escape.settings import EscapeSettings
from shared.secret import Secret
from tests.escape_runs import Answer, Asker, opened
from tests.simulators import airlabs, openweather
from tests.simulators.airlabs import AirLabsSimulator
from tests.simulators.clock import MONDAY_MORNING, SimulatedClock
from tests.simulators.met_norway import MetNorwaySimulator
from tests.simulators.open_meteo import OpenMeteoSimulator
from tests.simulators.openweather import OpenWeatherSimulator
from tests.simulators.server import Simulator
from tests.simulators.world import World

MEMORY = Path(":memory:")
LIVE = ("airlabs", "openweather", "open-meteo", "met-norway")


@dataclass
class Live:
    """The simulators, and somebody to ask the pipeline that is set to use them."""

    world: World
    clock: SimulatedClock
    airlabs: AirLabsSimulator
    openweather: OpenWeatherSimulator
    open_meteo: OpenMeteoSimulator
    met_norway: MetNorwaySimulator
    asker: Asker

    @property
    def simulators(self) -> dict[str, Simulator]:
        """By the ids of the settings."""
        return dict(zip(LIVE, (self.airlabs, self.openweather, self.open_meteo, self.met_norway), strict=True))

    async def ask(self, text: str, options: dict[str, Any] | None = None, **more: Any) -> Answer:
        """Ask at the time of the simulators' clock."""
        return await self.asker.ask(text, options, now=self.clock.now(), **more)

    def refusals(self) -> list[str]:
        """Every rule of a service that was broken."""
        return [refusal for simulator in self.simulators.values() for refusal in simulator.refusals]


@asynccontextmanager
async def live(
    world: World | None = None,
    *,
    now: datetime = MONDAY_MORNING,
    only: tuple[str, ...] = LIVE,
    data_dir: Path = MEMORY,
    minute: int = 1000,
    **settings: Any,
) -> AsyncIterator[Live]:
    """``only``: the services that are configured at all. ``minute``: OpenWeather's calls a minute."""
    world, clock = world or World(), SimulatedClock.frozen(now)
    async with AsyncExitStack() as stack:
        lab = await stack.enter_async_context(AirLabsSimulator(world, clock=clock, plan="paid"))
        weather = await stack.enter_async_context(OpenWeatherSimulator(world, clock=clock, minute=minute))
        meteo = await stack.enter_async_context(OpenMeteoSimulator(world, clock=clock))
        norway = await stack.enter_async_context(MetNorwaySimulator(world, clock=clock))
        given: dict[str, Any] = {
            "airlabs_url": lab.url, "openweather_url": weather.url, "open_meteo_url": meteo.url,
            "met_norway_url": norway.url, "contact": "somebody@example.org",
            "airlabs_api_key": Secret(airlabs.KEY) if "airlabs" in only else None,
            "openweather_api_key": Secret(openweather.KEY) if "openweather" in only else None,
            "route_sources": (*(one for one in ("airlabs",) if one in only), "embedded"),
            "weather_sources": (*(one for one in LIVE[1:] if one in only), "embedded"),
            "where_sources": ("embedded",), "wish_sources": ("embedded",), **settings,
        }  # fmt: skip
        config = Config(data_dir=data_dir, pipelines=(EscapeSettings(**given),))
        asker = await stack.enter_async_context(opened(config))
        yield Live(world, clock, lab, weather, meteo, norway, asker)
