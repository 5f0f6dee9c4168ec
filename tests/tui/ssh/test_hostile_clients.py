"""Clients that mean no good: what they try is refused or harmless, and their neighbours don't notice."""

import asyncio
import re
import socket
import time
import zlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import asyncssh
import pytest
from asyncssh.constants import MSG_IGNORE

from tests.pty_app import info
from tests.scripted_server import ScriptedServer
from tests.ssh_door import front_door
from tests.tui.ssh.house import Opened, Screen, a_screen, open_house, pasted

OPEN = "Where can I escape to?"


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[Opened]:
    async with ScriptedServer(pipelines=info()) as server, open_house(tmp_path, server.url) as opened:
        yield opened


@pytest.fixture
async def neighbour(house: Opened) -> AsyncIterator[Screen]:
    async with house.connected() as ssh, a_screen(ssh) as screen:
        await screen.has(OPEN)
        yield screen


async def is_served(neighbour: Screen, text: bytes, within_s: float = 5) -> None:
    neighbour.type(pasted(text))
    await neighbour.has(text, within_s)


async def test_nothing_but_one_session_is_to_be_had(house: Opened, neighbour: Screen) -> None:
    async with house.connected() as ssh:
        with pytest.raises(asyncssh.ChannelOpenError):
            await ssh.open_connection("127.0.0.1", 22)
        with pytest.raises(asyncssh.ChannelOpenError):
            await ssh.open_unix_connection("/run/docker.sock")
        with pytest.raises(asyncssh.ChannelListenError):
            await ssh.forward_remote_port("", 0, "127.0.0.1", 22)
        with pytest.raises(asyncssh.ChannelOpenError):
            await ssh.start_sftp_client()
        with pytest.raises(asyncssh.ChannelOpenError):
            await ssh.create_process("help")  # the one session was the one of sftp
    async with house.connected() as ssh:
        with pytest.raises(asyncssh.ChannelOpenError, match="X11"):
            await ssh.create_process("help", x11_forwarding=True, x11_display="127.0.0.1:0")
    await is_served(neighbour, b"undisturbed")


async def test_a_password_is_never_asked_for(tmp_path: Path) -> None:
    async with open_house(tmp_path, "http://127.0.0.1:1", auth="keys", authorized_keys=tmp_path / "none") as house:
        with pytest.raises(asyncssh.PermissionDenied):
            async with house.connected(preferred_auth="password,keyboard-interactive", password="secret"):
                pass


async def test_variables_are_kept_by_the_allow_list_alone(house: Opened) -> None:
    wanted = {"LANG": "de_DE.UTF-8", "LC_TIME": "C", "TZ": "Europe/Oslo", "COLORTERM": "truecolor", "NO_COLOR": "1"}
    flood = {f"X{number}": "x" * 1000 for number in range(500)} | {"LD_PRELOAD": "/tmp/x.so", "PATH": "/tmp"}
    async with house.connected() as ssh, a_screen(ssh, env={**flood, **wanted}) as screen:
        await screen.has(OPEN)
        session = house.door._session
        assert session is not None
        assert session.terminal.env == wanted
        assert session._channel._env == {}


async def test_what_is_typed_is_parsed_in_bounds(house: Opened, neighbour: Screen) -> None:
    """Every control character, broken UTF-8, sequences that make the parser raise, pastes without an end."""
    async with house.connected() as ssh, a_screen(ssh) as screen:
        await screen.has(OPEN)
        app = house.app
        every = bytes(byte for byte in [*range(32), *range(127, 256)] if byte not in (0x11, 0x03, 0x1A))
        for hostile in (
            every,
            b"\xff\xfe\xf0\x9f\x98\xc3(",
            b"\x1b[99999999999999999999;1;1114112u",
            b"\x1b[1114112u\x1b[0;0;1114112u",
            b"\x1b[<999999999999;1;1M\x1b[<0;0;0m",
            b"\x1b[48;0;0;0;0t\x1b[<0;5;5M",
            b"\x1b]52;c;QUJD\x07\x1bP+q544e\x1b\\",
            b"\x1b[200~" + b"never ends" * 10,
        ):
            screen.type(hostile + b"\x1b[201~")
        screen.type(b"\x1b\x1b\x1b")
        screen.process.change_terminal_size(70, 25)
        await screen.has(b"\x1b[25;1H")
        await asyncio.sleep(0.5)  # whatever a timer would still do with it
        assert not app.crashed, app._exception
        await is_served(neighbour, b"undisturbed")


async def test_ten_megabytes_of_paste_are_held_in_bounds(house: Opened, neighbour: Screen) -> None:
    async with house.connected() as ssh, a_screen(ssh) as screen:
        await screen.has(OPEN)
        screen.type(b"\x1b[200~" + b"p" * 10_000_000 + b"\x1b[201~")
        slowest = 0.0
        for number in range(5):
            began = time.monotonic()
            await is_served(neighbour, f"word{number}".encode(), 10)
            slowest = max(slowest, time.monotonic() - began)
            driver = house.app._driver
            keyboard = driver._keyboard  # type: ignore[union-attr]
            assert len(keyboard._waiting) <= 128 * 1024
        assert not house.app.crashed


async def test_a_flood_of_keys_is_slowed_down_to_what_a_person_can_type(house: Opened, neighbour: Screen) -> None:
    async with house.connected() as ssh, a_screen(ssh) as screen:
        await screen.has(OPEN)
        screen.type(b"k" * 200_000)
        for number in range(3):
            await is_served(neighbour, f"word{number}".encode(), 10)
        assert house.app.message_queue_size < 2_000


async def test_a_client_that_stops_reading_is_given_up_and_holds_little(tmp_path: Path) -> None:
    """It opens the app, reads nothing more, and lets the app paint for as long as it likes."""
    async with (
        ScriptedServer(pipelines=info()) as server,
        open_house(tmp_path, server.url, stall_s=2.0) as house,
        house.connected() as good,
        a_screen(good) as neighbour,
    ):
        await neighbour.has(OPEN)
        sock = socket.socket()
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        sock.setblocking(False)
        await asyncio.get_running_loop().sock_connect(sock, ("127.0.0.1", house.port))
        async with house.connected(sock=sock) as ssh, a_screen(ssh, size=(200, 60)) as screen:
            await screen.has(OPEN)
            app, outlet = house.app, house.app.link.outlet
            assert ssh._transport is not None
            ssh._transport.pause_reading()
            most, deadline = 0, time.monotonic() + 40
            while not outlet.closed and time.monotonic() < deadline:
                app.screen.refresh(repaint=True)
                app.theme = "textual-light" if app.theme == "textual-dark" else "textual-dark"
                most = max(most, outlet.unsent())
                await asyncio.sleep(0.02)
            assert outlet.closed, "it was never given up"
            assert most < 1024 * 1024
            await is_served(neighbour, b"undisturbed")
            ssh.abort()


class Bomb:
    """In the place of a client's compressor: one packet of 30 KB that becomes 30 MB."""

    def __init__(self, usual: Any) -> None:
        self._usual = usual

    def compress(self, data: bytes) -> bytes:
        deflate = self._usual._comp
        zeros = bytes(1024 * 1024)
        packed = [deflate.compress(data), *(deflate.compress(zeros) for _ in range(30))]
        return b"".join([*packed, deflate.flush(zlib.Z_SYNC_FLUSH)])


def peak_kb(pid: int) -> int:
    found = re.search(r"VmHWM:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())
    assert found is not None
    return int(found[1])


async def test_a_packet_that_inflates_without_end_ends_its_connection(tmp_path: Path) -> None:
    """In a real worker: only there our own inflating is in asyncssh's place."""
    more: dict[str, Any] = {
        "username": "ada", "client_keys": None, "known_hosts": None, "config": None, "agent_path": None,
        "compression_algs": ["zlib@openssh.com"],
    }  # fmt: skip
    async with (
        ScriptedServer(pipelines=info()) as server,
        front_door(tmp_path, "--url", server.url, "--workers", "1") as door,
        asyncssh.connect("127.0.0.1", door.port, **more) as good,
        a_screen(good) as neighbour,
    ):
        await neighbour.has(OPEN)  # compressed as well, and well
        worker = door.workers()[0]
        before = peak_kb(worker)
        for _ in range(5):
            async with asyncssh.connect("127.0.0.1", door.port, **more) as ssh:
                sent: Any = ssh
                sent._compressor = Bomb(sent._compressor)
                sent.send_packet(MSG_IGNORE)
                async with asyncio.timeout(10):
                    await ssh.wait_closed()
        assert peak_kb(worker) - before < 8 * 1024
        assert door.workers() == [worker]
        await is_served(neighbour, b"undisturbed")
