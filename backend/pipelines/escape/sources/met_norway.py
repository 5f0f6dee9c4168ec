"""MET Norway's Locationforecast (no key): one place a call, instants in UTC, hourly first and six-hourly later.

API: https://api.met.no/weatherapi/locationforecast/2.0/documentation. Its terms: a User-Agent that names the
application and a contact, at most four decimals, answers kept as ``Expires`` says and asked for again with
``If-Modified-Since`` (the plumbing does that). The zone of the place comes from elsewhere.
"""

import datetime
from collections.abc import Sequence
from importlib.metadata import version
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

NAME = "MET Norway"
HORIZON = datetime.timedelta(days=9)
CONCURRENCY = 8
CALLS_A_SECOND = 20
PATIENCE_S = 20.0
LIFETIME = Lifetime(fresh_s=1800, stale_s=6 * 3600)
MAX_INSTANTS = 500


def spec(settings: EscapeSettings) -> Spec:
    """How it is called: never without saying who is to be asked about it."""
    contact = "".join(letter for letter in settings.contact or "" if letter.isascii() and letter.isprintable())
    return Spec(
        id="met-norway",
        name=NAME,
        base_url=settings.met_norway_url if contact.strip() else "",
        headers={"User-Agent": f"windowseat/{version('windowseat')} {contact.strip()}"},
        concurrency=CONCURRENCY,
        windows=(Window(CALLS_A_SECOND, 1),),
    )


class MetNorway:
    """A ``WeatherSource``."""

    id = "met-norway"
    name = NAME
    horizon = "9 days"
    credit = "Data from MET Norway (https://api.met.no), CC BY 4.0"

    def __init__(self, upstream: Upstream) -> None:
        self._upstream = upstream

    def reach(self, spot: Spot, day: datetime.date, now: datetime.datetime) -> Reach:
        """From this hour on, about nine days."""
        noon, evening = afternoon(day, spot.zone)
        if evening > now and noon <= now + HORIZON:
            return "whole"
        midnight = datetime.datetime.combine(day, datetime.time(), spot.zone)
        return "partly" if midnight <= now + HORIZON and midnight + datetime.timedelta(days=1) > now else "none"

    async def read(
        self, spots: Sequence[Spot], day: datetime.date, ctx: Context, take: Take
    ) -> Sequence[UpstreamError]:
        """One call a place, a few at a time; after an error that the next call would meet too, no more are made."""
        if not self._upstream.configured:
            said = f"{NAME} is not asked, since it wants to know whom to turn to"
            return [UpstreamError(NAME, "refused_key", said, hint="Set WINDOWSEAT_CONTACT to an address of yours.")]
        return await BY_PLACE.read(self._upstream, spots, day, ctx, take)


def scrub(data: Any) -> Any:
    """What is of use in a reply, a tenth of it. Raises UpstreamError where it holds no forecast."""
    series = fields.objects(fields.mapping(fields.mapping(data).get("properties")).get("timeseries"))
    kept = [slim for one in series[:MAX_INSTANTS] if (slim := _slim(one))["temp"] is not None]
    if not kept:
        raise UpstreamError(NAME, "bad_payload", f"{NAME}'s answer holds no forecast", status=200)
    return {"instants": kept}


def _slim(one: fields.Json) -> dict[str, Any]:
    data = fields.mapping(one.get("data"))
    now = fields.mapping(fields.mapping(data.get("instant")).get("details"))
    hour, six = (fields.mapping(data.get(key)) for key in ("next_1_hours", "next_6_hours"))
    ahead, later = (fields.mapping(span.get("details")) for span in (hour, six))
    # Of what lies ahead of an instant, the nearest that is told: one hour, towards the end of the series six.
    return {
        "time": fields.text(one.get("time"), 40),
        "temp": fields.number(now.get("air_temperature"), COLDEST_C, HOTTEST_C),
        "wind": fields.number(now.get("wind_speed"), 0, MAX_WIND_MS),
        "symbol": fields.text(fields.mapping((hour or six).get("summary")).get("symbol_code")),
        "rain": fields.number(ahead.get("probability_of_precipitation"), 0, 100),
        "max_6h": fields.number(later.get("air_temperature_max"), COLDEST_C, HOTTEST_C),
        "min_6h": fields.number(later.get("air_temperature_min"), COLDEST_C, HOTTEST_C),
        "rain_6h": fields.number(later.get("probability_of_precipitation"), 0, 100),
    }


def read_day(data: Any, spot: Spot, day: datetime.date) -> DaySky | None:
    """The place's day from a scrubbed reply, in the zone of ``spot``; None where there is nothing of that day."""
    slots = (_slot(one) for one in fields.objects(fields.mapping(data).get("instants")))
    return day_of((slot for slot in slots if slot is not None), day, spot.zone)


def _slot(one: fields.Json) -> Slot | None:
    at = _instant(one.get("time"))
    if at is None:
        return None
    return Slot(
        at,
        temp_c=one.get("temp"),
        word=sky.of_met_norway(one.get("symbol")),
        rain=one.get("rain"),
        wind_ms=one.get("wind"),
        high_c=one.get("max_6h"),
        low_c=one.get("min_6h"),
        rain_until=one.get("rain_6h"),
        until=at + 6 * 3600,
    )


def _instant(written: Any) -> int | None:
    try:
        instant = datetime.datetime.fromisoformat(written) if isinstance(written, str) else None
    except ValueError:
        return None
    if instant is None:
        return None
    return int(instant.replace(tzinfo=instant.tzinfo or datetime.UTC).timestamp())


BY_PLACE = PlaceByPlace(
    operation="location forecast",
    path="/complete",
    lifetime=LIFETIME,
    scrub=scrub,
    read_day=read_day,
    at_once=CONCURRENCY,
    patience_s=PATIENCE_S,
)
