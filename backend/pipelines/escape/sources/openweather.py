"""OpenWeather's 5 day / 3 hour forecast (keyed): one place a call, slots of three hours in UTC.

API: https://openweathermap.org/forecast5. A slot's own ``temp_min``/``temp_max`` are not the day's; the day is gathered
here, over the place's local day.
"""

import datetime
from collections.abc import Sequence
from typing import Any

from backend.pipeline import Context
from backend.pipelines.escape.settings import EscapeSettings
from backend.pipelines.escape.sources import fields, sky
from backend.pipelines.escape.sources.facts import Reach, Spot, Take
from backend.pipelines.escape.sources.local_day import (
    COLDEST_C,
    HOTTEST_C,
    MAX_WIND_MS,
    DaySky,
    Slot,
    afternoon,
    day_of,
)
from backend.pipelines.escape.sources.reading import PlaceByPlace
from backend.upstream import Lifetime, Spec, Upstream, UpstreamError, Window

NAME = "OpenWeather"
SLOTS = 40
SLOT = datetime.timedelta(hours=3)
CONCURRENCY = 8
CALLS_A_MINUTE = 60
"""Of a free key; who has more of them waits for nothing, the other sources take what is over."""
PATIENCE_S = 20.0
LIFETIME = Lifetime(fresh_s=3600, stale_s=6 * 3600)
"""It is computed anew every three hours."""
MAX_SHIFT_S = 15 * 3600


def spec(settings: EscapeSettings) -> Spec:
    """How it is called."""
    return Spec(
        id="openweather",
        name=NAME,
        base_url=settings.openweather_url,
        key=settings.openweather_api_key,
        needs_key=True,
        key_param="appid",
        key_hint="Check OPENWEATHER_API_KEY; a new key takes up to two hours to work.",
        concurrency=CONCURRENCY,
        windows=(Window(CALLS_A_MINUTE, 60),),
        rate_limited_s=60.0,
    )


class OpenWeather:
    """A ``WeatherSource``."""

    id = "openweather"
    name = NAME
    horizon = "5 days"
    credit = "Weather data provided by OpenWeather (https://openweathermap.org)"

    def __init__(self, upstream: Upstream) -> None:
        self._upstream = upstream

    def reach(self, spot: Spot, day: datetime.date, now: datetime.datetime) -> Reach:
        """Its slots begin at the next full three hours (UTC) and end five days later."""
        first = _next_slot(now)
        last = first + (SLOTS - 1) * SLOT
        noon, evening = afternoon(day, spot.zone)
        if noon <= last and evening > first:
            return "whole"
        midnight = datetime.datetime.combine(day, datetime.time(), spot.zone)
        return "partly" if midnight <= last and midnight + datetime.timedelta(days=1) > first else "none"

    async def read(
        self, spots: Sequence[Spot], day: datetime.date, ctx: Context, take: Take
    ) -> Sequence[UpstreamError]:
        """One call a place, a few at a time; after an error that the next call would meet too, no more are made."""
        return await BY_PLACE.read(self._upstream, spots, day, ctx, take)


def scrub(data: Any) -> Any:
    """What is of use in a reply, a tenth of it. Raises UpstreamError where it holds no forecast."""
    reply = fields.mapping(data)
    rows = fields.objects(reply.get("list"))[: 2 * SLOTS]
    kept = [slim for row in rows if (slim := _slim(row))["at"] is not None and slim["temp"] is not None]
    if not kept:
        raise UpstreamError(NAME, "bad_payload", f"{NAME}'s answer holds no forecast", status=200)
    shift = fields.integer(fields.mapping(reply.get("city")).get("timezone"), -MAX_SHIFT_S, MAX_SHIFT_S)
    return {"shift": shift, "slots": kept}


def _slim(row: fields.Json) -> dict[str, Any]:
    weather = (fields.objects(row.get("weather")) or [{}])[0]
    return {
        "at": fields.integer(row.get("dt"), 0, 1 << 33),
        "temp": fields.number(fields.mapping(row.get("main")).get("temp"), COLDEST_C, HOTTEST_C),
        "id": fields.integer(weather.get("id"), 0, 999),
        "main": fields.text(weather.get("main"), 20),
        "pop": fields.number(row.get("pop"), 0, 1),
        "wind": fields.number(fields.mapping(row.get("wind")).get("speed"), 0, MAX_WIND_MS),
    }


def read_day(data: Any, spot: Spot, day: datetime.date) -> DaySky | None:
    """The place's day from a scrubbed reply; None where there is nothing of that day.

    The day is that of the reply's shift from UTC, which is the one of now; where the zone of ``spot`` has the same, of
    that zone, which knows whether clocks are changed in between.
    """
    reply = fields.mapping(data)
    slots = [_slot(slim) for slim in fields.objects(reply.get("slots"))]
    return day_of(slots, day, _zone(reply.get("shift"), slots, spot.zone))


def _zone(shift_s: int | None, slots: Sequence[Slot], known: datetime.tzinfo) -> datetime.tzinfo:
    if shift_s is None or not slots:
        return known
    told = datetime.timezone(datetime.timedelta(seconds=shift_s))
    first = datetime.datetime.fromtimestamp(slots[0].at, datetime.UTC)
    return known if first.astimezone(known).utcoffset() == told.utcoffset(None) else told


def _slot(slim: fields.Json) -> Slot:
    chance = slim.get("pop")
    return Slot(
        slim["at"],
        temp_c=slim.get("temp"),
        word=sky.of_openweather(slim.get("id"), slim.get("main")),
        rain=None if chance is None else chance * 100,
        wind_ms=slim.get("wind"),
    )


def _next_slot(now: datetime.datetime) -> datetime.datetime:
    seconds = SLOT.total_seconds()
    return datetime.datetime.fromtimestamp((now.timestamp() // seconds + 1) * seconds, datetime.UTC)


BY_PLACE = PlaceByPlace(
    operation="5 day / 3 hour forecast",
    path="/forecast",
    lifetime=LIFETIME,
    scrub=scrub,
    read_day=read_day,
    at_once=CONCURRENCY,
    patience_s=PATIENCE_S,
    params=(("units", "metric"),),
)
