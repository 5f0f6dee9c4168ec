"""The AirLabs simulator keeps to what is known of the service."""

import asyncio
import hashlib
from typing import Any

import httpx
import pytest

from tests.simulators.airlabs import CALLER_IP, KEY, AirLabsSimulator
from tests.simulators.airlabs_rows import route_rows
from tests.simulators.clock import SimulatedClock
from tests.simulators.world import World

VALENCIA = {"lat": 39.47, "lng": -0.38, "distance": 120}


async def ask(client: httpx.AsyncClient, sim: AirLabsSimulator, method: str, **params: Any) -> Any:
    answer = await client.get(f"{sim.url}/{method}", params={"api_key": KEY, **params})
    assert answer.status_code == 200
    return answer.json()


async def test_ping_echoes_the_key_and_the_caller(client: httpx.AsyncClient, world: World) -> None:
    async with AirLabsSimulator(world) as sim:
        envelope = await ask(client, sim, "ping")
        assert envelope["response"] == "pong"
        assert envelope["request"]["key"]["api_key"] == KEY
        assert envelope["request"]["client"]["ip"] == CALLER_IP
        assert set(envelope) == {"request", "response", "terms"}
        assert sim.requests[0].query["api_key"] == KEY


async def test_the_month_counts_down(client: httpx.AsyncClient, world: World) -> None:
    async with AirLabsSimulator(world) as sim:
        left = [(await ask(client, sim, "ping"))["request"]["key"]["limits_total"] for _ in range(3)]
    assert left == [999, 998, 997]


async def test_nearby_has_two_lists_with_heliports_first(client: httpx.AsyncClient, world: World) -> None:
    async with AirLabsSimulator(world) as sim:
        found = (await ask(client, sim, "nearby", **VALENCIA))["response"]
    assert set(found) == {"airports", "cities"}
    nearest, *others = found["airports"]
    assert nearest["iata_code"] is None
    assert "popularity" not in nearest or nearest["popularity"] < 10
    assert [one["distance"] for one in found["airports"]] == sorted(one["distance"] for one in found["airports"])
    best = max(found["airports"], key=lambda one: one.get("popularity", 0))
    assert best["iata_code"] in {one["iata_code"] for one in others}
    assert best["city_code"] in {city["city_code"] for city in found["cities"]}


@pytest.mark.parametrize(
    "wrong",
    [
        {"lat": 39.47, "lon": -0.38, "distance": 120},
        {"lat": 39.47, "lng": -0.38},
        {"lat": 91, "lng": 0, "distance": 5},
        {"lat": "north", "lng": 0, "distance": 5},
    ],
)
async def test_missing_or_wrong_parameters_are_refused(
    client: httpx.AsyncClient, world: World, wrong: dict[str, Any]
) -> None:
    async with AirLabsSimulator(world) as sim:
        assert (await ask(client, sim, "nearby", **wrong))["error"]["code"] == "wrong_params"
        assert len(sim.refusals) == 1


@pytest.mark.parametrize(("plan", "cap"), [("free", 50), ("paid", 500)])
async def test_routes_are_paged_to_the_end(client: httpx.AsyncClient, plan: Any, cap: int) -> None:
    world = World(seed=3, destinations=160)
    expected = route_rows(world.flights_from("VLC"))
    async with AirLabsSimulator(world, plan=plan) as sim:
        seen: list[Any] = []
        while True:
            page = await ask(client, sim, "routes", dep_iata="VLC", limit=1000, offset=len(seen))
            seen += page["response"]
            if not page["request"]["has_more"]:
                break
            assert len(page["response"]) == cap
    assert sorted(map(str, seen)) == sorted(map(str, expected))
    assert seen != expected
    assert len(sim.requests) == -(-len(expected) // cap)


def test_the_rows_have_every_oddity() -> None:
    rows = route_rows(World(seed=3, destinations=160).flights_from("VLC"))
    assert any(row["flight_iata"] is None and row["flight_icao"] for row in rows)
    assert any(row["cs_flight_iata"] for row in rows)
    assert any(row["duration"] is None for row in rows)
    assert any(row["arr_time"] < row["dep_time"] for row in rows)
    order = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
    assert any(row["days"] != sorted(row["days"], key=order.index) for row in rows)
    own = [row["flight_iata"] for row in rows if row["flight_iata"]]
    assert len(own) > len(set(own))
    operated = {row["flight_iata"] for row in rows if not row["cs_flight_iata"]}
    assert any(row["cs_flight_iata"] not in operated for row in rows if row["cs_flight_iata"])
    assert all(isinstance(row["flight_number"], str) for row in rows)
    assert any(row["updated"] < "2025-06" for row in rows)


async def test_projection_leaves_only_what_was_asked_for(client: httpx.AsyncClient, world: World) -> None:
    async with AirLabsSimulator(world) as sim:
        page = await ask(client, sim, "routes.json", dep_iata="VLC", _fields="arr_iata,days", limit=3)
    assert [set(row) for row in page["response"]] == [{"arr_iata", "days"}] * 3


async def test_airports_by_comma_list_drop_unknown_codes_and_the_order(client: httpx.AsyncClient, world: World) -> None:
    codes = ["LPA", "VLC", "QZQ", "LHR", "JFK", "NRT"]
    async with AirLabsSimulator(world) as sim:
        rows = (await ask(client, sim, "airports", iata_code=",".join(codes)))["response"]
        paid = AirLabsSimulator(world, plan="paid")
        async with paid:
            full = (await ask(client, paid, "airports", iata_code="LPA"))["response"]
    assert {row["iata_code"] for row in rows} == set(codes) - {"QZQ"}
    assert [row["iata_code"] for row in rows] != [code for code in codes if code != "QZQ"]
    assert set(rows[0]) == {"name", "iata_code", "icao_code", "lat", "lng", "country_code"}
    assert full[0]["timezone"] == "Atlantic/Canary"
    assert full[0]["is_international"] in (0, 1)


async def test_a_free_key_gets_fifty_airports_at_most(client: httpx.AsyncClient, world: World) -> None:
    codes = ",".join(list(world.airports)[:60])
    async with AirLabsSimulator(world) as sim:
        page = await ask(client, sim, "airports", iata_code=codes)
    assert len(page["response"]) == 50
    assert page["request"]["has_more"] is True


@pytest.mark.parametrize(("as_4xx", "status"), [(False, 200), (True, 401)])
async def test_errors_come_with_200_or_as_set(
    client: httpx.AsyncClient, world: World, as_4xx: bool, status: int
) -> None:
    async with AirLabsSimulator(world, errors_as_4xx=as_4xx) as sim:
        answer = await client.get(f"{sim.url}/ping", params={"api_key": "wrong"})
        assert answer.status_code == status
        assert answer.json()["error"]["code"] == "unknown_api_key"
        sim.keys["old"] = "expired"
        answer = await client.get(f"{sim.url}/ping", params={"api_key": "old"})
        assert answer.json()["error"]["code"] == "expired_api_key"
        answer = await client.get(f"{sim.url}/destinations", params={"api_key": KEY})
        assert answer.json()["error"]["code"] == "unknown_method"


@pytest.mark.parametrize(
    ("limits", "code"),
    [({"minute": 2}, "minute_limit_exceeded"), ({"hour": 2}, "hour_limit_exceeded")],
)
async def test_windows_open_again(client: httpx.AsyncClient, world: World, limits: Any, code: str) -> None:
    clock = SimulatedClock.frozen()
    async with AirLabsSimulator(world, clock=clock, limits={**limits, "month": 1000}) as sim:
        replies = [await ask(client, sim, "ping") for _ in range(3)]
        assert [reply.get("error", {}).get("code") for reply in replies] == [None, None, code]
        clock.advance(hours=1)
        assert (await ask(client, sim, "ping"))["response"] == "pong"


async def test_the_month_ends_with_the_month(client: httpx.AsyncClient, world: World) -> None:
    clock = SimulatedClock.frozen()
    async with AirLabsSimulator(world, clock=clock) as sim:
        sim.quota.use(KEY, "month", 1000)
        assert (await ask(client, sim, "ping"))["error"]["code"] == "month_limit_exceeded"
        clock.advance(days=8)
        assert (await ask(client, sim, "ping"))["request"]["key"]["limits_total"] == 999


@pytest.mark.parametrize("no_data", ["list", "not_found", "nothing"])
async def test_nothing_found_in_each_way(client: httpx.AsyncClient, world: World, no_data: Any) -> None:
    async with AirLabsSimulator(world, no_data=no_data) as sim:
        reply = await ask(client, sim, "routes", dep_iata="QZQ")
        mid_ocean = await ask(client, sim, "nearby", lat=-48.9, lng=-123.4, distance=120)
    if no_data == "list":
        assert reply["response"] == []
        assert mid_ocean["response"] == {"airports": [], "cities": []}
    elif no_data == "not_found":
        assert reply["error"]["code"] == mid_ocean["error"]["code"] == "not_found"
    else:
        assert reply == mid_ocean == {}


async def test_post_with_json_and_a_signature(client: httpx.AsyncClient, world: World) -> None:
    async with AirLabsSimulator(world) as sim:
        posted = await client.post(f"{sim.url}/routes", json={"api_key": KEY, "dep_iata": "VLC", "limit": "1"})
        assert len(posted.json()["response"]) == 1
        posted = await client.post(f"{sim.url}/routes", content=b"dep_iata=VLC")
        assert posted.json()["error"]["code"] == "wrong_params"
        at = int(sim.clock.seconds())
        digest = hashlib.md5(f"{at}:{KEY}".encode(), usedforsecurity=False).hexdigest()
        signed = await client.get(f"{sim.url}/ping", params={"signature": f"10101:{at}:{digest}"})
        assert signed.json()["response"] == "pong"


async def test_the_same_seed_is_the_same_world(client: httpx.AsyncClient) -> None:
    async with AirLabsSimulator(World(seed=5)) as one, AirLabsSimulator(World(seed=5)) as two:
        replies = await asyncio.gather(*(ask(client, sim, "routes", dep_iata="OSL") for sim in (one, two)))
        other = World(seed=6).flights_from("OSL")
    assert replies[0]["response"] == replies[1]["response"]
    assert route_rows(other) != route_rows(World(seed=5).flights_from("OSL"))
