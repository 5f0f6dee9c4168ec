"""Services that fail: one at a time, two at a time, halfway; and a run that is cancelled while they are asked."""

import asyncio
import datetime
import itertools
import logging
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from shared import events as ev
from tests.escape_runs import Answer
from tests.live_runs import CALLER, EVERY, TRAVEL, WEATHER, Live, live, settings_of
from tests.simulators.clock import MONDAY_MORNING, SimulatedClock
from tests.simulators.edge_worlds import many_routes, unknown_airport
from tests.simulators.faults import Fault
from tests.simulators.upstreams import CANARIES, Upstreams
from tests.simulators.world import World

QUESTION = "cold in 2 days, under 9 hours"
AUTO: dict[str, Any] = dict.fromkeys(("where_sources", "wish_sources", "route_sources", "weather_sources"), ("auto",))
# Where a service is missed: its steps end degraded, if somebody gave it a key (or, for MET Norway, a contact).
MISSED = {"airlabs": {"departure", "routes"}, "openweather": {"weather"}, "groq": {"intent"}}


async def ask(page: Live, text: str = QUESTION) -> Answer:
    return await page.ask(text, address=CALLER)


def told_by(answer: Answer) -> set[str]:
    return {row.cells["told_by"].split(",")[0] for row in answer.view.rows if row.state == "confirmed"}


def check_it_answered(answer: Answer, down: set[str]) -> None:
    """The run ends ``ok`` or ``partial`` with places, and says of each keyed service that is missed that it is."""
    assert [row for row in answer.view.rows if row.state == "confirmed"]
    missed = set().union(*(MISSED.get(one, set()) for one in down))
    assert set(answer.end.degraded) == missed
    assert answer.end.status == ("partial" if missed else "ok")
    assert all(step.state in ("ok", "degraded") for step in answer.view.steps)
    notices = [one.text for one in answer.events if isinstance(one, ev.RunNotice)]
    assert len(notices) >= len(down & {"airlabs", "openweather"})
    assert all(notice.endswith((".", "?")) and "None" not in notice for notice in notices)
    live_weather = [one for one in WEATHER if one not in down]
    names = {"openweather": "OpenWeather", "open-meteo": "Open-Meteo", "met-norway": "MET Norway"}
    told = told_by(answer)
    if not live_weather:
        assert told == {"means of 2003 to 2021"}
    else:  # who comes after the first only where the first has no calls left in this minute
        assert names[live_weather[0]] in told
        assert told <= {names[one] for one in live_weather}


@pytest.mark.parametrize("down", [(), *((one,) for one in EVERY), *itertools.combinations(EVERY, 2)], ids="+".join)
async def test_any_one_and_any_two_services_may_be_gone(down: tuple[str, ...]) -> None:
    async with live(World(seed=50), only=EVERY, **AUTO) as page:
        for source in down:
            await page.service(source).stop()
        answer = await ask(page)
        for source in down:
            await page.service(source).start()
    check_it_answered(answer, set(down))


@pytest.mark.parametrize("down", [WEATHER, TRAVEL, EVERY], ids="+".join)
async def test_all_of_them_may_be_gone(down: tuple[str, ...]) -> None:
    async with live(World(seed=50), only=EVERY, **AUTO) as page:
        for source in down:
            await page.service(source).stop()
        answer = await page.ask(f"{QUESTION}, from London")
        for source in down:
            await page.service(source).start()
    check_it_answered(answer, set(down))


FAULTS: dict[str, Callable[[], Fault]] = {
    "500": lambda: Fault(status=500),
    "503": lambda: Fault(status=503),
    "429 for an hour": lambda: Fault(status=429, headers={"Retry-After": "3600"}),
    "401": lambda: Fault(status=401),
    "html": lambda: Fault(body="<html>Sign in to Wi-Fi</html>"),
    "empty": lambda: Fault(body=b""),
    "nothing in it": lambda: Fault(body=b"{}"),
    "another shape": lambda: Fault(body=b'{"response": 5, "list": {}, "daily": [], "properties": 1}'),
    "reset": lambda: Fault(reset=True),
    "broken off": lambda: Fault(cut_at=90),
    "a bomb": lambda: Fault(gzip_bomb=1 << 28),
    "never": lambda: Fault(never=True),
}  # fmt: skip


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("source", TRAVEL)
async def test_any_failure_of_any_service_ends_in_an_answer(
    source: str, fault: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("backend.pipelines.escape.sources.reading.CALL_S", 0.8)
    async with live(World(seed=50), only=("airlabs", source)) as page:
        for _ in range(100):
            page.service(source).faults.next(FAULTS[fault]())
        answer = await page.ask(f"{QUESTION}, from London")
    nothing = fault == "nothing in it" and source == "airlabs"  # that is how it says that there are no flights
    step = "routes" if source == "airlabs" else "weather"
    assert answer.end.status == ("ok" if nothing else "partial")
    assert nothing or step in answer.end.degraded
    assert [row for row in answer.view.rows if row.state == "confirmed"]


async def test_routes_may_fail_where_the_airport_was_found() -> None:
    async with live(World(seed=51)) as page:
        page.up.airlabs.faults.always(status=500, match="routes")
        answer = await page.ask(f"{QUESTION}, from Valencia")
    assert answer.end.degraded == ("routes",)
    assert answer.detail("departure")["runners_up"][0]["popularity"] is not None
    evidence = {one["evidence"] for one in answer.detail("routes")["destinations"]}
    assert evidence <= {"network", "route", "timetable"}
    (notice,) = [one.text for one in answer.events if isinstance(one, ev.RunNotice)]
    assert notice == "AirLabs had an error of its own; the atlas is used instead."


async def test_a_list_that_was_cut_is_completed_from_the_atlas() -> None:
    edge = many_routes(640)
    async with live(edge.world, airlabs_pages=2) as page:
        page.up.airlabs.plan = "free"
        answer = await page.ask(f"{QUESTION}, from Valencia")
    assert answer.end.status == "ok"
    evidence = [one["evidence"] for one in answer.detail("routes")["destinations"]]
    assert evidence.count("live") >= 50
    assert evidence.count("network") > 5
    lines = [line for line in answer.lines("routes") if "AirLabs' timetable 100 of 640 rows" in line]
    assert lines
    assert lines[0].endswith("What else the atlas has is added.")
    calls = {one.evidence.id: one.evidence for one in answer.events if isinstance(one, ev.StepLog) and one.evidence}
    rows = [row for one in answer.events if isinstance(one, ev.RowsChanged) for row in one.upsert]
    origins = {(row.from_ or {}).get("flights") for row in rows} - {None}
    assert {calls[one].source for one in origins if one is not None} == {"AirLabs", "atlas"}


async def test_a_list_that_an_error_cut_is_completed_and_owned_up_to() -> None:
    edge = many_routes(271)
    async with live(edge.world) as page:
        page.up.airlabs.plan = "free"
        page.up.airlabs.faults.always(status=500, match=lambda seen: seen.query.get("offset") == "150")
        answer = await page.ask(f"{QUESTION}, from Valencia")
    assert answer.end.degraded == ("routes",)
    (notice,) = [one.text for one in answer.events if isinstance(one, ev.RunNotice)]
    assert notice.startswith("Of AirLabs' timetable 150 of 271 rows were read, then an error came: ")
    assert notice.endswith("What else the atlas has is added.")


async def test_a_list_that_was_cut_with_nothing_to_complete_it_is_degraded() -> None:
    edge = many_routes(640)
    async with live(edge.world, airlabs_pages=2, route_sources=("airlabs",)) as page:
        page.up.airlabs.plan = "free"
        answer = await page.ask(f"{QUESTION}, from Valencia")
    assert answer.end.degraded == ("routes",)


async def test_airlabs_alone_and_gone_fails_with_what_to_do() -> None:
    async with live(World(seed=51), route_sources=("airlabs",)) as page:
        page.up.airlabs.faults.always(status=401)
        answer = await page.ask(f"{QUESTION}, from Valencia")
    assert answer.end.status == "failed"
    assert answer.end.error is not None
    assert answer.end.error.message.startswith("AirLabs ")
    assert answer.end.error.hint


async def test_an_airport_that_only_airlabs_knows_needs_airlabs() -> None:
    edge = unknown_airport()
    edge.world.flights["QZQ"] = []
    lone = edge.world.airport("QZQ")
    for key in [key for key, one in edge.world.airports.items() if key != "QZQ" and abs(one.lat - lone.lat) < 2]:
        edge.world.remove(key)
    async with live(edge.world) as page:
        answer = await page.ask("cold tomorrow", {"from": "Guadix"})
    assert answer.end.status == "failed"
    assert answer.end.error is not None
    assert (answer.end.error.code, answer.end.say) == ("no_routes", "No non-stop flight from Nowhere Regional is known")


async def test_a_place_without_a_forecast_falls_to_the_next_source_for_that_place_alone() -> None:
    world = World(seed=52)
    async with live(world, only=("airlabs", "openweather", "met-norway")) as page:
        first = await page.ask(f"{QUESTION}, from Valencia")
        iata = first.detail("weather")["forecasts"][3]["iata"]
        spot = world.airport(iata)
        page.up.openweather.faults.always(status=404, match=lambda seen: seen.query.get("lat") == str(spot.lat))
        before = page.asked()
        answer = await page.ask("cold in 3 days, under 9 hours, from Valencia")
    told = {one["iata"]: one["source"] for one in answer.detail("weather")["forecasts"]}
    assert first.end.status == "ok"
    assert before["openweather"] > 5
    assert set(told.values()) <= {"OpenWeather", "MET Norway"}


async def test_a_place_that_no_service_knows_is_typical_and_the_step_says_so() -> None:
    world = World(seed=52)
    async with live(world, only=("airlabs", "openweather")) as page:
        first = await page.ask(f"{QUESTION}, from Valencia")
        iata = first.detail("weather")["forecasts"][2]["iata"]
    world.without_weather.add(iata)
    async with live(world, only=("airlabs", "openweather")) as page:
        answer = await page.ask(f"{QUESTION}, from Valencia")
    forecasts = {one["iata"]: one for one in answer.detail("weather")["forecasts"]}
    assert forecasts[iata]["basis"] == "typical"
    assert {one["basis"] for key, one in forecasts.items() if key != iata} == {"forecast"}
    assert answer.end.degraded == ("weather",)
    notices = [one.text for one in answer.events if isinstance(one, ev.RunNotice)]
    assert notices == ["OpenWeather answered with an error (404); for 1 place typical weather is used instead."]
    assert f"({len(forecasts) - 1} by forecast, 1 typical)" in answer.sentences()["weather"]
    row = next(row for row in answer.view.rows if row.id == iata)
    assert row.cells["weather"].startswith("typical ±")
    assert row.cells["told_by"] == "means of 2003 to 2021"


async def test_more_places_than_calls_a_minute_are_shared_out_and_nothing_is_missing() -> None:
    world = World(seed=53, destinations=75)
    async with live(world, only=("airlabs", "openweather", "open-meteo")) as page:
        answer = await page.ask("any weather in 2 days, up to 24 hours, from Valencia")
        asked = page.asked()
    if len(answer.detail("weather")["forecasts"]) <= 60:
        pytest.skip("too few places")
    sources = [one["source"] for one in answer.detail("weather")["forecasts"]]
    assert sources.count("OpenWeather") == 60
    assert sources.count("Open-Meteo") == len(sources) - 60
    assert asked["openweather"] == 60
    assert answer.end.status == "ok"
    assert any("Open-Meteo is used instead" in line for line in answer.lines("weather"))


async def test_past_the_horizon_weather_is_typical_and_that_is_no_fault() -> None:
    async with live(World(seed=54)) as page:
        answer = await page.ask("cold on 20 January, under 9 hours, from Valencia")
        assert set(page.asked()) == {"airlabs"}
    assert answer.end.status == "ok"
    assert {one["basis"] for one in answer.detail("weather")["forecasts"]} == {"typical"}
    (line,) = [line for line in answer.lines("weather") if "beyond the forecasts" in line]
    assert "OpenWeather 5 days, Open-Meteo 16 days, MET Norway 9 days" in line
    assert "typically" in answer.sentences()["weather"]


async def test_offline_asks_nobody() -> None:
    from backend.config import Config
    from tests.escape_runs import opened

    async with Upstreams(World(seed=55), SimulatedClock(MONDAY_MORNING)) as up:
        config = Config(offline=True, pipelines=(settings_of(up, EVERY),))
        async with opened(config) as asker:
            answer = await asker.ask(f"{QUESTION}, from Valencia", now=up.clock.now())
        assert not [one for one in up.by_name.values() if one.requests]
    assert answer.end.status == "ok"
    assert {one["basis"] for one in answer.detail("weather")["forecasts"]} == {"typical"}


async def test_a_second_question_costs_no_call_of_airlabs(tmp_path: Path) -> None:
    world = World(seed=56)
    async with live(world, data_dir=tmp_path) as page:
        await page.ask(f"{QUESTION}, from Valencia")
        first = page.asked()["airlabs"]
        answer = await page.ask("any weather in 4 days, under 9 hours, from Valencia")
        assert page.asked()["airlabs"] == first
    evidence = [one.evidence for one in answer.events if isinstance(one, ev.StepLog) and one.evidence]
    assert [one.cached for one in evidence if one.source == "AirLabs"] == [True] * first


async def test_a_refused_key_is_told_once_though_two_steps_miss_it() -> None:
    async with live(World(seed=57), only=("airlabs",)) as page:
        page.up.airlabs.keys = {}
        answer = await ask(page)
    told = [one.text for one in answer.events if isinstance(one, ev.RunNotice) and "AirLabs" in one.text]
    assert len(told) == 1
    assert "key" in told[0]
    assert set(answer.end.degraded) == MISSED["airlabs"]


async def test_no_secret_is_anywhere(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    frames: list[bytes] = []
    async with live(World(seed=57), only=EVERY, data_dir=tmp_path) as page:
        frames += (await ask(page)).frames
        page.up.airlabs.keys = {}
        page.up.openweather.keys = set()
        frames += (await ask(page, "any weather in 3 days, from Madrid")).frames
        for source in TRAVEL:
            page.service(source).faults.always(status=500)
        frames += (await ask(page, "any weather in 4 days, from Oslo")).frames
    kept = _content(tmp_path)
    assert len(kept) > 10_000
    for secret in CANARIES:
        assert secret.encode() not in b"".join(frames)
        assert secret not in caplog.text
        assert secret.encode() not in kept


def _content(folder: Path) -> bytes:
    return b"".join(file.read_bytes() for file in folder.rglob("*") if file.is_file())


@pytest.mark.parametrize(
    ("source", "path"), [("airlabs", "nearby"), ("airlabs", "routes"), *((one, "") for one in WEATHER)]
)
async def test_a_cancelled_run_closes_its_calls_and_makes_no_more(source: str, path: str) -> None:
    async with live(World(seed=58), only=("airlabs", source)) as page:
        service = page.service(source)
        service.faults.always(never=True, match=path or None)
        viewer = page.asker.start(f"{QUESTION}, from Valencia", now=page.clock.now())

        def under_way() -> list[Any]:
            return [seen for seen in service.requests if path in seen.path and seen.answered is None]

        async with asyncio.timeout(10):
            while not under_way():  # noqa: ASYNC110  # the simulator has no event for a request that began
                await asyncio.sleep(0.01)
            await page.asker.cancel(viewer)
            answer = await page.asker.read(viewer)
            count = len(service.requests)
            for seen in under_way():
                await seen.over.wait()
    assert answer.end.status == "cancelled"
    assert all(seen.left for seen in under_way())
    assert len(service.requests) == count


async def test_a_stale_timetable_is_better_than_none_and_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from backend.pipelines.escape.sources import airlabs
    from backend.upstream import Lifetime

    monkeypatch.setattr(airlabs, "ROUTES", Lifetime(fresh_s=0.0, stale_s=3600, ours=True))
    async with live(World(seed=59), data_dir=tmp_path) as page:
        await page.ask(f"{QUESTION}, from Valencia")
        page.up.airlabs.faults.always(status=500, match="routes")
        answer = await page.ask("any weather in 3 days, under 9 hours, from Valencia")
    assert answer.end.status == "ok"
    lines = [line for line in answer.lines("routes") if line.startswith("Timetable of VLC")]
    assert lines
    assert all("past its time: AirLabs " in line for line in lines)


async def test_the_next_day_and_today_are_other_days() -> None:
    async with live(World(seed=60), only=("airlabs", "openweather")) as page:
        answer = await page.ask("any weather today, under 9 hours, from Valencia")
        day = datetime.date.fromisoformat(answer.detail("weather")["day"])
    assert day == MONDAY_MORNING.date()
    for one in answer.detail("weather")["forecasts"]:
        if not one.get("partly"):
            assert one["high_c"] == page.world.high(one["iata"], day)
    assert timedelta(0) == day - MONDAY_MORNING.date()
