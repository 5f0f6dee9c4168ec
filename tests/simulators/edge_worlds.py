"""Worlds at the edges: each is a world, a time, and the airport that the journey begins at."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from tests.simulators.clock import MONDAY_MORNING
from tests.simulators.flights import AIRLINES, WEEK, Codeshare, Flight, scheduled_minutes
from tests.simulators.places import WorldAirport
from tests.simulators.skies import HIGH_FROM_H
from tests.simulators.world import World


@dataclass(frozen=True)
class Edge:
    """``lat`` and ``lon`` are where the traveller is, ``home`` the airport to choose (None: there is none)."""

    world: World
    now: datetime
    lat: float
    lon: float
    home: str | None

    def today(self) -> date:
        """The day at the airport that the journey begins at."""
        assert self.home is not None
        return self.now.astimezone(ZoneInfo(self.world.airport(self.home).tz)).date()


def flight(world: World, origin: str, to: str, **changed: object) -> Flight:
    """A plain daily flight at 10:00, with what a test changes."""
    one, other = world.airport(origin), world.airport(to)
    number = str(100 + sum(ord(letter) for letter in to))
    plain = Flight(AIRLINES[0], number, one, other, departs=600, minutes=scheduled_minutes(one, other))
    return replace(plain, **changed)  # type: ignore[arg-type]


def flown(world: World, origin: str, *to: str) -> None:
    """The airport's whole timetable: a plain daily flight to each."""
    world.flights[origin] = [flight(world, origin, one) for one in to]


def _edge(world: World, home: str, now: datetime = MONDAY_MORNING) -> Edge:
    airport = world.airport(home)
    return Edge(world, now, airport.lat, airport.lon, home)


def just_before_midnight(home: str = "JFK", minutes: int = 7) -> Edge:
    """The local day is about to end, and the date in UTC is another one (west of Greenwich: tomorrow's)."""
    world = World(seed=11)
    zone = ZoneInfo(world.airport(home).tz)
    midnight = datetime(2026, 11, 24, tzinfo=zone)
    return _edge(world, home, (midnight - timedelta(minutes=minutes)).astimezone(UTC))


FAR_ZONES: Final = ("TBU", "HNL", "KTM", "ADL", "YYT", "AKL", "NRT")
"""+13:00, -10:00, +5:45, +10:30, -3:30, +13:00 across the date line, +9:00."""


def far_zones(home: str = "LAX") -> Edge:
    """Destinations whose local day is another one than at home and in UTC."""
    world = World(seed=12)
    flown(world, home, *(code for code in FAR_ZONES if code != home))
    return _edge(world, home, datetime(2026, 11, 23, 22, 40, tzinfo=UTC))


def across_the_date_line() -> Edge:
    """From Auckland to Honolulu and back in the calendar: the flight lands before the day that it left on."""
    world = World(seed=13)
    flown(world, "AKL", "HNL", "PPT", "NAN", "APW", "SYD")
    return _edge(world, "AKL", datetime(2026, 11, 22, 21, 5, tzinfo=UTC))


def mornings_only_on_day_five(home: str = "LHR", to: str = "LPA") -> Edge:
    """The forecasts of five times 24 hours end before the afternoon of the fifth day at ``to``."""
    world = World(seed=14)
    flown(world, home, to)
    zone = ZoneInfo(world.airport(to).tz)
    before_noon = datetime(2026, 11, 23, int(HIGH_FROM_H) - 2, 30, tzinfo=zone)
    return _edge(world, home, before_noon.astimezone(UTC))


THRESHOLD_HIGHS: Final = {"LPA": 25.0, "TFN": 24.9, "FUE": 25.1, "ACE": 20.0, "AGP": 20.1, "ALC": 19.9, "PMI": 22.5}


def exact_thresholds(home: str = "VLC") -> Edge:
    """Highs that stand on the limits of hot (25) and cold (20), and a tenth beside them, every day."""
    world = World(seed=15)
    flown(world, home, *THRESHOLD_HIGHS)
    for iata, high in THRESHOLD_HIGHS.items():
        world.set_high(iata, high)
    return _edge(world, home)


def many_routes(rows: int, home: str = "VLC") -> Edge:
    """Exactly ``rows`` rows of operating flights, more than a page of 50 or of 500 holds."""
    world = World(seed=16)
    others = [key for key, airport in world.airports.items() if airport.iata and key != home]
    plain = [flight(world, home, others[number % len(others)], number=str(1000 + number)) for number in range(rows)]
    world.flights[home] = [replace(one, departs=5 * (number % 288)) for number, one in enumerate(plain)]
    return _edge(world, home)


def nearer_but_less_popular() -> Edge:
    """Two airports in range: the nearer one is the smaller one."""
    world = World(seed=17)
    _alone(world, ("VLC", 40_000), ("CDT", 900))
    there = world.airport("CDT")
    return Edge(world, MONDAY_MORNING, there.lat - 0.05, there.lon, "VLC")


def _alone(world: World, *popular: tuple[str, int]) -> None:
    for key, popularity in popular:
        world.add(replace(world.airport(key), popularity=popularity))


def none_in_range() -> Edge:
    """The middle of the South Pacific: no airport at all."""
    return Edge(World(seed=18), MONDAY_MORNING, -48.88, -123.39, None)


def without_weather(home: str = "VLC", missing: Sequence[str] = ("LPA",)) -> Edge:
    """One destination that no weather service knows, among others that they do."""
    world = World(seed=19)
    flown(world, home, *missing, "AGP", "PMI", "ORY")
    world.without_weather.update(missing)
    return _edge(world, home)


def unknown_airport(home: str = "VLC") -> Edge:
    """A destination whose code no table has: its name comes from AirLabs alone, its zone from nowhere."""
    world = World(seed=20)
    world.add(
        WorldAirport("QZQ", "XXZQ", "Nowhere Regional", 37.31, -3.02, "ES", "Europe/Madrid", "Nowhere", "QZQ", 40)
    )
    flown(world, home, "QZQ", "LPA")
    return _edge(world, home)


def tangled_codeshares(home: str = "VLC") -> Edge:
    """One flight sold under three numbers, one of which alone is listed for another, and one that flies in two rows."""
    world = World(seed=21)
    _, yy, qq, _ = AIRLINES
    both = (Codeshare(yy, "8412", ("mon", "wed")), Codeshare(qq, "7412", ("sat",)))
    world.flights[home] = [
        flight(
            world, home, "LPA", number="412", departs=1390, days=("sat", "mon", "wed"), codeshares=both, timed=False
        ),
        flight(world, home, "AGP", number="500", codeshares=(Codeshare(yy, "8500", WEEK),), listed=False),
        flight(world, home, "PMI", number="600", days=("mon", "tue")),
        flight(world, home, "PMI", number="600", days=("thu",), departs=645),
        flight(world, home, "PMI", number="601", airline=qq, days=("sun",)),
    ]
    return _edge(world, home)
