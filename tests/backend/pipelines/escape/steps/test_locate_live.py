"""Services that know where an address is are asked last of what anybody said, and not at all when it isn't needed."""

import time
from collections.abc import AsyncIterator
from typing import Any

import pytest

from backend.config import Config
from backend.errors import StepError
from backend.pipelines.escape.atlas import Atlas
from backend.pipelines.escape.models import Home, Place, Request
from backend.pipelines.escape.settings import EscapeSettings
from backend.pipelines.escape.sources.sources import MEMORY, Sources, open_sources
from backend.pipelines.escape.steps.locate import locate, shown
from tests.fake_context import FakeContext
from tests.simulators.addresses import CALLER
from tests.simulators.ip_api import IpApiSimulator
from tests.simulators.ipwhois import IpWhoIsSimulator
from tests.simulators.world import World

PUBLIC, ELSEWHERE = "24.200.0.1", "81.2.69.160"
OSLO = Home(59.9, 10.7, "Grandma's")


class Services:
    """Both services, and the step asked with them."""

    def __init__(self, world: World, ip_api: IpApiSimulator, ipwhois: IpWhoIsSimulator, sources: Sources) -> None:
        self.world, self.ip_api, self.ipwhois, self.sources = world, ip_api, ipwhois, sources

    @property
    def asked(self) -> list[str]:
        return [seen.target for seen in (*self.ip_api.requests, *self.ipwhois.requests)]

    async def find(self, atlas: Atlas, request: Request, home: Home | None = None) -> tuple[Place, FakeContext]:
        ctx = FakeContext()
        return await locate(request, atlas, home or Home(), self.sources, ctx), ctx


@pytest.fixture
async def services() -> AsyncIterator[Services]:
    world = World(seed=3)
    async with IpApiSimulator(world) as ip_api, IpWhoIsSimulator(world) as ipwhois:
        settings = EscapeSettings(ip_api_url=ip_api.url, ipwhois_url=ipwhois.url)
        async with open_sources(Config(data_dir=MEMORY, pipelines=(settings,))) as sources:
            yield Services(world, ip_api, ipwhois, sources)
    assert ip_api.refusals == ipwhois.refusals == []


async def test_a_public_address_is_placed_by_the_first_service(bundled: Atlas, services: Services) -> None:
    home = services.world.home_of(PUBLIC)
    place, ctx = await services.find(bundled, Request("hot", address=PUBLIC, tz="Europe/Madrid"))
    assert (place.name, place.lat, place.lon) == (home.city, home.lat, home.lon)
    assert place.basis == "roughly, from your address, as ip-api knows it"
    assert [(call.source, call.status) for call in ctx.calls] == [("ip-api", 200), ("atlas", "ok")]
    assert len(services.asked) == 1
    assert PUBLIC not in str([call.request for call in ctx.calls])  # it need not be kept with the run


@pytest.mark.parametrize("address", ["127.0.0.1", "192.168.1.20", "::1", "fd00::1"])
async def test_for_a_private_address_it_is_the_servers_own_that_counts(
    address: str, bundled: Atlas, services: Services
) -> None:
    place, _ = await services.find(bundled, Request("hot", address=address))
    assert place.name == services.world.home_of(CALLER).city
    assert place.basis == "roughly, from the address of this server, as ip-api knows it"
    assert not any(address in target for target in services.asked)


@pytest.mark.parametrize(
    ("request_", "home", "basis"),
    [
        (Request("x", origin="Valencia", address=PUBLIC), None, "from your question"),
        (Request("x", from_option="Lisbon", address=PUBLIC), None, "as you gave it"),
        (Request("x", address=PUBLIC), OSLO, "as the server is set"),
        (Request("x", origin="Blorp", address=PUBLIC), OSLO, "as the server is set"),
        (Request("x", tz="Europe/Madrid"), None, "a guess from your time zone, Europe/Madrid"),
        (Request("x", address="junk", tz="Europe/Madrid"), None, "a guess from your time zone, Europe/Madrid"),
    ],
)
async def test_nobody_is_asked_when_it_is_known_or_there_is_nothing_to_ask(
    request_: Request, home: Home | None, basis: str, bundled: Atlas, services: Services
) -> None:
    place, _ = await services.find(bundled, request_, home)
    assert place.basis == basis
    assert services.asked == []


async def test_words_that_name_no_place_leave_it_to_the_services(bundled: Atlas, services: Services) -> None:
    place, ctx = await services.find(bundled, Request("x", origin="Blorp", address=PUBLIC))
    assert place.name == services.world.home_of(PUBLIC).city
    assert ctx.degradations == [f"There is no place called “Blorp” in the atlas; {shown(place)} is taken instead."]


async def test_the_second_service_the_bundled_table_and_the_time_zone_follow_in_turn(
    bundled: Atlas, services: Services
) -> None:
    request = Request("x", address=PUBLIC, tz="Europe/Madrid")
    services.ip_api.faults.always(status=500)
    place, ctx = await services.find(bundled, request)
    assert place.basis == "roughly, from your address, as ipwho.is knows it"
    services.ipwhois.faults.always(status=500)
    other = Request("x", address="24.200.0.77", tz="Europe/Madrid")  # the first one is remembered
    place, ctx = await services.find(bundled, other)
    assert (place.basis, place.country) == ("roughly, from your address", "Canada")
    assert [call.status for call in ctx.calls] == [500, 500, "ok"]
    assert ctx.degradations == []
    home = Request("x", address="10.0.0.1", tz="Europe/Madrid")
    place, _ = await services.find(bundled, home)
    assert place.basis == "a guess from your time zone, Europe/Madrid"
    with pytest.raises(StepError, match="Nothing says where you are"):
        await services.find(bundled, Request("x", address="10.0.0.1"))


async def test_a_service_that_knows_nothing_is_followed_by_the_next(bundled: Atlas, services: Services) -> None:
    services.ip_api.faults.next(body='{"status": "fail", "message": "reserved range"}')
    place, ctx = await services.find(bundled, Request("x", address=PUBLIC))
    assert place.basis.endswith("as ipwho.is knows it")
    assert ctx.degradations == []


ODD: list[tuple[dict[str, Any], str, str]] = [
    # Over the ocean: the nearest city names the country.
    ({"lat": -48.9, "lon": -123.4, "city": "", "countryCode": "", "timezone": "Not/AZone"}, "", ""),
    # The service's own name of the place, in the country that it says.
    ({"lat": 39.47, "lon": -0.38, "city": "Benimaclet", "countryCode": "ES", "timezone": "Europe/Madrid"},
     "Benimaclet", "Spain"),
    # A country that is not where the coordinates are: the coordinates count.
    ({"lat": 39.47, "lon": -0.38, "city": "Lyon", "countryCode": "FR", "timezone": "Europe/Paris"},
     "Valencia", "Spain"),
]  # fmt: skip


@pytest.mark.parametrize(("told", "name", "country"), ODD)
async def test_what_a_service_says_is_taken_with_care(
    told: dict[str, Any], name: str, country: str, bundled: Atlas, services: Services
) -> None:
    import json

    services.ip_api.faults.next(body=json.dumps({"status": "success", **told}))
    place, _ = await services.find(bundled, Request("x", address=PUBLIC))
    assert (place.lat, place.lon) == (told["lat"], told["lon"])
    assert place.name
    assert (place.name, place.country) == (name, country) or not name


async def test_services_that_are_silent_cost_a_few_seconds_at_most(
    bundled: Atlas, services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("backend.pipelines.escape.sources.where.TIME_LIMIT_S", 0.3)
    for simulator in (services.ip_api, services.ipwhois):
        simulator.faults.always(never=True)
    began = time.monotonic()
    place, _ = await services.find(bundled, Request("x", address=PUBLIC))
    assert place.basis == "roughly, from your address"
    assert time.monotonic() - began < 3
