"""``python -m tui.ssh.worker FD``: holds sessions; the front sends it connections over the socket FD."""

import asyncio
import gc
import logging
import socket
import sys
import zlib
from contextlib import suppress
from pathlib import Path
from typing import Any

import asyncssh
import msgspec
from asyncssh.compression import Compressor, Decompressor, register_compression_alg

from tui.ssh import garbage
from tui.ssh.console import ROUTER
from tui.ssh.control import Control, Message
from tui.ssh.door import WINDOW, Door
from tui.ssh.house import House
from tui.ssh.keys import host_key
from tui.ssh.settings import SshSettings
from tui.ssh.turns import TurnsLoop

FRONT_GONE = "the front door is gone"
_FAREWELL_S = 2.0
_MAX_INFLATED = 256 * 1024
"""Bytes that one packet may become: SSH allows 32 KiB of data in it."""
KEEPALIVE_S, KEEPALIVES = 10.0, 3
"""A client that is asked so often and says nothing is gone after (3 + 1) x 10 s: within 45 s."""

log = logging.getLogger(__name__)


class Worker:
    def __init__(self, end: socket.socket) -> None:
        self._house: House | None = None
        self._options: asyncssh.SSHServerConnectionOptions | None = None
        self._governing: asyncio.Task[None] | None = None
        self._over = asyncio.Event()
        self._control = Control(end, self._take, self._front_gone)

    async def run(self) -> None:
        """Until the front says stop, or is gone; then everybody is told."""
        await self._over.wait()
        house = self._house
        if house is None:
            return
        for door in list(house.doors.values()):
            door.end(house.why)
        await self._settled(house, _FAREWELL_S)
        for door in list(house.doors.values()):
            door.abort()
        for task in list(house.tasks):
            task.cancel()
        await self._settled(house, 0.5)
        if self._governing is not None:
            self._governing.cancel()
        self._control.close()

    async def _settled(self, house: House, within_s: float) -> None:
        """Until nobody is left: ``doors`` empties as what was said to them has gone out."""
        with suppress(TimeoutError):
            async with asyncio.timeout(within_s):
                while house.doors or house.tasks:  # noqa: ASYNC110  # filled and emptied by asyncssh
                    await asyncio.sleep(0.02)

    def _take(self, message: Message, connection: socket.socket | None) -> None:
        house = self._house
        match message.get("kind"):
            case "configure":
                self._configure(message)
            case "ping":
                self._control.send({"kind": "pong"})
            case "connection" if house is not None and connection is not None:
                house.spawn(asyncio.create_task(self._serve(house, message["connection"], connection)))
            case "known" if house is not None:
                door = house.doors.get(message["connection"])
                if door is not None:
                    door.known(message["runs"], message["open"], message["lost"])
            case "server" if house is not None:
                house.url = message["url"]
            case "stop":
                self._stop(message["why"])
            case _:
                if connection is not None:
                    connection.close()

    def _configure(self, message: Message) -> None:
        settings = msgspec.convert(message["settings"], SshSettings, dec_hook=_path)
        if message["verbose"]:
            logging.getLogger("tui").setLevel(logging.INFO)
        self._house = House(settings, self._control.send, url=message["url"])
        self._governing = asyncio.create_task(self._house.governor.run())
        self._options = options(settings)
        self._control.send({"kind": "ready"})

    async def _serve(self, house: House, number: int, connection: socket.socket) -> None:
        door = Door(house, number)
        connection.setblocking(False)
        try:
            await asyncssh.run_server(connection, options=self._options, server_factory=lambda: door)
        except (OSError, asyncssh.Error, TimeoutError, ValueError) as error:
            log.info("connection %d: %s", number, error)
        finally:
            if number not in house.doors:  # it never came to be, or is gone already
                connection.close()
                house.tell({"kind": "closed", "connection": number})

    def _front_gone(self) -> None:
        self._stop(FRONT_GONE)

    def _stop(self, why: str) -> None:
        if self._house is not None and not self._house.why:
            self._house.why = why
        self._over.set()


def options(settings: SshSettings) -> asyncssh.SSHServerConnectionOptions:
    """A session and nothing else: no password, no forwarding of any kind, no agent, no files."""
    return asyncssh.SSHServerConnectionOptions(
        server_host_keys=[host_key(settings.host_key)],
        public_key_auth=settings.access == "keys",
        password_auth=False,
        kbdint_auth=False,
        host_based_auth=False,
        gss_host=None,
        gss_kex=False,
        gss_auth=False,
        allow_pty=True,
        line_editor=False,
        x11_forwarding=False,
        agent_forwarding=False,
        sftp_factory=None,
        allow_scp=False,
        rdns_lookup=False,
        encoding=None,
        window=WINDOW,
        login_timeout=settings.login_s,
        keepalive_interval=KEEPALIVE_S,
        keepalive_count_max=KEEPALIVES,
        compression_algs=["none", "zlib@openssh.com"],
        server_version="Windowseat",
    )


class _BoundedInflate(Decompressor):
    """asyncssh's own has no bound: a few kilobytes can become gigabytes."""

    def __init__(self) -> None:
        self._inflate = zlib.decompressobj()

    def decompress(self, data: bytes) -> bytes | None:
        try:
            inflated = self._inflate.decompress(data, _MAX_INFLATED)
        except zlib.error:
            return None
        return None if self._inflate.unconsumed_tail else inflated


class _Deflate(Compressor):
    def __init__(self) -> None:
        self._deflate = zlib.compressobj()

    def compress(self, data: bytes) -> bytes:
        return self._deflate.compress(data) + self._deflate.flush(zlib.Z_SYNC_FLUSH)


def _path(kind: type, value: Any) -> Any:
    return Path(value) if kind is Path else value


def main(argv: list[str]) -> int:
    logging.basicConfig(
        level=logging.WARNING, stream=sys.__stderr__, format="%(asctime)s %(levelname)s %(name)s: %(message)s"
    )
    logging.getLogger("asyncssh").setLevel(logging.ERROR)  # it logs what clients ask
    register_compression_alg(b"zlib@openssh.com", _Deflate, _BoundedInflate, True, True)
    sys.stdout = sys.stderr = ROUTER
    gc.freeze()
    gc.set_threshold(*garbage.BY_ITSELF)
    with asyncio.Runner(loop_factory=TurnsLoop) as runner:
        runner.run(_main(int(argv[0])))
    return 0


async def _main(fd: int) -> None:
    await Worker(socket.socket(fileno=fd)).run()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
