"""The non-stops of one airport by AirLabs' timetable: which are flown on a day, when, and how surely."""

import calendar
import datetime
from collections.abc import Mapping, Sequence
from zoneinfo import ZoneInfo

import msgspec

from backend.pipelines.escape.atlas import Airport, Atlas, block_minutes, great_circle_km
from backend.pipelines.escape.models import Destination, EvidenceClass, LeftOut, Network
from backend.pipelines.escape.sources.airlabs_rows import Flight, once_a_day
from backend.pipelines.escape.sources.atlas_routes import SAME_CITY, first_to_last, month_of

STALE_AFTER = datetime.timedelta(days=366)
"""A row that wasn't seen for a year survived both changes of timetable without being flown."""
RARE = 2
"""Seen so few times, a row may be a charter, a diversion or a mistake."""
FASTEST_KM_A_MINUTE = 20.0
"""1,200 km/h over the ground, gate to gate: no airliner does that; such a duration is a mistake."""


class AirLabsNetwork:
    """AirLabs' timetable of one airport (``Network``). ``today`` is what its rows' age is counted from; ``cut``: part
    of it wasn't read."""

    def __init__(
        self,
        origin: Airport,
        flights: Sequence[Flight],
        airports: Mapping[str, Airport],
        atlas: Atlas,
        today: datetime.date,
        *,
        cut: bool = False,
    ) -> None:
        self._origin, self._airports, self._atlas, self._today, self._cut = origin, airports, atlas, today, cut
        self._by_destination: dict[str, list[Flight]] = {}
        for flight in flights:
            self._by_destination.setdefault(flight.to, []).append(flight)

    def flown_on(self, day: datetime.date) -> tuple[list[Destination], list[LeftOut]]:
        """Those that may be flown on ``day`` (a flight without days may), and the others, each with the reason."""
        destinations, left_out = [], []
        for iata, flights in self._by_destination.items():
            to = self._airports.get(iata)
            if to is None:
                left_out.append(LeftOut(iata, iata, "nobody knows where that airport is"))
            elif to.city_code == self._origin.city_code:
                left_out.append(LeftOut(iata, to.city, SAME_CITY))
            elif flown := self._flown(flights, day):
                destinations.append(self._destination(to, flown, day))
            else:
                part = "the part of AirLabs' timetable that was read" if self._cut else "AirLabs' timetable"
                why = f"no flight on a {calendar.day_name[day.weekday()]} in {part}"
                left_out.append(LeftOut(iata, to.city, why))
        return destinations, left_out

    def _flown(self, flights: Sequence[Flight], day: datetime.date) -> list[Flight]:
        weekday = day.isoweekday()
        return once_a_day([flight for flight in flights if not flight.days or weekday in flight.days])

    def _destination(self, to: Airport, flown: Sequence[Flight], day: datetime.date) -> Destination:
        evidence, shown, known = self._known(flown)
        km = great_circle_km(self._origin.lat, self._origin.lon, to.lat, to.lon)
        scheduled = [one for flight in shown if (one := flight.minutes) and km <= one * FASTEST_KM_A_MINUTE]
        minutes = sum(scheduled) / len(scheduled) if scheduled else block_minutes(self._origin, to, km)
        picked = first_to_last(shown)
        return Destination(
            iata=to.iata,
            city=to.city,
            airport=to.name,
            country=to.country_name,
            lat=round(to.lat, 4),
            lon=round(to.lon, 4),
            km=round(km),
            minutes=round(minutes),
            estimated=not scheduled,
            airlines=self._airlines(shown),
            flights=tuple(flight.shown for flight in picked),
            evidence=evidence,
            known=known,
            call=shown[0].call,
            next_day=all(self._lands_after(day, flight, to, round(minutes)) for flight in shown),
        )

    def _known(self, flown: Sequence[Flight]) -> tuple[EvidenceClass, list[Flight], str]:
        """Class of evidence, the flights to show, and the words. What is surely flown hides what hardly is."""
        sure = [flight for flight in flown if not self._is_stale(flight) and not _is_rare(flight)]
        shown = sure or list(flown)
        seen = max((flight.updated for flight in shown if flight.updated is not None), default=None)
        dated = f" {month_of(seen.year, seen.month)}" if seen is not None else ""
        unsure = "" if any(flight.days for flight in shown) else ", day unsure"
        if sure:
            return "live", shown, f"live timetable{dated}{unsure}"
        rare = ", seen once or twice" if all(map(_is_rare, shown)) else ""
        return "doubtful", shown, f"doubtful timetable{dated}{rare}{unsure}"

    def _is_stale(self, flight: Flight) -> bool:
        return flight.updated is not None and self._today - flight.updated > STALE_AFTER

    def _airlines(self, shown: Sequence[Flight]) -> tuple[str, ...]:
        codes = dict.fromkeys(flight.airline for flight in shown if flight.airline is not None)
        return tuple(dict.fromkeys(self._atlas.airline_name(code) or code for code in codes))

    def _lands_after(self, day: datetime.date, flight: Flight, to: Airport, minutes: int) -> bool:
        if flight.dep_minute is None:
            return False
        leaves = datetime.datetime.combine(day, datetime.time(), ZoneInfo(self._origin.tz))
        leaves = leaves.replace(hour=flight.dep_minute // 60, minute=flight.dep_minute % 60)
        # Through UTC: within one zone, Python adds wall-clock time.
        lands = leaves.astimezone(datetime.UTC) + datetime.timedelta(minutes=flight.minutes or minutes)
        return lands.astimezone(ZoneInfo(to.tz)).date() > day


class CompletedNetwork:
    """A timetable that wasn't read to its end, with the destinations that only another source has (``Network``)."""

    def __init__(self, first: Network, other: Network, call: str) -> None:
        self._first, self._other, self._call = first, other, call

    def flown_on(self, day: datetime.date) -> tuple[list[Destination], list[LeftOut]]:
        """What ``first`` has flown, and of ``other`` what ``first`` doesn't know to be flown."""
        destinations, left_out = self._first.flown_on(day)
        known = {one.iata for one in destinations}
        others, others_left = self._other.flown_on(day)
        more = [msgspec.structs.replace(one, call=self._call) for one in others if one.iata not in known]
        known |= {one.iata for one in more}
        out = {one.iata: one for one in (*others_left, *left_out) if one.iata not in known}
        return destinations + more, list(out.values())


def _is_rare(flight: Flight) -> bool:
    return flight.counter is not None and flight.counter <= RARE
