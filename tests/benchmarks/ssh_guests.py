"""Who comes in by SSH in ``bench_ssh``, and what they cost the side that serves them."""

import asyncio
import fcntl
import os
import pty
import re
import socket
import struct
import termios
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import asyncssh

from tests.benchmarks.harness import cpu_of

SIZE = 100, 30
CIPHER = "aes128-gcm@openssh.com"
_NO_KEYS = (
    "-oBatchMode=yes", "-oPreferredAuthentications=none", "-oIdentityAgent=none", "-oLogLevel=ERROR",
    "-oStrictHostKeyChecking=no", "-oUserKnownHostsFile=/dev/null", "-oGlobalKnownHostsFile=/dev/null",
)  # fmt: skip
_PSS = re.compile(r"^Pss:\s+(\d+) kB", re.MULTILINE)


@dataclass
class Side:
    name: str
    port: int
    process: asyncio.subprocess.Process

    def pss_mb(self) -> float:
        """Memory of the process and all its children, shared pages counted in shares."""
        return sum(_pss_kb(pid) for pid in _family(self.process.pid)) / 1024

    def cpu_s(self) -> float:
        """CPU time so far of the process and all children that it still has."""
        used = 0.0
        for pid in _family(self.process.pid):
            with suppress(OSError):
                used += cpu_of(pid)
        return used


class Session:
    """What came, and when a certain text came."""

    def __init__(self) -> None:
        self.frames = 0
        self._wanted = b""
        self._tail = b""
        self._came = asyncio.Event()
        self._at = 0.0

    async def open(self, wanted: bytes) -> float:
        """Seconds until ``wanted`` was on the screen."""
        began = time.perf_counter()
        self.expect(wanted)
        await self._open()
        return await self.seen() - began

    async def _open(self) -> None:
        raise NotImplementedError

    def type(self, data: bytes) -> None:
        raise NotImplementedError

    def expect(self, wanted: bytes) -> None:
        self._wanted = wanted
        self._came.clear()

    async def seen(self, within_s: float = 300) -> float:
        async with asyncio.timeout(within_s):
            await self._came.wait()
        return self._at

    async def echo_s(self, char: str) -> float:
        self.expect(char.encode())
        began = time.perf_counter()
        self.type(char.encode())
        return await self.seen() - began

    def _received(self, chunk: bytes) -> None:
        self.frames += 1
        self._tail = (self._tail + chunk)[-len(chunk) - 64 :]
        if self._wanted and self._wanted in self._tail:
            self._at = time.perf_counter()
            self._wanted, self._tail = b"", b""
            self._came.set()


class Guest(Session):
    """By asyncssh, in this process."""

    def __init__(self, connection: asyncssh.SSHClientConnection) -> None:
        super().__init__()
        self.connection = connection
        self.process: asyncssh.SSHClientProcess[bytes] | None = None
        self._task: asyncio.Task[None] | None = None

    async def _open(self) -> None:
        self.process = await self.connection.create_process(term_type="xterm-256color", term_size=SIZE, encoding=None)
        self._task = asyncio.create_task(self._read())

    def type(self, data: bytes) -> None:
        assert self.process is not None
        self.process.stdin.write(data)

    def resize(self, width: int, height: int) -> None:
        assert self.process is not None
        self.process.change_terminal_size(width, height)

    def stop_reading(self) -> None:
        assert self.connection._transport is not None
        self.connection._transport.pause_reading()

    async def _read(self) -> None:
        assert self.process is not None
        with suppress(asyncssh.Error, OSError):
            while chunk := await self.process.stdout.read(65536):
                self._received(chunk)


class Typist(Session):
    """By OpenSSH on a terminal, as people have it, and a tenth of asyncssh's part in what is measured."""

    def __init__(self, side: Side) -> None:
        super().__init__()
        self._side = side
        self._ours = -1
        self._client: asyncio.subprocess.Process | None = None

    async def _open(self) -> None:
        self._ours, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", SIZE[1], SIZE[0], 0, 0))
        os.set_blocking(self._ours, False)
        try:
            self._client = await asyncio.create_subprocess_exec(
                *("ssh", "-tt", "-F", "none", "-c", CIPHER, "-p", str(self._side.port), "-l", "ada", *_NO_KEYS),
                "127.0.0.1", stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True,
                env={**os.environ, "TERM": "xterm-256color"},
            )  # fmt: skip
        finally:
            os.close(theirs)
        asyncio.get_running_loop().add_reader(self._ours, self._read)

    def type(self, data: bytes) -> None:
        os.write(self._ours, data)

    async def close(self) -> None:
        asyncio.get_running_loop().remove_reader(self._ours)
        os.close(self._ours)
        if self._client is not None:
            with suppress(ProcessLookupError):
                self._client.kill()
            await self._client.wait()

    def _read(self) -> None:
        try:
            self._received(os.read(self._ours, 65536))
        except OSError:  # it has ended
            asyncio.get_running_loop().remove_reader(self._ours)


@asynccontextmanager
async def typist(side: Side) -> AsyncIterator[Typist]:
    one = Typist(side)
    try:
        yield one
    finally:
        await one.close()


@asynccontextmanager
async def guest(side: Side, receive_bytes: int | None = None) -> AsyncIterator[Guest]:
    """``receive_bytes``: what the kernel may keep for it."""
    sock = socket.socket()
    sock.setblocking(False)
    if receive_bytes is not None:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_bytes)
    await asyncio.get_running_loop().sock_connect(sock, ("127.0.0.1", side.port))
    async with asyncssh.connect(
        sock=sock, username="ada", known_hosts=None, client_keys=None, config=None, agent_path=None,
        connect_timeout=120, login_timeout=120, encryption_algs=[CIPHER],
    ) as connection:  # fmt: skip
        yield Guest(connection)


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
