"""What the atlas answers with: frozen records, units in the field names.

Values only: no record may reach into the database. Times are local wall-clock.
"""

from datetime import date
from typing import Literal

import msgspec

Busyness = Literal["seats", "estimate", "none"]
Quality = Literal["A", "B", "C", "D"]
PlaceKind = Literal["city", "airport", "metro", "country"]
Basis = Literal["observed", "inferred", "unknown"]

FRIDAY = 5
SUNDAY = 7


class Airport(msgspec.Struct, frozen=True, gc=False):
    """An airport with scheduled service, now or once.

    ``city_code`` is the IATA metropolitan code, ``continent`` EU, AS, NA, SA, AF, OC or AN, ``busyness``
    departing seats a month (``busyness_basis``: counted, estimated or none), ``nonstops`` the destinations
    at confidence >= 0.45.
    """

    iata: str
    icao: str
    name: str
    city: str
    city_code: str
    country: str
    country_name: str
    continent: str
    lat: float
    lon: float
    elevation_m: int | None
    tz: str
    busyness: int
    busyness_basis: Busyness
    nonstops: int


class NearAirport(msgspec.Struct, frozen=True):
    airport: Airport
    km: float


class Sample(msgspec.Struct, frozen=True):
    """A historical timetable: when it is from, and which ISO weekdays it saw ``complete`` or in ``part``;
    on the days ``like_friday`` the Friday pattern is a fair stand-in."""

    valid_from: date
    valid_to: date
    complete: frozenset[int]
    part: frozenset[int] = frozenset()
    like_friday: frozenset[int] = frozenset()


_WEEK = frozenset(range(1, 8))
SAMPLES: dict[str, Sample] = {
    "NYC13": Sample(date(2013, 9, 9), date(2013, 9, 15), _WEEK),
    # Four days of which the Thursday was New Year's Day and the Sunday breaks off. Measured on the three full
    # weeks, 88-98 % of a Friday's flights also run from Monday to Thursday.
    "US15": Sample(date(2015, 1, 1), date(2015, 1, 4), frozenset({5, 6}), frozenset({4, 7}), frozenset({1, 2, 3, 4})),
    "SEA15": Sample(date(2015, 9, 14), date(2015, 9, 20), _WEEK),
    "BAY19": Sample(date(2019, 9, 9), date(2019, 9, 15), _WEEK),
}


class TimetableEntry(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One departure of a historical timetable sample: real, and not today's plan.

    ``dep_minute`` and ``arr_minute`` are minutes after local midnight (the arrival may be on the next day),
    ``block_min`` gate to gate; ``day_bits`` has bit ``1 << weekday`` for every ISO weekday it was seen on.
    """

    airline: str
    number: str
    dep_minute: int
    arr_minute: int
    block_min: int
    day_bits: int
    source: str

    @property
    def flight(self) -> str:
        return self.airline + self.number

    @property
    def dep(self) -> str:
        return f"{self.dep_minute // 60:02d}:{self.dep_minute % 60:02d}"

    @property
    def arr(self) -> str:
        return f"{self.arr_minute // 60:02d}:{self.arr_minute % 60:02d}"

    @property
    def sample(self) -> Sample:
        return SAMPLES[self.source]

    @property
    def valid_from(self) -> date:
        return self.sample.valid_from

    @property
    def valid_to(self) -> date:
        return self.sample.valid_to

    @property
    def days(self) -> frozenset[int]:
        """ISO weekdays (1 = Monday) on which the sample saw it."""
        return frozenset(day for day in range(1, 8) if self.day_bits >> day & 1)

    @property
    def days_known(self) -> bool:
        """Whether the sample covers all seven days of the week."""
        return len(self.sample.complete) == 7

    def flies_on(self, weekday: int) -> bool | None:
        """Whether it flew on this ISO weekday; None where the sample can't tell. See ``basis_on``."""
        if self.day_bits >> weekday & 1:
            return True
        sample = SAMPLES[self.source]
        if weekday in sample.complete:
            return False
        if weekday in sample.like_friday and self.day_bits >> FRIDAY & 1:
            return True
        return None

    def basis_on(self, weekday: int) -> Basis:
        """What ``flies_on`` rests on: seen, taken from the Friday pattern, or nothing."""
        answer = self.flies_on(weekday)
        if answer is None:
            return "unknown"
        return "observed" if self.day_bits >> weekday & 1 or not answer else "inferred"


class Carrier(msgspec.Struct, frozen=True, gc=False):
    """An airline on a route.

    ``numbers`` are public flight numbers without the code, most recently changed first, empty where only
    radio callsigns are known; ``last_change`` is the (year, month) of the newest known change.
    """

    code: str
    name: str
    numbers: tuple[str, ...]
    last_change: tuple[int, int] | None

    @property
    def flights(self) -> tuple[str, ...]:
        """The numbers with the airline code: "BA117"."""
        return tuple(self.code + number for number in self.numbers)


class Route(msgspec.Struct, frozen=True):
    """A non-stop.

    ``km`` is the great circle, ``confidence`` (0.3-1) that it is flown now, ``carriers`` have the one with
    most known flights first, ``block_min`` is the mean scheduled minutes gate to gate where a timetable
    sample has them, ``timetable`` is sorted by departure and empty where no sample has the route.
    """

    to: Airport
    km: float
    confidence: float
    carriers: tuple[Carrier, ...]
    last_change: tuple[int, int] | None
    block_min: float | None
    timetable: tuple[TimetableEntry, ...]

    def departures_on(self, weekday: int) -> tuple[TimetableEntry, ...]:
        """The sample's departures on an ISO weekday, observed or inferred."""
        return tuple([entry for entry in self.timetable if entry.flies_on(weekday)])

    def flies_on(self, weekday: int) -> bool | None:
        """Whether a departure was seen on, or is inferred for, this ISO weekday; None where none can tell."""
        answers = {entry.flies_on(weekday) for entry in self.timetable}
        if True in answers:
            return True
        return False if answers == {False} else None


class Climate(msgspec.Struct, frozen=True, gc=False):
    """What is typical at an airport on one day of the year (mean of 2003-2021): never a forecast.

    ``tmax_c`` and ``tmin_c`` are mean daily extremes, ``sd_c`` the spread of the daily mean inside the
    month, ``rain_chance`` (0-1) that of a day with >= 1 mm, ``sun_hours`` those of a day. ``quality``: A a
    station within 25 km, B within 100 km, C within 250 km, D farther. ``dz_m`` is the station's height less
    the airport's.
    """

    iata: str
    tmax_c: float
    tmin_c: float
    tmean_c: float
    sd_c: float | None
    rain_chance: float | None
    sun_hours: float | None
    quality: Quality
    station: str
    station_km: float
    dz_m: int


class PlaceMatch(msgspec.Struct, frozen=True):
    """A place on the map.

    ``iata`` only for an airport. ``airports`` are the codes meant, busiest first: the airport itself, those
    of a metropolitan code, the busiest of a country; none for a city. ``matched`` is what was typed.
    """

    kind: PlaceKind
    name: str
    country: str
    country_name: str
    admin1: str | None
    lat: float
    lon: float
    tz: str | None
    population: int
    iata: str | None
    airports: tuple[str, ...]
    matched: str


class Attribution(msgspec.Struct, frozen=True):
    """One bundled source: the ``text`` to show, and where to link to if the licence asks for it."""

    data: str
    source: str
    licence: str
    text: str
    url: str | None = None
