"""All airports, held in memory: they are few, and every other query names some of them."""

from bisect import bisect_left, bisect_right
from collections import defaultdict
from math import cos, radians

from backend.pipelines.escape.atlas.database import Database
from backend.pipelines.escape.atlas.geo import KM_PER_DEGREE, great_circle_km
from backend.pipelines.escape.atlas.records import Airport, NearAirport

# 0.1 % more than the haversine sphere needs, so that rounding can't lose an airport on the rim.
_DEGREES_PER_KM = 1.001 / (KM_PER_DEGREE - 0.01)


class Airports:
    """Read once at opening, never changed after: safe to share between threads."""

    def __init__(self, database: Database) -> None:
        rows = database.rows(
            "SELECT a.iata, a.icao, a.name, a.city, a.city_code, a.country, c.name, c.continent, a.lat / 1e5,"
            " a.lon / 1e5, a.elevation_m, z.tz, a.busyness, a.busyness_basis, a.nonstops"
            " FROM airport a JOIN country c ON c.code = a.country JOIN zone z ON z.id = a.zone ORDER BY a.id"
        )
        self.all: tuple[Airport, ...] = tuple(Airport(*row) for row in rows)
        """In the order of their database id, which starts at 0."""
        self.by_iata: dict[str, Airport] = {airport.iata: airport for airport in self.all}
        self.by_icao: dict[str, Airport] = {airport.icao: airport for airport in self.all if airport.icao}
        self.countries: dict[str, tuple[str, str]] = {
            airport.country: (airport.country_name, airport.continent) for airport in self.all
        }
        """Name and continent by ISO code, of every country that has an airport."""
        self.ids: dict[str, int] = {airport.iata: number for number, airport in enumerate(self.all)}
        served = [airport for airport in self.all if airport.nonstops and airport.busyness]
        self._by_lat = sorted(served, key=lambda airport: airport.lat)
        self._lats = [airport.lat for airport in self._by_lat]
        metros: defaultdict[str, list[Airport]] = defaultdict(list)
        busiest: dict[str, Airport] = {}
        for airport in sorted(served, key=lambda airport: (-airport.busyness, airport.iata)):
            metros[airport.city_code].append(airport)
            busiest.setdefault(airport.country, airport)
        self.metros: dict[str, tuple[Airport, ...]] = {code: tuple(members) for code, members in metros.items()}
        self.busiest_of_country: dict[str, Airport] = busiest

    def near(self, lat: float, lon: float, within_km: float) -> list[NearAirport]:
        """Airports with scheduled non-stops within ``within_km``, busiest first."""
        span = within_km * _DEGREES_PER_KM
        first, last = bisect_left(self._lats, lat - span), bisect_right(self._lats, lat + span)
        shortest_parallel = cos(radians(min(90.0, abs(lat) + span)))
        lon_span = span / shortest_parallel if shortest_parallel > span / 180.0 else 180.0
        found: list[NearAirport] = []
        for airport in self._by_lat[first:last]:
            if abs((airport.lon - lon + 180.0) % 360.0 - 180.0) <= lon_span:
                km = great_circle_km(lat, lon, airport.lat, airport.lon)
                if km <= within_km:
                    found.append(NearAirport(airport, km))
        found.sort(key=lambda near: (-near.airport.busyness, near.km))
        return found
