"""Lines that die without a word, that nobody reads from, that are long and narrow: nobody else is to notice."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from shared import events as ev
from tests.line import Line
from tests.pty_app import info
from tests.scripted_server import ScriptedServer, a_run
from tests.tui.ssh.house import CTRL_Q, Opened, Screen, a_screen, open_house, pasted
from tui.ssh import worker
from tui.ssh.outlet import GATE

OPEN = "Where can I escape to?"
FRAME = 32 * 1024
"""More than a full repaint of 100x30 cells takes."""
pytestmark = pytest.mark.timeout(60)


def a_step_that_gets_on() -> list[Any]:
    """A line of the screen changes ten times a second, for as long as a test may last."""
    script: list[Any] = [*a_run()[:2]]
    for seq in range(3, 600):
        script += [ev.StepProgress(seq=seq, t=seq, step="wish", attempt=1, done=seq, total=600), 0.1]
    return script


def rows_that_change() -> list[Any]:
    """Most of the screen changes five times a second."""
    script: list[Any] = [*a_run()[:2]]
    for seq in range(3, 300):
        rows = tuple(
            ev.RowUpsert(id=f"r{n}", state="confirmed", cells={"city": f"City {n}", "high": (seq * 7 + n) % 40})
            for n in range(20)
        )
        script += [ev.RowsChanged(seq=seq, t=seq, step="wish", attempt=1, upsert=rows), 0.2]
    return script


@asynccontextmanager
async def a_house(folder: Path, *scripts: list[Any], **settings: Any) -> AsyncIterator[Opened]:
    async with (
        ScriptedServer([*scripts], pipelines=info()) as server,
        open_house(folder, server.url, **settings) as house,
    ):
        yield house


async def has_asked(screen: Screen, sees: str) -> None:
    await screen.has(OPEN)
    screen.type(b"somewhere hot\r")
    await screen.has(sees)


async def has_news(screen: Screen) -> None:
    """Until one more frame has come."""
    before = len(screen.sent)
    async with asyncio.timeout(10):
        while len(screen.sent) == before:  # noqa: ASYNC110  # bytes of somebody else
            await asyncio.sleep(0.02)


def test_who_says_nothing_is_gone_within_45_s() -> None:
    assert worker.KEEPALIVE_S * (worker.KEEPALIVES + 1) <= 45


async def test_a_line_that_dies_without_a_word_is_noticed_and_the_visitor_can_come_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both ends stay open, and nothing goes through: only asking shows it."""
    monkeypatch.setattr(worker, "KEEPALIVE_S", 0.3)
    async with (
        a_house(tmp_path, a_step_that_gets_on(), rows_that_change()) as house,
        house.connected() as near,
        a_screen(near) as neighbour,
    ):
        await has_asked(neighbour, " of 600")
        async with Line(house.port) as line, house.connected(port=line.port) as far, a_screen(far) as screen:
            await has_asked(screen, "City 9")
            number = max(house.house.doors)
            line.cut()
            async with asyncio.timeout(15):
                while number in house.house.doors:
                    await has_news(neighbour)
            closed = next(one for one in house.told if one["kind"] == "closed")
            assert closed == {"kind": "closed", "connection": number, "lost": "the connection broke"}
            far.abort()
        async with asyncio.timeout(10):
            while len(house.house.tasks) > 1:  # noqa: ASYNC110  # emptied by asyncssh
                await asyncio.sleep(0.02)
        await has_news(neighbour)
        neighbour.type(CTRL_Q)
        assert await neighbour.ended() == 0


async def test_a_client_that_reads_nothing_for_long_costs_its_neighbours_no_frame(tmp_path: Path) -> None:
    async with (
        a_house(tmp_path, a_step_that_gets_on(), a_step_that_gets_on(), rows_that_change(), stall_s=10.0) as house,
        house.connected() as first, a_screen(first) as one,
        house.connected() as second, a_screen(second) as two,
    ):  # fmt: skip
        await has_asked(one, " of 600")
        await has_asked(two, " of 600")
        sock = socket.socket()
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        sock.setblocking(False)
        await asyncio.get_running_loop().sock_connect(sock, ("127.0.0.1", house.port))
        async with house.connected(sock=sock) as ssh, a_screen(ssh, size=(200, 60)) as screen:
            await has_asked(screen, "City 9")
            number, app = max(house.house.doors), house.app
            outlet = app.link.outlet
            assert ssh._transport is not None
            ssh._transport.pause_reading()
            most = echoes = frames = 0
            while not outlet.closed:
                app.theme = "textual-light" if app.theme == "textual-dark" else "textual-dark"  # all that it may paint
                key = chr(0x4E00 + echoes)
                one.type(key.encode())
                await one.has(key, 10)
                await has_news(two)
                echoes += 1
                frames += outlet.unsent() > GATE
                most = max(most, outlet.unsent())
            assert frames >= 4, "they were painted for all the time"
            assert GATE < most <= 1024 * 1024
            async with asyncio.timeout(5):
                while number in house.house.doors:  # noqa: ASYNC110  # emptied by asyncssh
                    await asyncio.sleep(0.02)
            ssh.abort()
        for neighbour in (one, two):
            neighbour.type(pasted(b"still here"))
            await neighbour.has("still here")


async def test_over_a_long_and_narrow_line_a_key_is_echoed_before_old_news(tmp_path: Path) -> None:
    """A fifth of a second each way and 256 kbit/s: what waits here at most is a gate's worth and the newest frame."""
    async with (
        a_house(tmp_path, rows_that_change()) as house,
        Line(house.port, delay_s=0.2, bytes_per_s=32_000) as line,
        house.connected(port=line.port) as ssh,
        a_screen(ssh) as screen,
    ):
        await has_asked(screen, "City 9")
        app, outlet = house.app, house.app.link.outlet
        for number in range(3):
            key = chr(0x4E00 + number)
            screen.type(key.encode())
            async with asyncio.timeout(15):
                while key.encode() not in screen.sent:
                    app.screen.refresh()  # far more to paint than the line can carry
                    assert outlet.unsent() <= GATE + FRAME
                    await asyncio.sleep(0.05)
        screen.type(CTRL_Q)
        assert await screen.ended() == 0
