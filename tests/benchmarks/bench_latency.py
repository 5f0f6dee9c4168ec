"""How long a question takes with live services of known delays, beside the least that their delays allow.

Run: ``python -m tests.benchmarks.bench_latency [--rounds N]``. The services are simulators over HTTP on loopback: an
address is placed in 80 ms, a language model writes its first token after 250 ms and is done after 900 ms, AirLabs takes
300 ms a call, weather 150 ms a call. The critical path is computed from those delays and from the calls that were made;
a run is judged good within 5 % and 50 ms of it. ``in sequence`` is what the strictly sequential order needs: place and
wish awaited, then airports, routes, airports by code, then the weather of one place after the other. ``work`` is CPU
time of a run, ``busy`` how long it was ready and other programs had the machine: on an idle one that is nothing.
"""

import asyncio
import dataclasses
import itertools
import json
import math
import statistics
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from backend.config import Config
from backend.pipelines.escape.settings import EscapeSettings
from backend.pipelines.escape.sources.airlabs import PAGES_AT_ONCE
from backend.pipelines.escape.sources.met_norway import CALLS_A_SECOND
from backend.pipelines.escape.sources.open_meteo import CHUNK
from backend.pipelines.escape.sources.openweather import CONCURRENCY
from shared import events as ev
from tests.benchmarks.harness import Options, Row, alone
from tests.escape_runs import Answer, opened
from tests.live_runs import CALLER, WEATHER, settings_of
from tests.simulators.clock import SimulatedClock
from tests.simulators.exchange import Answer as ServiceAnswer
from tests.simulators.exchange import Seen
from tests.simulators.groq import GroqSimulator
from tests.simulators.server import Simulator
from tests.simulators.upstreams import Upstreams
from tests.simulators.world import World

GEO_S, FIRST_S, WHOLE_S, AIRLABS_S, WEATHER_S = 0.080, 0.250, 0.900, 0.300, 0.150
QUESTIONS = ("cold in 2 days, at most 4 hours", "cold in 2 days, at most 8 hours")


@dataclasses.dataclass
class Expected:
    """Seconds from the delays alone: what a run takes at least, and what the sequential order takes."""

    path: float
    in_sequence: float


def expected(pages: int, places: int, weather: str) -> Expected:
    """For a timetable of ``pages`` and so many ``places`` to read the weather of."""
    further_pages = math.ceil((pages - 1) / PAGES_AT_ONCE)
    routes = GEO_S + AIRLABS_S + AIRLABS_S + further_pages * AIRLABS_S
    return Expected(
        path=max(routes, WHOLE_S) + weather_s(places, weather),
        in_sequence=max(WHOLE_S, GEO_S) + (1 + pages + 1) * AIRLABS_S + places * WEATHER_S,
    )


def weather_s(places: int, weather: str) -> float:
    """Seconds for the weather: calls by the number allowed at once, and with MET Norway in a second."""
    if weather == "open-meteo":
        return math.ceil(places / CHUNK) * WEATHER_S
    starts: list[float] = []
    for number in range(places):
        start = starts[number - CONCURRENCY] + WEATHER_S if number >= CONCURRENCY else 0.0
        if weather == "met-norway" and number >= CALLS_A_SECOND:
            start = max(start, starts[number - CALLS_A_SECOND] + 1.0)
        starts.append(start)
    return starts[-1] + WEATHER_S


# ---- the services, in a process of their own


async def serve() -> None:
    """Run the services until standard input ends; their URLs go to standard output."""
    up = Upstreams(World(seed=61, destinations=40), SimulatedClock(datetime.now(UTC)))
    up.groq = GroqSimulator(clock=up.clock, first_s=FIRST_S, whole_s=WHOLE_S, requests_a_minute=10_000)
    up.groq.tokens_minute.limit = up.groq.tokens_day.limit = 10_000_000
    up.ip_api.latency_s, up.airlabs.latency_s = GEO_S, AIRLABS_S
    for simulator in (up.airlabs, up.openweather, up.open_meteo, up.met_norway):
        _remember(simulator)
    for service in (up.openweather, up.open_meteo, up.met_norway):
        service.latency_s = WEATHER_S
    async with up:
        print(json.dumps(up.urls()), flush=True)
        await asyncio.to_thread(sys.stdin.read)


def _remember(simulator: Simulator) -> None:
    """What was answered once is answered again without a thought, so that a delay is the delay alone."""
    think, kept = simulator.answer, dict[str, ServiceAnswer]()

    async def answer(request: Seen) -> ServiceAnswer:
        if request.target not in kept:
            kept[request.target] = await think(request)
        one = kept[request.target]
        return dataclasses.replace(one, headers=dict(one.headers))

    simulator.answer = answer  # type: ignore[method-assign]  # for this object alone


@asynccontextmanager
async def services() -> AsyncIterator[dict[str, str]]:
    """The URLs of the services, by the settings that name them."""
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.benchmarks.bench_latency", "--serve", stdin=pipe, stdout=pipe
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        yield json.loads(await process.stdout.readline())
    finally:
        process.stdin.close()
        await process.wait()


# ---- the questions


@dataclasses.dataclass
class Run:
    """A run that had nothing in memory. Seconds: of wall time, of this process' own work, and those in which it was
    ready to work and the machine was busy with others."""

    took: float
    worked: float
    waited: float
    answer: Answer


def _waited() -> float:
    try:
        return int(Path("/proc/self/schedstat").read_text().split()[1]) / 1e9
    except OSError:  # not Linux
        return 0.0


async def one_run(urls: dict[str, str], weather: str, question: str) -> Run:
    known = {name: url for name, url in urls.items() if hasattr(EscapeSettings, name)}
    settings = settings_of(Upstreams(World()), ("ip-api", "groq", "airlabs", weather), **known)
    config = Config(data_dir=Path(":memory:"), pipelines=(settings,))
    async with opened(config) as asker:
        waited, worked, began = _waited(), time.process_time(), time.perf_counter()
        viewer = asker.start(question, address=CALLER, now=datetime.now(UTC))
        while await viewer.take() is not None:
            pass
        took, worked, waited = time.perf_counter() - began, time.process_time() - worked, _waited() - waited
        return Run(took, worked, waited, await asker.read(viewer))


async def measure(runs: int) -> list[Row]:
    rows: list[Row] = []
    async with services() as urls:
        for question, weather in itertools.product(QUESTIONS, WEATHER):
            await one_run(urls, weather, question)
            rows += _rows(weather, [await one_run(urls, weather, question) for _ in range(runs)])
    return rows


def _rows(weather: str, found: list[Run]) -> list[Row]:
    """The best run beside its longest path (what a busy machine adds is never the program's), and beside the strictly
    sequential order."""
    best = min(found, key=lambda run: run.took)
    answer, took, worked, waited = best.answer, best.took, best.worked, best.waited
    assert answer.end.status == "ok", answer.end
    places = len(answer.detail("weather")["forecasts"])
    calls = [one.evidence for one in answer.events if isinstance(one, ev.StepLog) and one.evidence]
    pages = sum((call.source, call.operation) == ("AirLabs", "routes") for call in calls)
    wanted = expected(pages, places, weather)
    tokens = statistics.median(
        next(one.t for one in run.answer.events if isinstance(one, ev.StepToken)) for run in found
    )
    note = f"{pages} pages; work {worked * 1000:.0f}, busy {waited * 1000:.0f}, token {tokens:.0f} ms"
    told = {"ours": took * 1000, "each": "ms"}
    name = f"live run, {places} places, weather from {weather}"
    sequence, path = wanted.in_sequence, wanted.path
    return [
        msgspec.convert(
            {"name": f"{name} / in sequence", "value": took / sequence, "target": 1.0,
             "peer": sequence * 1000, **told}, Row,
        ),
        msgspec.convert(
            {"name": f"{name} / its longest path", "value": took / path,
             "target": 1.05 + 0.05 / path, "peer": path * 1000, "note": note, **told}, Row,
        ),
    ]  # fmt: skip


def rows(options: Options) -> list[Row]:
    return asyncio.run(measure(max(3, options.rounds // 2)))


if __name__ == "__main__":
    if "--serve" in sys.argv:
        asyncio.run(serve())
    else:
        alone(rows)
