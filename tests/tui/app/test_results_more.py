"""What can be done with rows: filter, those left out, one in full, copying, exporting."""

import csv
import json
from pathlib import Path

import pytest

from shared import events as ev
from tests.tui.app.driving import Driver, opened
from tests.tui.app.scripted import COLUMNS, finished, row, rows, sample_run, started, step_finished, step_started
from tui.screens.export import ExportScreen
from tui.screens.row import RowScreen
from tui.terminal import Terminal


def ids(app: Driver) -> list[str]:
    return [str(app.table.get_row_at(index)[2]) for index in range(app.table.row_count)]


async def answered(app: Driver) -> None:
    await app.ask()
    app.client.say(*sample_run())
    await app.until(lambda: app.watch.view.finished and app.table.row_count == 2)
    await app.pilot.press("tab", "tab")
    await app.until(lambda: app.table.has_focus)


async def test_a_filter_acts_while_one_types_and_esc_takes_it_away() -> None:
    async with opened((120, 40)) as app:
        await answered(app)
        await app.pilot.press("slash", "L", "a", "s")
        await app.shows("1 of 2 rows", "filter: Las")
        assert ids(app) == ["LPA"]
        await app.pilot.press("enter")
        assert app.table.has_focus
        await app.pilot.press("escape")
        await app.until(lambda: len(ids(app)) == 2)
        assert "filter: " not in app.text()
        assert app.client.cancelled == []


async def test_a_filter_may_exclude_and_compare() -> None:
    async with opened((120, 40)) as app:
        await answered(app)
        await app.pilot.press("slash", *"!las", "enter")
        await app.until(lambda: ids(app) == ["PMI"])
        await app.pilot.press("slash", *["backspace"] * 4, *"high>25", "enter")
        await app.until(lambda: ids(app) == ["LPA"])


async def test_a_filter_holds_while_rows_come() -> None:
    async with opened((120, 40)) as app:
        await app.ask()
        app.client.say(started(), step_started("distances"), rows(row("A", "Zug"), row("B", "Bern")))
        await app.until(lambda: app.table.row_count == 2)
        await app.pilot.press("tab", "slash", *"ber", "enter")
        await app.until(lambda: ids(app) == ["B"])
        app.client.say(rows(row("C", "Bergen"), row("D", "Basel")))
        await app.until(lambda: ids(app) == ["B", "C"])


async def test_esc_in_the_filter_leaves_it_and_keeps_the_run() -> None:
    async with opened((120, 40)) as app:
        await app.ask()
        app.client.say(started(), step_started("distances"), rows(row("A", "Zug"), row("B", "Bern")))
        await app.until(lambda: app.table.row_count == 2)
        await app.pilot.press("tab", "slash", *"zug", "escape")
        await app.until(lambda: app.table.has_focus and app.table.row_count == 2)
        assert app.client.cancelled == []


async def test_rows_left_out_are_shown_with_their_reasons() -> None:
    async with opened((120, 40)) as app:
        await answered(app)
        await app.pilot.press("l")
        await app.shows("2 left out", "Why it is out", "3 °C: not hot", "17 °C: not hot")
        assert app.table.row_count == 2
        await app.pilot.press("l")
        await app.shows("2 rows · 2 left out")


async def test_enter_opens_all_that_is_known_of_a_row() -> None:
    detail = {
        "ranked": [{"code": "LPA", "score": 75, "wish": 48.2}, {"code": "PMI", "score": 60, "wish": 1}],
        "explained": "Up to 50 points for how well the day is as you wish.",
        "hourly": {"LPA": {"temperatures": list(range(24))}},
    }
    async with opened((120, 60)) as app:
        await app.ask()
        events = sample_run()
        calls = ev.Evidence(
            id="c9", source="open-meteo", operation="forecast", status=200, ms=320, request={"city": "LPA"}
        )
        app.client.say(
            *events[:20],
            ev.StepLog(seq=0, t=20, step="weather", attempt=1, level="info", text="asked", evidence=calls),
            *events[20:25],
            rows(ev.RowUpsert(id="LPA", cells={"high": 27}, state="confirmed", from_={"high": "c9"}), step="weather"),
            step_started("result"),
            step_finished("result", "Ranked", detail=detail),
            events[-1],
        )
        await app.until(lambda: app.watch.view.finished)
        await app.pilot.press("tab", "tab", "enter")
        await app.until(lambda: isinstance(app.app.screen, RowScreen))
        await app.shows(
            "Las Palmas LPA", "✓ checked · 1 of 2", "27 °C   open-meteo", "Rank what is left", "score 75 · wish 48.2",
            "Up to 50 points", "temperatures", "open-meteo forecast: 200", "city: LPA", "FR 77 19:40",
        )  # fmt: skip
        assert "⣿" in app.text(), "the temperatures are drawn"
        await app.pilot.press("escape")
        await app.until(lambda: app.table.has_focus)
        await app.pilot.press("l", "enter")
        await app.shows("– left out", "Why it is out: 17 °C: not hot")


async def test_a_series_is_drawn_with_its_ends_and_its_highest_and_lowest() -> None:
    hours = ev.Column(key="hours", label="Through the day", kind="series", unit="°C")
    points = [[f"{hour:02}:00", 10 + hour / 2] for hour in range(24)]
    async with opened((100, 30)) as app:
        await app.ask()
        app.client.say(
            started(columns=(*COLUMNS[:2], hours)),
            rows(ev.RowUpsert(id="A", cells={"city": "Zug", "hours": points}, state="confirmed")),
            finished(),
        )
        await app.until(lambda: app.watch.view.finished and app.table.row_count == 1)
        assert "Through the day" not in app.text(), "no column of the table"
        await app.pilot.press("tab", "tab", "enter")
        await app.shows("Through the day", "21.5 °C", "10 °C", "00:00", "23:00", "⣿")


async def test_y_copies_a_row_as_text_and_shifted_as_json() -> None:
    async with opened((120, 40), terminal=Terminal(remote=True)) as app:
        await answered(app)
        await app.pilot.press("y")
        await app.shows("Sent to your terminal (OSC 52).")
        assert app.app.clipboard.splitlines()[:2] == ["City: Las Palmas", "Airport: LPA"]
        await app.pilot.press("Y")
        await app.until(lambda: app.app.clipboard.startswith("{"))
        assert json.loads(app.app.clipboard)["km"] == 1900


async def test_y_in_the_steps_copies_the_step_and_on_a_runs_line_the_run() -> None:
    async with opened((120, 40), terminal=Terminal(remote=True)) as app:
        await answered(app)
        await app.pilot.press("a", "4", "y")
        await app.until(lambda: app.app.clipboard)
        assert app.app.clipboard.splitlines()[0] == "Look up non-stops: done 0.1s"
        assert "timetable weekday: ok" in app.app.clipboard
        await app.pilot.press("g", "y")
        await app.until(lambda: app.app.clipboard.startswith("somewhere hot"))
        assert "Las Palmas" in app.app.clipboard


@pytest.mark.parametrize("form", ["csv", "json", "md"])
async def test_x_writes_all_rows_in_the_form_that_the_ending_names(tmp_path: Path, form: str) -> None:
    async with opened((120, 40)) as app:
        await app.ask()
        app.client.say(started(), step_started("distances"), rows(*(row(f"R{n}", f"City {n}") for n in range(700))))
        app.client.say(finished())
        await app.until(lambda: app.watch.view.finished)
        await app.pilot.press("tab", "x")
        await app.until(lambda: isinstance(app.app.screen, ExportScreen))
        path = tmp_path / f"rows.{form}"
        screen = app.app.screen
        assert isinstance(screen, ExportScreen)
        screen._input.value = str(path)
        await app.pilot.press("enter")
        await app.shows("700 rows written to")
        text = path.read_text()
        counted = {
            "csv": lambda: len(list(csv.reader(text.splitlines()))) - 1,
            "json": lambda: len(json.loads(text)),
            "md": lambda: len(text.splitlines()) - 2,
        }[form]()
        assert counted == 700, "all rows, not the part that the table shows"


async def test_a_file_that_is_there_is_replaced_only_when_said_twice(tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    path.write_text("mine")
    async with opened((120, 40)) as app:
        await answered(app)
        await app.pilot.press("x")
        await app.until(lambda: isinstance(app.app.screen, ExportScreen))
        screen = app.app.screen
        assert isinstance(screen, ExportScreen)
        screen._input.value = str(path)
        await app.pilot.press("enter")
        await app.shows("enter once more")
        assert path.read_text() == "mine"
        await app.pilot.press("enter")
        await app.shows("2 rows written")
        assert path.read_text() != "mine"


@pytest.mark.parametrize(
    ("typed", "told"), [("/nowhere/at/all.csv", "can't be written: No such file"), ("rows.pdf", "must be one of .csv")]
)
async def test_what_cannot_be_exported_says_why(typed: str, told: str) -> None:
    async with opened((120, 40)) as app:
        await answered(app)
        await app.pilot.press("x")
        await app.until(lambda: isinstance(app.app.screen, ExportScreen))
        screen = app.app.screen
        assert isinstance(screen, ExportScreen)
        screen._input.value = typed
        await app.pilot.press("enter")
        await app.shows(told)
        await app.pilot.press("escape")
        await app.until(lambda: not isinstance(app.app.screen, ExportScreen))


async def test_where_files_are_somebody_elses_the_rows_go_to_the_clipboard() -> None:
    async with opened((120, 40), terminal=Terminal(remote=True, can_save=False)) as app:
        await answered(app)
        await app.pilot.press("x", "enter")
        await app.until(lambda: app.app.clipboard.startswith("city,airport"))
