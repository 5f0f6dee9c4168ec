"""Non-stop destinations: which are flown on the day, by whom, and how well that is known."""

import calendar
import datetime
from collections.abc import Sequence
from itertools import zip_longest

from backend.errors import StepError
from backend.pipeline import Context, Later
from backend.pipelines.escape.atlas import Airport, Atlas, Route, TimetableEntry, block_minutes
from backend.pipelines.escape.models import Departure, Destination, EvidenceClass, Intent, LeftOut, Routes
from shared.events import RowRemoval, RowUpsert

MIN_CONFIDENCE = 0.45
MAX_FLIGHTS = 3
MONTHS = tuple(calendar.month_abbr)  # the module's own formats a date at every look
NETWORK_AS_OF = "2026-08-19"  # the commit that the bundled route network was taken from


async def routes(departure: Departure, later_wish: Later[Intent], atlas: Atlas, ctx: Context) -> Routes:
    """Raises StepError ``no_routes``. The wish is awaited after the look-up: only the weekday depends on it."""
    origin = atlas.airport(departure.iata)
    assert origin is not None, "the departure came from this very atlas"
    async with ctx.call("atlas", "routes", departure=departure.iata, min_confidence=MIN_CONFIDENCE) as call:
        found = atlas.routes_from(departure.iata, MIN_CONFIDENCE)
        call.text = f"{_counted(len(found))} from {departure.iata} in the route network"
        call.as_of = NETWORK_AS_OF
    if not found:
        raise StepError(
            f"No non-stop flight from {departure.name} is known", code="no_routes", hint="Start from another airport."
        )
    day = (await later_wish).depart
    destinations, left_out = flown_on(day, origin, found)
    ctx.rows(
        [
            RowUpsert(id=out.iata, cells={"city": out.city, "airport": out.iata}, state="provisional")
            for out in left_out
        ],
        [RowRemoval(id=out.iata, why=out.why) for out in left_out],
    )
    _explain(day, destinations, left_out, ctx)
    return Routes(day=day, call=call.id, destinations=tuple(destinations), left_out=tuple(left_out))


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
            left_out.append(LeftOut(route.to.iata, route.to.city, "another airport of the city that you leave from"))
        else:
            destinations.append(_destination(origin, route, flights, weekday))
    return destinations, left_out


def _counted(count: int) -> str:
    return "1 non-stop destination" if count == 1 else f"{count or 'No'} non-stop destinations"


def _explain(
    day: datetime.date, destinations: Sequence[Destination], left_out: Sequence[LeftOut], ctx: Context
) -> None:
    timed = sum(destination.evidence == "timetable" for destination in destinations)
    untimed = len(destinations) - timed
    if timed:
        ctx.log(f"With times from a sample of 2013 to 2019, real then and not today's plan: {timed}.")
    if untimed:
        ctx.log(f"Without a timetable, so that times and weekdays are not known: {untimed}.")
    days = f" on {calendar.day_name[day.weekday()]}" if timed or not untimed else ", weekdays not known"
    ctx.say(f"{_counted(len(destinations))}{days}" + (f", {len(left_out)} left out" if left_out else ""))


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
    since = f" {_month(route.last_change)}" if route.last_change else ""
    if numbers := _numbers(route):
        return "network", tuple(numbers), f"network{since}"
    return "route", (), f"route only{since}"


def _newest(entries: Sequence[TimetableEntry]) -> list[TimetableEntry]:
    """Those of the newest sample alone: two years' flights side by side would be a day that never was."""
    newest = max(entry.valid_to for entry in entries)
    return [entry for entry in entries if entry.valid_to == newest]


def _over_the_day(entries: Sequence[TimetableEntry]) -> list[TimetableEntry]:
    """Up to MAX_FLIGHTS by departure, from the first to the last of the day: the three earliest would hide the rest."""
    by_time = sorted(entries, key=lambda entry: (entry.dep_minute, entry.flight))
    if len(by_time) <= MAX_FLIGHTS:
        return by_time
    return [by_time[round(index * (len(by_time) - 1) / (MAX_FLIGHTS - 1))] for index in range(MAX_FLIGHTS)]


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
    return _month((newest.year, newest.month))


def _month(year_month: tuple[int, int]) -> str:
    return f"{MONTHS[year_month[1]]} {year_month[0]}"
