"""Streams that are held, stall, vanish or are told goodbye: memory, CPU time and how soon the server is done with them.

Run: ``python -m tests.benchmarks.bench_held [--full]``. ``--full`` holds 10,000 viewers too.
"""

import asyncio
import os
import re
import signal
import socket
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec

from backend.pipeline import Context, Pipeline, Question, Step
from backend.runs.watching import Watching
from tests.benchmarks.harness import Options, Row, alone, p99
from tests.benchmarks.load import Reader, Server, get, post, reader, server, whole
from tests.benchmarks.peers import NAMES
from tests.served import running_server

IDLE, STALLED, TOLD, VANISHED = 500, 100, 100, 100
WATCHED_S = 12.0  # every viewer has a heartbeat in it
RUN = re.compile(rb"Windowseat-Run: (\w+)", re.IGNORECASE)


async def held(one: Server, count: int) -> list[Reader]:
    """So many streams that have had their first bytes: of one run where the server is ours, else of a request each."""
    first = await reader(one.port, post("hold"), keep=True)
    await first.first
    found = RUN.search(first.kept)
    request = post("hold") if found is None else get(f"/runs/{found[1].decode()}/events?after=0")
    streams = [first]
    for start in range(1, count, 50):
        some = [await reader(one.port, request) for _ in range(start, min(start + 50, count))]
        await asyncio.gather(*(one.first for one in some))
        streams += some
    return streams


def closed(streams: list[Reader]) -> None:
    for stream in streams:
        stream.transport.abort()


# ---- idle


async def kib_per_stream(one: Server) -> float:
    closed(await held(one, 20))  # what the first ones bring along is not a stream's
    await asyncio.sleep(0.3)
    before = one.rss_kib
    streams = await held(one, IDLE)
    grown = one.rss_kib - before
    closed(streams)
    return grown / IDLE


def idle(stack: ExitStack) -> Iterator[Row]:
    found = {name: asyncio.run(kib_per_stream(stack.enter_context(server(name)))) for name in NAMES}
    for peer, target in (("plain", 1.2), ("sse-starlette", 0.9), ("fastapi", 0.7)):
        yield Row(
            name=f"idle viewer, memory / {peer}", value=found["ours"] / found[peer], target=target,
            ours=found["ours"], peer=found[peer], each="KiB",
        )  # fmt: skip


async def idle_cpu(one: Server, count: int) -> tuple[float, int]:
    """The part of a core that so many idle viewers take, heartbeats included, and how many are still there then."""
    streams = await held(one, count)
    before, began = one.cpu_s, time.perf_counter()
    await asyncio.sleep(WATCHED_S)
    share = (one.cpu_s - before) / (time.perf_counter() - began)
    there = sum(not stream.done.done() for stream in streams)
    closed(streams)
    return share, there


# ---- stalled


def stalled(one: Server) -> Iterator[Row]:
    """What readers hold that take nothing of a long run that is over: the process' memory and the kernel's."""
    told = asyncio.run(whole(one.port, post("burst 20000")))
    found = RUN.search(told)
    assert found is not None
    path = get(f"/runs/{found[1].decode()}/events?after=0")
    before = one.rss_kib
    sockets = []
    for _ in range(STALLED):
        connection = socket.socket()
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        connection.connect(("127.0.0.1", one.port))
        connection.sendall(path)
        sockets.append(connection)
    time.sleep(2.0)
    grown = max(0, one.rss_kib - before) / STALLED
    kernel = unsent(one.port) / STALLED / 1024
    for connection in sockets:
        connection.close()
    yield Row(
        name="stalled reader, process and kernel", value=grown + kernel, unit="KiB", target=256,
        note=f"{grown:.0f} + {kernel:.0f}",
    )  # fmt: skip


def unsent(port: int) -> int:
    """Bytes that the kernel holds for the peers of a listening port."""
    total = 0
    for line in Path("/proc/net/tcp").read_text().splitlines()[1:]:
        local, queues = line.split()[1], line.split()[4]
        if int(local.rpartition(":")[2], 16) == port:
            total += int(queues.partition(":")[0], 16)
    return total


# ---- told goodbye


async def goodbye(one: Server) -> tuple[float, float, int]:
    """Seconds from SIGTERM to the end of the last stream, and of the process; how many streams were told it well."""
    first = await reader(one.port, post("hold"), keep=True)
    await first.first
    found = RUN.search(first.kept)
    assert found is not None
    path = get(f"/runs/{found[1].decode()}/events?after=0")
    streams = [first, *[await reader(one.port, path, keep=True) for _ in range(TOLD - 1)]]
    await asyncio.gather(*(stream.first for stream in streams))
    ended: list[float] = []
    for stream in streams:
        stream.done.add_done_callback(lambda _: ended.append(time.perf_counter() - began))
    began = time.perf_counter()
    os.kill(one.process.pid, signal.SIGTERM)
    await asyncio.to_thread(one.process.wait, 20)
    took = time.perf_counter() - began
    ends = [await stream.done for stream in streams]
    well = sum(end and b'"stream.bye"' in stream.kept for end, stream in zip(ends, streams, strict=True))
    return max(ended), took, well


# ---- vanished


class Nothing(msgspec.Struct, frozen=True):
    """What the step returns."""


async def go(question: Question, ctx: Context) -> Nothing:
    shape, _, number = question.text.partition(" ")
    if shape == "hold":
        await asyncio.Event().wait()
    for _ in range(int(number)):
        ctx.log("line " * 30)
    return Nothing()


@asynccontextmanager
async def watched_server() -> AsyncIterator[tuple[int, "asyncio.Queue[float]"]]:
    """A server in this process, and when it let go of each viewer."""
    gone: asyncio.Queue[float] = asyncio.Queue()
    release = Watching.release

    def noted(self: Watching, viewer: Any) -> None:
        before = self.count
        release(self, viewer)
        if self.count < before:  # whoever was let go of before is no news
            gone.put_nowait(time.perf_counter())

    Watching.release = noted  # type: ignore[method-assign]  # measured from outside of what is measured
    try:
        pipeline = Pipeline(name="held", title="Held", columns=(), steps=(Step("go", "Go", go),))
        async with running_server([pipeline]) as url:
            yield int(url.rpartition(":")[2]), gone
    finally:
        Watching.release = release  # type: ignore[method-assign]  # as above


async def vanished() -> tuple[list[float], list[float]]:
    """Seconds until the server noticed, of viewers that waited, and of some in the middle of a replay of 6 MB."""
    waiting, reading = [], []
    async with watched_server() as (port, gone):
        for _ in range(VANISHED):
            waiting.append(await noticed(port, gone, post("hold")))
        told = RUN.search(await whole(port, post("lines 30000")))
        assert told is not None
        while not gone.empty():
            gone.get_nowait()
        path = get(f"/runs/{told[1].decode()}/events?after=0")
        for _ in range(VANISHED):
            reading.append(await noticed(port, gone, path))
    return waiting, reading


async def noticed(port: int, gone: "asyncio.Queue[float]", request: bytes) -> float:
    while not gone.empty():
        gone.get_nowait()
    stream = await reader(port, request)
    await stream.first
    began = time.perf_counter()
    stream.transport.abort()
    return max(0.0, await gone.get() - began)


def rows(options: Options) -> Iterator[Row]:
    with ExitStack() as stack:
        yield from idle(stack)
    for count in (1_000, 10_000) if options.full else (1_000,):
        with server("ours") as one:
            share, there = asyncio.run(idle_cpu(one, count))
        yield Row(name=f"{count:,} idle viewers, heartbeats included", value=share * 100, unit="%", target=count / 1000)
        yield Row(name=f"{count:,} idle viewers, still there", value=there, unit="", target=count, sense="at least")
    with server("ours") as one:
        yield from stalled(one)
    with server("ours") as one:
        last, took, well = asyncio.run(goodbye(one))
    yield Row(name=f"SIGTERM with {TOLD} streams, last of them ended", value=last * 1000, unit="ms")
    yield Row(name=f"SIGTERM with {TOLD} streams, exit", value=took, unit="s", target=0.5)
    yield Row(name=f"SIGTERM with {TOLD} streams, farewell and end", value=well, unit="", target=TOLD, sense="at least")
    waiting, reading = asyncio.run(vanished())
    for name, found in (("while waiting", waiting), ("in a replay flat out", reading)):
        yield Row(name=f"disconnect noticed {name}, p99", value=p99(found) * 1000, unit="ms", target=50)


if __name__ == "__main__":
    alone(rows)
