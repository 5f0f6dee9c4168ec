"""Where the traveller is: what they said, else what was set, else what their address or their clock gives away."""

import ipaddress
from collections.abc import Iterable, Iterator
from typing import NamedTuple
from zoneinfo import ZoneInfo

import msgspec

from backend.errors import StepError
from backend.pipeline import Context
from backend.pipelines.escape.atlas import Atlas, PlaceMatch, great_circle_km
from backend.pipelines.escape.atlas.folding import fold
from backend.pipelines.escape.models import Home, Place, Request
from backend.pipelines.escape.sources.atlas_airports import RANGE_KM, leaving_from
from backend.pipelines.escape.sources.sources import Sources
from backend.pipelines.escape.sources.where import ask_about, place_address
from backend.pipelines.escape.steps.understand import is_time_zone

FROM_QUESTION = "from your question"
AS_GIVEN = "as you gave it"
AS_BEFORE = "as before"
MAX_OTHERS = 4
# Of a name that nothing goes by, this much is tried in part.
MOST_WORDS, MOST_REGIONS = 7, 3
# "Fort" or "North" alone is some small place of another name: from this population on, an exonym is believed.
LARGE = 100_000
HINT = "Name a city or an airport: “… from Valencia”, or give --from Valencia."


async def locate(request: Request, atlas: Atlas, home: Home, sources: Sources, ctx: Context) -> Place:
    """The first of these that leads to a place: the question, the option, the setting, a service that knows where the
    address is, the bundled table of addresses, the time zone. Nobody is asked about an address that isn't needed.

    Raises StepError ``no_place``. Words that name no place are said, and make the step degraded if another way led on
    (but not if the question only may have named a place).
    """
    words = [asked for asked in (request.origin, request.from_option) if asked]
    unknown: list[Way] = []
    is_said = bool(words) or home.lat is not None or (request.refines and request.before is not None)
    way = _first(_said(request, atlas, home), unknown) if is_said else None
    if way is None:
        way = await _by_services(request, atlas, sources, ctx)
    async with ctx.call("atlas", "find place", words=words, tz=request.tz) as call:
        way = way or _first(_guessed(request, atlas), unknown)
        if way is None:
            call.text = "Nothing leads to a place"
            raise StepError(_nowhere([one.asked for one in unknown if one.asked]), code="no_place", hint=HINT)
        place = _place(way, atlas, ctx)
        call.text = f"{shown(place)}: {way.basis}"
    for one in unknown:
        nowhere = f"There is no place called “{one.asked}” in the atlas"
        if one.guessed:
            unsure = f"“{one.asked}” need not be a place" if one.asked and one.asked.islower() else nowhere
            ctx.log(f"{unsure}; it is not taken as where you leave from.")
        else:
            ctx.degraded(f"{nowhere}; {shown(place)} is taken instead.")
    if way.left:
        ctx.log(f"“{way.left}” does not help to find “{way.asked}” in the atlas; it is left aside.", level="warning")
    ctx.say(f"{shown(place)} ({place.basis})")
    if place.others:
        ctx.log(f"Took {shown(place)}. It could also be {'; '.join(place.others)}.")
    return place


class Way(NamedTuple):
    """How a place is known, and what was found: by the words ``asked`` for, if any, all of them but ``left``.

    ``has_region``: they name a country or a part of one behind the place.
    """

    basis: str
    matches: list[PlaceMatch]
    asked: str | None = None
    left: str = ""
    guessed: bool = False
    has_region: bool = False


def _first(ways: Iterable[Way], unknown: list[Way]) -> Way | None:
    """The first way that leads to a place; those whose words didn't are added to ``unknown``."""
    for way in ways:
        if way.matches:
            return way
        if way.asked:
            unknown.append(way)
    return None


def _said(request: Request, atlas: Atlas, home: Home) -> Iterator[Way]:
    """What somebody said or set, in turn: words count for more than what is set, those of the question before too."""
    before = _as_before(request.before.place) if request.before and request.before.place else None
    if request.origin:
        nothing = Way(FROM_QUESTION, [], request.origin, guessed=request.origin_guessed)
        yield _found(nothing, request.origin, request, atlas, home)
    if before is not None and request.refines and before.asked:
        yield before
    if request.from_option:
        yield _found(Way(AS_GIVEN, [], request.from_option), request.from_option, request, atlas, home)
    if before is not None and request.refines:
        yield before
    if (here := _home(atlas, home)) is not None:
        yield Way("as the server is set", [here])


def _guessed(request: Request, atlas: Atlas) -> Iterator[Way]:
    """What can be told without anybody's help, in turn."""
    before = _as_before(request.before.place) if request.before and request.before.place else None
    if (match := _by_address(request, atlas)) is not None:
        yield Way("roughly, from your address", [match])
    if request.tz and (match := atlas.place_of_tz(request.tz)) is not None:
        yield Way(f"a guess from your time zone, {request.tz}", [match])
    if before is not None:
        yield before


def _as_before(place: Place) -> Way:
    match = PlaceMatch(
        kind="city", name=place.name, country="", country_name=place.country, admin1=place.region, lat=place.lat,
        lon=place.lon, tz=place.tz, population=0, iata=None, airports=place.airports, matched=place.name,
    )  # fmt: skip
    words = place.name if place.basis in (FROM_QUESTION, AS_BEFORE) else None
    return Way(AS_BEFORE, [match], asked=words, has_region=place.region is not None)


async def _by_services(request: Request, atlas: Atlas, sources: Sources, ctx: Context) -> Way | None:
    """Where a service says that the address is."""
    answer = await place_address(request.address, sources.where, ctx)
    if answer is None:
        return None
    spot, city = answer.value, atlas.nearest_city(answer.value.lat, answer.value.lon)
    # The service names the place, the atlas the country; far from every city the two may not belong together.
    named = spot.city if spot.country in ("", city.country) else ""
    tz = spot.tz if is_time_zone(spot.tz) else city.tz
    place = msgspec.structs.replace(city, name=named or city.name, lat=spot.lat, lon=spot.lon, tz=tz)
    whose = "your address" if ask_about(request.address) else "the address of this server"
    return Way(f"roughly, from {whose}, as {answer.source} knows it", [place])


def _found(way: Way, words: str, request: Request, atlas: Atlas, home: Home) -> Way:
    """The ``way`` with what goes by ``words``, or else (unless the place was guessed) by fewer of them."""
    for taken, left in fewer_and_fewer(words):
        matches = _named(taken, request, atlas, home)
        if way.guessed and taken.islower() and matches and matches[0].population < LARGE:
            continue  # "sandy" is a word before it is a city of Utah
        if matches and (not left or (not way.guessed and _stands_alone(taken, matches[0]))):
            return way._replace(matches=matches, left=left, has_region=fold(taken) != fold(matches[0].matched))
    return way


def fewer_and_fewer(words: str) -> Iterator[tuple[str, str]]:
    """The words to look up and those left aside: a name with a region from behind a comma, the name, its beginnings.

    Without the comma the atlas finds nothing where a name and a region don't go together.
    """
    name, *regions = [" ".join(part.split()) for part in words.split(",") if part.strip()] or [words.strip()]
    typed = name.split()
    for count in (len(typed), *range(min(len(typed) - 1, MOST_WORDS), 0, -1)):
        head, rest = " ".join(typed[:count]), " ".join(typed[count:])
        for i, region in enumerate(regions[:MOST_REGIONS]):
            yield f"{head} {region}", ", ".join(filter(None, (rest, *regions[:i])))
        yield head, ", ".join(filter(None, (rest, *regions)))


def _stands_alone(taken: str, match: PlaceMatch) -> bool:
    """Whether the beginning of a name is one of its own: no "Fort", no "San" that is a code by chance."""
    if " " in taken or (match.iata is not None and taken == match.iata):
        return True
    return fold(taken) == fold(match.name) or match.population >= LARGE


def _named(words: str, request: Request, atlas: Atlas, home: Home) -> list[PlaceMatch]:
    """What goes by ``words``, the namesake nearest to what else is known of the traveller first."""
    if request.tz:
        return atlas.find_place(words, tz=request.tz)
    known = _home(atlas, home) or _by_address(request, atlas)
    if known is None:
        return atlas.find_place(words)
    return atlas.find_place(words, country=known.country, near=(known.lat, known.lon))


def _home(atlas: Atlas, home: Home) -> PlaceMatch | None:
    if home.lat is None or home.lon is None:
        return None
    city = atlas.nearest_city(home.lat, home.lon)
    return msgspec.structs.replace(city, name=home.city or city.name, lat=home.lat, lon=home.lon)


def _by_address(request: Request, atlas: Atlas) -> PlaceMatch | None:
    return atlas.place_of_ip(request.address) if request.address and may_be_looked_up(request.address) else None


def may_be_looked_up(address: str) -> bool:
    """Whether an address says anything of a place: a public IPv4 one, also as an IPv6 socket reports it."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return False
    if isinstance(parsed, ipaddress.IPv6Address):
        if parsed.ipv4_mapped is None:
            return False
        parsed = parsed.ipv4_mapped
    return parsed.is_global and not parsed.is_multicast


def _nowhere(unknown: list[str]) -> str:
    if not unknown:
        return "Nothing says where you are"
    named = " or ".join(f"“{name}”" for name in dict.fromkeys(unknown))
    return f"There is no place called {named} in the atlas, and nothing else says where you are"


def _place(way: Way, atlas: Atlas, ctx: Context) -> Place:
    match, *namesakes = way.matches
    options = leaving_from(match.lat, match.lon, match.airports, atlas)
    tz = options[0][0].tz if options else (match.tz or "UTC")
    others = dict.fromkeys(describe(other) for other in namesakes if _could_be_meant(other, match))
    return Place(
        name=f"{match.name} ({match.iata})" if match.iata else match.name,
        country=match.country_name,
        region=match.admin1 if way.has_region or any(_is_namesake(other, match) for other in namesakes) else None,
        lat=match.lat,
        lon=match.lon,
        tz=tz,
        today=ctx.clock().astimezone(ZoneInfo(tz)).date(),
        basis=way.basis,
        airports=match.airports,
        others=tuple(others)[:MAX_OTHERS],
    )


def _is_the_same(other: PlaceMatch, match: PlaceMatch) -> bool:
    """A code names one thing, and the same city is often there again as its own airport or suburb."""
    is_code = match.matched.upper() == match.iata
    return is_code or great_circle_km(other.lat, other.lon, match.lat, match.lon) <= RANGE_KM


def _could_be_meant(other: PlaceMatch, match: PlaceMatch) -> bool:
    """Not what has the name only in another language or time: nobody knows Campoalegre as Sevilla."""
    return fold(other.name) in (fold(match.name), fold(match.matched)) and not _is_the_same(other, match)


def _is_namesake(other: PlaceMatch, match: PlaceMatch) -> bool:
    return other.country == match.country and _could_be_meant(other, match)


def shown(place: Place) -> str:
    """A place in words: "Springfield, Missouri, United States"; "Singapore" once."""
    return ", ".join(dict.fromkeys(filter(None, (place.name, place.region, place.country))))


def describe(match: PlaceMatch) -> str:
    """A place that the same words could mean, in words that tell it from others of its name."""
    if match.kind == "airport":
        return f"{match.name} airport ({match.iata}), {match.country_name}"
    return ", ".join(dict.fromkeys(filter(None, (match.name, match.admin1, match.country_name))))
