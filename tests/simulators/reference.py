"""The right answer, computed plainly from the world that the simulators answer from, to compare a live run with."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from tests.simulators.flights import WEEK, Flight
from tests.simulators.world import World


@dataclass(frozen=True)
class Expected:
    """A destination that is flown to on the day. ``flights`` are numbers with local departures, earliest first."""

    iata: str
    flights: tuple[str, ...]
    minutes: tuple[int, ...]
    high_c: float
    rain: int


def flights_on(world: World, origin: str, day: date) -> list[Flight]:
    """The operating flights that leave on a local date, each once however many numbers it is sold under."""
    weekday = WEEK[day.weekday()]
    found = [flight for flight in world.flights_from(origin) if weekday in days_told(flight)]
    return sorted(found, key=lambda flight: (flight.departs, flight.code))


def days_told(flight: Flight) -> frozenset[str]:
    """The weekdays that any of the rows of a flight tells."""
    told = set(flight.days) if flight.listed else set()
    return frozenset(told.union(*(share.days for share in flight.codeshares)))


def expected(
    world: World,
    origin: str,
    day: date,
    *,
    most_minutes: int | None = None,
    accepts: Callable[[float], bool] = lambda high_c: True,
) -> dict[str, Expected]:
    """By code: where one can fly to on ``day``, no farther than ``most_minutes`` in the mean, and the high accepted."""
    found: dict[str, Expected] = {}
    by_code: dict[str, list[Flight]] = {}
    for flight in flights_on(world, origin, day):
        assert flight.to.iata is not None
        by_code.setdefault(flight.to.iata, []).append(flight)
    for iata, flights in by_code.items():
        high = world.high(iata, day)
        mean = sum(flight.minutes for flight in flights) / len(flights)
        if accepts(high) and (most_minutes is None or mean <= most_minutes):
            found[iata] = Expected(
                iata=iata,
                flights=tuple(f"{one.code} {one.departs // 60:02d}:{one.departs % 60:02d}" for one in flights),
                minutes=tuple(one.minutes for one in flights),
                high_c=high,
                rain=world.rain_chance(iata, day),
            )
    return found
