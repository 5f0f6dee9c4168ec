"""Invented timetables: what is flown from an airport in a week, with every oddity that the real rows have."""

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from backend.pipelines.escape.atlas import great_circle_km
from tests.simulators.places import WorldAirport

WEEK: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


@dataclass(frozen=True)
class Airline:
    iata: str | None
    icao: str


AIRLINES: Final = (Airline("ZZ", "ZZZ"), Airline("YY", "YYY"), Airline("QQ", "QQQ"), Airline("X7", "XVX"))
WITHOUT_IATA: Final = Airline(None, "XNI")
UPDATED: Final = datetime(2026, 10, 14, 14, 34, 48, tzinfo=UTC)


@dataclass(frozen=True)
class Codeshare:
    """The same flight as another airline sells it, on the days that it does."""

    airline: Airline
    number: str
    days: tuple[str, ...]


@dataclass(frozen=True)
class Flight:
    """A flight in the week. ``departs`` is minutes after local midnight, ``minutes`` from gate to gate.

    ``days`` are of the departure, in any order. ``listed`` is whether the operating row is there at all, ``timed``
    whether its duration is, ``updated`` when the row was saved (its UTC times keep the offset of that day).
    """

    airline: Airline
    number: str
    origin: WorldAirport
    to: WorldAirport
    departs: int
    minutes: int
    days: tuple[str, ...] = WEEK
    codeshares: tuple[Codeshare, ...] = ()
    listed: bool = True
    timed: bool = True
    updated: datetime = UPDATED
    counter: int = 14
    aircraft: str | None = "A320"

    @property
    def code(self) -> str:
        """The flight number with the airline's code, ICAO where it has no IATA code."""
        return f"{self.airline.iata or self.airline.icao}{self.number}"

    def departure_on(self, day: datetime) -> datetime:
        """The instant it departs, in UTC, on the local date of ``day``."""
        midnight = datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(self.origin.tz))
        return (midnight + timedelta(minutes=self.departs)).astimezone(UTC)


@dataclass(frozen=True)
class Timetable:
    """How timetables are invented: ``destinations`` of each airport, up to ``far_km``, seeded by ``seed``."""

    seed: int
    destinations: int = 40
    far_km: float = 9000.0

    def of(self, origin: WorldAirport, airports: Sequence[WorldAirport]) -> list[Flight]:
        """Every flight of the week from ``origin``, in no order that means anything."""
        rng = random.Random(f"{self.seed}:flights:{origin.key}")
        flights: list[Flight] = []
        for to in self._destinations(origin, airports, rng):
            flights.extend(_flights(origin, to, rng))
        rng.shuffle(flights)
        return flights

    def _destinations(
        self, origin: WorldAirport, airports: Sequence[WorldAirport], rng: random.Random
    ) -> list[WorldAirport]:
        """Nearer and busier airports are likelier."""
        drawn: list[tuple[float, WorldAirport]] = []
        for airport in airports:
            km = great_circle_km(origin.lat, origin.lon, airport.lat, airport.lon)
            if airport.iata and airport.key != origin.key and 150 < km < self.far_km:
                likelihood = (airport.popularity or 1) ** 0.5 / km
                drawn.append((rng.random() ** (1 / likelihood), airport))
        drawn.sort(key=lambda pair: (-pair[0], pair[1].key))
        return [airport for _, airport in drawn[: self.destinations]]


def scheduled_minutes(origin: WorldAirport, to: WorldAirport) -> int:
    """A plausible time from gate to gate, in steps of five minutes."""
    km = great_circle_km(origin.lat, origin.lon, to.lat, to.lon)
    return 5 * round((35 + km / 13.3) / 5)


def _flights(origin: WorldAirport, to: WorldAirport, rng: random.Random) -> list[Flight]:
    flights: list[Flight] = []
    for _ in range(rng.choice((1, 1, 2, 2, 3, 5))):
        flight = Flight(
            airline=WITHOUT_IATA if rng.random() < 0.05 else rng.choice(AIRLINES),
            number=str(rng.randint(101, 3999)),
            origin=origin,
            to=to,
            departs=5 * rng.randrange(24 * 12),
            minutes=scheduled_minutes(origin, to) + 5 * rng.randint(-1, 2),
            days=_days(rng),
            listed=True,
            timed=rng.random() > 0.07,
            updated=UPDATED - timedelta(days=rng.choice((0, 0, 3, 40, 250, 700))),
            counter=rng.choice((1, 3, 14, 60)),
            aircraft=rng.choice(("A320", "B738", "E190", None)),
        )
        flights.append(_shared(flight, rng))
        if rng.random() < 0.1 and len(flight.days) < 7:
            flights.append(_again(flight, rng))
    return flights


def _days(rng: random.Random) -> tuple[str, ...]:
    if rng.random() < 0.3:
        return WEEK
    return tuple(rng.sample(WEEK, rng.randint(1, 6)))  # in no calendar order


def _shared(flight: Flight, rng: random.Random) -> Flight:
    """With up to two codeshares, and now and then only those in the data."""
    others = [airline for airline in AIRLINES if airline != flight.airline]
    sellers = rng.sample(others, rng.choice((0, 0, 1, 2)) if flight.airline.iata else 0)
    shares = tuple(
        Codeshare(
            seller, str(rng.randint(4000, 9999)), tuple(rng.sample(flight.days, rng.randint(1, len(flight.days))))
        )
        for seller in sellers
    )
    if shares and rng.random() < 0.1:
        everyday = replace(shares[0], days=flight.days)
        return replace(flight, codeshares=(everyday, *shares[1:]), listed=False)
    return replace(flight, codeshares=shares)


def _again(flight: Flight, rng: random.Random) -> Flight:
    """The same number in a second row: other days, another time."""
    others = tuple(day for day in WEEK if day not in flight.days)
    departs = (flight.departs + rng.choice((-25, 20, 60))) % (24 * 60)
    return replace(flight, days=others, departs=departs, codeshares=(), listed=True)
