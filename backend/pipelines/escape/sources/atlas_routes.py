"""The bundled route network: real routes and numbers, times where an open timetable has the pair, no live plan."""

import calendar
import datetime
from collections.abc import Sequence
from functools import lru_cache
from itertools import zip_longest
from typing import TypeVar

from backend.pipeline import Call, Context
from backend.pipelines.escape.atlas import Airport, Atlas, Route, TimetableEntry, block_minutes
from backend.pipelines.escape.models import Departure, Destination, EvidenceClass, LeftOut
from backend.pipelines.escape.sources.facts import Found

T = TypeVar("T")

MIN_CONFIDENCE = 0.45
MAX_FLIGHTS = 3
MOST_KEPT = 16  # departures; the largest, each on all days of the week, are 1 MB a piece
MONTHS = tuple(calendar.month_abbr)  # the module's own formats a date at every look
AS_OF = "2026-08-19"  # the commit that the bundled route network was taken from
SAME_CITY = "another airport of the city that you leave from"


class AtlasRoutes:
    """The atlas as a source of non-stops (``RouteSource``)."""

    id = "embedded"
    name = "atlas"
    spoken = "the atlas"

    def __init__(self, atlas: Atlas, networks: "AtlasNetworks") -> None:
        self._atlas, self._networks = atlas, networks

    async def routes_from(self, departure: Departure, ctx: Context, call: Call) -> Found | None:
        """None for an airport that it has no routes from."""
        network = self._networks.of(self._atlas, departure.iata)
        count = 0 if network is None else len(network)
        call.text = f"{counted(count)} from {departure.iata} in the route network"
        call.as_of = AS_OF
        return Found(network, call.id, count) if network is not None else None


class AtlasNetwork:
    """The non-stops of one airport in the atlas (``Network``); its length is how many there are.

    The bundled timetable is the same every week, so that a day of the week is worked out once.
    """

    def __init__(self, origin: Airport, routes: Sequence[Route]) -> None:
        self._origin, self._routes = origin, routes
        self._weekdays: dict[int, tuple[tuple[Destination, ...], tuple[LeftOut, ...]]] = {}

    def __len__(self) -> int:
        return len(self._routes)

    def flown_on(self, day: datetime.date) -> tuple[list[Destination], list[LeftOut]]:
        """Those that may be flown on ``day``, and the others, each with the reason."""
        weekday = day.isoweekday()
        if (known := self._weekdays.get(weekday)) is None:
            destinations, left_out = flown_on(day, self._origin, self._routes)
            known = self._weekdays[weekday] = tuple(destinations), tuple(left_out)
        return list(known[0]), list(known[1])


class AtlasNetworks:
    """The networks of the departures that were asked for last, for all runs of a server: the atlas never changes.

    Reading them and working them out was a quarter of the CPU time of a run.
    """

    def __init__(self) -> None:
        self._latest = lru_cache(MOST_KEPT)(_network)

    def of(self, atlas: Atlas, iata: str) -> AtlasNetwork | None:
        """None for an airport that the atlas has no routes from."""
        return self._latest(atlas, iata)


def _network(atlas: Atlas, iata: str) -> AtlasNetwork | None:
    origin, routes = atlas.airport(iata), atlas.routes_from(iata, MIN_CONFIDENCE)
    return AtlasNetwork(origin, routes) if origin is not None and routes else None


def flown_on(day: datetime.date, origin: Airport, found: Sequence[Route]) -> tuple[list[Destination], list[LeftOut]]:
    """Those of the routes from ``origin`` that may be flown on ``day``, and the others, each with the reason."""
    weekday = day.isoweekday()
    destinations, left_out = [], []
    for route in found:
        flights = [entry for entry in route.timetable if entry.flies_on(weekday) is not False]
        if route.timetable and not flights:
            why = f"no flight on a {calendar.day_name[weekday - 1]} in the timetable of {_dated(route.timetable)}"
            left_out.append(LeftOut(route.to.iata, route.to.city, why))
        elif route.to.city_code == origin.city_code:
            left_out.append(LeftOut(route.to.iata, route.to.city, SAME_CITY))
        else:
            destinations.append(_destination(origin, route, flights, weekday))
    return destinations, left_out


def counted(count: int) -> str:
    """``1 non-stop destination``, ``No non-stop destinations``."""
    return "1 non-stop destination" if count == 1 else f"{count or 'No'} non-stop destinations"


def month_of(year: int, month: int) -> str:
    """``Oct 2026``."""
    return f"{MONTHS[month]} {year}"


def first_to_last(by_time: Sequence[T]) -> list[T]:
    """Up to MAX_FLIGHTS, from the first to the last of the day: the three earliest would hide the rest."""
    if len(by_time) <= MAX_FLIGHTS:
        return list(by_time)
    return [by_time[round(index * (len(by_time) - 1) / (MAX_FLIGHTS - 1))] for index in range(MAX_FLIGHTS)]


def _destination(origin: Airport, route: Route, entries: Sequence[TimetableEntry], weekday: int) -> Destination:
    evidence, flights, known = _flights(route, entries, weekday)
    if entries:
        minutes = sum(entry.block_min for entry in entries) / len(entries)
    else:
        minutes = route.block_min or block_minutes(origin, route.to, route.km)
    return Destination(
        iata=route.to.iata,
        city=route.to.city,
        airport=route.to.name,
        country=route.to.country_name,
        lat=round(route.to.lat, 4),
        lon=round(route.to.lon, 4),
        km=round(route.km),
        minutes=round(minutes),
        estimated=not entries and not route.block_min,
        airlines=tuple(dict.fromkeys(carrier.name or carrier.code for carrier in route.carriers)),
        flights=flights,
        evidence=evidence,
        known=known,
    )


def _flights(
    route: Route, entries: Sequence[TimetableEntry], weekday: int
) -> tuple[EvidenceClass, tuple[str, ...], str]:
    """Class of evidence, up to MAX_FLIGHTS flights, and the words for it. Only a timetable gives a time."""
    if entries:
        sure = [entry for entry in entries if entry.flies_on(weekday)]
        shown = _over_the_day(_newest(sure or entries))
        unsure = "" if sure else ", day unsure"
        return (
            "timetable",
            tuple(f"{entry.flight} {entry.dep}" for entry in shown),
            f"timetable {_dated(shown)}{unsure}",
        )
    since = f" {month_of(*route.last_change)}" if route.last_change else ""
    if numbers := _numbers(route):
        return "network", tuple(numbers), f"network{since}"
    return "route", (), f"route only{since}"


def _newest(entries: Sequence[TimetableEntry]) -> list[TimetableEntry]:
    """Those of the newest sample alone: two years' flights side by side would be a day that never was."""
    newest = max(entry.valid_to for entry in entries)
    return [entry for entry in entries if entry.valid_to == newest]


def _over_the_day(entries: Sequence[TimetableEntry]) -> list[TimetableEntry]:
    return first_to_last(sorted(entries, key=lambda entry: (entry.dep_minute, entry.flight)))


def _numbers(route: Route) -> list[str]:
    """Up to MAX_FLIGHTS numbers, one of each airline before the second of any; airlines come with most flights first.

    The same digits under another airline are the same flight: its codeshare, or its operator's own name for it.
    """
    numbers: dict[str, str] = {}
    for of_each_airline in zip_longest(*(carrier.numbers for carrier in route.carriers)):
        for carrier, number in zip(route.carriers, of_each_airline, strict=True):
            if number is not None:
                numbers.setdefault(number.lstrip("0"), carrier.code + number)
        if len(numbers) >= MAX_FLIGHTS:
            break
    return list(numbers.values())[:MAX_FLIGHTS]


def _dated(entries: Sequence[TimetableEntry]) -> str:
    newest = max(entry.valid_to for entry in entries)
    return month_of(newest.year, newest.month)
