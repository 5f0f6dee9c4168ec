"""Whatever a service answers: a typed failure or a result, soon, in bounded memory, with nothing secret in it."""

import asyncio
import datetime
import json
import time
from pathlib import Path
from typing import Any

import httpx
import pytest

from backend.pipelines.escape.atlas import Atlas
from backend.pipelines.escape.sources import met_norway, open_meteo, openweather
from backend.pipelines.escape.sources.airlabs_replies import scrub
from backend.upstream import UpstreamError, decode_json
from tests.escape_values import MONDAY
from tests.fake_context import FakeContext
from tests.hostile_bodies import FAULTS, LARGE, bent
from tests.simulators.airlabs import CALLER_IP, KEY, AirLabsSimulator
from tests.simulators.clock import SimulatedClock
from tests.simulators.edge_worlds import flown
from tests.simulators.faults import Fault
from tests.simulators.met_norway import MetNorwaySimulator
from tests.simulators.open_meteo import OpenMeteoSimulator
from tests.simulators.openweather import KEY as OPENWEATHER_KEY
from tests.simulators.openweather import OpenWeatherSimulator
from tests.simulators.world import World
from tests.upstream_values import airlabs_at, departure_at, place_at, skies_of, spots_of, weather_at

TUESDAY = MONDAY + datetime.timedelta(days=1)
SIMULATORS: dict[str, Any] = {
    "openweather": OpenWeatherSimulator, "open-meteo": OpenMeteoSimulator, "met-norway": MetNorwaySimulator,
}  # fmt: skip
SECRETS = (KEY, OPENWEATHER_KEY, CALLER_IP)
SOON_S = 6.0
"""The time limits of a call, of a cut-off body and of a retry, on a busy machine."""


@pytest.fixture(scope="module")
def world() -> World:
    world = World(seed=5)
    flown(world, "VLC", "LPA", "ORY", "QZQ" if "QZQ" in world.airports else "AGP")
    return world


def check_context(ctx: FakeContext) -> None:
    """What was told holds no secret and no control character, and every call has ended."""
    told = [call.text for call in ctx.calls] + [text for _, text in ctx.logs] + ctx.degradations
    assert not [text for text in told if any(secret in text for secret in SECRETS)]
    assert all(text.isprintable() for text in told)
    assert all(call.ended for call in ctx.calls)


def check_error(error: UpstreamError) -> None:
    assert str(error).isprintable()
    assert not [secret for secret in SECRETS if secret in f"{error} {error.hint} {error.detail}"]
    assert error.kind in (
        "connect", "timeout", "refused_key", "quota", "rate_limited", "http_4xx", "http_5xx", "bad_payload",
        "truncated", "too_large", "circuit_open",
    )  # fmt: skip


async def ask_airlabs(url: str, atlas: Atlas, world: World, method: str) -> FakeContext:
    """Ask once; what comes is a result of the right type or an UpstreamError."""
    ctx = FakeContext()
    async with airlabs_at(url, atlas, pages=3) as source:
        try:
            async with ctx.call("AirLabs", method) as call:
                if method == "nearby":
                    options = await source.leaving_from(place_at(world, "VLC"), ctx, call)
                    assert options is None or all(one.airport.iata and one.km <= 126 for one in options)
                else:
                    found = await source.routes_from(departure_at(world, "VLC"), ctx, call)
                    if found is not None:
                        found.network.flown_on(MONDAY)
        except UpstreamError as error:
            check_error(error)
    check_context(ctx)
    return ctx


@pytest.mark.parametrize("method", ["nearby", "routes"])
@pytest.mark.parametrize("name", FAULTS)
async def test_airlabs(bundled: Atlas, world: World, name: str, method: str) -> None:
    async with AirLabsSimulator(world) as sim:
        sim.faults.always(FAULTS[name])
        began = time.monotonic()
        await ask_airlabs(sim.url, bundled, world, method)
        assert time.monotonic() - began < SOON_S


@pytest.mark.parametrize("name", FAULTS)
async def test_airlabs_airports(bundled: Atlas, name: str) -> None:
    edge = World(seed=5)
    home = edge.airport("VLC")
    from dataclasses import replace

    edge.add(replace(home, iata="QZQ", icao="XXZQ", name="Nowhere", lat=37.3, city_code="QZQ"))
    flown(edge, "VLC", "QZQ", "LPA")
    async with AirLabsSimulator(edge) as sim:
        sim.faults.always(FAULTS[name], match="airports")
        ctx = await ask_airlabs(sim.url, bundled, edge, "routes")
        assert ctx.calls[0].status == 200


@pytest.mark.parametrize("source", SIMULATORS)
@pytest.mark.parametrize("name", FAULTS)
async def test_weather(world: World, name: str, source: str) -> None:
    ctx = FakeContext()
    async with SIMULATORS[source](world, clock=SimulatedClock()) as sim:
        sim.faults.always(FAULTS[name])
        async with weather_at(source, sim.url) as weather:
            began = time.monotonic()
            skies, errors, _ = await skies_of(weather, spots_of(world, "LPA", "OSL"), TUESDAY, ctx)
            assert time.monotonic() - began < SOON_S
    for error in errors:
        check_error(error)
    check_context(ctx)
    assert errors or set(skies) <= {"LPA", "OSL"}


@pytest.mark.parametrize("source", ["airlabs", *SIMULATORS])
async def test_never_answering_is_a_failure_in_time(
    bundled: Atlas, world: World, source: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("backend.pipelines.escape.sources.reading.CALL_S", 0.4)
    ctx = FakeContext()
    kind: Any = AirLabsSimulator if source == "airlabs" else SIMULATORS[source]
    for fault in (Fault(never=True), Fault(drip_s=0.05)):
        async with kind(world, clock=SimulatedClock()) as sim:
            sim.faults.always(fault)
            began = time.monotonic()
            if source == "airlabs":
                ctx = await ask_airlabs(sim.url, bundled, world, "routes")
            else:
                async with weather_at(source, sim.url) as weather:
                    _, errors, _ = await skies_of(weather, spots_of(world, "LPA", "OSL"), TUESDAY, ctx)
                    assert {error.kind for error in errors} == {"timeout"}
            assert time.monotonic() - began < 0.4 * 3 + 1.5


@pytest.mark.parametrize("source", ["airlabs", *SIMULATORS])
async def test_memory_stays_bounded(bundled: Atlas, world: World, source: str) -> None:
    kind: Any = AirLabsSimulator if source == "airlabs" else SIMULATORS[source]
    for name in LARGE:
        async with kind(world, clock=SimulatedClock()) as sim:
            await _ask(source, sim.url, bundled, world)  # what is loaded once is not counted
            sim.faults.always(FAULTS[name])
            before = _peak_kb(reset=True)
            await _ask(source, sim.url, bundled, world)
            assert _peak_kb() - before < 20 * 1024, name


async def _ask(source: str, url: str, atlas: Atlas, world: World) -> None:
    if source == "airlabs":
        await ask_airlabs(url, atlas, world, "routes")
        return
    async with weather_at(source, url) as weather:
        await skies_of(weather, spots_of(world, "LPA"), TUESDAY)


def _peak_kb(*, reset: bool = False) -> int:
    """The most memory that this process had since the last reset."""
    if reset:
        Path("/proc/self/clear_refs").write_text("5")
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM"))


async def recorded(sim: Any, path: str, **params: Any) -> Any:
    async with httpx.AsyncClient(trust_env=False, headers={"User-Agent": "tests/1 somebody@example.org"}) as client:
        return (await client.get(f"{sim.url}{path}", params=params)).json()


def read_bent(answer: Any, read: Any, most: int) -> int:
    count = 0
    for name, changed in bent(answer, most):
        # What JSON can't hold or the decoder refuses never gets here.
        data = decode_json(json.dumps(changed).encode())
        try:
            read(data)
        except UpstreamError as error:
            check_error(error)
        except Exception as error:
            raise AssertionError(name) from error
        count += 1
    return count


async def test_every_part_of_an_answer_may_be_missing_or_of_another_type(world: World) -> None:
    (spot,) = spots_of(world, "LPA")
    clock = SimulatedClock()
    async with OpenWeatherSimulator(world, clock=clock) as sim:
        answer = await recorded(sim, "/forecast", lat=spot.lat, lon=spot.lon, units="metric", appid=OPENWEATHER_KEY)
    assert read_bent(answer, lambda data: openweather.read_day(openweather.scrub(data), spot, TUESDAY), 2) > 400
    async with MetNorwaySimulator(world, clock=clock) as sim:
        answer = await recorded(sim, "/complete", lat=spot.lat, lon=spot.lon)
    assert read_bent(answer, lambda data: met_norway.read_day(met_norway.scrub(data), spot, TUESDAY), 2) > 400
    both = [spot, spots_of(world, "OSL")[0]]
    async with OpenMeteoSimulator(world, clock=clock) as sim:
        given = {"latitude": f"{spot.lat},{both[1].lat}", "longitude": f"{spot.lon},{both[1].lon}", "timezone": "auto",
                 "daily": ",".join(open_meteo.DAILY), "hourly": ",".join(open_meteo.HOURLY)}  # fmt: skip
        answer = await recorded(sim, "/forecast", start_date=TUESDAY.isoformat(), end_date=TUESDAY.isoformat(), **given)
    read = lambda data: open_meteo.read_days(open_meteo.scrub(data, both, TUESDAY), both, TUESDAY)  # noqa: E731
    assert read_bent(answer, read, 2) > 400


async def test_every_part_of_airlabs_answers_may_be_missing_or_of_another_type(bundled: Atlas, world: World) -> None:
    async with AirLabsSimulator(world) as sim, airlabs_at(sim.url, bundled) as source:
        routes = await recorded(sim, "/routes", dep_iata="VLC", api_key=KEY)
        nearby = await recorded(sim, "/nearby", lat=39.47, lng=-0.38, distance=120, api_key=KEY)
    assert read_bent(routes, scrub, 1) > 400
    assert read_bent(nearby, lambda data: scrub(data, "airports"), 1) > 400
    departure, ctx = departure_at(world, "VLC"), FakeContext()
    async with AirLabsSimulator(world) as sim:
        for number, (_, changed) in enumerate(bent(routes["response"][0])):
            if number % 4 == 0:
                body = json.dumps({"response": [changed, *routes["response"][1:3]]})
                sim.faults.next(body=body, match="routes")
                async with airlabs_at(sim.url, bundled) as source, ctx.call("AirLabs", "routes") as call:
                    found = await source.routes_from(departure, ctx, call)
                assert found is not None
                found.network.flown_on(MONDAY)
            await asyncio.sleep(0)
