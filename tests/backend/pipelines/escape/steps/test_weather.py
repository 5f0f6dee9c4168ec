"""The sky: what fits, what goes and why, and how the progress counts."""

import datetime
from collections.abc import Sequence
from typing import Any

import pytest

from backend.pipelines.escape.atlas import Atlas
from backend.pipelines.escape.models import Bands, Forecasts, Intent
from backend.pipelines.escape.steps.weather import weather
from tests.escape_reference import on_day
from tests.escape_values import MONDAY, candidates, destination, no_services, wish
from tests.fake_context import FakeContext

BANDS = Bands()


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
