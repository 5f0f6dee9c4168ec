"""Sources opened on simulators, one at a time, for tests of a single source."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from backend.pipelines.escape.atlas import Atlas
from backend.pipelines.escape.models import Departure, Place
from backend.pipelines.escape.settings import EscapeSettings
from backend.pipelines.escape.sources import airlabs, met_norway, open_meteo, openweather
from backend.pipelines.escape.sources.airlabs import AirLabs
from backend.pipelines.escape.sources.facts import Sighting, Spot, WeatherSource
from backend.pipelines.escape.sources.local_day import DaySky
from backend.pipelines.escape.sources.met_norway import MetNorway
from backend.pipelines.escape.sources.open_meteo import OpenMeteo
from backend.pipelines.escape.sources.openweather import OpenWeather
from backend.upstream import UpstreamError, open_upstreams
from shared.secret import Secret
from tests.fake_context import FakeContext
from tests.simulators import airlabs as simulated_airlabs
from tests.simulators import openweather as simulated_openweather
from tests.simulators.world import World


def settings_for(source: str, url: str, **changed: Any) -> EscapeSettings:
    """The settings with which ``source`` is at ``url``."""
    given: dict[str, Any] = {
        f"{source.replace('-', '_')}_url": url,
        "airlabs_api_key": Secret(simulated_airlabs.KEY),
        "openweather_api_key": Secret(simulated_openweather.KEY),
        "contact": "somebody@example.org",
        **changed,
    }
    return EscapeSettings(**given)


@asynccontextmanager
async def airlabs_at(
    url: str, atlas: Atlas, *, pages: int = 12, folder: Path | None = None, key: str = simulated_airlabs.KEY
) -> AsyncIterator[AirLabs]:
    """AirLabs as it is asked at ``url``."""
    async with open_upstreams(folder) as upstreams:
        settings = EscapeSettings(airlabs_url=url, airlabs_api_key=Secret(key))
        yield AirLabs(upstreams.open(airlabs.spec(settings)), atlas, pages)


@asynccontextmanager
async def weather_at(source: str, url: str, folder: Path | None = None) -> AsyncIterator[WeatherSource]:
    """A source of forecasts as it is asked at ``url``."""
    async with open_upstreams(folder) as upstreams:
        settings = settings_for(source, url)
        if source == "openweather":
            yield OpenWeather(upstreams.open(openweather.spec(settings)))
        elif source == "open-meteo":
            yield OpenMeteo(upstreams.open(open_meteo.spec(settings)))
        else:
            yield MetNorway(upstreams.open(met_norway.spec(settings)))


def spots_of(world: World, *codes: str) -> list[Spot]:
    """Where airports of the world want weather."""
    airports = [world.airport(code) for code in codes]
    return [Spot(one.key, one.city or one.name, round(one.lat, 4), round(one.lon, 4), one.tz) for one in airports]


async def skies_of(
    source: WeatherSource, spots: list[Spot], day: Any, ctx: FakeContext | None = None
) -> tuple[dict[str, DaySky], list[UpstreamError], list[Sighting]]:
    """What a source tells of a day: by code, with its errors and in the portions in which it came."""
    sightings: list[Sighting] = []
    errors = await source.read(spots, day, ctx or FakeContext(), sightings.append)
    return {iata: sky for one in sightings for iata, sky in one.skies.items()}, list(errors), sightings


def place_at(world: World, code: str, *, named: bool = False) -> Place:
    """Somebody who is at an airport."""
    airport = world.airport(code)
    day = FakeContext().now.date()
    return Place("Here", "Land", airport.lat, airport.lon, airport.tz, day, "a test", airports=(code,) if named else ())


def departure_at(world: World, code: str) -> Departure:
    """A journey that begins at an airport."""
    airport = world.airport(code)
    return Departure(code, airport.name, airport.city or "", airport.tz, airport.lat, airport.lon, 0)
