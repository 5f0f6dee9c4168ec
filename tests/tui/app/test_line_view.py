"""Many lines of which those in sight are drawn: scrolled sideways, or wrapped."""

import pytest
from textual.app import App, ComposeResult

from tests.tui.app.driving import opened
from tests.tui.app.scripted import sample_run
from tui.screens.inspector import InspectorScreen
from tui.widgets.line_view import Line, LineView

LONG = "".join(f"{n:02}" for n in range(50))
WIDE = "漢字" * 20


class Lines(App[None]):
    CSS = "LineView { scrollbar-size-vertical: 1; scrollbar-size-horizontal: 0; }"

    def compose(self) -> ComposeResult:
        yield LineView()


def drawn(view: LineView) -> list[str]:
    return [view.render_line(y).text.rstrip() for y in range(view.size.height)]


def line(key: str, *texts: str) -> Line:
    return Line(key, tuple((text, "muted" if place else "") for place, text in enumerate(texts)), "▸")


async def test_a_long_line_is_cut_at_the_edge_and_scrolled_to() -> None:
    app = Lines()
    async with app.run_test(size=(32, 6)) as pilot:
        view = app.query_one(LineView)
        view.show([line("a", LONG), line("b", "short")])
        await pilot.pause()
        assert drawn(view)[:2] == [f"▸ {LONG[:30]}", "▸ short"]
        view.scroll_relative(x=10, animate=False)
        await pilot.pause()
        assert drawn(view)[0] == LONG[8:40]


async def test_wrapped_it_is_whole_on_as_many_rows_as_it_needs() -> None:
    app = Lines()
    async with app.run_test(size=(33, 9)) as pilot:
        view = app.query_one(LineView)
        view.show([line("a", LONG[:40], LONG[40:]), line("b", "short"), line("c", WIDE), line("d", "")])
        view.wrap(True)
        await pilot.pause()
        rows = drawn(view)
        assert rows[:5] == [f"▸ {LONG[:30]}", f"  {LONG[30:60]}", f"  {LONG[60:90]}", f"  {LONG[90:]}", "▸ short"]
        assert "".join(row[2:] for row in rows[5:8]) == WIDE
        assert rows[8] == "▸"
        assert view.text() == f"{LONG}\nshort\n{WIDE}\n"


@pytest.mark.parametrize("width", [5, 7, 33])
async def test_no_wide_character_is_lost_at_an_edge(width: int) -> None:
    app = Lines()
    async with app.run_test(size=(width, 60)) as pilot:
        view = app.query_one(LineView)
        view.show([line("a", f"x{WIDE}e\u0301")])
        view.wrap(True)
        await pilot.pause()
        found = "".join(row[2:] for row in drawn(view))
        assert found == f"x{WIDE}e\u0301"
        assert len([row for row in drawn(view) if row]) == view.virtual_size.height


async def test_a_scrollbar_that_comes_covers_nothing() -> None:
    app = Lines()
    async with app.run_test(size=(33, 5)) as pilot:
        view = app.query_one(LineView)
        view.show([line(str(n), LONG) for n in range(20)])
        view.wrap(True)
        await pilot.pause()
        assert view.show_vertical_scrollbar
        assert "".join(row[2:] for row in drawn(view)[:4]) == LONG


async def test_the_cursor_goes_from_line_to_line_and_is_in_sight() -> None:
    app = Lines()
    async with app.run_test(size=(33, 5)) as pilot:
        view = app.query_one(LineView)
        view.focus()
        view.show([line(str(n), LONG) for n in range(20)])
        view.wrap(True)
        await pilot.pause()
        for _ in range(7):
            view.move(1)
        await pilot.pause()
        chosen = [view.chosen]
        assert view.scroll_y == 7 * 4 - 1
        view.scroll_to(y=8, animate=False)
        await pilot.pause()
        await pilot.click(LineView, offset=(4, 1))
        assert [*chosen, view.chosen] == ["7", "2"]


async def test_another_width_wraps_anew() -> None:
    app = Lines()
    async with app.run_test(size=(33, 10)) as pilot:
        view = app.query_one(LineView)
        view.show([line("a", LONG)])
        view.wrap(True)
        await pilot.pause()
        assert view.virtual_size.height == 4
        await pilot.resize_terminal(53, 10)
        await pilot.pause()
        assert view.virtual_size.height == 2


async def test_in_the_inspector_a_key_wraps_and_others_scroll_sideways() -> None:
    async with opened((60, 24)) as app:
        await app.ask()
        run = sample_run()
        app.client.say(*run)
        await app.until(lambda: app.watch.view.finished)
        await app.pilot.press("tab", "o", "s", "3")
        screen = app.app.screen
        assert isinstance(screen, InspectorScreen)
        view = screen._lines
        await app.until(lambda: view.lines)
        frames = len(view.lines)
        assert view.virtual_size.height == frames
        await app.pilot.press("l")
        await app.until(lambda: view.scroll_x == 30)
        await app.pilot.press("h")
        await app.until(lambda: view.scroll_x == 0)
        await app.pilot.press("w")
        await app.until(lambda: view.virtual_size.height > frames)
        await app.pilot.press("w")
        await app.until(lambda: view.virtual_size.height == frames)
