"""Two processes that share a port (``--reuse-port``) and a folder of runs, beside one: the same replays on 64
connections.

Run: ``python -m tests.benchmarks.bench_scaling [--rounds N]``. Events a second need a core for each process and one for
the readers; on fewer the row is told without a target. CPU time of all processes for each event says on any machine
whether two cost more than one, and how evenly the kernel shared the connections out.
"""

import asyncio
import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

from tests.benchmarks.bench_servers import EVENTS, stored
from tests.benchmarks.harness import Options, Row, alone, ratio
from tests.benchmarks.load import Server, read_all, server

CONNECTIONS, TIMES = 64, 4
COUNTS = (1, 2)


def measured(servers: list[Server], request: bytes) -> tuple[float, float, float]:
    """Seconds of wall and of CPU time for an event, and the part of the CPU time that fell to the busiest process."""
    before = [one.cpu_s for one in servers]
    began = time.perf_counter()
    asyncio.run(read_all(servers[0].port, request, CONNECTIONS, TIMES))
    took = time.perf_counter() - began
    used = [one.cpu_s - start for one, start in zip(servers, before, strict=True)]
    events = CONNECTIONS * TIMES * EVENTS
    return took / events, sum(used) / events, max(used) / sum(used)


def rows(options: Options) -> Iterator[Row]:
    found: dict[int, list[tuple[float, float, float]]] = {count: [] for count in COUNTS}
    with ExitStack() as stack:
        teams: dict[int, list[Server]] = {}
        for count in COUNTS:
            folder = stack.enter_context(tempfile.TemporaryDirectory())
            first = stack.enter_context(server("ours", "0", folder))
            others = [stack.enter_context(server("ours", str(first.port), folder)) for _ in range(count - 1)]
            teams[count] = [first, *others]
        requests = {count: stored(team[0]) for count, team in teams.items()}
        for number in range(options.rounds + 1):
            for count in COUNTS if number % 2 else COUNTS[::-1]:
                one = measured(teams[count], requests[count])
                if number:  # the first round isn't counted
                    found[count].append(one)
    wall, cpu = ({count: [one[which] for one in found[count]] for count in COUNTS} for which in (0, 1))
    cores = os.cpu_count() or 1
    told: dict[str, Any] = {"scale": 1e6, "each": "µs/event", "guarded": False, "note": f"{cores} cores"}
    yield ratio(
        "two processes on a port / one, events a second", wall[1], wall[2], sense="at least",
        target=1.8 if cores > max(COUNTS) else None, **told,
    )  # fmt: skip
    yield ratio("two processes on a port / one, CPU", cpu[2], cpu[1], target=1.25, **told)
    share = sorted(one[2] for one in found[2])[len(found[2]) // 2]
    yield Row(name="two processes on a port, the busier one's part", value=share * 100, unit="%", target=65)


if __name__ == "__main__":
    alone(rows)
