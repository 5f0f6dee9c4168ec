"""The simulators of ip-api and ipwho.is keep to what is known of the services."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from tests.simulators.clock import SimulatedClock
from tests.simulators.ip_api import DEFAULT_FIELDS, IpApiSimulator
from tests.simulators.ipwhois import IpWhoIsSimulator
from tests.simulators.world import World

PUBLIC = "8.8.4.4"


@pytest.fixture(scope="module")
def world() -> World:
    world = World(seed=7)
    world.homes |= {PUBLIC: "VLC", "81.2.69.142": "LHR", "2001:4860:4860::8888": "KTM"}
    return world


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(timeout=5, trust_env=False) as client:
        yield client


@pytest.fixture
async def ip_api(world: World) -> AsyncIterator[IpApiSimulator]:
    async with IpApiSimulator(world, clock=SimulatedClock.frozen()) as sim:
        yield sim


async def test_an_address_has_the_documented_fields(client: httpx.AsyncClient, ip_api: IpApiSimulator) -> None:
    answer = await client.get(f"{ip_api.url}/json/{PUBLIC}")
    assert set(answer.json()) == DEFAULT_FIELDS - {"message"}
    assert answer.json()["status"] == "success"
    assert (answer.json()["city"], answer.json()["timezone"]) == ("Valencia", "Europe/Madrid")
    assert answer.json()["query"] == PUBLIC
    assert (answer.headers["x-rl"], answer.headers["x-ttl"]) == ("44", "60")


async def test_an_empty_path_is_the_caller(client: httpx.AsyncClient, ip_api: IpApiSimulator) -> None:
    for path in ("/json", "/json/"):
        assert (await client.get(ip_api.url + path)).json()["query"] == "81.2.69.142"
    six = (await client.get(f"{ip_api.url}/json/2001:4860:4860::8888")).json()
    assert six["timezone"] == "Asia/Kathmandu"


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("192.168.1.1", "private range"), ("10.0.0.5", "private range"), ("172.20.1.1", "private range"),
        ("fd00::1", "private range"), ("127.0.0.1", "reserved range"), ("::1", "reserved range"),
        ("169.254.1.1", "reserved range"), ("100.64.0.1", "reserved range"), ("not-an-ip", "invalid query"),
    ],
)  # fmt: skip
async def test_failures_are_200(client: httpx.AsyncClient, ip_api: IpApiSimulator, query: str, message: str) -> None:
    answer = await client.get(f"{ip_api.url}/json/{query}")
    assert answer.status_code == 200
    assert answer.json() == {"status": "fail", "message": message, "query": query}


@pytest.mark.parametrize("fields", ["city,lat", "80"])
async def test_the_projection_hides_even_the_status(
    client: httpx.AsyncClient, ip_api: IpApiSimulator, fields: str
) -> None:
    answer = await client.get(f"{ip_api.url}/json/{PUBLIC}", params={"fields": fields})
    assert set(answer.json()) == {"city", "lat"}
    assert (await client.get(f"{ip_api.url}/json/10.1.1.1", params={"fields": fields})).json() == {}
    every = (await client.get(f"{ip_api.url}/json/{PUBLIC}?fields=61439")).json()
    assert set(every) == DEFAULT_FIELDS - {"message"}
    offset = (await client.get(f"{ip_api.url}/json/{PUBLIC}?fields=offset")).json()
    assert offset == {"offset": 3600}


async def test_the_46th_call_of_a_minute_is_429_and_empty(client: httpx.AsyncClient, ip_api: IpApiSimulator) -> None:
    left = [(await client.get(f"{ip_api.url}/json/{PUBLIC}")).headers["x-rl"] for _ in range(45)]
    assert left == [str(44 - call) for call in range(45)]
    ip_api.clock.advance(seconds=20)
    answer = await client.get(f"{ip_api.url}/json/{PUBLIC}")
    assert (answer.status_code, answer.content) == (429, b"")
    assert (answer.headers["x-rl"], answer.headers["x-ttl"]) == ("0", "40")
    assert len(ip_api.refusals) == 1
    ip_api.clock.advance(seconds=40)
    assert (await client.get(f"{ip_api.url}/json/{PUBLIC}")).status_code == 200


async def test_batches(client: httpx.AsyncClient, ip_api: IpApiSimulator) -> None:
    url = f"{ip_api.url}/batch"
    asked: list[Any] = [PUBLIC, "10.0.0.1", {"query": "2001:4860:4860::8888", "fields": "city,query"}]
    answer = await client.post(url, json=asked, params={"fields": "status,city"})
    assert answer.json() == [
        {"status": "success", "city": "Valencia"},
        {"status": "fail"},
        {"city": "Kathmandu", "query": "2001:4860:4860::8888"},
    ]
    assert answer.headers["x-rl"] == "14"
    assert (await client.post(url, json=[PUBLIC] * 101)).status_code == 422
    assert len((await client.post(url, json=[PUBLIC] * 100)).json()) == 100
    for _ in range(12):
        await client.post(url, json=[])
    assert (await client.post(url, json=[])).status_code == 429


async def test_ipwhois(client: httpx.AsyncClient, world: World) -> None:
    async with IpWhoIsSimulator(world, clock=SimulatedClock.frozen(), month=5) as sim:
        found = (await client.get(f"{sim.url}/2001:4860:4860::8888")).json()
        assert (found["success"], found["city"], found["type"]) == (True, "Kathmandu", "IPv6")
        assert found["timezone"]["id"] == "Asia/Kathmandu"
        assert (found["timezone"]["offset"], found["timezone"]["utc"]) == (20700, "+05:45")
        assert (await client.get(f"{sim.url}/")).json()["ip"] == "81.2.69.142"
        assert (await client.get(f"{sim.url}/127.0.0.1")).json() == {
            "ip": "127.0.0.1", "success": False, "message": "Reserved range",
        }  # fmt: skip
        assert (await client.get(f"{sim.url}/10.0.0.1")).json()["message"] == "Reserved range"
        assert (await client.get(f"{sim.url}/nonsense")).json()["success"] is False
        answer = await client.get(f"{sim.url}/{PUBLIC}")
        assert answer.status_code == 429
        assert answer.json()["success"] is False
        sim.clock.advance(days=8)
        assert (await client.get(f"{sim.url}/{PUBLIC}?fields=city")).json() == {"city": "Valencia"}
