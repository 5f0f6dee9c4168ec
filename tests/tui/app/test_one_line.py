"""A line that a widget draws itself is the one that Textual would draw, whatever has changed meanwhile."""

from collections.abc import Sequence
from typing import Any

import pytest
from msgspec.structs import replace
from rich.console import Console
from textual.geometry import Offset, Region
from textual.message import Message
from textual.messages import Update
from textual.strip import Strip
from textual.widget import Widget

from tests.screen_of import Cell, ScreenOf
from tests.tui.app.driving import Driver, opened
from tests.tui.app.scripted import sample_run, started, step_finished, step_started
from tui.screens.main import MainScreen
from tui.terminal import Terminal
from tui.widgets.one_line import Drawn, OneLine, Words
from tui.widgets.run_line import RunLine
from tui.widgets.step_header import StepHeader, StepTime

CONSOLE = Console(force_terminal=True, color_system="truecolor", legacy_windows=False)


def cells(strips: Sequence[Strip], width: int) -> list[Cell]:
    assert len(strips) == 1
    screen = ScreenOf(width, 1)
    screen.feed(strips[0].render(CONSOLE))
    return screen.cells[0]


def as_textual(widget: Widget, crop: Region) -> list[Strip]:
    """With nothing that it remembers."""
    widget._styles_cache.clear()
    widget._layout_cache.clear()
    widget._rich_style_cache.clear()
    widget._visual_style = None
    widget._dirty_regions.add(widget.outer_size.region)
    return Widget.render_lines(widget, crop)


def lines(app: Driver) -> list[Drawn]:
    return [
        widget
        for widget in app.app.screen_stack[0].walk_children(Widget)
        if isinstance(widget, Drawn) and widget.outer_size
    ]


def check(app: Driver) -> None:
    with app.app._context():
        for widget in lines(app):
            width = widget.outer_size.width
            for crop in (Region(0, 0, width, 1), Region(width // 3, 0, max(1, width // 2), 1)):
                ours = cells(widget.render_lines(crop), crop.width)
                assert ours == cells(as_textual(widget, crop), crop.width), (widget, crop)


def is_drawn_by_textual(widget: Widget, monkeypatch: pytest.MonkeyPatch) -> bool:
    asked: list[Widget] = []

    def noticed(one: Widget, crop: Region) -> list[Strip]:
        asked.append(one)
        return []

    with monkeypatch.context() as patch:
        patch.setattr(Widget, "render_lines", noticed)
        widget.render_lines(widget.outer_size.region)
    return bool(asked)


PROFILES: list[dict[str, Any]] = [
    {},
    {"theme": "textual-light"},
    {"theme": "ansi-dark"},
    {"theme": "ansi-light"},
    {"terminal": Terminal(color=False)},
    {"motion": True},
]


@pytest.mark.parametrize("size", [(100, 30), (25, 15)])
@pytest.mark.parametrize("profile", PROFILES, ids=range(len(PROFILES)))
async def test_it_is_textuals_after_any_change(size: tuple[int, int], profile: dict[str, Any]) -> None:
    async with opened(size, **profile) as app:
        check(app)
        await app.ask("somewhere 漢字 hot [red]and[/] far")
        run = sample_run()
        for part in (run[:6], run[6:12], run[12:]):
            app.client.say(*part)
            await app.until(lambda: not app.screen_is_dirty)
            await app.pilot.pause(0.1)
            check(app)
        for keys in (["tab"], ["j", "j"], ["4"], ["r"], ["escape"], ["f1"], ["escape"]):
            await app.pilot.press(*keys)
            check(app)
        await app.pilot.hover(StepTime) if app.screen.query(StepTime).first().display else None
        check(app)
        app.app.theme = "textual-dark" if app.app.theme == "textual-light" else "textual-light"
        await app.pilot.pause()
        check(app)
        await app.pilot.resize_terminal(size[0] - 3, size[1])
        await app.pilot.pause()
        check(app)


async def test_textual_draws_what_has_more_around_it(monkeypatch: pytest.MonkeyPatch) -> None:
    async with opened((100, 30)) as app:
        await app.ask()
        app.client.say(started(), step_started("understand"))
        await app.shows("Working…")
        header, line = app.screen.query(StepHeader).first(), app.screen.query(RunLine).first()
        right = app.screen.query_one("#header-right", Words)
        for widget in app.screen.query(OneLine):
            assert not is_drawn_by_textual(widget, monkeypatch), widget
        app.prompt.value = "hot"
        assert not is_drawn_by_textual(app.prompt, monkeypatch)
        header.styles.tint = "red 30%"
        line.styles.padding = (0, 2)
        right.styles.text_opacity = 0.5
        await app.pilot.pause()
        assert is_drawn_by_textual(header, monkeypatch)
        assert not is_drawn_by_textual(line, monkeypatch)
        assert is_drawn_by_textual(right, monkeypatch)
        check(app)
        app.steps.styles.opacity = 0.5
        await app.pilot.pause()
        assert is_drawn_by_textual(line, monkeypatch)
        check(app)


async def test_text_of_it_can_be_selected(monkeypatch: pytest.MonkeyPatch) -> None:
    async with opened((100, 30)) as app:
        await app.ask()
        app.client.say(started(run="run7f3a"))
        await app.shows("run run7f3a")
        right = app.screen.query_one("#header-right", Words)
        at = right.region.offset + Offset(right.text.index("7f3a") + right.region.width - len(right.text), 0)
        widget, offset = app.screen.get_widget_and_offset_at(*at)
        assert widget is right
        assert offset == Offset(right.text.index("7f3a"), 0)
        await app.pilot.mouse_down(offset=at)
        await app.pilot.hover(offset=at + Offset(3, 0))
        await app.pilot.mouse_up(offset=at + Offset(3, 0))
        await app.until(lambda: right.text_selection is not None)
        assert is_drawn_by_textual(right, monkeypatch)
        assert app.screen.get_selected_text() == "7f3a"
        check(app)


async def test_a_line_that_has_gone_can_still_be_told_of_changes() -> None:
    async with opened((100, 30)) as app:
        await app.ask()
        app.client.say(started(), step_started("understand"), step_finished("understand"))
        await app.shows("Done")
        row = app.row("understand")
        await row.remove()
        row.time.show("gone")
        row.header.refresh()
        for widget in (row.time, row.header):
            assert widget.render_lines(widget.outer_size.region)
        row.header.show(replace(row.step, state="failed"), "▸")
        assert row.header.render_lines(row.header.outer_size.region)[0].text.startswith("▸ ✗")


async def test_lines_that_change_together_are_one_message_to_the_screen(monkeypatch: pytest.MonkeyPatch) -> None:
    async with opened((100, 30)) as app:
        await app.ask()
        app.client.say(started(), step_started("understand"), step_finished("understand"))
        await app.shows("✓ 1")
        await app.until(lambda: not app.screen_is_dirty)
        told: list[Message] = []
        post = MainScreen.post_message

        def noted(screen: MainScreen, message: Message) -> bool:
            if isinstance(message, Update):
                told.append(message)
            return post(screen, message)

        monkeypatch.setattr(MainScreen, "post_message", noted)
        for row in app.steps.rows:
            row.header.refresh()
            row.time.refresh()
        assert not app.screen._dirty_widgets, "what else changes now has the time to be in the same frame"
        await app.until(lambda: app.screen._untold == set() and not app.screen_is_dirty)
        assert len(told) == 1


async def test_what_stands_in_it_is_as_it_was_drawn_until_it_changes() -> None:
    async with opened((100, 30)) as app:
        await app.ask()
        app.client.say(started(), step_started("understand"))
        await app.shows("Working…")
        header = app.screen.query(StepHeader).first()
        crop = header.outer_size.region
        strip = header.render_lines(crop)[0]
        assert header.render_lines(crop)[0] is strip
        header.arrow = "▸"
        assert header.render_lines(crop)[0].text.startswith("▸")
