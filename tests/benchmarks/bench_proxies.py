"""An event's way through nginx, HAProxy and Caddy, with the files of ``deploy/``, against the way without them.

Run: ``python -m tests.benchmarks.bench_proxies [--events N] [--rounds N]``. The server is in this process, so that the
moment an event is said and the moment it is received are on one clock; each event waits until the one before it has
arrived. Ways take turns in each round, so what else the machine does falls on all of them.
"""

import argparse
import asyncio
import statistics
import time
from contextlib import AsyncExitStack, aclosing

from shared import events as ev
from tests.gated import Gates, gated_pipeline
from tests.proxies import ways_to
from tests.received import each
from tests.served import running_server
from tui.client import AssistClient


async def latencies_ms(url: str, gates: Gates) -> list[float]:
    """From said to received, for each event of one run."""
    found = []
    async with AssistClient(url, attempts=0) as client, aclosing(each(client.ask("go"))) as stream:
        async for received in stream:
            if isinstance(received.event, ev.StepStarted):
                said = time.perf_counter()
                gates.open()
            elif isinstance(received.event, ev.StepLog):
                found.append((time.perf_counter() - said) * 1000)
                said = time.perf_counter()
                gates.open()
    return found


async def main(events: int, rounds: int) -> None:
    gates = Gates(events)
    async with AsyncExitStack() as stack:
        url = await stack.enter_async_context(running_server([gated_pipeline(gates)]))
        ways = await stack.enter_async_context(ways_to(url))
        found: dict[str, list[float]] = {way: [] for way in ways}
        for _ in range(rounds):
            for way, at in ways.items():
                gates.close()  # one was opened too many after the last event
                found[way] += await latencies_ms(at, gates)
    direct = statistics.median(found["direct"])
    print(f"{'way':<8}  {'median ms':>9}  {'99 % ms':>8}  {'over direct':>11}  {'ratio':>5}")
    for way, values in found.items():
        median, worst = statistics.median(values), statistics.quantiles(values, n=100)[98]
        print(f"{way:<8}  {median:>9.2f}  {worst:>8.2f}  {median - direct:>8.2f} ms  {median / direct:>5.1f}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--events", type=int, default=200)
    parser.add_argument("--rounds", type=int, default=3)
    asyncio.run(main(**vars(parser.parse_args())))
