import asyncio
from collections.abc import Sequence

import pytest
from textual import events
from textual.geometry import Offset
from textual.widgets import OptionList

from shared import events as ev
from tests.tui.app.driving import opened
from tests.tui.app.scripted import (
    EXAMPLES,
    INFO,
    ScriptedClient,
    finished,
    log,
    row,
    rows,
    sample_run,
    started,
    step_finished,
    step_started,
)
from tui.connection import Connection, NotReachable, PipelineInfo, StreamCut
from tui.desk import Desk
from tui.screens.help import HelpScreen
from tui.widgets.step_body import StepBody


async def test_a_question_given_at_the_start_is_asked_at_once() -> None:
    async with opened(question="ski from Munich") as app:
        await app.until(lambda: app.client.asked)
        assert app.client.asked == [("ski from Munich", {"tz": "Europe/Madrid"})]
        await app.shows("› ski from Munich")


async def test_examples_can_be_chosen() -> None:
    async with opened() as app:
        await app.shows(*EXAMPLES, "Try one of these")
        await app.pilot.press("tab", "r")
        await app.until(lambda: isinstance(app.app.focused, OptionList))
        await app.pilot.press("down", "enter")
        await app.until(lambda: app.client.asked)
        assert app.client.asked[0][0] == EXAMPLES[1]


async def test_a_second_pipeline_is_asked_by_its_example_and_stays_in_use() -> None:
    client = ScriptedClient()
    plan = (ev.PlanStep(id="tide", title="Look at the tide"),)
    client.infos = [INFO, PipelineInfo(name="tides", title="When is low water?", plan=plan, examples=("low at Brest",))]
    async with opened(client=client) as app:
        await app.shows("low at Brest   When is low water?", EXAMPLES[0])
        await app.pilot.press("tab", "r")
        await app.until(lambda: isinstance(app.app.focused, OptionList))
        await app.pilot.press("end", "enter")
        await app.shows("1  Look at the tide")
        client.say(started(plan, (ev.Column(key="h", label="Height", kind="number", unit="m"),)), finished())
        await app.shows("Height m")
        await app.ask("low at Dover")
        assert client.pipelines_asked == ["tides", "tides"]


async def test_the_prompt_teaches_by_an_example_of_the_server() -> None:
    client = ScriptedClient()
    client.infos = [PipelineInfo(name="tides", title="When is low water?", examples=("low water at Brest",))]
    async with opened(client=client) as app:
        await app.shows("When is low water?", "> e.g. low water at Brest")


async def test_an_empty_question_is_not_asked() -> None:
    async with opened() as app:
        await app.pilot.press("space", "enter")
        await app.pilot.pause()
        assert app.client.asked == []


async def test_what_is_pasted_comes_as_one_line_that_acts_on_nothing() -> None:
    async with opened() as app:
        app.prompt.focus()
        app.prompt.post_message(events.Paste("hot\x1b]52;c;QQ==\x07 in\nMay"))
        await app.until(lambda: app.prompt.value)
        assert app.prompt.value == "hot in May"


async def test_a_question_cancelled_before_the_server_is_there_is_not_asked() -> None:
    client = ScriptedClient()
    there = asyncio.Event()
    answer = client.pipelines

    async def late() -> Sequence[PipelineInfo]:
        await there.wait()
        return await answer()

    client.pipelines = late  # type: ignore[method-assign]  # a server that takes its time
    desk = Desk(client.connect())
    opening, asking = asyncio.create_task(desk.open()), asyncio.create_task(desk.ask("hot"))
    while desk.watch is None:  # noqa: ASYNC110  # gives way to the tasks above
        await asyncio.sleep(0)
    await desk.cancel()
    there.set()
    await asyncio.gather(opening, asking)
    assert client.asked == []
    assert desk.watch.trouble is not None


async def test_esc_cancels_the_run_and_says_who_did() -> None:
    async with opened() as app:
        await app.ask()
        app.client.say(started(), step_started("distances"), rows(row("A", "Zug")))
        await app.until(lambda: app.table.row_count == 1)
        await app.pilot.press("escape")
        await app.until(lambda: app.client.cancelled == ["3f2a9c1d"])
        await app.shows("Cancelling…")
        app.client.say(ev.RunNotice(seq=0, t=3, kind="cancelling", text="cancelling"))
        app.client.say(step_finished("distances", "", status="cancelled"), finished("cancelled", "cancelled"))
        await app.shows("■ Cancelled by you", "The 1 row so far stay", "■ 5", "  cancelled by you")
        assert app.table.row_count == 1
        await app.pilot.press("escape")
        await app.pilot.pause()
        assert app.client.cancelled == ["3f2a9c1d"], "nothing is left to cancel"
        assert app.app.is_running


async def test_a_run_that_somebody_else_cancelled_is_not_called_yours() -> None:
    async with opened() as app:
        await app.ask()
        app.client.say(started(), finished("cancelled", "cancelled: nobody was watching"))
        await app.shows("■ Cancelled: nobody was watching")


async def test_a_failed_run_says_what_why_and_what_to_try_and_keeps_its_rows() -> None:
    error = ev.ErrorInfo(code="no_place", message="Nobody knows where you are", hint="name a city", retryable=False)
    async with opened() as app:
        await app.ask()
        app.client.say(started(), step_started("distances"), rows(row("A", "Zug")), finished("failed", error=error))
        await app.shows("✗ Failed: Nobody knows where you are", "Try: name a city", "The 1 row so far stay")
        assert app.table.row_count == 1


async def test_a_partial_run_names_the_steps_that_are_degraded() -> None:
    async with opened() as app:
        await app.ask()
        app.client.say(
            started(),
            step_finished("weather", "No forecast", status="degraded"),
            finished("partial", degraded=("weather",)),
        )
        await app.shows("! 2 places", "Not complete: Read the sky", "! 6")


async def test_a_stream_that_is_lost_is_interrupted_and_never_a_success() -> None:
    async with opened() as app:
        await app.ask()
        app.client.say(*sample_run()[:17])
        await app.until(lambda: app.table.row_count == 3)
        app.client.break_off(
            StreamCut("the run was cut off after event 17", run="3f2a9c1d", hint="windowseat show 3f2a9c1d")
        )
        await app.shows("✗ Interrupted: the run was cut off", "Try: windowseat show", "interrupted ·")
        assert "✓ 2 places" not in app.text()
        assert app.table.row_count == 3


async def test_reconnecting_is_shown_with_its_attempt_and_goes_when_it_worked() -> None:
    async with opened((120, 40)) as app:
        await app.ask()
        app.client.say(started())
        app.client.listener(Connection("reconnecting", 2, 1.0, "the connection closed"))
        await app.shows("reconnecting (attempt 2: the connection closed)")
        app.client.listener(Connection("connected"))
        await app.shows("windowseat · connected")


async def test_silence_is_told_after_ten_seconds() -> None:
    async with opened() as app:
        await app.ask()
        app.client.say(started(), step_started("routes"))
        await app.until(lambda: app.watch.view.upto == 2)
        app.watch._heard_at -= 12
        await app.shows("no news for ")
        app.client.say(log("routes", "here again"))
        await app.until(lambda: "no news" not in app.text())


async def test_a_server_that_is_not_there_is_told_with_what_to_try() -> None:
    client = ScriptedClient()

    async def no_answer() -> list[object]:
        raise NotReachable("no answer from http://127.0.0.1:1", hint="is it running?")

    client.pipelines = no_answer  # type: ignore[method-assign, assignment]  # this server is not there
    async with opened(client=client) as app:
        await app.shows("not reachable", "✗ no answer from http://127.0.0.1:1", "Try: is it running?")


async def test_a_new_question_while_one_runs_cancels_the_old_one_and_says_so() -> None:
    async with opened() as app:
        await app.ask("one")
        app.client.say(started(run="first"), step_started("routes"))
        await app.until(lambda: app.watch.view.run == "first")
        await app.ask("two")
        await app.until(lambda: app.client.cancelled == ["first"])
        await app.shows("› two", "Cancelling the question before.")
        app.client.say(*sample_run())
        await app.shows("✓ 2 places are hot")


async def test_a_server_full_of_events_does_not_stop_the_keys() -> None:
    async with opened() as app:
        await app.ask()
        app.client.say(started(), step_started("routes"), *(log("routes", f"line {n}") for n in range(3000)))
        await app.pilot.press("h", "e", "l", "l", "o")
        assert app.prompt.value == "hello"
        await app.until(lambda: app.watch.view.upto == 3002)


@pytest.mark.parametrize("close", ["escape", "q", "question_mark", "f1", "ctrl+c"])
async def test_help_opens_and_closes_and_leaves_the_run_alone(close: str) -> None:
    async with opened() as app:
        await app.ask()
        app.client.say(started())
        await app.pilot.press("f1")
        await app.until(lambda: isinstance(app.app.screen, HelpScreen))
        await app.shows("Anywhere", "close what is open, else clear the filter")
        await app.pilot.press(close)
        await app.until(lambda: not isinstance(app.app.screen, HelpScreen))
        assert app.client.cancelled == []
        assert app.app.is_running


async def test_letters_are_text_in_the_prompt_and_keys_outside() -> None:
    async with opened() as app:
        app.prompt.focus()
        await app.pilot.press("q", "question_mark", "O", "1")
        assert app.prompt.value == "q?O1"
        await app.pilot.press("tab", "question_mark")
        await app.until(lambda: isinstance(app.app.screen, HelpScreen))
        await app.pilot.press("escape", "p")
        await app.until(lambda: app.prompt.has_focus)


async def test_tab_goes_prompt_steps_results_and_round() -> None:
    async with opened() as app:
        await app.ask()
        app.client.say(*sample_run())
        await app.until(lambda: app.table.row_count == 2)
        order = []
        for _ in range(3):
            await app.pilot.press("tab")
            order.append(type(app.app.focused).__name__)
        assert order == ["Transcript", "ResultsTable", "Prompt"]


@pytest.mark.parametrize("keys", [["ctrl+q"], ["tab", "q"], ["ctrl+c", "ctrl+c"]])
async def test_leaving(keys: list[str]) -> None:
    async with opened() as app:
        await app.ask()
        app.client.say(started())
        await app.pilot.press(*keys)
        await app.until(lambda: not app.app.is_running)
        await app.until(lambda: app.client.closed == 1, "the reader has left")


async def test_ctrl_c_copies_a_selection_instead_of_cancelling() -> None:
    async with opened() as app:
        await app.ask()
        app.client.say(started())
        await app.until(lambda: app.watch.view.run)
        app.prompt.focus()
        app.prompt.value = "copy me"
        app.prompt.select_all()
        await app.pilot.press("ctrl+c")
        assert app.app.clipboard == "copy me"
        assert app.client.cancelled == []
        app.prompt.value = ""
        await app.pilot.press("ctrl+c")
        await app.until(lambda: app.client.cancelled == ["3f2a9c1d"])
        assert app.app.is_running


async def test_a_selection_over_wrapped_lines_is_copied_without_the_breaks_that_the_window_made() -> None:
    told = " ".join(f"word{n:02}" for n in range(30))
    async with opened((60, 24), expand="always") as app:
        await app.ask()
        app.client.say(started(), step_started("routes"), log("routes", told), step_finished("routes"))
        await app.shows("word29")
        body = app.row("routes").query_one(StepBody)
        await app.pilot.mouse_down(body, offset=Offset(0, 0))
        await app.pilot.hover(body, offset=Offset(50, 4))
        await app.pilot.mouse_up(body, offset=Offset(50, 4))
        await app.pilot.press("ctrl+c")
        await app.until(lambda: app.app.clipboard)
        assert told in app.app.clipboard
        assert app.client.cancelled == []
