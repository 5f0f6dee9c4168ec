"""An upstream of no service in particular: a real server on loopback that answers anything, and how it is called."""

import asyncio
import time
from typing import Any

from backend.upstream import Spec
from shared.secret import Secret
from tests.simulators.exchange import Answer, Seen
from tests.simulators.faults import Fault
from tests.simulators.server import Simulator

KEY = "canary-0123456789"


class Service(Simulator):
    """Answers ``body`` (JSON) with ``headers`` to everything; ``answers`` come first, one after the other."""

    base = "/v1"

    def __init__(self) -> None:
        super().__init__()
        self.body: Any = {"good": True}
        self.headers: dict[str, str] = {}
        self.answers: list[Answer] = []
        self.asked = asyncio.Event()

    async def handle(self, request: Seen) -> tuple[Answer, Fault]:
        self.asked.set()
        return await super().handle(request)

    async def answer(self, request: Seen) -> Answer:
        return self.answers.pop(0) if self.answers else Answer.of_json(self.body, headers=self.headers)


def spec_of(service: Simulator, **changed: Any) -> Spec:
    given: dict[str, Any] = {"id": "thing", "name": "Thing", "base_url": service.url, "key": Secret(KEY),
                             "key_param": "api_key"}  # fmt: skip
    return Spec(**given | changed)


def soon(seconds: float = 5.0) -> float:
    """A deadline."""
    return time.monotonic() + seconds


class FakeCall:
    def __init__(self) -> None:
        self.status: int | str = "ok"
        self.cached, self.retries, self.bytes = False, 0, 0
        self.as_of: str | None = None


class Clock:
    """A monotonic clock that a test moves."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now
