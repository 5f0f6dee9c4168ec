"""The headless command line with a terminal on its streams: glyphs, the line of what goes on now, widths."""

import asyncio
import fcntl
import os
import re
import struct
import sys
import termios
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from shared import events as ev
from tests.scripted_server import RUN, ScriptedServer, a_run
from tests.tui.command_line import ROOT

EVENTS = a_run()
WIPE = "\r\x1b[2K"


class Terminal:
    """The master side of a pty, read as it comes."""

    def __init__(self, master: int) -> None:
        self.text = ""
        self._master = master
        self._grown = asyncio.Event()
        asyncio.get_running_loop().add_reader(master, self._read)

    async def until(self, pattern: str) -> None:
        async with asyncio.timeout(10):
            while not re.search(pattern, self.text):
                self._grown.clear()
                await self._grown.wait()

    def left_standing(self) -> list[str]:
        """What a person sees at the end, without colours."""
        text = re.sub(r"[^\n]*\r\x1b\[2K", "", self.text.replace("\r\n", "\n"))
        return re.sub(r"\x1b\[\d*m", "", text).splitlines()

    def _read(self) -> None:
        try:
            chunk = os.read(self._master, 65536)
        except OSError:  # the last writer has left
            chunk = b""
        if not chunk:
            asyncio.get_running_loop().remove_reader(self._master)
        self.text += chunk.decode()
        self._grown.set()


@asynccontextmanager
async def on_terminal(
    *arguments: str, columns: int = 80, stderr: int | None = None, **env: str
) -> AsyncIterator[tuple[Terminal, asyncio.subprocess.Process]]:
    master, slave = os.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    kept = {name: value for name, value in os.environ.items() if name not in ("NO_COLOR", "COLUMNS", "LINES")}
    terminal = Terminal(master)
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tui", *arguments, stdin=slave, stdout=slave, stderr=stderr or slave, cwd=ROOT,
        env={**kept, "TERM": "xterm-256color", "WINDOWSEAT_CONFIG": os.devnull, **env},
    )  # fmt: skip
    os.close(slave)
    try:
        yield terminal, process
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
        asyncio.get_running_loop().remove_reader(master)
        os.close(master)


async def test_a_terminal_gets_glyphs_colour_and_a_line_of_what_goes_on_that_is_gone_at_the_end() -> None:
    go_on = asyncio.Event()
    async with (
        ScriptedServer([[*EVENTS[:6], go_on, *EVENTS[6:]]]) as server,
        on_terminal("ask", "--url", server.url, "hot") as (terminal, process),
    ):
        await terminal.until("Reading the sky over 3 cities… {2}[0-9]s")
        await terminal.until(f"Reading the sky.*{re.escape(WIPE)}.*Reading the sky")
        go_on.set()
        assert await asyncio.wait_for(process.wait(), 10) == 0
        await terminal.until(r"left out.*\n")
    assert "\x1b[32m✓\x1b[0m 2  Read the sky: 2 of 3 cities are hot" in terminal.text
    assert terminal.left_standing() == [
        f"Where can I escape to?  (run {RUN})",
        "✓ 1a Read the wish: hot (25 °C or more) on Monday  0.0s",
        "✓ 1b Place you on the map: Valencia, Spain  0.0s",
        "✓ 2  Read the sky: 2 of 3 cities are hot  0.4s",
        "City        Airport  High °C  Flight",
        "Dakar       DSS           30  4 h 15",
        "Las Palmas  LPA           25  3 h 05",
        "2 places for Monday: 2 rows, 1 left out (1 not hot)  0.4s",
    ]


async def test_plain_moves_nothing_and_colours_nothing_on_a_terminal() -> None:
    async with (
        ScriptedServer([EVENTS]) as server,
        on_terminal("ask", "--plain", "--url", server.url, "hot") as (terminal, process),
    ):
        await asyncio.wait_for(process.wait(), 10)
        await terminal.until(r"left out.*\n")
    assert "\x1b" not in terminal.text
    assert "ok   2  Read the sky" in terminal.text


async def test_no_color_is_heard() -> None:
    async with (
        ScriptedServer([EVENTS]) as server,
        on_terminal("ask", "--url", server.url, "hot", NO_COLOR="1") as (terminal, process),
    ):
        await asyncio.wait_for(process.wait(), 10)
        await terminal.until(r"left out.*\n")
    assert not re.search(r"\x1b\[\d*m", terminal.text)
    assert "✓ 2  Read the sky" in terminal.text


async def test_the_table_fits_the_terminal() -> None:
    wide = ev.RowUpsert(
        id="W", state="confirmed", cells={"city": "Llanfair" * 9, "code": "XXX", "high": 5, "flight": 61}
    )
    changed = ev.RowsChanged(seq=8, t=410, step="sky", attempt=1, upsert=(wide,))
    async with (
        ScriptedServer([[*EVENTS[:7], changed, *EVENTS[8:]]]) as server,
        on_terminal("ask", "--url", server.url, "hot", columns=40) as (terminal, process),
    ):
        await asyncio.wait_for(process.wait(), 10)
        await terminal.until(r"2 places.*\n")
    table = [line for line in terminal.left_standing() if line.startswith(("City", "Llan"))]
    assert [len(line) for line in table] == [40, 40]
    assert table[1].endswith("…  XXX            5  1 h 01")


async def test_ctrl_c_typed_at_the_terminal_cancels_and_leaves_the_terminal_clean() -> None:
    never = asyncio.Event()
    async with (
        ScriptedServer([[*EVENTS[:6], never]]) as server,
        on_terminal("ask", "--url", server.url, "hot") as (terminal, process),
    ):
        await terminal.until("Reading the sky")
        process.send_signal(2)
        assert await asyncio.wait_for(process.wait(), 10) == 130
        await terminal.until("is cancelled")
        assert server.cancelled.is_set()
        never.set()
    assert terminal.left_standing()[-1] == f"note: run {RUN} is cancelled"


async def test_without_a_screen_to_draw_on_the_app_points_to_ask() -> None:
    async with on_terminal(TERM="dumb") as (terminal, process):
        assert await asyncio.wait_for(process.wait(), 10) == 2
        await terminal.until("windowseat ask")
    assert "the app can't open" in terminal.text


async def test_the_app_never_opens_where_nobody_would_see_it(tmp_path: Path) -> None:
    # Textual draws on stderr.
    with (tmp_path / "log").open("wb") as log:
        async with on_terminal(stderr=log.fileno()) as (_, process):
            assert await asyncio.wait_for(process.wait(), 10) == 2
    assert "the app can't open" in (tmp_path / "log").read_text("utf-8")
