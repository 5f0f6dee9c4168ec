"""60 tokens a second for 5 s in the terminal app, beside an app that puts all its text into a Static each time.

Run: ``python -m tests.benchmarks.bench_paint [--rounds N]``. CPU time and bytes to the terminal for each event, both
programs on a pty with the same stream from the same server. And the app beside itself, when 10,000 events came before.
"""

import asyncio
import sys
from collections.abc import Iterator
from typing import Any

from shared import events as ev
from tests.benchmarks.bench_app import at_home, frame
from tests.benchmarks.harness import Options, Row, alone, ratio
from tests.pty_app import has, in_pty, info
from tests.scripted_server import ScriptedServer
from tests.tui.app.scripted import started, step_started

RATE, SECONDS = 60, 5
EVENTS = RATE * SECONDS
NAIVE = """
import json, sys, httpx
from textual.app import App
from textual.containers import VerticalScroll
from textual.widgets import Static
class Naive(App):
    def compose(self):
        with VerticalScroll():
            yield Static(id="text")
    def on_mount(self):
        self.run_worker(self.read())
    async def read(self):
        text, static, scroll = "", self.query_one("#text"), self.query_one(VerticalScroll)
        async with httpx.AsyncClient(verify=False, timeout=60) as client:
            async with client.stream("POST", sys.argv[1] + "/assist", json={"q": "x"}) as response:
                async for line in response.aiter_lines():
                    if line.startswith("data: ") and (more := json.loads(line[6:]).get("text")):
                        text += more
                        static.update(text)
                        scroll.scroll_end(animate=False)
Naive().run()
"""


BEFORE = 10_000


def script(before: int) -> list[Any]:
    """``before`` tokens at once, and then those that are measured."""
    told: list[Any] = [frame(1, started()), frame(2, step_started("intent", "Reading the wish…"))]
    told += [token(number, f"word{number} ") for number in range(before)]
    told.append(1.5 if not before else 6.0)
    for number in range(before, before + EVENTS):
        text = (
            "begins "
            if number == before
            else "ending "
            if number == before + EVENTS - 1
            else f"word{number} of about thirty letters "
        )
        told += [token(number, text), 1 / RATE]
    return [*told, asyncio.Event()]


def token(number: int, text: str) -> bytes:
    return frame(number + 3, ev.StepToken(seq=0, t=number, step="intent", attempt=1, text=text))


async def cost(naive: bool = False, before: int = 0) -> tuple[float, float]:
    """CPU seconds and bytes for each event."""
    async with ScriptedServer([script(before)], pipelines=info()) as server:
        flags: tuple[str, ...] = ("app", "--url", server.url, "--no-epilogue", "--expand", "always", "somewhere hot")
        program: dict[str, Any] = {}
        if naive:
            flags, program = (server.url,), {"program": (sys.executable, "-c", NAIVE)}
        async with in_pty(*flags, **program) as (sent, _, cpu_s):
            await has(sent, "begins")
            used, size = cpu_s(), len(sent)
            await asyncio.sleep(SECONDS * 0.9)
            return (cpu_s() - used) / (EVENTS * 0.9), (len(sent) - size) / (EVENTS * 0.9)


def rows(options: Options) -> Iterator[Row]:
    ours, naive, later = [], [], []
    with at_home():
        for _ in range(max(3, options.rounds // 2)):
            ours.append(asyncio.run(cost()))
            naive.append(asyncio.run(cost(naive=True)))
            later.append(asyncio.run(cost(before=BEFORE)))
    for place, what, scale, each in ((0, "CPU", 1e3, "ms/event"), (1, "bytes", 1.0, "B/event")):
        yield ratio(
            f"app, 60 tokens/s, {what} / Static.update(all)",
            [one[place] for one in ours], [one[place] for one in naive],
            target=0.4, scale=scale, each=each,
        )  # fmt: skip
        yield ratio(
            f"app, 60 tokens/s, {what} after {BEFORE:,} events / at first",
            [one[place] for one in later], [one[place] for one in ours],
            target=1.1, scale=scale, each=each,
        )  # fmt: skip


if __name__ == "__main__":
    alone(rows)
