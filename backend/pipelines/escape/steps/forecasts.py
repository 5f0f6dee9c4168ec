"""A day's weather as the steps weigh it: foreseen or typical, how surely, whether it fits, and why not."""

import datetime
from collections.abc import Sequence

from backend.pipelines.escape.atlas import Climate
from backend.pipelines.escape.models import Bands, Forecast, Intent
from backend.pipelines.escape.sources.local_day import DaySky

UNKNOWN_SPREAD_C = 3.0
FIRST_DAY_SPREAD_C = 1.0
"""95 % of the Met Office's forecasts of a day's high are within 2 °C on the day itself, says its own verification
(metoffice.gov.uk, Accuracy performance): two standard deviations, for a service of that rank and its own country."""
SPREAD_A_DAY_C = 0.35
"""A plain rule of ours for the days after: about 2.8 °C on the fifth, as national services are said to reach."""


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
        low_c=round(climate.tmin_c, 1),
    )


def foreseen(
    iata: str,
    sky: DaySky,
    source: str,
    as_of: datetime.datetime,
    days_ahead: int,
    climate: Climate | None,
    wish: Intent,
    bands: Bands,
) -> Forecast:
    """The weather as a source foresees it. Judged by the high as it is shown, like a typical one."""
    usual = climate.sd_c if climate is not None else None
    return Forecast(
        iata=iata,
        high_c=sky.high_c,
        spread_c=round(spread(days_ahead, usual, partly=sky.partly), 1),
        rain=sky.rain,
        basis="forecast",
        quality=None,
        fits=bands.accepts(wish, sky.high_c),
        low_c=sky.low_c,
        sky=sky.word,
        wind_kmh=sky.wind_kmh,
        source=source,
        as_of=as_of.isoformat(timespec="seconds").replace("+00:00", "Z"),
        partly=sky.partly,
        hours=sky.hours,
    )


def spread(days_ahead: int, usual_c: float | None, *, partly: bool = False) -> float:
    """How far the high of a day strays from its forecast (standard deviation, °C), ``days_ahead`` of it.

    It grows by the day, but never beyond ``usual_c``, how far days stray there anyway: that much the climate knows too.
    Without the afternoon a forecast of the high is no better than that.
    """
    most = usual_c if usual_c is not None else UNKNOWN_SPREAD_C
    if partly:
        return most
    grown = FIRST_DAY_SPREAD_C + SPREAD_A_DAY_C * max(days_ahead, 0)
    return grown if usual_c is None else min(grown, most)


def wanted(wish: Intent, bands: Bands) -> str:
    """The weather that is wished for, in words."""
    low, high = bands.limits(wish)
    if low is None and high is None:
        return "any weather"
    if low is not None and high is not None:
        return f"between {low:g} and {high:g} °C" if low < high else f"at {low:g} °C"
    return f"at {low:g} °C or more" if low is not None else f"at {high:g} °C or less"


def why_not(forecast: Forecast, wish: Intent, bands: Bands) -> str:
    """Why a place is out: "typically 21.0 °C: not hot", "21.0 °C forecast: not hot"."""
    figures = wish.min_c is not None or wish.max_c is not None or wish.weather == "normal"
    high = f"{forecast.high_c:.1f} °C"
    known = f"{high} forecast" if forecast.basis == "forecast" else f"typically {high}"
    return f"{known}: not {wanted(wish, bands) if figures else wish.weather}"


def outcome(forecasts: Sequence[Forecast], total: int, wish: Intent, bands: Bands) -> str:
    """The step in one sentence: how many of ``total`` places fit, and whether that is foreseen or typical."""
    live = sum(one.basis == "forecast" for one in forecasts)
    fitting = sum(one.fits for one in forecasts)
    places = "1 place" if total == 1 else f"{total} places"
    if bands.limits(wish) == (None, None):
        kind = "Typical weather" if not live else "Forecasts" if live == len(forecasts) else "Weather"
        mixed = f" ({_mixed(live, len(forecasts) - live)})" if 0 < live < len(forecasts) else ""
        return f"{kind} for {places}{mixed}, any is welcome"
    if 0 < live < len(forecasts):
        verb = "is" if fitting < 2 else "are"
        return f"{fitting or 'None'} of {total} {verb} {wanted(wish, bands)} ({_mixed(live, len(forecasts) - live)})"
    how = "forecast" if live else "typically"
    if total == 1 and not fitting:
        return f"It is not forecast {wanted(wish, bands)}" if live else f"It is typically not {wanted(wish, bands)}"
    if total == 1:
        return f"It is {how} {wanted(wish, bands)}"
    return f"{fitting or 'None'} of {total} {'is' if fitting < 2 else 'are'} {how} {wanted(wish, bands)}"


def _mixed(live: int, typical: int) -> str:
    return f"{live} by forecast, {typical} typical"
