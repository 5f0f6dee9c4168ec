"""The weather at the destinations, and the answer. Plain frozen data: no I/O."""

import datetime
from typing import Literal

import msgspec


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
