"""ip-api and ipwho.is against their simulators: what is asked, what comes of every answer, who is asked about whom."""

import asyncio
import time
from collections.abc import AsyncIterator
from typing import Any

import pytest

from backend.pipelines.escape.settings import EscapeSettings
from backend.pipelines.escape.sources.ip_api import IpApi
from backend.pipelines.escape.sources.ipwhois import IpWhois
from backend.pipelines.escape.sources.spot import Spot
from backend.pipelines.escape.sources.where import WhereSource, ask_about, place_address, where_sources
from backend.upstream import UpstreamError, Upstreams, open_upstreams
from tests.fake_context import FakeContext
from tests.simulators.corpus import Hostile, corpus_for
from tests.simulators.corpus_fields import POISON
from tests.simulators.ip_api import IpApiSimulator
from tests.simulators.ipwhois import IpWhoIsSimulator
from tests.simulators.server import Simulator
from tests.simulators.world import World

PUBLIC = "24.200.0.1"
MAKERS: dict[str, tuple[type[Any], type[Simulator], str]] = {
    "ip-api": (IpApi, IpApiSimulator, "ip_api_url"),
    "ipwho.is": (IpWhois, IpWhoIsSimulator, "ipwhois_url"),
}
CALLS = {"ip-api": "ip_api", "ipwho.is": "ipwhois"}


def settings_with(name: str, value: Any) -> EscapeSettings:
    changed: dict[str, Any] = {name: value}
    return EscapeSettings(**changed)


def soon() -> float:
    return time.monotonic() + 5


@pytest.fixture(scope="module")
def world() -> World:
    return World(seed=3)


@pytest.fixture(params=MAKERS)
def name(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


@pytest.fixture
async def simulator(name: str, world: World) -> AsyncIterator[Any]:
    make: Any = MAKERS[name][1]
    async with make(world) as simulator:
        yield simulator
    assert simulator.refusals == []


@pytest.fixture
async def upstreams() -> AsyncIterator[Upstreams]:
    async with open_upstreams() as upstreams:
        yield upstreams


@pytest.fixture
async def source(name: str, simulator: Simulator, upstreams: Upstreams) -> WhereSource:
    maker, _, setting = MAKERS[name]
    source: WhereSource = maker(settings_with(setting, simulator.url), upstreams)
    return source


async def test_a_public_address_is_placed(source: WhereSource, simulator: Any, world: World) -> None:
    home = world.home_of(PUBLIC)
    spot = await source.locate(PUBLIC, deadline=soon())
    assert home.city is not None
    assert spot == Spot(home.lat, home.lon, home.city, home.country, home.tz)
    assert simulator.requests[0].path.endswith(f"/{PUBLIC}")
    assert await source.locate(PUBLIC, deadline=soon()) == spot
    assert len(simulator.requests) == 1  # remembered, and only in memory


async def test_an_ipv6_address_is_placed_too(source: WhereSource, world: World) -> None:
    spot = await source.locate("2600:1f18::1", deadline=soon())
    assert spot is not None
    assert spot.city == world.home_of("2600:1f18::1").city


async def test_the_server_s_own_address_is_asked_for_without_naming_it(
    source: WhereSource, simulator: Any, world: World
) -> None:
    spot = await source.locate(None, deadline=soon())
    assert spot is not None
    assert spot.city == world.home_of(simulator.caller).city
    assert simulator.requests[0].path.strip("/") in ("", "json")


@pytest.mark.parametrize("address", ["10.0.0.5", "192.168.1.1", "127.0.0.1"])
async def test_an_address_that_the_service_does_not_know_is_no_failure(address: str, source: WhereSource) -> None:
    assert await source.locate(address, deadline=soon()) is None


async def test_only_what_is_needed_is_asked_of_ip_api(world: World, upstreams: Upstreams) -> None:
    async with IpApiSimulator(world) as simulator:
        await IpApi(EscapeSettings(ip_api_url=simulator.url), upstreams).locate(PUBLIC, deadline=soon())
    fields = simulator.requests[0].query["fields"].split(",")
    assert "status" in fields  # without it a failure can't be told
    assert "query" not in fields


async def test_when_none_are_left_ip_api_is_not_called_before_its_time(world: World, upstreams: Upstreams) -> None:
    async with IpApiSimulator(world) as simulator:
        source = IpApi(EscapeSettings(ip_api_url=simulator.url), upstreams)
        answers = [await source.locate(f"24.200.0.{number}", deadline=soon()) for number in range(45)]
        assert None not in answers
        for number in range(45, 50):
            with pytest.raises(UpstreamError, match=r"quota of ip-api is used up; it is left alone for \d+ s"):
                await source.locate(f"24.200.0.{number}", deadline=soon())
    assert len(simulator.requests) == 45
    assert simulator.refusals == []
    quota = source.upstream.state().quota
    assert quota is not None
    assert (quota.left, quota.limit, quota.per) == (0, 45, "minute")


async def test_a_429_of_ip_api_is_heard_too(world: World, upstreams: Upstreams) -> None:
    async with IpApiSimulator(world) as simulator:
        simulator.faults.next(status=429)
        source = IpApi(EscapeSettings(ip_api_url=simulator.url), upstreams)
        with pytest.raises(UpstreamError) as told:
            await source.locate(PUBLIC, deadline=soon())
        assert (told.value.kind, told.value.retry_after_s) == ("rate_limited", 60.0)
        with pytest.raises(UpstreamError, match="left alone"):
            await source.locate(PUBLIC, deadline=soon())
    assert len(simulator.requests) == 1


async def test_a_month_of_ipwhois_that_is_used_up_is_told(world: World, upstreams: Upstreams) -> None:
    for status in (200, 429, 403):
        async with IpWhoIsSimulator(world, month=1, over_quota=status) as simulator, open_upstreams() as opened:
            source = IpWhois(EscapeSettings(ipwhois_url=simulator.url), opened)
            await source.locate(PUBLIC, deadline=soon())
            with pytest.raises(UpstreamError) as told:
                await source.locate("24.200.0.2", deadline=soon())
            assert told.value.kind in ("quota", "rate_limited", "refused_key")


async def test_every_hostile_answer_is_a_spot_nothing_or_a_typed_failure(
    name: str, simulator: Any, world: World, upstreams: Upstreams
) -> None:
    maker, _, setting = MAKERS[name]
    cases = corpus_for(CALLS[name])
    assert len(cases) >= 60

    async def ended(case: Hostile) -> str:
        simulator.faults.clear()
        simulator.faults.always(case.fault())
        async with open_upstreams() as opened:  # its circuit closed, nothing remembered
            source: WhereSource = maker(settings_with(setting, simulator.url), opened)
            try:
                spot = await source.locate(PUBLIC, deadline=time.monotonic() + (0.3 if case.slow else 4))
            except UpstreamError as error:
                said.append(str(error))
                return error.kind
            assert spot is None or (-90 <= spot.lat <= 90 and -180 <= spot.lon <= 180)
            assert spot is None or all("\x1b" not in text for text in (spot.city, spot.country, spot.tz))
            return "answered"

    said: list[str] = []
    kinds = {case.name: await ended(case) for case in cases}
    simulator.faults.clear()
    assert not [text for text in said for poison in POISON.values() if poison in text]
    assert {"answered", "bad_payload", "truncated", "too_large", "timeout", "http_5xx"} <= set(kinds.values())


@pytest.mark.parametrize(
    ("address", "asked"),
    [
        (PUBLIC, PUBLIC), (f"::ffff:{PUBLIC}", PUBLIC), ("2600:1f18:0::1", "2600:1f18::1"),
        ("127.0.0.1", ""), ("::1", ""), ("10.1.2.3", ""), ("192.168.0.9", ""), ("172.16.0.1", ""), ("169.254.1.1", ""),
        ("100.64.0.1", ""), ("fe80::1", ""), ("fd00::1", ""), ("::ffff:10.0.0.1", ""), ("203.0.113.9", ""),
        (None, None), ("", None), ("junk", None), ("224.0.0.1", None), ("ff02::1", None),
        ("0.0.0.0", None), ("::", None),
    ],
)  # fmt: skip
def test_a_private_address_is_never_asked_about(address: str | None, asked: str | None) -> None:
    assert ask_about(address) == asked


async def test_the_second_is_asked_when_the_first_fails_and_nobody_calls_that_degraded(world: World) -> None:
    async with IpApiSimulator(world) as first, IpWhoIsSimulator(world) as second, open_upstreams() as upstreams:
        first.faults.always(status=500)
        settings = EscapeSettings(ip_api_url=first.url, ipwhois_url=second.url)
        ctx = FakeContext()
        answer = await place_address(PUBLIC, where_sources(settings, upstreams), ctx)
    assert answer is not None
    assert (answer.source, answer.value.city) == ("ipwho.is", world.home_of(PUBLIC).city)
    assert [(call.source, call.status) for call in ctx.calls] == [("ip-api", 500), ("ipwho.is", 200)]
    assert ctx.degradations == []
    assert PUBLIC not in str([call.request for call in ctx.calls])


async def test_one_that_was_asked_for_by_name_and_fails_is_told(world: World) -> None:
    async with IpApiSimulator(world) as first, open_upstreams() as upstreams:
        first.faults.always(status=500)
        settings = EscapeSettings(ip_api_url=first.url, where_sources=("ip-api", "embedded"))
        ctx = FakeContext()
        assert await place_address(PUBLIC, where_sources(settings, upstreams), ctx) is None
    assert ctx.degradations == ["ip-api answered with an error (500); nothing else answered."]


async def test_offline_and_embedded_ask_nobody() -> None:
    async with open_upstreams() as upstreams:
        assert where_sources(EscapeSettings(), upstreams, offline=True) == ()
        assert where_sources(EscapeSettings(where_sources=("embedded",)), upstreams) == ()
        assert [one.source.id for one in where_sources(EscapeSettings(), upstreams)] == ["ip-api", "ipwho.is"]
        named = EscapeSettings(where_sources=("ipwho.is", "ip-api"))
        assert [(one.source.id, one.configured) for one in where_sources(named, upstreams)] == [
            ("ipwho.is", True), ("ip-api", True),
        ]  # fmt: skip


async def test_all_of_them_together_have_a_time_limit(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("backend.pipelines.escape.sources.where.TIME_LIMIT_S", 0.3)
    async with IpApiSimulator(world) as first, IpWhoIsSimulator(world) as second, open_upstreams() as upstreams:
        for simulator in (first, second):
            simulator.faults.always(never=True)
        settings = EscapeSettings(ip_api_url=first.url, ipwhois_url=second.url)
        began = asyncio.get_running_loop().time()
        assert await place_address(PUBLIC, where_sources(settings, upstreams), FakeContext()) is None
        assert asyncio.get_running_loop().time() - began < 2
