import gc
import weakref

import msgspec
import pytest
from textual.events import MouseScrollUp
from textual.geometry import Offset
from textual.scrollbar import ScrollTo

from shared import events as ev
from tests.tui.app.driving import Driver, opened
from tests.tui.app.scripted import (
    INFO,
    ScriptedClient,
    finished,
    log,
    sample_run,
    started,
    step_finished,
    step_started,
)
from tui import desk
from tui.desk import MAX_RUNS
from tui.watch import Watch
from tui.widgets.news import News
from tui.widgets.run_blocks import MAX_STEPS


async def answered(app: Driver, question: str, run: str = "3f2a9c1d") -> None:
    await app.ask(question)
    whole = sample_run()
    app.client.say(started(run=run), *whole[1:])
    await app.until(lambda: app.watch.view.finished and app.watch.view.run == run)
    await app.until(lambda: app.steps.rows and app.steps.rows[-1].step.state == "ok")


async def test_runs_follow_one_another_and_those_before_are_one_line_each() -> None:
    async with opened((100, 30)) as app:
        await answered(app, "somewhere hot", "one")
        await answered(app, "somewhere cold", "two")
        await app.shows("▸ ✓ › somewhere hot", "2 rows", "▾ ✓ › somewhere cold")
        lines = app.lines()
        hot = next(place for place, line in enumerate(lines) if "somewhere hot" in line)
        assert "somewhere cold" in lines[hot + 1], "one line, and then the next run"
        assert [len(block.rows) for block in app.steps.blocks] == [0, 8]


async def test_an_older_run_unfolds_again_and_its_rows_are_shown() -> None:
    async with opened((100, 40)) as app:
        await answered(app, "somewhere hot", "one")
        await app.ask("somewhere cold")
        app.client.say(started(run="two"), step_started("routes"))
        await app.until(lambda: app.watch.view.run == "two")
        assert app.table.row_count == 0
        await app.pilot.press("tab", "k", "k", "enter")
        await app.shows("▾ ✓ › somewhere hot", "“somewhere hot”: 2 rows", "Las Palmas", "✓ 2 places are hot")
        assert app.table.row_count == 2
        await app.pilot.press("enter")
        await app.until(lambda: app.table.row_count == 0, "the newest run's rows again")


async def test_what_was_folded_in_a_run_stays_so_when_it_is_opened_again() -> None:
    async with opened((100, 40)) as app:
        await answered(app, "somewhere hot", "one")
        await app.pilot.press("tab", "4")
        assert app.row("routes").is_open
        await answered(app, "somewhere cold", "two")
        await app.pilot.press("tab", "g", "enter")
        await app.until(lambda: app.steps.current is not None and app.steps.current.run == "one")
        assert app.row("routes").is_open
        assert not app.row("intent").is_open


async def test_a_run_that_the_user_opened_is_not_closed_by_the_next_question() -> None:
    async with opened((100, 40)) as app:
        await answered(app, "one", "one")
        await answered(app, "two", "two")
        await app.pilot.press("tab", "g", "enter")
        await app.until(lambda: app.steps.blocks[0].is_open)
        await answered(app, "three", "three")
        await app.until(lambda: app.steps.current is app.watch)
        assert [block.is_open for block in app.steps.blocks] == [True, False, True]


async def test_never_more_steps_than_can_be_drawn_quickly() -> None:
    async with opened((100, 40)) as app:

        def steps() -> int:
            return sum(len(block.rows) for block in app.steps.blocks)

        for number in range(8):
            await answered(app, f"question {number}", f"run{number}")
        for watch in list(app.app.desk.runs):
            app.steps.focus_run(watch)
            await app.pilot.pause()
            assert steps() <= MAX_STEPS
        await app.until(lambda: steps() >= MAX_STEPS - 8)
        assert steps() <= MAX_STEPS
        assert app.steps.blocks[-1].is_open


async def test_long_past_runs_keep_their_line_alone_and_are_fetched_when_opened(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(desk, "MAX_LOADED", 2)
    async with opened((100, 30)) as app:
        for number in range(4):
            await answered(app, f"question {number}", f"run{number}")
        assert [watch.dormant for watch in app.app.desk.runs] == [True, True, False, False]
        app.client.remember("run0", "question 0", sample_run())
        await app.pilot.press("tab", "g", "enter")
        await app.until(lambda: app.client.attached == ["run0"])
        await app.shows("“question 0”: 2 rows")


async def test_a_run_that_was_looked_into_and_given_up_closes() -> None:
    async with opened((100, 40)) as app:
        await answered(app, "one", "one")
        await answered(app, "two", "two")
        await app.pilot.press("tab", "g", "enter")
        await app.until(lambda: app.steps.blocks[0].is_open and app.steps.blocks[0].rows)
        app.app.desk.runs[0].forget()
        await app.until(lambda: not app.steps.blocks[0].is_open)
        app.client.remember("one", "one", sample_run())
        await app.pilot.press("g", "enter")
        await app.until(lambda: app.client.attached == ["one"] and app.steps.blocks[0].rows)


async def test_the_transcript_has_an_end() -> None:
    async with opened((60, 20)) as app:
        await answered(app, "first")
        for number in range(MAX_RUNS + 5):
            app.app.desk._keep(Watch(f"question {number}"))
        assert len(app.app.desk.runs) == MAX_RUNS


async def test_the_session_begins_with_the_runs_before() -> None:
    client = ScriptedClient()
    client.remember("old1", "somewhere old", sample_run())
    client.remember("old2", "somewhere later", sample_run())
    async with opened((100, 30), client=client) as app:
        await app.shows("▸ ✓ › somewhere old", "▸ ✓ › somewhere later", "21 Nov 2026, 10:00 UTC", "Try one of these")
        await app.pilot.press("tab", "g", "enter")
        await app.shows("Las Palmas", "✓ 2 places are hot", "▾ ✓ › somewhere old")
        assert client.attached == ["old1"]
        await app.ask("something new")
        await app.shows("› something new")
        lines = app.text()
        assert lines.index("somewhere old") < lines.index("somewhere later") < lines.index("something new")


async def test_a_past_run_that_the_server_lost_says_so() -> None:
    client = ScriptedClient()
    client.remember("old1", "somewhere old", sample_run())
    async with opened((100, 30), client=client) as app:
        await app.shows("somewhere old")
        client.past.clear()
        await app.pilot.press("tab", "g", "enter")
        await app.shows("there is no such run")


async def test_scrolling_up_stops_following_and_says_how_much_is_new() -> None:
    async with opened((60, 14)) as app:
        await app.ask()
        app.client.say(started(), step_started("routes"), *(log("routes", f"line {n:02}") for n in range(30)))
        await app.until(lambda: app.row("routes").header.arrow == "▸" and app.watch.view.upto == 32)
        await app.pilot.press("tab", "4", "g")
        await app.until(lambda: app.steps.scroll_y == 0)
        app.client.say(*(log("routes", f"more {n}") for n in range(100)))
        await app.until(lambda: app.watch.view.upto == 132)
        await app.shows("new ↓")
        assert app.steps.scroll_y == 0, "100 more events, position unchanged"
        await app.pilot.press("end")
        app.client.say(*(log("routes", f"yet more {n}") for n in range(100)))
        await app.until(lambda: app.watch.view.upto == 232)
        await app.until(lambda: "new ↓" not in app.text())
        await app.shows("yet more 99")
        assert app.steps.following


async def test_where_nothing_is_known_to_follow_the_end_is_no_place() -> None:
    client = ScriptedClient()
    client.infos = []
    async with opened((60, 14), client=client) as app:
        await app.until(lambda: app.steps.blocks)
        assert not app.steps.rows
        await app.pilot.press("end", "tab", "end", "p")
        assert app.app.is_running
        await app.ask()


@pytest.mark.parametrize("way", ["pageup", "wheel", "scrollbar"])
async def test_however_one_scrolls_up_the_place_is_kept_and_at_the_end_it_is_followed(way: str) -> None:
    async with opened((60, 14), expand="always") as app:
        await app.ask()
        app.client.say(started(), step_started("routes"), *(log("routes", f"line {n:02}") for n in range(60)))
        await app.shows("line 59")
        await app.pilot.press("tab")
        if way == "pageup":
            await app.pilot.press("pageup")
        elif way == "wheel":
            await app.pilot._post_mouse_events([MouseScrollUp], app.steps, offset=Offset(9, 3))
        else:
            app.steps.vertical_scrollbar.post_message(ScrollTo(y=1, animate=False))
        await app.until(lambda: not app.steps.following and app.steps.scroll_y == app.steps.scroll_target_y)
        place = app.steps.scroll_y
        app.client.say(*(log("routes", f"more {n}") for n in range(20)))
        await app.shows("20 new ↓")
        assert app.steps.scroll_y == place
        app.steps.vertical_scrollbar.post_message(ScrollTo(y=app.steps.max_scroll_y, animate=False))
        await app.until(lambda: app.steps.following)
        app.client.say(log("routes", "the newest"))
        await app.shows("the newest")


@pytest.mark.parametrize("way", ["end", "click"])
async def test_from_the_prompt_the_end_is_followed_again_too(way: str) -> None:
    async with opened((60, 14), keys={"steps.last": "end,f7"}) as app:
        await app.ask()
        app.client.say(started(), step_started("routes"), *(log("routes", f"line {n:02}") for n in range(30)))
        await app.until(lambda: app.row("routes").header.arrow == "▸" and app.watch.view.upto == 32)
        await app.pilot.press("tab", "4", "g", "p", *"abc", "home")
        app.client.say(*(log("routes", f"more {n}") for n in range(10)))
        await app.shows("10 new ↓ f7")
        if way == "click":
            await app.pilot.click(News)
        else:
            await app.pilot.press("end")
            assert not app.steps.following, "first to the end of what was typed"
            await app.pilot.press("end")
        await app.until(lambda: app.steps.following and "new ↓" not in app.text())
        await app.shows("more 9")
        assert app.prompt.value == "abc"


async def test_e_goes_to_the_next_step_in_trouble() -> None:
    error = ev.ErrorInfo(code="x", message="broken", retryable=False)
    async with opened((100, 30), expand="never") as app:
        await app.ask()
        app.client.say(
            started(),
            step_finished("locate", "", status="degraded"),
            step_finished("weather", "", status="failed", error=error),
        )
        await app.until(lambda: app.row("weather").step.state == "failed")
        await app.pilot.press("tab", "e")
        assert app.steps.chosen[1] is app.watch.view.step("locate")
        await app.pilot.press("e")
        assert app.steps.chosen[1] is app.watch.view.step("weather")
        await app.pilot.press("E")
        assert app.steps.chosen[1] is app.watch.view.step("locate")


async def test_a_click_on_a_run_folds_it() -> None:
    async with opened((100, 30)) as app:
        await answered(app, "somewhere hot")
        await app.pilot.click(app.steps.blocks[0].line)
        await app.until(lambda: not app.steps.blocks[0].is_open)
        await app.pilot.click(app.steps.blocks[0].line)
        await app.until(lambda: app.steps.blocks[0].is_open)


@pytest.mark.parametrize("takes", [True, False])
async def test_a_follow_up_names_the_run_whose_wish_it_changes(takes: bool) -> None:
    client = ScriptedClient()
    client.infos = [msgspec.structs.replace(INFO, follow_ups=takes)]
    async with opened((100, 30), client=client) as app:
        await answered(app, "somewhere hot", "one")
        await app.shows("Change the wish" if takes else "Ask something else")
        await app.ask("warmer")
        wanted = {"tz": "Europe/Madrid", "previous": "one"} if takes else {"tz": "Europe/Madrid"}
        assert app.client.asked[-1] == ("warmer", wanted)
        await app.shows("↳ warmer" if takes else "› warmer")
        detail = {"changed": ["weather: hot → 30 °C or more"]}
        app.client.say(started(run="two"), step_finished("intent", "Hotter", detail=detail), finished())
        await app.until(lambda: app.watch.view.finished)
        await app.until(lambda: ("↳ warmer (weather: hot → 30 °C or more)" in app.text()) is takes)


async def test_n_makes_the_next_question_stand_alone() -> None:
    client = ScriptedClient()
    client.infos = [msgspec.structs.replace(INFO, follow_ups=True)]
    async with opened((100, 30), client=client) as app:
        await answered(app, "somewhere hot", "one")
        await app.pilot.press("tab", "n")
        await app.shows("Ask something else")
        await app.ask("somewhere cold")
        assert "previous" not in app.client.asked[-1][1]


async def test_arrows_in_the_prompt_go_through_the_questions_asked_before() -> None:
    async with opened() as app:
        await answered(app, "one", "a")
        await answered(app, "two", "b")
        app.prompt.focus()
        await app.pilot.press("d", "r", "a", "up")
        assert app.prompt.value == "two"
        await app.pilot.press("up")
        assert app.prompt.value == "one"
        await app.pilot.press("up")
        assert app.prompt.value == "one"
        await app.pilot.press("down", "down")
        assert app.prompt.value == "dra"


async def test_the_steps_of_a_run_that_is_closed_are_kept_nowhere() -> None:
    async with opened((100, 30)) as app:
        await app.ask("the first")
        app.client.say(*sample_run())
        await app.until(lambda: app.watch.view.finished)
        steps = [weakref.ref(row) for row in app.steps.rows]
        assert len(steps) > 1
        await app.ask("the second")
        app.client.say(started(run="second"), *sample_run()[1:])
        await app.until(lambda: app.watch.view.finished)

        def are_gone() -> bool:
            gc.collect()
            return not any(step() for step in steps)

        await app.until(are_gone, "no step of the first run in memory")
