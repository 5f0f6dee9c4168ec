"""The weather as the steps weigh it: how surely, whether it fits, and what is said of it."""

import datetime
from datetime import UTC
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.pipelines.escape.atlas import Climate
from backend.pipelines.escape.models import Bands, Forecast
from backend.pipelines.escape.sources.local_day import DaySky
from backend.pipelines.escape.steps.forecasts import foreseen, outcome, spread, typical, wanted, why_not
from backend.pipelines.escape.steps.rank import chance
from tests.escape_values import forecast, wish

BANDS = Bands()
NOON = datetime.datetime(2026, 11, 22, 12, 0, 5, 999, tzinfo=UTC)


def seen(high: float, **changed: Any) -> Forecast:
    given: dict[str, Any] = {"wish": wish(), "days_ahead": 1, **changed}
    sky = given.pop("sky", DaySky(high, 12.0, "clear", 5, 20, ((15, high),)))
    return foreseen("LPA", sky, "OpenWeather", NOON, given["days_ahead"], None, given["wish"], BANDS)


def live(high: float, *, fits: bool = True) -> Forecast:
    return msgspec.structs.replace(seen(high), fits=fits)


def test_a_forecast_has_all_that_its_source_told() -> None:
    assert seen(24.3) == Forecast(
        iata="LPA", high_c=24.3, spread_c=1.4, rain=5, basis="forecast", quality=None, fits=True, low_c=12.0,
        sky="clear", wind_kmh=20, source="OpenWeather", as_of="2026-11-22T12:00:05Z", hours=((15, 24.3),),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("high", "band"), [(24.9, "normal"), (25.0, "hot"), (20.0, "cold"), (20.1, "normal"), (-3.0, "cold")]
)
def test_a_high_on_a_threshold_is_hot_or_cold(high: float, band: str) -> None:
    assert {name for name in ("cold", "normal", "hot") if seen(high, wish=wish(weather=name)).fits} == {band}


@pytest.mark.parametrize(
    ("ahead", "usual", "wanted"),
    [(0, None, 1.0), (1, None, 1.35), (5, None, 2.75), (5, 2.0, 2.0), (1, 2.0, 1.35), (0, 0.7, 0.7), (-1, None, 1.0)],
)
def test_the_spread_grows_by_the_day_up_to_what_is_usual(ahead: int, usual: float | None, wanted: float) -> None:
    assert spread(ahead, usual) == pytest.approx(wanted)


@given(st.integers(0, 16), st.none() | st.floats(0.1, 8))
def test_a_nearer_day_is_never_less_sure(ahead: int, usual: float | None) -> None:
    assert 0 < spread(ahead, usual) <= spread(ahead + 1, usual)
    assert usual is None or spread(ahead, usual) <= usual
    assert spread(ahead, usual, partly=True) >= min(spread(0, usual), usual or 9)


def test_a_part_of_a_day_is_as_unsure_as_its_climate() -> None:
    assert spread(1, 4.2, partly=True) == 4.2
    assert spread(1, None, partly=True) == 3.0


def test_a_forecast_weighs_more_than_what_is_typical() -> None:
    usual, foretold = forecast("LPA", 26.0, 3.0), seen(26.0)
    assert chance(foretold, 25.0, None) > chance(usual, 25.0, None) > 0.5


@pytest.mark.parametrize(
    ("asked", "why"),
    [
        ({"weather": "hot"}, "21.0 °C forecast: not hot"),
        ({"weather": "normal", "min_c": 30.0}, "21.0 °C forecast: not at 30 °C or more"),
        ({"min_c": 25.0, "max_c": 28.0}, "21.0 °C forecast: not between 25 and 28 °C"),
    ],
)
def test_a_forecast_is_called_one(asked: dict[str, Any], why: str) -> None:
    assert why_not(seen(21.0), wish(**asked), BANDS) == why


HOT, COLD, USUAL = live(26.0), live(10.0, fits=False), forecast("AAA", 26.0)


@pytest.mark.parametrize(
    ("found", "asked", "said"),
    [
        ([HOT], {"weather": "hot"}, "It is forecast at 25 °C or more"),
        ([COLD], {"weather": "hot"}, "It is not forecast at 25 °C or more"),
        ([HOT, COLD], {"weather": "hot"}, "1 of 2 is forecast at 25 °C or more"),
        ([HOT, HOT, COLD], {"weather": "hot"}, "2 of 3 are forecast at 25 °C or more"),
        ([HOT, USUAL, COLD], {"weather": "hot"}, "2 of 3 are at 25 °C or more (2 by forecast, 1 typical)"),
        ([COLD, msgspec.structs.replace(USUAL, fits=False)], {"weather": "hot"},
         "None of 2 is at 25 °C or more (1 by forecast, 1 typical)"),
        ([HOT, COLD], {}, "Forecasts for 2 places, any is welcome"),
        ([HOT, USUAL], {}, "Weather for 2 places (1 by forecast, 1 typical), any is welcome"),
        ([USUAL], {}, "Typical weather for 1 place, any is welcome"),
    ],
)  # fmt: skip
def test_the_step_says_whether_it_is_foreseen_or_typical(
    found: list[Forecast], asked: dict[str, Any], said: str
) -> None:
    assert outcome(found, len(found), wish(**asked), BANDS) == said


def climate(high: float, **changed: Any) -> Climate:
    given: dict[str, Any] = {
        "iata": "AAA", "tmax_c": high, "tmin_c": 1.0, "tmean_c": 2.0, "sd_c": 2.0, "rain_chance": 0.254,
        "sun_hours": 5.0, "quality": "A", "station": "There", "station_km": 1.0, "dz_m": 0, **changed,
    }  # fmt: skip
    return Climate(**given)


@pytest.mark.parametrize(
    ("high", "band"),
    [
        (24.94, "normal"), (24.96, "hot"), (25.0, "hot"), (25.04, "hot"), (40.0, "hot"), (20.0, "cold"),
        (20.04, "cold"), (20.06, "normal"), (19.96, "cold"), (-30.0, "cold"), (22.5, "normal"),
    ],
)  # fmt: skip
def test_each_high_is_in_the_band_of_the_figure_that_is_shown(high: float, band: str) -> None:
    fitting = {name for name in ("cold", "normal", "hot") if typical(climate(high), wish(weather=name), BANDS).fits}
    assert fitting == {band}
    assert typical(climate(high), wish(weather="any"), BANDS).fits


@given(st.floats(-60, 60), st.floats(-10, 30), st.floats(0, 15))
def test_every_high_is_in_one_band_whatever_the_thresholds(high: float, cold: float, wider: float) -> None:
    bands = Bands(cold, cold + wider)
    shown = typical(climate(high), wish(), bands).high_c
    fitting = [name for name in ("cold", "normal", "hot") if bands.accepts(wish(weather=name), shown)]
    # Where cold ends exactly where hot begins, that one degree is both.
    assert fitting == (["cold", "hot"] if shown == cold == cold + wider else fitting[:1])
    assert fitting


@pytest.mark.parametrize(
    ("asked", "inside", "outside"),
    [
        ({"min_c": 25.0}, [25.0, 40.0], [24.9]),
        ({"max_c": 10.0}, [10.0, -5.0], [10.1]),
        ({"min_c": 15.0, "max_c": 20.0}, [15.0, 20.0], [14.9, 20.1]),
        ({"min_c": 18.0, "max_c": 18.0}, [18.0], [17.9, 18.1]),
        ({"weather": "hot", "min_c": 30.0}, [30.0], [25.0]),  # a figure is stronger than the word
        ({"weather": "hot", "max_c": 30.0}, [25.0, 30.0], [24.9, 30.1]),  # "hot, but not over 30 degrees"
        ({"weather": "cold", "min_c": 10.0}, [10.0, 20.0], [9.9, 20.1]),
        ({"weather": "normal", "min_c": 22.0}, [22.0, 24.9], [21.9, 25.0]),
        ({"weather": "normal", "max_c": 22.0}, [20.1, 22.0], [20.0, 22.1]),
        ({"weather": "normal", "min_c": 15.0, "max_c": 30.0}, [15.0, 20.0, 25.0, 30.0], [14.9, 30.1]),
        ({"weather": "cold", "min_c": 25.0}, [25.0, 40.0], [24.9]),  # nothing is both: the figure counts
        ({"weather": "normal", "max_c": 20.0}, [20.0, -5.0], [20.1]),
        ({"weather": "hot", "min_c": 18.0, "max_c": 22.0}, [18.0, 22.0], [17.9, 22.1]),
    ],
)
def test_figures_are_limits_that_are_included(asked: dict[str, Any], inside: list[float], outside: list[float]) -> None:
    assert all(typical(climate(high), wish(**asked), BANDS).fits for high in inside)
    assert not any(typical(climate(high), wish(**asked), BANDS).fits for high in outside)


@pytest.mark.parametrize(
    ("asked", "words", "why"),
    [
        ({"weather": "hot"}, "at 25 °C or more", "typically 21.0 °C: not hot"),
        ({"weather": "cold"}, "at 20 °C or less", "typically 21.0 °C: not cold"),
        ({"weather": "normal"}, "between 20 and 25 °C", "typically 21.0 °C: not between 20 and 25 °C"),
        ({"min_c": 30.5}, "at 30.5 °C or more", "typically 21.0 °C: not at 30.5 °C or more"),
        ({"max_c": -5.0}, "at -5 °C or less", "typically 21.0 °C: not at -5 °C or less"),
        ({"min_c": 10.0, "max_c": 15.0}, "between 10 and 15 °C", "typically 21.0 °C: not between 10 and 15 °C"),
        ({"min_c": 10.0, "max_c": 10.0}, "at 10 °C", "typically 21.0 °C: not at 10 °C"),
    ],
)
def test_the_wish_and_the_reason_are_said_plainly(asked: dict[str, Any], words: str, why: str) -> None:
    assert wanted(wish(**asked), BANDS) == words
    assert why_not(typical(climate(21.0), wish(**asked), BANDS), wish(**asked), BANDS) == why


def test_what_is_not_known_is_not_made_up() -> None:
    unknown = typical(climate(21.0, rain_chance=None, sd_c=None), wish(), BANDS)
    assert (unknown.rain, unknown.spread_c) == (None, 3.0)
    assert typical(climate(21.0), wish(), BANDS).rain == 25
