"""The SSH front door beside one process per session, in the same run, over the same streams.

Run: ``python -m tests.benchmarks ssh``. Everything is a ratio: both sides share the machine with whatever else it does.

While somebody types, all sessions of the side are told something twenty times a second, each time something that is on
their screens: how far a step has got. A 99th percentile is of a thousand keys and more for each side and size, typed
in rounds, the sides in turn, by five people who write fast: a key every 60 to 180 ms, at no beat of anything that is
painted, and a line of a question's length, then another.
"""

import asyncio
import os
import random
import re
import shutil
import statistics
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, suppress
from pathlib import Path

from tests.benchmarks.harness import Options, Row, alone
from tests.benchmarks.ssh_guests import Session, Side, guest, typist
from tui.ssh.keys import host_key

READY = "Where can I escape to?"
ASKED = b"Reading the wish"
FIRST = b"F1 help"
SIZES = (10, 25, 50)
TYPISTS, KEYS, ROUNDS = 5, 70, 3
PAUSES_S = (0.06, 0.18)
LINE = 35
"""Keys of a question; then the line is emptied."""
EMPTY = b"\x15"


async def paint(sides: Sequence[Side]) -> list[Row]:
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
    rows = []
    for mark, text in ((FIRST, "first full paint"), (READY.encode(), "what can be asked")):
        ours, theirs = (statistics.median(found[side.name, mark]) * 1000 for side in sides)
        name = f"ssh: connect to {text}, p50"
        rows.append(Row(name=name, value=ours / theirs, target=0.5, ours=ours, peer=theirs, each="ms"))
    return rows


async def memory(sides: Sequence[Side]) -> list[Row]:
    count = 12
    each: list[float] = []
    for side in sides:
        async with AsyncExitStack() as stack:
            await _opened(stack, side, 4)  # whatever the first ones alone cost
            before = side.pss_mb()
            await _opened(stack, side, count)
            await asyncio.sleep(2)
            each.append((side.pss_mb() - before) / count)
    name = "ssh: memory per extra idle session"
    return [Row(name=name, value=each[0], unit="MB", target=3.0, ours=each[0], peer=each[1], each="MB")]


async def echo(sides: Sequence[Side]) -> list[Row]:
    """Key echo while every session is told something twenty times a second; the sides in turn, who begins too.

    Those who type, and all others then, come with OpenSSH: asyncssh in this process took as long for a key and for each
    of a thousand frames a second as the front door does, and as long from both sides.
    """
    if shutil.which("ssh") is None:
        return []
    times: dict[tuple[str, int], list[float]] = defaultdict(list)
    cpu: dict[tuple[str, int], list[tuple[float, float]]] = defaultdict(list)
    for number in range(ROUNDS):
        for side in sides if number % 2 else reversed(sides):
            async with AsyncExitStack() as stack:
                guests: list[Session] = []
                for size in SIZES:
                    fresh = await _opened(stack, side, size - len(guests), typist)
                    guests += fresh
                    await asyncio.gather(*map(_ask, fresh))
                    await asyncio.sleep(2)
                    found, *used = await _typing(side, guests)
                    times[side.name, size] += found
                    cpu[side.name, size].append((used[0] / size, used[1]))
    rows = []
    for size in SIZES:
        for percent in (50, 99):
            ours, theirs = (_at(times[side.name, size], percent) for side in sides)
            name = f"ssh: key echo, {size} sessions x 20 events/s, p{percent}"
            target = 0.5 if percent == 99 else None
            note = f"{min(len(times[side.name, size]) for side in sides)} keys"
            rows.append(
                Row(name=name, value=ours / theirs, target=target, ours=ours, peer=theirs, each="ms", note=note)
            )
        for place, what in enumerate(("a second and session", "a frame")):
            ours, theirs = (
                statistics.median(one[place] for one in cpu[side.name, size]) * 1000 for side in sides
            )  # fmt: skip
            name = f"ssh: CPU {what}, {size} sessions x 20 events/s"
            rows.append(Row(name=name, value=ours / theirs, ours=ours, peer=theirs, each="ms"))
    return rows


async def stalled(sides: Sequence[Side]) -> list[Row]:
    """Key echo of eight sessions beside one that reads nothing, and beside one that does: more than once each."""
    side = sides[0]
    times: dict[bool, list[float]] = {True: [], False: []}
    cpu: dict[bool, list[float]] = {True: [], False: []}
    async with AsyncExitStack() as stack:
        guests = await _opened(stack, side, 8)
        await asyncio.gather(*map(_ask, guests))
        for is_stalled in (False, True) * ROUNDS:
            async with guest(side, receive_bytes=4096) as other:
                await other.open(READY.encode())
                await _ask(other)
                if is_stalled:
                    other.stop_reading()
                for number in range(30):  # each a full repaint
                    other.resize(100, 30 + number % 2)
                    await asyncio.sleep(0.2)
                found, used, _ = await _typing(side, guests)
                times[is_stalled] += found
                cpu[is_stalled].append(used)
                other.connection.abort()
    rows = []
    for percent in (50, 99):
        beside, without = (_at(times[one], percent) for one in (True, False))
        name = f"ssh: key echo beside a reader that has stalled, p{percent}"
        rows.append(Row(name=name, value=beside / without, target=1.2, ours=beside, peer=without, each="ms"))
    beside, without = (statistics.median(cpu[one]) * 1000 for one in (True, False))
    name = "ssh: CPU a second, all sessions, beside a reader that has stalled"
    return [*rows, Row(name=name, value=beside / without, target=1.2, ours=beside, peer=without, each="ms")]


async def hundred(sides: Sequence[Side]) -> list[Row]:
    side = sides[0]
    began = time.perf_counter()
    async with AsyncExitStack() as stack:
        await _opened(stack, side, 100)
        took = time.perf_counter() - began
        return [
            Row(name="ssh: 100 sessions at once, until the last is painted", value=took, unit="s"),
            Row(name="ssh: 100 sessions at once, memory of all", value=side.pss_mb(), unit="MB"),
        ]


async def _ask(one: Session) -> None:
    """Until its run is on the screen: where a machine is short of time the server isn't reached at once."""
    for _ in range(5):
        one.expect(ASKED)
        one.type(b"go\r")
        with suppress(TimeoutError):
            await one.seen(20)
            return
    raise TimeoutError("a session that asks gets no answer")


async def _typing(side: Side, guests: Sequence[Session]) -> tuple[list[float], float, float]:
    """How long each echo took, and the CPU seconds of the side meanwhile: of a second, and of a frame."""
    times: list[float] = []
    chars = _characters()
    began, before, frames = time.perf_counter(), side.cpu_s(), sum(one.frames for one in guests)
    # Not every second one, or tenth: the front door deals sessions out in turn, and all five would be one worker's.
    typists = random.Random(len(guests)).sample(guests, TYPISTS)
    await asyncio.gather(*(_type(one, chars, times, random.Random(who)) for who, one in enumerate(typists)))
    used = side.cpu_s() - before
    frames = sum(one.frames for one in guests) - frames
    return times, used / (time.perf_counter() - began), used / frames


async def _type(one: Session, chars: Iterator[str], times: list[float], chance: random.Random) -> None:
    await asyncio.sleep(chance.uniform(*PAUSES_S))
    for number in range(1, KEYS + 1):
        times.append(await one.echo_s(next(chars)))
        if number % LINE == 0:
            one.type(EMPTY)
        await asyncio.sleep(chance.uniform(*PAUSES_S))


async def _opened(
    stack: AsyncExitStack, side: Side, count: int, by: Callable[[Side], AbstractAsyncContextManager[Session]] = guest
) -> list[Session]:
    guests = [await stack.enter_async_context(by(side)) for _ in range(count)]
    await asyncio.gather(*(one.open(READY.encode()) for one in guests))
    return guests


def _characters() -> Iterator[str]:
    """Each one new, so that it can be told from what was there before."""
    return map(chr, range(0x4E00, 0x9000))


def _at(times: Sequence[float], percent: int) -> float:
    return sorted(times)[min(len(times) - 1, len(times) * percent // 100)] * 1000


async def _spawn(*arguments: str) -> tuple[asyncio.subprocess.Process, str]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", *arguments, stdout=asyncio.subprocess.PIPE, env={**os.environ, "WINDOWSEAT_HISTORY": "0"}
    )
    assert process.stdout is not None
    return process, (await process.stdout.readline()).decode()


def rows(options: Options) -> Iterator[Row]:
    yield from asyncio.run(_measure())


async def _measure() -> list[Row]:
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
            return [row for part in (paint, memory, echo, stalled, hundred) for row in await part(sides)]
        finally:
            for process in (door, plain, server):
                process.terminate()
                await process.wait()


if __name__ == "__main__":
    alone(rows)
