"""Which airports somebody can leave from: those that their words name, else those in range, the busiest first.

The place and the airport are chosen by two steps; both ask here, so that "today" is the day of the very airport.
"""

from collections.abc import Sequence

from backend.pipelines.escape.atlas import Airport, Atlas, great_circle_km

RANGE_KM = 120.0


def leaving_from(lat: float, lon: float, codes: Sequence[str], atlas: Atlas) -> list[tuple[Airport, float]]:
    """Airports with non-stops and their distance in km from a position in degrees, the one to take first."""
    named = [airport for code in codes if (airport := atlas.airport(code)) is not None and airport.nonstops]
    if named:
        return [(airport, great_circle_km(lat, lon, airport.lat, airport.lon)) for airport in named]
    return [(near.airport, near.km) for near in atlas.airports_near(lat, lon, RANGE_KM)]
