"""MET Norway's Locationforecast 2.0 (https://api.met.no/weatherapi/locationforecast/2.0): ``/compact``, ``/complete``.

403 without a User-Agent that names the application and a contact, or with five decimals; ``Expires`` and
``Last-Modified`` with 304; 429 above 20 requests a second; errors are text. Hourly first, 6-hourly after ``HOURLY``,
and the ``next_*`` objects vanish at the end. ``deprecated`` answers 203 with good data. A place in
``world.without_weather`` is outside the coverage (422).
"""

import re
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any, ClassVar, Final

from tests.simulators.clock import SimulatedClock
from tests.simulators.exchange import Answer, Seen
from tests.simulators.server import Simulator
from tests.simulators.skies import Kind, Sky, Spot
from tests.simulators.world import World

HOURLY: Final = timedelta(days=2, hours=12)
HORIZON: Final = timedelta(days=9, hours=12)
MODEL_RUN_S: Final = 3600
FRESH: Final = timedelta(minutes=31)
PER_SECOND: Final = 20
SYMBOLS: Final[dict[Kind, str]] = {
    "clear": "clearsky", "fair": "fair", "cloudy": "partlycloudy", "overcast": "cloudy", "fog": "fog",
    "drizzle": "lightrain", "rain": "rain", "snow": "snow", "showers": "rainshowers", "thunder": "rainandthunder",
}  # fmt: skip
WITH_DAYTIME: Final = frozenset({"clearsky", "fair", "partlycloudy", "rainshowers"})
GENERIC: Final = re.compile(r"(python|httpx|requests|urllib|curl|wget|okhttp|java|go-http|mozilla|aiohttp)\b", re.I)
CONTACT: Final = re.compile(r"[\w.+-]+@[\w-]+\.\w|(?:https?://)?[\w-]+(?:\.[\w-]+)*\.[a-z]{2,}\b", re.I)
Row = dict[str, Any]


class MetNorwaySimulator(Simulator):
    """``rate_s``: the seconds in which 20 requests are let through, and the 21st isn't.

    They are real ones, since a clock that stands still would forbid it for ever; and only half a one, since a busy
    machine reads requests together that were sent one by one.
    """

    base: ClassVar[str] = "/weatherapi/locationforecast/2.0"
    gzips: ClassVar[bool] = True

    def __init__(
        self,
        world: World | None = None,
        *,
        clock: SimulatedClock | None = None,
        deprecated: bool = False,
        latency_s: float = 0.0,
    ) -> None:
        super().__init__(clock=clock, latency_s=latency_s)
        self.world = world or World()
        self.deprecated = deprecated
        self.rate_s = 0.5

    async def answer(self, request: Seen) -> Answer:
        refused = self._refused(request)
        if refused is not None:
            return refused
        lat, lon = float(request.query["lat"]), float(request.query["lon"])
        spot = self.world.spot(lat, lon)
        if not self.world.has_weather(spot):
            return _text(422, "Outside the coverage of the model")
        run = self.clock.seconds() // MODEL_RUN_S * MODEL_RUN_S
        updated = datetime.fromtimestamp(run, UTC)
        headers = {
            "Expires": format_datetime(self.clock.now() + FRESH, usegmt=True),
            "Last-Modified": format_datetime(updated, usegmt=True),
            "Date": format_datetime(self.clock.now(), usegmt=True),
            "Content-Type": "application/json",
        }
        if request.headers.get("if-modified-since") == headers["Last-Modified"]:
            return Answer(304, b"", headers)
        height = int(request.query.get("altitude", "23"))
        forecast = self._forecast(spot, [lon, lat, height], updated, complete=request.path == "/complete")
        return Answer.of_json(forecast, 203 if self.deprecated else 200, headers)

    def failure(self, status: int) -> Answer:
        return _text(status, "Sorry, something went wrong")

    def _refused(self, request: Seen) -> Answer | None:
        agent = request.headers.get("user-agent", "")
        if GENERIC.match(agent) or not CONTACT.search(agent):
            return _text(403, "Forbidden", f"MET: the User-Agent “{agent}” names no application with a contact")
        recent = [seen for seen in self.requests if request.at_s - seen.at_s < self.rate_s]
        if len(recent) > PER_SECOND:
            return _text(429, "Too many requests", "MET: more than 20 requests in a second")
        if request.path not in ("/compact", "/complete"):
            return _text(404, "Not Found", f"MET: there is no {request.path}")
        for name, most in (("lat", 90), ("lon", 180)):
            value = request.query.get(name, "")
            if not re.fullmatch(r"-?\d{1,3}(?:\.\d+)?", value, re.ASCII) or abs(float(value)) > most:
                return _text(400, f"Wrong {name}", f"MET: wrong or missing {name}")
            if len(value.partition(".")[2]) > 4:
                return _text(403, "Forbidden", "MET: more than 4 decimals")
        if not re.fullmatch(r"-?\d{1,4}", request.query.get("altitude", "0"), re.ASCII):
            return _text(400, "Wrong altitude", "MET: altitude is a whole number")
        return None

    def _forecast(self, spot: Spot, where: list[float], updated: datetime, *, complete: bool) -> Row:
        series = [self._at(spot, at, updated, complete=complete) for at in times(self.clock.now())]
        units = {"air_temperature": "celsius", "precipitation_amount": "mm", "wind_speed": "m/s"}
        return {
            "type": "Feature",
            "geometry": {"type": "Point", "coordinates": where},
            "properties": {
                "meta": {"updated_at": f"{updated:%Y-%m-%dT%H:%M:%SZ}", "units": units},
                "timeseries": series,
            },
        }

    def _at(self, spot: Spot, at: datetime, updated: datetime, *, complete: bool) -> Row:
        sky = self.world.sky(spot, at)
        ahead = at - updated
        data: Row = {
            "instant": {
                "details": {
                    "air_temperature": round(sky.temp_c, 1), "air_pressure_at_sea_level": float(sky.pressure),
                    "cloud_area_fraction": float(sky.clouds), "relative_humidity": float(sky.humidity),
                    "wind_from_direction": float(sky.wind_from), "wind_speed": sky.wind,
                }
            }
        }  # fmt: skip
        if ahead <= HOURLY - timedelta(hours=6):
            data["next_1_hours"] = _next(sky, sky.mm)
        if ahead <= HORIZON - timedelta(hours=24):
            data["next_6_hours"] = _next(sky, self._rain(spot, at, 6))
            data["next_12_hours"] = {"summary": {"symbol_code": symbol(sky)}, "details": {}}
        if complete and "next_6_hours" in data:
            temperatures = [self.world.sky(spot, at + timedelta(hours=hour)).temp_c for hour in range(7)]
            data["next_6_hours"]["details"] |= {
                "air_temperature_max": round(max(temperatures), 1),
                "air_temperature_min": round(min(temperatures), 1),
                "probability_of_precipitation": round(sky.chance * 100, 1),
            }
        return {"time": f"{at:%Y-%m-%dT%H:%M:%SZ}", "data": data}

    def _rain(self, spot: Spot, at: datetime, hours: int) -> float:
        return sum(self.world.sky(spot, at + timedelta(hours=hour)).mm for hour in range(hours))


def times(now: datetime) -> list[datetime]:
    """The instants of a forecast: every hour from the running one, then every six hours of UTC."""
    at = now.replace(minute=0, second=0, microsecond=0)
    found = []
    while at <= now + HORIZON:
        found.append(at)
        hourly = at < now + HOURLY or at.hour % 6
        at += timedelta(hours=1 if hourly else 6)
    return found


def symbol(sky: Sky) -> str:
    """The ``symbol_code`` of a sky."""
    code = SYMBOLS[sky.kind]
    return f"{code}_{'day' if sky.by_day else 'night'}" if code in WITH_DAYTIME else code


def _next(sky: Sky, mm: float) -> Row:
    return {"summary": {"symbol_code": symbol(sky)}, "details": {"precipitation_amount": round(mm, 1)}}


def _text(status: int, text: str, refusal: str | None = None) -> Answer:
    page = f"<html><head><title>{status}</title></head><body><h1>{status} {text}</h1></body></html>"
    return Answer.of_text(page, status, "text/html", refusal=refusal)
