"""AirLabs (keyed): airports nearby, the weekly timetable of an airport, airports by code.

API: https://airlabs.co/docs. A free key has 1,000 calls a month and gets 50 rows a call, so that answers are kept for
days and a timetable is read up to a number of pages.
"""

import asyncio
from collections.abc import Sequence
from typing import Any

from backend.pipeline import Call, Context
from backend.pipelines.escape.atlas import Airport, Atlas, great_circle_km
from backend.pipelines.escape.models import Departure, Place
from backend.pipelines.escape.settings import EscapeSettings
from backend.pipelines.escape.sources import fields
from backend.pipelines.escape.sources.airlabs_network import AirLabsNetwork
from backend.pipelines.escape.sources.airlabs_pages import Page, Pages
from backend.pipelines.escape.sources.airlabs_replies import (
    NAME,
    classify,
    is_not_found,
    quota_of,
    read_quota,
    scrub,
)
from backend.pipelines.escape.sources.airlabs_rows import Flight, flights_of, merged
from backend.pipelines.escape.sources.atlas_airports import RANGE_KM
from backend.pipelines.escape.sources.completing import completed
from backend.pipelines.escape.sources.facts import Found, Nearby
from backend.pipelines.escape.sources.reading import aged, call_deadline, calling
from backend.upstream import Lifetime, Reply, Spec, Upstream, UpstreamError, Window

DAY_S = 86_400.0
# ``ours``: what the service's web framework says of every page says nothing of a timetable.
NEARBY = Lifetime(fresh_s=14 * DAY_S, stale_s=90 * DAY_S, ours=True)
ROUTES = Lifetime(fresh_s=3 * DAY_S, stale_s=30 * DAY_S, ours=True)
AIRPORTS = Lifetime(fresh_s=30 * DAY_S, stale_s=180 * DAY_S, ours=True)
PAGES_AT_ONCE = 4
CODES_A_CALL = 50
MOST_UNKNOWN = 2 * CODES_A_CALL
"""So many airports that the atlas doesn't have are looked up; a real timetable has a handful."""
TOLERANCE = 1.05
"""How much farther than it was asked an airport may be: they measure in their own way."""
FIELDS = (
    "airline_iata", "airline_icao", "flight_iata", "flight_icao", "cs_airline_iata", "cs_flight_iata",
    "cs_flight_number", "dep_iata", "arr_iata", "arr_icao", "dep_time", "dep_time_utc", "arr_time_utc", "duration",
    "days", "counter", "updated",
)  # fmt: skip


def spec(settings: EscapeSettings) -> Spec:
    """How it is called."""
    return Spec(
        id="airlabs",
        name=NAME,
        base_url=settings.airlabs_url,
        key=settings.airlabs_api_key,
        needs_key=True,
        key_param="api_key",
        concurrency=PAGES_AT_ONCE,
        windows=(Window(250, 60), Window(2500, 3600)),
        read_quota=read_quota,
    )


class AirLabs:
    """An ``AirportSource`` and a ``RouteSource``. A timetable is read up to ``max_pages``; each page costs a call."""

    id = "airlabs"
    name = NAME
    spoken = NAME

    def __init__(self, upstream: Upstream, atlas: Atlas, max_pages: int) -> None:
        self._upstream, self._atlas, self._max_pages = upstream, atlas, max_pages

    async def leaving_from(self, place: Place, ctx: Context, call: Call) -> list[Nearby] | None:
        """Airports with a code within RANGE_KM: those that the place names first, then the most popular, of equals
        the nearer. None if there are none."""
        # To the kilometre: who asks from next door is answered from memory.
        where = (("lat", round(place.lat, 2)), ("lng", round(place.lon, 2)), ("distance", f"{RANGE_KM:g}"))
        reply = await self._get("/nearby", where, NEARBY, ctx, call, "airports")
        found: dict[str, Nearby] = {}
        for row in _rows(reply):
            if (one := self._nearby(row, place)) is not None:
                found[one.airport.iata] = one
        airports = "airport" if len(found) == 1 else "airports"
        call.text = f"{len(found)} {airports} within {RANGE_KM:g} km{_told(reply)}"
        ordered = sorted(
            found.values(), key=lambda one: (one.airport.iata not in place.airports, -(one.popularity or 0), one.km)
        )
        return ordered or None

    async def routes_from(self, departure: Departure, ctx: Context, call: Call) -> Found | None:
        """The timetable of an airport, as much of it as ``max_pages`` have. None where it has no flight from there."""
        pages = Pages(await self._page(departure.iata, 0, ctx, call), self._max_pages)
        lost = await self._other_pages(departure.iata, pages, ctx)
        flights = merged(self._flights(departure.iata, pages))
        if not flights:
            return None
        codes = sorted({flight.to for flight in flights})
        airports = await self._airports(codes, ctx)
        cut = _cut(pages, lost)
        network = AirLabsNetwork(
            self._origin(departure), flights, airports, self._atlas, ctx.clock().date(), cut=cut is not None
        )
        return Found(network, call.id, len(codes), cut, failed=lost is not None)

    async def _get(
        self, path: str, params: Sequence[tuple[str, Any]], lifetime: Lifetime, ctx: Context, call: Call, *keys: str
    ) -> Reply | None:
        """A reply with rows; None where there are none, in whatever way it says so."""
        try:
            return await self._upstream.get_json(
                path,
                params=params,
                deadline=call_deadline(ctx),
                lifetime=lifetime,
                classify=classify,
                scrub=lambda data: scrub(data, *keys),
                call=call,
            )
        except UpstreamError as error:
            if is_not_found(error):
                call.status = error.status or 200
                return None
            raise

    def _nearby(self, row: fields.Json, place: Place) -> Nearby | None:
        airport = completed(row, self._atlas)
        if airport is None:
            return None
        km = great_circle_km(place.lat, place.lon, airport.lat, airport.lon)
        if km > RANGE_KM * TOLERANCE:
            return None
        return Nearby(airport, km, fields.integer(row.get("popularity"), 0, 10**12))

    async def _page(self, iata: str, offset: int, ctx: Context, call: Call) -> Page:
        params = (("dep_iata", iata), ("_fields", ",".join(FIELDS)), *((("offset", offset),) if offset else ()))
        reply = await self._get("/routes", params, ROUTES, ctx, call)
        rows = _rows(reply)
        data = fields.mapping(reply.data if reply is not None else None)
        total = fields.integer(data.get("total"), 0, 10**7)
        of = f" of {total:,}" if total is not None else ""
        start = f" from row {offset + 1:,}" if offset else ""
        call.text = f"Timetable of {iata}{start}: {len(rows)}{of} rows{_told(reply)}"
        more = data.get("has_more")
        return Page(offset, call.id, rows, total, more if isinstance(more, bool) else None)

    async def _other_pages(self, iata: str, pages: Pages, ctx: Context) -> UpstreamError | None:
        """Fetch what follows the first page; the error that kept something from coming."""
        lost: list[UpstreamError] = []
        slots = asyncio.Semaphore(PAGES_AT_ONCE)

        async def fetch(offset: int) -> None:
            async with slots:
                if lost:
                    return
                try:
                    async with calling(ctx, NAME, "routes", departure=iata, offset=offset) as call:
                        page = await self._page(iata, offset, ctx, call)
                except UpstreamError as error:
                    lost.append(error)
                else:
                    pages.add(page)

        while not lost and (offsets := pages.next_offsets()):
            async with asyncio.TaskGroup() as group:
                for offset in offsets:
                    group.create_task(fetch(offset))
        return lost[0] if lost else None

    def _flights(self, iata: str, pages: Pages) -> list[Flight]:
        by_offset = sorted(pages.kept, key=lambda page: page.offset)
        return [flight for page in by_offset for flight in flights_of(page.rows, iata, page.call, self._iata_of)]

    def _iata_of(self, icao: str) -> str | None:
        airport = self._atlas.airport_by_icao(icao)
        return None if airport is None else airport.iata

    async def _airports(self, codes: Sequence[str], ctx: Context) -> dict[str, Airport]:
        """The airports behind the codes: those of the atlas, and of the others those that AirLabs places."""
        found = {code: known for code in codes if (known := self._atlas.airport(code)) is not None}
        unknown = [code for code in codes if code not in found][:MOST_UNKNOWN]
        for start in range(0, len(unknown), CODES_A_CALL):
            chunk = unknown[start : start + CODES_A_CALL]
            try:
                async with calling(ctx, NAME, "airports", codes=chunk) as call:
                    reply = await self._get("/airports", (("iata_code", ",".join(chunk)),), AIRPORTS, ctx, call)
                    placed = {one.iata: one for row in _rows(reply) if (one := completed(row, self._atlas)) is not None}
                    found |= {code: placed[code] for code in chunk if code in placed}
                    call.text = f"{len(placed)} of {len(chunk)} airports that the atlas lacks{_told(reply)}"
            except UpstreamError as error:
                left = len(unknown) - start
                airports = (
                    "1 airport can't be placed and is" if left == 1 else f"{left} airports can't be placed and are"
                )
                ctx.degraded(f"{error}: {airports} left out.")
                break
        return found

    def _origin(self, departure: Departure) -> Airport:
        row = {
            "iata_code": departure.iata, "lat": departure.lat, "lng": departure.lon, "name": departure.name,
            "city": departure.city, "timezone": departure.tz,
        }  # fmt: skip
        origin = completed(row, self._atlas)
        assert origin is not None, "a departure has a code and a position"
        return origin


def _rows(reply: Reply | None) -> list[fields.Json]:
    return [] if reply is None else fields.objects(fields.mapping(reply.data).get("rows"))


def _told(reply: Reply | None) -> str:
    """How old a reply is, or what it cost."""
    return "" if reply is None else aged(reply) + quota_of(reply)


def _cut(pages: Pages, lost: UpstreamError | None) -> str | None:
    """Why a timetable isn't whole, as a sentence."""
    if lost is None and pages.is_whole:
        return None
    of = f" of {pages.total:,}" if pages.total is not None else ""
    read = f"Of AirLabs' timetable {pages.read:,}{of} rows were read"
    if lost is not None:
        return f"{read}, then an error came: {lost}."
    return f"{read}: more pages than “airlabs_pages” are not asked for, each costs a call."
