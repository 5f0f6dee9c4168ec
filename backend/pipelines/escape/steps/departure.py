"""The airport that the journey starts at: the one named, else the busiest in range."""

from backend.errors import StepError
from backend.pipeline import Context
from backend.pipelines.escape.atlas import Atlas
from backend.pipelines.escape.models import AirportOption, Departure, Place
from backend.pipelines.escape.steps.leaving import RANGE_KM, leaving_from

RUNNERS_UP = 5
FAR_KM = 1000.0


async def departure(place: Place, atlas: Atlas, ctx: Context) -> Departure:
    """Raises StepError ``no_airport``, which names the nearest ones outside the range."""
    request = {"codes": list(place.airports)} if place.airports else {"lat": place.lat, "lon": place.lon}
    async with ctx.call("atlas", "airports", **request, within_km=RANGE_KM) as call:
        options = leaving_from(place.lat, place.lon, place.airports, atlas)
        airports = "airport" if len(options) == 1 else "airports"
        call.text = f"{len(options)} {airports} with non-stops to choose from"
    if not options:
        raise StepError(
            f"No airport with scheduled flights lies within {RANGE_KM:g} km of {place.name}",
            code="no_airport",
            hint=_nearest(place, atlas),
        )
    (airport, km), others = options[0], options[1 : RUNNERS_UP + 1]
    named = airport.iata in place.airports
    if place.airports and not named:
        ctx.log(f"{', '.join(place.airports)} has no non-stops in the route network; another airport nearby is taken.")
    ctx.say(f"{airport.name} ({airport.iata})" + ("" if named else f", {km:.0f} km away"))
    return Departure(
        iata=airport.iata,
        name=airport.name,
        city=airport.city,
        tz=airport.tz,
        lat=airport.lat,
        lon=airport.lon,
        km=round(km),
        runners_up=tuple(
            AirportOption(other.iata, other.name, round(away), other.busyness, other.nonstops) for other, away in others
        ),
    )


def _nearest(place: Place, atlas: Atlas) -> str:
    near = sorted(atlas.airports_near(place.lat, place.lon, FAR_KM), key=lambda option: option.km)[:3]
    if not near:
        return "Start from another place: “… from Valencia”."
    listed = ", ".join(f"{option.airport.city} ({option.airport.iata}, {option.km:.0f} km)" for option in near)
    nearest = f"The nearest is {listed}" if len(near) == 1 else f"The nearest are {listed}"
    return f"{nearest}: ask again “from {near[0].airport.iata}”."
