"""The places of the invented world. Airports are real, so that a client's own tables know them."""

from dataclasses import dataclass
from functools import cache

from backend.pipelines.escape.atlas import Airport, Atlas

EVERYWHERE_KM = 21_000


@dataclass(frozen=True)
class WorldAirport:
    """An airport, airfield or heliport. ``popularity`` is AirLabs' figure: larger is busier, None where missing."""

    iata: str | None
    icao: str | None
    name: str
    lat: float
    lon: float
    country: str
    tz: str
    city: str | None = None
    city_code: str | None = None
    popularity: int | None = 1
    alt_m: int | None = None
    country_name: str = ""
    continent: str = ""

    @property
    def key(self) -> str:
        """What the world's tables go by."""
        return self.iata or self.icao or self.name


@cache
def real_airports() -> tuple[Airport, ...]:
    """Every airport with non-stops that the atlas knows, the busiest first."""
    with Atlas.open() as atlas:
        return tuple(near.airport for near in atlas.airports_near(0, 0, EVERYWHERE_KM))


def known_airport(airport: Airport) -> WorldAirport:
    return WorldAirport(
        iata=airport.iata,
        icao=airport.icao or None,
        name=airport.name,
        lat=round(airport.lat, 4),
        lon=round(airport.lon, 4),
        country=airport.country,
        tz=airport.tz,
        city=airport.city,
        city_code=airport.city_code,
        popularity=max(airport.busyness // 20, 5),
        alt_m=airport.elevation_m,
        country_name=airport.country_name,
        continent=airport.continent,
    )


def airfields_beside(airport: WorldAirport) -> tuple[WorldAirport, ...]:
    """What a real neighbourhood has too: a club field and a heliport, nearer to town and without an IATA code."""
    letters = (airport.iata or "XXX")[1:]
    club = WorldAirport(
        None, f"XX{letters}", f"{airport.city or airport.name} Aero Club", round(airport.lat + 0.02, 4),
        round(airport.lon + 0.03, 4), airport.country, airport.tz, popularity=3,
    )  # fmt: skip
    heliport = WorldAirport(
        None, None, f"{airport.city or airport.name} Hospital Heliport", round(airport.lat + 0.01, 4),
        round(airport.lon + 0.01, 4), airport.country, airport.tz, popularity=None,
    )  # fmt: skip
    return club, heliport
