"""Open-Meteo (https://api.open-meteo.com/v1): ``/forecast`` with ``daily`` and ``hourly`` variables.

One location answers an object, several an array with the ``location_id`` quirk. Positions are snapped to the model's
grid. Calls are weighted (checked before, added after, a failed one costs 1); by calling address one runs, four wait and
the next is refused. ``nulls`` makes single values null. A place in ``world.without_weather`` fails the whole call.
"""

import asyncio
import contextlib
from collections import defaultdict
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar, Final

from tests.simulators.clock import SimulatedClock
from tests.simulators.exchange import Answer, Seen
from tests.simulators.open_meteo_query import Asked, Bad, read_query
from tests.simulators.quota import CalendarWindows
from tests.simulators.server import Simulator
from tests.simulators.skies import Kind, Spot
from tests.simulators.world import World

GRID: Final = 0.0625
EXCEEDED: Final = {
    "minute": "Minutely API request limit exceeded. Please try again in one minute.",
    "hour": "Hourly API request limit exceeded. Please try again in the next hour.",
    "day": "Daily API request limit exceeded. Please try again tomorrow.",
}
TOO_MANY: Final = "Too many concurrent requests"
TOO_MUCH: Final = (
    "Your API call requests too much data. Please reduce the number of variables, locations and/or weather models."
)
WAITING: Final = 4
BROKEN: Final = b"Unexpected error while streaming data: timeoutReached"
"""What follows a body that breaks off with 200: ``faults.next(cut_at=200, tail=BROKEN)``."""
CODES: Final[dict[Kind, int]] = {
    "clear": 0, "fair": 1, "cloudy": 2, "overcast": 3, "fog": 45, "drizzle": 51, "rain": 61, "snow": 71, "showers": 80,
    "thunder": 95,
}  # fmt: skip
UNITS: Final = {
    "temperature_2m": "°C", "temperature_2m_max": "°C", "temperature_2m_min": "°C", "weather_code": "wmo code",
    "precipitation_probability": "%", "precipitation_probability_max": "%", "precipitation": "mm",
    "precipitation_sum": "mm", "wind_speed_10m_max": "km/h",
}  # fmt: skip
Row = dict[str, Any]
Series = list[float | None] | list[float] | list[int] | list[str]


class OpenMeteoSimulator(Simulator):
    """``nulls``: (place's key, variable, index) of values that are null. ``limits``: weighted calls of an address."""

    base: ClassVar[str] = "/v1"

    def __init__(
        self,
        world: World | None = None,
        *,
        clock: SimulatedClock | None = None,
        max_locations: int = 1000,
        latency_s: float = 0.0,
    ) -> None:
        super().__init__(clock=clock, latency_s=latency_s)
        self.world = world or World()
        self.quota = CalendarWindows(self.clock, {"minute": 600, "hour": 5000, "day": 10_000})
        self.max_locations = max_locations
        self.nulls: set[tuple[str, str, int]] = set()
        self._running: dict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._present: dict[str, int] = defaultdict(int)

    @contextlib.asynccontextmanager
    async def turn(self, request: Seen) -> AsyncIterator[Answer | None]:
        """One request of an address at a time, and a short queue."""
        if self._present[request.peer] > WAITING:
            yield _error(429, TOO_MANY, "Open-Meteo: more than 5 requests at the same time")
            return
        self._present[request.peer] += 1
        try:
            async with self._running[request.peer]:
                yield None
        finally:
            self._present[request.peer] -= 1

    async def answer(self, request: Seen) -> Answer:
        if "apikey" in request.query:
            location = f"https://customer-api.open-meteo.com{request.target}"
            return Answer(303, b"", {"Location": location}, refusal="Open-Meteo: a key on the free host")
        if request.path != "/forecast":
            return _error(404, "Not Found", f"Open-Meteo: there is no {request.path}")
        if (span := self.quota.exceeded(request.peer)) is not None:
            return _error(429, EXCEEDED[span])
        try:
            asked = read_query(request.query, self.clock.now(), self.max_locations)
            spots = [self.world.spot(lat, lon) for lat, lon in asked.where]
            if any(not self.world.has_weather(spot) for spot in spots):
                raise Bad("No data is available for this location", broken=False)
            if asked.weight > self.quota.limits["hour"]:
                raise Bad(TOO_MUCH)
        except Bad as bad:
            self.quota.add(request.peer)
            return _error(400, bad.reason, f"Open-Meteo: {bad.reason}" if bad.broken else None)
        self.quota.add(request.peer, asked.weight)
        rows = [self._location(asked, number, spot) for number, spot in enumerate(spots)]
        return Answer.of_json(rows if len(rows) > 1 else rows[0])

    def failure(self, status: int) -> Answer:
        reasons = {429: EXCEEDED["minute"], 503: "The service is overloaded"}
        return _error(status, reasons.get(status, "Internal server error"))

    def _location(self, asked: Asked, number: int, spot: Spot) -> Row:
        lat, lon = asked.where[number]
        zone = asked.zone(number, spot)
        shift = self.clock.now().astimezone(zone).utcoffset()
        assert shift is not None
        seconds = round(shift.total_seconds())
        hours = seconds / 3600
        row: Row = {
            "latitude": round(lat / GRID) * GRID,
            "longitude": round(lon / GRID) * GRID,
            "generationtime_ms": 0.21,
            "utc_offset_seconds": seconds,
            "timezone": zone.key,
            "timezone_abbreviation": "GMT" if zone.key == "GMT" else f"GMT{hours:+g}",
            "elevation": 23.0,
        }
        if number:
            row["location_id"] = number
        stamp = "unixtime" if asked.unixtime else "iso8601"
        for block, names in (("hourly", asked.hourly), ("daily", asked.daily)):
            if names:
                values = self._hourly(asked, number, spot) if block == "hourly" else self._daily(asked, number, spot)
                units = {name: UNITS[name].replace("°C", asked.degrees) for name in names}
                row[f"{block}_units"] = {"time": stamp, **units}
                row[block] = {"time": values["time"], **{name: values[name] for name in names}}
        return row

    def _daily(self, asked: Asked, number: int, spot: Spot) -> dict[str, Series]:
        """By local days of the zone asked for, over their 24 hours."""
        zone = asked.zone(number, spot)
        table: dict[str, Any] = defaultdict(list)
        for index, day in enumerate(asked.days(self.clock.now(), zone)):
            midnight = datetime(day.year, day.month, day.day, tzinfo=zone).astimezone(UTC)
            skies = [self.world.sky(spot, midnight + timedelta(hours=hour)) for hour in range(24)]
            stamp = int(midnight.timestamp())
            values = {
                "temperature_2m_max": asked.in_degrees(max(sky.temp_c for sky in skies)),
                "temperature_2m_min": asked.in_degrees(min(sky.temp_c for sky in skies)),
                "weather_code": max(CODES[sky.kind] for sky in skies),
                "precipitation_probability_max": round(100 * max(sky.chance for sky in skies)),
                "precipitation_sum": round(sum(sky.mm for sky in skies), 2),
                "wind_speed_10m_max": round(3.6 * max(sky.wind for sky in skies), 1),
            }
            table["time"].append(stamp if asked.unixtime else day.isoformat())
            for name, value in values.items():
                table[name].append(None if (spot.key, name, index) in self.nulls else value)
        return table

    def _hourly(self, asked: Asked, number: int, spot: Spot) -> dict[str, Series]:
        zone = asked.zone(number, spot)
        table: dict[str, Any] = defaultdict(list)
        for day in asked.days(self.clock.now(), zone):
            midnight = datetime(day.year, day.month, day.day, tzinfo=zone).astimezone(UTC)
            for hour in range(24):
                at = midnight + timedelta(hours=hour)
                sky = self.world.sky(spot, at)
                local = f"{at.astimezone(zone):%Y-%m-%dT%H:%M}"
                table["time"].append(int(at.timestamp()) if asked.unixtime else local)
                table["temperature_2m"].append(asked.in_degrees(sky.temp_c))
                table["weather_code"].append(CODES[sky.kind])
                table["precipitation_probability"].append(round(100 * sky.chance))
                table["precipitation"].append(sky.mm)
        return table


def _error(status: int, reason: str, refusal: str | None = None) -> Answer:
    return Answer.of_json({"error": True, "reason": reason}, status, refusal=refusal)
