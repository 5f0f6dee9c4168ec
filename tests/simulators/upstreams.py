"""All services at once, over one world and one clock: what a test of a whole server is set up with.

``async with Upstreams(world) as up: environment = up.environment()`` gives every base URL, and the keys of the services
named, as settings of the server. The clock is the one on the wall unless a test brings its own.
"""

import contextlib
from collections.abc import Collection
from typing import Final, Self

from tests.simulators import airlabs, cerebras, groq, openai, openweather
from tests.simulators.airlabs import AirLabsSimulator
from tests.simulators.cerebras import CerebrasSimulator
from tests.simulators.clock import SimulatedClock
from tests.simulators.groq import GroqSimulator
from tests.simulators.ip_api import IpApiSimulator
from tests.simulators.ipwhois import IpWhoIsSimulator
from tests.simulators.llamacpp import LlamaCppSimulator
from tests.simulators.met_norway import MetNorwaySimulator
from tests.simulators.ollama import OllamaSimulator
from tests.simulators.open_meteo import OpenMeteoSimulator
from tests.simulators.openai import OpenAISimulator
from tests.simulators.openweather import OpenWeatherSimulator
from tests.simulators.server import Simulator
from tests.simulators.world import World

KEYS: Final = {
    "airlabs": ("AIRLABS_API_KEY", airlabs.KEY),
    "openweather": ("OPENWEATHER_API_KEY", openweather.KEY),
    "groq": ("GROQ_API_KEY", groq.KEY),
    "cerebras": ("CEREBRAS_API_KEY", cerebras.KEY),
    "openai": ("OPENAI_API_KEY", openai.KEY),
}
CANARIES: Final = (*(key for _, key in KEYS.values()), airlabs.CALLER_IP)
"""What must never be seen in a frame, a log, a file or an error."""


class Upstreams:
    """``by_name`` has them by the names of their settings: ``airlabs``, ``ip_api``, ``groq`` …"""

    def __init__(self, world: World | None = None, clock: SimulatedClock | None = None) -> None:
        self.world = world or World()
        self.clock = clock or SimulatedClock.wall()
        self.airlabs = AirLabsSimulator(self.world, clock=self.clock)
        self.ip_api = IpApiSimulator(self.world, clock=self.clock)
        self.ipwhois = IpWhoIsSimulator(self.world, clock=self.clock)
        self.groq = GroqSimulator(clock=self.clock)
        self.cerebras = CerebrasSimulator(clock=self.clock)
        self.openai = OpenAISimulator(clock=self.clock)
        self.ollama = OllamaSimulator(clock=self.clock)
        self.llamacpp = LlamaCppSimulator(clock=self.clock)
        self.openweather = OpenWeatherSimulator(self.world, clock=self.clock)
        self.open_meteo = OpenMeteoSimulator(self.world, clock=self.clock)
        self.met_norway = MetNorwaySimulator(self.world, clock=self.clock)
        self._stack = contextlib.AsyncExitStack()

    @property
    def by_name(self) -> dict[str, Simulator]:
        return {name: value for name, value in vars(self).items() if isinstance(value, Simulator)}

    async def __aenter__(self) -> Self:
        for simulator in self.by_name.values():
            await self._stack.enter_async_context(simulator)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._stack.aclose()

    def urls(self) -> dict[str, str]:
        """The base URL of each as the setting that names it: ``airlabs_url`` …"""
        return {f"{name}_url": simulator.url for name, simulator in self.by_name.items()}

    def environment(self, keys: Collection[str] = tuple(KEYS)) -> dict[str, str]:
        """Environment variables: all base URLs, and the keys of those services in ``keys``."""
        urls = {f"WINDOWSEAT_{name.upper()}": url for name, url in self.urls().items()}
        return urls | dict(pair for name, pair in KEYS.items() if name in keys)

    @property
    def refusals(self) -> list[str]:
        """Every rule that was broken anywhere."""
        return [refusal for simulator in self.by_name.values() for refusal in simulator.refusals]
