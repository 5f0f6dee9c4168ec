"""Where the traveller is: what they said, else what was set, else what their address or their clock gives away."""

import ipaddress
from collections.abc import Iterator
from zoneinfo import ZoneInfo

import msgspec

from backend.errors import StepError
from backend.pipeline import Context
from backend.pipelines.escape.atlas import Airport, Atlas, PlaceMatch
from backend.pipelines.escape.models import Home, Place, Request

RANGE_KM = 120.0
MAX_OTHERS = 4
HINT = "Name a city or an airport: “… from Valencia”, or give --from Valencia."


async def locate(request: Request, atlas: Atlas, home: Home, ctx: Context) -> Place:
    """The first of these that leads to a place: the question, the option, the setting, the address, the time zone."""
    async with ctx.call("atlas", "find place") as call:
        for basis, matches in _ways(request, atlas, home, ctx):
            if matches:
                place = _place(matches, basis, atlas, ctx)
                call.text = f"{basis}: {place.name}, {place.country}"
                break
        else:
            message = "Nothing says where you are"
            unknown = request.origin or request.from_option
            if unknown:
                message = f"There is no place called “{unknown}” in the atlas, and nothing else says where you are"
            raise StepError(message, code="no_place", hint=HINT)
    ctx.say(f"{place.name}, {place.country} ({place.basis})")
    if place.others:
        ctx.log(f"Took {place.name}, {place.country}. It could also be {'; '.join(place.others)}.")
    return place


def _ways(request: Request, atlas: Atlas, home: Home, ctx: Context) -> Iterator[tuple[str, list[PlaceMatch]]]:
    for words, basis in ((request.origin, "from your question"), (request.from_option, "as you set it")):
        if words:
            matches = atlas.find_place(words, tz=request.tz)
            if not matches:
                ctx.degraded(f"There is no place called “{words}” in the atlas; it is left aside.")
            yield basis, matches
    if home.lat is not None and home.lon is not None:
        city = atlas.nearest_city(home.lat, home.lon)
        here = msgspec.structs.replace(city, name=home.city or city.name, lat=home.lat, lon=home.lon)
        yield "as the server is set", [here]
    if request.address and is_public(request.address):
        match = atlas.place_of_ip(request.address)
        yield "from your address, roughly", [match] if match else []
    if request.tz:
        match = atlas.place_of_tz(request.tz)
        yield f"only your time zone says so: {request.tz}", [match] if match else []


def is_public(address: str) -> bool:
    """Whether an address may be looked up at all: never a private, loopback or reserved one."""
    try:
        return ipaddress.ip_address(address).is_global
    except ValueError:
        return False


def _place(matches: list[PlaceMatch], basis: str, atlas: Atlas, ctx: Context) -> Place:
    match = matches[0]
    airport = leaving_from(match, atlas)
    tz = airport.tz if airport else (match.tz or "UTC")
    others = dict.fromkeys(describe(other) for other in matches[1 : MAX_OTHERS + 1])
    return Place(
        name=match.name,
        country=match.country_name,
        lat=match.lat,
        lon=match.lon,
        tz=tz,
        today=ctx.clock().astimezone(ZoneInfo(tz)).date(),
        basis=basis,
        airports=match.airports,
        others=tuple(other for other in others if other != describe(match)),
    )


def leaving_from(match: PlaceMatch, atlas: Atlas) -> Airport | None:
    """The airport that somebody at ``match`` leaves from: it decides which day it is."""
    if match.airports:
        return atlas.airport(match.airports[0])
    near = atlas.airports_near(match.lat, match.lon, RANGE_KM)
    return near[0].airport if near else None


def describe(match: PlaceMatch) -> str:
    """A place in words that tell it from others of its name."""
    if match.kind == "airport":
        return f"{match.name} airport ({match.iata}), {match.country_name}"
    return ", ".join(filter(None, (match.name, match.admin1, match.country_name)))
