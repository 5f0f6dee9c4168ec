import subprocess
import sys

import pytest

from shared import events as ev
from shared.settings import SettingError
from tests.tui.app.driving import opened
from tests.tui.app.scripted import COLUMNS, sample_run, started
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
        assert {"Steps: open or close step 1", "Steps: open or close step 9"} <= set(commands)
        callback = commands["App: this help"].callback
        app.app.call_next(callback)
        await app.shows("Anywhere")


async def test_a_numbered_action_of_the_palette_acts_on_its_number() -> None:
    async with opened() as app:
        await app.ask()
        app.client.say(*sample_run())
        await app.until(lambda: app.row("result").step.state == "ok")
        commands = {command.title: command for command in app.app.get_system_commands(app.app.screen)}
        app.app.call_next(commands["Steps: open or close step 4"].callback)
        await app.until(lambda: [row.step.id for row in app.steps.rows if row.is_open] == ["routes"])


@pytest.mark.parametrize(
    ("keys", "action"), [("tabo", "Inspector: page 3: its frames as they came"), ("rm", "Map: closer")]
)
async def test_over_the_inspector_and_the_map_the_palette_has_their_actions(keys: str, action: str) -> None:
    async with opened() as app:
        await app.ask()
        places = (*COLUMNS, ev.Column(key="lon", label="Longitude", kind="longitude"))
        app.client.say(started(columns=places), *sample_run()[1:])
        await app.until(lambda: app.watch.view.finished)
        await app.pilot.press("tab", *keys.removeprefix("tab"))
        await app.until(lambda: len(app.app.screen_stack) == 2)
        commands = {command.title: command for command in app.app.get_system_commands(app.app.screen)}
        assert action in commands
        assert "Results: the results on a map" not in commands, "what makes no sense from here"
        app.app.call_next(commands[action].callback)
        await app.shows("step.started" if keys == "tabo" else "Natural Earth")
