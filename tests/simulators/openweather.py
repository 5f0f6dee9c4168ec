"""OpenWeather's 5 day / 3 hour forecast (https://api.openweathermap.org/data/2.5): ``/forecast``.

Slots stand on the UTC grid of 3 hours, from the next one on; ``city.timezone`` is the place's shift now. ``cod`` is a
text or a number as in the real replies. A place in ``world.without_weather`` is ``city not found``.
"""

from datetime import UTC, date, datetime, timedelta
from typing import Any, ClassVar, Final

from tests.simulators.clock import SimulatedClock
from tests.simulators.exchange import Answer, Seen
from tests.simulators.quota import CalendarWindows
from tests.simulators.server import Simulator
from tests.simulators.skies import HIGH_FROM_H, HIGH_TO_H, Kind, Spot
from tests.simulators.world import World

KEY: Final = "c0ffee00openweathercanary0000000"
SLOT: Final = timedelta(hours=3)
SLOTS: Final = 40
INVALID_KEY: Final = "Invalid API key. Please see https://openweathermap.org/faq#error401 for more info."
BLOCKED: Final = (
    "Your account is temporary blocked due to exceeding of requests limitation of your subscription type. "
    "Please choose the proper subscription https://openweathermap.org/price"
)
CONDITIONS: Final[dict[Kind, tuple[int, str, str, str]]] = {
    "clear": (800, "Clear", "clear sky", "01"),
    "fair": (801, "Clouds", "few clouds", "02"),
    "cloudy": (802, "Clouds", "scattered clouds", "03"),
    "overcast": (804, "Clouds", "overcast clouds", "04"),
    "fog": (741, "Fog", "fog", "50"),
    "drizzle": (300, "Drizzle", "light intensity drizzle", "09"),
    "rain": (500, "Rain", "light rain", "10"),
    "snow": (600, "Snow", "light snow", "13"),
    "showers": (521, "Rain", "shower rain", "09"),
    "thunder": (211, "Thunderstorm", "thunderstorm", "11"),
}
Row = dict[str, Any]


class OpenWeatherSimulator(Simulator):
    """``keys``: those that work. ``minute`` calls a minute and ``month`` a month for each key, then 429."""

    base: ClassVar[str] = "/data/2.5"

    def __init__(
        self,
        world: World | None = None,
        *,
        clock: SimulatedClock | None = None,
        minute: int = 60,
        month: int = 1_000_000,
        latency_s: float = 0.0,
    ) -> None:
        super().__init__(clock=clock, latency_s=latency_s)
        self.world = world or World()
        self.keys = {KEY}
        self.quota = CalendarWindows(self.clock, {"minute": minute, "month": month})

    async def answer(self, request: Seen) -> Answer:
        given = request.query
        if given.get("appid") not in self.keys:
            return self.failure(401)
        if self.quota.exceeded(given["appid"]):
            return self.failure(429)
        self.quota.add(given["appid"])
        if request.path != "/forecast" or request.method != "GET":
            return _error("404", 404, "Internal error", f"OpenWeather: there is no {request.path}")
        wrong = _wrong(given)
        if wrong is not None:
            return wrong
        lat, lon = float(given["lat"]), float(given["lon"])
        spot = self.world.spot(lat, lon)
        if not self.world.has_weather(spot):
            return self.failure(404)
        return Answer.of_json(self._forecast(spot, lat, lon, given))

    def failure(self, status: int) -> Answer:
        if status == 401:
            return _error(401, 401, INVALID_KEY)
        if status == 429:
            return _error(429, 429, BLOCKED)
        if status == 404:
            return _error("404", 404, "city not found")
        return super().failure(status)

    def _forecast(self, spot: Spot, lat: float, lon: float, given: dict[str, str]) -> Row:
        count = min(int(given.get("cnt", SLOTS)), SLOTS)
        now = self.clock.now()
        units = given.get("units", "standard")
        first = next_slot(now)
        slots = [self._slot(spot, first + SLOT * number, units, number) for number in range(count)]
        shift = now.astimezone(spot.zone).utcoffset()
        assert shift is not None
        dawn = datetime(now.year, now.month, now.day, tzinfo=UTC) - shift + timedelta(hours=7)
        return {
            "cod": "200", "message": 0, "cnt": count, "list": slots,
            "city": {
                "id": 9000001, "name": spot.name, "coord": {"lat": round(lat, 4), "lon": round(lon, 4)},
                "country": spot.country, "population": 1000, "timezone": round(shift.total_seconds()),
                "sunrise": round(dawn.timestamp()), "sunset": round(dawn.timestamp()) + 11 * 3600,
            },
        }  # fmt: skip

    def _slot(self, spot: Spot, at: datetime, units: str, number: int) -> Row:
        sky = self.world.sky(spot, at)
        temp = _in_units(sky.temp_c, units)
        spread = 0.6 if number < 2 else 0.0  # only the first slots have one, and below: the high is the world's
        pod = "d" if sky.by_day else "n"
        group, main, description, icon = CONDITIONS[sky.kind]
        wind = sky.wind * 2.237 if units == "imperial" else sky.wind
        row: Row = {
            "dt": round(at.timestamp()),
            "main": {
                "temp": temp, "feels_like": round(temp - 0.4, 2), "temp_min": round(temp - spread, 2),
                "temp_max": temp, "pressure": sky.pressure, "sea_level": sky.pressure,
                "grnd_level": sky.pressure - 6, "humidity": sky.humidity, "temp_kf": spread,
            },
            "weather": [{"id": group, "main": main, "description": description, "icon": icon + pod}],
            "clouds": {"all": sky.clouds},
            "wind": {"speed": round(wind, 2), "deg": sky.wind_from, "gust": round(wind * 1.6, 2)},
            "visibility": 10000,
            "pop": sky.chance,
            "sys": {"pod": pod},
            "dt_txt": f"{at:%Y-%m-%d %H:%M:%S}",
        }  # fmt: skip
        if sky.kind == "fog":
            del row["visibility"], row["wind"]["gust"]
        if sky.mm:
            row["snow" if sky.kind == "snow" else "rain"] = {"3h": round(sky.mm * 3, 2)}
        return row


def next_slot(now: datetime) -> datetime:
    """The next multiple of three hours UTC, or ``now`` itself."""
    seconds = -(-now.timestamp() // SLOT.total_seconds()) * SLOT.total_seconds()
    return datetime.fromtimestamp(seconds, UTC)


def dates_with_the_high(now: datetime, spot: Spot) -> set[date]:
    """The local dates that a forecast of ``now`` shows the high of; of the first and the last it may lack it."""
    found = set()
    for number in range(SLOTS):
        local = (next_slot(now) + SLOT * number).astimezone(spot.zone)
        if HIGH_FROM_H <= local.hour + local.minute / 60 <= HIGH_TO_H:
            found.add(local.date())
    return found


def _in_units(celsius: float, units: str) -> float:
    if units == "metric":
        return round(celsius, 2)
    return round(celsius * 1.8 + 32 if units == "imperial" else celsius + 273.15, 2)


def _wrong(given: dict[str, str]) -> Answer | None:
    """Why the parameters are refused, if they are."""
    if not (given.get("lat") and given.get("lon")):
        return _error("400", 400, "Nothing to geocode", "OpenWeather: lat and lon are required")
    for name, short, most in (("lat", "latitude", 90), ("lon", "longitude", 180)):
        try:
            inside = abs(float(given[name])) <= most
        except ValueError:
            inside = False
        if not inside:
            return _error("400", 400, f"wrong {short}", f"OpenWeather: wrong {short}")
    if not given.get("cnt", "1").isdecimal() or int(given.get("cnt", "1")) == 0:
        return _error("400", 400, "cnt from 1 to 40", "OpenWeather: wrong cnt")
    if given.get("units", "standard") not in ("standard", "metric", "imperial") or given.get("mode", "json") != "json":
        return _error("400", 400, "wrong units or mode", "OpenWeather: wrong units or mode")
    return None


def _error(cod: int | str, status: int, message: str, refusal: str | None = None) -> Answer:
    return Answer.of_json({"cod": cod, "message": message}, status, refusal=refusal)
