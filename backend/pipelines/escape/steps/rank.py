"""The ranking: a stated score, or what came near when nothing fits."""

import math

from backend.pipeline import Context
from backend.pipelines.escape.models import (
    Bands,
    Destination,
    Forecast,
    Forecasts,
    Intent,
    Miss,
    Ranked,
    Ranking,
)
from backend.pipelines.escape.steps.distances import LEEWAY_MIN, duration
from backend.pipelines.escape.steps.weather import wanted
from shared.events import RowUpsert

WISH_POINTS, FLIGHT_POINTS, EVIDENCE_POINTS = 50, 35, 15
EVIDENCE_SHARE = {"timetable": 1.0, "network": 0.6, "route": 0.2}
EXPLAINED = (
    f"Score of 100: up to {WISH_POINTS} for how surely the day is as you wish, up to {FLIGHT_POINTS} for a short "
    f"flight, up to {EVIDENCE_POINTS} for how well the flight is known."
)
MAX_MISSES = 3


async def rank(forecasts: Forecasts, wish: Intent, bands: Bands, ctx: Context) -> Ranking:
    """Best first. With no place left it names the nearest misses and what to loosen: that is an answer too."""
    destinations = {one.iata: one for one in forecasts.destinations}
    ranked = sorted(
        (_ranked(one, destinations[one.iata], wish, bands) for one in forecasts.forecasts if one.fits),
        key=lambda one: (-one.score, destinations[one.iata].minutes, one.iata),
    )
    if not ranked:
        return _nothing(forecasts, destinations, wish, bands, ctx)
    ctx.rows([RowUpsert(id=one.iata, cells={"score": one.score}, state="confirmed") for one in ranked])
    ctx.order([one.iata for one in ranked])
    ctx.log(EXPLAINED)
    best = ", ".join(one.city for one in ranked[:3])
    places = f"{len(ranked)} places" if len(ranked) > 1 else "1 place"
    ctx.say(f"{places}, the best first: {best}")
    return Ranking(tuple(ranked), EXPLAINED)


def _ranked(forecast: Forecast, destination: Destination, wish: Intent, bands: Bands) -> Ranked:
    wish_points = WISH_POINTS * chance(forecast, *bands.limits(wish))
    limit = wish.hours * 60 + LEEWAY_MIN
    flight_points = FLIGHT_POINTS * max(0.0, 1 - destination.minutes / limit)
    evidence_points = EVIDENCE_POINTS * EVIDENCE_SHARE[destination.evidence]
    return Ranked(
        iata=destination.iata,
        city=destination.city,
        score=round(wish_points + flight_points + evidence_points),
        wish=round(wish_points, 1),
        flight=round(flight_points, 1),
        evidence=round(evidence_points, 1),
    )


def chance(forecast: Forecast, low: float | None, high: float | None) -> float:
    """How likely the day's high lies between ``low`` and ``high``, if days stray normally by ``spread_c``; 0 to 1."""

    def below(limit: float) -> float:
        return 0.5 * (1 + math.erf((limit - forecast.high_c) / (max(forecast.spread_c, 0.1) * math.sqrt(2))))

    return (1.0 if high is None else below(high)) - (0.0 if low is None else below(low))


def _nothing(
    forecasts: Forecasts, destinations: dict[str, Destination], wish: Intent, bands: Bands, ctx: Context
) -> Ranking:
    low, high = bands.limits(wish)
    nearest = sorted(forecasts.forecasts, key=lambda one: _short_of(one.high_c, low, high))[:MAX_MISSES]
    misses = tuple(
        Miss(one.iata, destinations[one.iata].city, f"typically {one.high_c:.1f} °C, not {wanted(wish, bands)}")
        for one in nearest
    )
    loosen = []
    if nearest:
        loosen.append(f"accept {nearest[0].high_c:.1f} °C ({destinations[nearest[0].iata].city})")
    if forecasts.nearest_miss is not None:
        loosen.append(f"accept {duration(forecasts.nearest_miss)} of flight")
    loosen.append("another day")
    listed = ", ".join(f"{destinations[one.iata].city} {one.high_c:.1f} °C" for one in nearest)
    near = f" {wanted(wish, bands)}; the nearest: {listed}" if nearest else ""
    ctx.log("To find something: " + ", or ".join(loosen) + ".")
    ctx.say(f"Nothing fits{near}. Try: {', or '.join(loosen)}")
    return Ranking((), EXPLAINED, misses, tuple(loosen))


def _short_of(high_c: float, low: float | None, high: float | None) -> float:
    """By how many degrees a day's high misses the limits."""
    return max(0.0 if low is None else low - high_c, 0.0 if high is None else high_c - high)
