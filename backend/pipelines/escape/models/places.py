"""Where the traveller is, what they asked from there, and the airport they leave from. Plain frozen data: no I/O."""

import datetime

import msgspec

from backend.pipelines.escape.models.wishes import Intent


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
