"""What the sources of travel facts have in common: a small Protocol for each kind of fact, and the values handed over.

Each call of a source is a ``ctx.call``, so that each answer is evidence with its age, time, cache and retries. A source
raises ``UpstreamError`` where it can't answer; who asks it decides what to do then.
"""

import datetime
from collections.abc import Callable, Mapping, Sequence
from typing import Literal, Protocol
from zoneinfo import ZoneInfo

import msgspec

from backend.pipeline import Call, Context
from backend.pipelines.escape.atlas import Airport, Climate
from backend.pipelines.escape.models import Departure, Network, Place
from backend.pipelines.escape.sources.local_day import DaySky
from backend.upstream import UpstreamError


class Nearby(msgspec.Struct, frozen=True):
    """An airport that one could leave from, ``km`` away; ``popularity`` where a live source counts it."""

    airport: Airport
    km: float
    popularity: int | None = None


class AirportSource(Protocol):
    """Airports that one can leave from. ``spoken`` is its name in a sentence ("the atlas")."""

    id: str
    name: str
    spoken: str

    async def leaving_from(self, place: Place, ctx: Context, call: Call) -> list[Nearby] | None:
        """Those that the place names, else those in range, the one to take first; None if there are none.

        ``call`` is the recorded call, to say in it what was found. Raises UpstreamError.
        """


class Found(msgspec.Struct, frozen=True):
    """The non-stops of an airport. ``call`` is the id of the evidence, ``count`` how many destinations there are.

    ``cut``: why the list isn't whole, as a sentence, or None; ``failed``: because of an error.
    """

    network: Network
    call: str
    count: int
    cut: str | None = None
    failed: bool = False


class RouteSource(Protocol):
    """Non-stop flights. ``spoken`` is its name in a sentence ("the atlas")."""

    id: str
    name: str
    spoken: str

    async def routes_from(self, departure: Departure, ctx: Context, call: Call) -> Found | None:
        """None where it knows of no flight from there. ``call`` is the first that it makes. Raises UpstreamError."""


class Spot(msgspec.Struct, frozen=True, gc=False):
    """Where weather is asked for: a destination, in degrees, and its IANA time zone."""

    iata: str
    city: str
    lat: float
    lon: float
    tz: str

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.tz)


class Sighting(msgspec.Struct, frozen=True):
    """The day's weather at some places, by code, from one call; ``as_of`` (UTC) is when the source was asked, ``age_s``
    seconds ago."""

    call: str
    as_of: datetime.datetime
    age_s: float
    skies: Mapping[str, DaySky]


Reach = Literal["whole", "partly", "none"]
"""How much of a day a forecast covers."""
Take = Callable[[Sighting], None]


class WeatherSource(Protocol):
    """Forecasts."""

    id: str
    name: str
    horizon: str
    """How far it looks ahead, in words: "5 days"."""
    credit: str
    """What to show beside its data."""

    def reach(self, spot: Spot, day: datetime.date, now: datetime.datetime) -> Reach:
        """How much of the place's ``day`` its forecast would cover if it was asked ``now`` (UTC)."""

    async def read(
        self, spots: Sequence[Spot], day: datetime.date, ctx: Context, take: Take
    ) -> Sequence[UpstreamError]:
        """Hands what arrives to ``take``, as it arrives; the errors of what doesn't are returned. A place may be
        missing from all of it."""


class ClimateSource(Protocol):
    """What is typical, which is no forecast."""

    def climates(self, iatas: Sequence[str], day: datetime.date) -> Mapping[str, Climate]:
        """By code; places that nothing is known of are left out."""
