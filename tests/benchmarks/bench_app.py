"""The terminal app against its limits: bytes, stalls, first paint, key echo, an event's way to the screen, memory.

Run as ``python -m tests.benchmarks.bench_app``. Times on a shared
machine are noisy: read them beside the bare app measured in the same run.
"""

import asyncio
import gc
import math
import os
import resource
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

from shared import events as ev
from tests.benchmarks.harness import Options, Row, alone, p99
from tests.pty_app import frames, has, in_pty, info
from tests.scripted_server import ScriptedServer
from tests.tui.app.driving import Driver, opened
from tests.tui.app.scripted import finished, log, numbered, row, sample_run, started, step_started
from tests.tui.app.scripted import rows as changed
from tui import garbage

WATCHED_S = 10.0
KIB = 1024
BARE = """
from rich.text import Text
from textual.app import App
from textual.widgets import DataTable
class Bare(App):
    def compose(self):
        yield DataTable()
    def on_mount(self):
        table = self.query_one(DataTable)
        table.add_columns("one", "two")
        table.add_row(Text("bare table"), Text("cell"))
Bare().run()
"""

Check = tuple[str, float, float, str]
"""What, how much, at most (infinity: it is only told), unit."""


async def bytes_waiting() -> list[Check]:
    """KiB/s to the terminal while one step runs and nothing comes."""
    checks: list[Check] = []
    for motion, limit in (("none", 0.5), ("full", 2.5)):
        script = [frames(numbered([started(), step_started("routes", "Looking up…")])), asyncio.Event()]
        async with ScriptedServer([script], pipelines=info()) as server:
            flags = ("app", "--url", server.url, "--motion", motion, "--no-epilogue", "somewhere hot")
            async with in_pty(*flags) as (sent, _, _):
                await has(sent, "Looking up")
                checks.append((f"bytes waiting, motion {motion}", await _rate(sent), limit, "KiB/s"))
    return checks


async def bytes_streaming() -> list[Check]:
    """KiB/s while a model talks at 50 words/s in an open step and rows come, as over SSH and as locally."""
    checks: list[Check] = []
    for name, env, limit in (("ssh", {"SSH_TTY": "/dev/pts/9"}, 25.0), ("local", {}, 1_000.0)):
        script: list[Any] = [frame(1, started()), frame(2, step_started("intent", "Reading the wish…"))]
        seq = 2
        for place in range(int(50 * (WATCHED_S + 10))):
            seq += 1
            script += [frame(seq, ev.StepToken(seq=0, t=place, step="intent", attempt=1, text=f"word{place} ")), 0.02]
            if place % 25 == 0:
                seq += 1
                script.append(frame(seq, changed(*(row(f"R{place}-{n}", f"City {place} {n}") for n in range(5)))))
        async with ScriptedServer([script], pipelines=info()) as server:
            flags = ("app", "--url", server.url, "--no-epilogue", "--expand", "always", "somewhere hot")
            async with in_pty(*flags, env=env) as (sent, _, _):
                await has(sent, "word")
                checks.append((f"bytes streaming, {name}", await _rate(sent), limit, "KiB/s"))
    return checks


async def _rate(sent: bytearray) -> float:
    """KiB/s over the second half of WATCHED_S."""
    await asyncio.sleep(WATCHED_S / 2)
    before = len(sent)
    await asyncio.sleep(WATCHED_S / 2)
    return (len(sent) - before) / (WATCHED_S / 2) / KIB


async def stall() -> list[Check]:
    """The longest turn of the event loop, in ms of its CPU time, while 10,000 rows arrive. On a machine with nothing
    else to do that is how long everything else waits; the clock would measure what else this machine does."""
    with garbage.looked_after():  # as in a process of the app's own
        longest = await _longest_turn()
    return [("longest turn while 10,000 rows arrive", longest * 1000, 100.0, "ms")]


async def _longest_turn() -> float:
    """Seconds of CPU time."""
    longest = 0.0
    run = asyncio.Handle._run

    def timed(handle: asyncio.Handle) -> None:
        nonlocal longest
        began = time.thread_time()
        run(handle)
        longest = max(longest, time.thread_time() - began)

    async with opened((120, 40), is_alone=True) as app:
        await app.ask()
        app.client.say(started(), step_started("distances"))
        await app.until(lambda: app.watch.view.upto == 2)
        asyncio.Handle._run = timed  # type: ignore[method-assign,assignment]  # measured from outside of what is measured
        try:
            for first in range(0, 10_000, 50):
                app.client.say(changed(*(row(f"R{n}", f"City {n}", km=n) for n in range(first, first + 50))))
                await asyncio.sleep(0.01)
            app.client.say(finished())
            await app.until(lambda: app.watch.view.finished and not app.table.incomplete)
        finally:
            asyncio.Handle._run = run  # type: ignore[method-assign]  # as above
    return longest


async def first_paint() -> list[Check]:
    """Milliseconds of CPU time from starting the program to its first screen, beside a bare app with a table."""
    ours, bare = [], []
    async with ScriptedServer([], pipelines=info()) as server:
        for _ in range(7):
            async with in_pty(program=(sys.executable, "-c", BARE)) as (sent, _, cpu_s):
                await has(sent, "bare table")
                bare.append(cpu_s() * 1000)
            async with in_pty("app", "--url", server.url) as (sent, _, cpu_s):
                await has(sent, "windowseat")
                ours.append(cpu_s() * 1000)
    limit, reached = statistics.median(bare), statistics.median(ours)
    return [("first paint", reached, limit + 200, "ms CPU"), ("first paint / a bare app", reached / limit, 1.8, "×")]


@asynccontextmanager
async def asking(
    script: Sequence[Any], expand: str = "failed"
) -> AsyncIterator[tuple[bytearray, Callable[[bytes], int]]]:
    """The app on a pty, its question asked and its first step running."""
    async with ScriptedServer([script], pipelines=info()) as server:
        flags = ("app", "--url", server.url, "--no-epilogue", "--expand", expand, "somewhere hot")
        async with in_pty(*flags) as (sent, write, _):
            await has(sent, "Looking up")
            yield sent, write


async def echo() -> list[Check]:
    """Milliseconds from a key to its letter on the screen while a hundred events a second come, the step that they are
    of closed, and open."""
    script: list[Any] = [frame(1, started()), frame(2, step_started("routes", "Looking up…"))]
    for seq in range(3, 3000):
        said = f"line {seq} of some words, as many as a line has"
        script += [frame(seq, log("routes", said) if seq % 5 else changed(row(f"R{seq}", f"City {seq}"))), 0.01]
    return [
        ("key echo p99", p99(await _echoes(script, "failed")), 50.0, "ms"),
        ("key echo p99, the step open", p99(await _echoes(script, "always")), 50.0, "ms"),
    ]


async def _echoes(script: Sequence[Any], expand: str) -> list[float]:
    took: list[float] = []
    async with asking(script, expand) as (sent, write):
        await asyncio.sleep(1.0)
        for place in range(400):
            letter = b"QWXZ"[place % 4 : place % 4 + 1]
            before = len(sent)
            began = time.perf_counter()
            write(letter)
            while letter not in sent[before:]:  # noqa: ASYNC110  # bytes of another process
                await asyncio.sleep(0.001)
            took.append((time.perf_counter() - began) * 1000)
            await asyncio.sleep(0.03)
    return took


async def event_to_screen() -> list[Check]:
    """Milliseconds from an event's leaving the server to its text on the screen."""
    gates = [asyncio.Event() for _ in range(100)]
    script: list[Any] = [frame(1, started()), frame(2, step_started("routes", "Looking up…"))]
    for place, gate in enumerate(gates):
        script += [gate, frame(place + 3, step_started("routes", mark(place), attempt=place + 2))]
    took: list[float] = []
    async with asking(script) as (sent, _):
        await asyncio.sleep(0.5)
        for place, gate in enumerate(gates):
            before = len(sent)
            began = time.perf_counter()
            gate.set()
            while mark(place).encode() not in sent[before:]:  # noqa: ASYNC110  # bytes of another process
                await asyncio.sleep(0.001)
            took.append((time.perf_counter() - began) * 1000)
            await asyncio.sleep(0.03 + 0.001 * (place % 40))
    return [
        ("event to screen p50", statistics.median(took), 50.0, "ms"),
        ("event to screen p99", p99(took), 100.0, "ms"),
    ]


def mark(place: int) -> str:
    """A text no cell of which is that of the one before: only cells that change are sent."""
    return chr(ord("A") + place % 26) * 6


async def memory() -> list[Check]:
    """MiB and Python's objects that the last 500 of 1,000 runs in one session add; each run is drawn to its end. Beside
    that, what there was on the way: the transcript holds 200 runs, from then on nothing should grow."""
    seen: dict[int, tuple[float, int]] = {}
    async with opened((100, 30), frames=200) as app:
        for number in range(1, 1001):
            app.screen.ask(f"question {number}")
            while len(app.client.asked) < number:  # noqa: ASYNC110  # gives way to the app
                await asyncio.sleep(0)
            app.client.say(started(run=f"run{number}"), *sample_run()[1:])
            while not _is_drawn(app):  # noqa: ASYNC110  # as above
                await asyncio.sleep(0.002)
            if number in (100, 300, 500, 600, 1000):
                gc.collect()
                seen[number] = _rss(), len(gc.get_objects())
    curve = [(f"memory after {number:,} runs", seen[number][0], math.inf, "MiB") for number in seen]
    return [
        *curve,
        ("memory added by runs 501 to 1,000", seen[1000][0] - seen[500][0], 4.0, "MiB"),
        ("objects added by runs 501 to 1,000", seen[1000][1] - seen[500][1], 10_000.0, ""),
    ]


def _is_drawn(app: Driver) -> bool:
    """Whether the newest run is over and on the screen: its steps, its rows."""
    rows = app.steps.rows
    return (
        app.watch.view.finished
        and bool(rows)
        and all(row.is_mounted and row.step.state == "ok" for row in rows)
        and app.table.row_count == 2
        and not app.screen_is_dirty
    )


def _rss() -> float:
    status = Path("/proc/self/status")
    if status.exists():
        return int(status.read_text().split("VmRSS:")[1].split()[0]) / KIB
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / KIB


def frame(seq: int, event: Any) -> bytes:
    import msgspec

    return frames([msgspec.structs.replace(event, seq=seq)])


CHECKS: dict[str, Callable[[], Coroutine[Any, Any, list[Check]]]] = {
    check.__name__: check
    for check in (bytes_waiting, bytes_streaming, stall, first_paint, echo, event_to_screen, memory)
}


@contextmanager
def at_home() -> Iterator[None]:
    """An empty home and a plain terminal for the programs that are started; what they import is compiled before."""
    with tempfile.TemporaryDirectory() as home:
        os.environ.update(HOME=home, XDG_CONFIG_HOME=home, XDG_STATE_HOME=home, XDG_DATA_HOME=home)
        for name in ("SSH_TTY", "SSH_CONNECTION", "TMUX", "NO_COLOR", "PYTHONDONTWRITEBYTECODE"):
            os.environ.pop(name, None)
        yield


def rows(options: Options) -> Iterator[Row]:
    with at_home():
        for check in CHECKS.values():
            for what, value, limit, unit in asyncio.run(check()):
                yield Row(name=f"app, {what}", value=value, unit=unit, target=limit if math.isfinite(limit) else None)


if __name__ == "__main__":
    alone(rows)
