"""The values that the steps of the escape pipeline hand to each other. Plain frozen data: no I/O.

Those that come by the hundred are ``gc=False``: they hold strings and numbers alone, and can be in no cycle.
"""

import datetime
from typing import Literal, Protocol

import msgspec

Weather = Literal["cold", "normal", "hot", "any"]


class Intent(msgspec.Struct, frozen=True):
    """What the traveller wishes, as it was understood.

    `depart` is the traveller's local day and `days_ahead` its distance from today in days (never negative).
    `hours` is the longest non-stop flight accepted, 0.5 to 24. `min_c` and `max_c` are limits in Celsius
    that the wish sets beside its band; where both are there, `min_c <= max_c`. `origin` holds the words as
    typed, with a region behind a comma; `origin_guessed` is whether no word says that one leaves there. `said` is
    one sentence, `assumed` are sentences, `ignored` are pieces of the question. `changed` tells what a question that
    refines an earlier one has changed, part by part: `hours: 12 h → 2 h`.
    """

    depart: datetime.date
    days_ahead: int
    weather: Weather
    said: str
    hours: float = 12.0
    origin: str | None = None
    min_c: float | None = None
    max_c: float | None = None
    assumed: tuple[str, ...] = ()
    ignored: tuple[str, ...] = ()
    origin_guessed: bool = False
    changed: tuple[str, ...] = ()


class Bands(msgspec.Struct, frozen=True):
    """Where cold ends and hot begins, as the highest temperature of a day in °C: cold <= ``cold_max_c``, hot >=
    ``hot_min_c``, normal between."""

    cold_max_c: float = 20.0
    hot_min_c: float = 25.0

    def limits(self, wish: Intent) -> tuple[float | None, float | None]:
        """The lowest and highest day's high that ``wish`` accepts, each None for no limit."""
        return self.edges(wish.weather, wish.min_c, wish.max_c)

    def edges(self, weather: Weather, min_c: float | None, max_c: float | None) -> tuple[float | None, float | None]:
        """The lowest and highest day's high of a band with figures, each None for no limit.

        A figure replaces the edge of the band on its side. A band that leaves nothing beyond the figure is dropped.
        """
        low, high = min_c, max_c
        if low is None and weather in ("normal", "hot"):
            low = self.cold_max_c if weather == "normal" else self.hot_min_c
        if high is None and weather in ("cold", "normal"):
            high = self.cold_max_c if weather == "cold" else self.hot_min_c
        is_one_figure = (min_c is None) != (max_c is None)
        if is_one_figure and low is not None and high is not None and low >= high:
            return min_c, max_c
        return low, high

    def name_of(self, high_c: float) -> Literal["cold", "normal", "hot"]:
        """The band that a day's high is in."""
        return "cold" if high_c <= self.cold_max_c else "hot" if high_c >= self.hot_min_c else "normal"

    def accepts(self, wish: Intent, high_c: float) -> bool:
        """Whether a day's high fits. Thresholds belong to cold and to hot, never to normal."""
        low, high = self.limits(wish)
        if wish.weather == "normal" and (
            (high_c == low and wish.min_c is None) or (high_c == high and wish.max_c is None)
        ):
            return False
        return (low is None or high_c >= low) and (high is None or high_c <= high)


class Home(msgspec.Struct, frozen=True):
    """Where the traveller is when nothing else says it: a setting of the server, in degrees; None where not set."""

    lat: float | None = None
    lon: float | None = None
    city: str | None = None


class Place(msgspec.Struct, frozen=True):
    """Where the traveller is. ``today`` is the day there, in the zone ``tz`` of the airport they would leave from.

    ``basis`` says how it is known, ``others`` what the same words could also mean, ``airports`` the codes if they name
    airports (busiest first). ``region`` is there where the country has more than one place of the name.
    """

    name: str
    country: str
    lat: float
    lon: float
    tz: str
    today: datetime.date
    basis: str
    region: str | None = None
    airports: tuple[str, ...] = ()
    others: tuple[str, ...] = ()


class Before(msgspec.Struct, frozen=True):
    """The question before, in ``run``, with what became of it as far as that is known."""

    run: str
    question: str
    wish: Intent | None = None
    place: Place | None = None


class Request(msgspec.Struct, frozen=True):
    """The question and what came with it. ``origin`` holds the words in it that name a place (``origin_guessed``: that
    may name one), ``from_option`` the place given beside it, ``tz`` the client's time zone (IANA), ``address`` the
    client's IP address. ``before`` is the question that it follows up; ``refines``: it changes that one's wish, and is
    no question of its own."""

    text: str
    origin: str | None = None
    from_option: str | None = None
    tz: str | None = None
    address: str | None = None
    origin_guessed: bool = False
    before: Before | None = None
    refines: bool = False


class AirportOption(msgspec.Struct, frozen=True):
    """An airport near the traveller, ``km`` away; ``busyness`` in departing seats a month, ``nonstops`` destinations
    in the bundled network (None where it doesn't know the airport); ``popularity`` as a live source counts it."""

    iata: str
    name: str
    km: int
    busyness: int | None
    nonstops: int | None
    popularity: int | None = None


class Departure(msgspec.Struct, frozen=True):
    """The airport that the journey starts at, and those that were nearly chosen."""

    iata: str
    name: str
    city: str
    tz: str
    lat: float
    lon: float
    km: int
    runners_up: tuple[AirportOption, ...] = ()


EvidenceClass = Literal["live", "doubtful", "timetable", "network", "route"]


class Destination(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """A non-stop destination. ``flights`` are public numbers, with the local departure time where a timetable has it.

    ``evidence``: ``live`` (number and time in a timetable that is kept up), ``doubtful`` (there, but not seen for a
    year, or hardly ever), ``timetable`` (number and time in a sample of years ago), ``network`` (number, no time),
    ``route`` (neither). ``known`` words it for a person, with the date it is from. ``minutes`` is the flight time from
    gate to gate, ``estimated`` or scheduled. ``call`` is the id of the evidence; empty: that of all the routes.
    ``next_day``: whoever leaves on the day lands on the next.
    """

    iata: str
    city: str
    airport: str
    country: str
    lat: float
    lon: float
    km: int
    minutes: int
    estimated: bool
    airlines: tuple[str, ...]
    flights: tuple[str, ...]
    evidence: EvidenceClass
    known: str
    call: str = ""
    next_day: bool = False


class LeftOut(msgspec.Struct, frozen=True, gc=False):
    """A destination that is out, and why, in words."""

    iata: str
    city: str
    why: str


class Network(Protocol):
    """The non-stops of one airport, for any day, as a source knows them."""

    def flown_on(self, day: datetime.date) -> tuple[list[Destination], list[LeftOut]]:
        """Those that may be flown on ``day``, and the others, each with the reason."""


class Routes(msgspec.Struct, frozen=True):
    """The non-stops that fly on ``day``; ``call`` is the id of the evidence they came from. ``network`` knows those of
    the other days."""

    day: datetime.date
    call: str
    destinations: tuple[Destination, ...]
    left_out: tuple[LeftOut, ...] = ()
    network: Network | msgspec.UnsetType = msgspec.UNSET

    def kept(self) -> "Routes":
        """What another server needs to go on with: all but the network, which only suggestions for other days use."""
        return msgspec.structs.replace(self, network=msgspec.UNSET)


class Candidates(msgspec.Struct, frozen=True):
    """The destinations near enough and those that are ``farther``, each by flight time, the shortest first."""

    destinations: tuple[Destination, ...]
    farther: tuple[Destination, ...] = ()


class Measured(msgspec.Struct, frozen=True, gc=False):
    """How far a destination is: ``km`` on the great circle, ``minutes`` of flight, ``estimated`` or scheduled."""

    iata: str
    city: str
    km: int
    minutes: int
    estimated: bool


class Distances(msgspec.Struct, frozen=True):
    """What the measuring shows: flights of up to ``limit_minutes`` are ``near`` enough, the others are ``farther``."""

    limit_minutes: int
    near: tuple[Measured, ...]
    farther: tuple[Measured, ...]


class Forecast(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """The weather at a destination on the day. ``high_c`` and ``low_c`` are its extremes in °C, ``spread_c`` how far
    the high strays from that (standard deviation), ``rain`` the chance of rain (0-100), ``wind_kmh`` the strongest.

    ``basis`` is ``forecast`` (by ``source``, fetched at ``as_of``) or ``typical``, whose ``quality`` goes from A (a
    station beside the airport) to D (far away). ``partly``: the forecast doesn't reach over that day's afternoon.
    ``hours`` are local hours with the °C foreseen.
    """

    iata: str
    high_c: float
    spread_c: float
    rain: int | None
    basis: Literal["typical", "forecast"]
    quality: str | None
    fits: bool
    low_c: float | None = None
    sky: str | None = None
    wind_kmh: int | None = None
    source: str | None = None
    as_of: str | None = None
    partly: bool = False
    hours: tuple[tuple[int, float], ...] = ()


class Forecasts(msgspec.Struct, frozen=True):
    """Weather for every candidate; those that don't fit the wish are there too, for who asks what came near."""

    day: datetime.date
    forecasts: tuple[Forecast, ...]


class Ranked(msgspec.Struct, frozen=True, gc=False):
    """A place in the result. Points of 100: ``wish`` up to 50, ``flight`` up to 35, ``evidence`` up to 15."""

    iata: str
    city: str
    score: int
    wish: float
    flight: float
    evidence: float


class Miss(msgspec.Struct, frozen=True):
    """A place that nearly fits, and by how much it doesn't."""

    iata: str
    city: str
    why: str


class Loosening(msgspec.Struct, frozen=True):
    """A way to ask that does find something: ``iata``, a place in ``city``. What is None stays as it was wished."""

    say: str
    iata: str
    city: str
    min_c: float | None = None
    max_c: float | None = None
    hours: float | None = None
    depart: datetime.date | None = None


class Ranking(msgspec.Struct, frozen=True):
    """The answer, best first; ``misses`` and ``loosen`` say what came near and what to try when it is empty."""

    ranked: tuple[Ranked, ...]
    explained: str
    misses: tuple[Miss, ...] = ()
    loosen: tuple[Loosening, ...] = ()
