"""Non-stop destinations: which are flown on the day, by whom, and how well that is known."""

import calendar
from collections.abc import Sequence

from backend.errors import StepError
from backend.pipeline import Context, Later
from backend.pipelines.escape.atlas import Airport, Atlas, Route, TimetableEntry, block_minutes
from backend.pipelines.escape.models import Departure, Destination, EvidenceClass, Intent, LeftOut, Routes
from shared.events import RowRemoval, RowUpsert

MIN_CONFIDENCE = 0.45
MAX_FLIGHTS = 3


async def routes(departure: Departure, later_wish: Later[Intent], atlas: Atlas, ctx: Context) -> Routes:
    """Raises StepError ``no_routes``. The wish is awaited after the look-up: only the weekday depends on it."""
    origin = atlas.airport(departure.iata)
    assert origin is not None, "the departure came from this very atlas"
    async with ctx.call("atlas", "routes", departure=departure.iata, min_confidence=MIN_CONFIDENCE) as call:
        found = atlas.routes_from(departure.iata, MIN_CONFIDENCE)
        call.text = f"{len(found)} non-stops from {departure.iata} in the route network"
        newest = max((route.last_change for route in found if route.last_change), default=None)
        call.as_of = f"{newest[0]}-{newest[1]:02d}" if newest else None
    if not found:
        raise StepError(
            f"No non-stop flight from {departure.name} is known", code="no_routes", hint="Start from another airport."
        )
    day = (await later_wish).depart
    weekday = day.isoweekday()
    destinations, left_out = [], []
    for route in found:
        flights = [entry for entry in route.timetable if entry.flies_on(weekday) is not False]
        if route.timetable and not flights:
            left_out.append(_not_that_day(route, weekday))
        else:
            destinations.append(_destination(origin, route, flights, weekday))
    ctx.rows(
        [
            RowUpsert(id=out.iata, cells={"city": out.city, "airport": out.iata}, state="provisional")
            for out in left_out
        ],
        [RowRemoval(id=out.iata, why=out.why) for out in left_out],
    )
    timed = sum(destination.evidence == "timetable" for destination in destinations)
    ctx.log(f"{timed} with departure times from a timetable sample, {len(destinations) - timed} without any.")
    ctx.say(f"{len(destinations)} non-stop destinations on {calendar.day_name[weekday - 1]}")
    return Routes(day=day, call=call.id, destinations=tuple(destinations), left_out=tuple(left_out))


def _not_that_day(route: Route, weekday: int) -> LeftOut:
    why = f"no flight on a {calendar.day_name[weekday - 1]} in the timetable of {_dated(route.timetable)}"
    return LeftOut(route.to.iata, route.to.city, why)


def _destination(origin: Airport, route: Route, entries: Sequence[TimetableEntry], weekday: int) -> Destination:
    evidence, flights, known = _flights(route, entries, weekday)
    scheduled: list[float] = [entry.block_min for entry in entries] or ([route.block_min] if route.block_min else [])
    minutes = sum(scheduled) / len(scheduled) if scheduled else block_minutes(origin, route.to, route.km)
    return Destination(
        iata=route.to.iata,
        city=route.to.city,
        airport=route.to.name,
        country=route.to.country_name,
        lat=round(route.to.lat, 4),
        lon=round(route.to.lon, 4),
        km=round(route.km),
        minutes=round(minutes),
        estimated=not scheduled,
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
        sure_first = sorted(entries, key=lambda entry: (entry.flies_on(weekday) is None, -entry.valid_to.toordinal()))
        shown = sorted(sure_first[:MAX_FLIGHTS], key=lambda entry: entry.dep_minute)
        return "timetable", tuple(f"{entry.flight} {entry.dep}" for entry in shown), f"timetable {_dated(shown)}"
    # One number of each airline before the second of any, as the airlines come: most flights first.
    ranks = max((len(carrier.flights) for carrier in route.carriers), default=0)
    numbers = [
        carrier.flights[rank] for rank in range(ranks) for carrier in route.carriers if rank < len(carrier.flights)
    ]
    year_month = route.last_change
    since = f" {calendar.month_abbr[year_month[1]]} {year_month[0]}" if year_month else ""
    if numbers:
        return "network", tuple(numbers[:MAX_FLIGHTS]), f"network{since}"
    return "route", (), f"route only{since}"


def _dated(entries: Sequence[TimetableEntry]) -> str:
    newest = max(entry.valid_to for entry in entries)
    return f"{calendar.month_abbr[newest.month]} {newest.year}"
