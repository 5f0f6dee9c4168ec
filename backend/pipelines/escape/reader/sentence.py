"""The sentence of what was understood."""

from __future__ import annotations

import datetime

from backend.pipelines.escape.models import Bands
from backend.pipelines.escape.reader.dates import FORECAST_DAYS
from backend.pipelines.escape.reader.dates import spoken as spoken_day
from backend.pipelines.escape.reader.hours import spoken as spoken_hours
from backend.pipelines.escape.reader.weather import Sky, not_cold, not_hot

_NAMES = {"hot": "Hot", "cold": "Cold", "normal": "Mild", "any": "Any weather"}


def sentence(
    today: datetime.date, depart: datetime.date, sky: Sky, hours: float, origin: str | None, bands: Bands
) -> str:
    """`Hot (25 °C or more) on Monday 23 November, at most 4 h of flight, from Valencia`."""
    ahead = (depart - today).days
    near = {0: "today, ", 1: "tomorrow, "}.get(ahead, "on ")
    typical = " (typical weather: a forecast doesn't reach that far)" if ahead > FORECAST_DAYS else ""
    parts = [
        f"{spoken_weather(sky, bands)} {near}{spoken_day(depart, today)}{typical}",
        f"at most {spoken_hours(hours)} of flight",
    ]
    if origin is not None:
        parts.append(f"from {origin}")
    return ", ".join(parts)


def spoken_weather(sky: Sky, bands: Bands) -> str:
    """`Hot (25 °C or more)`."""
    name = _NAMES[sky.weather]
    if sky.weather == "any" and (sky.min_c is not None or sky.max_c is not None):
        return _limits(sky, bands)
    if sky.weather == "normal" and sky.min_c is None and sky.max_c is None:
        return f"{name} (between {bands.cold_max_c:g} and {bands.hot_min_c:g} °C)"
    low, high = bands.edges(sky.weather, sky.min_c, sky.max_c)
    if low is not None and high is not None:
        return f"{name} ({low:g} to {high:g} °C)"
    if low is not None:
        return f"{name} ({low:g} °C or more)"
    return f"{name} ({high:g} °C or less)" if high is not None else name


def _limits(sky: Sky, bands: Bands) -> str:
    """Figures that are no band of their own: `Not hot (24.9 °C or less)`, `18 °C or more`."""
    if sky.min_c is not None and sky.max_c is not None:
        return f"{sky.min_c:g} to {sky.max_c:g} °C"
    if sky.min_c is None:
        said = f"{sky.max_c:g} °C or less"
        return f"Not hot ({said})" if sky.max_c == not_hot(bands) else said
    said = f"{sky.min_c:g} °C or more"
    return f"Not cold ({said})" if sky.min_c == not_cold(bands) else said
