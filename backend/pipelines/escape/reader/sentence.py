"""The sentence of what was understood."""

from __future__ import annotations

import datetime

from backend.pipelines.escape.reader.dates import FORECAST_DAYS
from backend.pipelines.escape.reader.dates import spoken as spoken_day
from backend.pipelines.escape.reader.hours import spoken as spoken_hours
from backend.pipelines.escape.reader.weather import COLD_UP_TO, HOT_FROM, Sky

_BANDS = {
    "hot": f"Hot ({HOT_FROM:g} °C or more)",
    "cold": f"Cold ({COLD_UP_TO:g} °C or less)",
    "normal": f"Mild (between {COLD_UP_TO:g} and {HOT_FROM:g} °C)",
    "any": "Any weather",
}
_NAMES = {"hot": "Hot", "cold": "Cold", "normal": "Mild", "any": "Any weather"}


def sentence(today: datetime.date, depart: datetime.date, sky: Sky, hours: float, origin: str | None) -> str:
    """`Hot (25 °C or more) on Monday 23 November, at most 4 h of flight, from Valencia`."""
    ahead = (depart - today).days
    near = {0: "today, ", 1: "tomorrow, "}.get(ahead, "on ")
    typical = " (typical weather: a forecast doesn't reach that far)" if ahead > FORECAST_DAYS else ""
    parts = [
        f"{_weather(sky)} {near}{spoken_day(depart, today)}{typical}",
        f"at most {spoken_hours(hours)} of flight",
    ]
    if origin is not None:
        parts.append(f"from {origin}")
    return ", ".join(parts)


def _weather(sky: Sky) -> str:
    name = _NAMES[sky.weather]
    if sky.min_c is not None and sky.max_c is not None:
        return f"{name} ({sky.min_c:g} to {sky.max_c:g} °C)"
    if sky.min_c is not None:
        return f"{name} ({sky.min_c:g} °C or more)"
    if sky.max_c is not None:
        return f"{name} ({sky.max_c:g} °C or less)"
    return _BANDS[sky.weather]
