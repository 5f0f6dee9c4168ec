import msgspec
import pytest

from shared import events as ev
from tests.tui.app.driving import opened
from tests.tui.app.hostile import STRINGS, poisoned_run
from tests.tui.app.scripted import COLUMNS, INFO, ScriptedClient
from tui.connection import PipelineInfo, StreamCut
from tui.terminal import Terminal


@pytest.mark.parametrize("poison", STRINGS, ids=[repr(text[:12]) for text in STRINGS])
async def test_no_text_of_any_field_breaks_the_app(poison: str) -> None:
    client = ScriptedClient()
    client.infos = [
        PipelineInfo(name=poison, title=poison, plan=INFO.plan, columns=INFO.columns, examples=(poison, poison))
    ]
    async with opened((80, 24), client=client, expand="always", motion=True) as app:
        await app.ask(poison or "?")
        client.say(*poisoned_run(poison))
        await app.until(lambda: app.watch.view.finished and app.table.row_count == 2)
        await app.pilot.press("tab", "ctrl+o", "ctrl+o", "j", "tab", "s", "right", "s", "f1", "escape", "p")
        await app.pilot.resize_terminal(40, 15)
        for y in (2, 5, 9, 12):
            await app.pilot.click(offset=(6, y))
        await app.ask("again")
        client.break_off(StreamCut(poison, run=poison, hint=poison))
        await app.until(lambda: app.watch.trouble)
        await app.pilot.pause()
        assert app.app.is_running
        assert app.app.return_code is None


@pytest.mark.parametrize("poison", STRINGS, ids=[repr(text[:12]) for text in STRINGS])
async def test_no_text_breaks_the_screens_that_lie_over_the_run(poison: str) -> None:
    client = ScriptedClient()
    client.remember("old", poison or "?", [])
    places = (*COLUMNS, ev.Column(key="lon", label=poison, kind="longitude"))
    events = poisoned_run(poison)
    events[0] = msgspec.structs.replace(events[0], columns=places)
    async with opened((100, 30), client=client, terminal=Terminal(remote=True)) as app:
        await app.ask("?")
        client.say(*events)
        await app.until(lambda: app.watch.view.finished and app.table.row_count == 2)
        await app.pilot.press("tab", "j", "j", "o")
        for key in ("2", "j", "space", "3", "j", "space", "y", "4", "s", "1", "2", "3", "G", "space", "4", "escape"):
            await app.pilot.press(key)
        await app.pilot.press(
            "r", "enter", "y", "escape", "l", "l", "slash", *"x>[1", "enter", "escape", "m", "j", "plus"
        )
        await app.pilot.press("enter", "escape", "escape", "y", "Y", "x", "escape", "f12", "escape", "ctrl+r")
        await app.pilot.press("escape", "e", "E", "ctrl+p", "escape")
        await app.pilot.pause()
        assert app.app.is_running
        assert app.app.return_code is None


async def test_brackets_are_shown_as_they_are() -> None:
    async with opened((120, 40), expand="always") as app:
        await app.ask("[b]bold?[/b]")
        app.client.say(*poisoned_run("[@click=app.quit]x[/]"))
        await app.shows("› [b]bold?[/b]", "✗ Failed: [@click=app.quit]x[/]")
        await app.until(lambda: app.text().count("[@click=app.quit]x[/]") > 10)
