import subprocess
import sys

import pytest

from shared.settings import SettingError
from tests.tui.app.driving import opened
from tui.app import run
from tui.config import ClientSettings
from tui.terminal import is_remote


def test_the_way_into_the_app_imports_neither_textual_nor_rich_nor_httpx() -> None:
    code = "import sys, tui.app; print([m for m in ('textual', 'rich', 'httpx') if m in sys.modules])"
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert answer.stdout.strip() == "[]"


def test_an_unknown_theme_is_told_with_those_that_there_are() -> None:
    with pytest.raises(
        SettingError, match=r"theme is 'neon-pig', but must be one of auto, ansi-dark, ansi-light, .*textual-dark"
    ):
        run(ClientSettings(url="http://127.0.0.1:9", theme="neon-pig"), None)


@pytest.mark.parametrize(
    ("env", "remote"),
    [({}, False), ({"SSH_TTY": "/dev/pts/1"}, True), ({"SSH_CONNECTION": "10.0.0.1 5 10.0.0.2 22"}, True)],
)
def test_a_terminal_at_the_end_of_ssh_is_recognised(env: dict[str, str], remote: bool) -> None:
    assert is_remote(env) is remote


async def test_the_palette_has_our_actions_and_they_work() -> None:
    async with opened() as app:
        commands = {command.title: command for command in app.app.get_system_commands(app.app.screen)}
        assert {"App: this help", "Steps: open all steps, or close them", "Results: the results on a map"} <= set(
            commands
        )
        callback = commands["App: this help"].callback
        app.app.call_next(callback)
        await app.shows("Anywhere")
