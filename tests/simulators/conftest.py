"""What the tests of the simulators share: a world, a clock that stands still, a client that says who it is."""

from collections.abc import AsyncIterator

import httpx
import pytest

from tests.simulators.clock import SimulatedClock
from tests.simulators.met_norway import MetNorwaySimulator
from tests.simulators.open_meteo import OpenMeteoSimulator
from tests.simulators.openweather import OpenWeatherSimulator
from tests.simulators.weather_calls import AGENT, NOW
from tests.simulators.world import World


@pytest.fixture(scope="module")
def world() -> World:
    return World(seed=7)


@pytest.fixture
def clock() -> SimulatedClock:
    return SimulatedClock.frozen(NOW)


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(timeout=5, trust_env=False, headers=AGENT) as client:
        yield client


@pytest.fixture
async def openweather(world: World, clock: SimulatedClock) -> AsyncIterator[OpenWeatherSimulator]:
    async with OpenWeatherSimulator(world, clock=clock) as sim:
        yield sim


@pytest.fixture
async def open_meteo(world: World, clock: SimulatedClock) -> AsyncIterator[OpenMeteoSimulator]:
    async with OpenMeteoSimulator(world, clock=clock) as sim:
        yield sim


@pytest.fixture
async def met(world: World, clock: SimulatedClock) -> AsyncIterator[MetNorwaySimulator]:
    async with MetNorwaySimulator(world, clock=clock) as sim:
        yield sim
