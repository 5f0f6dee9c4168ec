"""AirLabs' rows as flights: a weekly timetable without dates, in which a flight stands once for each airline that
sells it, and may stand there still long after its last departure."""

import datetime
from collections.abc import Callable, Iterable, Sequence

import msgspec

from backend.pipelines.escape.sources import fields
from backend.pipelines.escape.sources.fields import Json

WEEKDAYS = {name: number for number, name in enumerate(("mon", "tue", "wed", "thu", "fri", "sat", "sun"), 1)}
MINUTES_A_DAY = 24 * 60


class Flight(msgspec.Struct, frozen=True, gc=False):
    """A flight as its operator numbers it. ``dep_minute``: minutes after local midnight; ``days``: ISO weekdays by the
    local day of departure, none if not told; ``minutes`` from gate to gate as scheduled; ``counter``: how often it was
    seen, ``updated`` when last; ``call``: the id of the evidence. ``sold``: known from another airline's row only."""

    number: str
    airline: str | None
    to: str
    dep_minute: int | None
    minutes: int | None
    days: frozenset[int]
    counter: int | None
    updated: datetime.date | None
    call: str
    sold: bool = False

    @property
    def shown(self) -> str:
        """``ZZ412 23:10``."""
        if self.dep_minute is None:
            return self.number
        return f"{self.number} {self.dep_minute // 60:02d}:{self.dep_minute % 60:02d}"


def flights_of(rows: Iterable[Json], leaving: str, call: str, iata_of: Callable[[str], str | None]) -> list[Flight]:
    """What the rows of one page say of flights that leave ``leaving``; rows without number or destination are dropped.

    ``iata_of`` knows airports by ICAO code, for rows that have no other.
    """
    found = (_flight(row, leaving, call, iata_of) for row in rows)
    return [flight for flight in found if flight is not None]


def _flight(row: Json, leaving: str, call: str, iata_of: Callable[[str], str | None]) -> Flight | None:
    operator, number = _operated(row)
    to = fields.iata(row.get("arr_iata")) or iata_of(fields.code(row.get("arr_icao")) or "")
    starts = fields.iata(row.get("dep_iata")) or leaving
    if number is None or to is None or to == leaving or starts != leaving:
        return None
    return Flight(
        number=number,
        airline=operator,
        to=to,
        dep_minute=fields.clock(row.get("dep_time")),
        minutes=_minutes(row),
        days=frozenset(WEEKDAYS[day] for day in map(_weekday, fields.items(row.get("days"))) if day in WEEKDAYS),
        counter=fields.integer(row.get("counter"), 0, 10**9),
        updated=fields.day(row.get("updated")),
        call=call,
        sold=_is_sold(row),
    )


def _is_sold(row: Json) -> bool:
    return any(row.get(key) is not None for key in ("cs_flight_iata", "cs_airline_iata", "cs_flight_number"))


def _operated(row: Json) -> tuple[str | None, str | None]:
    """The airline that flies it and its number; carriers without an IATA code go by their ICAO forms."""
    if _is_sold(row):
        airline = fields.code(row.get("cs_airline_iata"))
        digits = fields.text(row.get("cs_flight_number"), 5)
        number = fields.code(row.get("cs_flight_iata")) or fields.code(
            f"{airline}{digits}" if airline and digits else 0
        )
        if number is not None:
            return airline or number[:2], number
    airline = fields.code(row.get("airline_iata")) or fields.code(row.get("airline_icao"))
    return airline, fields.code(row.get("flight_iata")) or fields.code(row.get("flight_icao"))


def _weekday(name: object) -> str:
    return name.strip().lower()[:3] if isinstance(name, str) else ""


def _minutes(row: Json) -> int | None:
    """The scheduled duration, else what lies between the clocks in UTC; 0 would be neither."""
    stated = fields.integer(row.get("duration"), 1, MINUTES_A_DAY)
    if stated is not None:
        return stated
    leaves, lands = fields.clock(row.get("dep_time_utc")), fields.clock(row.get("arr_time_utc"))
    if leaves is None or lands is None:
        return None
    return (lands - leaves) % MINUTES_A_DAY or None


def merged(flights: Sequence[Flight]) -> list[Flight]:
    """One for each flight, destination and time of departure: the operator's own row before those of who sells it, of
    several the newest; with all their days."""
    by_key: dict[tuple[str, str, int | None], list[Flight]] = {}
    for flight in flights:
        by_key.setdefault((flight.number, flight.to, flight.dep_minute), []).append(flight)
    return [_one(same) for same in by_key.values()]


def _one(same: Sequence[Flight]) -> Flight:
    best = min(same, key=lambda flight: (flight.sold, -_ordinal(flight.updated)))
    if len(same) == 1:
        return best
    lasting = next((flight.minutes for flight in (best, *same) if flight.minutes is not None), None)
    return msgspec.structs.replace(
        best,
        minutes=lasting,
        days=frozenset().union(*(flight.days for flight in same)),
        counter=max((flight.counter for flight in same if flight.counter is not None), default=None),
        updated=max((flight.updated for flight in same if flight.updated is not None), default=None),
    )


def once_a_day(flights: Sequence[Flight]) -> list[Flight]:
    """Of a number that stands there with several times for the same day, the newest: it leaves once."""
    newest: dict[str, Flight] = {}
    for flight in flights:
        other = newest.get(flight.number)
        if other is None or _freshness(flight) > _freshness(other):
            newest[flight.number] = flight
    return sorted(
        newest.values(), key=lambda flight: (flight.dep_minute is None, flight.dep_minute or 0, flight.number)
    )


def _freshness(flight: Flight) -> tuple[int, int, int]:
    minute = -1 if flight.dep_minute is None else flight.dep_minute
    return _ordinal(flight.updated), flight.counter or 0, -minute


def _ordinal(day: datetime.date | None) -> int:
    return 0 if day is None else day.toordinal()
