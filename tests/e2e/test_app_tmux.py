"""The app as a person meets it: the real program in tmux on the real server, and the bytes it sends to a terminal."""

import asyncio
import fcntl
import os
import pty
import re
import shlex
import struct
import sys
import tempfile
import termios
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

import msgspec
import pytest

from shared import events as ev
from tests.scripted_server import ScriptedServer
from tests.tui.app.hostile import poisoned_run
from tests.tui.app.scripted import INFO, sample_run, started, step_started
from tests.tui.app.scripted import numbered as in_order

PROGRAM = [sys.executable, "-m", "tui"]
PROC = Path("/proc")
HAS_PROC = (PROC / "self").exists()
ROOT = Path(__file__).resolve().parents[2]
POISON = "P\x1b]52;c;UVFRUQ==\x07\x1b[7777;1H\x9b7777m\x1b]0;owned\x07\x1bPq7777\x1b\\\u202eQ"

pytestmark = [pytest.mark.slow, pytest.mark.timeout(90)]


def frames(events: Sequence[ev.KnownEvent]) -> bytes:
    """Without ids, so that the name of the run may be anything."""
    return b"".join(b"data: " + msgspec.json.encode(event) + b"\n\n" for event in events)


def info() -> list[dict[str, object]]:
    built: dict[str, object] = msgspec.to_builtins(INFO)
    return [built]


class Terminal:
    """The program in a tmux of its own, with tmux's defaults."""

    def __init__(self, folder: Path) -> None:
        self._tmux = ["tmux", "-S", str(folder / "s"), "-f", "/dev/null"]

    async def start(self, *arguments: str, size: tuple[int, int] = (80, 24)) -> None:
        # A plug-in of pytest sets COLUMNS and LINES for all that is started here, and programs believe them.
        command = shlex.join([*PROGRAM, *arguments]) + '; echo "left with $?"; exec sleep 60'
        width, height = size
        await self.run(
            "new-session",
            "-d",
            "-x",
            str(width),
            "-y",
            str(height),
            f"unset COLUMNS LINES; cd {shlex.quote(str(ROOT))}; {command}",
        )

    async def keys(self, *keys: str) -> None:
        await self.run("send-keys", *keys)

    async def screen(self) -> str:
        return await self.run("capture-pane", "-p")

    async def shows(self, *texts: str) -> str:
        """Wait until the screen has all the texts."""
        screen = ""
        try:
            async with asyncio.timeout(40):
                while not all(text in screen for text in texts):
                    screen = await self.screen()
        except TimeoutError:
            raise AssertionError(f"{texts} never came:\n{screen}") from None
        return screen

    async def run(self, *arguments: str) -> str:
        process = await asyncio.create_subprocess_exec(
            *self._tmux, *arguments, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
        )
        out, complaint = await process.communicate()
        assert process.returncode == 0, complaint.decode()
        return out.decode()


@pytest.fixture
async def terminal() -> AsyncIterator[Terminal]:
    # Not tmp_path: the path of a socket may have some hundred characters and no more.
    with tempfile.TemporaryDirectory(prefix="ws-") as folder:
        terminal = Terminal(Path(folder))
        yield terminal
        await terminal.run("kill-server")


@asynccontextmanager
async def second_domain() -> AsyncIterator[str]:
    """A real server on which a second pipeline is registered beside the first; its URL."""
    pipe = asyncio.subprocess.PIPE
    command = ["-m", "tests.tiny_server", "--port", "0", "--data-dir", ":memory:", "--offline", "--until-stdin-closes"]
    server = await asyncio.create_subprocess_exec(sys.executable, *command, stdin=pipe, stdout=pipe, cwd=ROOT)
    assert server.stdin is not None
    assert server.stdout is not None
    try:
        yield (await server.stdout.readline()).decode().split()[-1]
    finally:
        server.stdin.close()
        await asyncio.wait_for(server.wait(), 10)


def children_of_local_server() -> set[str]:
    """The process numbers of local servers that belong to this test's data directory; none where /proc isn't."""
    found = set()
    for entry in PROC.glob("[0-9]*"):
        try:
            command = (entry / "cmdline").read_bytes()
            environment = (entry / "environ").read_bytes()
        except OSError:
            continue
        if b"--until-stdin-closes" in command and os.fsencode(os.environ["XDG_DATA_HOME"]) in environment:
            found.add(entry.name)
    return found


@pytest.mark.needs("tmux")
async def test_a_question_is_answered_looked_into_and_left_in_tmux(terminal: Terminal) -> None:
    await terminal.start("app")
    await terminal.shows("Where can I escape to?", "1  Understand", "Try one of these")
    assert len(children_of_local_server()) == (1 if HAS_PROC else 0)
    await terminal.keys("somewhere cold this weekend within 3 hours from Madrid", "Enter")
    screen = await terminal.shows("✓ 7", "rows ·", "Madrid, Spain", "left out")
    assert "✗" not in screen
    await terminal.keys("Tab", "4")
    await terminal.shows("▾ ✓ 4")
    await terminal.keys("Tab", "s")
    await terminal.shows("sorted by City ↑")
    await terminal.keys("?")
    await terminal.shows("Anywhere")
    await terminal.keys("Escape")
    await terminal.shows("sorted by City ↑")
    await terminal.keys("q")
    screen = await terminal.shows("left with 0")
    assert screen.strip() == "left with 0", "nothing of the app stays on the terminal"
    assert children_of_local_server() == set(), "the local server has ended with the app"


@pytest.mark.needs("tmux")
async def test_a_second_domain_runs_in_the_app_unchanged(terminal: Terminal) -> None:
    async with second_domain() as url:
        await terminal.start("app", "--url", url)
        await terminal.shows("how many letters are here   How many letters?")
        await terminal.keys("Tab")
        await terminal.keys("r")
        await terminal.shows("enter ask this")
        await terminal.keys("End", "Enter")
        await terminal.shows("1  Split into words", "✓ 2b Count the letters", "Word", "Letters", "✓ 21 letters")
        await terminal.keys("C-q")
        await terminal.shows("left with 0")


@pytest.mark.needs("tmux")
async def test_esc_in_tmux_cancels_the_run_at_the_server_and_rows_stay(terminal: Terminal) -> None:
    go_on = asyncio.Event()
    script = [frames(in_order(sample_run()[:18])), go_on]
    async with ScriptedServer([script], pipelines=info()) as server:
        await terminal.start("app", "--url", server.url, "somewhere hot")
        await terminal.shows("Palma", "4 rows · 4 unchecked")
        await terminal.keys("Escape")
        async with asyncio.timeout(10):
            await server.cancelled.wait()
        assert "POST /runs/3f2a9c1d/cancel" in server.paths()
        await terminal.keys("C-q")
        await terminal.shows("left with 0")
        go_on.set()


@pytest.mark.needs("tmux")
async def test_a_server_that_dies_in_the_middle_is_reconnecting_then_interrupted(terminal: Terminal) -> None:
    never = asyncio.Event()
    async with ScriptedServer(
        [[frames(in_order([started(), step_started("routes", "Looking up…")])), never]]
    ) as server:
        server.pipelines = info()
        await terminal.start("app", "--url", server.url, "somewhere hot")
        await terminal.shows("Looking up…")
        await server.stop()
        await terminal.shows("reconnecting")
        await terminal.shows("✗ Interrupted", "Looking up…")
        await terminal.keys("C-q")
        await terminal.shows("left with 0")


@pytest.mark.needs("tmux")
async def test_a_server_that_is_not_there_is_said_and_the_exit_code_is_3(terminal: Terminal) -> None:
    await terminal.start("app", "--url", "http://127.0.0.1:9", size=(60, 15))
    await terminal.shows("not reachable", "no answer from")
    await terminal.keys("C-q")
    await terminal.shows("left with 3")


@asynccontextmanager
async def in_pty(
    *arguments: str, size: tuple[int, int] = (120, 40)
) -> AsyncIterator[tuple[bytearray, Callable[[bytes], int]]]:
    """The program on a bare pty: all the bytes that it sent, and how to type."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", size[1], size[0], 0, 0))
    environment = {name: value for name, value in os.environ.items() if name not in ("COLUMNS", "LINES")}
    environment |= {"TERM": "xterm-256color", "COLORTERM": "truecolor"}
    process = await asyncio.create_subprocess_exec(
        *PROGRAM,
        *arguments,
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        cwd=ROOT,
        env=environment,
        start_new_session=True,
    )
    os.close(theirs)
    sent = bytearray()
    loop = asyncio.get_running_loop()

    def read() -> None:
        try:
            sent.extend(os.read(ours, 65536))
        except OSError:
            loop.remove_reader(ours)

    loop.add_reader(ours, read)
    try:
        yield sent, partial(os.write, ours)
        os.write(ours, b"\x11")  # ctrl+q
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


def shapes(sent: bytes) -> set[bytes]:
    """The kinds of control sequences in the output: what each does, without its numbers."""
    found = set()
    for match in re.finditer(rb"\x1b(\[[?<>=!]?[0-9;:]*[ -/]*[@-~]|[P\]X^_]|.)", bytes(sent), re.DOTALL):
        found.add(re.sub(rb"[0-9;:]+", b"", match[1]))
    return found | {bytes([byte]) for byte in set(sent) if byte < 32 and byte not in (9, 10, 13, 27)}


async def output_of(run: Sequence[ev.KnownEvent]) -> bytes:
    async with ScriptedServer([[frames(run)]], pipelines=info()) as server:
        arguments = ("app", "--url", server.url, "--expand", "always", "somewhere hot")
        async with in_pty(*arguments) as (sent, write):
            await has(sent, "connected")
            await has(sent, "Failed")
            write(b"\t\x0f")  # to the steps, and close them all
            await has(sent, "space open")
        return bytes(sent)


async def test_no_escape_sequence_of_the_data_reaches_the_terminal() -> None:
    harmless = await output_of(poisoned_run("x"))
    hostile = await output_of(poisoned_run(POISON))
    assert shapes(hostile) <= shapes(harmless)
    for forbidden in (b"\x1b]52", b"\x1b[7777", b"owned\x07", b"\xc2\x9b", "\u202e".encode()):
        assert forbidden not in hostile, forbidden
