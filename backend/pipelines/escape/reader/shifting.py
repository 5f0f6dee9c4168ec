"""What `warmer`, `shorter` and `the day after` make of an earlier wish. Arithmetic alone: no words, no text."""

from __future__ import annotations

import datetime
from bisect import bisect_left, bisect_right
from typing import Literal

from backend.pipelines.escape.models import Bands, Weather
from backend.pipelines.escape.reader.dates import SATURDAY
from backend.pipelines.escape.reader.weather import Sky, band, not_cold, not_hot

Amount = Literal["little", "some", "much"]
_DEGREES: dict[Amount, float] = {"little": 3.0, "some": 5.0, "much": 10.0}
_STEPS: dict[Amount, int] = {"little": 1, "some": 1, "much": 2}
_BANDS: tuple[Weather, ...] = ("cold", "normal", "hot")
_FARTHEST_C = 60.0
# Flight lengths that differ enough to change an answer, in hours.
_LENGTHS = (0.5, 0.75, 1.0, 1.5, 2.0, 3.0, 4.0, 6.0, 12.0, 24.0)
_WEEK = 7


def warmer(before: Sky, direction: int, bands: Bands, amount: Amount = "some", degrees: float | None = None) -> Sky:
    """The weather next to `before`: warmer for `direction` 1, colder for -1.

    From band to band (cold, mild, hot), and from the last one on by degrees; limits move by `degrees`, or by 3, 5 or
    10. A single limit that is left behind becomes the other one: colder than `28 °C or more` is 23 to 28.
    """
    has_figures = before.min_c is not None or before.max_c is not None
    if before.weather == "any" and not has_figures:
        return Sky("hot" if direction > 0 else "cold", said=True)
    if degrees is None and not has_figures:
        at = _BANDS.index(before.weather)
        reached = max(0, min(len(_BANDS) - 1, at + direction * _STEPS[amount]))
        if reached != at:
            return Sky(_BANDS[reached], said=True)
    low, high = bands.edges(before.weather, before.min_c, before.max_c)
    by = direction * (_DEGREES[amount] if degrees is None else degrees)
    if low is None and high is not None and by > 0:
        low, high = high, high + by
    elif high is None and low is not None and by < 0:
        low, high = low + by, low
    else:
        low, high = None if low is None else low + by, None if high is None else high + by
    low, high = _in_reach(low), _in_reach(high)
    return Sky(band(low, high, bands), low, high, said=True)


def less(before: Sky, value: str, bands: Bands, amount: Amount = "some") -> Sky:
    """`not so hot`, `too cold`: away from `value`. Where any weather would do, only that is left out."""
    if before.weather == "any" and before.min_c is None and before.max_c is None:
        if value == "hot":
            return Sky("any", max_c=not_hot(bands), said=True)
        return Sky("any", min_c=not_cold(bands), said=True)
    return warmer(before, -1 if value == "hot" else 1, bands, amount)


def length(before: float, direction: int, amount: Amount = "some") -> float:
    """The next flight length in hours that makes a difference: longer for `direction` 1, shorter for -1."""
    for _ in range(_STEPS[amount]):
        if direction > 0:
            at = min(bisect_right(_LENGTHS, before), len(_LENGTHS) - 1)
        else:
            at = max(bisect_left(_LENGTHS, before) - 1, 0)
        before = _LENGTHS[at]
    return before


def nearest_week(ahead: int, before: int) -> int:
    """A day of the week, next in `ahead` days, in the week where it is nearest to a day in `before` days."""
    return ahead + _WEEK * max(0, round((before - ahead) / _WEEK))


def weekend_after(day: datetime.date) -> datetime.date:
    """The Saturday after `day`, of the next weekend if `day` is in one."""
    ahead = (SATURDAY - day.weekday() - 1) % _WEEK + 1
    return day + datetime.timedelta(days=ahead)


def _in_reach(figure: float | None) -> float | None:
    return None if figure is None else round(max(-_FARTHEST_C, min(_FARTHEST_C, figure)), 1)
