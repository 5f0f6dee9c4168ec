"""Bytes to typed events: AssistClient beside httpx-sse with ``json()``, over the same httpx from the same server.

Run: ``python -m tests.benchmarks.bench_client [--rounds N]``. CPU time of the client alone. Ours also checks that no
event is missing and that nothing in them harms a terminal.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterator

import httpx
from httpx_sse import aconnect_sse

from tests.benchmarks.harness import Options, Row, alone, interleaved, ratio
from tests.benchmarks.load import server
from tui.client import AssistClient

EVENTS, STREAMS = 2_000, 3


async def ours(url: str, run: str) -> float:
    async with AssistClient(url) as client:
        await _read_ours(client, run)
        began = time.process_time()
        for _ in range(STREAMS):
            await _read_ours(client, run)
        return (time.process_time() - began) / STREAMS / EVENTS


async def _read_ours(client: AssistClient, run: str) -> None:
    count = 0
    async for several in client.attach(run):
        for _ in several:
            count += 1
    assert count == EVENTS


async def theirs(url: str, run: str) -> float:
    async with httpx.AsyncClient(verify=False) as client:
        await _read_theirs(client, url, run)
        began = time.process_time()
        for _ in range(STREAMS):
            await _read_theirs(client, url, run)
        return (time.process_time() - began) / STREAMS / EVENTS


async def _read_theirs(client: httpx.AsyncClient, url: str, run: str) -> None:
    count = 0
    async with aconnect_sse(client, "GET", f"{url}/runs/{run}/events?after=0") as source:
        async for event in source.aiter_sse():
            event.json()
            count += 1
    assert count == EVENTS


def side(read: Callable[[str, str], Awaitable[float]], url: str, run: str) -> Callable[[], float]:
    async def measured() -> float:
        return await read(url, run)

    return lambda: asyncio.run(measured())


def rows(options: Options) -> Iterator[Row]:
    with server("canned") as one:
        url = f"http://127.0.0.1:{one.port}"
        for run, what, target in (("one", "an event a chunk", 0.7), ("twenty", "20 events a chunk", 0.4)):
            found = interleaved({"ours": side(ours, url, run), "peer": side(theirs, url, run)}, options.rounds)
            yield ratio(
                f"client, {what} / httpx-sse + json", found["ours"], found["peer"],
                target=target, scale=1e6, each="µs/event",
            )  # fmt: skip


if __name__ == "__main__":
    alone(rows)
