"""The screens that lie over the main one: inspector, map, history, debug."""

import pytest
from textual.events import MouseScrollUp
from textual.geometry import Offset

from shared import events as ev
from tests.tui.app.driving import Driver, opened
from tests.tui.app.scripted import (
    COLUMNS,
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
from tui.asked import AskedBefore
from tui.screens.history import HistoryScreen
from tui.screens.inspector import InspectorScreen
from tui.screens.map import MapScreen
from tui.terminal import Terminal

PLACES = (*COLUMNS, ev.Column(key="lon", label="Longitude", kind="longitude"))


async def inspecting(app: Driver) -> InspectorScreen:
    await app.until(lambda: len(app.steps.rows) == 8 and app.row("routes").header.arrow == "▸")
    await app.pilot.press("tab", "4", "o")
    await app.until(lambda: isinstance(app.app.screen, InspectorScreen))
    screen = app.app.screen
    assert isinstance(screen, InspectorScreen)
    return screen


async def test_the_inspector_has_all_json_frames_and_timings_of_a_step_or_the_run() -> None:
    async with opened((110, 40)) as app:
        await app.ask()
        app.client.say(*sample_run())
        await app.until(lambda: app.watch.view.finished)
        await inspecting(app)
        await app.shows("Look up non-stops: done 0.1s", "37 non-stop destinations", "18,231 bytes", "timetable")
        await app.pilot.press("right")
        await app.shows("id: routes", "state: ok", "log: 2 items")
        await app.pilot.press("3")
        await app.shows("step.started", "step.log", '{"type":"step.finished"', '"step":"routes"')
        assert "run.started" not in app.text()
        await app.pilot.press("s")
        await app.shows("run.started", "run.finished", "somewhere hot: ok")
        await app.pilot.press("4")
        await app.shows("Rank what is left", "⣿", "atlas routes: ok")
        await app.pilot.press("1")
        await app.shows("1 Understand the request: done", "A trip by air, in English", "language: en")
        await app.pilot.press("G")
        await app.shows("6 Read the sky: done")
        assert "nothing yet" not in app.text()
        await app.pilot.press("g", "space")
        await app.shows("▸ 1 Understand the request: done", "▸ 4 Look up non-stops: done")
        assert "language: en" not in app.text(), "folded, the run is its steps"
        await app.pilot.press("space")
        await app.shows("▾ 1 Understand the request: done", "language: en")
        await app.pilot.press("escape")
        await app.until(lambda: not isinstance(app.app.screen, InspectorScreen))


async def test_the_inspector_goes_on_while_it_is_open_and_keeps_its_folds() -> None:
    async with opened((110, 40)) as app:
        await app.ask()
        app.client.say(started(), step_started("routes"), log("routes", "first line"))
        await inspecting(app)
        await app.shows("first line")
        app.client.say(log("routes", "second line"))
        await app.shows("second line")
        await app.pilot.press("3", "j", "enter")
        await app.shows('"text": "first line"')
        app.client.say(step_finished("routes", "37 found"))
        await app.shows("step.finished")
        assert '"text": "first line"' in app.text(), "what was opened stays open"
        await app.pilot.press("2", "g", "j", "j", "j")
        app.client.say(finished())
        await app.until(lambda: app.watch.view.finished)


async def test_the_whole_is_followed_until_one_scrolls_up() -> None:
    async with opened((110, 20), expand="never") as app:
        await app.ask()
        app.client.say(*sample_run()[:12], *(log("routes", f"line {n:02}") for n in range(60)))
        screen = await inspecting(app)
        await app.pilot.press("G")
        await app.shows("line 59")
        app.client.say(log("routes", "one more"))
        await app.shows("one more")
        for _ in range(3):
            await app.pilot._post_mouse_events([MouseScrollUp], screen._scroll, offset=Offset(9, 3))
        await app.until(lambda: "one more" not in app.text())
        end = screen._scroll.max_scroll_y
        app.client.say(log("routes", "and another"))
        await app.until(lambda: screen._scroll.max_scroll_y > end)
        await app.pilot.pause()
        assert "and another" not in app.text()
        await app.pilot.press("G")
        await app.shows("and another")


async def test_json_is_folded_and_unfolded_where_the_cursor_is() -> None:
    async with opened((110, 40)) as app:
        await app.ask()
        app.client.say(*sample_run())
        await app.until(lambda: app.watch.view.finished)
        screen = await inspecting(app)
        await app.pilot.press("2")
        await app.shows("log: 2 items")
        while screen._lines.chosen != ("log",):
            await app.pilot.press("j")
        await app.shows("▾   log: 2 items")
        await app.pilot.press("space")
        await app.shows("▸   log: 2 items")
        await app.pilot.press("space")
        await app.shows("▾   log: 2 items")


async def test_the_inspector_copies_frames_as_they_came() -> None:
    async with opened((110, 40), terminal=Terminal(remote=True)) as app:
        await app.ask()
        app.client.say(*sample_run())
        await app.until(lambda: app.watch.view.finished)
        await inspecting(app)
        await app.pilot.press("3", "y")
        await app.until(lambda: app.app.clipboard.startswith('{"type":"step.started"'))


@pytest.mark.parametrize("size", [(20, 6), (40, 15), (200, 60)])
async def test_all_screens_at_the_smallest_and_largest_sizes(size: tuple[int, int]) -> None:
    async with opened(size, client=on_the_map()) as app:
        await mapped(app)
        for keys in (("o",), ("o", "2"), ("o", "3"), ("o", "4"), ("f12",), ("f1",), ("m", "plus", "w", "0"), ("x",)):
            await app.pilot.press("tab" if app.prompt.has_focus else "a", *keys)
            await app.pilot.pause()
            await app.pilot.press("escape")
        assert app.app.is_running


def on_the_map() -> ScriptedClient:
    return ScriptedClient()


async def mapped(app: Driver) -> None:
    def at(row_id: str, city: str, lat: float, lon: float, high: float) -> ev.RowUpsert:
        one = row(row_id, city, state="confirmed")
        return ev.RowUpsert(id=row_id, cells={**one.cells, "lat": lat, "lon": lon, "high": high}, state="confirmed")

    await app.ask()
    app.client.say(
        started(columns=PLACES),
        step_started("departure"),
        step_finished("departure", "Valencia", detail={"iata": "VLC", "lat": 39.49, "lon": -0.48}),
        step_started("distances"),
        rows(
            at("LPA", "Las Palmas", 27.9, -15.4, 26),
            at("OSL", "Oslo", 60.2, 11.1, 3),
            at("FCO", "Rome", 41.8, 12.2, 21),
        ),
        step_finished("distances"),
        finished(order=("LPA", "OSL", "FCO")),
    )
    await app.until(lambda: app.watch.view.finished)
    await app.until(lambda: app.table.row_count == 3)


async def test_the_map_has_the_start_the_rows_and_the_cursor_goes_both_ways() -> None:
    async with opened((130, 40)) as app:
        await mapped(app)
        await app.pilot.press("tab", "tab", "j", "m")
        await app.until(lambda: isinstance(app.app.screen, MapScreen))
        await app.shows("⌂ VLC", "Las Palmas", "Rome", "▴ from 25 °C", "Natural Earth")
        await app.until(lambda: "▸   2 ▾ Oslo" in app.text(), "the table's row is chosen in the list")
        await app.pilot.press("down")
        await app.shows("▸   3 ▪ Rome", "Rome  Airport FCO")
        await app.pilot.press("left")
        await app.shows("▸   1 ▴ Las Palmas")
        await app.pilot.press("j", "j", "escape")
        await app.until(lambda: app.table.has_focus)
        assert app.table.cursor_row_id == "FCO", "and back in the table"


async def test_the_map_opens_a_row_and_zooms() -> None:
    async with opened((130, 40)) as app:
        await mapped(app)
        await app.pilot.press("tab", "m")
        await app.shows("⌂ VLC")
        before = app.text()
        await app.pilot.press("plus", "plus")
        await app.until(lambda: app.text() != before)
        await app.pilot.press("0")
        await app.until(lambda: app.text() == before)
        await app.pilot.press("w")
        await app.until(lambda: app.text() != before)
        await app.pilot.press("enter")
        await app.shows("Las Palmas LPA", "✓ checked")


async def test_a_map_of_no_rows_says_why() -> None:
    async with opened((100, 30)) as app:
        await app.ask()
        app.client.say(started(columns=PLACES), rows(row("A", "Zug")))
        await app.until(lambda: app.table.row_count == 1)
        app.client.say(rows(remove=[ev.RowRemoval(id="A", why="3 °C: not hot")]))
        await app.until(lambda: app.table.row_count == 0)
        await app.pilot.press("tab", "m")
        await app.shows("No row here has a place yet.")
        app.client.say(finished())
        await app.shows("No row here has a place; l in the table shows those left out.")


async def test_rows_without_coordinates_have_no_map() -> None:
    async with opened((100, 30)) as app:
        await app.ask()
        app.client.say(started(columns=COLUMNS[:3]), rows(row("A", "Zug")), finished())
        await app.until(lambda: app.watch.view.finished)
        await app.pilot.press("tab", "m")
        await app.shows("There is no map")


async def test_history_is_found_by_typing_and_opened_in_the_transcript() -> None:
    client = ScriptedClient()
    for number in range(8):
        client.remember(f"old{number}", f"somewhere {'warm' if number == 0 else 'cold'} number {number}", sample_run())
    asked = AskedBefore()
    asked.add("never answered")
    async with opened((100, 40), client=client, asked=asked) as app:
        await app.pilot.press("ctrl+r")
        await app.until(lambda: isinstance(app.app.screen, HistoryScreen))
        await app.shows("somewhere cold number 7", "never answered", "21 Nov 2026, 10:00 UTC")
        await app.pilot.press(*"WARM")
        await app.until(lambda: app.text().count("number 7") == 1, "only in the transcript below")
        await app.pilot.press("enter")
        await app.until(lambda: not isinstance(app.app.screen, HistoryScreen))
        await app.shows("▾ ✓ › somewhere warm number 0", "Las Palmas")
        assert client.attached == ["old0"]


async def test_a_question_of_the_history_is_taken_to_the_prompt() -> None:
    asked = AskedBefore()
    asked.add("never answered")
    async with opened((100, 40), asked=asked) as app:
        await app.pilot.press("ctrl+r")
        await app.shows("never answered")
        await app.pilot.press("enter")
        await app.until(lambda: app.prompt.value == "never answered")


async def test_the_debug_screen_tells_connection_versions_terminal_and_frames() -> None:
    async with opened((130, 40), terminal=Terminal(name="xterm-256color", remote=True)) as app:
        await app.ask()
        app.client.say(started(), log("routes", "hello"))
        await app.until(lambda: app.watch.view.upto == 2)
        await app.pilot.press("f12")
        await app.shows(
            "connected", "textual 8.", "TERM=xterm-256color", "SSH", '"type":"step.log"', "The newest 2 of 2"
        )
        await app.shows("0 ms  step.log")
