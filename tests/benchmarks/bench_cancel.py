"""From ``POST /runs/<id>/cancel`` to the moment at which every upstream socket of the run is closed, with and without
the proxies of ``deploy/``.

Run: ``python -m tests.benchmarks.bench_cancel [--runs N]``. Server, services and client are in this process, so that
all is on one clock. Each run has CALLS calls under way, half of them before the first byte of an answer and half within
a body; a call counts as ended when the service sees the end of its connection. Ways take turns.
"""

import argparse
import asyncio
import statistics
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, aclosing, asynccontextmanager
from dataclasses import dataclass

from backend.pipeline import Context, Pipeline, Question, Step
from backend.upstream import Spec, Upstream, open_upstreams
from shared.events import Column, RunStarted
from tests.proxies import ways_to
from tests.received import each
from tests.served import running_server
from tui.client import AssistClient

CALLS = 8
PROMISED_MS = 250.0
_HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 100000\r\n\r\n{"


class SlowService:
    """Answers nothing, or the beginning of a body, and notes when each connection ends."""

    def __init__(self) -> None:
        self.url = ""
        self.ended_at: list[float] = []
        self._under_way = 0
        self._news = asyncio.Event()

    @asynccontextmanager
    async def serving(self) -> AsyncIterator[None]:
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        async with server:
            yield

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked = await reader.readuntil(b"\r\n\r\n")
        if b"/body" in asked.partition(b"\r\n")[0]:
            writer.write(_HEAD)
        self._under_way += 1
        self._news.set()
        await reader.read()
        self.ended_at.append(time.perf_counter())
        self._under_way -= 1
        self._news.set()
        writer.close()

    async def has(self, count: int) -> None:
        """Wait until so many calls are under way."""
        while self._under_way != count:
            self._news.clear()
            await self._news.wait()


@dataclass(frozen=True)
class Fetched:
    count: int


async def fetch(question: Question, upstream: Upstream, ctx: Context) -> Fetched:
    deadline = time.monotonic() + 60
    async with asyncio.TaskGroup() as group:
        for number in range(CALLS):
            path = f"/{'body' if number % 2 else 'silence'}/{number}"
            group.create_task(upstream.get_json(path, deadline=deadline))
    return Fetched(CALLS)


def fetching_pipeline(upstream: Upstream) -> Pipeline:
    return Pipeline(
        name="fetching",
        title="Ask and wait",
        columns=[Column(key="n", label="n", kind="integer")],
        steps=[Step("fetch", "Fetch", fetch)],
        examples=["go"],
        resources={Upstream: lambda config: upstream},
    )


async def cancelled_ms(url: str, service: SlowService) -> float:
    """Of one run."""
    service.ended_at.clear()
    async with AssistClient(url, attempts=0) as client, aclosing(each(client.ask("go"))) as stream:
        first = await anext(stream)
        assert isinstance(first.event, RunStarted)
        await service.has(CALLS)
        began = time.perf_counter()
        answered = asyncio.create_task(client.cancel(first.event.run))
        await service.has(0)
        await answered
        async for _ in stream:
            pass
    return (max(service.ended_at) - began) * 1000


async def measure(runs: int) -> dict[str, list[float]]:
    """Milliseconds, by way."""
    service = SlowService()
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(service.serving())
        upstreams = await stack.enter_async_context(open_upstreams())
        spec = Spec(id="slow", name="Slow", base_url=service.url, concurrency=CALLS, read_s=60)
        url = await stack.enter_async_context(running_server([fetching_pipeline(upstreams.open(spec))]))
        ways = await stack.enter_async_context(ways_to(url))
        found: dict[str, list[float]] = {way: [] for way in ways}
        for _ in range(runs):
            for way, at in ways.items():
                found[way].append(await cancelled_ms(at, service))
        return found


def main(runs: int) -> None:
    found = asyncio.run(measure(runs))
    print(f"{'way':<8}  {'median ms':>9}  {'99 % ms':>8}  {'worst ms':>8}  {'99 % of what is promised':>24}")
    for way, values in found.items():
        late = statistics.quantiles(values, n=100, method="inclusive")[98]
        median, share = statistics.median(values), late / PROMISED_MS
        print(f"{way:<8}  {median:>9.1f}  {late:>8.1f}  {max(values):>8.1f}  {share:>24.2f}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--runs", type=int, default=200)
    main(**vars(parser.parse_args()))
