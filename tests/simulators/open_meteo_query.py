"""The parameters of Open-Meteo's ``/forecast``, and the words with which it refuses them."""

import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from tests.simulators.skies import Spot

DAILY: Final = (
    "temperature_2m_max", "temperature_2m_min", "weather_code", "precipitation_probability_max", "precipitation_sum",
    "wind_speed_10m_max",
)  # fmt: skip
HOURLY: Final = ("temperature_2m", "weather_code", "precipitation_probability", "precipitation")
MAX_DAYS, MAX_PAST_DAYS, DEFAULT_DAYS = 16, 92, 7
_EMPTY: Final = "Parameter 'latitude' and 'longitude' must not be empty"


class Bad(Exception):
    """A refused call; ``broken`` is whether the client broke a documented rule."""

    def __init__(self, reason: str, *, broken: bool = True) -> None:
        super().__init__(reason)
        self.reason = reason
        self.broken = broken


@dataclass(frozen=True)
class Asked:
    """A call as it was understood. ``zones`` has one name, or one for each location; ``auto`` is the place's own."""

    where: tuple[tuple[float, float], ...]
    daily: tuple[str, ...]
    hourly: tuple[str, ...]
    zones: tuple[str, ...]
    first_day: date | None
    last_day: date | None
    forecast_days: int
    past_days: int
    fahrenheit: bool
    unixtime: bool

    @property
    def weight(self) -> float:
        """What the call costs: by locations, variables and days."""
        variables = len(self.daily) + len(self.hourly)
        days = self.forecast_days + self.past_days
        if self.first_day is not None and self.last_day is not None:
            days = (self.last_day - self.first_day).days + 1
        return len(self.where) * max(1.0, variables / 10, variables / 10 * days / 14)

    @property
    def degrees(self) -> str:
        return "°F" if self.fahrenheit else "°C"

    def in_degrees(self, celsius: float) -> float:
        return round(celsius * 1.8 + 32 if self.fahrenheit else celsius, 1)

    def zone(self, number: int, spot: Spot) -> ZoneInfo:
        name = self.zones[number if len(self.zones) > 1 else 0]
        return spot.zone if name == "auto" else ZoneInfo(name)

    def days(self, now: datetime, zone: ZoneInfo) -> list[date]:
        """The local dates that the reply has."""
        today = now.astimezone(zone).date()
        first = self.first_day or today - timedelta(days=self.past_days)
        last = self.last_day or today + timedelta(days=self.forecast_days - 1)
        return [first + timedelta(days=number) for number in range((last - first).days + 1)]


def read_query(given: dict[str, str], now: datetime, max_locations: int) -> Asked:
    """Raises Bad with the service's own words."""
    where = _where(given, max_locations)
    zones = tuple(given.get("timezone", "GMT").split(","))
    if len(zones) not in (1, len(where)):
        raise Bad("Parameter 'timezone' and coordinates must have the same number of elements")
    if any(name != "auto" and not is_zone(name) for name in zones):
        raise Bad("Invalid timezone")
    first, last = _dates(given, now)
    return Asked(
        where=where,
        daily=_variables(given, "daily", DAILY),
        hourly=_variables(given, "hourly", HOURLY),
        zones=zones,
        first_day=first,
        last_day=last,
        forecast_days=_days(given, "forecast_days", DEFAULT_DAYS, MAX_DAYS, "Forecast days"),
        past_days=_days(given, "past_days", 0, MAX_PAST_DAYS, "Past days"),
        fahrenheit=given.get("temperature_unit") == "fahrenheit",
        unixtime=given.get("timeformat") == "unixtime",
    )


def _where(given: dict[str, str], max_locations: int) -> tuple[tuple[float, float], ...]:
    lats, lons = _numbers(given.get("latitude", "")), _numbers(given.get("longitude", ""))
    if not lats or not lons:
        raise Bad(_EMPTY)
    if len(lats) != len(lons):
        raise Bad("Parameter 'latitude' and 'longitude' must have the same number of elements")
    if len(lats) > max_locations:
        raise Bad(f"Only up to {max_locations} locations can be requested at once")
    for lat, lon in zip(lats, lons, strict=True):
        if not abs(lat) <= 90:
            raise Bad(f"Latitude must be in range of -90 to 90°. Given: {lat}.")
        if not abs(lon) <= 180:
            raise Bad(f"Longitude must be in range of -180 to 180°. Given: {lon}.")
    return tuple(zip(lats, lons, strict=True))


def _numbers(text: str) -> list[float]:
    try:
        return [float(part) for part in text.split(",") if part]
    except ValueError:
        raise Bad(_EMPTY) from None


def _variables(given: dict[str, str], block: str, known: tuple[str, ...]) -> tuple[str, ...]:
    asked = tuple(name for name in given.get(block, "").split(",") if name)
    for name in asked:
        if name not in known:
            kind = "WeatherVariable" if block == "hourly" else "ForecastVariableDaily"
            raise Bad(f"Cannot initialize {kind} from invalid String value {name} for key {block}")
    return asked


def _days(given: dict[str, str], name: str, default: int, most: int, said: str) -> int:
    text = given.get(name, str(default))
    if not re.fullmatch(r"-?\d{1,9}", text, re.ASCII) or not 0 <= int(text) <= most:
        raise Bad(f"{said} is invalid. Allowed range 0 to {most}. Given {text}.")
    return int(text)


def _dates(given: dict[str, str], now: datetime) -> tuple[date | None, date | None]:
    if "start_date" not in given and "end_date" not in given:
        return None, None
    if "forecast_days" in given or "past_days" in given:
        raise Bad("Parameter 'forecast_days' is mutually exclusive with 'start_date' and 'end_date'")
    try:
        first, last = date.fromisoformat(given["start_date"]), date.fromisoformat(given["end_date"])
    except (KeyError, ValueError):
        raise Bad("Invalid date format. Make sure to use 'YYYY-MM-DD'") from None
    earliest, latest = now.date() - timedelta(days=MAX_PAST_DAYS), now.date() + timedelta(days=MAX_DAYS - 1)
    for name, day in (("start_date", first), ("end_date", last)):
        if not earliest <= day <= latest:
            raise Bad(f"Parameter '{name}' is out of allowed range from {earliest} to {latest}")
    if last < first:
        raise Bad("End-date must be larger or equals than start-date")
    return first, last


def is_zone(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (OSError, ValueError, KeyError):
        return False
    return True
