"""A healthy answer of each service, as the corpora of hostile ones are made from."""

import json
from collections.abc import Callable, Coroutine
from functools import cache
from typing import Any, Final
from urllib.parse import urlencode

from tests.simulators import airlabs, groq, openweather
from tests.simulators.addresses import CALLER
from tests.simulators.airlabs import AirLabsSimulator
from tests.simulators.clock import MONDAY_MORNING, SimulatedClock
from tests.simulators.exchange import Answer, Seen
from tests.simulators.groq import GroqSimulator
from tests.simulators.ip_api import IpApiSimulator
from tests.simulators.ipwhois import IpWhoIsSimulator
from tests.simulators.met_norway import MetNorwaySimulator
from tests.simulators.open_meteo import OpenMeteoSimulator
from tests.simulators.openweather import OpenWeatherSimulator
from tests.simulators.server import Simulator
from tests.simulators.world import World

DAILY: Final = "temperature_2m_max,temperature_2m_min,weather_code,precipitation_probability_max"
FACTORIES: Final[dict[str, Callable[[World, SimulatedClock], Simulator]]] = {
    "airlabs": lambda world, clock: AirLabsSimulator(world, clock=clock),
    "ip_api": lambda world, clock: IpApiSimulator(world, clock=clock),
    "ipwhois": lambda world, clock: IpWhoIsSimulator(world, clock=clock),
    "openweather": lambda world, clock: OpenWeatherSimulator(world, clock=clock),
    "open_meteo": lambda world, clock: OpenMeteoSimulator(world, clock=clock),
    "met_norway": lambda world, clock: MetNorwaySimulator(world, clock=clock),
    "groq": lambda world, clock: GroqSimulator(clock=clock),
}
_VALENCIA: Final = {"lat": "39.4893", "lon": "-0.4816"}
CALLS: Final[dict[str, tuple[str, dict[str, str]]]] = {
    "airlabs.ping": ("/ping", {"api_key": airlabs.KEY}),
    "airlabs.nearby": ("/nearby", {"api_key": airlabs.KEY, "lat": "39.47", "lng": "-0.38", "distance": "120"}),
    "airlabs.routes": ("/routes", {"api_key": airlabs.KEY, "dep_iata": "VLC", "limit": "5"}),
    "airlabs.airports": ("/airports", {"api_key": airlabs.KEY, "iata_code": "LPA,AGP,ORY"}),
    "ip_api": (f"/json/{CALLER}", {"fields": "61439"}),
    "ipwhois": (f"/{CALLER}", {}),
    "openweather": ("/forecast", {**_VALENCIA, "appid": openweather.KEY, "units": "metric", "cnt": "6"}),
    "open_meteo": (
        "/forecast",
        {"latitude": "39.4893,27.93", "longitude": "-0.4816,-15.39", "daily": DAILY, "timezone": "auto"},
    ),
    "open_meteo.one": (
        "/forecast",
        {"latitude": "39.4893", "longitude": "-0.4816", "daily": DAILY, "timezone": "auto"},
    ),
    "met_norway": ("/compact", _VALENCIA),
    "groq.models": ("/models", {}),
}
"""Path and parameters of a call, by the name of its corpus."""
HEADERS: Final = {
    "user-agent": "windowseat-tests/1 windowseat@example.org",
    "authorization": f"Bearer {groq.KEY}",
}


def sample(name: str) -> Any:
    """The decoded answer to the call of this name."""
    return json.loads(sample_body(name))


@cache
def sample_body(name: str) -> bytes:
    """The answer as it goes out, with the lists of ``met_norway`` cut to six."""
    path, params = CALLS[name]
    clock = SimulatedClock.frozen()
    simulator = FACTORIES[name.partition(".")[0]](_world(), clock)
    target = f"{simulator.base}{path}?{urlencode(params)}"
    seen = Seen("GET", path, target, HEADERS, b"", "127.0.0.1", MONDAY_MORNING, 0.0)
    body = _at_once(simulator.answer(seen)).body
    assert isinstance(body, bytes)
    if name == "met_norway":
        found = json.loads(body)
        del found["properties"]["timeseries"][6:]
        body = json.dumps(found).encode()
    return body


@cache
def _world() -> World:
    return World(seed=30)


def _at_once(answering: Coroutine[Any, Any, Answer]) -> Answer:
    """What a coroutine returns that never waits."""
    try:
        answering.send(None)
    except StopIteration as returned:
        answer: Answer = returned.value
        return answer
    raise AssertionError("it waits")
