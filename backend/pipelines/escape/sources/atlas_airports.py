"""Which airports somebody can leave from: those that their words name, else those in range, the busiest first.

The place and the airport are chosen by two steps; both ask here, so that "today" is the day of the very airport.
"""

from collections.abc import Sequence

from backend.pipeline import Call, Context
from backend.pipelines.escape.atlas import Airport, Atlas, great_circle_km
from backend.pipelines.escape.models import Place
from backend.pipelines.escape.sources.facts import Nearby

RANGE_KM = 120.0


def leaving_from(lat: float, lon: float, codes: Sequence[str], atlas: Atlas) -> list[tuple[Airport, float]]:
    """Airports with non-stops and their distance in km from a position in degrees, the one to take first."""
    named = [airport for code in codes if (airport := atlas.airport(code)) is not None and airport.nonstops]
    if named:
        return [(airport, great_circle_km(lat, lon, airport.lat, airport.lon)) for airport in named]
    return [(near.airport, near.km) for near in atlas.airports_near(lat, lon, RANGE_KM)]


class AtlasAirports:
    """The atlas as a source of airports (``AirportSource``)."""

    id = "embedded"
    name = "atlas"
    spoken = "the atlas"

    def __init__(self, atlas: Atlas) -> None:
        self._atlas = atlas

    async def leaving_from(self, place: Place, ctx: Context, call: Call) -> list[Nearby] | None:
        """None where no airport with non-stops is in range."""
        options = leaving_from(place.lat, place.lon, place.airports, self._atlas)
        airports = "airport" if len(options) == 1 else "airports"
        call.text = f"{len(options)} {airports} with non-stops to choose from"
        return [Nearby(airport, km) for airport, km in options] or None
