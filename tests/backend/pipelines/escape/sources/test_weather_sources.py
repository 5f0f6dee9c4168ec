"""OpenWeather, Open-Meteo and MET Norway as they are asked, over HTTP, against their simulators."""

import datetime
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, timedelta
from pathlib import Path
from typing import Any

import pytest

from backend.pipelines.escape.sources.facts import WeatherSource
from backend.pipelines.escape.sources.local_day import AFTERNOON
from tests.fake_context import FakeContext
from tests.simulators.clock import MONDAY_MORNING, SimulatedClock
from tests.simulators.met_norway import MetNorwaySimulator
from tests.simulators.open_meteo import OpenMeteoSimulator
from tests.simulators.openweather import OpenWeatherSimulator
from tests.simulators.server import Simulator
from tests.simulators.world import World
from tests.upstream_values import skies_of, spots_of, weather_at

SIMULATORS: dict[str, Any] = {
    "openweather": OpenWeatherSimulator, "open-meteo": OpenMeteoSimulator, "met-norway": MetNorwaySimulator,
}  # fmt: skip
SOURCES = tuple(SIMULATORS)
TUESDAY = datetime.date(2026, 11, 24)
# +13, -10, +5:45, +10:30, -3:30, +13, +0
ZONES = ("TBU", "HNL", "KTM", "ADL", "YYT", "APW", "LPA")


@asynccontextmanager
async def simulated(
    source: str, world: World, *, now: datetime.datetime = MONDAY_MORNING, folder: Path | None = None, **switches: Any
) -> AsyncIterator[tuple[WeatherSource, Simulator]]:
    async with SIMULATORS[source](world, clock=SimulatedClock(now), **switches) as sim:
        async with weather_at(source, sim.url, folder) as opened:
            yield opened, sim
        assert sim.refusals == []


@pytest.fixture(scope="module")
def world() -> World:
    return World(seed=5)


@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize("hour", [0, 7, 13, 19, 23])
async def test_the_day_is_that_of_the_place_in_every_zone(world: World, source: str, hour: int) -> None:
    now = MONDAY_MORNING.replace(hour=hour)
    spots = spots_of(world, *ZONES)
    async with simulated(source, world, now=now) as (weather, _):
        skies, errors, _ = await skies_of(weather, spots, TUESDAY)
        assert errors == []
        for spot in spots:
            if weather.reach(spot, TUESDAY, now) != "whole":
                continue
            sky = skies[spot.iata]
            assert sky.high_c == world.high(spot.iata, TUESDAY)
            assert sky.rain == world.rain_chance(spot.iata, TUESDAY)
            assert not sky.partly
            assert sky.word is not None
            assert sky.low_c is not None
            assert sky.low_c <= sky.high_c
            assert any(hour in AFTERNOON for hour, _ in sky.hours)
            assert max(temp for _, temp in sky.hours) == sky.high_c


@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize("ahead", range(-1, 18))
async def test_what_a_forecast_is_said_to_reach_it_does_reach(world: World, source: str, ahead: int) -> None:
    day = MONDAY_MORNING.date() + timedelta(days=ahead)
    spots = spots_of(world, *ZONES)
    async with simulated(source, world) as (weather, sim):
        reaches = {spot.iata: weather.reach(spot, day, MONDAY_MORNING) for spot in spots}
        asked = [spot for spot in spots if reaches[spot.iata] != "none"]
        skies, errors, _ = await skies_of(weather, asked, day)
        assert errors == []
        assert set(skies) == {spot.iata for spot in asked}
        for iata, sky in skies.items():
            assert reaches[iata] == "partly" or not sky.partly
            assert sky.partly or sky.high_c == world.high(iata, day)
        assert asked or sim.requests == []


@pytest.mark.parametrize("source", SOURCES)
async def test_all_three_tell_the_same_of_the_same_sky(world: World, source: str) -> None:
    codes = ("LPA", "OSL", "JFK", "SIN", "GRU", "NBO", "KEF", "SYD")
    async with simulated(source, world) as (weather, _), simulated("open-meteo", world) as (other, _):
        mine, _, _ = await skies_of(weather, spots_of(world, *codes), TUESDAY)
        theirs, _, _ = await skies_of(other, spots_of(world, *codes), TUESDAY)
    assert set(mine) == set(codes)
    for iata, sky in mine.items():
        assert (sky.high_c, sky.rain) == (theirs[iata].high_c, theirs[iata].rain)
        assert sky.wind_kmh == theirs[iata].wind_kmh
        kinds = {sky.word, theirs[iata].word}
        assert len(kinds) == 1 or kinds <= {"clear", "partly cloudy", "drizzle", "rain"}, kinds


@pytest.mark.parametrize("source", ["openweather", "met-norway"])
async def test_a_place_that_a_service_does_not_know_costs_the_others_nothing(source: str) -> None:
    world = World(seed=5)
    world.without_weather.add("OSL")
    ctx = FakeContext()
    async with simulated(source, world) as (weather, _):
        skies, errors, _ = await skies_of(weather, spots_of(world, "LPA", "OSL", "JFK"), TUESDAY, ctx)
    assert set(skies) == {"LPA", "JFK"}
    assert [error.kind for error in errors] == ["http_4xx"]
    assert sorted(str(call.status) for call in ctx.calls) == ["200", "200", "404" if source == "openweather" else "422"]


async def test_open_meteo_is_asked_for_fifty_at_a_time_one_call_after_the_other(world: World) -> None:
    codes = [airport.iata for airport in list(world.airports.values())[:120] if airport.iata]
    spots = spots_of(world, *codes)
    ctx = FakeContext()
    async with simulated("open-meteo", world, latency_s=0.01) as (weather, sim):
        skies, errors, portions = await skies_of(weather, spots, TUESDAY, ctx)
    assert errors == []
    assert [len(portion.skies) for portion in portions] == [50, 50, 20]
    assert sim.most_at_once == 1
    assert {iata: sky.high_c for iata, sky in skies.items()} == {code: world.high(code, TUESDAY) for code in codes}
    assert [call.text for call in ctx.calls] == [
        "Forecast for 50 places",
        "Forecast for 50 places",
        "Forecast for 20 places",
    ]
    assert all("apikey" not in seen.query for seen in sim.requests)


async def test_one_place_alone_is_answered_with_an_object(world: World) -> None:
    async with simulated("open-meteo", world) as (weather, _):
        skies, _, _ = await skies_of(weather, spots_of(world, "LPA"), TUESDAY)
    assert skies["LPA"].high_c == world.high("LPA", TUESDAY)


async def test_a_high_that_is_null_is_read_from_the_hours_or_missing(world: World) -> None:
    async with simulated("open-meteo", world) as (weather, sim):
        assert isinstance(sim, OpenMeteoSimulator)
        sim.nulls = {("LPA", "temperature_2m_max", 0), ("OSL", "precipitation_probability_max", 0)}
        skies, _, _ = await skies_of(weather, spots_of(world, "LPA", "OSL"), TUESDAY)
    assert skies["LPA"].high_c == world.high("LPA", TUESDAY)
    assert skies["OSL"].rain is None


async def test_weighted_windows_of_open_meteo_are_kept(world: World) -> None:
    codes = [airport.iata for airport in list(world.airports.values())[:700] if airport.iata]
    async with simulated("open-meteo", world) as (weather, sim):
        skies, errors, _ = await skies_of(weather, spots_of(world, *codes), TUESDAY)
        assert len(skies) == 600
        assert [error.kind for error in errors] == ["budget"]
        assert len(sim.requests) == 12


@pytest.mark.parametrize(
    ("reason", "kind"),
    [
        ("Minutely API request limit exceeded. Please try again in one minute.", "rate_limited"),
        ("Hourly API request limit exceeded. Please try again in the next hour.", "quota"),
        ("Daily API request limit exceeded. Please try again tomorrow.", "quota"),
        ("Too many concurrent requests", "rate_limited"),
    ],
)
async def test_limits_of_open_meteo_are_told_by_its_words(world: World, reason: str, kind: str) -> None:
    async with simulated("open-meteo", world) as (weather, sim):
        sim.faults.always(status=429, body=f'{{"error": true, "reason": "{reason}"}}')
        skies, errors, _ = await skies_of(weather, spots_of(world, "LPA"), TUESDAY)
    assert skies == {}
    assert [error.kind for error in errors] == [kind]


@pytest.mark.parametrize(
    ("source", "body"),
    [
        ("openweather", '{"cod": 429, "message": "Your account is temporary blocked"}'),
        ("open-meteo", '{"error": true, "reason": "Minutely API request limit exceeded. Try again in one minute."}'),
    ],
)
async def test_after_too_many_calls_within_a_minute_it_is_left_alone_for_one(
    world: World, source: str, body: str
) -> None:
    """Neither says so by ``Retry-After``; to ask again at once can only make it worse."""
    async with simulated(source, world) as (weather, sim):
        sim.faults.always(status=429, body=body)
        _, errors, _ = await skies_of(weather, spots_of(world, "LPA"), TUESDAY)
        assert [(error.kind, error.retry_after_s, error.retries) for error in errors] == [("rate_limited", 60.0, 0)]
        sim.faults.clear()
        _, errors, _ = await skies_of(weather, spots_of(world, "OSL"), TUESDAY)
        assert [(error.kind, error.unasked) for error in errors] == [("rate_limited", True)]
        assert "left alone for 60 s" in str(errors[0])
        assert len(sim.requests) == 1


@pytest.mark.parametrize(("source", "at_once"), [("openweather", 8), ("met-norway", 8)])
async def test_places_are_asked_for_a_few_at_a_time_and_told_as_they_arrive(
    world: World, source: str, at_once: int
) -> None:
    codes = [airport.iata for airport in list(world.airports.values())[:30] if airport.iata]
    ctx = FakeContext()
    async with simulated(source, world, latency_s=0.2) as (weather, sim):
        skies, errors, portions = await skies_of(weather, spots_of(world, *codes), TUESDAY, ctx)
    assert errors == []
    assert len(skies) == len(portions) == len(ctx.calls) == 30
    assert sim.most_at_once == at_once
    assert {portion.call for portion in portions} == {call.id for call in ctx.calls}


async def test_openweathers_calls_a_minute_are_kept_and_the_rest_is_left_to_others(world: World) -> None:
    codes = [airport.iata for airport in list(world.airports.values())[:75] if airport.iata]
    async with simulated("openweather", world) as (weather, sim):
        skies, errors, _ = await skies_of(weather, spots_of(world, *codes), TUESDAY)
    assert len(skies) == len(sim.requests) == 60
    assert {error.kind for error in errors} == {"budget"}
    assert 1 <= len(errors) <= 8


@pytest.mark.parametrize(
    ("source", "status", "kind"),
    [("openweather", 401, "refused_key"), ("openweather", 429, "rate_limited"), ("met-norway", 403, "refused_key"),
     ("met-norway", 429, "rate_limited")],
)  # fmt: skip
async def test_after_an_error_that_all_would_meet_no_more_are_asked(
    world: World, source: str, status: int, kind: str
) -> None:
    codes = [airport.iata for airport in list(world.airports.values())[:60] if airport.iata]
    async with simulated(source, world) as (weather, sim):
        sim.faults.always(status=status)
        skies, errors, _ = await skies_of(weather, spots_of(world, *codes), TUESDAY)
    assert skies == {}
    assert {error.kind for error in errors} == {kind}
    assert len(sim.requests) <= 24  # those under way and what they may try again


async def test_met_norway_is_asked_again_only_when_its_answer_is_old(world: World, tmp_path: Path) -> None:
    spots = spots_of(world, "LPA")
    now = datetime.datetime.now(UTC)
    day = now.date() + timedelta(days=1)
    for turn in range(2):
        async with simulated("met-norway", world, now=now, folder=tmp_path) as (weather, sim):
            ctx = FakeContext()
            await skies_of(weather, spots, day, ctx)
            assert len(sim.requests) == (0 if turn and ctx.calls[0].cached else 1)
            agent = [seen.headers["user-agent"] for seen in sim.requests]
            assert all("windowseat/" in one and "somebody@example.org" in one for one in agent)


async def test_without_a_contact_met_norway_is_not_asked(world: World) -> None:
    from backend.pipelines.escape.settings import EscapeSettings
    from backend.pipelines.escape.sources import met_norway
    from backend.upstream import open_upstreams

    async with open_upstreams() as upstreams:
        source = met_norway.MetNorway(upstreams.open(met_norway.spec(EscapeSettings(contact=" \n "))))
        skies, errors, _ = await skies_of(source, spots_of(world, "LPA"), TUESDAY)
    assert skies == {}
    assert [error.hint for error in errors] == ["Set WINDOWSEAT_CONTACT to an address of yours."]


@pytest.mark.parametrize("contact", ["Zoë <zoë@example.org>", "a@b.example\r\nX-Evil: 1", "me@example.org (日本)"])
async def test_a_contact_is_made_fit_for_a_header(world: World, contact: str) -> None:
    from backend.pipelines.escape.settings import EscapeSettings
    from backend.pipelines.escape.sources import met_norway
    from backend.upstream import open_upstreams

    async with MetNorwaySimulator(world, clock=SimulatedClock.frozen()) as sim, open_upstreams() as upstreams:
        settings = EscapeSettings(contact=contact, met_norway_url=sim.url)
        source = met_norway.MetNorway(upstreams.open(met_norway.spec(settings)))
        skies, _, _ = await skies_of(source, spots_of(world, "LPA"), TUESDAY)
        assert set(skies) == {"LPA"}
        assert sim.requests[0].headers["user-agent"].isascii()
        assert "x-evil" not in sim.requests[0].headers


async def test_deprecated_is_not_wrong(world: World) -> None:
    async with simulated("met-norway", world, deprecated=True) as (weather, _):
        skies, _, _ = await skies_of(weather, spots_of(world, "LPA"), TUESDAY)
    assert skies["LPA"].high_c == world.high("LPA", TUESDAY)


@pytest.mark.parametrize("source", SOURCES)
async def test_an_answer_from_memory_says_its_age(world: World, source: str) -> None:
    spots = spots_of(world, "LPA")
    async with simulated(source, world, now=datetime.datetime.now(UTC)) as (weather, sim):
        day = datetime.datetime.now(UTC).date() + timedelta(days=1)
        first, again = FakeContext(), FakeContext()
        await skies_of(weather, spots, day, first)
        _, _, (portion,) = await skies_of(weather, spots, day, again)
        assert len(sim.requests) == 1
    assert (first.calls[0].cached, again.calls[0].cached) == (False, True)
    assert "kept for" in again.calls[0].text
    assert 0 <= portion.age_s < 30


@pytest.mark.parametrize("hour", [1, 10, 22])
async def test_open_meteos_last_day_is_counted_in_utc(world: World, hour: int) -> None:
    now = MONDAY_MORNING.replace(hour=hour)
    spots = spots_of(world, *ZONES)
    async with simulated("open-meteo", world, now=now) as (weather, _):
        for ahead in (14, 15, 16):
            day = now.date() + timedelta(days=ahead)
            asked = [spot for spot in spots if weather.reach(spot, day, now) == "whole"]
            skies, errors, _ = await skies_of(weather, asked, day)
            assert errors == []
            assert set(skies) == {spot.iata for spot in asked}
            assert len(asked) == (0 if ahead == 16 else len(spots))


async def test_a_place_that_open_meteo_refuses_costs_itself_alone() -> None:
    world = World(seed=5)
    codes = [airport.iata for airport in list(world.airports.values())[:60] if airport.iata]
    world.without_weather.update(codes[17:19])
    async with simulated("open-meteo", world) as (weather, sim):
        skies, errors, _ = await skies_of(weather, spots_of(world, *codes), TUESDAY)
    assert set(skies) == set(codes) - set(codes[17:19])
    assert {error.kind for error in errors} == {"http_4xx"}
    assert len(sim.requests) < 20


async def test_what_is_refused_altogether_is_not_asked_for_place_by_place(world: World) -> None:
    codes = [airport.iata for airport in list(world.airports.values())[:50] if airport.iata]
    async with simulated("open-meteo", world) as (weather, sim):
        sim.faults.always(status=400, body='{"error": true, "reason": "No."}')
        skies, _, _ = await skies_of(weather, spots_of(world, *codes), TUESDAY)
        assert skies == {}
        assert len(sim.requests) <= 12


async def test_the_day_on_which_clocks_are_changed_is_that_of_the_clocks_there(world: World) -> None:
    """OpenWeather tells the shift of now alone; five days later it may be another one."""
    now = datetime.datetime(2026, 10, 22, 10, 0, tzinfo=UTC)
    spots = spots_of(world, "MAD", "LHR")
    async with simulated("openweather", world, now=now) as (weather, _):
        for day in (datetime.date(2026, 10, 24), datetime.date(2026, 10, 25), datetime.date(2026, 10, 26)):
            skies, _, _ = await skies_of(weather, spots, day)
            for spot in spots:
                assert skies[spot.iata].high_c == world.high(spot.iata, day)
                assert all(
                    hour % 3 == skies[spot.iata].hours[0][0] % 3 or day.day == 25 for hour, _ in skies[spot.iata].hours
                )
        madrid = (await skies_of(weather, spots, datetime.date(2026, 10, 26)))[0]["MAD"]
    assert [hour for hour, _ in madrid.hours] == [1, 4, 7, 10, 13, 16, 19, 22]  # UTC + 1
