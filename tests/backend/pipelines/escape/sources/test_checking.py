"""Every source checked against its simulator: set up? reachable? key accepted? quota left? And no secret in it."""

import contextlib
import time
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Any

import msgspec
import pytest

from backend.checking import SourceReport
from backend.config import Config
from backend.pipelines.escape.settings import SOURCE_IDS, EscapeSettings
from backend.pipelines.escape.sources.checking import PROBES, SETTINGS, check_sources, spec_of
from backend.pipelines.escape.sources.sources import MEMORY, Sources, open_sources
from shared.secret import Secret
from tests.simulators import airlabs, openweather
from tests.simulators.airlabs import AirLabsSimulator
from tests.simulators.ip_api import IpApiSimulator
from tests.simulators.ipwhois import IpWhoIsSimulator
from tests.simulators.met_norway import MetNorwaySimulator
from tests.simulators.open_meteo import OpenMeteoSimulator
from tests.simulators.openweather import OpenWeatherSimulator
from tests.simulators.server import Simulator
from tests.simulators.world import World


@dataclass
class Checked:
    simulators: Mapping[str, Simulator]
    settings: dict[str, Any]

    async def reports(self, *, ask: bool = True, offline: bool = False, **changed: Any) -> dict[str, SourceReport]:
        settings = EscapeSettings(**{**self.settings, **changed})
        async with open_sources(Config(data_dir=MEMORY, offline=offline, pipelines=(settings,))) as sources:
            found = await again(sources, ask=ask)
        return found


async def again(sources: Sources, *, ask: bool = True) -> dict[str, SourceReport]:
    found = await check_sources({Sources: sources}, time.monotonic() + 5 if ask else None)
    for report in found:
        assert not [secret for secret in SECRETS if secret in msgspec.json.encode(report).decode()]
    return {f"{report.id} {report.fact}" if report.id == "embedded" else report.id: report for report in found}


SECRETS = (airlabs.KEY, openweather.KEY)


@pytest.fixture
async def all_live() -> AsyncIterator[Checked]:
    world = World(seed=5)
    made = {
        "ip-api": IpApiSimulator(world), "ipwho.is": IpWhoIsSimulator(world), "airlabs": AirLabsSimulator(world),
        "openweather": OpenWeatherSimulator(world), "open-meteo": OpenMeteoSimulator(world),
        "met-norway": MetNorwaySimulator(world),
    }  # fmt: skip
    async with contextlib.AsyncExitStack() as stack:
        for simulator in made.values():
            await stack.enter_async_context(simulator)
        yield Checked(
            made,
            {
                "ip_api_url": made["ip-api"].url, "ipwhois_url": made["ipwho.is"].url,
                "airlabs_url": made["airlabs"].url, "airlabs_api_key": Secret(airlabs.KEY),
                "openweather_url": made["openweather"].url, "openweather_api_key": Secret(openweather.KEY),
                "open_meteo_url": made["open-meteo"].url, "met_norway_url": made["met-norway"].url,
                "contact": "someone@example.org",
            },
        )  # fmt: skip
        assert [simulator.refusals for simulator in made.values()] == [[]] * len(made)


async def test_all_of_them_live(all_live: Checked) -> None:
    found = await all_live.reports()
    live = [found[name] for name in all_live.simulators]
    assert {report.id: report.works for report in live} == dict.fromkeys(all_live.simulators, True)
    assert all(report.used and report.ms is not None and report.says == "answers" for report in live)
    assert {report.id for report in live if report.key == "accepted"} == {"airlabs", "openweather"}
    assert {report.id for report in live if report.wanted} == {"airlabs", "openweather", "met-norway"}
    assert {report.id for report in live if report.costs} == {"airlabs", "openweather", "open-meteo"}
    assert found["airlabs"].quota is not None
    assert found["airlabs"].quota.endswith("calls left this month")
    assert found["ip-api"].quota == "44 of 45 calls left this minute"
    assert {name: len(simulator.requests) for name, simulator in all_live.simulators.items()} == dict.fromkeys(
        all_live.simulators, 1
    )


async def test_what_costs_is_not_asked_for_each_time(all_live: Checked) -> None:
    settings = EscapeSettings(**all_live.settings)
    async with open_sources(Config(data_dir=MEMORY, pipelines=(settings,))) as sources:
        for _ in range(3):
            found = await again(sources)
    assert len(all_live.simulators["airlabs"].requests) == 1
    assert len(all_live.simulators["ip-api"].requests) == 3
    assert found["airlabs"].key == "accepted"
    assert found["airlabs"].quota is not None


async def test_without_asking_it_is_told_what_is_set_and_what_was_learned(all_live: Checked) -> None:
    settings = EscapeSettings(**all_live.settings)
    async with open_sources(Config(data_dir=MEMORY, pipelines=(settings,))) as sources:
        before = await again(sources, ask=False)
        all_live.simulators["open-meteo"].faults.always(status=400)
        await again(sources)
        after = await again(sources, ask=False)
    assert (before["airlabs"].key, before["airlabs"].works, before["airlabs"].says) == ("given", None, "not asked yet")
    assert after["airlabs"].says == "answered when last asked"
    assert after["open-meteo"].says == "when last asked: Open-Meteo answered with an error (400)"
    assert sum(len(simulator.requests) for simulator in all_live.simulators.values()) == len(all_live.simulators)


@pytest.mark.parametrize("name", ["airlabs", "openweather"])
async def test_a_key_that_is_refused(name: str, all_live: Checked) -> None:
    changed: dict[str, Any] = {f"{name}_api_key": Secret("wrong-key-0123456789")}
    found = await all_live.reports(**changed)
    assert (found[name].key, found[name].works) == ("refused", False)
    assert f"Check {name.upper()}_API_KEY" in (found[name].hint or "")
    assert found[name].quota is None  # what was counted is of no use to who must see to the key
    all_live.simulators[name].requests.clear()


@pytest.mark.parametrize(
    ("name", "fault", "says", "hint"),
    [
        ("ip-api", {"body": '{"status": "fail", "message": "SSL unavailable"}'}, "ip-api refuses", None),
        ("ip-api", {"status": 429, "headers": {"X-Rl": "0", "X-Ttl": "31"}}, "too many calls", "again in 31 s."),
        ("ipwho.is", {"body": '{"success": false, "message": "You have hit the monthly limit"}'}, "is used up", None),
        ("open-meteo", {"status": 429, "body": '{"error": true, "reason": "Daily API request limit exceeded."}'},
         "has no daily calls left", "again in 24 h."),
        ("open-meteo", {"status": 429, "body": '{"error": true, "reason": "Minutely API request limit exceeded."}'},
         "too many calls within a minute", "again in 60 s."),
        ("open-meteo", {"body": "{}"}, "holds no forecast", None),
        ("openweather", {"body": "{}"}, "holds no forecast", None),
        ("openweather", {"status": 429}, "too many calls", "again in 60 s."),
        ("met-norway", {"body": "{}"}, "holds no forecast", None),
        ("airlabs", {"body": '{"error": {"code": "month_limit_exceeded"}}'}, "used up for this month", "pricing"),
    ],
)  # fmt: skip
async def test_what_a_question_could_not_use_does_not_work(
    all_live: Checked, name: str, fault: dict[str, Any], says: str, hint: str | None
) -> None:
    """Many say with HTTP 200 that they won't; a body of another service is no answer either."""
    all_live.simulators[name].faults.always(**fault)
    report = (await all_live.reports())[name]
    assert report.works is False
    assert says in report.says
    assert (report.hint or "").endswith("plans with more calls." if hint == "pricing" else hint or "")
    assert (report.hint is None) == (hint is None)


async def test_one_without_calls_left_is_not_what_a_question_would_use(all_live: Checked) -> None:
    airlabs_ = all_live.simulators["airlabs"]
    assert isinstance(airlabs_, AirLabsSimulator)
    airlabs_.quota.limits["month"] = 1
    settings = EscapeSettings(**all_live.settings)
    async with open_sources(Config(data_dir=MEMORY, pipelines=(settings,))) as sources:
        for _ in range(2):  # the one call that was left, and the memory of it
            found = await again(sources)
            assert (found["airlabs"].works, found["airlabs"].key) == (False, "accepted")
            assert found["airlabs"].quota == "0 of 1 calls left this month"


async def test_a_place_that_is_set_is_used_and_nobody_is_asked_where_that_is(all_live: Checked) -> None:
    for offline in (False, True):
        found = await all_live.reports(demo_lat=39.47, demo_lon=-0.38, demo_city="Valencia", offline=offline)
        where = [(one.name, one.used, one.says) for one in found.values() if one.fact == "where you are"]
        assert where == [
            ("place you set", True, "Valencia, by DEMO_LAT and DEMO_LON"),
            ("ip-api", False, "a place is set"),
            ("ipwho.is", False, "a place is set"),
            ("bundled table", False, "a place is set"),
        ]
    assert not all_live.simulators["ip-api"].requests
    assert (await all_live.reports(demo_lat=39.47, demo_lon=-0.38))["setting"].says.startswith("39.47, -0.38,")


async def test_each_that_is_down_alone(all_live: Checked) -> None:
    for name, simulator in all_live.simulators.items():
        simulator.faults.always(status=500)
        found = await all_live.reports()
        assert [other for other in all_live.simulators if not found[other].works] == [name]
        assert "error" in found[name].says
        simulator.faults.clear()


async def test_with_nothing_set_the_keyless_and_the_bundled_are_used() -> None:
    checked = Checked({}, {"ip_api_url": "http://127.0.0.1:1", "ipwhois_url": "http://127.0.0.1:1",
                           "open_meteo_url": "http://127.0.0.1:1"})  # fmt: skip
    found = await checked.reports()
    assert [name for name, report in found.items() if report.used] == [
        "ip-api", "ipwho.is", "embedded where you are", "embedded what you wish", "embedded airports and routes",
        "open-meteo", "embedded weather",
    ]  # fmt: skip
    assert {name for name, report in found.items() if report.wanted} == set()
    assert (found["groq"].key, found["groq"].setting) == ("missing", "GROQ_API_KEY")
    assert found["groq"].hint == "Set GROQ_API_KEY: https://console.groq.com/keys has keys."
    assert found["ip-api"].works is False


async def test_offline_everything_else_is_left_alone(all_live: Checked) -> None:
    found = await all_live.reports(offline=True)
    assert {report.id for report in found.values() if report.used} == {"embedded"}
    assert {report.says for report in found.values() if not report.used} == {"offline"}
    assert not any(simulator.requests for simulator in all_live.simulators.values())


async def test_one_that_is_named_and_lacks_its_key_fails() -> None:
    alone = {"where_sources": ("embedded",), "weather_sources": ("embedded",)}
    found = await Checked({}, {"route_sources": ("airlabs", "embedded"), **alone}).reports()
    assert (found["airlabs"].used, found["airlabs"].wanted, found["airlabs"].works) == (True, True, False)
    assert found["airlabs"].says == "not set up"
    assert found["open-meteo"].says == "not among weather_sources"


def test_every_source_can_be_checked() -> None:
    known = {source for sources in SOURCE_IDS.values() for source in sources} - {"embedded"}
    assert set(PROBES) == known
    for source in known:
        spec = spec_of(source, EscapeSettings())
        assert spec.id == source
        assert source in SETTINGS or (spec.base_url and not spec.needs_key)
