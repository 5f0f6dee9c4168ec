"""AirLabs as it is asked, over HTTP, against its simulator."""

import datetime
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import pytest

from backend.pipelines.escape.atlas import Atlas
from backend.pipelines.escape.models import Place
from backend.pipelines.escape.sources.airlabs import AirLabs
from backend.pipelines.escape.sources.airlabs_replies import classify, scrub
from backend.pipelines.escape.sources.facts import Found, Nearby
from backend.upstream import UpstreamError
from tests.escape_values import MONDAY
from tests.fake_context import FakeContext
from tests.simulators.airlabs import CALLER_IP, KEY, AirLabsSimulator
from tests.simulators.edge_worlds import (
    flight,
    many_routes,
    nearer_but_less_popular,
    tangled_codeshares,
    unknown_airport,
)
from tests.simulators.reference import expected, flights_on
from tests.simulators.world import World
from tests.upstream_values import airlabs_at, departure_at, place_at


@asynccontextmanager
async def simulated(
    world: World, atlas: Atlas, *, pages: int = 12, **switches: Any
) -> AsyncIterator[tuple[AirLabs, AirLabsSimulator]]:
    async with AirLabsSimulator(world, **switches) as sim, airlabs_at(sim.url, atlas, pages=pages) as source:
        yield source, sim
        assert sim.refusals == []


async def nearby(source: AirLabs, place: Place, ctx: FakeContext | None = None) -> list[Nearby] | None:
    ctx = ctx or FakeContext()
    async with ctx.call("AirLabs", "airports") as call:
        return await source.leaving_from(place, ctx, call)


async def timetable(source: AirLabs, world: World, code: str, ctx: FakeContext | None = None) -> Found | None:
    ctx = ctx or FakeContext()
    async with ctx.call("AirLabs", "routes") as call:
        return await source.routes_from(departure_at(world, code), ctx, call)


@pytest.fixture(scope="module")
def world() -> World:
    return World(seed=5)


async def test_the_most_popular_airport_in_range_comes_first(bundled: Atlas) -> None:
    edge = nearer_but_less_popular()
    async with simulated(edge.world, bundled) as (source, sim):
        ctx = FakeContext()
        place = msgspec.structs.replace(place_at(edge.world, "CDT"), lat=edge.lat, lon=edge.lon)
        found = await nearby(source, place, ctx)
    (call,) = ctx.calls
    assert found is not None
    assert [one.airport.iata for one in found[:2]] == ["VLC", "CDT"]
    assert found[0].popularity == 40_000
    assert call.text == f"{len(found)} airports within 120 km; 999 of 1,000 calls left this month"
    assert (call.status, call.cached) == (200, False)
    assert sim.requests[0].query["distance"] == "120"


async def test_heliports_and_airfields_are_no_airports_to_leave_from(bundled: Atlas, world: World) -> None:
    async with simulated(world, bundled) as (source, _):
        found = await nearby(source, place_at(world, "LHR"))
    assert found is not None
    assert found[0].airport.iata == "LHR"
    assert all(len(one.airport.iata) == 3 and one.km <= 126 for one in found)
    assert {one.airport.iata for one in found} >= {"LGW", "STN", "LTN", "LCY"}


async def test_without_popularity_the_nearest_is_taken(bundled: Atlas, world: World) -> None:
    async with simulated(world, bundled, popularity=False) as (source, _):
        found = await nearby(source, place_at(world, "LGW"))
    assert found is not None
    assert found[0].airport.iata == "LGW"
    assert [one.km for one in found] == sorted(one.km for one in found)


async def test_a_named_airport_comes_before_a_more_popular_one(bundled: Atlas, world: World) -> None:
    async with simulated(world, bundled) as (source, _):
        found = await nearby(source, place_at(world, "LCY", named=True))
    assert found is not None
    assert [one.airport.iata for one in found[:2]] == ["LCY", "LHR"]


@pytest.mark.parametrize("no_data", ["list", "not_found", "nothing"])
@pytest.mark.parametrize("errors_as_4xx", [False, True])
async def test_nothing_is_nothing_however_it_is_said(bundled: Atlas, no_data: Any, errors_as_4xx: bool) -> None:
    empty = World(seed=5)
    empty.flights["VLC"] = []
    async with simulated(empty, bundled, no_data=no_data, errors_as_4xx=errors_as_4xx) as (source, _):
        assert await timetable(source, empty, "VLC") is None
        ctx = FakeContext()
        far = msgspec.structs.replace(place_at(empty, "VLC"), lat=-48.88, lon=-123.39)
        assert await nearby(source, far, ctx) is None
        assert ctx.calls[0].text.startswith("0 airports within 120 km")
        empty.flights["VLC"] = [flight(empty, "VLC", "LPA")]
        assert await timetable(source, empty, "VLC") is not None  # that there was nothing wasn't kept


@pytest.mark.parametrize("plan", ["free", "paid"])
@pytest.mark.parametrize("has_more", [True, False])
async def test_every_flight_of_every_page_is_there(bundled: Atlas, plan: Any, has_more: bool) -> None:
    world = World(seed=8, destinations=60)
    async with simulated(world, bundled, plan=plan, has_more=has_more, pages=40) as (source, sim):
        found = await timetable(source, world, "JFK")
    assert found is not None
    assert found.cut is None
    for ahead in range(7):
        day = MONDAY + datetime.timedelta(days=ahead)
        destinations, left = found.network.flown_on(day)
        wanted = expected(world, "JFK", day)
        same_city = {one.iata for one in left if "another airport of the city" in one.why}
        assert {one.iata for one in destinations} == set(wanted) - same_city
        real = {f"{one.code} {one.departs // 60:02d}:{one.departs % 60:02d}" for one in flights_on(world, "JFK", day)}
        assert {shown for one in destinations for shown in one.flights} <= real
    offsets = [int(one.query.get("offset", 0)) for one in sim.requests]
    assert len(offsets) == len(set(offsets))


async def test_pages_are_asked_for_together_once_the_number_is_known(bundled: Atlas) -> None:
    edge = many_routes(271)
    async with simulated(edge.world, bundled, latency_s=0.15) as (source, sim):
        ctx = FakeContext()
        found = await timetable(source, edge.world, "VLC", ctx)
    assert found is not None
    assert (found.cut, found.count) == (None, 271)
    assert sim.most_at_once == 4
    assert [call.text.split(":")[0] for call in ctx.calls] == [
        "Timetable of VLC", *(f"Timetable of VLC from row {start}" for start in (51, 101, 151, 201, 251)),
    ]  # fmt: skip
    assert ctx.calls[0].text == "Timetable of VLC: 50 of 271 rows; 999 of 1,000 calls left this month"
    assert {call.operation for call in ctx.calls} == {"routes"}


async def test_a_list_longer_than_the_budget_says_so(bundled: Atlas) -> None:
    edge = many_routes(640)
    async with simulated(edge.world, bundled, pages=3) as (source, sim):
        found = await timetable(source, edge.world, "VLC")
    assert found is not None
    assert len(sim.requests) == 3
    assert found.count == 150
    assert found.cut is not None
    assert found.cut.startswith("Of AirLabs' timetable 150 of 640 rows were read: ")
    assert "airlabs_pages" in found.cut
    _, left = found.network.flown_on(MONDAY)
    assert all("the part of AirLabs' timetable that was read" in out.why for out in left if "no flight" in out.why)


async def test_a_page_that_fails_leaves_what_was_read(bundled: Atlas) -> None:
    edge = many_routes(271)
    async with simulated(edge.world, bundled) as (source, sim):
        sim.faults.always(status=500, match=lambda seen: seen.query.get("offset") == "100")
        ctx = FakeContext()
        found = await timetable(source, edge.world, "VLC", ctx)
    assert found is not None
    assert (
        found.cut
        == "Of AirLabs' timetable 100 of 271 rows were read, then an error came: AirLabs had an error of its own."
    )
    assert 100 <= found.count < 271
    assert [call.status for call in ctx.calls if call.status != 200] == [500]


async def test_codeshares_are_one_flight_on_all_their_days(bundled: Atlas) -> None:
    edge = tangled_codeshares()
    async with simulated(edge.world, bundled) as (source, _):
        found = await timetable(source, edge.world, "VLC")
    assert found is not None
    for ahead in range(7):
        day = MONDAY + datetime.timedelta(days=ahead)
        destinations, _ = found.network.flown_on(day)
        wanted = expected(edge.world, "VLC", day)
        assert {one.iata: one.flights for one in destinations} == {iata: one.flights for iata, one in wanted.items()}


async def test_an_airport_that_only_airlabs_knows_is_placed_by_one_call(bundled: Atlas) -> None:
    edge = unknown_airport()
    async with simulated(edge.world, bundled) as (source, sim):
        ctx = FakeContext()
        found = await timetable(source, edge.world, "VLC", ctx)
    assert found is not None
    destinations, _ = found.network.flown_on(MONDAY)
    (unknown,) = [one for one in destinations if one.iata == "QZQ"]
    assert (unknown.airport, unknown.country) == ("Nowhere Regional", "Spain")
    assert (unknown.lat, unknown.lon) == (37.31, -3.02)
    assert [seen.path for seen in sim.requests] == ["/routes", "/airports"]
    assert sim.requests[1].query["iata_code"] == "QZQ"
    assert ctx.calls[1].text.startswith("1 of 1 airports that the atlas lacks")


async def test_more_than_fifty_unknown_airports_are_asked_for_in_chunks(bundled: Atlas) -> None:
    world = World(seed=5)
    home = world.airport("VLC")
    codes = [f"Q{letter}{digit}" for letter in "ABCDEFGHIJKLM" for digit in range(10)]
    for code in codes:
        world.add(replace(home, iata=code, icao=None, name=f"Field {code}", city=None, city_code=None, lat=42.0))
    world.flights["VLC"] = [flight(world, "VLC", code) for code in codes]
    async with simulated(world, bundled, plan="paid") as (source, sim):
        found = await timetable(source, world, "VLC")
    assert found is not None
    asked = [seen.query["iata_code"].split(",") for seen in sim.requests if seen.path == "/airports"]
    assert [len(chunk) for chunk in asked] == [50, 50]
    destinations, left = found.network.flown_on(MONDAY)
    assert len(destinations) == 100
    assert {out.why for out in left} == {"nobody knows where that airport is"}


async def test_airports_that_cannot_be_placed_are_owned_up_to(bundled: Atlas) -> None:
    edge = unknown_airport()
    async with simulated(edge.world, bundled) as (source, sim):
        sim.faults.always(status=500, match="airports")
        ctx = FakeContext()
        found = await timetable(source, edge.world, "VLC", ctx)
    assert found is not None
    assert ctx.degradations == ["AirLabs had an error of its own: 1 airport can't be placed and is left out."]
    assert {one.iata for one in found.network.flown_on(MONDAY)[0]} == {"LPA"}


@pytest.mark.parametrize("errors_as_4xx", [False, True])
@pytest.mark.parametrize(
    ("limits", "key", "kind", "said"),
    [
        ({"month": 0}, "ok", "quota", "The calls at AirLabs are used up for this month"),
        (
            {"minute": 0, "month": 9},
            "ok",
            "rate_limited",
            "AirLabs has had too many calls within a minute",
        ),
        ({"hour": 0, "month": 9}, "ok", "rate_limited", "AirLabs has had too many calls within an hour"),
        (None, "expired", "refused_key", "The key for AirLabs has expired"),
        (None, "gone", "refused_key", "AirLabs doesn't know the key"),
    ],
)
async def test_errors_are_understood_with_and_without_a_status(
    bundled: Atlas, world: World, limits: Any, key: Any, kind: str, said: str, errors_as_4xx: bool
) -> None:
    async with simulated(world, bundled, limits=limits, errors_as_4xx=errors_as_4xx) as (source, sim):
        sim.keys = {} if key == "gone" else {KEY: key}
        with pytest.raises(UpstreamError) as caught:
            await timetable(source, world, "VLC")
    assert (caught.value.kind, str(caught.value)) == (kind, said)
    assert KEY not in repr(caught.value.detail)
    assert kind == "rate_limited" or caught.value.hint


async def test_answers_are_kept_for_days_and_cost_nothing_then(bundled: Atlas, world: World, tmp_path: Path) -> None:
    async with AirLabsSimulator(world, plan="paid") as sim:
        for turn in range(2):
            async with airlabs_at(sim.url, bundled, folder=tmp_path) as source:
                ctx = FakeContext()
                await timetable(source, world, "VLC", ctx)
                await nearby(source, place_at(world, "VLC"), ctx)
            assert [call.cached for call in ctx.calls] == [bool(turn)] * 2
        assert len(sim.requests) == 2
    assert "kept for" in ctx.calls[0].text
    assert "calls left" not in ctx.calls[0].text
    assert_nowhere(tmp_path, KEY, CALLER_IP)


def assert_nowhere(folder: Path, *secrets: str) -> None:
    files = [file for file in folder.rglob("*") if file.is_file()]
    assert files
    for file in files:
        assert not [secret for secret in secrets if secret.encode() in file.read_bytes()]


def test_of_the_envelope_only_figures_are_kept() -> None:
    envelope = {
        "request": {"key": {"api_key": KEY, "limits_total": 7, "limits_by_month": 9}, "client": {"ip": CALLER_IP},
                    "has_more": True, "total_items": 3},
        "response": [{"flight_iata": "ZZ1"}], "terms": "No.",
    }  # fmt: skip
    assert scrub(envelope) == {"rows": [{"flight_iata": "ZZ1"}], "left": 7, "limit": 9, "has_more": True, "total": 3}


@pytest.mark.parametrize(
    "said", ["oh", {"message": "x" * 500}, {"code": {"deep": 1}}, {"code": "brand_new_code"}, 5, ["no"]]
)
def test_errors_of_the_future_are_errors(said: Any) -> None:
    error = classify(200, {"error": said, "request": {"client": {"ip": CALLER_IP}}})
    assert error is not None
    assert error.kind == "http_4xx"
    assert "x" * 50 not in str(error)
    assert CALLER_IP not in f"{error} {error.detail}"
