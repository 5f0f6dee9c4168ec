"""Two processes beside one, for the same replays on many connections: on one port (``--reuse-port``) and one folder of
runs; and as two nodes on one Redis behind HAProxy, with the file of ``deploy/``.

Run: ``python -m tests.benchmarks.bench_scaling [--rounds N]``. Events a second need a core for each process, the proxy,
the store and the readers; on fewer the row is told without a target. CPU time says on any machine whether two cost more
than one, and how evenly the work was shared out. From both follows by how much more two could do with a core each: what
an event costs one process, over what it costs the busier of two.
"""

import asyncio
import os
import shutil
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from tests.benchmarks.bench_servers import EVENTS, stored
from tests.benchmarks.harness import Options, Row, alone, ratio
from tests.benchmarks.load import Server, read_all, server
from tests.proxies import running_proxy
from tests.redis_process import redis_process

REQUESTS = 512
COUNTS = (1, 2)


class Team(NamedTuple):
    """So many servers with the same runs, the port that leads to all of them, the request for one run, and how many
    connections ask for it: many where the kernel deals them out by chance, few where a balancer counts them."""

    servers: list[Server]
    port: int
    request: bytes
    connections: int


class Found(NamedTuple):
    """Seconds of wall time for an event, of CPU time of all processes, and of the busiest."""

    wall: float
    cpu: float
    busiest: float


async def measured(team: Team) -> Found:
    before = [one.cpu_s for one in team.servers]
    began = time.perf_counter()
    await read_all(team.port, team.request, team.connections, REQUESTS // team.connections)
    took = time.perf_counter() - began
    used = [one.cpu_s - start for one, start in zip(team.servers, before, strict=True)]
    events = REQUESTS * EVENTS
    return Found(took / events, sum(used) / events, max(used) / events)


async def on_a_port(stack: AsyncExitStack, count: int) -> Team:
    folder = stack.enter_context(tempfile.TemporaryDirectory())
    first = stack.enter_context(server("ours", "0", folder))
    others = [stack.enter_context(server("ours", str(first.port), folder)) for _ in range(count - 1)]
    return Team([first, *others], first.port, await asyncio.to_thread(stored, first), 256)


async def behind_haproxy(stack: AsyncExitStack, count: int) -> Team:
    redis = stack.enter_context(redis_process())
    folders = [stack.enter_context(tempfile.TemporaryDirectory()) for _ in range(count)]
    servers = [stack.enter_context(server("ours", "0", folder, redis.url)) for folder in folders]
    urls = [f"http://127.0.0.1:{one.port}" for one in servers]
    front = await stack.enter_async_context(running_proxy("haproxy", urls, Path(folders[0])))
    port = urlsplit(front).port
    assert port is not None
    return Team(servers, port, await asyncio.to_thread(stored, servers[0]), 32)


async def compared(form: Callable[[AsyncExitStack, int], Awaitable[Team]], rounds: int) -> dict[int, list[Found]]:
    found: dict[int, list[Found]] = {count: [] for count in COUNTS}
    async with AsyncExitStack() as stack:
        teams = {count: await form(stack, count) for count in COUNTS}
        for number in range(rounds + 1):
            for count in COUNTS if number % 2 else COUNTS[::-1]:
                one = await measured(teams[count])
                if number:  # the first round isn't counted
                    found[count].append(one)
    return found


def told(name: str, found: dict[int, list[Found]], cores_needed: int) -> Iterator[Row]:
    wall, cpu, busiest = ({count: [one[which] for one in found[count]] for count in COUNTS} for which in range(3))
    cores = os.cpu_count() or 1
    each: dict[str, Any] = {"scale": 1e6, "each": "µs/event", "guarded": False, "note": f"{cores} cores"}
    yield ratio(
        f"{name} / one, events a second", wall[1], wall[2], sense="at least",
        target=1.8 if cores >= cores_needed else None, **each,
    )  # fmt: skip
    yield ratio(f"{name} / one, CPU", cpu[2], cpu[1], target=1.25, **each)
    yield ratio(f"{name} / one, with a core each", cpu[1], busiest[2], sense="at least", target=1.8, **each)
    share = statistics.median(most / all_ for most, all_ in zip(busiest[2], cpu[2], strict=True))
    yield Row(name=f"{name}, the busier one's part", value=share * 100, unit="%", target=65)


def rows(options: Options) -> Iterator[Row]:
    yield from told("two processes on a port", asyncio.run(compared(on_a_port, options.rounds)), 3)
    if shutil.which("haproxy") and shutil.which("redis-server"):
        yield from told("two nodes behind HAProxy", asyncio.run(compared(behind_haproxy, options.rounds)), 5)


if __name__ == "__main__":
    alone(rows)
