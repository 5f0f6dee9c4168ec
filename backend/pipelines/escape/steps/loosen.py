"""What to ask instead when nothing fits. Only what does find something, by typical weather, is ever suggested; beside
forecasts it is said to be typical."""

import datetime
from collections.abc import Iterator, Sequence

import msgspec

from backend.pipelines.escape.atlas import Atlas
from backend.pipelines.escape.models import (
    Bands,
    Candidates,
    Destination,
    Forecast,
    Forecasts,
    Intent,
    Loosening,
    Routes,
)
from backend.pipelines.escape.reader.dates import HORIZON_DAYS
from backend.pipelines.escape.steps.distances import duration, limit_minutes
from backend.pipelines.escape.steps.forecasts import typical
from backend.pipelines.escape.steps.weather import spoken_day

FOUR_WEEKS = datetime.timedelta(weeks=4)
SEASONS = 12
# Nobody who asks for heat is helped by "accept 9 °C".
FAR_FROM_C = 8.0


def loosenings(
    routes: Routes,
    candidates: Candidates,
    forecasts: Forecasts,
    wish: Intent,
    atlas: Atlas,
    bands: Bands,
) -> tuple[Loosening, ...]:
    """One for each part of the wish that alone is in the way: the weather, the hours, the day. Where no part alone
    would help, one of them together. Empty only if the airport has no destination on any day of a week.

    Weather that is ``FAR_FROM_C`` or more from the wish is suggested only where nothing else is.
    """
    is_typical = bool(forecasts.forecasts) and all(one.basis == "typical" for one in forecasts.forecasts)
    usually = "" if is_typical else "typically "
    other_weather = _other_weather(candidates, forecasts, wish, bands)
    ways = (
        _more_hours(candidates, wish, atlas, bands, usually),
        _other_weekday(routes, wish, atlas, bands, usually) or _other_season(candidates, wish, atlas, bands, usually),
    )
    found = tuple(way for way in ways if way is not None)
    if other_weather is not None and not (found and _is_far_from(wish, other_weather, bands)):
        found = (other_weather, *found)
    together = None if found else _all_together(routes, candidates, wish, atlas, bands)
    return found if together is None else (together,)


def nearest_first(forecasts: Sequence[Forecast], wish: Intent, bands: Bands) -> list[Forecast]:
    """By how many degrees they miss the wish."""
    low, high = bands.limits(wish)

    def missing(one: Forecast) -> float:
        return max(0.0 if low is None else low - one.high_c, 0.0 if high is None else one.high_c - high)

    return sorted(forecasts, key=missing)


def widened(wish: Intent, bands: Bands, high_c: float) -> tuple[float | None, float | None]:
    """The limits of the wish, the nearer one moved so that ``high_c`` is within."""
    low, high = bands.limits(wish)
    return None if low is None else min(low, high_c), None if high is None else max(high, high_c)


def _is_far_from(wish: Intent, way: Loosening, bands: Bands) -> bool:
    low, high = bands.limits(wish)
    too_cold = low is not None and way.min_c is not None and low - way.min_c >= FAR_FROM_C
    return too_cold or (high is not None and way.max_c is not None and way.max_c - high >= FAR_FROM_C)


def _other_weather(candidates: Candidates, forecasts: Forecasts, wish: Intent, bands: Bands) -> Loosening | None:
    if not forecasts.forecasts:
        return None
    nearest = nearest_first(forecasts.forecasts, wish, bands)[0]
    city = next(one.city for one in candidates.destinations if one.iata == nearest.iata)
    low, high = widened(wish, bands, nearest.high_c)
    return Loosening(f"accept {nearest.high_c:.1f} °C ({city})", nearest.iata, city, min_c=low, max_c=high)


def _more_hours(candidates: Candidates, wish: Intent, atlas: Atlas, bands: Bands, usually: str) -> Loosening | None:
    for one, sky in _fitting(candidates.farther, wish.depart, wish, atlas, bands):
        say = f"fly for up to {duration(one.minutes)} ({one.city}, {usually}{sky.high_c:.1f} °C)"
        return Loosening(say, one.iata, one.city, hours=one.minutes / 60)
    return None


def _other_weekday(routes: Routes, wish: Intent, atlas: Atlas, bands: Bands, usually: str) -> Loosening | None:
    if not routes.left_out:
        return None  # every weekday has the same flights, and six days hardly change the weather
    for day, near in _days_after(routes, wish):
        for one, sky in _fitting(near, day, wish, atlas, bands):
            say = f"leave on {day:%A} {spoken_day(day)} ({one.city}, {usually}{sky.high_c:.1f} °C)"
            return Loosening(say, one.iata, one.city, depart=day)
    return None


def _other_season(candidates: Candidates, wish: Intent, atlas: Atlas, bands: Bands, usually: str) -> Loosening | None:
    # Whole weeks later the very same flights leave, so that only the weather is new.
    seasons = min(SEASONS, (HORIZON_DAYS - wish.days_ahead) // FOUR_WEEKS.days)
    for count in range(1, seasons + 1):
        day = wish.depart + count * FOUR_WEEKS
        for one, sky in _fitting(candidates.destinations, day, wish, atlas, bands):
            say = f"leave on {spoken_day(day)} {day.year} ({one.city}, {usually}{sky.high_c:.1f} °C)"
            return Loosening(say, one.iata, one.city, depart=day)
    return None


def _all_together(routes: Routes, candidates: Candidates, wish: Intent, atlas: Atlas, bands: Bands) -> Loosening | None:
    days = [(wish.depart, list(candidates.farther)), *_days_after(routes, wish, near_only=False)]
    for day, destinations in days:
        for one in destinations:
            climate = atlas.climate(one.iata, day)
            if climate is None:
                continue
            sky = typical(climate, wish, bands)
            low, high = (None, None) if sky.fits else widened(wish, bands, sky.high_c)
            hours = one.minutes / 60 if one.minutes > limit_minutes(wish.hours) else None
            parts = [
                f"leave on {day:%A} {spoken_day(day)}" if day != wish.depart else "",
                f"fly for up to {duration(one.minutes)}" if hours else "",
                f"accept {sky.high_c:.1f} °C" if not sky.fits else "",
            ]
            say = f"{' and '.join(filter(None, parts))} ({one.city})"
            return Loosening(say, one.iata, one.city, low, high, hours, day if day != wish.depart else None)
    return None


def _days_after(
    routes: Routes, wish: Intent, *, near_only: bool = True
) -> Iterator[tuple[datetime.date, list[Destination]]]:
    """The next six days and what is flown on them, the shortest flight first."""
    if routes.network is msgspec.UNSET:
        return
    limit = limit_minutes(wish.hours)
    for ahead in range(1, 7):
        day = wish.depart + datetime.timedelta(days=ahead)
        flown = sorted(routes.network.flown_on(day)[0], key=lambda one: (one.minutes, one.iata))
        yield day, [one for one in flown if one.minutes <= limit or not near_only]


def _fitting(
    destinations: Sequence[Destination], day: datetime.date, wish: Intent, atlas: Atlas, bands: Bands
) -> Iterator[tuple[Destination, Forecast]]:
    climates = atlas.climates([one.iata for one in destinations], day)
    for one in destinations:
        if one.iata in climates and (sky := typical(climates[one.iata], wish, bands)).fits:
            yield one, sky
