"""The seven steps at the edges: midnights, zones, thresholds, the end of a forecast, airports that nobody knows."""

import datetime
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from tests.escape_runs import Answer
from tests.live_runs import WEATHER, Live, live
from tests.simulators import edge_worlds
from tests.simulators.edge_worlds import Edge
from tests.simulators.reference import expected


@asynccontextmanager
async def at(edge: Edge, **changed: Any) -> AsyncIterator[Live]:
    """The page for a traveller who is where the edge says, at its time."""
    given = {"demo_lat": edge.lat, "demo_lon": edge.lon, **changed}
    async with live(edge.world, now=edge.now, **given) as page:
        yield page


def highs(answer: Answer) -> dict[str, float]:
    return {one["iata"]: one["high_c"] for one in answer.detail("weather")["forecasts"]}


def check_day(answer: Answer, edge: Edge, day: datetime.date) -> None:
    """The day, what is flown on it and the weather there are those of the world."""
    assert edge.home is not None
    assert answer.detail("routes")["day"] == answer.detail("weather")["day"] == day.isoformat()
    assert answer.detail("departure")["iata"] == edge.home
    wanted = expected(edge.world, edge.home, day)
    flown = {one["iata"] for one in answer.detail("routes")["destinations"]}
    same_city = {iata for iata, why in answer.removed().items() if "another airport of the city" in why}
    assert flown == set(wanted) - same_city
    for iata, high in highs(answer).items():
        assert high == edge.world.high(iata, day), iata


@pytest.mark.parametrize("home", ["JFK", "LHR", "HND", "HNL", "AKL", "KTM"])
@pytest.mark.parametrize("minutes", [7, -7])
async def test_around_midnight_tomorrow_is_the_travellers(home: str, minutes: int) -> None:
    edge = edge_worlds.just_before_midnight(home, minutes)
    async with at(edge) as page:
        answer = await page.ask("any weather tomorrow, up to 24 hours")
    assert answer.end.status == "ok"
    today = edge.now.astimezone(ZoneInfo(edge.world.airport(home).tz)).date()
    assert today == datetime.date(2026, 11, 23 if minutes > 0 else 24)
    check_day(answer, edge, today + timedelta(days=1))


@pytest.mark.parametrize("ahead", [1, 2, 3])
@pytest.mark.parametrize("only", WEATHER)
async def test_weather_is_that_of_the_destinations_own_day(only: str, ahead: int) -> None:
    edge = edge_worlds.far_zones()
    async with at(edge, only=("airlabs", only)) as page:
        answer = await page.ask(f"any weather in {ahead} days, up to 24 hours")
    assert answer.end.status == "ok"
    assert set(highs(answer)) == set(edge_worlds.FAR_ZONES)
    check_day(answer, edge, edge.today() + timedelta(days=ahead))


async def test_across_the_date_line_the_day_is_still_that_of_the_calendar_there() -> None:
    edge = edge_worlds.across_the_date_line()
    async with at(edge) as page:
        answer = await page.ask("any weather tomorrow, up to 24 hours")
    check_day(answer, edge, edge.today() + timedelta(days=1))
    assert answer.end.status == "ok"
    # It lands on the morning of the day that it left on, or of the day before.
    assert not any(one.get("next_day") for one in answer.detail("routes")["destinations"] if one["iata"] == "HNL")


async def test_on_day_five_a_forecast_that_ends_before_noon_gives_way_to_one_that_does_not() -> None:
    edge = edge_worlds.mornings_only_on_day_five()
    async with at(edge) as page:
        answer = await page.ask("any weather in 5 days, up to 24 hours")
        assert "openweather" not in page.asked()
    assert [one["source"] for one in answer.detail("weather")["forecasts"]] == ["Open-Meteo"]
    check_day(answer, edge, edge.today() + timedelta(days=5))


async def test_on_day_five_with_nothing_better_it_says_that_it_covers_part_of_the_day() -> None:
    edge = edge_worlds.mornings_only_on_day_five()
    async with at(edge, only=("airlabs", "openweather")) as page:
        answer = await page.ask("any weather in 5 days, up to 24 hours")
    (forecast,) = answer.detail("weather")["forecasts"]
    day = edge.today() + timedelta(days=5)
    assert forecast["partly"] is True
    assert forecast["high_c"] < edge.world.high("LPA", day)
    (row,) = [row for row in answer.view.rows if row.state == "confirmed"]
    assert row.cells["weather"].endswith("forecast of part of the day")
    assert "1 forecast has nothing of the afternoon of that day; the high may be more." in answer.lines("weather")
    assert answer.end.status == "ok"


@pytest.mark.parametrize(
    ("words", "fits"),
    [
        ("hot", {"LPA", "FUE"}),
        ("cold", {"ACE", "ALC"}),
        ("mild weather", {"TFN", "AGP", "PMI"}),
        ("at least 25 degrees", {"LPA", "FUE"}),
        ("at most 20 degrees", {"ACE", "ALC"}),
    ],
)
@pytest.mark.parametrize("only", WEATHER)
async def test_a_high_on_the_threshold_belongs_to_hot_or_cold(words: str, fits: set[str], only: str) -> None:
    edge = edge_worlds.exact_thresholds()
    async with at(edge, only=("airlabs", only)) as page:
        answer = await page.ask(f"{words} in 2 days, up to 24 hours")
    assert {row.id for row in answer.view.rows if row.state == "confirmed"} == fits
    out = {iata: why for iata, why in answer.removed().items() if "°C" in why}
    assert set(out) == set(edge_worlds.THRESHOLD_HIGHS) - fits
    assert all(" °C forecast: not " in why for why in out.values())


@pytest.mark.parametrize("rows", [49, 50, 51, 271])
async def test_every_page_is_read_whatever_its_size(rows: int) -> None:
    edge = edge_worlds.many_routes(rows)
    async with at(edge, airlabs_pages=12) as page:
        answer = await page.ask("any weather tomorrow, up to 24 hours")
        asked = [seen for seen in page.up.airlabs.requests if seen.path == "/routes"]
    assert len(asked) == -(-rows // 50)
    assert len(answer.detail("routes")["destinations"]) + len(answer.detail("routes")["left_out"]) == rows


async def test_the_nearer_airport_is_a_runner_up_if_it_is_less_popular() -> None:
    edge = edge_worlds.nearer_but_less_popular()
    async with at(edge) as page:
        answer = await page.ask("any weather tomorrow")
    departure = answer.detail("departure")
    assert departure["iata"] == "VLC"
    assert departure["runners_up"][0]["iata"] == "CDT"
    assert departure["runners_up"][0]["km"] < departure["km"]
    assert departure["runners_up"][0]["popularity"] == 900


async def test_in_the_middle_of_nowhere_there_is_no_airport() -> None:
    edge = edge_worlds.none_in_range()
    async with at(edge) as page:
        answer = await page.ask("any weather tomorrow")
    assert answer.end.status == "failed"
    assert answer.end.error is not None
    assert answer.end.error.code == "no_airport"


async def test_a_destination_that_no_table_has_is_there_with_its_weather() -> None:
    edge = edge_worlds.unknown_airport()
    for only in WEATHER:
        async with at(edge, only=("airlabs", only)) as page:
            answer = await page.ask("any weather tomorrow")
        assert answer.end.status == "ok"
        check_day(answer, edge, edge.today() + timedelta(days=1))
        row = next(row for row in answer.view.rows if row.id == "QZQ")
        assert (row.cells["country"], row.cells["evidence"]) == ("Spain", "live timetable Oct 2026")


async def test_a_place_without_weather_goes_to_what_is_typical() -> None:
    edge = edge_worlds.without_weather()
    async with at(edge) as page:
        answer = await page.ask("any weather tomorrow")
    basis = {one["iata"]: one["basis"] for one in answer.detail("weather")["forecasts"]}
    assert basis == {"LPA": "typical", "AGP": "forecast", "PMI": "forecast", "ORY": "forecast"}
    assert answer.end.degraded == ("weather",)


@pytest.mark.parametrize("ahead", range(1, 8))
async def test_codeshares_are_one_flight_on_the_days_that_any_row_tells(ahead: int) -> None:
    edge = edge_worlds.tangled_codeshares()
    async with at(edge) as page:
        answer = await page.ask(f"any weather in {ahead} days")
    day = edge.today() + timedelta(days=ahead)
    check_day(answer, edge, day)
    shown = {one["iata"]: tuple(one["flights"]) for one in answer.detail("routes")["destinations"]}
    assert shown == {iata: one.flights for iata, one in expected(edge.world, "VLC", day).items()}


@pytest.mark.parametrize("departs", [1435, 1439])
async def test_an_overnight_flight_leaves_on_its_own_day(departs: int) -> None:
    edge = edge_worlds.exact_thresholds()
    plain = edge.world.flights["VLC"]
    edge.world.flights["VLC"] = [replace(one, departs=departs, days=("tue",)) for one in plain]
    async with at(edge) as page:
        tuesday = await page.ask("any weather tomorrow")
        wednesday = await page.ask("any weather in 2 days")
    check_day(tuesday, edge, edge.today() + timedelta(days=1))
    found = tuesday.detail("routes")["destinations"]
    assert all(one["next_day"] for one in found)
    line = (
        f"Reached on the day after only: {len(found)}. The weather there is that of Tuesday 24 November all the same."
    )
    assert line in tuesday.lines("routes")
    assert wednesday.detail("routes")["destinations"] == []
    assert wednesday.end.say.startswith("Nothing is known to fly on a Wednesday")
    assert "Try to leave on Tuesday 1 December" in wednesday.end.say
