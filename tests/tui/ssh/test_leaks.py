"""Two hundred connections, each with a fault of its own: afterwards everything is as it was before the first."""

import asyncio
import gc
import logging
import os
import random
import socket
import struct
import threading
import time
from collections import Counter
from collections.abc import Callable, Coroutine
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeAlias

import asyncssh
import pytest
from textual._xterm_parser import XTermParser

from tests.pty_app import info
from tests.scripted_server import ScriptedServer, a_run
from tests.tui.ssh.house import CTRL_Q, Opened, a_screen, open_house
from tui.ssh.app import SshApp
from tui.ssh.door import Door
from tui.ssh.visit import Visit

AT_ONCE = 10
OPEN = "Where can I escape to?"
LIMIT_S = 120


async def quits(house: Opened) -> None:
    async with house.connected() as ssh, a_screen(ssh) as screen:
        await screen.has(OPEN, 10)
        screen.type(CTRL_Q)
        await screen.ended()


async def is_cut_in_the_app(house: Opened) -> None:
    async with house.connected() as ssh, a_screen(ssh) as screen:
        await screen.has(OPEN, 10)
        ssh.abort()


async def is_reset_in_mid_stream(house: Opened) -> None:
    async with house.connected() as ssh, a_screen(ssh) as screen:
        await screen.has(OPEN, 10)
        screen.type(b"somewhere hot\r")
        await asyncio.sleep(random.random() * 0.3)
        assert ssh._transport is not None
        sock: socket.socket = ssh._transport.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        ssh.abort()


async def leaves_before_the_first_paint(house: Opened) -> None:
    async with house.connected() as ssh:
        await ssh.create_process(term_type="xterm", encoding=None)
        ssh.abort()


async def asks_and_hangs_up(house: Opened) -> None:
    async with house.connected() as ssh:
        await ssh.create_process("somewhere hot", encoding=None)
        await asyncio.sleep(random.random() * 0.1)
        ssh.abort()


async def asks(house: Opened) -> None:
    async with house.connected() as ssh:
        await ssh.run("somewhere hot", encoding=None)


async def comes_in_and_says_nothing(house: Opened) -> None:
    async with house.connected():
        await asyncio.sleep(0.05)


async def speaks_something_else(house: Opened) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", house.port)
    writer.write(random.choice([b"GET / HTTP/1.1\r\n\r\n", b"SSH-2.0-x\r\n" + bytes(4096), b"", b"\0" * 100_000]))
    with suppress(OSError):
        await writer.drain()
    writer.transport.abort()
    with suppress(OSError):
        await reader.read()


async def breaks_its_app(house: Opened) -> None:
    async with house.connected() as ssh, a_screen(ssh) as screen:
        await screen.has(OPEN, 10)
        for door in list(house.house.doors.values()):
            assert isinstance(door, Door)
            visit = door._session._visit if door._session is not None else None
            if visit is not None and visit._app is not None and random.random() < 0.3:
                visit._app.call_later(_fail)
        screen.type(CTRL_Q)
        with suppress(asyncssh.Error, TimeoutError):
            await screen.ended()


def _fail() -> None:
    raise RuntimeError("made to")


Fault: TypeAlias = Callable[[Opened], Coroutine[Any, Any, None]]
FAULTS: list[Fault] = [
    *[is_cut_in_the_app, is_reset_in_mid_stream, breaks_its_app, quits] * 6,
    *[leaves_before_the_first_paint] * 16,
    *[asks_and_hangs_up, asks, comes_in_and_says_nothing] * 30,
    *[speaks_something_else] * 70,
]


def counted() -> Counter[str]:
    gc.collect()
    kinds = (SshApp, Visit, XTermParser, asyncssh.SSHServerConnection)
    found = Counter({kind.__name__: 0 for kind in kinds})
    found.update(type(one).__name__ for one in gc.get_objects() if isinstance(one, kinds))
    found["tasks"] = len(asyncio.all_tasks())
    found["files"] = len(os.listdir("/proc/self/fd"))  # a set of numbers
    found["threads"] = threading.active_count()
    return found


@pytest.mark.slow
@pytest.mark.timeout(LIMIT_S)
async def test_nothing_is_left_of_two_hundred_connections(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    random.seed(7)
    # What is logged has tracebacks, those have apps, and pytest keeps what is logged.
    for name in ("tui.ssh.app", "tui.ssh.session", "asyncio"):
        monkeypatch.setattr(logging.getLogger(name), "disabled", True)
    server = ScriptedServer([a_run() for _ in FAULTS], pipelines=info())
    async with server, open_house(tmp_path, server.url) as house:
        await quits(house)  # whatever is made once and kept
        await asks(house)
        await house.empty()
        before = counted()
        turns = asyncio.Semaphore(AT_ONCE)

        async def turn(fault: Fault) -> None:
            async with turns:
                # A fault that hits another one's session as well is meant to.
                with suppress(asyncssh.Error, OSError, AssertionError):
                    await fault(house)

        async with asyncio.TaskGroup() as group:
            for fault in random.sample(FAULTS, len(FAULTS)):
                group.create_task(turn(fault))
        await house.empty()
        closed = [message for message in house.told if message["kind"] == "closed"]
        assert len(closed) >= len(FAULTS) * 0.7
        deadline = time.monotonic() + 15
        while (left := _more(before, counted())) and time.monotonic() < deadline:  # noqa: ASYNC110  # what is counted tells nobody
            await asyncio.sleep(0.5)
        assert not left


def _more(before: Counter[str], after: Counter[str]) -> dict[str, int]:
    """What there is more of; asyncio's threads stay, up to their number."""
    return {name: after[name] - before[name] for name in after if after[name] > before[name] and name != "threads"}
