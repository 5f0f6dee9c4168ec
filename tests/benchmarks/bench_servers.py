"""Streams from the whole server beside those of peers: CPU time of the server process for each event.

Run: ``python -m tests.benchmarks.bench_servers [--rounds N]``. 16 kept connections, 100 events of 200 bytes an answer;
what a request and a run cost is in it. ``burst``: all events are ready at once; ours from the log, and from a run that
says them without a pause. ``tick``: a turn of the event loop before each. ``paced``: 10 ms before each, so that every
server writes every event by itself. *On uvicorn* is our server too, with ``http = "uvicorn"`` on uvloop.

What is set as a target is a burst from the log, and tick. A run's burst and what is paced have a log to be written
beside peers that have none: they are told, and guarded.
"""

import asyncio
import re
import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

from tests.benchmarks.harness import Options, Row, alone, interleaved, ratio
from tests.benchmarks.load import Server, get, post, read_all, reader, server, whole
from tests.benchmarks.peers import NAMES

CONNECTIONS, EVENTS = 16, 100
FAST = "ours-uvicorn"
RUN = re.compile(rb"Windowseat-Run: (\w+)", re.IGNORECASE)


def stored(one: Server) -> bytes:
    """The request for a run that is over, from the log."""
    told = asyncio.run(whole(one.port, post(f"burst {EVENTS}")))
    found = RUN.search(told)
    assert found is not None
    return get(f"/runs/{found[1].decode()}/events?after=0")


def cpu_per_event(one: Server, request: bytes, times: int) -> Callable[[], float]:
    def side() -> float:
        before = one.cpu_s
        asyncio.run(read_all(one.port, request, CONNECTIONS, times))
        return (one.cpu_s - before) / (CONNECTIONS * times * EVENTS)

    return side


def check(one: Server, request: bytes) -> None:
    said = asyncio.run(whole(one.port, request)).count(b"data: ")
    if said != EVENTS:
        raise AssertionError(f"{one.name} told {said} events, not {EVENTS}")


def throughput(servers: dict[str, Server], rounds: int) -> Iterator[Row]:
    burst, tick, paced = post(f"burst {EVENTS}"), post(f"tick {EVENTS}"), post(f"paced {EVENTS} 10")
    replay = stored(servers["ours"])
    for name, one in servers.items():
        for request in (burst, tick, *([replay] if name == "ours" else [])):
            check(one, request)
    told: dict[str, Any] = {"scale": 1e6, "each": "µs/event"}

    fast = stored(servers[FAST])
    found = interleaved(
        {
            "replay": cpu_per_event(servers["ours"], replay, 4),
            "fast replay": cpu_per_event(servers[FAST], fast, 4),
            **{name: cpu_per_event(one, burst, 4) for name, one in servers.items()},
        },
        rounds,
    )
    for peer in ("plain", "sse-starlette"):
        yield ratio(f"server, burst from the log / {peer}", found["replay"], found[peer], target=0.30, **told)
        yield ratio(f"server, burst of a run / {peer}", found["ours"], found[peer], **told)
        yield ratio(f"on uvicorn, burst from the log / {peer}", found["fast replay"], found[peer], target=0.30, **told)
    for shape, request, times in (("tick", tick, 4), ("paced", paced, 1)):
        found = interleaved({name: cpu_per_event(one, request, times) for name, one in servers.items()}, rounds)
        for peer, limit in (("plain", 1.2), ("sse-starlette", 1.0), ("fastapi", 0.55)):
            target = limit if shape == "tick" else None
            yield ratio(f"server, {shape} / {peer}", found["ours"], found[peer], target=target, **told)
            yield ratio(f"on uvicorn, {shape} / {peer}", found[FAST], found[peer], target=target, **told)


def first_event(servers: dict[str, Server], rounds: int) -> Iterator[Row]:
    """Wall time from the request to the first event, on one connection, nothing else going on."""

    def side(name: str) -> Callable[[], float]:
        async def ask() -> float:
            one = await reader(servers[name].port, post("burst 5"))
            began = time.perf_counter()
            took = await one.first - asyncio.get_running_loop().time() + time.perf_counter() - began
            await one.done
            return took

        return lambda: statistics.median(asyncio.run(ask()) for _ in range(20))

    found = interleaved({name: side(name) for name in ("ours", "plain")}, rounds)
    # Not guarded: wall time, which other programs double.
    told: dict[str, Any] = {"scale": 1e3, "each": "ms", "target": 1.25, "guarded": False}
    yield ratio("first event after POST / plain", found["ours"], found["plain"], **told)


def viewers(one: Server, plain: Server, rounds: int) -> Iterator[Row]:
    """CPU time for each event of one run that 1, 10 and 100 read; what one more reader costs beside a bare write."""

    def watched(count: int) -> Callable[[], float]:
        async def run() -> float:
            before = one.cpu_s
            first = await reader(one.port, post(f"paced {EVENTS} 10"), keep=True)
            await first.first
            run = RUN.search(first.kept)
            assert run is not None
            path = get(f"/runs/{run[1].decode()}/events?after=0")
            others = [await reader(one.port, path) for _ in range(count - 1)]
            for reading in (first, *others):
                await reading.done
            return (one.cpu_s - before) / EVENTS

        return lambda: asyncio.run(run())

    sides = {str(count): watched(count) for count in (1, 10, 100)}
    found = interleaved({**sides, "plain": cpu_per_event(plain, post(f"paced {EVENTS} 10"), 1)}, max(3, rounds // 2))
    further = [(hundred - ten) / 90 for hundred, ten in zip(found["100"], found["10"], strict=True)]
    for count in ("1", "10", "100"):
        cost = statistics.median(found[count]) * 1e6
        yield Row(name=f"one run, {count} viewers: an event", value=cost, unit="µs", each="CPU")
    yield ratio(
        "one more viewer / plain", further, found["plain"], scale=1e6, each="µs/event", target=1.0
    )  # plain's includes its request, spread over the events


def rows(options: Options) -> Iterator[Row]:
    with ExitStack() as stack:
        servers = {name: stack.enter_context(server(name)) for name in (*NAMES, FAST)}
        yield from throughput(servers, options.rounds)
        yield from first_event(servers, options.rounds)
        yield from viewers(servers["ours"], servers["plain"], options.rounds)


if __name__ == "__main__":
    alone(rows)
