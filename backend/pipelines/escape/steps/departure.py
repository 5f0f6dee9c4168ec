"""The airport that the journey starts at: the one named, else the busiest in range."""

from zoneinfo import ZoneInfo

from backend.errors import StepError
from backend.pipeline import Call, Context
from backend.pipelines.escape.atlas import Atlas
from backend.pipelines.escape.models import AirportOption, Departure, Place
from backend.pipelines.escape.sources.atlas_airports import RANGE_KM, AtlasAirports
from backend.pipelines.escape.sources.chain import Attempt, first_answer
from backend.pipelines.escape.sources.facts import Nearby
from backend.pipelines.escape.sources.sources import Sources
from backend.pipelines.escape.sources.travel import AirportChoice, airport_sources

RUNNERS_UP = 5
FAR_KM = 1000.0


async def departure(place: Place, sources: Sources, atlas: Atlas, ctx: Context) -> Departure:
    """Raises StepError ``no_airport``, which names the nearest ones outside the range."""
    answer = await first_answer(ctx, [_attempt(one, place, ctx) for one in _asked(place, sources, atlas)])
    if answer is None:
        raise StepError(
            f"No airport with scheduled flights lies within {RANGE_KM:g} km of {place.name}",
            code="no_airport",
            hint=_nearest(place, atlas),
        )
    first, *others = answer.value[: RUNNERS_UP + 1]
    airport = first.airport
    named = airport.iata in place.airports
    if place.airports and not named:
        ctx.log(f"{', '.join(place.airports)} has no non-stops in the route network; another airport nearby is taken.")
    if (there := ctx.clock().astimezone(ZoneInfo(airport.tz)).date()) != place.today:
        ctx.log(f"At {airport.iata} it is {there:%A} {there.day} {there:%B}; days are counted from {place.today:%A}.")
    ctx.say(f"{airport.name} ({airport.iata})" + ("" if named else f", {first.km:.0f} km away"))
    return Departure(
        iata=airport.iata,
        name=airport.name,
        city=airport.city,
        tz=airport.tz,
        lat=airport.lat,
        lon=airport.lon,
        km=round(first.km),
        runners_up=tuple(map(_option, others)),
    )


def _asked(place: Place, sources: Sources, atlas: Atlas) -> list[AirportChoice]:
    """Who is asked: for an airport with a name, and with flights that the atlas knows, no call is spent."""
    if any(airport.nonstops for airport in map(atlas.airport, place.airports) if airport is not None):
        return [AirportChoice(AtlasAirports(atlas), configured=True)]
    return airport_sources(sources, atlas)


def _attempt(one: AirportChoice, place: Place, ctx: Context) -> Attempt[list[Nearby]]:
    async def ask(call: Call) -> list[Nearby] | None:
        return await one.source.leaving_from(place, ctx, call)

    where = {"codes": list(place.airports)} if place.airports else {"lat": place.lat, "lon": place.lon}
    return Attempt(
        one.source.name, "airports", ask, {**where, "within_km": RANGE_KM}, one.configured, one.source.spoken
    )


def _option(one: Nearby) -> AirportOption:
    airport = one.airport
    is_known = airport.busyness_basis != "none" or airport.nonstops > 0
    return AirportOption(
        airport.iata,
        airport.name,
        round(one.km),
        airport.busyness if is_known else None,
        airport.nonstops if is_known else None,
        one.popularity,
    )


def _nearest(place: Place, atlas: Atlas) -> str:
    near = sorted(atlas.airports_near(place.lat, place.lon, FAR_KM), key=lambda option: option.km)[:3]
    if not near:
        return "Start from another place: “… from Valencia”."
    listed = ", ".join(f"{option.airport.city} ({option.airport.iata}, {option.km:.0f} km)" for option in near)
    nearest = f"The nearest is {listed}" if len(near) == 1 else f"The nearest are {listed}"
    return f"{nearest}: ask again “from {near[0].airport.iata}”."
