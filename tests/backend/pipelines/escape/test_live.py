"""The seven steps with every service simulated, against a plain computation from the invented world."""

import datetime
from datetime import timedelta

import pytest

from shared import events as ev
from tests.escape_reference import Wish
from tests.escape_runs import Answer
from tests.live_reference import LiveExpected, busiest_near, expected
from tests.live_runs import WEATHER, Live, live
from tests.simulators.clock import MONDAY_MORNING
from tests.simulators.world import World

WISHES = {
    "hot": (25.0, None, False),
    "cold": (None, 20.0, False),
    "mild weather": (20.0, 25.0, True),
    "any weather": (None, None, False),
    "between 12 and 22 degrees": (12.0, 22.0, False),
}
CITIES = {"Valencia": (39.47, -0.38), "London": (51.51, -0.13), "New York": (40.71, -74.01), "Tokyo": (35.69, 139.69),
          "Sydney": (-33.87, 151.21), "Kathmandu": (27.70, 85.32), "Honolulu": (21.31, -157.86)}  # fmt: skip


def kind(why: str) -> str:
    if "another airport of the city" in why:
        return "same city"
    if "no flight on a" in why:
        return "weekday"
    return "hours" if " of flight: more than " in why else "weather"


def check(answer: Answer, wanted: LiveExpected) -> None:
    assert answer.end.status == "ok"
    assert answer.detail("departure")["iata"] == wanted.origin
    assert {iata: kind(why) for iata, why in answer.removed().items()} == wanted.removed
    rows = {row.id: row.cells for row in answer.view.rows if row.state == "confirmed"}
    assert set(rows) == set(wanted.order)
    for column, values in (
        ("duration", wanted.minutes),
        ("high", wanted.highs),
        ("rain", wanted.rain),
        ("score", wanted.scores),
    ):
        assert {iata: cells[column] for iata, cells in rows.items()} == {to: values[to] for to in rows}, column
    assert {iata: cells["evidence"].split()[0] for iata, cells in rows.items()} == {
        to: wanted.evidence[to] for to in rows
    }
    for iata, cells in rows.items():
        assert set(cells["flights"]) <= set(wanted.flights[iata])
        assert len(cells["flights"]) == min(3, len(wanted.flights[iata]))
        assert "forecast" in cells["weather"]
        assert "typical" not in cells["weather"]
        assert cells["told_by"].split(",")[0] in ("OpenWeather", "Open-Meteo", "MET Norway")
    assert list(answer.end.order or ()) == wanted.order


async def ask(page: Live, city: str, words: str, day: datetime.date, hours: float) -> Answer:
    return await page.ask(f"{words} on {day:%-d %B %Y}, up to {hours:g} hours, from {city}")


@pytest.mark.parametrize("ahead", range(1, 10))
@pytest.mark.parametrize("city", CITIES)
async def test_rows_reasons_order_and_figures_are_those_of_the_world(city: str, ahead: int) -> None:
    number = list(CITIES).index(city)
    words, (low, high, strict) = list(WISHES.items())[(ahead + number) % len(WISHES)]
    hours = (3, 4.5, 7, 12, 20)[(ahead * 3 + number) % 5]
    world = World(seed=30 + number, destinations=50)
    origin = busiest_near(world, *CITIES[city])
    async with live(world) as page:
        place = await ask(page, city, "any weather", MONDAY_MORNING.date() + timedelta(days=2), 1)
        today = datetime.date.fromisoformat(place.detail("locate")["today"])
        day = today + timedelta(days=ahead)
        answer = await ask(page, city, words, day, hours)
        assert page.up.refusals == []
    check(answer, expected(world, Wish(origin, day, hours, low, high, strict), page.clock.now()))


@pytest.mark.parametrize("only", WEATHER)
async def test_any_one_weather_service_gives_the_same_answer(only: str) -> None:
    world = World(seed=41)
    origin = busiest_near(world, *CITIES["Valencia"])
    day = MONDAY_MORNING.date() + timedelta(days=2)
    async with live(world, only=("airlabs", only)) as page:
        answer = await ask(page, "Valencia", "cold", day, 8)
        assert set(page.asked()) == {"airlabs", only}
    check(answer, expected(world, Wish(origin, day, 8, None, 20.0), page.clock.now()))


async def test_every_cell_has_its_evidence_and_every_call_its_source() -> None:
    async with live(World(seed=42)) as page:
        answer = await ask(page, "Valencia", "any weather", MONDAY_MORNING.date() + timedelta(days=5), 20)
    calls = {one.evidence.id: one.evidence for one in answer.events if isinstance(one, ev.StepLog) and one.evidence}
    rows = [row for one in answer.events if isinstance(one, ev.RowsChanged) for row in one.upsert]
    named = {(cell, call) for row in rows for cell, call in (row.from_ or {}).items()}
    assert {calls[call].source for cell, call in named if cell == "flights"} == {"AirLabs"}
    assert {calls[call].source for cell, call in named if cell == "high"} == {"OpenWeather", "Open-Meteo"}
    told = {row.id: row.cells["told_by"] for row in rows if "told_by" in row.cells}
    high = {row.id: (row.from_ or {})["high"] for row in rows if "high" in row.cells}
    assert all(calls[high[iata]].source == source for iata, source in told.items())
    assert all(one.as_of for one in calls.values() if one.source in ("AirLabs", "OpenWeather", "Open-Meteo"))


async def test_rows_are_confirmed_as_their_weather_arrives() -> None:
    async with live(World(seed=43), only=("airlabs", "openweather")) as page:
        page.up.openweather.latency_s = 0.01
        answer = await ask(page, "Valencia", "any weather", MONDAY_MORNING.date() + timedelta(days=1), 20)
    changes = [one for one in answer.events if isinstance(one, ev.RowsChanged) and one.step == "weather"]
    assert len(changes) == len(answer.detail("weather")["forecasts"])
    progress = [one for one in answer.events if isinstance(one, ev.StepProgress) and one.step == "weather"]
    assert [one.done for one in progress] == list(range(1, len(changes) + 1))


async def test_the_hours_of_the_day_are_in_the_detail() -> None:
    async with live(World(seed=44)) as page:
        answer = await ask(page, "Valencia", "any weather", MONDAY_MORNING.date() + timedelta(days=1), 20)
    for one in answer.detail("weather")["forecasts"]:
        hours = one["hours"]
        assert len(hours) == 8
        assert [hour for hour, _ in hours] == sorted({hour for hour, _ in hours})
        assert max(temp for _, temp in hours) == one["high_c"]
        assert one["source"] == "OpenWeather"
        assert one["sky"]
        assert one["wind_kmh"] >= 0
        row = next(row for row in answer.view.rows if row.id == one["iata"])
        assert row.cells["hours"] == [[f"{hour}:00", temp] for hour, temp in hours]


async def test_no_frame_of_a_large_hub_comes_near_the_limit() -> None:
    world = World(seed=45, destinations=360, far_km=20_000)
    async with live(world, only=("airlabs", "open-meteo"), airlabs_pages=60) as page:
        answer = await page.ask("any weather in 2 days, up to 24 hours, from Frankfurt")
    assert len(answer.detail("weather")["forecasts"]) > 250
    assert max(map(len, answer.frames)) < ev.MAX_FRAME_BYTES / 2
    assert not any(b'"cut"' in frame for frame in answer.frames)


async def test_what_is_suggested_beside_forecasts_is_said_to_be_typical() -> None:
    world = World(seed=46)
    for iata in {flight.to.key for flight in world.flights_from("VLC")}:
        world.set_high(iata, 19.0)
    async with live(world) as page:
        answer = await page.ask("hot tomorrow, under 4 hours, from Valencia")
    assert answer.end.status == "ok"
    assert answer.end.say.startswith("Nothing fits; the nearest: ")
    assert "accept 19.0 °C" in answer.end.say
    assert ", typically " in answer.end.say
    assert all(" 19.0 °C forecast: not hot" in f" {why}" for why in answer.removed().values() if "°C" in why)
