import re
from functools import partial
from typing import Any, Self

import msgspec
import pytest
from textual.events import AppBlur, AppFocus
from textual.geometry import Offset, Region

from shared import events as ev
from shared.view import StepView
from tests.tui.app.driving import Driver, opened
from tests.tui.app.scripted import PLAN, call, finished, log, sample_run, started, step_finished, step_started
from tui.widgets import pressed
from tui.widgets.step_header import StepHeader

FAILED = step_finished(
    "routes",
    "",
    t=20,
    status="failed",
    error=ev.ErrorInfo(code="upstream", message="AirLabs did not answer", hint="try again in a minute", retryable=True),
)


def folded(app: Driver, upto: int) -> bool:
    """Whether this event has come, and is painted."""
    return app.watch.view.upto == upto and app.steps.rows[0].step is app.watch.view.steps[0]


async def test_all_steps_are_drawn_grey_before_any_question() -> None:
    async with opened() as app:
        await app.shows(*(step.title for step in PLAN), "2a", "2b", "Where can I escape to?")
        assert [row.step.state for row in app.steps.rows] == ["waiting"] * len(PLAN)


async def test_steps_never_move_while_a_run_goes_on() -> None:
    async with opened() as app:
        await app.ask()
        events = sample_run()
        places = None
        for event in events:
            app.client.say(event)
            await app.until(partial(folded, app, events.index(event) + 1))
            now = [row.region.y for row in app.steps.rows]
            places = places or now
            assert now == places
        await app.shows("37 non-stop destinations on Monday", "Las Palmas first: hot, 3 h 30 away")


async def test_a_running_step_shows_what_it_does_how_far_it_is_and_how_long_it_takes() -> None:
    async with opened((120, 40)) as app:
        await app.ask()
        app.client.say(*sample_run()[:21])
        await app.shows("Reading the sky over 4 cities… 2 of 4 cities")
        running = re.compile(r"Read the sky .* [1-9]\d*s$")
        await app.until(lambda: any(running.search(line.rstrip()) for line in app.lines()))


async def test_a_step_without_anything_inside_has_no_arrow_and_does_not_open() -> None:
    async with opened() as app:
        await app.ask()
        app.client.say(started(), step_started("understand"), step_finished("understand", "Read"))
        await app.shows("✓ 1  Understand")
        await app.pilot.press("tab", "space")
        assert "▸" not in app.text()
        assert not app.row("understand").is_open


async def test_opening_shows_calls_log_text_and_detail() -> None:
    async with opened((120, 40)) as app:
        await app.ask()
        app.client.say(*sample_run())
        await app.until(lambda: app.row("result").step.state == "ok")
        await app.pilot.press("tab", "4")
        await app.shows("▾ ✓ 4", "atlas", "timetable", "18,231 bytes", "as of 1 October 2026", "cached", "1 retry")
        await app.pilot.press("3")
        await app.shows("runners up:", "- airport: ALC, km: 120")
        await app.pilot.press("2")
        await app.shows("depart: 23 November 2026", "! two Valencias")
        await app.pilot.press("2")
        await app.until(lambda: "two Valencias" not in app.text().replace("also", ""))


async def test_the_model_s_text_arrives_in_the_open_step() -> None:
    async with opened((120, 40)) as app:
        await app.ask()
        app.client.say(
            started(), step_started("intent"), ev.StepToken(seq=0, t=1, step="intent", attempt=1, text="Hot ")
        )
        await app.until(lambda: app.row("intent").header.arrow == "▸")
        await app.pilot.press("tab", "2")
        await app.shows("Hot")
        app.client.say(ev.StepToken(seq=0, t=2, step="intent", attempt=1, text="and sunny"))
        await app.shows("Hot and sunny")


async def test_a_failed_step_opens_itself_and_says_what_why_and_what_to_try() -> None:
    async with opened() as app:
        await app.ask()
        app.client.say(started(), step_started("routes"), FAILED)
        await app.shows("✗ AirLabs did not answer", "Try: try again in a minute", "code upstream")


async def test_what_the_user_closed_stays_closed_whatever_comes_after() -> None:
    async with opened() as app:
        await app.ask()
        app.client.say(started(), step_started("routes"), FAILED)
        await app.until(lambda: app.row("routes").is_open)
        await app.pilot.press("tab", "4")
        assert not app.row("routes").is_open
        app.client.say(log("routes", "one more line"), log("routes", "and one", evidence=call()), FAILED)
        await app.until(lambda: len(app.row("routes").step.log) == 2)
        assert not app.row("routes").is_open
        app.client.say(finished("failed"))
        await app.until(lambda: app.watch.view.finished)
        assert not app.row("routes").is_open


async def test_what_the_user_opened_stays_open_and_grows() -> None:
    async with opened((120, 40)) as app:
        await app.ask()
        app.client.say(started(), step_started("routes"), log("routes", "first line"))
        await app.until(lambda: app.row("routes").header.arrow == "▸")
        await app.pilot.press("tab", "4")
        app.client.say(log("routes", "second line"), step_finished("routes", "37 found"))
        await app.shows("first line", "second line", "37 found")
        assert app.row("routes").is_open


@pytest.mark.parametrize(("expand", "opens"), [("never", False), ("failed", True), ("always", True)])
async def test_the_policy_decides_until_the_user_does(expand: str, opens: bool) -> None:
    async with opened(expand=expand) as app:
        await app.ask()
        app.client.say(started(), step_started("routes"), FAILED)
        await app.until(lambda: app.row("routes").step.state == "failed")
        assert app.row("routes").is_open is opens


async def test_ctrl_o_opens_all_also_those_that_come_later_and_closes_all() -> None:
    async with opened((120, 40)) as app:
        await app.ask()
        app.client.say(started(), step_started("understand"), log("understand", "early"))
        await app.until(lambda: app.row("understand").header.arrow == "▸")
        await app.pilot.press("ctrl+o")
        app.client.say(step_started("routes"), log("routes", "late"))
        await app.shows("early", "late")
        await app.pilot.press("ctrl+o")
        await app.until(lambda: "early" not in app.text() and "late" not in app.text())


async def test_a_click_on_the_header_opens_and_a_drag_does_not() -> None:
    async with opened() as app:
        await app.ask()
        app.client.say(*sample_run())
        await app.until(lambda: app.row("result").step.state == "ok")
        header = app.row("routes").header
        await app.pilot.click(header, offset=Offset(10, 0))
        assert app.row("routes").is_open
        await app.pilot.mouse_down(header, offset=Offset(5, 0))
        await app.pilot.hover(header, offset=Offset(30, 0))
        await app.pilot.mouse_up(header, offset=Offset(30, 0))
        await app.pilot.pause()
        assert app.row("routes").is_open


@pytest.mark.parametrize("part", ["header", "time"])
async def test_neither_a_drag_nor_a_double_click_nor_the_click_that_brings_the_window_to_the_front_folds(
    part: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pressed, "FRONT_S", 60.0)  # a slow machine may take its time
    async with opened() as app:
        await app.ask()
        app.client.say(*sample_run())
        await app.until(lambda: app.row("result").step.state == "ok")
        line = getattr(app.row("routes"), part)
        await app.pilot.mouse_down(line, offset=Offset(1, 0))
        await app.pilot.hover(line, offset=Offset(5, 0))
        await app.pilot.mouse_up(line, offset=Offset(5, 0))
        assert not app.row("routes").is_open, "a drag"
        app.app.post_message(AppBlur())
        app.app.post_message(AppFocus())
        await app.until(lambda: app.app.came_to_front)
        await app.pilot.click(line, offset=Offset(2, 0))
        assert not app.row("routes").is_open, "the window came to the front"
        app.app.came_to_front -= 60.0
        await app.pilot.click(line, offset=Offset(3, 0), times=2)
        await app.until(lambda: app.row("routes").is_open, "the first of two clicks opens, the second is none")


async def test_the_next_question_begins_with_fresh_steps() -> None:
    async with opened() as app:
        await app.ask()
        app.client.say(*sample_run())
        await app.until(lambda: app.row("result").step.state == "ok")
        await app.pilot.press("tab", "4")
        assert app.row("routes").is_open
        await app.ask("somewhere cold")
        await app.until(lambda: app.row("routes").step.state == "waiting")
        await app.shows("› somewhere cold")
        assert not app.row("routes").is_open
        assert app.table.row_count == 0


async def test_keys_move_the_step_cursor_also_from_the_prompt() -> None:
    async with opened() as app:
        await app.shows("Rank what is left")
        await app.pilot.press("alt+down", "alt+down", "alt+up")
        assert app.steps.cursor == 1
        assert app.prompt.has_focus
        await app.pilot.press("tab", "j", "j", "k")
        assert app.steps.cursor == 2
        await app.pilot.press("G")
        assert app.steps.cursor == len(PLAN) - 1
        await app.pilot.press("g")
        assert app.steps.cursor == 0


async def test_a_small_window_follows_the_running_step_until_the_user_moves() -> None:
    async with opened((60, 12)) as app:
        await app.ask()
        app.client.say(*sample_run()[:20])
        await app.until(lambda: app.row("weather").step.state == "running")
        await app.shows("Reading the sky")
        await app.pilot.press("tab", "g")
        await app.until(lambda: app.steps.scroll_y == 0)
        app.client.say(step_started("result", "Ranking…"))
        await app.until(lambda: app.row("result").step.state == "running")
        await app.pilot.pause()
        assert app.steps.scroll_y == 0
        await app.pilot.press("G")
        await app.shows("Ranking…")


async def test_what_is_written_into_an_open_step_is_followed_to_its_end_and_no_further_than_asked() -> None:
    async with opened((60, 14), expand="always") as app:
        await app.ask()
        app.client.say(started(), step_started("intent"))
        for n in range(30):
            app.client.say(ev.StepToken(seq=0, t=n, step="intent", attempt=1, text=f"word {n}\n"))
        await app.shows("word 29")
        await app.pilot.press("tab", "k")
        place = app.steps.scroll_y
        app.client.say(
            *(ev.StepToken(seq=0, t=40, step="intent", attempt=1, text=f"word {n}\n") for n in range(30, 60))
        )
        await app.until(lambda: folded(app, 62))
        await app.shows("new ↓")
        assert app.steps.scroll_y == place
        await app.pilot.press("end")
        app.client.say(ev.StepToken(seq=0, t=41, step="intent", attempt=1, text="the last word"))
        await app.shows("the last word")


async def test_an_opened_step_is_scrolled_so_that_its_inside_is_seen() -> None:
    async with opened((80, 24)) as app:
        await app.ask()
        app.client.say(*sample_run()[:7], *(log("routes", f"line {n:02}") for n in range(10)))
        await app.until(lambda: app.row("routes").header.arrow == "▸")
        await app.pilot.press("tab", "4")
        await app.shows("line 00", "line 05")


async def test_a_step_that_failed_before_it_was_ever_drawn_opens_itself_too() -> None:
    other = (ev.PlanStep(id="routes", title="Another plan than the one shown before"),)
    async with opened() as app:
        await app.ask()
        app.client.say(started(plan=other), step_started("routes"), FAILED)
        await app.shows("▾ ✗ 1", "Try: try again in a minute", "code upstream")


def test_a_line_is_repainted_where_it_changes_and_not_for_words_that_only_the_body_shows() -> None:
    class Counted(StepHeader):
        repaints = 0

        def refresh(self, *regions: Region, **how: Any) -> Self:
            self.repaints += 1
            return self

    step = StepView(id="wish", title="Read the wish", state="running", attempt=1, say="Reading…")
    line = Counted(step, "1", 20, lambda: 0)
    before = line.repaints
    line.show(msgspec.structs.replace(step, text="a word", reasoning="a thought"), ">")
    assert line.repaints == before + 1, "the arrow"
    unseen: list[dict[str, Any]] = [{"text": "a word more"}, {"reasoning": "and a thought"}, {"detail": 1}]
    for change in unseen:
        line.show(msgspec.structs.replace(line.step, **change), ">")
    assert line.repaints == before + 1
    seen: list[dict[str, Any]] = [{"done": 3, "total": 9}, {"say": "Still reading…"}, {"state": "ok"}]
    for number, change in enumerate(seen, 2):
        line.show(msgspec.structs.replace(line.step, **change), ">")
        assert line.repaints == before + number, change
