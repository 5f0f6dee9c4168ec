"""A real server on loopback that says exactly what a test tells it: prepared events, pauses, cuts and refusals.

Each stream request (POST /assist, GET /runs/<id>/events) takes the next script. A script is a sequence of events (sent
as frames), bytes (sent as they are), ``asyncio.Event`` (waited for), floats (seconds that pass; for benchmarks) and
``CUT`` (the connection breaks off).
"""

import asyncio
import json
import logging
import os
import socket
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Self

from hypercorn.asyncio import serve
from hypercorn.config import Config
from quart import Quart, Response, request

from shared import events as ev

RUN: Final = "run7f3a"
CUT: Final = object()

Script = Sequence[Any]


@dataclass
class Heard:
    """A request as it arrived; ``connection`` is the client's address and port."""

    connection: tuple[str, int] | None
    method: str
    path: str
    headers: dict[str, str]
    body: Any


@dataclass
class ScriptedServer:
    """``async with ScriptedServer([script, …]) as server``. ``refusals`` maps a path to (status, problem document)."""

    scripts: list[Script] = field(default_factory=list)
    refusals: dict[str, tuple[int, dict[str, Any]]] = field(default_factory=dict)
    runs: list[dict[str, Any]] = field(default_factory=list)
    pipelines: list[dict[str, Any]] = field(default_factory=list)
    view: dict[str, Any] = field(default_factory=dict)
    sources: dict[str, Any] = field(default_factory=dict)
    heard: list[Heard] = field(default_factory=list)
    cancelled: asyncio.Event = field(default_factory=asyncio.Event)
    streams_left: asyncio.Event = field(default_factory=asyncio.Event)
    slow_cancel: asyncio.Event | None = None
    content_type: str = "text/event-stream; charset=utf-8"

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._port}"

    def paths(self) -> list[str]:
        return [f"{heard.method} {heard.path}" for heard in self.heard]

    async def __aenter__(self) -> Self:
        self._socket = socket.socket()
        self._socket.bind(("127.0.0.1", 0))
        self._socket.listen(64)
        self._port = self._socket.getsockname()[1]
        self._closing = asyncio.Event()
        config = Config()
        config.bind = [f"fd://{os.dup(self._socket.fileno())}"]  # Hypercorn closes what it is given
        config.graceful_timeout = 0.1
        config.accesslog = config.errorlog = None
        self._serving = asyncio.create_task(serve(self._app(), config, shutdown_trigger=self._closing.wait))
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    async def stop(self) -> None:
        """Stop answering: new connections are refused, open streams break off."""
        self._closing.set()
        await asyncio.gather(self._serving, return_exceptions=True)
        self._socket.close()

    def _app(self) -> Quart:
        app = Quart(__name__)
        logging.getLogger(app.name).disabled = True  # CUT is an exception on purpose

        @app.post("/assist")
        async def assist() -> Response:
            return await self._stream()

        @app.get("/runs/<run>/events")
        async def events(run: str) -> Response:
            return await self._stream()

        @app.post("/runs/<run>/cancel")
        async def cancel(run: str) -> Response:
            refused = await self._hear()
            self.cancelled.set()
            if self.slow_cancel is not None:
                await self.slow_cancel.wait()
            return refused or self._json({}, 202)

        @app.get("/runs")
        async def runs() -> Response:
            return await self._hear() or self._json({"runs": self.runs})

        @app.get("/runs/<run>")
        async def view(run: str) -> Response:
            return await self._hear() or self._json(self.view)

        @app.get("/pipelines")
        async def pipelines() -> Response:
            return await self._hear() or self._json({"pipelines": self.pipelines})

        @app.get("/sources")
        async def sources() -> Response:
            return await self._hear() or self._json(self.sources)

        return app

    async def _hear(self) -> Response | None:
        body = await request.get_data()
        path = request.full_path.rstrip("?")
        asked = json.loads(body) if body else None
        self.heard.append(Heard(request.scope["client"], request.method, path, dict(request.headers), asked))
        for prefix, (status, problem) in self.refusals.items():
            if path.startswith(prefix):
                return self._json(problem, status, "application/problem+json")
        return None

    async def _stream(self) -> Response:
        refused = await self._hear()
        if refused is not None:
            return refused
        if not self.scripts:
            return self._json({"title": "No script left", "detail": "the test gave too few"}, 500)
        script = self.scripts.pop(0)
        response = Response(self._play(script), content_type=self.content_type)
        response.timeout = None
        return response

    async def _play(self, script: Script) -> AsyncIterator[bytes]:
        try:
            yield b": hb 0\n\n"
            for item in script:
                if item is CUT:
                    raise ConnectionAbortedError
                if isinstance(item, asyncio.Event):
                    await item.wait()
                elif isinstance(item, float):
                    await asyncio.sleep(item)
                elif isinstance(item, bytes):
                    yield item
                else:
                    yield frame(item)
        finally:
            self.streams_left.set()

    def _json(self, value: Any, status: int = 200, content_type: str = "application/json") -> Response:
        return Response(json.dumps(value), status=status, content_type=content_type)


def frame(event: ev.KnownEvent | ev.StreamBye | ev.StreamSnapshot, run: str = RUN) -> bytes:
    """The event as the protocol frames it: those of a connection have no id."""
    head = b"" if isinstance(event, ev.StreamBye | ev.StreamSnapshot) else f"id: {run}.{event.seq}\n".encode()
    return head + b"data: " + ev.encode_event(event) + b"\n\n"


PLAN: Final = (
    ev.PlanStep(id="wish", title="Read the wish"),
    ev.PlanStep(id="place", title="Place you on the map"),
    ev.PlanStep(id="sky", title="Read the sky", needs=("wish", "place")),
)
COLUMNS: Final = (
    ev.Column(key="city", label="City", kind="text"),
    ev.Column(key="code", label="Airport", kind="code"),
    ev.Column(key="high", label="High", kind="temperature", unit="°C"),
    ev.Column(key="flight", label="Flight", kind="duration"),
    ev.Column(key="lat", label="Latitude", kind="latitude"),
)


def a_run(run: str = RUN, *, status: ev.RunStatus = "ok", error: ev.ErrorInfo | None = None) -> list[ev.KnownEvent]:
    """A small run, two rows in and one left out; ``status`` is how it ends."""
    degraded = status == "partial"
    events: list[ev.KnownEvent] = [
        ev.RunStarted(
            seq=1, t=0, v=1, run=run, pipeline="escape", title="Where can I escape to?", question="somewhere hot",
            started_at="2026-11-22T10:00:00Z", plan=PLAN, columns=COLUMNS,
        ),
        ev.StepStarted(seq=2, t=1, step="wish", attempt=1, say="Reading your wish…"),
        ev.StepStarted(seq=3, t=1, step="place", attempt=1, say="Looking where you are…"),
        ev.StepFinished(seq=4, t=20, step="wish", attempt=1, status="ok", ms=19, say="hot (25 °C or more) on Monday"),
        ev.StepFinished(seq=5, t=30, step="place", attempt=1, status="ok", ms=29, say="Valencia, Spain"),
        ev.StepStarted(seq=6, t=31, step="sky", attempt=1, say="Reading the sky over 3 cities…"),
        ev.StepLog(
            seq=7, t=400, step="sky", attempt=1, level="warning" if degraded else "info", text="Asked for the weather",
            evidence=ev.Evidence(id="e1", source="normals", operation="monthly", status="ok", ms=12),
        ),
        ev.RowsChanged(
            seq=8, t=410, step="sky", attempt=1,
            upsert=(
                ev.RowUpsert(id="LPA", state="confirmed",
                             cells={"city": "Las Palmas", "code": "LPA", "high": 25.2, "flight": 185, "lat": 27.9}),
                ev.RowUpsert(
                    id="DSS", state="confirmed", cells={"city": "Dakar", "code": "DSS", "high": 30, "flight": 255},
                ),
                ev.RowUpsert(id="OSL", state="provisional", cells={"city": "Oslo", "code": "OSL"}),
            ),
            remove=(ev.RowRemoval(id="OSL", why="21 °C: not hot"),),
        ),
        ev.StepFinished(
            seq=9, t=420, step="sky", attempt=1, status="degraded" if degraded else "ok", ms=389,
            say="typical temperatures only" if degraded else "2 of 3 cities are hot",
        ),
        ev.RunFinished(
            seq=10, t=425, status=status, say="2 places for Monday", ms=425, events=10,
            degraded=("sky",) if degraded else (), error=error, order=("DSS", "LPA"),
        ),
    ]  # fmt: skip
    return events
