"""A day's weather from instants in UTC: what an upstream says slot by slot, gathered over the place's own day."""

import datetime
from collections.abc import Iterable, Sequence

import msgspec

from backend.pipelines.escape.sources import sky
from backend.pipelines.escape.sources.sky import SkyWord

AFTERNOON = range(12, 17)
LATE, BEFORE_NOON = 17, range(9, 12)
"""Local hours. A day's high is to be expected in the afternoon: without an instant in it the highest temperature seen
may not be the high. From 17 to 18 it has begun to fall, so that such an instant counts beside one before noon only."""
COLDEST_C, HOTTEST_C = -90.0, 60.0
"""What is colder or hotter than any day on record isn't a temperature in °C."""
MAX_WIND_MS = 150.0


class Slot(msgspec.Struct, frozen=True, gc=False):
    """What is foreseen for an instant (UTC, unix seconds): ``rain`` the chance of it (0-100), ``wind_ms`` in m/s. Where
    a source tells of the time up to ``until``, its extremes are ``high_c``/``low_c`` and its chance ``rain_until``."""

    at: int
    temp_c: float | None = None
    word: SkyWord | None = None
    rain: float | None = None
    wind_ms: float | None = None
    high_c: float | None = None
    low_c: float | None = None
    rain_until: float | None = None
    until: int | None = None


class DaySky(msgspec.Struct, frozen=True, gc=False):
    """A place's day as foreseen. ``high_c`` and ``low_c`` in °C, ``rain`` a chance (0-100), ``wind_kmh`` the strongest;
    ``hours`` are local hours with °C. ``partly``: nothing of the afternoon is known, so that the high may be more."""

    high_c: float
    low_c: float | None = None
    word: SkyWord | None = None
    rain: int | None = None
    wind_kmh: int | None = None
    hours: tuple[tuple[int, float], ...] = ()
    partly: bool = False


def day_of(slots: Iterable[Slot], day: datetime.date, zone: datetime.tzinfo) -> DaySky | None:
    """The weather of ``day`` in ``zone``; None where no temperature of that day is known."""
    of_the_day = [(local, slot) for slot in slots if (local := _local(slot.at, zone)) and local.date() == day]
    temperatures = [(local.hour, slot.temp_c) for local, slot in of_the_day if slot.temp_c is not None]
    if not temperatures:
        return None
    within = [slot for _, slot in of_the_day if slot.until is not None and _ends_in(slot.until, day, zone)]
    highs = [temp for _, temp in temperatures] + [slot.high_c for slot in within if slot.high_c is not None]
    lows = [temp for _, temp in temperatures] + [slot.low_c for slot in within if slot.low_c is not None]
    words = [(local.hour, slot.word) for local, slot in of_the_day if slot.word is not None]
    return DaySky(
        high_c=round(max(highs), 1),
        low_c=round(min(lows), 1),
        word=sky.of_day(words),
        rain=_most([*(slot.rain for _, slot in of_the_day), *(slot.rain_until for slot in within)]),
        wind_kmh=kmh(max((slot.wind_ms for _, slot in of_the_day if slot.wind_ms is not None), default=None)),
        hours=tuple((hour, round(temp, 1)) for hour, temp in temperatures),
        partly=is_partly([hour for hour, _ in temperatures]),
    )


def is_partly(hours: Sequence[int]) -> bool:
    """Whether instants at these local hours may miss the day's high."""
    seen = set(hours)
    return seen.isdisjoint(AFTERNOON) and not (LATE in seen and seen & set(BEFORE_NOON))


def kmh(metres_a_second: float | None) -> int | None:
    """m/s as whole km/h."""
    return None if metres_a_second is None else round(metres_a_second * 3.6)


def afternoon(day: datetime.date, zone: datetime.tzinfo) -> tuple[datetime.datetime, datetime.datetime]:
    """The instants between which a day's high is to be expected."""
    first, last = datetime.time(AFTERNOON.start), datetime.time(AFTERNOON.stop)
    return datetime.datetime.combine(day, first, zone), datetime.datetime.combine(day, last, zone)


def _local(at: int, zone: datetime.tzinfo) -> datetime.datetime | None:
    try:
        return datetime.datetime.fromtimestamp(at, zone)
    except (OverflowError, ValueError, OSError):  # a year that no calendar has
        return None


def _ends_in(until: int, day: datetime.date, zone: datetime.tzinfo) -> bool:
    # The midnight that ends the day still belongs to it.
    end = _local(until - 1, zone)
    return end is not None and end.date() == day


def _most(chances: Iterable[float | None]) -> int | None:
    known: Sequence[float] = [chance for chance in chances if chance is not None]
    return round(max(known)) if known else None
