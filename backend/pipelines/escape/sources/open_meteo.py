"""Open-Meteo (no key, non-commercial): many places a call, days of the places' own zones.

API: https://open-meteo.com/en/docs. A call costs as much as it has places, and calls are served one after the other,
so that they are made so. Replies are matched by position: the coordinates in them are those of the model's grid.
"""

import datetime
from collections.abc import Sequence
from typing import Any

from backend.pipeline import Context
from backend.pipelines.escape.settings import EscapeSettings
from backend.pipelines.escape.sources import fields, sky
from backend.pipelines.escape.sources.facts import Reach, Sighting, Spot, Take
from backend.pipelines.escape.sources.local_day import COLDEST_C, HOTTEST_C, DaySky, is_partly
from backend.pipelines.escape.sources.reading import Series, aged, calling
from backend.upstream import Lifetime, Reply, Spec, Upstream, UpstreamError, Window

NAME = "Open-Meteo"
DAYS = 16
CHUNK = 50
MOST_HALVINGS = 16
PATIENCE_S = 20.0
LIFETIME = Lifetime(fresh_s=3600, stale_s=6 * 3600)
DAILY = (
    "temperature_2m_max", "temperature_2m_min", "weather_code", "precipitation_probability_max", "wind_speed_10m_max",
)  # fmt: skip
HOURLY = ("temperature_2m", "weather_code")


def spec(settings: EscapeSettings) -> Spec:
    """How it is called."""
    return Spec(
        id="open-meteo",
        name=NAME,
        base_url=settings.open_meteo_url,
        concurrency=1,
        windows=(Window(600, 60), Window(5000, 3600), Window(10_000, 86_400)),
    )


class OpenMeteo:
    """A ``WeatherSource``."""

    id = "open-meteo"
    name = NAME
    horizon = "16 days"
    credit = "Weather data by Open-Meteo.com (https://open-meteo.com), CC BY 4.0"

    def __init__(self, upstream: Upstream) -> None:
        self._upstream = upstream

    def reach(self, spot: Spot, day: datetime.date, now: datetime.datetime) -> Reach:
        """Days are whole, today's past hours included. The last day that may be asked for is counted in UTC."""
        today, today_utc = now.astimezone(spot.zone).date(), now.astimezone(datetime.UTC).date()
        return "whole" if day >= today and (day - today_utc).days < DAYS else "none"

    async def read(
        self, spots: Sequence[Spot], day: datetime.date, ctx: Context, take: Take
    ) -> Sequence[UpstreamError]:
        """CHUNK places a call, one call after the other. A call that is refused is made again in halves, so that a
        place that it has nothing for costs itself alone."""
        series = Series(ctx, PATIENCE_S)
        halvings = MOST_HALVINGS

        async def ask(chunk: Sequence[Spot]) -> None:
            nonlocal halvings
            try:
                await ask_once(chunk)
            except UpstreamError as error:
                if error.kind != "http_4xx" or len(chunk) == 1 or halvings == 0:
                    raise
                halvings -= 1
                half = len(chunk) // 2
                await series.each([chunk[:half], chunk[half:]], ask)

        async def ask_once(chunk: Sequence[Spot]) -> None:
            async with calling(
                ctx, self.name, "daily forecast", day=day.isoformat(), places=[spot.iata for spot in chunk]
            ) as call:
                reply = await self._fetch(chunk, day, series.call_deadline(), call)
                found = read_days(reply.data, chunk, day)
                places = "1 place" if len(chunk) == 1 else f"{len(chunk)} places"
                missing = f", none for {len(chunk) - len(found)} of them" if len(found) < len(chunk) else ""
                call.text = f"Forecast for {places}{missing}{aged(reply)}"
            take(Sighting(call.id, reply.fetched_at, reply.age_s, found))

        await series.each([spots[start : start + CHUNK] for start in range(0, len(spots), CHUNK)], ask)
        return series.errors

    async def _fetch(self, chunk: Sequence[Spot], day: datetime.date, deadline: float, call: Any) -> Reply:
        return await self._upstream.get_json(
            "/forecast",
            params=(
                ("latitude", ",".join(str(round(spot.lat, 4)) for spot in chunk)),
                ("longitude", ",".join(str(round(spot.lon, 4)) for spot in chunk)),
                ("daily", ",".join(DAILY)),
                ("hourly", ",".join(HOURLY)),
                ("timezone", "auto"),
                ("start_date", day.isoformat()),
                ("end_date", day.isoformat()),
            ),
            deadline=deadline,
            lifetime=LIFETIME,
            scrub=lambda data: scrub(data, chunk, day),
            weight=len(chunk),
            classify=classify,
            call=call,
        )


def classify(status: int, data: Any) -> UpstreamError | None:
    """Its errors say in words which limit was met; none comes with ``Retry-After``."""
    reason = fields.text(fields.mapping(data).get("reason"), 200) or ""
    if status != 429:
        if fields.mapping(data).get("error") is True and status == 200:
            return UpstreamError(NAME, "bad_payload", f"{NAME} refused: {reason}", status=status)
        return None
    for word, wait_s in (("Daily", 86_400.0), ("Hourly", 3600.0)):
        if reason.startswith(word):
            said = f"{NAME} has no {word.lower()} calls left for this address"
            return UpstreamError(NAME, "quota", said, status=status, retry_after_s=wait_s, detail=data)
    if reason.startswith("Minutely"):
        said = f"{NAME} has had too many calls within a minute"
        return UpstreamError(NAME, "rate_limited", said, status=status, retry_after_s=60.0, detail=data)
    return None


def scrub(data: Any, spots: Sequence[Spot], day: datetime.date) -> Any:
    """The days and hours of a reply, as they are. Raises UpstreamError where it holds nothing of that day."""
    replies = [data] if isinstance(data, dict) else fields.items(data)
    kept = [{key: fields.mapping(fields.mapping(one).get(key)) for key in ("daily", "hourly")} for one in replies]
    if not read_days(kept, spots, day):
        raise UpstreamError(NAME, "bad_payload", f"{NAME}'s answer holds no forecast of that day", status=200)
    return kept


def read_days(data: Any, spots: Sequence[Spot], day: datetime.date) -> dict[str, DaySky]:
    """The day at each of the places, by code, from a scrubbed reply; without those that nothing is foreseen for."""
    replies = fields.items(data)
    if len(replies) != len(spots):
        return {}
    found = ((spot.iata, _read_day(fields.mapping(reply), day)) for spot, reply in zip(spots, replies, strict=True))
    return {iata: sky for iata, sky in found if sky is not None}


def _read_day(reply: fields.Json, day: datetime.date) -> DaySky | None:
    daily = fields.mapping(reply.get("daily"))
    days = fields.items(daily.get("time"))
    if day.isoformat() not in days:
        return None
    index = days.index(day.isoformat())
    hours = _hours(fields.mapping(reply.get("hourly")), day)
    temperatures = tuple((hour, temp) for hour, temp, _ in hours if temp is not None)
    words = [(hour, word) for hour, _, word in hours if word is not None]
    stated = fields.number(_at(daily, "temperature_2m_max", index), COLDEST_C, HOTTEST_C)
    high = stated if stated is not None else max((temp for _, temp in temperatures), default=None)
    if high is None:
        return None
    chance = fields.number(_at(daily, "precipitation_probability_max", index), 0, 100)
    wind = fields.number(_at(daily, "wind_speed_10m_max", index), 0, 500)
    return DaySky(
        high_c=round(high, 1),
        low_c=fields.number(_at(daily, "temperature_2m_min", index), COLDEST_C, HOTTEST_C),
        word=sky.of_day(words) or sky.of_wmo(fields.integer(_at(daily, "weather_code", index), 0, 99)),
        rain=None if chance is None else round(chance),
        wind_kmh=None if wind is None else round(wind),
        hours=temperatures,
        partly=stated is None and is_partly([hour for hour, _ in temperatures]),
    )


def _hours(hourly: fields.Json, day: datetime.date) -> list[tuple[int, float | None, sky.SkyWord | None]]:
    """Local hours of the day with temperature and word; there may be gaps."""
    found = []
    for index, written in enumerate(fields.items(hourly.get("time"))[: 24 * (DAYS + 1)]):
        date, _, clock = written.partition("T") if isinstance(written, str) else ("", "", "")
        minute = fields.clock(clock)
        if date == day.isoformat() and minute is not None:
            temp = fields.number(_at(hourly, "temperature_2m", index), COLDEST_C, HOTTEST_C)
            word = sky.of_wmo(fields.integer(_at(hourly, "weather_code", index), 0, 99))
            found.append((minute // 60, temp, word))
    return found


def _at(table: fields.Json, key: str, index: int) -> Any:
    values = fields.items(table.get(key))
    return values[index] if index < len(values) else None
