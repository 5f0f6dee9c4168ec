"""Non-stop flights, how well each is known, and how far they go. Plain frozen data: no I/O."""

import datetime
from typing import Literal, Protocol

import msgspec

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
