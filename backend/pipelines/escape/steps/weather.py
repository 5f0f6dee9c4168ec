"""The sky over the candidates: rows are confirmed as their weather arrives, or go with the reason."""

import calendar
import datetime
from collections import Counter
from collections.abc import Mapping, Sequence

import msgspec

from backend.errors import StepError
from backend.pipeline import Context
from backend.pipelines.escape.atlas import Atlas
from backend.pipelines.escape.models import Bands, Candidates, Destination, Forecast, Forecasts, Intent
from backend.pipelines.escape.sources.chain import source_error
from backend.pipelines.escape.sources.facts import Reach, Spot
from backend.pipelines.escape.sources.sources import Sources
from backend.pipelines.escape.sources.travel import WeatherChoice, may_be_typical, weather_sources
from backend.pipelines.escape.steps.forecasts import outcome
from backend.pipelines.escape.steps.gathering import Gathering

CLIMATE_AS_OF = "2021-07-31"  # the end of the years behind the bundled normals
MANY = 200
_NEARNESS = {"A": "within 25 km", "B": "within 100 km", "C": "within 250 km", "D": "farther away"}


async def weather(
    candidates: Candidates, wish: Intent, sources: Sources, atlas: Atlas, bands: Bands, ctx: Context
) -> Forecasts:
    """Forecasts, as far as any source has them; what is typical for the other places, never called a forecast.

    Raises StepError where nobody has a forecast and what is typical isn't to be used.
    """
    airports = [one.iata for one in candidates.destinations]
    if not airports:
        ctx.say("No sky to read")
        return Forecasts(wish.depart, ())
    choices = weather_sources(sources)
    spots = [_spot(one, atlas) for one in candidates.destinations] if choices else []
    usual = atlas.climates(airports, wish.depart) if choices else {}
    gathering = Gathering(airports, spots, usual, wish, bands, ctx)
    await _foresee(choices, gathering, ctx)
    too_far, over = gathering.out_of_reach(choices) if choices else (0, 0)
    if gathering.waiting and may_be_typical(sources):
        await _fill_up(gathering, atlas, ctx)
    gathering.drop("none of the services that are asked has a forecast")
    if over:
        ctx.log(f"{spoken_day(gathering.day)} is over already at {_places(over)}: nobody forecasts it any more.")
    if too_far:
        ahead = ", ".join(f"{choice.source.name} {choice.source.horizon}" for choice in choices)
        ctx.log(f"{spoken_day(gathering.day)} is beyond the forecasts for {_places(too_far)} ({ahead}).")
    _explain(gathering, ctx)
    found = gathering.in_order()
    if not found and not may_be_typical(sources):
        raise _no_weather(gathering)
    ctx.say(outcome(found, len(airports), wish, bands))
    result = Forecasts(wish.depart, tuple(found))
    ctx.detail(_thinned(result))
    return result


async def _foresee(choices: Sequence[WeatherChoice], gathering: Gathering, ctx: Context) -> None:
    """Ask each source for the places that those before it left. Forecasts of the whole day come first, whoever has
    them: one that misses the afternoon is asked for where there is no better one."""
    reaches: tuple[Reach, ...] = ("whole", "partly")
    for reach in reaches:
        for choice in choices:
            if spots := gathering.left_for(choice, reach):
                errors = await choice.source.read(spots, gathering.day, ctx, gathering.taker(choice))
                gathering.note(choice, spots, errors)
    if partly := gathering.settle():
        places = "1 forecast has" if partly == 1 else f"{partly} forecasts have"
        ctx.log(f"{places} nothing of the afternoon of that day; the high may be more.", level="warning")


async def _fill_up(gathering: Gathering, atlas: Atlas, ctx: Context) -> None:
    """What is typical, for who is left."""
    airports = list(gathering.waiting)
    async with ctx.call("atlas", "climate", day=gathering.day.isoformat(), airports=airports) as call:
        climates = atlas.climates(airports, gathering.day)
        call.as_of = CLIMATE_AS_OF
        counted = "1 airport" if len(climates) == 1 else f"{len(climates)} airports"
        call.text = f"Typical weather on {spoken_day(gathering.day)} at {counted}, mean of 2003 to 2021 (no forecast)"
    await gathering.fill_up(climates, call.id)


def _explain(gathering: Gathering, ctx: Context) -> None:
    for shortfall in gathering.shortfalls:
        instead = gathering.instead(shortfall.airports)
        say = f"{shortfall.error}; for {_places(len(shortfall.airports))} {_used(instead)} instead."
        if None in instead:
            say = (
                f"{shortfall.error}; {_places(instead[None])} {'goes' if instead[None] == 1 else 'go'} without weather."
            )
        # Our own limit on calls splits the places between sources: nothing is missing while others have a forecast.
        is_plan = shortfall.error.kind == "budget" and not instead[""] and not instead[None]
        if shortfall.choice.configured and not is_plan:
            hint = f" {shortfall.error.hint}" if shortfall.error.hint else ""
            ctx.degraded(say + hint)
        else:
            ctx.log(say)
    for choice in gathering.used.values():
        ctx.log(choice.source.credit)
    if usual := [one for one in gathering.in_order() if one.basis == "typical"]:
        ctx.log(_stations(usual))


def _no_weather(gathering: Gathering) -> StepError:
    if gathering.shortfalls:
        return source_error(gathering.shortfalls[0].error)
    said = f"None of the services that are asked has a forecast for {spoken_day(gathering.day)}"
    return StepError(said, code="no_weather", hint="With “embedded” among weather_sources, typical weather stands in.")


def _used(instead: Mapping[str | None, int]) -> str:
    """``Open-Meteo is used``, ``Open-Meteo (38) and typical weather (2) are used``."""
    names = {name or "typical weather": count for name, count in instead.items()}
    if len(names) == 1:
        return f"{next(iter(names))} is used"
    *most, last = [f"{name} ({count})" for name, count in names.items()]
    return f"{', '.join(most)} and {last} are used"


def _places(count: int) -> str:
    return "1 place" if count == 1 else f"{count} places"


def _spot(one: Destination, atlas: Atlas) -> Spot:
    airport = atlas.airport(one.iata)
    tz = airport.tz if airport is not None else atlas.nearest_city(one.lat, one.lon).tz
    return Spot(one.iata, one.city, one.lat, one.lon, tz or "UTC")


def _thinned(found: Forecasts) -> Forecasts:
    """With every third hour alone where there are very many places: an event has a size."""
    if len(found.forecasts) <= MANY:
        return found
    thin = (
        msgspec.structs.replace(one, hours=one.hours[::3] if len(one.hours) > 8 else one.hours)
        for one in found.forecasts
    )
    return msgspec.structs.replace(found, forecasts=tuple(thin))


def spoken_day(day: datetime.date) -> str:
    """``23 November``."""
    return f"{day.day} {calendar.month_name[day.month]}"


def _stations(forecasts: Sequence[Forecast]) -> str:
    counts = Counter(one.quality for one in forecasts)
    listed = ", ".join(
        f"{counts[quality]} {near} ({quality})" for quality, near in _NEARNESS.items() if counts[quality]
    )
    return f"The weather station behind it: {listed or 'none'}."
