"""The sessions of a worker inside of a test: our door on loopback, and a client of asyncssh for it."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import asyncssh

from tui.ssh.app import SshApp
from tui.ssh.control import Message
from tui.ssh.door import Door
from tui.ssh.house import House
from tui.ssh.keys import host_key
from tui.ssh.settings import SshSettings
from tui.ssh.worker import options

CTRL_C, CTRL_D, CTRL_Q = b"\x03", b"\x04", b"\x11"


def pasted(text: bytes) -> bytes:
    """What comes back in one piece: a letter that is typed is painted by itself."""
    return b"\x1b[200~" + text + b"\x1b[201~"


@dataclass
class Opened:
    """The worker's half. ``told`` is what the front would have heard; ``known`` what it answers to who comes in."""

    house: House
    port: int
    told: list[Message] = field(default_factory=list)
    known: dict[str, Any] = field(default_factory=lambda: {"runs": [], "open": "", "lost": ""})

    @property
    def door(self) -> Door:
        """The newest one."""
        newest = self.house.doors[max(self.house.doors)]
        assert isinstance(newest, Door)
        return newest

    @property
    def app(self) -> SshApp:
        """That of the newest session."""
        session = self.door._session
        assert session is not None
        assert session._visit is not None
        assert session._visit._app is not None
        return session._visit._app

    async def empty(self) -> None:
        """Until nobody is left."""
        async with asyncio.timeout(15):
            while self.house.doors or self.house.tasks:  # noqa: ASYNC110  # emptied by asyncssh
                await asyncio.sleep(0.02)

    @asynccontextmanager
    async def connected(self, **more: Any) -> AsyncIterator[asyncssh.SSHClientConnection]:
        more = {"username": "ada", "client_keys": None, "known_hosts": None, "config": None, "agent_path": None, **more}
        async with asyncssh.connect("127.0.0.1", more.pop("port", self.port), **more) as connection:
            yield connection


@asynccontextmanager
async def open_house(folder: Path, url: str, **settings: Any) -> AsyncIterator[Opened]:
    """Sessions that ask the server at ``url``."""
    told: list[Message] = []
    opened: Opened

    def tell(message: Message) -> None:
        told.append(message)
        if message["kind"] == "authenticated":
            door = opened.house.doors[message["connection"]]
            asyncio.get_running_loop().call_soon(
                lambda: door.known(opened.known["runs"], opened.known["open"], opened.known["lost"])
            )

    chosen = SshSettings(host_key=folder / "key", **settings)
    host_key(chosen.host_key)
    house = House(chosen, tell, url=url)
    numbers = iter(range(1, 100_000))
    governing = asyncio.create_task(house.governor.run())
    acceptor = await asyncssh.listen(
        "127.0.0.1", 0, options=options(chosen), server_factory=lambda: Door(house, next(numbers))
    )
    opened = Opened(house, acceptor.get_port(), told)
    try:
        yield opened
    finally:
        acceptor.close()
        for door in list(house.doors.values()):
            door.abort()
        for task in list(house.tasks):
            task.cancel()
        await asyncio.gather(*house.tasks, return_exceptions=True)
        governing.cancel()
        with suppress(asyncio.CancelledError):
            await governing
        await acceptor.wait_closed()


class Screen:
    """A session with a terminal: all the bytes that came, and how to type. ``ended`` has the exit status."""

    def __init__(self, process: "asyncssh.SSHClientProcess[bytes]") -> None:
        self.process = process
        self.sent = bytearray()
        self._reading = asyncio.create_task(self._read())

    async def _read(self) -> None:
        with suppress(asyncssh.Error, OSError):
            while chunk := await self.process.stdout.read(65536):
                self.sent += chunk

    def type(self, data: bytes) -> None:
        self.process.stdin.write(data)

    async def has(self, text: str | bytes, within_s: float = 20) -> None:
        wanted = text.encode() if isinstance(text, str) else text
        try:
            async with asyncio.timeout(within_s):
                while wanted not in self.sent:  # noqa: ASYNC110  # bytes of somebody else
                    await asyncio.sleep(0.02)
        except TimeoutError:
            raise AssertionError(f"{text!r} never came: {bytes(self.sent[-3000:])!r}") from None

    async def ended(self) -> int | None:
        async with asyncio.timeout(20):
            await self.process.wait_closed()
            await self._reading
        return self.process.exit_status

    def close(self) -> None:
        self._reading.cancel()


@asynccontextmanager
async def a_screen(
    connection: asyncssh.SSHClientConnection,
    command: str | None = None,
    *,
    term: str = "xterm-256color",
    size: tuple[int, int] = (100, 30),
    env: Mapping[str, str] | None = None,
) -> AsyncIterator[Screen]:
    process = await connection.create_process(
        command, term_type=term, term_size=size, encoding=None, env=dict(env or {}), stderr=asyncssh.STDOUT
    )
    screen = Screen(process)
    try:
        yield screen
    finally:
        screen.close()
        process.close()
