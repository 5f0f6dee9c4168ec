"""One whole run of the escape pipeline on the bundled data: CPU time, and how soon the first rows are there.

Run: ``python -m tests.benchmarks.bench_escape [--rounds N] [--profile]``. CPU time of the process, the log's thread
included, so that what else the machine does hardly counts. ``null`` is the same number of events written by a pipeline
of one step that reads nothing: what the engine and the log cost alone.
"""

import asyncio
import cProfile
import pstats
import statistics
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from backend.config import Config
from backend.pipeline import Context, Pipeline, Question, Step
from backend.registry import PIPELINES
from backend.resources import Resources, open_resources
from backend.runs.manager import Limits, RunManager
from backend.runs.sqlite import MEMORY, SQLiteRunLog
from tests.benchmarks.harness import Options, Row, alone

ESCAPE = next(pipeline for pipeline in PIPELINES if pipeline.name == "escape")
NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
QUESTIONS = {
    "91 non-stops, all near (VLC)": "somewhere cold tomorrow, under 4 hours, from Valencia",
    "156, half timetabled (JFK)": "somewhere hot tomorrow, under 5 hours, from New York",
    "240, the largest frames (FRA)": "any weather tomorrow, up to 24 hours, from Frankfurt",
    "nothing fits (VLC)": "somewhere hot tomorrow, under 4 hours, from Valencia",
}


# Each once, so that nothing of them is worked out yet: about 200 non-stops each.
NEW_DEPARTURES = (
    "Paris", "Istanbul", "Dubai", "Amsterdam", "London", "Munich", "Chicago", "Dallas", "Rome", "Madrid", "Barcelona",
    "Vienna", "Brussels", "Zurich", "Doha", "Manchester", "Denver", "Atlanta", "Milan", "Copenhagen",
)  # fmt: skip


class Nothing(msgspec.Struct, frozen=True):
    """What the step of the empty pipeline returns."""


async def write_events(question: Question, ctx: Context) -> Nothing:
    for number in range(int(question.text)):
        ctx.log(f"line {number} of about a hundred and fifty bytes, as most of the events of a run are, " + "x" * 60)
        if number % 4 == 0:
            await asyncio.sleep(0)
    return Nothing()


NULL = Pipeline(name="null", title="Null", columns=(), steps=(Step("only", "Write events", write_events),))


async def one_run(manager: RunManager, pipeline: Pipeline, text: str) -> tuple[float, float, int, int]:
    """CPU seconds of a run, wall seconds to its first rows (or its end), its events and bytes."""
    began, cpu = time.perf_counter(), time.process_time()
    viewer = manager.start(pipeline, Question(text))
    first, size, events = 0.0, 0, 0
    while (block := await viewer.take()) is not None:
        size += len(block)
        events += block.count(b"\ndata: ")
        if not first and b'"type":"rows.changed"' in block:
            first = time.perf_counter() - began
    manager.release(viewer)
    return time.process_time() - cpu, first or time.perf_counter() - began, events, size


async def measure(where: str | Path, resources: dict[str, Resources], runs: int) -> list[Row]:
    log = SQLiteRunLog(where)
    manager = RunManager(log, Limits(), resources=resources, clock=lambda: NOW)
    kept = "in memory" if where == MEMORY else "in a file"
    rows = []
    for name, text in QUESTIONS.items():
        await one_run(manager, ESCAPE, text)
        found = [await one_run(manager, ESCAPE, text) for _ in range(runs)]
        events, size = found[0][2:]
        null = [await one_run(manager, NULL, str(events)) for _ in range(max(5, runs // 4))]
        cpu = statistics.median(one[0] for one in found)
        first = statistics.median(one[1] for one in found)
        only = statistics.median(one[0] for one in null)
        note = f"{cpu * 1000:.1f} ms a run; {events} events, {size / 1000:.0f} KB: these alone {only * 1000:.1f} ms"
        label = f"escape, {name}, log {kept}"
        rows.append(Row(name=label, value=1 / cpu, unit="runs/s", target=100, sense="at least", note=note))
        if "nothing" not in name:
            rows.append(Row(name=f"{label}: first rows", value=first * 1000, unit="ms", target=30))
    rows.append(await measure_new(manager, f"escape, a departure that is new to the server, log {kept}"))
    await manager.aclose(1.0)
    await log.aclose()
    return rows


async def measure_new(manager: RunManager, label: str) -> Row:
    found = [await one_run(manager, ESCAPE, f"any weather tomorrow, from {city}") for city in NEW_DEPARTURES]
    cpu, size = (statistics.median(one[index] for one in found) for index in (0, 3))
    note = f"{cpu * 1000:.1f} ms a run; {size / 1000:.0f} KB"
    return Row(name=label, value=1 / cpu, unit="runs/s", sense="at least", note=note)


async def measure_all(runs: int) -> list[Row]:
    async with open_resources((ESCAPE,), Config(offline=True)) as resources:
        rows = await measure(MEMORY, resources, runs)
        with tempfile.TemporaryDirectory() as folder:
            return rows + await measure(Path(folder) / "runs.sqlite", resources, runs)


def rows(options: Options) -> list[Row]:
    return asyncio.run(measure_all(max(5, options.rounds * 3)))


if __name__ == "__main__":
    if "--profile" in sys.argv:
        with cProfile.Profile() as profile:
            alone(rows)
        pstats.Stats(profile).sort_stats("tottime").print_stats(35)
    else:
        alone(rows)
