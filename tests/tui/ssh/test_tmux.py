"""The real client in a tmux: what the person sees there, before, during and after."""

import shlex
from pathlib import Path

import pytest

from tests.pty_app import info
from tests.scripted_server import ScriptedServer, a_run
from tests.ssh_door import front_door
from tests.tmux import a_tmux

pytestmark = [pytest.mark.needs("ssh", "tmux"), pytest.mark.timeout(120)]

OPEN = "Where can I escape to?"
MODES = ("alternate_on", "mouse_any_flag", "mouse_all_flag", "mouse_sgr_flag", "keypad_flag", "insert_flag")


async def test_a_session_in_a_tmux_from_shell_to_shell(tmp_path: Path) -> None:
    async with (
        ScriptedServer([a_run()], pipelines=info()) as server,
        front_door(tmp_path, "--url", server.url, "--workers", "1") as door,
        a_tmux() as tmux,
    ):
        shell = 'PS1="shell> "; HISTFILE=; stty -g > ' + shlex.quote(str(tmp_path / "before"))
        await tmux.begin("unset COLUMNS LINES ENV; exec sh", size=(100, 30))
        await tmux.keys("-l", shell)
        await tmux.keys("Enter")
        await tmux.keys("-l", shlex.join(door.command()) + f"; echo left with $?; stty -g > {tmp_path}/after")
        await tmux.keys("Enter")
        await tmux.shows(OPEN)
        assert await tmux.format("alternate_on", "mouse_any_flag", "cursor_flag") == ["1", "1", "0"]
        await tmux.keys("-l", "somewhere hot")
        await tmux.shows("somewhere hot")
        await tmux.keys("Enter")
        await tmux.shows("Dakar", "Las Palmas")
        await tmux.run("resize-window", "-x", "70", "-y", "20")
        screen = await tmux.until(lambda shown: len(shown.splitlines()) == 20 and "Dakar" in shown)
        assert max(map(len, screen.splitlines())) <= 70
        await tmux.run("resize-window", "-x", "100", "-y", "30")
        await tmux.until(lambda shown: len(shown.splitlines()) == 30 and "Dakar" in shown)
        await tmux.keys("C-q")
        screen = await tmux.shows("left with 0")
        assert "Dakar" in screen, "the answer stays"
        assert "shell>" in screen, "and so does what was there before"
        assert await tmux.format(*MODES) == ["0"] * len(MODES)
        assert await tmux.format("cursor_flag", "wrap_flag") == ["1", "1"]
        await tmux.keys("-l", "echo typed $((6 * 7))")
        await tmux.keys("Enter")
        await tmux.shows("typed 42")
        assert (tmp_path / "after").read_text() == (tmp_path / "before").read_text()


async def test_a_door_that_closes_leaves_a_clean_tmux(tmp_path: Path) -> None:
    async with ScriptedServer(pipelines=info()) as server, a_tmux() as tmux:
        async with front_door(tmp_path, "--url", server.url, "--workers", "1") as door:
            await tmux.begin(f"unset COLUMNS LINES; {shlex.join(door.command())}; echo left with $?; exec sleep 60")
            await tmux.shows(OPEN)
        await tmux.shows("Windowseat: the server is going down.", "left with 3")
        assert await tmux.format(*MODES, "cursor_flag") == [*["0"] * len(MODES), "1"]
