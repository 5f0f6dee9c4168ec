"""The weather of many places from several sources: who is asked for what, and what is held, confirmed or left."""

import datetime
from collections.abc import Sequence
from typing import Any

import pytest

from backend.errors import StepError
from backend.pipelines.escape.atlas import Atlas
from backend.pipelines.escape.models import Bands, Forecasts
from backend.pipelines.escape.sources.facts import Reach, Sighting, Spot, Take
from backend.pipelines.escape.sources.local_day import DaySky
from backend.pipelines.escape.sources.travel import WeatherChoice
from backend.pipelines.escape.steps import weather as step
from backend.upstream import UpstreamError
from tests.escape_values import candidates, destination, no_services, wish
from tests.fake_context import NOON, FakeContext

LATE = datetime.datetime(2026, 11, 24, 2, 0, tzinfo=datetime.UTC)  # still Monday evening in New York alone
CITIES = ("LPA", "AGP", "OSL", "JFK")


class Scripted:
    """A source of forecasts that knows some places, some in part, and fails when asked for others."""

    horizon = "3 days"

    def __init__(self, name: str, known: Sequence[str] = CITIES, **script: Any) -> None:
        self.id = self.name = name
        self.credit = f"By {name}"
        self._known, self._partly = known, script.get("partly", ())
        self._reach: dict[str, Reach] = script.get("reach", {})
        self._error: UpstreamError | None = script.get("error")
        self._age_s: float = script.get("age_s", 0.0)
        self.asked: list[list[str]] = []

    def reach(self, spot: Spot, day: datetime.date, now: datetime.datetime) -> Reach:
        return self._reach.get(spot.iata, "whole")

    async def read(self, spots: Sequence[Spot], day: datetime.date, ctx: Any, take: Take) -> Sequence[UpstreamError]:
        self.asked.append([spot.iata for spot in spots])
        skies = {
            spot.iata: DaySky(10.0 + len(self.name), 1.0, "rain", 50, 10, ((12, 1.0),), spot.iata in self._partly)
            for spot in spots
            if spot.iata in self._known
        }
        async with ctx.call(self.name, "forecast") as call:
            take(Sighting(call.id, NOON, self._age_s, skies))
        return [self._error] if self._error is not None else []


def failed(kind: Any = "timeout", said: str = "It is late") -> UpstreamError:
    return UpstreamError("X", kind, said, hint="Try it.")


async def read(
    bundled: Atlas, monkeypatch: pytest.MonkeyPatch, *sources: tuple[Scripted, bool], asked: Any = None
) -> tuple[Forecasts, FakeContext]:
    choices = [WeatherChoice(source, configured) for source, configured in sources]
    monkeypatch.setattr(step, "weather_sources", lambda given: choices)
    ctx = FakeContext()
    for iata in CITIES:
        ctx.cells[iata], ctx.states[iata] = {}, "provisional"
    near = candidates(*(destination(iata, city=iata.title()) for iata in CITIES))
    found = await step.weather(near, asked or wish(), no_services(), bundled, Bands(), ctx)
    assert [one.iata for one in found.forecasts] == list(CITIES)
    assert ctx.progressed[-1][:2] == (4, 4)
    assert all(state in ("confirmed", "removed") for state in ctx.states.values())
    return found, ctx


def told(found: Forecasts) -> dict[str, str]:
    return {one.iata: one.source or one.basis for one in found.forecasts}


async def test_the_first_that_knows_a_place_tells_of_it(bundled: Atlas, monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = Scripted("first", ("LPA", "AGP")), Scripted("second", ("AGP", "OSL"))
    found, ctx = await read(bundled, monkeypatch, (first, True), (second, True))
    assert told(found) == {"LPA": "first", "AGP": "first", "OSL": "second", "JFK": "typical"}
    assert (first.asked, second.asked) == ([list(CITIES)], [["OSL", "JFK"]])
    assert ctx.cells["LPA"]["weather"] == "rain, forecast"
    assert ctx.cells["LPA"]["told_by"] == "first"
    assert ctx.cells["JFK"]["told_by"] == "means of 2003 to 2021"
    assert ctx.degradations == []  # nobody failed
    logs = [text for _, text in ctx.logs]
    assert "By first" in logs
    assert "By second" in logs


async def test_a_forecast_of_the_whole_day_comes_before_one_of_a_part(
    bundled: Atlas, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = Scripted("first", reach={"LPA": "partly", "AGP": "partly", "OSL": "none"}, partly=("LPA", "AGP"))
    second = Scripted("second", ("LPA",))
    found, ctx = await read(bundled, monkeypatch, (first, True), (second, True))
    assert told(found) == {"LPA": "second", "AGP": "first", "OSL": "typical", "JFK": "first"}
    assert first.asked == [["JFK"], ["AGP"]]
    assert {one.iata for one in found.forecasts if one.partly} == {"AGP"}
    assert ("warning", "1 forecast has nothing of the afternoon of that day; the high may be more.") in ctx.logs
    assert ctx.cells["AGP"]["weather"] == "rain, forecast of part of the day"


async def test_a_part_that_came_unawares_is_held_until_all_were_asked(
    bundled: Atlas, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = Scripted("first", partly=("LPA", "AGP")), Scripted("second", ("LPA",))
    found, _ = await read(bundled, monkeypatch, (first, True), (second, True))
    assert told(found)["LPA"] == "second"
    assert told(found)["AGP"] == "first"


@pytest.mark.parametrize(
    ("kind", "others", "configured", "notices"),
    [
        ("timeout", True, True, ["It is late; for 2 places second is used instead. Try it."]),
        ("timeout", False, True, ["It is late; for 2 places typical weather is used instead. Try it."]),
        ("timeout", True, False, []),
        ("budget", True, True, []),
        ("budget", False, True, ["It is late; for 2 places typical weather is used instead. Try it."]),
    ],
)
async def test_what_somebody_asked_for_and_did_not_get_is_owned_up_to(
    bundled: Atlas, monkeypatch: pytest.MonkeyPatch, kind: str, others: bool, configured: bool, notices: list[str]
) -> None:
    first = Scripted("first", ("LPA", "AGP"), error=failed(kind))
    second = Scripted("second", CITIES if others else ())
    _, ctx = await read(bundled, monkeypatch, (first, configured), (second, False))
    assert ctx.degradations == notices
    said = [text for _, text in ctx.logs if text.startswith("It is late")]
    assert len(said) == (0 if notices else 1)


async def test_several_who_stepped_in_are_named_with_their_numbers(
    bundled: Atlas, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = Scripted("first", (), error=failed()), Scripted("second", ("LPA", "AGP", "OSL"))
    _, ctx = await read(bundled, monkeypatch, (first, True), (second, False))
    assert ctx.degradations == ["It is late; for 4 places second (3) and typical weather (1) are used instead. Try it."]


async def test_who_failed_for_good_is_not_asked_for_parts(bundled: Atlas, monkeypatch: pytest.MonkeyPatch) -> None:
    first = Scripted("first", (), reach={"LPA": "partly"}, error=failed("refused_key"))
    await read(bundled, monkeypatch, (first, True))
    assert first.asked == [["AGP", "OSL", "JFK"]]


async def test_a_day_that_nobody_reaches_is_said_and_asked_of_nobody(
    bundled: Atlas, monkeypatch: pytest.MonkeyPatch
) -> None:
    nowhere: dict[str, Reach] = dict.fromkeys(CITIES, "none")
    first = Scripted("first", reach=nowhere)
    found, ctx = await read(bundled, monkeypatch, (first, True))
    assert set(told(found).values()) == {"typical"}
    assert first.asked == []
    assert ("info", "23 November is beyond the forecasts for 4 places (first 3 days).") in ctx.logs
    assert ctx.degradations == []


async def test_a_day_that_is_over_there_is_not_called_too_far(bundled: Atlas, monkeypatch: pytest.MonkeyPatch) -> None:
    nowhere: dict[str, Reach] = dict.fromkeys(CITIES, "none")
    monkeypatch.setattr(FakeContext, "clock", lambda self: LATE)
    _, ctx = await read(bundled, monkeypatch, (Scripted("first", reach=nowhere), True))
    assert [text for _, text in ctx.logs if "23 November" in text and "beyond" in text] == [
        "23 November is beyond the forecasts for 1 place (first 3 days)."
    ]
    assert ("info", "23 November is over already at 3 places: nobody forecasts it any more.") in ctx.logs


async def test_without_the_bundled_climate_who_has_no_forecast_goes(
    bundled: Atlas, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(step, "may_be_typical", lambda given: False)
    first = Scripted("first", ("LPA", "AGP"), error=failed())
    monkeypatch.setattr(step, "weather_sources", lambda given: [WeatherChoice(first, True)])
    ctx = FakeContext()
    ctx.cells = {iata: {} for iata in CITIES}
    near = candidates(*(destination(iata) for iata in CITIES))
    found = await step.weather(near, wish(), no_services(), bundled, Bands(), ctx)
    assert told(found) == {"LPA": "first", "AGP": "first"}
    assert ctx.removed == dict.fromkeys(("OSL", "JFK"), "none of the services that are asked has a forecast")
    assert ctx.degradations == ["It is late; 2 places go without weather. Try it."]
    assert ctx.progressed[-1][:2] == (4, 4)


@pytest.mark.parametrize(("error", "code"), [(failed(), "timeout"), (None, "no_weather")])
async def test_with_nobody_left_to_ask_the_step_fails_and_says_what_to_do(
    bundled: Atlas, monkeypatch: pytest.MonkeyPatch, error: UpstreamError | None, code: str
) -> None:
    monkeypatch.setattr(step, "may_be_typical", lambda given: False)
    first = Scripted("first", (), error=error)
    monkeypatch.setattr(step, "weather_sources", lambda given: [WeatherChoice(first, True)])
    ctx = FakeContext(cells={iata: {} for iata in CITIES})
    near = candidates(*(destination(iata) for iata in CITIES))
    with pytest.raises(StepError) as caught:
        await step.weather(near, wish(), no_services(), bundled, Bands(), ctx)
    assert caught.value.code == code
    assert caught.value.hint


async def test_an_old_forecast_says_how_old_it_is(bundled: Atlas, monkeypatch: pytest.MonkeyPatch) -> None:
    _, ctx = await read(bundled, monkeypatch, (Scripted("first", age_s=7300.0), True))
    assert {cells["told_by"] for cells in ctx.cells.values()} == {"first, 2 h old"}


async def test_what_does_not_fit_goes_with_the_forecast_as_the_reason(
    bundled: Atlas, monkeypatch: pytest.MonkeyPatch
) -> None:
    found, ctx = await read(bundled, monkeypatch, (Scripted("first"), True), asked=wish(weather="hot"))
    assert not any(one.fits for one in found.forecasts)
    assert set(ctx.removed.values()) == {"15.0 °C forecast: not hot"}
    assert ctx.said == "None of 4 is forecast at 25 °C or more"


async def test_many_places_have_every_third_hour_in_the_detail(bundled: Atlas, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(step, "MANY", 3)
    found, ctx = await read(bundled, monkeypatch, (Scripted("first"), True))
    assert [len(one.hours) for one in ctx.outcome.forecasts] == [1] * 4  # these have no more than that
    assert found.forecasts[0].hours == ((12, 1.0),)
