"""Readers of event streams that cost as little as they can, and the servers that they read from."""

import asyncio
import contextlib
import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from typing import NamedTuple

from tests.benchmarks.harness import ROOT, cpu_of

_END = b"0\r\n\r\n"


class Server:
    """One of ``peers.NAMES`` in a process of its own."""

    def __init__(self, name: str, process: "subprocess.Popen[bytes]", port: int) -> None:
        self.name, self.process, self.port = name, process, port

    @property
    def cpu_s(self) -> float:
        return cpu_of(self.process.pid)

    @property
    def rss_kib(self) -> int:
        with open(f"/proc/{self.process.pid}/status") as status:
            return next(int(line.split()[1]) for line in status if line.startswith("VmRSS:"))


@contextlib.contextmanager
def server(name: str, *shared: str, core: int | None = None) -> Iterator[Server]:
    """``shared``: as ``peers.main`` has it; ``core``: the only one that it may use."""
    pipe = subprocess.PIPE
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.benchmarks.peers", name, *shared],
        stdin=pipe, stdout=pipe, stderr=subprocess.DEVNULL, cwd=ROOT,
    )  # fmt: skip
    assert process.stdin is not None
    assert process.stdout is not None
    if core is not None:
        os.sched_setaffinity(process.pid, {core})  # before it has threads, which inherit it
    try:
        port = process.stdout.readline()
        if not port:
            raise RuntimeError(f"the server {name} doesn't start: python -m tests.benchmarks.peers {name}")
        yield Server(name, process, int(port))
    finally:
        process.stdin.close()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        process.stdout.close()


def post(question: str) -> bytes:
    body = json.dumps({"q": question}).encode()
    head = (
        f"POST /assist HTTP/1.1\r\nHost: bench\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def get(path: str) -> bytes:
    return f"GET {path} HTTP/1.1\r\nHost: bench\r\n\r\n".encode()


class Reader(asyncio.Protocol):
    """A kept connection that asks ``request`` ``times`` over, and counts the bytes of what it is told.

    ``done`` has whether all ended well; ``first`` is set by the first bytes; ``kept`` has the bytes, if wanted.
    """

    def __init__(self, request: bytes, times: int = 1, *, keep: bool = False) -> None:
        loop = asyncio.get_running_loop()
        self.done: asyncio.Future[bool] = loop.create_future()
        self.first: asyncio.Future[float] = loop.create_future()
        self.kept = bytearray()
        self.read = 0
        self._loop, self._request, self._times, self._keep, self._tail = loop, request, times, keep, b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        transport.write(self._request)

    def data_received(self, data: bytes) -> None:
        self.read += len(data)
        if self._keep:
            self.kept += data
        if not self.first.done():
            self.first.set_result(self._loop.time())
        self._tail = (self._tail + data[-5:])[-5:]
        if self._tail == _END:
            self._tail = b""
            self._times -= 1
            if self._times:
                self.transport.write(self._request)
            else:
                self.transport.close()
                self.done.set_result(True)

    def connection_lost(self, error: Exception | None) -> None:
        if not self.done.done():
            self.done.set_result(False)


async def reader(port: int, request: bytes, times: int = 1, *, keep: bool = False) -> Reader:
    _, protocol = await asyncio.get_running_loop().create_connection(
        lambda: Reader(request, times, keep=keep), "127.0.0.1", port
    )
    return protocol


async def read_all(port: int, request: bytes, connections: int, times: int) -> int:
    """Bytes read by so many connections, each asking so many times. Raises RuntimeError where one broke off."""
    readers = [await reader(port, request, times) for _ in range(connections)]
    if not all([await one.done for one in readers]):
        raise RuntimeError(f"a stream broke off: {request[:60]!r}")
    return sum(one.read for one in readers)


async def whole(port: int, request: bytes) -> bytes:
    one = await reader(port, request, keep=True)
    if not await one.done:
        raise RuntimeError(f"a stream broke off: {request[:60]!r}")
    return bytes(one.kept)


# ---- as many answers as there are in a while


class Asked(NamedTuple):
    """So many whole answers in ``wall_s`` seconds, for which the readers themselves used ``cpu_s`` of CPU time."""

    answers: int
    wall_s: float
    cpu_s: float


class Asking(asyncio.Protocol):
    """A kept connection that asks anew whenever it was answered. Of a chunk of an answer it looks at the end alone."""

    def __init__(self, request: bytes) -> None:
        self.answers = 0
        self.lost: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._request, self._tail = request, b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert hasattr(transport, "write")
        self.transport = transport
        transport.write(self._request)

    def data_received(self, data: bytes) -> None:
        self._tail = data[-5:] if len(data) > 4 else (self._tail + data)[-5:]
        if self._tail == _END:
            self.answers += 1
            self.transport.write(self._request)

    def connection_lost(self, error: Exception | None) -> None:
        self.lost.set_result(None)


async def _ask_for(port: int, request: bytes, connections: int, seconds: float) -> Asked:
    loop = asyncio.get_running_loop()
    began, cpu = time.perf_counter(), time.process_time()
    made = [await loop.create_connection(lambda: Asking(request), "127.0.0.1", port) for _ in range(connections)]
    await asyncio.sleep(seconds)
    asked = Asked(sum(one.answers for _, one in made), time.perf_counter() - began, time.process_time() - cpu)
    if any(one.lost.done() for _, one in made):
        raise RuntimeError(f"a stream broke off: {request[:60]!r}")
    for transport, one in made:
        transport.abort()
        await one.lost
    return asked


_FOUND = re.compile(r"(\d+) requests in ([\d.]+)s")


def _wrk(port: int, request: bytes, connections: int, seconds: float) -> Asked:
    """``wrk`` has neither a body nor a POST without a script: it is for GET."""
    url = f"http://127.0.0.1:{port}{request.split()[1].decode()}"
    command = ["wrk", "--threads", "1", "--connections", str(connections), "--duration", f"{seconds:.0f}s", url]
    before = os.times()
    told = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    after = os.times()
    found = _FOUND.search(told)
    if found is None or "Socket errors" in told or "Non-2xx" in told:
        raise RuntimeError(f"wrk says: {told}")
    used = after.children_user + after.children_system - before.children_user - before.children_system
    return Asked(int(found[1]), float(found[2]), used)


READS_IN_C = shutil.which("wrk") is not None
ask_for: Callable[[int, bytes, int, float], Asked] = (
    _wrk if READS_IN_C else lambda *given: asyncio.run(_ask_for(*given))
)
"""``ask_for(port, request, connections, seconds)``: each connection asks again and again, so that no server waits for
requests. By ``wrk`` where that is installed, which takes half of what the readers above take."""
