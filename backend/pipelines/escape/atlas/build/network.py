"""Airports, airlines and the packed departures of each airport."""

import sqlite3
from collections import defaultdict
from collections.abc import Mapping

from backend.pipelines.escape.atlas.build.sources import Sources
from backend.pipelines.escape.atlas.build.timetable import read_timetable
from backend.pipelines.escape.atlas.build.towns import Towns
from backend.pipelines.escape.atlas.geo import great_circle_km
from backend.pipelines.escape.atlas.records import TimetableEntry
from backend.pipelines.escape.atlas.routes import ENCODER, PackedCarrier, PackedRoute, pack_month

Pair = tuple[str, str]


# Codes of their own in the gazetteer that the table of countries leaves out.
_MORE_COUNTRIES = (("AX", "Åland Islands", "EU"), ("SJ", "Svalbard and Jan Mayen", "EU"))


def write_countries(sources: Sources, out: sqlite3.Connection) -> None:
    """Fill ``country``."""
    listed = {row["code"]: (row["name"], row["continent"]) for row in sources.rows("countries.csv")}
    for code, *about in _MORE_COUNTRIES:
        listed.setdefault(code, (about[0], about[1]))
    rows = [(number, code, *listed[code]) for number, code in enumerate(sorted(listed))]
    out.executemany("INSERT INTO country VALUES (?, ?, ?, ?)", rows)


def write_airports(sources: Sources, out: sqlite3.Connection, zones: Mapping[str, int], towns: Towns) -> dict[str, int]:
    """Fill ``airport``; return the airports' ids."""
    rows = sorted(sources.rows("airports.csv"), key=lambda row: row["iata"])
    ids = {row["iata"]: number for number, row in enumerate(rows)}
    out.executemany(
        "INSERT INTO airport VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [_airport(ids[row["iata"]], row, zones[row["tz"]], towns.shown(row)) for row in rows],
    )
    return ids


def _airport(number: int, row: dict[str, str], zone: int, town: str) -> tuple[object, ...]:
    return (
        number,
        row["iata"],
        row["icao"],
        row["name"],
        town,
        row["city_code"] or row["iata"],
        row["country"],
        round(float(row["lat"]) * 1e5),
        round(float(row["lon"]) * 1e5),
        int(row["elevation_m"]) if row["elevation_m"] else None,
        zone,
        int(row["busyness"] or 0),
        row["busyness_basis"],
        int(row["nonstop_destinations"] or 0),
    )


def write_airlines(sources: Sources, out: sqlite3.Connection) -> None:
    """Fill ``airline`` with today's holders of each code, ``former_airline`` with those of the timetables."""
    for row in sources.rows("airlines.csv"):
        if row["status"].startswith("historical"):
            out.execute("INSERT INTO former_airline VALUES (?, ?)", (row["iata"], row["name"]))
        if row["primary"] == "1":
            out.execute("INSERT INTO airline VALUES (?, ?)", (row["iata"], row["name"]))


def write_departures(sources: Sources, out: sqlite3.Connection, airports: Mapping[str, int]) -> None:
    """Fill ``departures``: all routes of an airport in one row, nearest first."""
    carriers = _carriers(sources)
    timetable = read_timetable(sources.rows("timetable_us.csv"))
    minutes = _block_minutes(sources)
    lengths = _Lengths(out)
    departures: defaultdict[str, list[PackedRoute]] = defaultdict(list)
    for row in sources.rows("routes.csv"):
        pair = row["from"], row["to"]
        departures[row["from"]].append(
            _route(
                row,
                lengths.km(*pair),
                carriers.get(pair, ()),
                timetable.get(pair, ()),
                minutes.get(pair, 0.0),
            )
        )
    for iata in sorted(departures):
        routes = sorted(departures[iata], key=lambda route: (route.km, route.to))
        out.execute("INSERT INTO departures VALUES (?, ?)", (airports[iata], ENCODER.encode(routes)))


class _Lengths:
    """Great circles from the airports' own positions.

    The source's lengths to Luanda's new airport still rest on a latitude of the wrong sign.
    """

    def __init__(self, out: sqlite3.Connection) -> None:
        rows = out.execute("SELECT iata, lat / 1e5, lon / 1e5 FROM airport")
        self._positions: dict[str, tuple[float, float]] = {iata: (lat, lon) for iata, lat, lon in rows}

    def km(self, start: str, end: str) -> int:
        return round(great_circle_km(*self._positions[start], *self._positions[end]))


def _route(
    row: dict[str, str],
    km: int,
    carriers: tuple[PackedCarrier, ...],
    timetable: tuple[TimetableEntry, ...],
    minutes: float,
) -> PackedRoute:
    return PackedRoute(
        to=row["to"],
        km=km,
        percent=round(float(row["confidence"]) * 100),
        month=pack_month(row["last_change"]),
        block_tenths=round(minutes * 10),
        carriers=carriers,
        timetable=timetable,
    )


def _carriers(sources: Sources) -> dict[Pair, tuple[PackedCarrier, ...]]:
    numbers: defaultdict[Pair, defaultdict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    months: defaultdict[tuple[Pair, str], int] = defaultdict(int)
    for row in sources.rows("flight_numbers.csv"):
        pair, code = (row["from"], row["to"]), row["airline"]
        listed = numbers[pair][code]
        # The others are radio callsigns, which nobody could book.
        if row["is_flight_number"] == "1" and row["number"] not in listed:
            listed.append(row["number"])
        months[pair, code] = max(months[pair, code], pack_month(row["last_change"]))
    packed = {}
    for pair, by_code in numbers.items():
        found = [PackedCarrier(code, tuple(listed), months[pair, code]) for code, listed in by_code.items()]
        # The airline with most flights first; the source has them by code.
        packed[pair] = tuple(sorted(found, key=lambda c: (-len(c.numbers), -c.month, c.code)))
    return packed


def _block_minutes(sources: Sources) -> dict[Pair, float]:
    """Mean scheduled minutes of each pair over all samples, weighted by their flights."""
    totals: defaultdict[Pair, list[float]] = defaultdict(lambda: [0.0, 0.0])
    for row in sources.rows("block_times.csv"):
        total = totals[row["from"], row["to"]]
        total[0] += float(row["block_min_mean"]) * int(row["flights"])
        total[1] += int(row["flights"])
    return {pair: minutes / flights for pair, (minutes, flights) in totals.items()}
