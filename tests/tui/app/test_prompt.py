"""The prompt draws what Textual's Input would, and a key costs one painting, however long the line is."""

import random
from typing import Any

import pytest
from rich.segment import Segment
from textual import events
from textual.geometry import Region
from textual.strip import Strip
from textual.widgets import Input

from tests.tui.app.driving import opened
from tui.screens.main import MainScreen
from tui.widgets.prompt import Prompt

LETTERS = "ab 漢é😀e\u0301x\u200d👨‍👩‍👧‍👦"


def same(ours: Strip, textuals: Strip) -> bool:
    return list(Segment.simplify(ours)) == list(Segment.simplify(textuals))


def as_textual(prompt: Prompt, crop: Region) -> Strip:
    prompt._styles_cache.clear()
    strip = Input.render_lines(prompt, crop)[0]
    prompt._styles_cache.clear()
    return strip


@pytest.mark.parametrize("focused", [True, False])
async def test_it_is_drawn_as_textual_draws_it(focused: bool) -> None:
    chance = random.Random(5)
    async with opened((100, 30)) as app:
        prompt = app.prompt
        await app.until(lambda: not app.screen_is_dirty)
        if not focused:
            app.screen.set_focus(None)
            await app.until(lambda: not prompt.has_focus)
        lines = ["", "a", "\x1b[31m", "a\tb", *("".join(chance.choices(LETTERS, k=n)) for n in range(0, 120, 3))]
        for line in lines:
            prompt.value = line
            prompt.cursor_position = chance.randrange(len(line) + 1)
            await app.pilot.pause()
            assert prompt.content_width == Input.content_width.fget(prompt), line  # type: ignore[attr-defined]
            assert same(prompt.render_line(0), Input.render_line(prompt, 0)), line
            for crop in (prompt.size.region, Region(3, 0, 20, 1), Region(0, 0, prompt.size.width, 2)):
                assert same(prompt.render_lines(crop)[0], as_textual(prompt, crop)), (line, crop)


async def test_a_selection_is_drawn_too() -> None:
    async with opened((100, 30)) as app:
        await app.until(lambda: not app.screen_is_dirty)
        app.prompt.value = "somewhere hot"
        app.prompt.focus()
        await app.pilot.press("ctrl+a", "shift+right", "shift+right")
        assert app.prompt.selected_text
        assert same(app.prompt.render_line(0), Input.render_line(app.prompt, 0))


async def test_beyond_the_width_a_key_is_one_painting_and_no_layout(monkeypatch: pytest.MonkeyPatch) -> None:
    async with opened((60, 30)) as app:
        app.prompt.focus()
        for _ in range(80):
            await app.pilot.press("x")
        await app.until(lambda: not app.screen_is_dirty)
        assert app.prompt.scroll_offset.x > 0
        assert not app.prompt.show_horizontal_scrollbar
        done: list[str] = []

        def noticed(name: str) -> None:
            before = getattr(app.screen, name)

            def notice(*arguments: Any, **more: Any) -> None:
                done.append(name)
                before(*arguments, **more)

            monkeypatch.setattr(app.screen, name, notice)

        noticed("_compositor_refresh")
        noticed("_refresh_layout")
        await app.pilot.press("q")
        await app.until(lambda: app.prompt.value.endswith("q") and not app.screen_is_dirty)
        assert done == ["_compositor_refresh"]
        await app.pilot.press("home")
        assert app.prompt.scroll_offset.x == 0


async def test_nobody_is_told_of_each_letter(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[str] = []

    def tell(screen: MainScreen, event: Input.Changed) -> None:
        told.append(event.value)

    monkeypatch.setattr(MainScreen, "on_input_changed", tell, raising=False)
    async with opened() as app:
        app.prompt.focus()
        await app.pilot.press("h", "i", "backspace")
        assert app.prompt.value == "h"
        app.prompt.value = "as when a question is taken from the history"
        await app.until(lambda: bool(told))
        assert told == [app.prompt.value]


async def test_keys_of_one_breath_act_one_after_the_other() -> None:
    """As over a slow line, where several come in one packet."""
    async with opened() as app:
        app.prompt.focus()
        await app.pilot.pause()
        characters = {"backspace": "\x7f", "enter": "\r", "left": None}
        for key in ["h", "o", "x", "backspace", "t", "enter", "a", "left", "b"]:
            app.app.post_message(events.Key(key, characters.get(key, key)))
        await app.until(lambda: bool(app.client.asked))
        assert app.client.asked[0][0] == "hot"
        await app.until(lambda: app.prompt.value == "ba")
