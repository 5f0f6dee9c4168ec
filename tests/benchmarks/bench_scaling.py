"""Two processes beside one, for the same replays on many connections: on one port (``--reuse-port``) and one folder of
runs; and as two nodes on one Redis behind HAProxy, with the file of ``deploy/``.

Run: ``python -m tests.benchmarks.bench_scaling [--rounds N]``. Each connection asks again as soon as it was answered:
no server ever waits, however the kernel has dealt the connections out. Events a second are wall time and need the
machine for themselves. What two processes of plain Quart reach, which share nothing, is told too. The reader (``wrk``,
where it is installed), the log's thread, HAProxy and Redis take their part of the cores: where there are fewer than
four, one server has a core for itself and what the others leave of the second one, and two have less than one each.

There the same is also measured with as many cores as servers, and has its target so: one, with the reader, HAProxy and
Redis, on a single core, two with theirs on two. An event costs a node more CPU time where it shares its core (its
caches are others' each time that it comes back: a sixth more beside a process that only counts), so that a node which
has one for itself is no measure for two which haven't.
"""

import asyncio
import contextlib
import os
import shutil
import statistics
import tempfile
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from tests.benchmarks.bench_servers import EVENTS, stored
from tests.benchmarks.harness import Options, Row, alone, cpu_of, descendants, ratio
from tests.benchmarks.load import READS_IN_C, Server, ask_for, get, server
from tests.proxies import running_proxy
from tests.redis_process import redis_process

COUNTS = (1, 2)
SECONDS = 2.0
TARGET = 1.8


class Team(NamedTuple):
    """So many servers with the same runs, the port that leads to all of them, the request for one run, and how many
    connections ask for it: as many for each server, and enough that it always has some, however they are dealt out.
    ``others``: the processes between them and the reader, by name."""

    servers: list[Server]
    port: int
    request: bytes
    connections: int
    others: Mapping[str, list[int]] = {}
    cores: frozenset[int] | None = None
    """Those that all of it runs on, the reader too; None: wherever the system puts it."""


class Found(NamedTuple):
    """Seconds for an event: of wall time, of CPU time of all servers, of the busiest; and of those who aren't servers,
    the readers among them, by name."""

    wall: float
    cpu: float
    busiest: float
    others: dict[str, float]


def measured(team: Team) -> Found:
    def clocks() -> list[float]:
        return [one.cpu_s for one in team.servers]

    def others() -> dict[str, float]:
        return {name: sum(map(cpu_of, pids)) for name, pids in team.others.items()}

    before, others_before = clocks(), others()
    with on_cores(team.cores):
        asked = ask_for(team.port, team.request, team.connections, SECONDS)
    used = [now - then for now, then in zip(clocks(), before, strict=True)]
    events = asked.answers * EVENTS
    took = {name: now - others_before[name] for name, now in others().items()} | {"readers": asked.cpu_s}
    each = {name: cpu_s / events for name, cpu_s in took.items()}
    return Found(asked.wall_s / events, sum(used) / events, max(used) / events, each)


@contextlib.contextmanager
def on_cores(cores: frozenset[int] | None) -> Iterator[None]:
    """What this thread starts within it runs on ``cores`` alone."""
    if cores is None:
        yield
        return
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, cores)
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


async def on_a_port(stack: AsyncExitStack, count: int) -> Team:
    folder = stack.enter_context(tempfile.TemporaryDirectory())
    first = stack.enter_context(server("ours", "0", folder))
    others = [stack.enter_context(server("ours", str(first.port), folder)) for _ in range(count - 1)]
    return Team([first, *others], first.port, await asyncio.to_thread(stored, first), 32 * count)


async def plain(stack: AsyncExitStack, count: int) -> Team:
    first = stack.enter_context(server("plain", "0"))
    others = [stack.enter_context(server("plain", str(first.port))) for _ in range(count - 1)]
    return Team([first, *others], first.port, get(f"/assist?q=burst+{EVENTS}"), 32 * count)


async def behind_haproxy(stack: AsyncExitStack, count: int) -> Team:
    redis = stack.enter_context(redis_process())
    folders = [stack.enter_context(tempfile.TemporaryDirectory()) for _ in range(count)]
    servers = [stack.enter_context(server("ours", "0", folder, redis.url)) for folder in folders]
    urls = [f"http://127.0.0.1:{one.port}" for one in servers]
    known = descendants("haproxy")
    front = await stack.enter_async_context(running_proxy("haproxy", urls, Path(folders[0])))
    port = urlsplit(front).port
    assert port is not None
    others = {"HAProxy": sorted(descendants("haproxy") - known), "Redis": [redis.pid]}
    return Team(servers, port, await asyncio.to_thread(stored, servers[0]), 32 * count, others)


Form = Callable[[AsyncExitStack, int], Awaitable[Team]]


def with_a_core_each(form: Form) -> Form:
    """With as many cores as servers."""

    async def formed(stack: AsyncExitStack, count: int) -> Team:
        cores = frozenset(sorted(os.sched_getaffinity(0))[:count])
        with on_cores(cores):
            return (await form(stack, count))._replace(cores=cores)

    return formed


async def compared(forms: Mapping[str, Form], rounds: int) -> dict[str, dict[int, list[Found]]]:
    """By form, then by the number of servers: what was found in each round; all take turns."""
    found: dict[str, dict[int, list[Found]]] = {name: {count: [] for count in COUNTS} for name in forms}
    async with AsyncExitStack() as stack:
        teams = {(name, count): await form(stack, count) for name, form in forms.items() for count in COUNTS}
        for number in range(rounds + 1):
            for (name, count), team in [*teams.items()][:: 1 if number % 2 else -1]:
                one = await asyncio.to_thread(measured, team)
                if number:  # the first round isn't counted
                    found[name][count].append(one)
    return found


def told(name: str, found: dict[int, list[Found]], target: float | None, cores_needed: int) -> Iterator[Row]:
    wall = {count: [one.wall for one in found[count]] for count in COUNTS}
    cpu = {count: [one.cpu for one in found[count]] for count in COUNTS}
    busiest = [one.busiest for one in found[2]]
    cores = os.cpu_count() or 1
    each: dict[str, Any] = {"scale": 1e6, "each": "µs/event", "guarded": False}
    read = f"{cores} cores, read {'by wrk' if READS_IN_C else 'in Python'}"
    yield ratio(
        f"{name} / one, events a second", wall[1], wall[2], sense="at least",
        target=target if cores >= cores_needed else None, note=read, **each,
    )  # fmt: skip
    if target is None:
        return
    yield ratio(f"{name} / one, CPU", cpu[2], cpu[1], target=1.25, **each)
    share = statistics.median(most / all_ for most, all_ in zip(busiest, cpu[2], strict=True))
    yield Row(name=f"{name}, the busier one's part", value=share * 100, unit="%", target=65)
    for other in found[2][0].others:
        part = statistics.median(one.others[other] / one.cpu for one in found[2])
        yield Row(name=f"{name}, {other} beside them", value=part * 100, unit="%", note="of the servers' CPU time")


def rows(options: Options) -> Iterator[Row]:
    is_small = (os.cpu_count() or 1) < 4 and len(os.sched_getaffinity(0)) > 1
    forms: dict[str, Form] = {"ours": on_a_port, "plain": plain}
    if is_small:
        forms["a core each"] = with_a_core_each(on_a_port)
    found = asyncio.run(compared(forms, options.rounds))
    yield from told("two processes on a port", found["ours"], TARGET, 4)
    yield from told("two processes of plain Quart", found["plain"], None, 2)
    if is_small:
        yield from told("two processes on two cores", found["a core each"], TARGET, 2)
    if shutil.which("haproxy") and shutil.which("redis-server"):
        forms = {"ours": behind_haproxy}
        if is_small:
            forms["a core each"] = with_a_core_each(behind_haproxy)
        found = asyncio.run(compared(forms, options.rounds))
        yield from told("two nodes behind HAProxy", found["ours"], TARGET, 4)
        if is_small:
            yield from told("two nodes on two cores", found["a core each"], TARGET, 2)
            one, two = (found["a core each"][count] for count in COUNTS)
            yield ratio(
                "two nodes behind HAProxy / one, with a core each", [each.cpu for each in one],
                [each.busiest for each in two], sense="at least", target=TARGET, scale=1e6, each="µs/event",
                guarded=False, note="CPU time of the busier one beside one that shares its core too",
            )  # fmt: skip


if __name__ == "__main__":
    alone(rows)
