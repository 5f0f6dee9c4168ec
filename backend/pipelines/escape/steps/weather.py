"""The sky over the candidates: rows are confirmed one by one, or go with the reason."""

import asyncio
import calendar
import datetime
from collections.abc import Sequence

from backend.pipeline import Context
from backend.pipelines.escape.atlas import Atlas, Climate
from backend.pipelines.escape.models import Bands, Candidates, Forecast, Forecasts, Intent
from shared.events import RowRemoval, RowUpsert

BATCH = 8
CLIMATE_AS_OF = "2021-07-31"  # the end of the years behind the bundled normals
UNKNOWN_SPREAD_C = 3.0
_NEARNESS = {"A": "within 25 km", "B": "within 100 km", "C": "within 250 km", "D": "farther away"}


async def weather(candidates: Candidates, wish: Intent, atlas: Atlas, bands: Bands, ctx: Context) -> Forecasts:
    """What is typical on the day, which is not a forecast and never called one."""
    airports = [one.iata for one in candidates.destinations]
    if not airports:
        ctx.say("No sky to read")
        return Forecasts(wish.depart, ())
    async with ctx.call("atlas", "climate", day=wish.depart.isoformat(), airports=airports) as call:
        climates = atlas.climates(airports, wish.depart)
        call.as_of = CLIMATE_AS_OF
        counted = "1 airport" if len(climates) == 1 else f"{len(climates)} airports"
        call.text = f"Typical weather on {spoken_day(wish.depart)} at {counted}, mean of 2003 to 2021 (no forecast)"
    forecasts: list[Forecast] = []
    for start in range(0, len(airports), BATCH):
        batch = airports[start : start + BATCH]
        found = [typical(climates[iata], wish, bands) for iata in batch if iata in climates]
        ctx.rows([_row(one, call.id) for one in found], _removals(batch, found, wish, bands))
        ctx.progress(start + len(batch), len(airports), "cities")
        forecasts.extend(found)
        await asyncio.sleep(0)  # many runs share this loop
    ctx.log(_stations(forecasts))
    ctx.say(_counted(sum(one.fits for one in forecasts), len(airports), wish, bands))
    return Forecasts(wish.depart, tuple(forecasts))


def _removals(batch: Sequence[str], found: Sequence[Forecast], wish: Intent, bands: Bands) -> list[RowRemoval]:
    known = {one.iata for one in found}
    return [
        *(RowRemoval(id=iata, why="nothing is known of the weather there") for iata in batch if iata not in known),
        *(RowRemoval(id=one.iata, why=why_not(one, wish, bands)) for one in found if not one.fits),
    ]


def typical(climate: Climate, wish: Intent, bands: Bands) -> Forecast:
    """The weather of a typical day. Judged by the high as it is shown: 24.96 °C reads 25.0 and is hot."""
    high = round(climate.tmax_c, 1)
    return Forecast(
        iata=climate.iata,
        high_c=high,
        spread_c=round(climate.sd_c if climate.sd_c is not None else UNKNOWN_SPREAD_C, 1),
        rain=None if climate.rain_chance is None else round(climate.rain_chance * 100),
        basis="typical",
        quality=climate.quality,
        fits=bands.accepts(wish, high),
    )


def wanted(wish: Intent, bands: Bands) -> str:
    """The weather that is wished for, in words."""
    low, high = bands.limits(wish)
    if low is None and high is None:
        return "any weather"
    if low is not None and high is not None:
        return f"between {low:g} and {high:g} °C" if low < high else f"at {low:g} °C"
    return f"at {low:g} °C or more" if low is not None else f"at {high:g} °C or less"


def why_not(forecast: Forecast, wish: Intent, bands: Bands) -> str:
    """Why a place is out: "typically 21.0 °C: not hot"."""
    figures = wish.min_c is not None or wish.max_c is not None or wish.weather == "normal"
    return f"typically {forecast.high_c:.1f} °C: not {wanted(wish, bands) if figures else wish.weather}"


def spoken_day(day: datetime.date) -> str:
    """``23 November``."""
    return f"{day.day} {calendar.month_name[day.month]}"


def _row(forecast: Forecast, call: str) -> RowUpsert:
    cells = {
        "high": forecast.high_c,
        "weather": f"typical ±{forecast.spread_c:.0f} °C, {forecast.quality}",
        "rain": forecast.rain,
    }
    return RowUpsert(id=forecast.iata, cells=cells, state="confirmed", from_=dict.fromkeys(cells, call))


def _stations(forecasts: Sequence[Forecast]) -> str:
    counts = {quality: sum(one.quality == quality for one in forecasts) for quality in _NEARNESS}
    listed = ", ".join(f"{count} {_NEARNESS[quality]} ({quality})" for quality, count in counts.items() if count)
    return f"The weather station behind it: {listed or 'none'}."


def _counted(fitting: int, total: int, wish: Intent, bands: Bands) -> str:
    if bands.limits(wish) == (None, None):
        return f"Typical weather for {total} {'place' if total == 1 else 'places'}, any is welcome"
    if total == 1:
        return f"It is typically {'' if fitting else 'not '}{wanted(wish, bands)}"
    return f"{fitting or 'None'} of {total} {'is' if fitting < 2 else 'are'} typically {wanted(wish, bands)}"
