from textual.coordinate import Coordinate

from shared import events as ev
from tests.tui.app.driving import Driver, opened
from tests.tui.app.scripted import COLUMNS, finished, row, rows, sample_run, started, step_started


def ids(app: Driver) -> list[str]:
    return [str(app.table.get_row_at(index)[2]) for index in range(app.table.row_count)]


def marks(app: Driver) -> list[str]:
    return [str(app.table.get_row_at(index)[0]) for index in range(app.table.row_count)]


async def begin(app: Driver, *more: ev.KnownEvent) -> None:
    await app.ask()
    app.client.say(started(), step_started("distances"), *more)


async def test_rows_grow_are_checked_leave_and_end_in_the_runs_order() -> None:
    async with opened() as app:
        await app.ask()
        events = sample_run()
        app.client.say(*events[:19])
        await app.until(lambda: app.table.row_count == 4)
        await app.shows("4 rows · 4 unchecked")
        assert marks(app) == ["·"] * 4
        app.client.say(*events[19:-1])
        await app.shows("2 rows · 2 left out")
        assert marks(app) == ["✓", "✓"]
        app.client.say(events[-1])
        await app.until(lambda: ids(app) == ["LPA", "PMI"], "the final order")
        assert marks(app) == ["1", "2"]
        await app.shows("✓ 2 places are hot on Monday within 4 hours of Valencia")


async def test_columns_for_maps_are_not_shown_and_numbers_are_right_aligned() -> None:
    async with opened((120, 40)) as app:
        await app.ask()
        app.client.say(*sample_run())
        await app.shows("Distance km", "High °C", "1 h 26")
        assert "Latitude" not in app.text()
        assert len(app.table.columns) == len(COLUMNS)  # one is hidden, one for the marks is added
        assert app.table.get_cell_at(Coordinate(0, 4)).justify == "right"


async def test_the_cursor_stays_on_its_row_when_others_come_and_go() -> None:
    async with opened() as app:
        await begin(app, rows(*(row(f"R{n}", f"City {n}") for n in range(6))))
        await app.until(lambda: app.table.row_count == 6)
        app.table.focus()
        app.table.move_cursor(row=3, column=2)
        app.client.say(rows(remove=[ev.RowRemoval(id="R0", why="too far"), ev.RowRemoval(id="R4", why="too far")]))
        await app.until(lambda: app.table.row_count == 4)
        assert app.table.cursor_coordinate == Coordinate(2, 2)
        assert ids(app)[2] == "R3"
        app.client.say(finished(order=("R3", "R1", "R5", "R2")))
        await app.until(lambda: ids(app)[0] == "R3")
        assert app.table.cursor_coordinate == Coordinate(0, 2)


async def test_the_scroll_position_stays_on_its_row() -> None:
    async with opened() as app:
        await begin(app, rows(*(row(f"R{n:02}", f"City {n:02}") for n in range(60))))
        await app.until(lambda: app.table.max_scroll_y > 30)
        app.table.scroll_to(y=30, animate=False, force=True)
        await app.until(lambda: app.table.scroll_y == 30)
        app.client.say(rows(remove=[ev.RowRemoval(id=f"R{n:02}", why="too far") for n in range(10)]))
        await app.until(lambda: app.table.row_count == 50)
        assert app.table.scroll_y == 20, "the same row is on top, at once"
        await app.pilot.pause()
        assert app.table.scroll_y == 20


async def test_rows_that_come_while_scrolled_do_not_move_the_view() -> None:
    async with opened() as app:
        await begin(app, rows(*(row(f"R{n:02}", f"City {n:02}") for n in range(40))))
        await app.until(lambda: app.table.max_scroll_y > 20)
        app.table.scroll_to(y=10, animate=False, force=True)
        await app.until(lambda: app.table.scroll_y == 10)
        app.client.say(*(rows(row(f"S{n:02}", f"Later {n:02}")) for n in range(40)))
        await app.until(lambda: app.table.row_count == 80)
        assert app.table.scroll_y == 10


async def test_s_sorts_by_the_cursors_column_down_and_back_to_the_runs_order() -> None:
    async with opened((120, 40)) as app:
        await begin(app, rows(row("A", "Zug", km=5), row("B", "Århus", km=90), row("C", "Berlin", high=None, km=30)))
        await app.until(lambda: app.table.row_count == 3)
        await app.pilot.press("tab", "tab")
        assert app.table.has_focus
        assert app.table.cursor_column == 1, "the cursor begins on the first real column"
        await app.pilot.press("s")
        assert ids(app) == ["B", "C", "A"]
        await app.shows("sorted by City ↑")
        await app.pilot.press("s")
        assert ids(app) == ["A", "C", "B"]
        await app.pilot.press("s")
        assert ids(app) == ["A", "B", "C"]
        app.table.move_cursor(column=6)
        await app.pilot.press("s")
        assert ids(app)[-1] == "C", "unknown values are last"
        await app.pilot.press("s")
        assert ids(app)[-1] == "C", "in both directions"


async def test_the_rank_is_the_runs_whatever_the_order_on_the_screen() -> None:
    async with opened((120, 40)) as app:
        await begin(app, rows(row("A", "Zug", state="confirmed"), row("B", "Bern", state="confirmed")), finished())
        await app.until(lambda: marks(app) == ["1", "2"])
        await app.pilot.press("tab", "tab", "s")
        assert ids(app) == ["B", "A"]
        assert marks(app) == ["2", "1"]


async def test_a_chosen_order_holds_while_rows_come() -> None:
    async with opened((120, 40)) as app:
        await begin(app, rows(row("A", "Zug"), row("B", "Bern")))
        await app.until(lambda: app.table.row_count == 2)
        await app.pilot.press("tab", "tab", "s")
        app.client.say(rows(row("C", "Como")))
        await app.until(lambda: ids(app) == ["B", "C", "A"])


async def test_a_long_result_comes_in_parts_and_says_so() -> None:
    async with opened() as app:
        await begin(app, rows(*(row(f"R{n}", f"City {n}") for n in range(1100))))
        await app.shows("1–500 of 1,100")
        await app.pilot.press("tab", "tab", "right_square_bracket")
        await app.shows("501–1,000 of 1,100")
        assert ids(app)[0] == "R500"
        await app.pilot.press("right_square_bracket", "right_square_bracket")
        await app.shows("1,001–1,100 of 1,100")
        assert app.table.row_count == 100
        await app.pilot.press("left_square_bracket")
        await app.shows("501–1,000 of 1,100")


async def test_a_retried_step_takes_back_its_rows() -> None:
    async with opened() as app:
        await begin(app, rows(row("A", "Zug"), row("B", "Bern")))
        await app.until(lambda: app.table.row_count == 2)
        app.client.say(step_started("distances", attempt=2))
        await app.until(lambda: app.table.row_count == 0)
        await app.shows("no rows yet")


async def test_a_cell_that_changes_is_changed_in_place() -> None:
    async with opened((120, 40)) as app:
        await begin(app, rows(row("A", "Zug", high=20)))
        await app.until(lambda: app.table.row_count == 1)
        app.client.say(rows(ev.RowUpsert(id="A", cells={"high": 31}, state="confirmed"), step="weather"))
        await app.until(lambda: str(app.table.get_cell("A", "6")) == "31")
        assert marks(app) == ["✓"]


async def test_two_columns_of_the_same_key_are_both_shown() -> None:
    async with opened() as app:
        await app.ask()
        twice = (ev.Column(key="a", label="One", kind="text"), ev.Column(key="a", label="Two", kind="text"))
        app.client.say(started(columns=twice), rows(ev.RowUpsert(id="x", cells={"a": "v"}, state="confirmed")))
        await app.shows("One", "Two")
