"""The sources of airports, routes and weather, as they are to be asked: in the order of the settings."""

from importlib import import_module
from typing import TYPE_CHECKING, NamedTuple

from backend.pipelines.escape.atlas import Atlas
from backend.pipelines.escape.settings import EMBEDDED, EscapeSettings
from backend.pipelines.escape.sources.atlas_airports import AtlasAirports
from backend.pipelines.escape.sources.atlas_routes import AtlasRoutes
from backend.pipelines.escape.sources.facts import AirportSource, RouteSource, WeatherSource
from backend.pipelines.escape.sources.order import chosen

if TYPE_CHECKING:
    from backend.pipelines.escape.sources.airlabs import AirLabs
    from backend.pipelines.escape.sources.sources import Sources


class AirportChoice(NamedTuple):
    """A source of airports, and whether somebody asked for it (``Chosen``)."""

    source: AirportSource
    configured: bool


class RouteChoice(NamedTuple):
    """A source of routes, and whether somebody asked for it (``Chosen``)."""

    source: RouteSource
    configured: bool


class WeatherChoice(NamedTuple):
    """A source of forecasts, and whether somebody asked for it (``Chosen``)."""

    source: WeatherSource
    configured: bool


def load(settings: EscapeSettings, *, offline: bool = False) -> None:
    """Load the live services that questions will ask, so that none of them waits for it. The others are left out: a
    module each, of which most servers need one."""
    for fact in ("route", "weather"):
        for one in chosen(fact, settings, offline=offline):
            if one.id != EMBEDDED:
                import_module(f"{__package__}.{one.id.replace('-', '_')}")


def airport_sources(sources: "Sources", atlas: Atlas) -> list[AirportChoice]:
    """Who is asked for airports; they are the sources of routes too."""
    return [
        AirportChoice(AtlasAirports(atlas) if one.id == EMBEDDED else _airlabs(sources, atlas), one.configured)
        for one in chosen("route", sources.settings, offline=sources.offline)
    ]


def route_sources(sources: "Sources", atlas: Atlas) -> list[RouteChoice]:
    """Who is asked for routes."""
    return [
        RouteChoice(
            AtlasRoutes(atlas, sources.networks) if one.id == EMBEDDED else _airlabs(sources, atlas), one.configured
        )
        for one in chosen("route", sources.settings, offline=sources.offline)
    ]


def weather_sources(sources: "Sources") -> list[WeatherChoice]:
    """Who is asked for a forecast. What is typical isn't one: the step has it where nobody has a forecast."""
    order = chosen("weather", sources.settings, offline=sources.offline)
    return [WeatherChoice(_weather(one.id, sources), one.configured) for one in order if one.id != EMBEDDED]


def may_be_typical(sources: "Sources") -> bool:
    """Whether what is typical may stand in where nobody has a forecast."""
    order = chosen("weather", sources.settings, offline=sources.offline)
    return any(one.id == EMBEDDED for one in order)


def _airlabs(sources: "Sources", atlas: Atlas) -> "AirLabs":
    from backend.pipelines.escape.sources import airlabs

    upstream = sources.upstreams.open(airlabs.spec(sources.settings))
    return airlabs.AirLabs(upstream, atlas, sources.settings.airlabs_pages)


def _weather(source: str, sources: "Sources") -> WeatherSource:
    open_, settings = sources.upstreams.open, sources.settings
    match source:
        case "openweather":
            from backend.pipelines.escape.sources import openweather

            return openweather.OpenWeather(open_(openweather.spec(settings)))
        case "open-meteo":
            from backend.pipelines.escape.sources import open_meteo

            return open_meteo.OpenMeteo(open_(open_meteo.spec(settings)))
    from backend.pipelines.escape.sources import met_norway

    return met_norway.MetNorway(open_(met_norway.spec(settings)))
