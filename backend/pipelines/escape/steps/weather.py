"""The sky over the candidates: rows are confirmed one by one, or go with the reason."""

import asyncio
from collections.abc import Sequence

from backend.pipeline import Context
from backend.pipelines.escape.atlas import Atlas, Climate
from backend.pipelines.escape.models import Bands, Candidates, Forecast, Forecasts, Intent
from shared.events import RowRemoval, RowUpsert

BATCH = 8


async def weather(candidates: Candidates, wish: Intent, atlas: Atlas, bands: Bands, ctx: Context) -> Forecasts:
    """What is typical on the day, which is not a forecast and never called one."""
    destinations = candidates.destinations
    airports = [one.iata for one in destinations]
    async with ctx.call("atlas", "climate", day=wish.depart.isoformat(), airports=airports) as call:
        climates = atlas.climates(airports, wish.depart)
        call.as_of = "2003-2021"
        call.text = f"Typical weather on {wish.depart.day} {wish.depart:%B} at {len(climates)} airports (no forecast)"
    forecasts: list[Forecast] = []
    for start in range(0, len(airports), BATCH):
        batch = airports[start : start + BATCH]
        found = [_typical(climates[iata], wish, bands) for iata in batch if iata in climates]
        ctx.rows([_row(one, call.id) for one in found], _removals(batch, found, wish, bands))
        ctx.progress(start + len(batch), len(airports), "cities")
        forecasts.extend(found)
        await asyncio.sleep(0)  # many runs share this loop
    fitting = sum(one.fits for one in forecasts)
    ctx.say(f"{fitting} of {len(airports)} {wanted(wish, bands)}, typically" if airports else "No city to look at")
    return Forecasts(wish.depart, tuple(forecasts), destinations, candidates.nearest_miss)


def _removals(batch: Sequence[str], found: Sequence[Forecast], wish: Intent, bands: Bands) -> list[RowRemoval]:
    unknown = set(batch) - {one.iata for one in found}
    return [
        *(RowRemoval(id=iata, why="nothing is known of the weather there") for iata in batch if iata in unknown),
        *(RowRemoval(id=one.iata, why=_why_not(one, wish, bands)) for one in found if not one.fits),
    ]


def wanted(wish: Intent, bands: Bands) -> str:
    """The weather that is wished for, in words."""
    low, high = bands.limits(wish)
    if low is None and high is None:
        return "welcome, whatever their weather"
    if low is not None and high is not None:
        return f"between {low:g} and {high:g} °C"
    return f"at {low:g} °C or more" if low is not None else f"at {high:g} °C or less"


def _typical(climate: Climate, wish: Intent, bands: Bands) -> Forecast:
    high = round(climate.tmax_c, 1)
    return Forecast(
        iata=climate.iata,
        high_c=high,
        spread_c=round(climate.sd_c if climate.sd_c is not None else 3.0, 1),
        rain=None if climate.rain_chance is None else round(climate.rain_chance * 100),
        basis="typical",
        quality=climate.quality,
        fits=bands.accepts(wish, high),
    )


def _row(forecast: Forecast, call: str) -> RowUpsert:
    cells = {
        "high": forecast.high_c,
        "weather": f"typical ±{forecast.spread_c:.0f} °C, {forecast.quality}",
        "rain": forecast.rain,
    }
    return RowUpsert(id=forecast.iata, cells=cells, state="confirmed", from_=dict.fromkeys(cells, call))


def _why_not(forecast: Forecast, wish: Intent, bands: Bands) -> str:
    figures = wish.min_c is not None or wish.max_c is not None
    return f"typically {forecast.high_c:.1f} °C: not {wanted(wish, bands) if figures else wish.weather}"
