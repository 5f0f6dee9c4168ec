"""The real program on a bare pty: the bytes that it sends to a terminal, and how to type."""

import asyncio
import fcntl
import os
import pty
import struct
import sys
import termios
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

import msgspec

from shared import events as ev
from tests.tui.app.scripted import INFO

PROGRAM = [sys.executable, "-m", "tui"]
ROOT = Path(__file__).resolve().parents[1]
CTRL_Q = b"\x11"
_ASKS_FOR_SYNC, _HAS_SYNC = b"\x1b[?2026$p", b"\x1b[?2026;2$y"


def frames(events: Sequence[ev.KnownEvent]) -> bytes:
    """Without ids, so that the name of the run may be anything."""
    return b"".join(b"data: " + msgspec.json.encode(event) + b"\n\n" for event in events)


def info() -> list[dict[str, object]]:
    """The pipelines that a scripted server has."""
    built: dict[str, object] = msgspec.to_builtins(INFO)
    return [built]


@asynccontextmanager
async def in_pty(
    *arguments: str,
    size: tuple[int, int] = (120, 40),
    program: Sequence[str] = (*PROGRAM,),
    env: Mapping[str, str] | None = None,
    quits: bytes = CTRL_Q,
) -> AsyncIterator[tuple[bytearray, Callable[[bytes], int], Callable[[], float]]]:
    """The program on a bare pty: all the bytes that it sent, how to type, and how many seconds of CPU it has used.

    It is told that its terminal draws frames at once (mode 2026), as most do."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", size[1], size[0], 0, 0))
    environment = {name: value for name, value in os.environ.items() if name not in ("COLUMNS", "LINES")}
    environment |= {"TERM": "xterm-256color", "COLORTERM": "truecolor", **(env or {})}
    process = await asyncio.create_subprocess_exec(
        *program, *arguments, stdin=theirs, stdout=theirs, stderr=theirs, cwd=ROOT, env=environment,
        start_new_session=True,
    )  # fmt: skip
    os.close(theirs)
    sent = bytearray()
    loop = asyncio.get_running_loop()

    def read() -> None:
        try:
            chunk = os.read(ours, 65536)
        except OSError:
            loop.remove_reader(ours)
            return
        sent.extend(chunk)
        if _ASKS_FOR_SYNC in chunk:
            os.write(ours, _HAS_SYNC)

    loop.add_reader(ours, read)
    try:
        yield sent, partial(os.write, ours), partial(_cpu_s, process.pid)
        os.write(ours, quits)
        async with asyncio.timeout(20):
            assert await process.wait() == 0
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
        loop.remove_reader(ours)
        os.close(ours)


async def has(sent: bytearray, text: str) -> None:
    async with asyncio.timeout(40):
        while text.encode() not in sent:  # noqa: ASYNC110  # what is waited for are bytes of another process
            await asyncio.sleep(0.02)


def _cpu_s(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
