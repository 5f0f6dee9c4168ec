"""The SSH front door beside one process per session, in the same run, over the same streams.

Run as ``python -m tests.benchmarks.bench_ssh [paint] [memory] [echo] [hundred]``. Everything is a ratio: both sides
share the machine with whatever else it does.
"""

import asyncio
import os
import re
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import asyncssh

from tui.ssh.keys import host_key

READY = "Where can I escape to?"
FIRST = b"F1 help"
SIZES = (10, 25, 50)
TYPISTS, KEYS = 5, 16
_PSS = re.compile(r"^Pss:\s+(\d+) kB", re.MULTILINE)


@dataclass
class Side:
    name: str
    port: int
    process: asyncio.subprocess.Process

    def pss_mb(self) -> float:
        """Memory of the process and all its children, shared pages counted in shares."""
        return sum(_pss_kb(pid) for pid in _family(self.process.pid)) / 1024


class Guest:
    """One session: what came, and when a certain text came."""

    def __init__(self, connection: asyncssh.SSHClientConnection) -> None:
        self.connection = connection
        self.process: asyncssh.SSHClientProcess[bytes] | None = None
        self._wanted = b""
        self._tail = b""
        self._came = asyncio.Event()
        self._at = 0.0
        self._task: asyncio.Task[None] | None = None

    async def open(self, wanted: bytes) -> float:
        """Seconds until ``wanted`` was on the screen."""
        began = time.perf_counter()
        self.expect(wanted)
        self.process = await self.connection.create_process(
            term_type="xterm-256color", term_size=(100, 30), encoding=None
        )
        self._task = asyncio.create_task(self._read())
        return await self.seen() - began

    def expect(self, wanted: bytes) -> None:
        self._wanted = wanted
        self._came.clear()

    async def seen(self, within_s: float = 120) -> float:
        async with asyncio.timeout(within_s):
            await self._came.wait()
        return self._at

    def type(self, data: bytes) -> None:
        assert self.process is not None
        self.process.stdin.write(data)

    async def echo_s(self, char: str) -> float:
        self.expect(char.encode())
        began = time.perf_counter()
        self.type(char.encode())
        return await self.seen() - began

    async def _read(self) -> None:
        assert self.process is not None
        with suppress(asyncssh.Error, OSError):
            while chunk := await self.process.stdout.read(65536):
                self._tail = (self._tail + chunk)[-max(len(chunk), 0) - 64 :]
                if self._wanted and self._wanted in self._tail:
                    self._at = time.perf_counter()
                    self._wanted, self._tail = b"", b""
                    self._came.set()


@asynccontextmanager
async def guest(side: Side) -> AsyncIterator[Guest]:
    async with asyncssh.connect(
        "127.0.0.1", side.port, username="ada", known_hosts=None, client_keys=None, config=None, agent_path=None,
        connect_timeout=120, login_timeout=120, encryption_algs=["aes128-gcm@openssh.com"],
    ) as connection:  # fmt: skip
        yield Guest(connection)


async def paint(sides: Sequence[Side]) -> None:
    """Connect to full paint, one after the other, the sides in turn."""
    found: dict[tuple[str, bytes], list[float]] = {
        (side.name, mark): [] for side in sides for mark in (FIRST, READY.encode())
    }
    for _ in range(6):
        for (name, mark), times in found.items():
            side = next(side for side in sides if side.name == name)
            began = time.perf_counter()
            async with guest(side) as one:
                await one.open(mark)
                times.append(time.perf_counter() - began)
    for mark, text in ((FIRST, "to first full paint"), (READY.encode(), "to what can be asked")):
        ours, theirs = (statistics.median(found[side.name, mark]) * 1000 for side in sides)
        print(f"connect {text:<22} p50 {ours:7.0f} ms, a process each {theirs:7.0f} ms: {ours / theirs:.2f}x")


async def memory(sides: Sequence[Side]) -> None:
    count = 12
    for side in sides:
        async with AsyncExitStack() as stack:
            await _opened(stack, side, 4)  # whatever the first ones alone cost
            before = side.pss_mb()
            await _opened(stack, side, count)
            await asyncio.sleep(2)
            print(f"memory per extra idle session {(side.pss_mb() - before) / count:6.2f} MB  ({side.name})")


async def echo(sides: Sequence[Side]) -> None:
    """Key echo while every session is told something twenty times a second."""
    found: dict[tuple[str, int], list[float]] = {}
    for side in sides:
        async with AsyncExitStack() as stack:
            guests: list[Guest] = []
            for size in SIZES:
                fresh = await _opened(stack, side, size - len(guests))
                guests += fresh
                for one in fresh:
                    one.type(b"go\r")
                await asyncio.sleep(4)
                chars = _characters()
                times: list[float] = []
                typing = [_type(one, chars, times) for one in guests[:: max(1, size // TYPISTS)][:TYPISTS]]
                await asyncio.gather(*typing)
                found[side.name, size] = times
                print(f"  {side.name}: {size} sessions, memory {side.pss_mb():.0f} MB", flush=True)
    for size in SIZES:
        ours, theirs = (found[side.name, size] for side in sides)
        texts = [
            f"p{percent} {_at(ours, percent):6.0f} ms, a process each {_at(theirs, percent):6.0f} ms: "
            f"{_at(ours, percent) / _at(theirs, percent):.2f}x"
            for percent in (50, 99)
        ]
        print(f"key echo, {size:>2} sessions x 20/s  " + "   ".join(texts))


async def hundred(sides: Sequence[Side]) -> None:
    side = sides[0]
    began = time.perf_counter()
    async with AsyncExitStack() as stack:
        await _opened(stack, side, 100)
        print(f"100 sessions open after {time.perf_counter() - began:.1f} s, {side.pss_mb():.0f} MB in all")


async def _type(one: Guest, chars: Iterator[str], times: list[float]) -> None:
    for _ in range(KEYS):
        times.append(await one.echo_s(next(chars)))
        await asyncio.sleep(0.25)


async def _opened(stack: AsyncExitStack, side: Side, count: int) -> list[Guest]:
    guests = [await stack.enter_async_context(guest(side)) for _ in range(count)]
    await asyncio.gather(*(one.open(READY.encode()) for one in guests))
    return guests


def _characters() -> Iterator[str]:
    """Each one new, so that it can be told from what was there before."""
    return map(chr, range(0x4E00, 0x9000))


def _at(times: Sequence[float], percent: int) -> float:
    return sorted(times)[min(len(times) - 1, len(times) * percent // 100)] * 1000


def _family(pid: int) -> list[int]:
    children: list[int] = []
    with suppress(OSError):
        for thread in os.listdir(f"/proc/{pid}/task"):
            children += map(int, Path(f"/proc/{pid}/task/{thread}/children").read_text().split())
    return [pid, *(one for child in children for one in _family(child))]


def _pss_kb(pid: int) -> int:
    with suppress(OSError):
        found = _PSS.search(Path(f"/proc/{pid}/smaps_rollup").read_text())
        return int(found[1]) if found else 0
    return 0


async def _spawn(*arguments: str) -> tuple[asyncio.subprocess.Process, str]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", *arguments, stdout=asyncio.subprocess.PIPE, env={**os.environ, "WINDOWSEAT_HISTORY": "0"}
    )
    assert process.stdout is not None
    return process, (await process.stdout.readline()).decode()


async def main(names: Sequence[str]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        key = Path(folder) / "key"
        host_key(key)
        server, url = await _spawn("tests.benchmarks.ssh_peers", "stream")
        door, welcome = await _spawn(
            "tui", "ssh", "--url", url.strip(), "--port", "0", "--host-key", str(key), "--max-per-address", "500",
            "--max-unauthenticated", "500", "--worker-s", "60", "--login-s", "120",
        )  # fmt: skip
        plain, port = await _spawn("tests.benchmarks.ssh_peers", "processes", url.strip(), str(key))
        found = re.search(r"port (\d+)", welcome)
        assert found, welcome
        sides = [Side("front door", int(found[1]), door), Side("a process each", int(port), plain)]
        try:
            for name in names or ("paint", "memory", "echo", "hundred"):
                await {"paint": paint, "memory": memory, "echo": echo, "hundred": hundred}[name](sides)
        finally:
            for process in (door, plain, server):
                process.terminate()
                await process.wait()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1:]))
