"""Many streams of 20 events a second each, on a server that has one core: how late an event is read, and is any lost?

Run: ``python -m tests.benchmarks.bench_paced [--rounds N]``. An event says when it was due; its delay ends when a
reader on another core has it, so that every turn of the server's loop, its log and its queues are in it. Streams come
100 a second; what is due from the last one's start on counts. The limit is a bare ``asyncio.Protocol`` on uvloop.
Delays are wall time: on a machine that others use they say little.
"""

import asyncio
import os
import re
import statistics
import time
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import uvloop

from tests.benchmarks.harness import Options, Row, alone, p99
from tests.benchmarks.load import Server, post, server

STREAMS_A_SECOND, WATCHED_S, APART_MS = 100, 4, 50
DUE = re.compile(rb"due=(\d+\.\d+)")
NAMES = {
    "ours": "on Hypercorn", "ours-uvloop": "on Hypercorn, uvloop", "ours-uvicorn": "on uvicorn, uvloop",
}  # fmt: skip


class Listener(asyncio.Protocol):
    """Asks for one stream of ``events`` and notes when each of them was due and how late it is, in seconds."""

    def __init__(self, events: int) -> None:
        self.heard: list[tuple[float, float]] = []
        self._events = events
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._rest = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert hasattr(transport, "write")
        self._transport = transport
        transport.write(post(f"due {self._events} {APART_MS}"))

    def data_received(self, data: bytes) -> None:
        now = time.monotonic()
        whole, end, self._rest = (self._rest + data).rpartition(b"\n")
        for found in DUE.findall(whole + end):
            due = float(found)
            self.heard.append((due, now - due))
        if data.endswith(b"0\r\n\r\n"):
            self._transport.close()

    def connection_lost(self, error: Exception | None) -> None:
        self.done.set_result(None)


async def listened(port: int, streams: int) -> tuple[list[float], int]:
    """How late the events were, and how many never came."""
    loop = asyncio.get_running_loop()
    events = (streams * 1000 // STREAMS_A_SECOND + WATCHED_S * 1000) // APART_MS
    listeners: list[Listener] = []
    for _ in range(streams):
        _, one = await loop.create_connection(lambda: Listener(events), "127.0.0.1", port)
        listeners.append(one)
        await asyncio.sleep(1 / STREAMS_A_SECOND)
    all_there = time.monotonic()
    for one in listeners:
        await one.done
    late = [late for one in listeners for due, late in one.heard if due >= all_there]
    return late, streams * events - sum(len(one.heard) for one in listeners)


def measured(one: Server, streams: int) -> tuple[list[float], int, float]:
    """As ``listened``, and the part of its core that the server took."""
    before, began = one.cpu_s, time.perf_counter()
    late, lost = uvloop.run(listened(one.port, streams))
    return late, lost, (one.cpu_s - before) / (time.perf_counter() - began)


def rows(options: Options) -> Iterator[Row]:
    cores = os.sched_getaffinity(0)
    first, *others = sorted(cores)
    os.sched_setaffinity(0, others or cores)
    try:
        with ExitStack() as stack:
            servers = {name: stack.enter_context(server(name, core=first)) for name in ("raw", *NAMES)}
            for streams, names in ((250, tuple(NAMES)), (500, ("ours-uvloop", "ours-uvicorn"))):
                yield from _rows(servers, streams, names, max(1, options.rounds // 3))
    finally:
        os.sched_setaffinity(0, cores)


def _rows(servers: dict[str, Server], streams: int, names: tuple[str, ...], rounds: int) -> Iterator[Row]:
    """The quietest round of each: what a busy machine adds is never the server's."""
    found = {
        name: min((measured(servers[name], streams) for _ in range(rounds)), key=lambda one: p99(one[0]))
        for name in ("raw", *names)
    }
    limit = p99(found["raw"][0])
    for name in names:
        late, lost, core = found[name]
        what = f"{streams} streams x 20/s, {NAMES[name]}"
        note = f"median {statistics.median(late) * 1000:.1f} ms, {core:.0%} of a core"
        yield Row(name=f"{what}: lost", value=lost, unit="", target=0)
        told: dict[str, Any] = {"ours": p99(late) * 1000, "peer": limit * 1000, "each": "ms", "note": note}
        target = 3.0 if streams == 250 else None
        yield Row(name=f"{what}: p99 / bare protocol", value=p99(late) / limit, target=target, **told)
        if streams == 500:
            yield Row(name=f"{what}: p99", value=p99(late) * 1000, unit="ms", target=100.0)


if __name__ == "__main__":
    alone(rows)
