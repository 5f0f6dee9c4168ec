"""What is sent to the terminal adds up to what is drawn, and isn't more than has changed."""

import asyncio
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console
from rich.segment import Segment
from rich.style import Style
from textual._compositor import ChopsUpdate, CompositorUpdate
from textual.app import App
from textual.geometry import Region, Size
from textual.strip import Strip
from textual.widget import Widget

from tests.screen_of import ScreenOf
from tests.tui.app.driving import Driver, opened
from tests.tui.app.scripted import log, row, sample_run, started, step_started
from tests.tui.app.scripted import rows as changed
from tui.application import WindowseatApp
from tui.painting import Shown
from tui.widgets.run_block import RunBlock
from tui.widgets.step_body import StepBody
from tui.widgets.step_row import StepRow
from tui.widgets.transcript import Transcript

CONSOLE = Console(force_terminal=True, color_system="truecolor", legacy_windows=False)
RED, BLUE = Style(color="red"), Style(color="blue")


class Line:
    """A terminal of one line, and what was sent to it."""

    def __init__(self, width: int = 40) -> None:
        self.size = Size(width, 1)
        self.shown = Shown()
        self.screen = ScreenOf(width, 1)

    def draw(self, *pieces: list[Segment]) -> str:
        strips, ends, x = {}, [], 0
        for piece in pieces:
            strip = Strip(piece)
            strips[x] = strip
            x += strip.cell_length
            ends.append(x)
        update = ChopsUpdate([strips], [(0, 0, x)], [ends])
        sent = self.shown.changes(update, self.size, CONSOLE)
        assert sent is not None
        self.screen.feed(sent)
        assert self.screen.text()[0].startswith("".join(part.text for piece in pieces for part in piece))
        return sent


def test_only_the_cells_that_are_another_are_sent() -> None:
    line = Line()
    line.draw([Segment("23 rows · best first", RED)])
    assert line.draw([Segment("24 rows · best first", RED)]) == "\x1b[1;2H\x1b[31m4\x1b[0m"
    line = Line()
    line.draw([Segment("alpha beta", RED), Segment(" and the rest", BLUE)])
    sent = line.draw([Segment("alpha zeta", RED), Segment(" and the rest", BLUE)])
    assert sent == "\x1b[1;7H\x1b[31mz\x1b[0m"
    assert line.draw([Segment("alpha zeta", RED), Segment(" and the rest", BLUE)]) == ""


def test_another_colour_is_another_cell() -> None:
    line = Line()
    line.draw([Segment("alpha", RED)])
    assert line.draw([Segment("alpha", BLUE)]) == "\x1b[1;1H\x1b[34malpha\x1b[0m"


def test_half_a_wide_character_is_never_sent() -> None:
    line = Line()
    line.draw([Segment("漢字a", RED)])
    assert line.draw([Segment("漢語a", RED)]) == "\x1b[1;3H\x1b[31m語\x1b[0m"
    assert line.draw([Segment("a漢語", RED)]) == "\x1b[1;1H\x1b[31ma漢語\x1b[0m"
    assert line.draw([Segment("abc語", RED)]) == "\x1b[1;2H\x1b[31mbc\x1b[0m"


def test_a_letter_that_may_combine_is_sent_with_its_line() -> None:
    line = Line()
    line.draw([Segment("cafe bar", RED)])
    assert line.draw([Segment("cafe\u0301 bar", RED)]) == "\x1b[1;1H\x1b[31mcafe\u0301 bar\x1b[0m"


TEXTS = st.lists(st.sampled_from([*"ab 漢字カ한→é😀", "e\u0301"]), max_size=12).map("".join)


@given(st.lists(st.lists(st.tuples(TEXTS, st.sampled_from([RED, BLUE])), min_size=1, max_size=3), max_size=6))
def test_whatever_is_drawn_is_what_is_shown(frames: list[list[tuple[str, Style]]]) -> None:
    """Cell by cell as if each had been sent whole."""
    shown, screen, whole = Shown(), ScreenOf(60, 1), ScreenOf(60, 1)
    for frame in frames:
        strip = Strip([Segment(text, style) for text, style in frame]).adjust_cell_length(60)
        sent = shown.change((0, 0, strip), Size(60, 1), CONSOLE)
        if sent is None:
            sent = shown.changes(ChopsUpdate([{0: strip}], [(0, 0, 60)], [[60]]), Size(60, 1), CONSOLE)
        assert sent is not None
        screen.feed(sent)
        whole.feed(f"\x1b[1;1H{strip.render(CONSOLE)}")
        assert screen.cells == whole.cells


def test_a_piece_alone_is_drawn_only_where_it_is_known_what_stands_there() -> None:
    line = Line()
    piece = 0, 0, Strip([Segment("alpha beta", RED)])
    assert line.shown.change(piece, line.size, CONSOLE) is None
    line.draw([Segment("alpha zeta", RED)])
    assert line.shown.change((0, 0, Strip([Segment("alpha", RED)])), line.size, CONSOLE) is None
    assert line.shown.change((1, 0, piece[2]), line.size, CONSOLE) is None
    assert line.shown.change((0, 1, piece[2]), line.size, CONSOLE) is None
    assert line.shown.change(piece, Size(41, 1), CONSOLE) is None
    sent = line.shown.change(piece, line.size, CONSOLE)
    assert sent == "\x1b[1;7H\x1b[31mb\x1b[0m"
    line.screen.feed(sent)
    assert line.draw([Segment("alpha beta", RED)]) == ""
    line.shown.forget()
    assert line.shown.change(piece, line.size, CONSOLE) is None


def test_pieces_cut_elsewhere_are_sent_whole_and_what_they_cover_is_forgotten() -> None:
    line = Line()
    line.draw([Segment("aaaa", RED)], [Segment("bbbb", RED)])
    line.draw([Segment("aabbbbbb", RED)])
    sent = line.draw([Segment("aaaa", RED)], [Segment("bbbb", RED)])
    assert "aaaa" in sent
    assert "bbbb" in sent


def test_after_a_forgetting_and_in_another_size_all_is_sent_again() -> None:
    line = Line()
    line.draw([Segment("alpha", RED)])
    line.shown.forget()
    assert "alpha" in line.draw([Segment("alpha", RED)])
    line.size = Size(41, 1)
    assert "alpha" in line.draw([Segment("alpha", RED)])


class Terminal:
    """What the app sends, drawn; and compared with what its top screen would draw as a whole."""

    def __init__(self, app: Driver) -> None:
        self.app = app
        self.sent = ""

    def check(self) -> None:
        size = self.app.app.size
        screen = ScreenOf(size.width, size.height)
        whole = ScreenOf(size.width, size.height)
        screen.feed(self.sent)
        for y, strip in enumerate(self.app.app.screen._compositor.render_strips()):
            whole.feed(f"\x1b[{y + 1};1H{strip.render(self.app.app.console)}")
        assert screen.text() == whole.text()
        for y, (line, wanted) in enumerate(zip(screen.cells, whole.cells, strict=True)):
            assert line == wanted, y


@pytest.fixture
def terminals(monkeypatch: pytest.MonkeyPatch) -> list[Terminal]:
    made: list[Terminal] = []

    def display(_: App[Any], screen: object, update: object) -> None:
        if made and isinstance(update, CompositorUpdate):
            made[0].sent += update.render_segments(CONSOLE)

    monkeypatch.setattr(App, "_display", display)
    monkeypatch.setattr(WindowseatApp, "_draws_on_terminal", property(lambda app: True))
    return made


async def test_what_is_sent_adds_up_to_what_is_drawn(terminals: list[Terminal]) -> None:
    async with opened((100, 30)) as app:
        terminal = Terminal(app)
        terminals.append(terminal)
        app.app.action_redraw()

        async def same() -> None:
            await app.pilot.pause(0.3)
            await app.until(lambda: not app.screen_is_dirty)
            terminal.check()

        await same()
        await app.ask()
        run = sample_run()
        app.client.say(*run[:12])
        await app.until(lambda: app.watch.view.upto == 12)
        await same()
        app.client.say(*run[12:])
        await app.until(lambda: app.watch.view.finished and not app.table.incomplete)
        for keys in (
            ["tab"], ["4"], ["j", "j"], ["o"], ["2"], ["escape"], ["f1"], ["escape"], ["r"], ["j", "s"], ["slash"],
            [*"high>2", "escape"], ["ctrl+p"], [*"exp"], ["escape"], ["p"], [*"漢字 and"],
        ):  # fmt: skip
            await app.pilot.press(*keys)
            await same()
        app.app.theme = "textual-light"
        await same()


async def test_a_row_that_comes_into_a_table_is_sent_alone(terminals: list[Terminal]) -> None:
    async with opened((100, 40)) as app:
        terminal = Terminal(app)
        terminals.append(terminal)
        await app.ask()
        cities = [row(f"R{n}", f"City {n}", km=n) for n in range(10, 20)]
        app.client.say(started(), step_started("routes"), changed(*cities))
        await app.until(lambda: "City 19" in terminal.sent and "10 rows" in terminal.sent, "the rows on the terminal")
        await app.until(lambda: not app.screen_is_dirty)
        terminal.sent = ""
        app.client.say(changed(row("more", "City 99", km=99)), log("routes", "not seen: the step is closed"))
        await app.until(lambda: "City 99" in terminal.sent, "the row on the terminal")
        await app.until(lambda: not app.screen_is_dirty)
        assert "City 1" not in terminal.sent


async def test_a_letter_does_not_wait_for_the_next_frame(monkeypatch: pytest.MonkeyPatch) -> None:
    async with opened() as app:
        app.prompt.focus()
        await app.until(lambda: not app.screen_is_dirty)
        drawn = asyncio.Event()  # not by the timer, which calls what it was given when it was made
        monkeypatch.setattr(app.app.screen, "_on_timer_update", drawn.set)

        async def typed() -> bool:
            """Whether a letter was drawn at once: not while what came with the start is still to be laid out."""
            app.app.simulate_key("q")
            with suppress(TimeoutError):
                await asyncio.wait_for(drawn.wait(), 0.1)
            return drawn.is_set()

        async with asyncio.timeout(5):
            while not await typed():
                pass
        assert app.prompt.value.startswith("q")


async def test_what_lies_behind_others_is_not_asked_for_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    async with opened((100, 30), expand="always") as app:
        await app.ask()
        app.client.say(started(), step_started("routes"), log("routes", "line 0"), log("routes", "line 1"))
        await app.shows("line 1")
        await app.until(lambda: not app.screen_is_dirty)
        asked: list[Widget] = []
        lines = Widget.render_lines

        def noticed(widget: Widget, crop: Region) -> list[Strip]:
            asked.append(widget)
            return lines(widget, crop)

        monkeypatch.setattr(Widget, "render_lines", noticed)
        app.client.say(log("routes", "line 2"))
        await app.until(lambda: app.row("routes").query_one(StepBody) in asked)
        assert not [widget for widget in asked if isinstance(widget, RunBlock | StepRow | Transcript)]
