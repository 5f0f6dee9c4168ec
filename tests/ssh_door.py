"""The real front door as a process, and the real OpenSSH client on a pty or without."""

import asyncio
import fcntl
import os
import pty
import re
import signal
import struct
import sys
import termios
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
OPTIONS = (
    "-F", "/dev/null", "-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null", "-o", "LogLevel=ERROR",
    "-o", "IdentityAgent=none",
)  # fmt: skip
_OPEN = ("01", "08")
"""ESTABLISHED and CLOSE_WAIT, as the kernel's table of TCP sockets has them."""
_LISTENING = re.compile(r"Windowseat is listening for SSH on \S+ port (\d+)")


class FrontDoor:
    """``host`` is where the client goes; ``within``: what stands before its command, see ``own_network``."""

    def __init__(self, process: asyncio.subprocess.Process, port: int, welcome: str, within: Sequence[str]) -> None:
        self.process = process
        self.port = port
        self.welcome = welcome
        self.host = "127.0.0.1"
        self.within = within

    def workers(self) -> list[int]:
        """The process ids of its workers."""
        return [pid for pid in _children(self.process.pid) if "tui.ssh.worker" in _command(pid)]

    def busiest(self) -> int:
        """The worker that has the most sessions."""
        return max(self.workers(), key=_sockets)

    async def is_empty(self) -> None:
        """Until all connections to its port are closed at its end too."""
        async with asyncio.timeout(10):
            while _is_open(self.port):  # noqa: ASYNC110  # sockets of other processes
                await asyncio.sleep(0.02)

    def servers(self) -> list[int]:
        return [pid for pid in _children(self.process.pid) if "backend" in _command(pid)]

    def command(self, *words: str, flags: tuple[str, ...] = ()) -> list[str]:
        return [*self.within, "ssh", *OPTIONS, "-p", str(self.port), *flags, "-l", "ada", self.host, *words]

    async def run(
        self, *words: str, stdin: bytes | None = None, flags: tuple[str, ...] = (), env: Mapping[str, str] | None = None
    ) -> tuple[int, str, str]:
        """Exit status, stdout and stderr of ``ssh`` without a pty; stdin is /dev/null unless given."""
        process = await asyncio.create_subprocess_exec(
            *self.command(*words, flags=flags),
            stdin=asyncio.subprocess.DEVNULL if stdin is None else asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env={**os.environ, **(env or {})},
        )
        async with asyncio.timeout(25):
            out, complaint = await process.communicate(stdin)
        assert process.returncode is not None
        return process.returncode, out.decode(), complaint.decode()


@asynccontextmanager
async def front_door(
    folder: Path, *arguments: str, env: Mapping[str, str] | None = None, within: Sequence[str] = ()
) -> AsyncIterator[FrontDoor]:
    """``windowseat ssh`` on a free port of this machine; it is ended by SIGTERM, and must end well."""
    log = (folder / "front.log").open("wb")
    process = await asyncio.create_subprocess_exec(
        *within,
        *(sys.executable, "-P", "-m", "tui", "ssh", "--port", "0", "--host-key", str(folder / "host_key"), *arguments),
        stdout=asyncio.subprocess.PIPE,
        stderr=log,
        env={**os.environ, "PYTHONPATH": str(ROOT), "WINDOWSEAT_DATA_DIR": str(folder / "data"), **(env or {})},
        start_new_session=True,
    )
    log.close()
    assert process.stdout is not None
    try:
        async with asyncio.timeout(60):
            welcome = b"".join([await process.stdout.readline() for _ in range(3)]).decode()
        found = _LISTENING.search(welcome)
        assert found, (welcome, (folder / "front.log").read_text())
        yield FrontDoor(process, int(found[1]), welcome, within)
        if process.returncode is None:
            process.send_signal(signal.SIGTERM)
            async with asyncio.timeout(10):
                assert await process.wait() == 0, (folder / "front.log").read_text()
    finally:
        for pid in [*_children(process.pid), process.pid] if process.returncode is None else []:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        await process.wait()


class Seat:
    """``ssh`` on a pty of its own."""

    def __init__(self, process: asyncio.subprocess.Process, ours: int) -> None:
        self.process = process
        self.sent = bytearray()
        self._ours = ours
        self._all_came = asyncio.Event()
        asyncio.get_running_loop().add_reader(ours, self._read)

    def _read(self) -> None:
        try:
            self.sent += os.read(self._ours, 65536)
        except OSError:
            asyncio.get_running_loop().remove_reader(self._ours)
            self._all_came.set()

    def type(self, data: bytes) -> None:
        os.write(self._ours, data)

    def resize(self, width: int, height: int) -> None:
        fcntl.ioctl(self._ours, termios.TIOCSWINSZ, struct.pack("HHHH", height, width, 0, 0))
        os.kill(self.process.pid, signal.SIGWINCH)

    async def has(self, text: str | bytes, within_s: float = 20) -> None:
        wanted = text.encode() if isinstance(text, str) else text
        try:
            async with asyncio.timeout(within_s):
                while wanted not in self.sent:  # noqa: ASYNC110  # bytes of somebody else
                    await asyncio.sleep(0.02)
        except TimeoutError:
            raise AssertionError(f"{text!r} never came: {bytes(self.sent[-2000:])!r}") from None

    async def ended(self, within_s: float = 20) -> int:
        """Its exit status, when all that it wrote is in ``sent``."""
        async with asyncio.timeout(within_s):
            code = await self.process.wait()
            await self._all_came.wait()
        return code

    def close(self) -> None:
        asyncio.get_running_loop().remove_reader(self._ours)
        os.close(self._ours)


@asynccontextmanager
async def a_seat(
    door: FrontDoor,
    *words: str,
    flags: tuple[str, ...] = ("-tt",),
    size: tuple[int, int] = (100, 30),
    term: str = "xterm-256color",
) -> AsyncIterator[Seat]:
    async with on_a_terminal(door.command(*words, flags=flags), size=size, term=term) as seat:
        yield seat


@asynccontextmanager
async def on_a_terminal(
    command: Sequence[str], *, size: tuple[int, int] = (100, 30), term: str = "xterm-256color"
) -> AsyncIterator[Seat]:
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", size[1], size[0], 0, 0))
    environment = {name: value for name, value in os.environ.items() if name not in ("COLUMNS", "LINES", "COLORTERM")}
    process = await asyncio.create_subprocess_exec(
        *command, stdin=theirs, stdout=theirs, stderr=theirs, env={**environment, "TERM": term}, start_new_session=True
    )
    os.close(theirs)
    seat = Seat(process, ours)
    try:
        yield seat
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
        seat.close()


async def gone(pids: list[int], within_s: float = 15) -> None:
    """Until none of these processes is there any more."""
    async with asyncio.timeout(within_s):
        while [pid for pid in pids if os.path.exists(f"/proc/{pid}")]:  # noqa: ASYNC110, ASYNC240  # not ours
            await asyncio.sleep(0.05)


def _children(pid: int) -> list[int]:
    with suppress(OSError):
        return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    return []


def _is_open(port: int) -> bool:
    lines = map(str.split, Path("/proc/net/tcp").read_text().splitlines()[1:])
    return any(line[1].endswith(f":{port:04X}") and line[3] in _OPEN for line in lines)


def _sockets(pid: int) -> int:
    with suppress(OSError):
        return sum(os.readlink(one).startswith("socket:") for one in Path(f"/proc/{pid}/fd").iterdir())
    return 0


def _command(pid: int) -> str:
    with suppress(OSError):
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()
    return ""
