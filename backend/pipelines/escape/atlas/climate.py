"""Monthly normals, read for one day of the year. Typical values: nothing here may be called a forecast."""

from calendar import monthrange
from collections.abc import Iterable, Sequence
from datetime import date
from functools import lru_cache
from struct import Struct
from typing import Any, NamedTuple

from backend.pipelines.escape.atlas.airports import Airports
from backend.pipelines.escape.atlas.database import Database
from backend.pipelines.escape.atlas.records import Climate

# tmax, tmin, tmean, sd, wet days, sun hours: tenths in 16 bits, little-endian, month after month.
MONTH = Struct("<6h")
MISSING = -32768

_BATCH = 500  # SQLite takes at least 999 parameters in every build of it
_MOST_DAYS = 16  # that are kept; a run in which nothing fits asks for 13. 0.4 KB an airport


class Between(NamedTuple):
    """A day between the middles of two months (1-12), ``weight`` (0 to 1) of the way to ``later``."""

    earlier: int
    later: int
    weight: float
    days_earlier: int
    days_later: int


def between_months(day: date) -> Between:
    """The two mid-months round ``day``, December and January being neighbours.

    The middle of a month of n days is its day (n + 1) / 2: the 16th of a long month, the midnight after the
    15th of a short one.
    """
    days = monthrange(day.year, day.month)[1]
    middle = (days + 1) / 2
    if day.day >= middle:
        month, after, days_after = day.month, *_neighbour(day, +1)
        distance = days - middle + (days_after + 1) / 2
        return Between(month, after, (day.day - middle) / distance, days, days_after)
    before, days_before = _neighbour(day, -1)
    distance = middle + days_before - (days_before + 1) / 2
    return Between(before, day.month, 1 - (middle - day.day) / distance, days_before, days)


def _neighbour(day: date, step: int) -> tuple[int, int]:
    month = (day.month - 1 + step) % 12 + 1
    # The neighbour of a January or December is a month of 31 days in any year.
    return month, monthrange(day.year, month)[1]


class Climates:
    def __init__(self, database: Database, airports: Airports) -> None:
        self._database = database
        self._airports = airports
        self._latest = lru_cache(_MOST_DAYS)(_nothing_yet)

    def on(self, iatas: Iterable[str], day: date) -> dict[str, Climate]:
        """What is typical on ``day`` for every airport that has normals."""
        between = between_months(day)
        known, wanted, ids = self._latest(between), dict.fromkeys(iatas), self._airports.ids
        if unread := [iata for iata in wanted if iata not in known]:
            # None stands for an airport without normals: it isn't asked for again.
            known |= dict.fromkeys(unread) | self._read([ids[iata] for iata in unread if iata in ids], between)
        return {iata: climate for iata in wanted if (climate := known.get(iata)) is not None}

    def _read(self, wanted: Sequence[int], between: Between) -> dict[str, Climate]:
        found: dict[str, Climate] = {}
        for start in range(0, len(wanted), _BATCH):
            batch = wanted[start : start + _BATCH]
            marks = ",".join("?" * len(batch))
            rows = self._database.rows(
                f"SELECT airport, months, quality, station, km, dz_m FROM climate WHERE airport IN ({marks})",
                batch,
            )
            for number, months, *source in rows:
                iata = self._airports.all[number].iata
                found[iata] = _climate(iata, months, between, source)
        return found


def _nothing_yet(between: Between) -> dict[str, Climate | None]:
    return {}


def _climate(iata: str, months: bytes, between: Between, source: Sequence[Any]) -> Climate:
    earlier = MONTH.unpack_from(months, (between.earlier - 1) * MONTH.size)
    later = MONTH.unpack_from(months, (between.later - 1) * MONTH.size)
    weight = between.weight
    # The build refuses a month without temperatures; the other columns have gaps.
    tmax, tmin, tmean, spread = [(a + (b - a) * weight) / 10 for a, b in zip(earlier[:4], later[:4], strict=True)]
    return Climate(
        iata,
        tmax,
        tmin,
        tmean,
        None if MISSING in (earlier[3], later[3]) else spread,
        _per_day(earlier[4], later[4], between),
        _per_day(earlier[5], later[5], between),
        *source,
    )


def _per_day(earlier: int, later: int, between: Between) -> float | None:
    if earlier == MISSING or later == MISSING:
        return None
    first, last = earlier / between.days_earlier, later / between.days_later
    return (first + (last - first) * between.weight) / 10
