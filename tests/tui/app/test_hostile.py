import pytest

from tests.tui.app.driving import opened
from tests.tui.app.hostile import STRINGS, poisoned_run
from tests.tui.app.scripted import INFO, ScriptedClient
from tui.connection import PipelineInfo, StreamCut


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


async def test_brackets_are_shown_as_they_are() -> None:
    async with opened((120, 40), expand="always") as app:
        await app.ask("[b]bold?[/b]")
        app.client.say(*poisoned_run("[@click=app.quit]x[/]"))
        await app.shows("› [b]bold?[/b]", "✗ Failed: [@click=app.quit]x[/]")
        await app.until(lambda: app.text().count("[@click=app.quit]x[/]") > 10)
