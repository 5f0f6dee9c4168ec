"""Non-stops of an airport with airlines, numbers and timetable samples, from one packed row per airport.

Nothing is invented here: a route without a timetable sample has an empty one.
"""

import msgspec

from backend.pipelines.escape.atlas.airports import Airports
from backend.pipelines.escape.atlas.database import Database
from backend.pipelines.escape.atlas.records import Carrier, Route, TimetableEntry


class PackedCarrier(msgspec.Struct, frozen=True, array_like=True, gc=False):
    code: str
    numbers: tuple[str, ...]
    month: int


class PackedRoute(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A route as it stands in the file.

    ``percent`` is its confidence in hundredths, ``month`` counts from January 2000, ``block_tenths`` is in
    tenths of a minute; 0: not known.
    """

    to: str
    km: int
    percent: int
    month: int
    block_tenths: int
    carriers: tuple[PackedCarrier, ...]
    timetable: tuple[TimetableEntry, ...]


ENCODER = msgspec.msgpack.Encoder()
_DECODER = msgspec.msgpack.Decoder(list[PackedRoute])


def pack_month(text: str) -> int:
    """ "2024-06" as months from January 2000; 0 for the empty text."""
    return (int(text[:4]) - 2000) * 12 + int(text[5:7]) - 1 if text else 0


def unpack_month(month: int) -> tuple[int, int] | None:
    """The inverse of ``pack_month``, as (year, month)."""
    return (2000 + month // 12, month % 12 + 1) if month else None


class Routes:
    def __init__(self, database: Database, airports: Airports) -> None:
        self._database = database
        self._airports = airports
        self._names: dict[str, str] = dict(database.rows("SELECT code, name FROM airline"))
        self._former_names: dict[str, str] = dict(database.rows("SELECT code, name FROM former_airline"))

    def leaving(self, iata: str, min_confidence: float) -> list[Route]:
        """Routes from ``iata``, nearest first; none for an airport without or unknown."""
        number = self._airports.ids.get(iata)
        if number is None:
            return []
        rows = self._database.rows("SELECT packed FROM departures WHERE airport = ?", (number,))
        if not rows:
            return []
        least = min_confidence * 100 - 1e-6
        return [self._route(packed) for packed in _DECODER.decode(rows[0][0]) if packed.percent >= least]

    def _route(self, packed: PackedRoute) -> Route:
        names = self._names
        return Route(
            self._airports.by_iata[packed.to],
            float(packed.km),
            packed.percent / 100,
            tuple([Carrier(c.code, names[c.code], c.numbers, unpack_month(c.month)) for c in packed.carriers]),
            unpack_month(packed.month),
            packed.block_tenths / 10 if packed.block_tenths else None,
            packed.timetable,
        )

    def airline_name(self, code: str, *, in_timetable: bool) -> str | None:
        """The airline that has ``code`` now, or had it at the time of the timetable samples."""
        if in_timetable and code in self._former_names:
            return self._former_names[code]
        return self._names.get(code)
