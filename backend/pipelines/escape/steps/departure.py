"""The airport that the journey starts at: the one named, else the busiest in range."""

from backend.errors import StepError
from backend.pipeline import Context
from backend.pipelines.escape.atlas import Airport, Atlas, great_circle_km
from backend.pipelines.escape.models import AirportOption, Departure, Place
from backend.pipelines.escape.steps.locate import RANGE_KM

RUNNERS_UP = 5
FAR_KM = 1000.0


async def departure(place: Place, atlas: Atlas, ctx: Context) -> Departure:
    """Raises StepError ``no_airport``, which names the nearest ones outside the range."""
    async with ctx.call("atlas", "airports near", lat=place.lat, lon=place.lon, km=RANGE_KM) as call:
        options = _named(place, atlas) or [
            (near.airport, near.km) for near in atlas.airports_near(place.lat, place.lon, RANGE_KM)
        ]
        airports = "airport" if len(options) == 1 else "airports"
        call.text = f"{len(options)} {airports} with non-stops to choose from"
    if not options:
        raise StepError(
            f"No airport with scheduled flights lies within {RANGE_KM:g} km of {place.name}",
            code="no_airport",
            hint=_nearest(place, atlas),
        )
    (airport, km), others = options[0], options[1 : RUNNERS_UP + 1]
    ctx.say(f"{airport.name} ({airport.iata}), {km:.0f} km away")
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


def _named(place: Place, atlas: Atlas) -> list[tuple[Airport, float]]:
    """The airports that the traveller's words name, if they fly anywhere."""
    airports = [airport for code in place.airports if (airport := atlas.airport(code)) and airport.nonstops]
    return [(airport, great_circle_km(place.lat, place.lon, airport.lat, airport.lon)) for airport in airports]


def _nearest(place: Place, atlas: Atlas) -> str:
    near = sorted(atlas.airports_near(place.lat, place.lon, FAR_KM), key=lambda option: option.km)[:3]
    if not near:
        return "Start from another place: “… from Valencia”."
    listed = ", ".join(f"{option.airport.city} ({option.airport.iata}, {option.km:.0f} km)" for option in near)
    return f"The nearest are {listed}: ask again “from {near[0].airport.iata}”."
