"""The app as a person meets it: the real program in tmux on the real server, and the bytes it sends to a terminal."""

import asyncio
import os
import re
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from shared import events as ev
from tests.golden import FILE, QUESTION, golden_run
from tests.pty_app import ROOT, frames, has, in_pty, info
from tests.received import each
from tests.scripted_server import ScriptedServer
from tests.tmux import Terminal, a_tmux
from tests.tui.app.hostile import poisoned_run
from tests.tui.app.scripted import numbered as in_order
from tests.tui.app.scripted import received as as_received
from tests.tui.app.scripted import sample_run, started, step_started
from tui.client import AssistClient
from tui.epilogue import epilogue
from tui.watch import Watch

PROC = Path("/proc")
HAS_PROC = (PROC / "self").exists()
POISON = "P\x1b]52;c;UVFRUQ==\x07\x1b[7777;1H\x9b7777m\x1b]0;owned\x07\x1bPq7777\x1b\\\u202eQ"

pytestmark = [pytest.mark.slow, pytest.mark.timeout(90)]


@pytest.fixture
async def terminal() -> AsyncIterator[Terminal]:
    async with a_tmux() as terminal:
        yield terminal


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
    await terminal.shows("Where can I escape to?", "1  Understand", "Welcome.")
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
    assert screen.startswith("somewhere cold this weekend within 3 hours from Madrid\nCity "), "the answer stays"
    assert "All of it: windowseat show " in screen
    assert "Anywhere" not in screen, "and nothing else of the app"
    assert children_of_local_server() == set(), "the local server has ended with the app"


@pytest.mark.needs("tmux")
async def test_a_row_is_copied_to_tmuxs_buffer(terminal: Terminal) -> None:
    async with ScriptedServer([[frames(in_order(sample_run()))]], pipelines=info()) as server:
        await terminal.start("app", "--url", server.url, "somewhere hot")
        await terminal.shows("✓ 2 places are hot")
        await terminal.keys("Tab", "Tab", "y")
        await terminal.shows("Copied to tmux's buffer")
        assert (await terminal.run("show-buffer")).startswith("City: Las Palmas")
        await terminal.keys("C-q")
        await terminal.shows("left with 0")


@pytest.mark.needs("tmux")
async def test_a_recording_is_replayed_in_the_app(terminal: Terminal) -> None:
    await terminal.start("replay", str(FILE), "--app", "--speed", "0", size=(100, 30))
    await terminal.shows(f"› {QUESTION}", "✓ 8 places")
    await terminal.keys("C-q")
    screen = await terminal.shows("left with 0")
    assert screen.strip() == "left with 0", "no server has the run: nothing is said of it"


@pytest.mark.needs("tmux")
async def test_the_map_the_inspector_and_the_history_in_tmux(terminal: Terminal) -> None:
    await terminal.start("app", size=(120, 40))
    await terminal.shows("Where can I escape to?")
    await terminal.keys("a mild weekend, max 4 hours, from Madrid", "Enter")
    await terminal.shows("✓ 7", "rows ·")
    await terminal.keys("Tab", "Tab", "m")
    await terminal.shows("Made with Natural Earth", "⌂")
    await terminal.keys("Escape")
    await terminal.shows("/ filter")
    await terminal.keys("a", "4", "o", "3")
    await terminal.shows("step.started", "4 timings")
    await terminal.keys("Escape")
    await terminal.shows("space open")
    await terminal.keys("C-r")
    await terminal.shows("Asked before", "✓ a mild weekend")
    await terminal.keys("Escape", "C-q")
    await terminal.shows("left with 0")


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


def shapes(sent: bytes) -> set[bytes]:
    """The kinds of control sequences in the output: what each does, without its numbers."""
    found = set()
    for match in re.finditer(rb"\x1b(\[[?<>=!]?[0-9;:]*[ -/]*[@-~]|[P\]X^_]|.)", bytes(sent), re.DOTALL):
        found.add(re.sub(rb"[0-9;:]+", b"", match[1]))
    return found | {bytes([byte]) for byte in set(sent) if byte < 32 and byte not in (9, 10, 13, 27)}


async def output_of(run: Sequence[ev.KnownEvent]) -> bytes:
    async with ScriptedServer([[frames(run)]], pipelines=info()) as server:
        arguments = ("app", "--url", server.url, "--expand", "always", "somewhere hot")
        async with in_pty(*arguments) as (sent, write, _):
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


@pytest.mark.parametrize("bytes_at_once", [1, 7, 65_536])
async def test_a_recorded_run_gives_the_same_screen_however_its_bytes_are_cut(bytes_at_once: int) -> None:
    wire = b"".join(b"data: " + line + b"\n\n" for line in FILE.read_bytes().splitlines())
    pieces = [wire[start : start + bytes_at_once] for start in range(0, len(wire), bytes_at_once)]
    async with ScriptedServer([pieces], pipelines=info()) as server, AssistClient(server.url) as client:
        watch = Watch(QUESTION)
        async for received in each(client.ask(QUESTION)):
            watch.receive(received)
    whole = Watch(QUESTION)
    for event in golden_run():
        whole.receive(as_received(event))
    assert watch.view == whole.view
    assert [frame.seq for frame in watch.frames.of()] == [frame.seq for frame in whole.frames.of()]
    assert epilogue(watch, 120) == epilogue(whole, 120)
