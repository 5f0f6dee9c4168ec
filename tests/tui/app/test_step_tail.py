import random
from typing import Any

import pytest
from textual._compositor import ReflowResult
from textual.content import Content

from shared import events as ev
from shared.view import LogLine, StepView
from tests.tui.app.driving import Driver, opened
from tests.tui.app.scripted import log, started, step_finished, step_started
from tui.widgets.step_body import StepBody
from tui.widgets.step_tail import WINDOW, GrowingText, StepTail, window

WORDS = ["a", "of", "word", "sunshine", "città", "漢字", "👩‍👩‍👧", "x" * 45, "\n", "\n\n", "  ", "\t"]


def running(**fields: Any) -> StepView:
    return StepView(id="s", title="A step", state="running", **fields)


def shown(step: StepView, width: int = 40, most: int = WINDOW) -> list[str]:
    return [content.plain for content in StepTail().lines(step, width, most)]


@pytest.mark.parametrize("seed", range(20))
def test_a_text_that_grows_is_broken_as_a_whole_one_is(seed: int) -> None:
    chance = random.Random(seed)
    growing, text = GrowingText(), ""
    for _ in range(120):
        text += chance.choice(WORDS) + " " * chance.randint(0, 1)
        lines = growing.last(text, 20, 6)
        whole = [line.plain.rstrip() for line in Content(text.rstrip().replace("\t", " ")).wrap(20)]
        assert [line for _, line in lines] == (whole[-6:] if text.strip() else [])
        assert all(text[place:].replace("\t", " ").startswith(line) for place, line in lines)


def test_a_line_that_is_full_never_breaks_elsewhere_however_long_the_text() -> None:
    growing, text = GrowingText(), "".join(f"word{n} " for n in range(5_000))
    before = dict(growing.last(text, 40, 8)[:-1])
    assert len(before) == 7
    for n in range(5_000, 5_200):
        text += f"word{n} "
        lines = dict(growing.last(text, 40, 8)[:-1])
        common = before.keys() & lines.keys()
        assert len(common) >= 6
        assert all(before[place] == lines[place] for place in common)
        before = lines


def test_another_text_another_width_and_more_room_begin_anew() -> None:
    growing = GrowingText()
    text = " ".join(f"word{n}" for n in range(200))
    for said, width, most in ((text, 40, 3), (text, 30, 3), (text, 30, 8), ("new", 30, 8), (text, 30, 8)):
        places = growing.last(said, width, most)
        assert [line for _, line in places] == [line for _, line in GrowingText().last(said, width, most)]
        assert len(places) == (1 if said == "new" else most)


def test_what_is_short_is_shown_whole_in_the_order_of_the_whole() -> None:
    log = (LogLine(t=1, attempt=1, level="warning", text="slow"),)
    assert shown(running(log=log, reasoning="Hm.\n", text="So be it.")) == ["! slow", "Hm.", "So be it."]


def test_the_newest_lines_are_shown_and_what_is_left_out_is_counted() -> None:
    log = tuple(LogLine(t=n, attempt=1, level="info", text=f"line {n}") for n in range(2_031))
    lines = shown(running(log=log))
    assert lines == ["… 2,022 lines before", *(f"  line {n}" for n in range(2_022, 2_031))]
    lines = shown(running(log=log, reasoning="Hm.", text=" ".join(["nine char"] * 1_000)))
    assert lines[0] == "… 2,031 lines and 9,643 characters before"
    assert len(lines) == WINDOW
    assert shown(running(text="word " * 200))[0] == "… 640 characters before"
    assert shown(running(log=log[:1], text="word " * 200))[0] == "… 1 line and 640 characters before"


def test_a_line_of_the_log_that_is_cut_counts_as_left_out() -> None:
    lines = shown(running(log=(LogLine(t=1, attempt=1, level="info", text="word " * 100),)))
    assert lines[0] == "… 1 line before"
    assert len(lines) == WINDOW


def test_why_it_is_tried_again_stands_first_however_much_was_said() -> None:
    error = ev.ErrorInfo(code="timeout", message="no answer", hint="wait", retryable=True)
    log = tuple(LogLine(t=n, attempt=1, level="info", text=f"line {n}") for n in range(30))
    lines = shown(running(error=error, log=log), most=6)
    assert lines == ["✗ no answer", "  Try: wait", "  code timeout", "… 28 lines before", "  line 28", "  line 29"]


@pytest.mark.parametrize(("height", "lines"), [(6, 3), (24, 6), (40, 10), (200, 10)])
def test_the_window_is_a_quarter_of_the_screen_at_most(height: int, lines: int) -> None:
    assert window(height) == lines


def token(text: str) -> ev.StepToken:
    return ev.StepToken(seq=0, t=1, step="intent", attempt=1, text=text)


def layouts(app: Driver, monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """One for each time that the screen is laid out from now on."""
    compositor = app.screen._compositor
    laid_out: list[object] = []
    reflow = compositor.reflow

    def noticed(*args: Any) -> ReflowResult:
        laid_out.append(args)
        return reflow(*args)

    monkeypatch.setattr(compositor, "reflow", noticed)
    return laid_out


async def streaming(app: Driver) -> None:
    """The step is open and has as many lines as it will."""
    await app.ask()
    app.client.say(started(), step_started("intent"), *(token(f"word{n} and more of it\n") for n in range(20)))
    await app.until(lambda: app.row("intent").header.arrow == "▾")
    await app.shows("word19", "characters before")
    await app.until(lambda: not app.screen_is_dirty)


async def test_a_step_that_talks_on_moves_nothing_and_lays_nothing_out(monkeypatch: pytest.MonkeyPatch) -> None:
    async with opened((100, 40), expand="always") as app:
        await streaming(app)
        laid_out = layouts(app, monkeypatch)
        for n in range(20, 60):
            app.client.say(token(f"word{n} and more of it\n"), log("intent", f"line {n}"))
            await app.shows(f"word{n} ")
        assert not laid_out
        assert app.row("intent").query_one(StepBody).size.height == WINDOW
        app.client.say(step_finished("intent", "Read"))
        await app.until(lambda: app.row("intent").query_one(StepBody).size.height > WINDOW)
        assert laid_out, "it is seen whole when it ends"


async def test_a_step_becomes_longer_by_several_lines_at_once_and_exact_when_it_ends(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with opened((100, 40), expand="always") as app:
        await app.ask()
        app.client.say(started(), step_started("intent"))
        await app.until(lambda: app.row("intent").step.state == "running" and not app.screen_is_dirty)
        laid_out = layouts(app, monkeypatch)
        heights = []
        for n in range(8):
            app.client.say(token(f"word{n}\n"))
            await app.shows(f"word{n}")
            await app.until(lambda: not app.screen_is_dirty)
            heights.append(app.row("intent").query_one(StepBody).size.height)
        assert heights == [1, 3, 3, 6, 6, 6, 10, 10]
        assert len(laid_out) == 4, "once for each height"
        app.client.say(step_finished("intent", "Read"))
        await app.until(lambda: app.row("intent").query_one(StepBody).size.height == 8)


async def test_the_newest_words_of_the_step_that_is_followed_are_in_sight() -> None:
    async with opened((80, 24), expand="always") as app:
        await app.ask()
        before = [log("understand", f"line {n}") for n in range(60)]
        app.client.say(started(), step_started("understand"), *before, step_finished("understand", "Understood"))
        app.client.say(step_started("intent"))
        for n in range(30):
            app.client.say(token(f"word{n} and more of it\n"))
            await app.shows(f"word{n} ")


async def test_what_somebody_reads_stays_where_it_is_when_a_step_above_ends_and_is_seen_whole() -> None:
    async with opened((80, 24), expand="always") as app:
        await app.ask()
        app.client.say(started(), step_started("intent"), *(token(f"word{n} and more of it\n") for n in range(40)))
        app.client.say(
            step_started("locate"), *(log("locate", f"line {n}") for n in range(60)), step_finished("locate")
        )
        await app.until(lambda: app.row("locate").size.height == 61)
        await app.pilot.press("tab", "k")
        app.steps.scroll_to(y=40, animate=False)
        await app.until(lambda: app.steps.scroll_y == 40 and not app.screen_is_dirty)
        before = app.lines()[1:13]
        assert all("line " in line for line in before)
        app.client.say(step_finished("intent", "Read"))
        await app.until(lambda: app.row("intent").size.height == 41)
        await app.until(lambda: [line[:60] for line in app.lines()[1:13]] == [line[:60] for line in before])
        assert app.steps.scroll_y == 40 + 40 - window(24)
