"""The ranking: a stated score, or what came near when nothing fits."""

import calendar
import math
from collections import Counter
from collections.abc import Sequence

from backend.pipeline import Context
from backend.pipelines.escape.atlas import Atlas
from backend.pipelines.escape.models import (
    Bands,
    Candidates,
    Destination,
    Forecast,
    Forecasts,
    Intent,
    Miss,
    Ranked,
    Ranking,
    Routes,
)
from backend.pipelines.escape.steps.distances import duration_of, limit_minutes
from backend.pipelines.escape.steps.forecasts import why_not
from backend.pipelines.escape.steps.loosen import loosenings, nearest_first
from shared.events import RowUpsert

WISH_POINTS, FLIGHT_POINTS, EVIDENCE_POINTS = 50, 35, 15
EVIDENCE_SHARE = {"live": 1.0, "timetable": 1.0, "network": 0.6, "doubtful": 0.4, "route": 0.2}
_EVIDENCE_POINTS = {known: round(EVIDENCE_POINTS * share, 1) for known, share in EVIDENCE_SHARE.items()}
EXPLAINED = (
    f"Score of 100: up to {WISH_POINTS} for how surely the day is as you wish, up to {FLIGHT_POINTS} for a short "
    f"flight, up to {EVIDENCE_POINTS} for how well the flight is known."
)
MAX_MISSES = 3
MAX_NAMED = 3


async def rank(
    routes: Routes,
    candidates: Candidates,
    forecasts: Forecasts,
    wish: Intent,
    atlas: Atlas,
    bands: Bands,
    ctx: Context,
) -> Ranking:
    """Best first. With no place left it names the nearest misses and what to loosen: that is an answer too."""
    destinations = {one.iata: one for one in candidates.destinations}
    limits, longest = bands.limits(wish), limit_minutes(wish.hours)
    ranked = sorted(
        (_ranked(one, destinations[one.iata], limits, longest) for one in forecasts.forecasts if one.fits),
        key=lambda one: (-one.score, destinations[one.iata].minutes, one.iata),
    )
    if not ranked:
        misses = nearest_first(forecasts.forecasts, wish, bands)[:MAX_MISSES]
        loosen = loosenings(routes, candidates, forecasts, wish, atlas, bands)
        ctx.order([])
        ctx.say(_nothing(misses, routes, candidates, wish) + _try([one.say for one in loosen]))
        named = tuple(Miss(one.iata, destinations[one.iata].city, why_not(one, wish, bands)) for one in misses)
        return Ranking((), EXPLAINED, named, loosen)
    ctx.rows([RowUpsert(id=one.iata, cells={"score": one.score}, state="confirmed") for one in ranked])
    ctx.order([one.iata for one in ranked])
    ctx.log(EXPLAINED)
    best = ", ".join(names(ranked)[:MAX_NAMED])
    ctx.say(f"{len(ranked)} places, the best first: {best}" if len(ranked) > 1 else f"1 place: {best}")
    return Ranking(tuple(ranked), EXPLAINED)


def _ranked(
    forecast: Forecast, destination: Destination, limits: tuple[float | None, float | None], longest: int
) -> Ranked:
    wish_points = WISH_POINTS * chance(forecast, *limits)
    flight_points = FLIGHT_POINTS * max(0.0, 1 - destination.minutes / longest)
    evidence_points = _EVIDENCE_POINTS[destination.evidence]
    return Ranked(
        iata=destination.iata,
        city=destination.city,
        score=round(wish_points + flight_points + evidence_points),
        wish=round(wish_points, 1),
        flight=round(flight_points, 1),
        evidence=evidence_points,
    )


def chance(forecast: Forecast, low: float | None, high: float | None) -> float:
    """How likely the day's high lies between ``low`` and ``high``, if days stray normally by ``spread_c``; 0 to 1."""

    def below(limit: float) -> float:
        return 0.5 * (1 + math.erf((limit - forecast.high_c) / (max(forecast.spread_c, 0.1) * math.sqrt(2))))

    return (1.0 if high is None else below(high)) - (0.0 if low is None else below(low))


def names(places: Sequence[Ranked | Destination]) -> list[str]:
    """Cities, with the airport where a city has more than one in the list."""
    counts = Counter(one.city for one in places)
    return [one.city if counts[one.city] == 1 else f"{one.city} ({one.iata})" for one in places]


def _nothing(misses: Sequence[Forecast], routes: Routes, candidates: Candidates, wish: Intent) -> str:
    if misses:
        destinations = {one.iata: one for one in candidates.destinations}
        cities = names([destinations[one.iata] for one in misses])
        near = ", ".join(f"{city} {one.high_c:.1f} °C" for city, one in zip(cities, misses, strict=True))
        return f"Nothing fits; the nearest: {near}"
    if routes.destinations:
        return f"Nothing is within {duration_of(wish.hours)} of flight"
    return f"Nothing is known to fly on a {calendar.day_name[wish.depart.weekday()]}"


def _try(ways: Sequence[str]) -> str:
    if len(ways) < 2:
        return "".join(f". Try to {way}" for way in ways)
    return f". Try to {', '.join(ways[:-1])}, or {ways[-1]}"
