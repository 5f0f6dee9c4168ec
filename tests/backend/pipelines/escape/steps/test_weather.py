"""The sky: what fits, what goes and why, and how the progress counts."""

import datetime
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.pipelines.escape.atlas import Atlas, Climate
from backend.pipelines.escape.models import Bands, Forecasts, Intent
from backend.pipelines.escape.steps.forecasts import typical, wanted, why_not
from backend.pipelines.escape.steps.weather import weather
from tests.escape_reference import on_day
from tests.escape_values import MONDAY, candidates, destination, no_services, wish
from tests.fake_context import FakeContext

BANDS = Bands()


def climate(high: float, **changed: Any) -> Climate:
    given: dict[str, Any] = {
        "iata": "AAA", "tmax_c": high, "tmin_c": 1.0, "tmean_c": 2.0, "sd_c": 2.0, "rain_chance": 0.254,
        "sun_hours": 5.0, "quality": "A", "station": "There", "station_km": 1.0, "dz_m": 0, **changed,
    }  # fmt: skip
    return Climate(**given)


async def read(
    atlas: Atlas, airports: Sequence[str], asked: Intent, bands: Bands = BANDS
) -> tuple[Forecasts, FakeContext]:
    ctx = FakeContext()
    for iata in airports:
        ctx.cells[iata] = {}
        ctx.states[iata] = "provisional"
    found = await weather(
        candidates(*(destination(iata) for iata in airports)), asked, no_services(), atlas, bands, ctx
    )
    return found, ctx


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


async def test_rows_are_confirmed_or_go_with_the_reason_and_progress_reaches_the_total(bundled: Atlas) -> None:
    airports = [route.to.iata for route in bundled.routes_from("VLC")]
    found, ctx = await read(bundled, airports, wish(weather="cold"))
    fitting = {one.iata for one in found.forecasts if one.fits}
    assert 0 < len(fitting) < len(airports)
    assert {iata for iata, state in ctx.states.items() if state == "confirmed"} == fitting
    assert set(ctx.removed) == set(airports) - fitting
    assert all("not cold" in why for why in ctx.removed.values())
    assert ctx.progressed[-1] == (len(airports), len(airports), "cities")
    assert [done for done, _, _ in ctx.progressed] == sorted({done for done, _, _ in ctx.progressed})
    for one in found.forecasts:
        assert one.high_c == round(on_day(one.iata, MONDAY, "tmax_c"), 1)
        assert ctx.cells[one.iata]["high"] == one.high_c
        assert ctx.cells[one.iata]["weather"] == f"typical ±{one.spread_c:.0f} °C, {one.quality}"


async def test_nothing_is_called_a_forecast(bundled: Atlas) -> None:
    found, ctx = await read(bundled, ["LHR", "JFK"], wish())
    assert {one.basis for one in found.forecasts} == {"typical"}
    (call,) = ctx.calls
    assert call.text == "Typical weather on 23 November at 2 airports, mean of 2003 to 2021 (no forecast)"
    assert datetime.date.fromisoformat(call.as_of or "").year == 2021


async def test_bands_are_a_setting(bundled: Atlas) -> None:
    found, ctx = await read(bundled, ["LHR", "JFK"], wish(weather="cold"), Bands(-20.0, 0.0))
    assert not any(one.fits for one in found.forecasts)
    assert ctx.said == "None of 2 is typically at -20 °C or less"


async def test_an_airport_without_weather_goes_with_that_reason(bundled: Atlas) -> None:
    found, ctx = await read(bundled, ["LHR", "???"], wish())
    assert [one.iata for one in found.forecasts] == ["LHR"]
    assert ctx.removed == {"???": "nothing is known of the weather there"}
    assert ctx.progressed[-1][:2] == (2, 2)


async def test_no_candidate_makes_no_call(bundled: Atlas) -> None:
    found, ctx = await read(bundled, [], wish())
    assert (found.forecasts, ctx.calls, ctx.progressed) == ((), [], [])
    assert ctx.said == "No sky to read"


@pytest.mark.parametrize(
    ("airports", "asked", "said"),
    [
        (["LHR"], {}, "Typical weather for 1 place, any is welcome"),
        (["LHR", "JFK"], {}, "Typical weather for 2 places, any is welcome"),
        (["LHR"], {"weather": "hot"}, "It is typically not at 25 °C or more"),
        (["DXB"], {"weather": "hot"}, "It is typically at 25 °C or more"),
        (["LHR", "DXB"], {"weather": "hot"}, "1 of 2 is typically at 25 °C or more"),
        (["LHR", "DXB", "SIN"], {"weather": "hot"}, "2 of 3 are typically at 25 °C or more"),
    ],
)
async def test_the_outcome_is_said_in_the_right_number(
    bundled: Atlas, airports: list[str], asked: dict[str, Any], said: str
) -> None:
    assert (await read(bundled, airports, wish(**asked)))[1].said == said
