"""The invented weather: a plain function of place and time, so that all weather services tell the same.

A local day's high stands from 11:00 to 17:30 local time and its low from 0:00 to 6:00; between them the temperature
goes in straight lines. So every grid of 3 hours, and of 6, meets a whole day's high exactly; only a cut day lacks it.
"""

import random
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Final, Literal
from zoneinfo import ZoneInfo

Kind = Literal["clear", "fair", "cloudy", "overcast", "fog", "drizzle", "rain", "snow", "showers", "thunder"]
DRY: Final[tuple[Kind, ...]] = ("clear", "clear", "fair", "fair", "cloudy", "overcast", "fog")
WET: Final[tuple[Kind, ...]] = ("drizzle", "rain", "rain", "showers", "thunder")
FREEZING_C: Final = 1.0
SUNRISE_H, RISES_H, HIGH_FROM_H, HIGH_TO_H, SUNSET_H = 7.0, 6.0, 11.0, 17.5, 18.0


@dataclass(frozen=True)
class Spot:
    """A place with weather: ``key`` is the airport's code, or the position where none is near."""

    key: str
    name: str
    country: str
    lat: float
    lon: float
    tz: str

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.tz)


@dataclass(frozen=True)
class Sky:
    """The weather at an instant. ``chance`` of rain is 0 to 1, ``mm`` falls in an hour, wind is in m/s and degrees."""

    temp_c: float
    kind: Kind
    chance: float
    mm: float
    clouds: int
    humidity: int
    pressure: int
    wind: float
    wind_from: int
    by_day: bool


@dataclass(frozen=True)
class Day:
    """A local day at a spot."""

    high_c: float
    span_c: float
    chance: float
    kind: Kind
    clouds: int
    wind: float


@dataclass
class Skies:
    """``highs`` holds what a test has set, by key and local date (None: every day)."""

    seed: int
    highs: dict[tuple[str, date | None], float] = field(default_factory=dict)
    _days: dict[tuple[str, date], Day] = field(default_factory=dict)

    def high(self, spot: Spot, day: date) -> float:
        """The highest temperature of a local day in °C, with one decimal."""
        for which in ((spot.key, day), (spot.key, None)):
            if which in self.highs:
                return self.highs[which]
        return self._day(spot, day).high_c

    def low(self, spot: Spot, day: date) -> float:
        """What the small hours of a local day have in °C: below the highs on both sides of them."""
        before, after = self.high(spot, day - timedelta(days=1)), self.high(spot, day)
        return round(min(before, after) - self._day(spot, day).span_c, 1)

    def chance(self, spot: Spot, day: date) -> float:
        """The chance of rain on a local day, 0 to 1 in hundredths."""
        return self._day(spot, day).chance

    def temperature(self, spot: Spot, at: datetime) -> float:
        """At an instant (aware), in °C, not rounded."""
        local = at.astimezone(spot.zone)
        day, hour = local.date(), local.hour + local.minute / 60 + local.second / 3600
        if hour < RISES_H:
            return self.low(spot, day)
        if hour < HIGH_FROM_H:
            return _between(self.low(spot, day), self.high(spot, day), (hour - RISES_H) / (HIGH_FROM_H - RISES_H))
        if hour <= HIGH_TO_H:
            return self.high(spot, day)
        tonight = self.low(spot, day + timedelta(days=1))
        return _between(self.high(spot, day), tonight, (hour - HIGH_TO_H) / (24 - HIGH_TO_H))

    def sky(self, spot: Spot, at: datetime) -> Sky:
        """All of it at an instant (aware)."""
        local = at.astimezone(spot.zone)
        day = self._day(spot, local.date())
        temp = self.temperature(spot, at)
        afternoon = HIGH_FROM_H <= local.hour + local.minute / 60 <= HIGH_TO_H
        wet = day.kind in WET and afternoon
        kind: Kind = day.kind if wet or day.kind not in WET else "cloudy"
        if wet and temp < FREEZING_C:
            kind = "snow"
        return Sky(
            temp_c=temp,
            kind=kind,
            chance=day.chance if afternoon else round(day.chance / 2, 2),
            mm=round(day.chance * 2, 1) if wet else 0.0,
            clouds=day.clouds,
            humidity=40 + day.clouds // 2,
            pressure=1024 - day.clouds // 5,
            wind=day.wind,
            wind_from=round(spot.lon) % 360,
            by_day=SUNRISE_H <= local.hour < SUNSET_H,
        )

    def _day(self, spot: Spot, day: date) -> Day:
        known = self._days.get((spot.key, day))
        if known is None:
            known = self._days[spot.key, day] = self._invented(spot, day)
        return known

    def _invented(self, spot: Spot, day: date) -> Day:
        climate = random.Random(f"{self.seed}:climate:{spot.key}")
        usual = 31 - 0.5 * abs(spot.lat) + climate.uniform(-4, 4)
        rng = random.Random(f"{self.seed}:sky:{spot.key}:{day}")
        chance = round(rng.random() ** 2, 2)
        kind = rng.choice(WET if chance >= 0.4 else DRY)
        clouds = 90 if chance >= 0.4 else {"clear": 0, "fair": 20, "cloudy": 45}.get(kind, 100)
        return Day(
            high_c=round(usual + rng.uniform(-2, 2), 1),
            span_c=round(rng.uniform(5, 10), 1),
            chance=chance,
            kind=kind,
            clouds=clouds,
            wind=round(rng.uniform(0.5, 9), 1),
        )


def _between(start: float, end: float, share: float) -> float:
    return start + (end - start) * share
