"""Places by name, by code, by time zone, by address and by position.

Nothing here chooses between places of one name: that is the search's part, and its caller shows the others.
"""

from math import cos, floor, log10, radians
from typing import Any, NamedTuple

from msgspec.structs import replace

from backend.pipelines.escape.atlas.airports import Airports
from backend.pipelines.escape.atlas.database import Database
from backend.pipelines.escape.atlas.folding import fold
from backend.pipelines.escape.atlas.geo import great_circle_km
from backend.pipelines.escape.atlas.geoip import AddressTable
from backend.pipelines.escape.atlas.records import Airport, PlaceMatch

# Kinds and forms of a row in the table of names.
CITY, AIRPORT, COUNTRY = 0, 1, 2
OWN, ALTERNATIVE, TOWN = 0, 1, 2

_CITY = (
    "SELECT c.name, c.country, c.admin1, c.lat / 1e4, c.lon / 1e4, c.population, z.tz, c.weight{more}"
    " FROM city c JOIN zone z ON z.id = c.zone "
)
# Standing, as decimal logarithms of a population: a town of 30,000, a city of 300,000 (each with its
# airport's seats added as they are to a city), a country. "Georgia" is the country, "Singapore" and
# "Luxembourg" the city.
_LIKE_A_TOWN, _LIKE_A_CITY, _COUNTRY = 4.5, 5.5, 6.8
# Alternative names hold much that only looks alike: "Cancun" is one of Changchun's, "Victoria" of Hong
# Kong's.
_ALTERNATIVE_COSTS = 2.2

_REACHES = (1, 4, 16)  # degrees round a position, tried in turn
_HARDLY_FARTHER_KM = 25.0


class Region(NamedTuple):
    """A country, or (``admin1``) a part of one, as a person writes it behind a comma."""

    country: str
    admin1: str | None


class Named(NamedTuple):
    """A match and its standing: the decimal logarithm of a population, more or less."""

    match: PlaceMatch
    weight: float
    admin1: str | None


def standing(airport: Airport, base: float = _LIKE_A_TOWN) -> float:
    """How much an airport weighs among places of one name; a city gets the same for its own airport."""
    return base + 0.4 * log10(airport.busyness + 1)


def cell_of(lat: float, lon: float) -> int:
    """The number of the square degree round a position."""
    return (floor(lat) + 90) * 360 + (floor(lon) + 180) % 360


def airport_place(airport: Airport, typed: str, kind: Any = "airport") -> PlaceMatch:
    """An airport as a place; ``kind`` "country" or "metro" if it only stands for one."""
    return PlaceMatch(
        kind=kind,
        name=airport.country_name if kind == "country" else airport.city,
        country=airport.country,
        country_name=airport.country_name,
        admin1=None,
        lat=airport.lat,
        lon=airport.lon,
        tz=airport.tz,
        population=0,
        iata=airport.iata if kind == "airport" else None,
        airports=(airport.iata,),
        matched=typed,
    )


class Places:
    def __init__(self, database: Database, airports: Airports) -> None:
        self._database = database
        self._airports = airports
        self._addresses = AddressTable(database)
        countries = database.rows("SELECT id, code, name FROM country")
        self._codes: dict[int, str] = {number: code for number, code, _ in countries}
        self._countries: dict[str, str] = {code: name for _, code, name in countries}
        regions = database.rows("SELECT country, admin1, name, code, folded FROM region")
        self._region_names: dict[tuple[str, str], str] = {(row[0], row[1]): row[2] for row in regions}
        self._regions: dict[str, list[Region]] = {}
        for country, admin1, _, code, folded in regions:
            for written in {fold(code), folded}:
                self._regions.setdefault(written, []).append(Region(country, admin1))

    def named(self, folded: str, typed: str) -> list[Named]:
        """Everything that goes by the ``folded`` name, in no order."""
        sql = _CITY.format(more=", n.form") + "JOIN name n ON n.ref = c.id WHERE n.folded = ? AND n.kind = 0"
        found = [self._named_city(row, typed) for row in self._database.rows(sql, (folded,))]
        others = self._database.rows("SELECT kind, ref, form FROM name WHERE folded = ? AND kind > 0", (folded,))
        for kind, ref, form in others:
            if kind == AIRPORT:
                airport = self._airports.all[ref]
                weight = standing(airport, _LIKE_A_TOWN if form == TOWN else _LIKE_A_CITY)
                found.append(Named(airport_place(airport, typed), weight, None))
            elif (busiest := self._airports.busiest_of_country.get(self._codes[ref])) is not None:
                found.append(Named(airport_place(busiest, typed, "country"), _COUNTRY, None))
        return found

    def _named_city(self, row: tuple[Any, ...], typed: str) -> Named:
        weight = row[7] / 1000 - (_ALTERNATIVE_COSTS if row[8] == ALTERNATIVE else 0.0)
        return Named(self._city(row, typed), weight, row[2])

    def _city(self, row: tuple[Any, ...], typed: str) -> PlaceMatch:
        name, country, admin1, lat, lon, population, tz = row[:7]
        return PlaceMatch(
            kind="city",
            name=name,
            country=country,
            country_name=self._countries[country],
            admin1=self._region_names.get((country, admin1)),
            lat=lat,
            lon=lon,
            tz=tz,
            population=population,
            iata=None,
            airports=(),
            matched=typed,
        )

    def regions(self, written: str) -> list[Region]:
        """The countries and regions that ``written`` may mean: a code, or a name in several languages."""
        folded = fold(written)
        found = list(self._regions.get(folded, ()))
        if folded.upper() in self._countries:
            found.append(Region(folded.upper(), None))
        rows = self._database.rows("SELECT ref FROM name WHERE folded = ? AND kind = ?", (folded, COUNTRY))
        return found + [Region(self._codes[ref], None) for (ref,) in rows]

    def of_tz(self, tz: str) -> PlaceMatch | None:
        """The principal place of a time zone, old names included; None for UTC and unknown ones."""
        # Half a surrogate pair, say, can't even be asked for.
        if not tz.isascii():
            return None
        rows = self._database.rows("SELECT country, city, lat, lon FROM zone WHERE tz = ?", (tz.strip(),))
        if not rows or rows[0][0] is None:
            return None
        country, city, lat, lon = rows[0]
        if city is not None:
            return self._city(self._database.rows(_CITY.format(more="") + "WHERE c.id = ?", (city,))[0], tz)
        name = tz.strip().rpartition("/")[2].replace("_", " ")
        return self._spot(name, country, lat, lon, tz.strip(), tz)

    def _spot(self, name: str, country: str, lat: float, lon: float, tz: str | None, typed: str) -> PlaceMatch:
        """A place that the gazetteer has no city for."""
        named = self._countries.get(country, country)
        return PlaceMatch("city", name, country, named, None, lat, lon, tz, 0, None, (), typed)

    def of_ip(self, address: str) -> PlaceMatch | None:
        """Where a public IPv4 address roughly is, named after a city of the same country nearby."""
        spot = self._addresses.find(address)
        if spot is None:
            return None
        city = self._nearest(spot.lat, spot.lon, address, spot.country)
        if city is None:
            named = self._countries.get(spot.country, spot.country)
            return self._spot(named, spot.country, spot.lat, spot.lon, None, address)
        return replace(city, lat=spot.lat, lon=spot.lon)

    def nearest_city(self, lat: float, lon: float) -> PlaceMatch:
        """The nearest city, or a larger one hardly farther: a suburb goes by its city's name."""
        if not (-90 <= lat <= 90 and -180 <= lon <= 180):
            raise ValueError(f"{lat}, {lon} is not a position: latitude is -90 to 90, longitude -180 to 180 degrees")
        city = self._nearest(lat, lon, f"{lat:g}, {lon:g}", None)
        if city is None:
            raise LookupError("the atlas has no city at all")
        return city

    def _nearest(self, lat: float, lon: float, typed: str, country: str | None) -> PlaceMatch | None:
        for reach in _REACHES:
            best = self._pulling(lat, lon, _cell_ranges(lat, lon, reach), country)
            if best is not None:
                return self._city(best, typed)
        best = self._pulling(lat, lon, [(0, cell_of(90, 179))], country)
        return self._city(best, typed) if best is not None else None

    def _pulling(
        self, lat: float, lon: float, cells: list[tuple[int, int]], country: str | None
    ) -> tuple[Any, ...] | None:
        where = " OR ".join("c.cell BETWEEN ? AND ?" for _ in cells)
        bounds = [bound for pair in cells for bound in pair]
        rows = self._database.rows(_CITY.format(more="") + f"WHERE {where}", bounds)
        measured: list[tuple[float, tuple[Any, ...]]] = [
            (great_circle_km(lat, lon, row[3], row[4]), row) for row in rows if country in (None, row[1])
        ]
        if not measured:
            return None
        limit = min(km for km, _ in measured) + _HARDLY_FARTHER_KM
        near = [(km, row) for km, row in measured if km <= limit]
        return max(near, key=lambda pair: pair[1][5] / (pair[0] + 5) ** 3)[1]


def _cell_ranges(lat: float, lon: float, reach: int) -> list[tuple[int, int]]:
    """The cells within ``reach`` degrees as ranges, a row of them for each degree of latitude."""
    south, north = max(-90, floor(lat) - reach), min(90, floor(lat) + reach)
    span = min(180, round(reach / max(cos(radians(min(89.0, abs(lat) + reach))), 0.01)))
    west, width = (floor(lon) - span + 180) % 360, min(359, 2 * span)
    ranges = []
    for row in range(south, north + 1):
        first = (row + 90) * 360
        ranges.append((first + west, first + min(359, west + width)))
        if west + width > 359:
            ranges.append((first, first + west + width - 360))
    return ranges
