"""``python -m tests.benchmarks.bench_page``: the page in Chromium: weight, first paint, events to the DOM, long tasks.

The server is real and on the same two cores as the browser, so these are upper bounds.
"""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from typing import Any

from playwright.async_api import Page

import backend.web
from backend.pipeline import Context, Pipeline, Question, Step
from shared.events import Column, RowUpsert
from tests.backend.web.journeys import Visitor, ask, chromium, visitor
from tests.benchmarks.harness import Options, Row, alone, p99
from tests.served import running_server

EVENTS, ROWS = 10_000, 1_000
WATCH = """() => {
  window.measured = { tasks: [], lags: [], rows: [] };
  new PerformanceObserver((list) => measured.tasks.push(...list.getEntries().map(({ duration }) => duration)))
    .observe({ type: "longtask", buffered: true });
  const { fetch } = window;
  window.fetch = async (...given) => {
    const response = await fetch(...given);
    if (!String(given[0]).startsWith("/assist")) return response;
    const [mine, theirs] = response.body.tee();
    (async () => {
      const reader = mine.getReader();
      const decoder = new TextDecoder();
      for (;;) {
        const { done, value } = await reader.read();
        if (done) return;
        const now = performance.now();
        for (const [, name] of decoder.decode(value).matchAll(/"tick (\\d+)"/g)) measured.lags.push([name, now]);
      }
    })();
    return new Response(theirs, response);
  };
  new MutationObserver(() => {
    const text = document.querySelector("[data-state=running] .say")?.textContent ?? "";
    measured.rows.push([text, performance.now()]);
  }).observe(document.querySelector("#steps"), { subtree: true, childList: true, characterData: true });
}"""


class Done(tuple[int]):
    """How many were told."""


async def tick(question: Question, ctx: Context) -> Done:
    """100 events, 20 ms apart: each names itself in the progress line."""
    for number in range(100):
        ctx.progress(number, 100, f"tick {number}")
        await asyncio.sleep(0.02)
    return Done((100,))


async def flood(question: Question, ctx: Context) -> Done:
    """EVENTS events as fast as they go, ROWS of them rows."""
    for number in range(EVENTS):
        if number % (EVENTS // ROWS) == 0:
            ctx.rows([RowUpsert(id=f"r{number}", cells={"n": number, "word": f"row {number}"}, state="confirmed")])
        else:
            ctx.log(f"line {number}")
        if number % 100 == 0:
            await asyncio.sleep(0)
    return Done((EVENTS,))


def pipeline(name: str, step: Any) -> Pipeline:
    columns = [Column(key="word", label="Word", kind="text"), Column(key="n", label="n", kind="integer")]
    return Pipeline(name=name, title=name, columns=columns, steps=[Step("go", "Go", step)])


def weight() -> int:
    web = Path(backend.web.__file__).parent
    return sum(file.stat().st_size for file in [*(web / "static").iterdir(), web / "templates" / "page.html"])


async def first_paint(page: Page) -> float:
    script = "() => performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? 0"
    return float(await page.evaluate(script))


async def paint(somebody: Visitor) -> Row:
    paints = []
    for _ in range(5):
        page = await somebody.page()
        await page.wait_for_selector(".step")
        paints.append(await first_paint(page))
        await page.close()
    return Row(name="page, first contentful paint", value=median(paints), unit="ms")


async def watched(somebody: Visitor, name: str) -> dict[str, Any]:
    """What was measured while the pipeline ``name`` ran on a fresh page."""
    page = await somebody.page()
    await page.wait_for_selector(".step")
    await page.evaluate(WATCH)
    await page.select_option("#pipeline", name)
    await ask(page, name)
    await page.wait_for_selector("body[data-run=ok]", timeout=60_000)
    measured: dict[str, Any] = await page.evaluate("() => measured")
    return measured


async def ticks(somebody: Visitor) -> Row:
    measured = await watched(somebody, "tick")
    shown = {text.rpartition("tick ")[2]: when for text, when in reversed(measured["rows"])}
    lags = [shown[name] - when for name, when in measured["lags"] if name in shown]
    note = f"median {median(lags):.0f} ms of {len(lags)}"
    return Row(name="page, event in the DOM after it came, p99", value=p99(lags), unit="ms", target=50, note=note)


async def measure() -> list[Row]:
    async with (
        running_server([pipeline("tick", tick), pipeline("flood", flood)]) as url,
        chromium() as browser,
        visitor(browser, url) as somebody,
    ):
        found = [await paint(somebody), await ticks(somebody)]
        tasks = (await watched(somebody, "flood"))["tasks"]
        name, note = f"page, longest task of {EVENTS:,} events", f"{len(tasks)} of over 50 ms"
        return [*found, Row(name=name, value=max(tasks, default=0.0), unit="ms", target=100, note=note)]


def rows(options: Options) -> Iterator[Row]:
    yield Row(name="page, weight, uncompressed", value=weight() / 1000, unit="kB", target=150)
    yield from asyncio.run(measure())


if __name__ == "__main__":
    alone(rows)
