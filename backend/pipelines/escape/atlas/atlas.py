"""The atlas itself: one object, every question that the pipeline asks of the bundled data.

Share one between all threads. It must never block on anything but its own file.
"""

from collections.abc import Iterable
from datetime import date
from pathlib import Path
from types import TracebackType
from typing import Self

from backend.pipelines.escape.atlas.airports import Airports
from backend.pipelines.escape.atlas.climate import Climates
from backend.pipelines.escape.atlas.database import Database
from backend.pipelines.escape.atlas.places import Places
from backend.pipelines.escape.atlas.records import Airport, Climate, NearAirport, PlaceMatch, Route
from backend.pipelines.escape.atlas.routes import Routes
from backend.pipelines.escape.atlas.search import Search

DEFAULT_CONFIDENCE = 0.45
DEFAULT_RANGE_KM = 120.0


class Atlas:
    """Make one with ``Atlas.open()``. After ``close()`` a question that needs the file raises AtlasError."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._airports = Airports(database)
        self._routes = Routes(database, self._airports)
        self._climates = Climates(database, self._airports)
        self._places = Places(database, self._airports)
        self._search = Search(self._places, self._airports)

    @classmethod
    def open(cls, path: Path | None = None) -> Self:
        """Open the bundled file, or another one. Raises AtlasError if it can't be used."""
        database = Database(path)
        try:
            return cls(database)
        except BaseException:
            database.close()
            raise

    def close(self) -> None:
        """Close the file; safe to call twice."""
        self._database.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def airport(self, iata: str) -> Airport | None:
        """The airport with this IATA code, in any case."""
        return self._airports.by_iata.get(iata.upper())

    def airport_by_icao(self, icao: str) -> Airport | None:
        """The airport with this ICAO code, in any case."""
        return self._airports.by_icao.get(icao.upper())

    def country(self, code: str) -> tuple[str, str] | None:
        """Name and continent of a country (ISO code in any case) that has an airport here."""
        return self._airports.countries.get(code.upper())

    def airports_near(self, lat: float, lon: float, within_km: float = DEFAULT_RANGE_KM) -> list[NearAirport]:
        """Airports with scheduled non-stops within ``within_km`` of a position in degrees, busiest first."""
        return self._airports.near(lat, lon, within_km)

    def routes_from(self, iata: str, min_confidence: float = DEFAULT_CONFIDENCE) -> list[Route]:
        """Non-stops from an airport with at least this confidence (the data starts at 0.3), nearest first."""
        return self._routes.leaving(iata.upper(), min_confidence)

    def airline_name(self, code: str, *, in_timetable: bool = False) -> str | None:
        """The airline behind a code: today's, or (``in_timetable``) of the years of the timetable samples."""
        return self._routes.airline_name(code, in_timetable=in_timetable)

    def climate(self, iata: str, day: date) -> Climate | None:
        """What is typical at an airport on ``day``: monthly normals, interpolated between mid-months."""
        return self._climates.on((iata.upper(),), day).get(iata.upper())

    def climates(self, iatas: Iterable[str], day: date) -> dict[str, Climate]:
        """``climate`` for many airports at once, by code; unknown ones are left out."""
        return self._climates.on((iata.upper() for iata in iatas), day)

    def find_place(
        self,
        words: str,
        *,
        country: str | None = None,
        tz: str | None = None,
        near: tuple[float, float] | None = None,
        limit: int = 8,
    ) -> list[PlaceMatch]:
        """Cities, airports, metropolitan codes and countries that go by ``words``, the likeliest first.

        A code in capitals comes first. Then the traveller's country (given, or that of ``tz``), nearness to
        ``near`` (lat, lon; or to the place of ``tz``) and size together: own country weighs most, but a
        village never beats a metropolis. A name may carry its region ("Paris, Texas"). A country stands for
        its busiest airport.
        """
        return self._search.find(words, self._search.traveller(country, tz, near), limit)

    def place_of_tz(self, tz: str) -> PlaceMatch | None:
        """The principal place of an IANA time zone, old names included; None for UTC and unknown ones."""
        return self._places.of_tz(tz)

    def place_of_ip(self, address: str) -> PlaceMatch | None:
        """Roughly (0.1 degree, data of 2023) where a public IPv4 address is; None for every other address."""
        return self._places.of_ip(address)

    def nearest_city(self, lat: float, lon: float) -> PlaceMatch:
        """The city that a position in degrees goes by. Raises ValueError for an impossible position."""
        return self._places.nearest_city(lat, lon)

    def meta(self) -> dict[str, str]:
        """``content_digest`` of the build, and ``sha256:<table>`` of each of its sources."""
        return dict(self._database.rows("SELECT key, value FROM meta ORDER BY key"))
