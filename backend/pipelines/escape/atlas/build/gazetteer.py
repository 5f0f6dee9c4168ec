"""Cities, time zones and the table of names under which a place is found."""

import sqlite3
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from math import log10
from typing import NamedTuple

from backend.pipelines.escape.atlas.build.sources import SourceError, Sources
from backend.pipelines.escape.atlas.build.towns import Towns
from backend.pipelines.escape.atlas.folding import fold, spellings
from backend.pipelines.escape.atlas.geo import great_circle_km
from backend.pipelines.escape.atlas.places import AIRPORT, ALTERNATIVE, CITY, COUNTRY, OWN, TOWN, cell_of

OWN_AIRPORT_KM = 80.0
SAME_TOWN_KM = 60.0

_NOISE = frozenset(
    {"airport", "international", "intl", "regional", "municipal", "national", "domestic", "airfield", "field"}
    | {"aeropuerto", "aeroporto", "aeroport", "internacional", "flughafen"}
)


class City(NamedTuple):
    name: str
    country: str
    admin1: str
    lat: float
    lon: float
    population: int
    tz: str
    names: frozenset[str]
    alternatives: frozenset[str]


class Port(NamedTuple):
    number: int
    name: str
    towns: frozenset[str]
    lat: float
    lon: float
    busyness: int


def read_cities(sources: Sources) -> list[City]:
    """All cities, neighbours together; their place in the list is their id."""
    cities = [_city(row) for row in sources.rows("cities.csv")]
    return sorted(cities, key=lambda c: (cell_of(c.lat, c.lon), -c.population, c.name, c.lat, c.lon))


def _written(name: str) -> set[str]:
    """The names in one: "Halle (Saale)" is Halle too, "Donostia / San Sebastián" is both."""
    return {name, name.partition(" (")[0], *name.split(" / ")}


def _city(row: dict[str, str]) -> City:
    own = frozenset(f for name in _written(row["name"]) for f in spellings(name) if f)
    alternatives = frozenset(f for name in row["alt_names"].split(";") for f in spellings(name) if f) - own
    return City(
        row["name"],
        row["country"],
        row["admin1"],
        float(row["lat"]),
        float(row["lon"]),
        int(row["population"]),
        row["tz"],
        own,
        alternatives,
    )


def spelling_near(cities: list[City]) -> Callable[[str, float, float], str | None]:
    """A function that gives the gazetteer's spelling of a name: "Malaga" is "Málaga" near Málaga."""
    by_name: defaultdict[str, list[City]] = defaultdict(list)
    for city in cities:
        by_name[fold(city.name)].append(city)

    def spelled(name: str, lat: float, lon: float) -> str | None:
        near = [c for c in by_name.get(fold(name), ()) if great_circle_km(lat, lon, c.lat, c.lon) <= OWN_AIRPORT_KM]
        return max(near, key=lambda c: c.population).name if near else None

    return spelled


def write_zones(sources: Sources, out: sqlite3.Connection, cities: list[City]) -> dict[str, int]:
    """Fill ``zone`` with every name of a time zone, old ones too, and its principal place; return the ids."""
    principal = {row["tz"]: row for row in sources.rows("timezones.csv")}
    links = {row["link"]: row["tz"] for row in sources.rows("tz_links.csv")}
    towns: defaultdict[str, list[int]] = defaultdict(list)
    for number, city in enumerate(cities):
        towns[city.tz].append(number)
    known = set(principal) | set(towns)
    names = sorted(known | {link for link, target in links.items() if target in known})
    names += sorted({row["tz"] for row in sources.rows("airports.csv")} - set(names))
    for number, tz in enumerate(names):
        target = tz if tz in known else links.get(tz, tz)
        out.execute(
            "INSERT INTO zone VALUES (?, ?, ?, ?, ?, ?)",
            (number, tz, *_place(target, principal, towns, cities)),
        )
    return {tz: number for number, tz in enumerate(names)}


def _place(
    tz: str, principal: Mapping[str, dict[str, str]], towns: Mapping[str, list[int]], cities: list[City]
) -> tuple[str | None, int | None, float | None, float | None]:
    """Country, city and position of a zone: the city it is named after, or else its largest."""
    if tz in towns:
        named = fold(tz.rpartition("/")[2])
        best = max(
            towns[tz],
            key=lambda n: (named in cities[n].names | cities[n].alternatives, cities[n].population, -n),
        )
        return cities[best].country, best, cities[best].lat, cities[best].lon
    if tz in principal:
        row = principal[tz]
        return row["countries"].split(",")[0], None, float(row["lat"]), float(row["lon"])
    return None, None, None, None


def write_places(
    sources: Sources,
    out: sqlite3.Connection,
    cities: list[City],
    zones: Mapping[str, int],
    airports: Mapping[str, int],
    towns: Towns,
) -> None:
    """Fill ``city``, ``region`` and ``name``. Raises SourceError for a city in no known country."""
    ports = _served(sources, airports, towns)
    strange = {city.country for city in cities} - {code for (code,) in out.execute("SELECT code FROM country")}
    if strange:
        raise SourceError(f"cities.csv has countries that nothing names: {', '.join(sorted(strange))}")
    by_town: defaultdict[str, list[Port]] = defaultdict(list)
    for port in ports:
        for town in port.towns:
            by_town[town].append(port)
    for number, city in enumerate(cities):
        weight = round(1000 * (log10(city.population + 1) + 0.4 * log10(_own_seats(city, by_town) + 1)))
        place = round(city.lat * 1e4), round(city.lon * 1e4), city.population, zones[city.tz], weight
        fixed = number, cell_of(city.lat, city.lon), city.name, city.country, city.admin1
        out.execute("INSERT INTO city VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", (*fixed, *place))
    regions = [(r["country"], r["admin1"], r["code"], r["name"], fold(r["name"])) for r in sources.rows("regions.csv")]
    out.executemany("INSERT INTO region VALUES (?, ?, ?, ?, ?)", regions)
    _write_names(sources, out, cities, ports, airports)


def _served(sources: Sources, airports: Mapping[str, int], towns: Towns) -> list[Port]:
    return [
        Port(
            airports[row["iata"]],
            row["name"],
            towns.found_by(row),
            float(row["lat"]),
            float(row["lon"]),
            int(row["busyness"]),
        )
        for row in sources.rows("airports.csv")
        if int(row["nonstop_destinations"] or 0) and int(row["busyness"] or 0)
    ]


def _own_seats(city: City, by_town: Mapping[str, list[Port]]) -> int:
    """Seats a month of the busiest airport that goes by the city's name and is near it."""
    return max(
        (
            port.busyness
            for name in city.names | city.alternatives
            for port in by_town.get(name, ())
            if _near(city, port, OWN_AIRPORT_KM)
        ),
        default=0,
    )


def _near(city: City, port: Port, km: float) -> bool:
    return abs(city.lat - port.lat) < 1 and great_circle_km(city.lat, city.lon, port.lat, port.lon) <= km


def _write_names(
    sources: Sources,
    out: sqlite3.Connection,
    cities: list[City],
    ports: Iterable[Port],
    airports: Mapping[str, int],
) -> None:
    names: dict[tuple[str, int, int], int] = {}
    by_name: defaultdict[str, list[int]] = defaultdict(list)
    for number, city in enumerate(cities):
        names |= {(name, CITY, number): ALTERNATIVE for name in city.alternatives}
        names |= {(name, CITY, number): OWN for name in city.names}
        for name in city.names | city.alternatives:
            by_name[name].append(number)
    for port in ports:
        names |= _port_names(port, cities, by_name)
    countries = dict(out.execute("SELECT code, id FROM country"))
    for code, name in out.execute("SELECT code, name FROM country ORDER BY code"):
        names[fold(name), COUNTRY, countries[code]] = OWN
    for row in sources.rows("aliases.csv"):
        kind, ref = _alias_target(row, cities, by_name, airports, countries)
        names |= {(form, kind, ref): OWN for form in spellings(row["alias"])}
    out.executemany("INSERT INTO name VALUES (?, ?, ?, ?)", sorted((*key, form) for key, form in names.items()))


def _port_names(port: Port, cities: list[City], by_name: Mapping[str, list[int]]) -> dict[tuple[str, int, int], int]:
    """An airport's town where the gazetteer lacks it, its name, and its name without the town: "heathrow"."""

    def is_city(name: str) -> bool:
        return any(_near(cities[n], port, SAME_TOWN_KM) for n in by_name.get(name, ()))

    found = {(town, AIRPORT, port.number): TOWN for town in port.towns if not is_city(town)}
    words = [word for word in fold(port.name).split() if word not in _NOISE]
    town_words = {word for town in port.towns for word in town.split()}
    shorter = " ".join(word for word in words if word not in town_words)
    for name in (" ".join(words), shorter):
        if len(name) >= 4 and not is_city(name) and name not in port.towns:
            found[name, AIRPORT, port.number] = OWN
    return found


def _alias_target(
    row: dict[str, str],
    cities: list[City],
    by_name: Mapping[str, list[int]],
    airports: Mapping[str, int],
    countries: Mapping[str, int],
) -> tuple[int, int]:
    target = row["target"]
    try:
        if row["kind"] == "airport":
            return AIRPORT, airports[target]
        if row["kind"] == "country":
            return COUNTRY, countries[target]
        named = [n for n in by_name[fold(target)] if cities[n].country == row["country"]]
        return CITY, max(named, key=lambda n: cities[n].population)
    except (KeyError, ValueError) as error:
        raise SourceError(f"alias {row['alias']!r} names {row['kind']} {target!r}, which there isn't") from error
