"""Whatever a service answers: a typed failure or a result, soon, in bounded memory, with nothing secret in it."""

import datetime
import time
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import httpx
import pytest

from backend.pipelines.escape.atlas import Atlas
from backend.pipelines.escape.sources import met_norway, open_meteo, openweather
from backend.pipelines.escape.sources.airlabs_network import AirLabsNetwork
from backend.pipelines.escape.sources.airlabs_replies import classify, read_quota, scrub
from backend.pipelines.escape.sources.airlabs_rows import flights_of, merged
from backend.pipelines.escape.sources.completing import completed
from backend.upstream import Undecodable, UpstreamError, decode_json
from tests.escape_values import MONDAY
from tests.fake_context import FakeContext
from tests.simulators import airlabs as simulated_airlabs
from tests.simulators import openweather as simulated_openweather
from tests.simulators.airlabs import AirLabsSimulator
from tests.simulators.clock import SimulatedClock
from tests.simulators.corpus import Hostile, corpus_for
from tests.simulators.edge_worlds import flown
from tests.simulators.met_norway import MetNorwaySimulator
from tests.simulators.open_meteo import OpenMeteoSimulator
from tests.simulators.openweather import OpenWeatherSimulator
from tests.simulators.world import World
from tests.upstream_values import airlabs_at, departure_at, place_at, skies_of, spots_of, weather_at

TUESDAY = MONDAY + datetime.timedelta(days=1)
SECRETS = (simulated_airlabs.KEY, simulated_openweather.KEY, simulated_airlabs.CALLER_IP)
WEATHER: dict[str, Any] = {
    "openweather": OpenWeatherSimulator, "open-meteo": OpenMeteoSimulator, "met-norway": MetNorwaySimulator,
}  # fmt: skip
CALLS = ("airlabs.nearby", "airlabs.routes", "airlabs.airports", "openweather", "open_meteo", "met_norway")
CASES = [(call, case) for call in CALLS for case in corpus_for(call, fields=False)]
FIELDS = {call: [one for one in corpus_for(call) if one.name.startswith("field: ")] for call in CALLS}
CALL_S = 0.6
SOON_S = 3 * CALL_S + 3.0
"""What a call and those after it may take in a test, on a busy machine."""


@pytest.fixture(autouse=True)
def _short_calls(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("backend.pipelines.escape.sources.reading.CALL_S", CALL_S)
    monkeypatch.setattr(httpx, "create_ssl_context", _ssl_context)  # the same for all, since it takes a while to make


@cache
def _ssl_context(make: Any = httpx.create_ssl_context) -> Any:
    return make()


@pytest.fixture(scope="module")
def world() -> World:
    world = World(seed=5)
    home = world.airport("VLC")
    world.add(replace(home, iata="QZQ", icao="XXZQ", name="Nowhere", lat=37.3, lon=-3.0, city_code="QZQ"))
    flown(world, "VLC", "LPA", "ORY", "QZQ")
    return world


def check_context(ctx: FakeContext) -> None:
    """What was told holds no secret and no control character, and every call has ended."""
    told = [call.text for call in ctx.calls] + [text for _, text in ctx.logs] + ctx.degradations
    assert not [text for text in told if any(secret in text for secret in SECRETS)]
    assert all(text.isprintable() and len(text) < 500 for text in told)
    assert all(call.ended for call in ctx.calls)


def check_error(error: UpstreamError) -> None:
    assert str(error).isprintable()
    assert len(str(error)) < 500
    assert not [secret for secret in SECRETS if secret in f"{error} {error.hint}"]
    assert error.kind not in ("offline", "budget", "pool")


async def ask_airlabs(url: str, atlas: Atlas, world: World, call: str) -> FakeContext:
    """Ask once; what comes is a result of the right type or an UpstreamError."""
    ctx = FakeContext()
    async with airlabs_at(url, atlas, pages=3) as source:
        try:
            async with ctx.call("AirLabs", call) as recorded:
                if call == "airlabs.nearby":
                    options = await source.leaving_from(place_at(world, "VLC"), ctx, recorded)
                    assert options is None or all(one.airport.iata and one.km <= 126 for one in options)
                else:
                    found = await source.routes_from(departure_at(world, "VLC"), ctx, recorded)
                    if found is not None:
                        found.network.flown_on(MONDAY)
        except UpstreamError as error:
            check_error(error)
    check_context(ctx)
    return ctx


async def ask_weather(source: str, url: str, world: World) -> FakeContext:
    ctx = FakeContext()
    async with weather_at(source, url) as weather:
        skies, errors, _ = await skies_of(weather, spots_of(world, "LPA", "OSL"), TUESDAY, ctx)
    for error in errors:
        check_error(error)
    assert set(skies) <= {"LPA", "OSL"}
    check_context(ctx)
    return ctx


async def meet(call: str, case: Hostile, atlas: Atlas, world: World) -> float:
    """Ask with every answer to ``call`` being the hostile one; seconds that it took."""
    source = call.partition(".")[0].replace("_", "-")
    simulated = AirLabsSimulator(world) if source == "airlabs" else WEATHER[source](world, clock=SimulatedClock())
    async with simulated as sim:
        for _ in range(24):  # a stream can be sent once
            sim.faults.next(case.fault(), match=call.partition(".")[2] or None)
        began = time.monotonic()
        if source == "airlabs":
            await ask_airlabs(sim.url, atlas, world, call)
        else:
            await ask_weather(source, sim.url, world)
        return time.monotonic() - began


@pytest.mark.parametrize(("call", "case"), CASES, ids=[f"{call}: {case}" for call, case in CASES])
async def test_a_typed_failure_or_a_result_soon(bundled: Atlas, world: World, call: str, case: Hostile) -> None:
    assert await meet(call, case, bundled, world) < SOON_S


@pytest.mark.parametrize("call", CALLS)
async def test_memory_stays_bounded(bundled: Atlas, world: World, call: str) -> None:
    heavy = [case for case in corpus_for(call, fields=False) if case.heavy or "100,000" in case.name]
    assert len(heavy) >= 5
    await meet(call, corpus_for(call)[0], bundled, world)  # what is loaded once is not counted
    for case in heavy:
        before = _peak_kb(reset=True)
        await meet(call, case, bundled, world)
        assert _peak_kb() - before < 20 * 1024, case.name


def _peak_kb(*, reset: bool = False) -> int:
    """The most memory that this process had since the last reset."""
    if reset:
        Path("/proc/self/clear_refs").write_text("5")
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM"))


@pytest.mark.parametrize("call", CALLS)
def test_every_field_may_be_missing_or_something_else(bundled: Atlas, world: World, call: str) -> None:
    assert len(FIELDS[call]) > 150
    spots = spots_of(world, "LPA", "OSL")
    for case in FIELDS[call]:
        body = case.fault().body
        assert isinstance(body, bytes | str)
        try:
            data = decode_json(body.encode("utf-8", "surrogatepass") if isinstance(body, str) else body)
            _read(call, data, bundled, spots)
        except Undecodable:
            pass
        except UpstreamError as error:
            check_error(error)
        except Exception as error:
            raise AssertionError(case.name) from error


def _read(call: str, data: Any, atlas: Atlas, spots: Any) -> None:
    if call == "openweather":
        openweather.read_day(openweather.scrub(data), spots[0], TUESDAY)
    elif call == "met_norway":
        met_norway.read_day(met_norway.scrub(data), spots[0], TUESDAY)
    elif call == "open_meteo":
        open_meteo.scrub(data, spots, TUESDAY)
    else:
        _read_airlabs(call, data, atlas)


def _read_airlabs(call: str, data: Any, atlas: Atlas) -> None:
    read_quota(200, {}, data)
    if (error := classify(200, data)) is not None:
        raise error
    scrubbed = scrub(data, *(["airports"] if call == "airlabs.nearby" else []))
    assert not [secret for secret in SECRETS if secret in repr({**scrubbed, "rows": None})]
    if call != "airlabs.routes":
        airports = [one for row in scrubbed["rows"] if (one := completed(row, atlas)) is not None]
        assert all(-90 <= one.lat <= 90 and -180 <= one.lon <= 180 for one in airports)
        return
    home = atlas.airport("VLC")
    assert home is not None
    flights = merged(flights_of(scrubbed["rows"], "VLC", "c1", lambda icao: None))
    places = {one.to: place for one in flights if (place := atlas.airport(one.to)) is not None}
    for ahead in range(7):
        network = AirLabsNetwork(home, flights, places, atlas, MONDAY)
        for found in network.flown_on(MONDAY + datetime.timedelta(days=ahead))[0]:
            assert 0 < found.minutes < 2000
            assert all(flight.isprintable() and len(flight) < 20 for flight in found.flights)
